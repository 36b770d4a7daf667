//! Orders made up: heavy-tailed customers and products, several currencies, hours of a real day.
//! Each order is a function of the settings and its number alone, so that equal settings give equal
//! bytes, and any earlier order can be made again to repeat it.

mod catalog;
mod clock;
pub mod file;
mod invalid;
mod order;
mod places;
mod spelling;

use std::io;
use std::sync::mpsc::Receiver;

use ordertally_schema::Code;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::batch::News;
use crate::clean::Clean;
use crate::intake;
use crate::judge::judge;
use crate::settings::GenerateSettings;
use clock::Clock;
pub use invalid::codes;
use order::Order;
pub use spelling::{Change, Spelling};

/// What is to be made, checked and ready.
#[derive(Clone, Debug)]
pub struct Plan {
    orders: u64,
    customers: u64,
    duplicates: f64,
    invalid: f64,
    /// Of all settings: other settings give other event ids, so that two runs never conflict.
    root: u64,
    clock: Clock,
}

/// One event that was made.
#[derive(Debug, Default)]
pub struct Made {
    /// The record's value.
    pub payload: Vec<u8>,
    /// The record's key.
    pub customer_id: String,
}

/// Streams of randomness that must not touch each other.
const ORDERS: u64 = 0x6f72_6465_7273;
const EXTRAS: u64 = 0x6578_7472_6173;
const CUSTOMERS: u64 = 0x6375_7374_6f6d;

impl Plan {
    /// What `settings` ask for.
    #[must_use]
    pub fn new(settings: &GenerateSettings) -> Self {
        let parts = [
            settings.seed,
            settings.orders,
            settings.days.into(),
            settings.customers,
            settings.duplicates.to_bits(),
            settings.invalid.to_bits(),
            settings.start.to_epoch_days().unsigned_abs().into(),
        ];
        Self {
            orders: settings.orders,
            customers: settings.customers,
            duplicates: settings.duplicates,
            invalid: settings.invalid,
            root: parts.into_iter().fold(0, mix),
            clock: Clock::new(settings.start, settings.days),
        }
    }

    /// How many events that makes.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.orders + due(self.orders, self.duplicates) + due(self.orders, self.invalid)
    }

    /// Makes every event in order and gives it to `taker`, until that returns `false`. Invalid
    /// events earn each of `codes` in turn.
    pub fn make(&self, codes: &[Code], mut taker: impl FnMut(&Made) -> bool) -> bool {
        let mut made = Made::default();
        for number in 0..self.orders {
            self.make_order(number, &mut made);
            if !taker(&made) {
                return false;
            }
            for extra in due(number, self.duplicates)..due(number + 1, self.duplicates) {
                self.duplicate(number, extra, &mut made);
                if !taker(&made) {
                    return false;
                }
            }
            for extra in due(number, self.invalid)..due(number + 1, self.invalid) {
                self.invalid(number, extra, codes, &mut made);
                if !taker(&made) {
                    return false;
                }
            }
        }
        true
    }

    /// Makes the event of one order alone, of those that are no repetition and not invalid, so that
    /// several threads can share a plan. Numbers count from 0.
    pub fn make_order(&self, number: u64, made: &mut Made) {
        self.order(number)
            .write(made, &Spelling::default(), &Change::default());
    }

    fn order(&self, number: u64) -> Order {
        let mut random = self.random(ORDERS, number);
        // The cube of an even distribution: rank r is drawn in proportion to r^(-2/3). Made of
        // multiplications alone, so that every platform draws the same.
        let even: f64 = random.random();
        let rank = scale(even * even * even, self.customers);
        let customer_random = self.random(CUSTOMERS, rank);
        let created_at_ms = self.clock.time_ms(number, self.orders, random.random());
        Order::make(&mut random, rank, customer_random, created_at_ms)
    }

    /// An order up to `number` once more; every other one spelled otherwise.
    fn duplicate(&self, number: u64, extra: u64, made: &mut Made) {
        let mut random = self.random(EXTRAS, extra * 2);
        let earlier = random.random_range(0..=number);
        let spelling = if extra.is_multiple_of(2) {
            Spelling::default()
        } else {
            Spelling::draw(&mut random)
        };
        self.order(earlier)
            .write(made, &spelling, &Change::default());
    }

    fn invalid(&self, number: u64, extra: u64, codes: &[Code], made: &mut Made) {
        let mut random = self.random(EXTRAS, extra * 2 + 1);
        let kinds = codes.len() as u64;
        let kind = usize::try_from(extra % kinds).expect("there are few kinds");
        let code = codes[kind];
        // A fresh id, but for the conflict, which needs that of an order made before.
        let order = if code == Code::ConflictingDuplicate {
            self.order(random.random_range(0..=number))
        } else {
            self.order(self.orders + extra)
        };
        invalid::write(&order, code, made);
    }

    fn random(&self, stream: u64, number: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(mix(mix(self.root, stream), number))
    }
}

/// How many extra events are due after `orders` orders.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn due(orders: u64, share: f64) -> u64 {
    (orders as f64 * share) as u64
}

/// A share of `whole`, below `whole`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn scale(share: f64, whole: u64) -> u64 {
    ((share * whole as f64) as u64).min(whole - 1)
}

/// SplitMix64's finalizer over both values (Steele, Lea, Flood: "Fast splittable pseudorandom
/// number generators", 2014).
fn mix(state: u64, value: u64) -> u64 {
    let mut mixed = state
        .wrapping_add(value)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Makes the events on the reader's thread.
///
/// # Errors
///
/// When the system has no thread to give.
pub fn send(plan: Plan) -> io::Result<Receiver<News>> {
    intake::start(move |outbox| {
        let mut outbox = outbox.borrow_mut();
        let mut number = 0;
        let complete = plan.make(&invalid::codes(), |made| {
            number += 1;
            let event = Clean {
                text: made.payload.as_slice().into(),
                customer_id: Some(made.customer_id.clone()),
            };
            judge(outbox.batch(), number, &event);
            outbox.passed_when_full()
        });
        if complete {
            outbox.tell(News::Read {
                input: 0,
                shape: "generated",
            });
        }
    })
}

#[cfg(test)]
mod tests;
