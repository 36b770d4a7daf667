//! A column of amounts: in 32 bits each as long as all of them fit.

use std::ops::Range;

/// Amounts in ten-thousandths.
#[derive(Clone, Debug)]
pub enum Amounts {
    /// All below some 429,496 units of the currency.
    Narrow(Vec<u32>),
    /// Any.
    Wide(Vec<i64>),
}

/// Some amounts that follow each other.
#[derive(Clone, Copy, Debug)]
pub enum AmountsSlice<'a> {
    /// Of a narrow column.
    Narrow(&'a [u32]),
    /// Of a wide one.
    Wide(&'a [i64]),
}

impl Default for Amounts {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Amounts {
    /// With room for so many.
    #[must_use]
    pub fn with_capacity(amounts: usize) -> Self {
        Self::Narrow(Vec::with_capacity(amounts))
    }

    /// One more.
    pub fn push(&mut self, amount: i64) {
        match (&mut *self, u32::try_from(amount)) {
            (Self::Narrow(amounts), Ok(amount)) => amounts.push(amount),
            (Self::Wide(amounts), _) => amounts.push(amount),
            (Self::Narrow(amounts), Err(_)) => {
                let mut wide = Vec::with_capacity(amounts.capacity());
                wide.extend(amounts.iter().copied().map(i64::from));
                wide.push(amount);
                *self = Self::Wide(wide);
            }
        }
    }

    /// The amount at `place`.
    #[must_use]
    pub fn get(&self, place: usize) -> i64 {
        match self {
            Self::Narrow(amounts) => amounts[place].into(),
            Self::Wide(amounts) => amounts[place],
        }
    }

    /// Those of `range`.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> AmountsSlice<'_> {
        match self {
            Self::Narrow(amounts) => AmountsSlice::Narrow(&amounts[range]),
            Self::Wide(amounts) => AmountsSlice::Wide(&amounts[range]),
        }
    }
}

impl AmountsSlice<'_> {
    /// Those before `place`, and those from it on.
    #[must_use]
    pub fn split_at(self, place: usize) -> (Self, Self) {
        match self {
            Self::Narrow(amounts) => {
                let (before, after) = amounts.split_at(place);
                (Self::Narrow(before), Self::Narrow(after))
            }
            Self::Wide(amounts) => {
                let (before, after) = amounts.split_at(place);
                (Self::Wide(before), Self::Wide(after))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_stay_what_they_are_when_one_needs_more_room() {
        let mut amounts = Amounts::default();
        let given = [
            0,
            7,
            u32::MAX.into(),
            i64::from(u32::MAX) + 1,
            3,
            i64::MAX,
            -1,
        ];
        for amount in given {
            amounts.push(amount);
        }
        let kept: Vec<i64> = (0..given.len()).map(|place| amounts.get(place)).collect();
        assert_eq!(kept, given);
        assert!(matches!(
            amounts.slice(1..3),
            AmountsSlice::Wide([7, 4_294_967_295])
        ));
    }
}
