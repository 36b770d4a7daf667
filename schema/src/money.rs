//! Amounts of money: exact, from a number of JSON to ten-thousandths, never through a float.

use rust_decimal::Decimal;

use crate::number::Number;

/// Most digits of an amount before the point.
pub const INTEGER_DIGITS_MAX: i64 = 14;
/// Most digits of an amount after the point, trailing zeros aside.
pub const FRACTION_DIGITS_MAX: i64 = 4;

/// A number as an amount, without trailing zeros: `None` when it is negative or has more digits
/// than an amount may have.
#[must_use]
pub fn amount(number: Number) -> Option<Decimal> {
    number.decimal(INTEGER_DIGITS_MAX, FRACTION_DIGITS_MAX)
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
        super::amount(Number::parse(text).expect(text))
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

        #[test]
        fn an_amount_written_out_is_that_amount(stored in 0..=999_999_999_999_999_999_i64) {
            let value = Decimal::new(stored, 4);
            for written in [value.to_string(), value.normalize().to_string()] {
                let read = amount(&written).expect("within the bounds");
                prop_assert_eq!(ten_thousandths(read), stored);
                prop_assert_eq!(read.to_string(), value.normalize().to_string());
            }
        }

        #[test]
        fn a_digit_beyond_the_bounds_is_refused_wherever_it_stands(
            stored in 0..=999_999_999_999_999_999_i64, digit in 1..10_u8, place in 1..30_usize
        ) {
            let (units, fraction) = (stored / 10_000, stored % 10_000);
            let finer = format!("{units}.{fraction:04}{}{digit}", "0".repeat(place - 1));
            let larger = format!("{digit}{}{units:014}.{fraction:04}", "0".repeat(place - 1));
            for beyond in [finer, larger, format!("-{units}.{fraction:04}1")] {
                prop_assert_eq!(amount(&beyond), None, "{}", beyond);
            }
        }

        #[test]
        fn sums_of_ten_thousandths_are_the_sums_of_the_amounts(
            stored in proptest::collection::vec(0..=999_999_999_999_999_999_i64, 0..50)
        ) {
            let amounts = stored.iter().map(|digits| Decimal::new(*digits, 4));
            let sum: Decimal = amounts.clone().sum();
            let exact: i128 = amounts.map(|amount| i128::from(ten_thousandths(amount))).sum();
            prop_assert_eq!(Decimal::from_i128_with_scale(exact, 4), sum);
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
