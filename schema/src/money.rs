//! Exact amounts, from JSON text to ten-thousandths.

use rust_decimal::Decimal;

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
