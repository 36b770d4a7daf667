//! The content hash that tells a duplicate from a conflict.

use rust_decimal::Decimal;

use crate::money;
use crate::{Address, ValidOrder};

/// 128 bits over everything an order says, spelling and record aside.
pub type ContentHash = [u8; 16];

/// Which encoding is hashed. Raise it with any change to the encoding: it is stored with every
/// order, and a hash of another encoding would make a conflict of each redelivered order.
const ENCODING: u8 = 1;

/// Hashes what the event says once validated: not its bytes, not the record's timestamp.
///
/// Every field is written with its length or in a fixed width, and an absent one differs from any
/// that is there, so that two orders have one encoding only if they are equal. The hash is the
/// first half of BLAKE3's: 128 bits against chance, of which 64 remain against somebody who
/// searches for two orders that collide, and can only spoil an event id of their own.
#[must_use]
pub fn content_hash<T: AsRef<str>>(order: &ValidOrder<T>) -> ContentHash {
    let mut encoding = Encoding(Vec::with_capacity(1024));
    encoding.order(order);
    let mut hash = ContentHash::default();
    hash.copy_from_slice(&blake3::hash(&encoding.0).as_bytes()[..16]);
    hash
}

struct Encoding(Vec<u8>);

impl Encoding {
    fn order<T: AsRef<str>>(&mut self, order: &ValidOrder<T>) {
        // Whoever adds a field has to say here whether it is content.
        let ValidOrder {
            event_id,
            event_version,
            created_at_given,
            record_time: _,
            customer_id,
            email,
            first_name,
            last_name,
            billing_address,
            shipping_address,
            currency,
            financial_status,
            order_value,
            total_discounts,
            total_tax,
            discount_codes,
            buyer_accepts_marketing,
            line_items,
        } = order;
        self.0.push(ENCODING);
        self.text(event_id.as_ref());
        self.text(event_version.as_ref());
        match created_at_given {
            None => self.0.push(0),
            Some(time) => {
                self.0.push(1);
                self.number(time.timestamp_micros());
            }
        }
        self.text(customer_id.as_ref());
        self.text(email.as_ref());
        self.optional(first_name.as_ref());
        self.optional(last_name.as_ref());
        self.address(billing_address);
        self.address(shipping_address);
        self.text(currency.as_ref());
        self.text(financial_status.as_ref());
        self.amount(*order_value);
        self.amount(*total_discounts);
        self.amount(*total_tax);
        self.count(discount_codes.len());
        for code in discount_codes {
            self.text(code.as_ref());
        }
        self.0.push(u8::from(*buyer_accepts_marketing));
        self.count(line_items.len());
        for item in line_items {
            self.text(item.id.as_ref());
            self.number(i64::from(item.quantity));
        }
    }

    fn address<T: AsRef<str>>(&mut self, address: &Address<T>) {
        let Address {
            first_name,
            last_name,
            address1,
            address2,
            city,
            province,
            province_code,
            country,
            country_code,
            zip,
            phone,
        } = address;
        for text in [
            first_name,
            last_name,
            address1,
            address2,
            city,
            province,
            province_code,
            country,
            country_code,
            zip,
            phone,
        ] {
            self.optional(text.as_ref());
        }
    }

    /// A text that may be absent; absent has a length that no text has.
    fn optional<T: AsRef<str>>(&mut self, text: Option<&T>) {
        match text {
            Some(text) => self.text(text.as_ref()),
            None => self.0.extend_from_slice(&u32::MAX.to_le_bytes()),
        }
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A length; far below `u32::MAX` for anything that came out of a payload.
    fn count(&mut self, count: usize) {
        let count = u32::try_from(count).expect("a payload is at most 1 MiB");
        self.0.extend_from_slice(&count.to_le_bytes());
    }

    /// In ten-thousandths, which is exact and has one form for each value.
    fn amount(&mut self, amount: Decimal) {
        self.number(money::ten_thousandths(amount));
    }

    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}
