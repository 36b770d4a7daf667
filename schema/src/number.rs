//! Numbers from JSON text, exact however they are written and however long they are.

use rust_decimal::Decimal;

/// The value of a number in JSON's grammar, read in one pass over its text however long it is:
/// `coefficient` × 10^`exponent`, where the coefficient does not end in 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    /// Right where there are at most [`COEFFICIENT_DIGITS_MAX`] significant digits.
    coefficient: u64,
    /// Count of significant digits; none for zero.
    digits: usize,
    exponent: i64,
}

/// How many decimal digits always fit the coefficient; more is beyond every bound of the event.
const COEFFICIENT_DIGITS_MAX: usize = 19;

/// Where an exponent's digits stop to count: far beyond what the digits of a payload can make up
/// for, and far below what could overflow.
const EXPONENT_MAX: i64 = 1 << 40;

impl Number {
    /// Reads a number in JSON's grammar (RFC 8259, section 6): no blanks, `+`, `.5`, `5.`, `05`,
    /// `NaN`. `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(place) => (&unsigned[..place], parse_exponent(&unsigned[place + 1..])?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((integer, fraction)) if is_digits(fraction) => (integer, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !is_digits(integer) || (integer.len() > 1 && integer.starts_with('0')) {
            return None;
        }
        Some(Self::from_digits(negative, integer, fraction, exponent))
    }

    fn from_digits(negative: bool, integer: &str, fraction: &str, exponent: i64) -> Self {
        let mut number = Self {
            negative,
            coefficient: 0,
            digits: 0,
            exponent: 0,
        };
        let mut place = i64::try_from(integer.len()).unwrap_or(EXPONENT_MAX);
        let mut zeros = 0;
        for digit in integer.bytes().chain(fraction.bytes()) {
            place -= 1;
            if digit == b'0' {
                zeros += 1;
                continue;
            }
            // Zeros count once a digit follows them, unless they lead.
            number.digits += if number.digits == 0 { 1 } else { zeros + 1 };
            if number.digits <= COEFFICIENT_DIGITS_MAX {
                let shift = if number.coefficient == 0 {
                    1
                } else {
                    zeros + 1
                };
                for _ in 0..shift {
                    number.coefficient *= 10;
                }
                number.coefficient += u64::from(digit - b'0');
            }
            zeros = 0;
            number.exponent = place + exponent;
        }
        number
    }

    /// Whether it is zero, of whatever sign.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether it has no fraction.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.exponent >= 0
    }

    /// Its value, where it is whole, not negative and at most `max`.
    #[must_use]
    pub fn whole_up_to(self, max: u64) -> Option<u64> {
        if self.is_zero() {
            return Some(0);
        }
        if self.negative || !self.is_whole() || self.digits > COEFFICIENT_DIGITS_MAX {
            return None;
        }
        10_u64
            .checked_pow(u32::try_from(self.exponent).ok()?)
            .and_then(|power| self.coefficient.checked_mul(power))
            .filter(|value| *value <= max)
    }

    /// Its exact value without trailing zeros, where it is not negative and has at most that many
    /// digits before and after the point, together at most 18.
    #[must_use]
    pub fn decimal(self, integer_digits_max: i64, fraction_digits_max: i64) -> Option<Decimal> {
        if self.is_zero() {
            return Some(Decimal::ZERO);
        }
        let digits = i64::try_from(self.digits).ok()?;
        if self.negative
            || digits + self.exponent > integer_digits_max
            || self.exponent < -fraction_digits_max
        {
            return None;
        }
        let scale = u32::try_from(-self.exponent).unwrap_or(0);
        let zeros = u32::try_from(self.exponent).unwrap_or(0);
        let mantissa = i128::from(self.coefficient) * 10_i128.pow(zeros);
        Some(Decimal::from_i128_with_scale(mantissa, scale))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exponent's value, held at a bound that no payload can reach otherwise.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    let magnitude = digits.bytes().fold(0_i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX)
    });
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_jsons() {
        for good in [
            "0",
            "-0",
            "5",
            "5.00",
            "1e3",
            "1E+3",
            "12.5e-1",
            "0e999999999999999999999",
        ] {
            assert!(Number::parse(good).is_some(), "{good}");
        }
        for wrong in [
            "", "-", "+5", "05", "00", "5.", ".5", " 5", "5 ", "1e", "1e+", "1e1.0", "NaN",
            "Infinity", "1_000", "1,5", "0x10", "--5", "5-", "١",
        ] {
            assert!(Number::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn whole_numbers_may_be_written_with_point_or_exponent() {
        let whole = |text| {
            Number::parse(text)
                .expect("a number")
                .whole_up_to(1_000_000)
        };
        assert_eq!(whole("2"), Some(2));
        assert_eq!(whole("2.0"), Some(2));
        assert_eq!(whole("2e0"), Some(2));
        assert_eq!(whole("1e6"), Some(1_000_000));
        assert_eq!(whole("1000001"), None);
        assert_eq!(whole("-2"), None);
        assert_eq!(whole("-0"), Some(0));
        assert_eq!(whole("1e30"), None);
        assert!(!Number::parse("2.5").expect("a number").is_whole());
    }
}
