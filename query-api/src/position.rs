//! Positions in the topic as requests and answers spell them: `0=1840,1=1792,2=1911`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// For each partition the next offset: everything below it is included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<i32, i64>);

/// Why a text is no list of positions.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PositionsError {
    /// Not `PARTITION=OFFSET`, several separated by commas.
    #[error("must be PARTITION=OFFSET, several separated by commas, such as 0=1840,2=1911")]
    Form,
    /// One partition given twice.
    #[error("must name each partition once")]
    Repeated,
}

impl Positions {
    /// Whether everything below these positions is included where `reached` was reached. A
    /// partition that `reached` does not know is not, whatever is asked of it.
    #[must_use]
    pub fn are_included_in(&self, reached: &Self) -> bool {
        self.0.iter().all(|(partition, next_offset)| {
            reached
                .0
                .get(partition)
                .is_some_and(|reached| reached >= next_offset)
        })
    }
}

impl FromIterator<(i32, i64)> for Positions {
    fn from_iter<T: IntoIterator<Item = (i32, i64)>>(positions: T) -> Self {
        Self(positions.into_iter().collect())
    }
}

impl FromStr for Positions {
    type Err = PositionsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut positions = BTreeMap::new();
        for position in text.split(',') {
            let (partition, next_offset) = position.split_once('=').ok_or(PositionsError::Form)?;
            let partition = digits(partition).ok_or(PositionsError::Form)?;
            let next_offset = digits(next_offset).ok_or(PositionsError::Form)?;
            if positions.insert(partition, next_offset).is_some() {
                return Err(PositionsError::Repeated);
            }
        }
        Ok(Self(positions))
    }
}

/// A number of digits alone, as `FromStr` of the integers would also take a sign.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

impl fmt::Display for Positions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (partition, next_offset)) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{partition}={next_offset}")?;
        }
        Ok(())
    }
}

/// What an answer must include, and how long it may be waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtLeast {
    /// The positions that the answer must include.
    pub positions: Positions,
    /// How long to wait for them.
    pub patience: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(text: &str) -> Positions {
        text.parse().expect(text)
    }

    #[test]
    fn positions_are_shown_as_they_are_read_in_order_of_partition() {
        assert_eq!(
            positions("2=1911,0=1840,10=7").to_string(),
            "0=1840,2=1911,10=7"
        );
        assert_eq!(Positions::default().to_string(), "");
    }

    #[test]
    fn a_subset_is_included_and_an_unknown_partition_is_not() {
        let reached = positions("0=10,1=20");
        for (asked, included) in [
            ("0=10", true),
            ("1=5,0=3", true),
            ("0=11", false),
            ("2=1", false),
            ("2=0", false),
        ] {
            assert_eq!(
                positions(asked).are_included_in(&reached),
                included,
                "{asked}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "0",
            "0=",
            "=1",
            "0=-1",
            "0=+1",
            "0=1,",
            "a=1",
            "0=1;1=2",
            " 0=1",
            "2147483648=1",
            "0=9223372036854775808",
        ] {
            assert_eq!(
                text.parse::<Positions>(),
                Err(PositionsError::Form),
                "{text}"
            );
        }
        assert_eq!(
            "0=1,0=2".parse::<Positions>(),
            Err(PositionsError::Repeated)
        );
    }
}
