//! Exact numbers from JSON text: amounts of money and whole numbers, never through a float.

use rust_decimal::Decimal;

/// Most digits of an amount before the point.
pub const INTEGER_DIGITS_MAX: i64 = 14;
/// Most digits of an amount after the point, trailing zeros aside.
pub const FRACTION_DIGITS_MAX: i64 = 4;

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

    /// Its value as an amount, without trailing zeros: `None` when it is negative or has more than
    /// [`INTEGER_DIGITS_MAX`] integer or [`FRACTION_DIGITS_MAX`] fraction digits.
    #[must_use]
    pub fn amount(self) -> Option<Decimal> {
        if self.is_zero() {
            return Some(Decimal::ZERO);
        }
        let digits = i64::try_from(self.digits).ok()?;
        if self.negative
            || digits + self.exponent > INTEGER_DIGITS_MAX
            || self.exponent < -FRACTION_DIGITS_MAX
        {
            return None;
        }
        // At most 14 + 4 digits from here on.
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

/// Ten-thousandths of the currency's unit: how amounts lie in `order_facts`.
///
/// # Panics
///
/// When the amount has more than 14 integer or 4 fraction digits, which validation has excluded.
#[must_use]
pub fn ten_thousandths(amount: Decimal) -> i64 {
    let mut scaled = amount;
    scaled.rescale(4);
    i64::try_from(scaled.mantissa()).expect("a valid amount has at most 18 digits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Option<Decimal> {
        Number::parse(text).expect(text).amount()
    }

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
    fn amounts_are_exact_and_normalized() {
        for (text, expected) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("0e999999999", "0"),
            ("5", "5"),
            ("5.00", "5"),
            ("0.1", "0.1"),
            ("0.0001", "0.0001"),
            ("1e3", "1000"),
            ("12000e-3", "12"),
            ("99999999999999.9999", "99999999999999.9999"),
            ("0.00000000000000000000000000000005e31", "0.5"),
        ] {
            let value = amount(text).expect(text);
            assert_eq!(value.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn amounts_beyond_the_bounds_are_refused() {
        for text in [
            "-0.01",
            "100000000000000",
            "1e14",
            "0.00001",
            "1e-5",
            "1e999999999999",
            "1e-999999999999",
            "1234567890123456789012345678901234567890",
        ] {
            assert_eq!(amount(text), None, "{text}");
        }
        assert_eq!(amount("1e13"), Some(Decimal::from(10_000_000_000_000_i64)));
    }

    #[test]
    fn a_number_of_a_million_digits_is_read() {
        let zeros = "0".repeat(1_000_000);
        assert_eq!(amount(&format!("5.{zeros}")), Some(Decimal::from(5)));
        assert_eq!(amount(&format!("5{zeros}")), None);
        assert_eq!(
            amount(&format!("5{zeros}e-1000000")),
            Some(Decimal::from(5))
        );
        assert_eq!(amount(&format!("0.{zeros}1")), None);
        assert_eq!(amount(&format!("0.{zeros}1e1000001")), Some(Decimal::ONE));
        assert_eq!(amount(&"9".repeat(1_000_000)), None);
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

    #[test]
    fn facts_hold_ten_thousandths() {
        assert_eq!(ten_thousandths(amount("0").expect("zero")), 0);
        assert_eq!(ten_thousandths(amount("12.34").expect("small")), 123_400);
        assert_eq!(
            ten_thousandths(amount("99999999999999.9999").expect("the largest")),
            999_999_999_999_999_999
        );
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_amount_has_its_value(
            units in 0_i64..100_000_000_000_000, ten_thousandth in 0_i64..10_000, zeros in 0_usize..40, shift in -40_i32..40
        ) {
            let plain = format!("{units}.{ten_thousandth:04}");
            let expected = plain.parse::<Decimal>().expect("a decimal").normalize();
            let spelled = format!("{plain}{}", "0".repeat(zeros));
            prop_assert_eq!(amount(&spelled), Some(expected));
            prop_assert_eq!(amount(&shifted(&plain, shift)), Some(expected));
            prop_assert_eq!(i128::from(ten_thousandths(expected)), i128::from(units) * 10_000 + i128::from(ten_thousandth));
        }
    }

    /// The same number with its point moved and an exponent that moves it back.
    fn shifted(plain: &str, shift: i32) -> String {
        let (units, fraction) = plain.split_once('.').expect("a point");
        let digits = format!("{}{units}{fraction}{}", "0".repeat(50), "0".repeat(50));
        let point = usize::try_from(50 + i32::try_from(units.len()).expect("short") + shift)
            .expect("inside the padding");
        let integer = digits[..point].trim_start_matches('0');
        let integer = if integer.is_empty() { "0" } else { integer };
        format!("{integer}.{}e{}", &digits[point..], -shift)
    }
}
