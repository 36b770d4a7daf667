//! Numbers by their text: JSON's grammar, and exact values of any length.

/// Ten-thousandths of a currency's unit.
pub type Amount = i64;

/// A number of JSON's grammar as ±digits × 10^exponent, without leading or trailing zero digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    digits: String,
    exponent: i128,
}

impl Number {
    /// Reads `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`; `None` for any other text.
    pub fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let written = format!("{whole}{fraction}");
        let kept = written.trim_end_matches('0');
        let dropped = written.len() - kept.len();
        Some(Self {
            negative,
            digits: kept.trim_start_matches('0').to_owned(),
            exponent: exponent - length(fraction.len()) + length(dropped),
        })
    }

    /// Whether it is zero, however written.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether it has no fraction.
    pub fn is_integer(&self) -> bool {
        self.is_zero() || self.exponent >= 0
    }

    /// The amount, where it is ≥ 0 with at most 14 integer and 4 fraction digits.
    pub fn amount(&self) -> Option<Amount> {
        self.scaled(4, 18)
    }

    /// The integer, where it is one between 1 and a million.
    pub fn quantity(&self) -> Option<i32> {
        let value = self.scaled(0, 7)?;
        i32::try_from(value)
            .ok()
            .filter(|value| (1..=1_000_000).contains(value))
    }

    /// The value × 10^`places` where that is an integer ≥ 0 of at most `digits_max` digits.
    fn scaled(&self, places: i128, digits_max: i128) -> Option<i64> {
        if self.is_zero() {
            return Some(0);
        }
        let zeros = self.exponent + places;
        let fits = zeros >= 0 && length(self.digits.len()) + zeros <= digits_max;
        if self.negative || !fits {
            return None;
        }
        let zeros = "0".repeat(usize::try_from(zeros).ok()?);
        format!("{}{zeros}", self.digits).parse().ok()
    }
}

/// An exponent; one too long to count with stands at a bound that no length of text makes up for.
fn read_exponent(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !all_digits(digits) {
        return None;
    }
    let size = digits.trim_start_matches('0');
    let size = if size.is_empty() {
        0
    } else {
        size.parse().unwrap_or(i128::from(u64::MAX))
    };
    let size = size.min(i128::from(u64::MAX));
    Some(if negative { -size } else { size })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn length(length: usize) -> i128 {
    i128::try_from(length).expect("a text's length is far below 2^127")
}

/// The amount as Postgres writes a `numeric(18, 4)`.
pub fn four_places(amount: Amount) -> String {
    format!("{}.{:04}", amount / 10_000, amount % 10_000)
}

/// A sum of amounts as an answer writes it: at least `places` decimals, more only where needed.
pub fn money(sum: i128, places: usize) -> String {
    let whole = sum / 10_000;
    let fraction = format!("{:04}", sum % 10_000);
    let needed = fraction.trim_end_matches('0');
    let shown = if needed.len() >= places {
        needed
    } else {
        &fraction[..places.min(4)]
    };
    if shown.is_empty() {
        whole.to_string()
    } else {
        format!("{whole}.{shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_bounded() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0.00", Some(0)),
            ("0e999999999999999999999999999999999999999999", Some(0)),
            ("19.99", Some(199_900)),
            ("1e3", Some(10_000_000)),
            ("1.5E-3", Some(15)),
            ("0.0001", Some(1)),
            ("0.00001", None),
            ("99999999999999.9999", Some(999_999_999_999_999_999)),
            ("100000000000000", None),
            ("1e99999999999999999999999999999999999999999999", None),
            ("1e-99999999999999999999999999999999999999999999", None),
            ("-1", None),
        ] {
            let number = Number::read(text).expect(text);
            assert_eq!(number.amount(), expected, "{text}");
        }
        let long = format!("5.{}", "0".repeat(1_000_000));
        assert_eq!(
            Number::read(&long).and_then(|number| number.amount()),
            Some(50_000)
        );
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "", "-", "+1", ".5", "5.", "01", "1e", "1e+", "1_0", " 1", "NaN", "0x1", "1.e1",
        ] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    #[test]
    fn money_has_the_currencys_decimals_at_least() {
        for (sum, places, expected) in [
            (1_500_000, 2, "150.00"),
            (1_500_000, 0, "150"),
            (1_500_050, 2, "150.005"),
            (1_505_000, 0, "150.5"),
            (0, 2, "0.00"),
            (0, 3, "0.000"),
        ] {
            assert_eq!(money(sum, places), expected);
        }
        assert_eq!(four_places(199_900), "19.9900");
    }
}
