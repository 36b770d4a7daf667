//! Money as answers show it: a decimal text with the currency's own number of decimals at least.

use iso_currency::Currency;
use rust_decimal::Decimal;

/// `150` is `"150.00"` in USD and `"150"` in JPY; `0.1234` USD stays `"0.1234"`. A currency
/// without a number of decimals in the ISO table (gold, say) has none at least.
#[must_use]
pub fn text(amount: Decimal, currency: &str) -> String {
    with_decimals(amount, decimals(currency))
}

/// A sum in ten-thousandths, with so many decimals at least.
///
/// # Panics
///
/// When the sum has more than 28 digits, which no number of orders that a memory holds adds up to.
#[must_use]
pub fn of_ten_thousandths(sum: i128, decimals: u32) -> String {
    with_decimals(Decimal::from_i128_with_scale(sum, 4), decimals)
}

/// The decimals that an amount in this currency has at least.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    Currency::from_code(currency)
        .and_then(Currency::exponent)
        .map_or(0, u32::from)
}

fn with_decimals(amount: Decimal, least: u32) -> String {
    let mut shown = amount.normalize();
    if shown.scale() < least {
        shown.rescale(least);
    }
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_exactly_the_amount_with_no_digit_more_than_needed(
            stored in any::<i64>(), zeros in 0_u32..5, code in "USD|JPY|KWD|CLF|XAU"
        ) {
            // Sums of many orders, too, have four places.
            let amount = Decimal::new(stored / 10_i64.pow(zeros) * 10_i64.pow(zeros), 4);
            let shown = text(amount, &code);
            prop_assert_eq!(shown.parse::<Decimal>().expect("a decimal"), amount);
            let decimals = shown.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let least = match code.as_str() {
                "USD" => 2,
                "KWD" => 3,
                "CLF" => 4,
                _ => 0,
            };
            prop_assert!(decimals == least || (decimals > least && !shown.ends_with('0')));
        }
    }

    #[test]
    fn amounts_have_their_currencys_decimals_and_more_only_where_they_need_them() {
        for (amount, currency, expected) in [
            ("150.0000", "USD", "150.00"),
            ("150.5000", "USD", "150.50"),
            ("0.1234", "USD", "0.1234"),
            ("0.1230", "USD", "0.123"),
            ("150.0000", "JPY", "150"),
            ("150.5000", "JPY", "150.5"),
            ("1.0000", "KWD", "1.000"),
            ("1.0000", "CLF", "1.0000"),
            ("0.0000", "EUR", "0.00"),
            ("3.0000", "XAU", "3"),
            ("99999999999999.9999", "USD", "99999999999999.9999"),
        ] {
            let decimal = amount.parse().expect("a decimal");
            assert_eq!(text(decimal, currency), expected, "{amount} {currency}");
        }
    }
}
