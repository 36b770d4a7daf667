//! One made-up order.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::catalog::{PRODUCTS, Product};
use super::places::{Place, WEIGHTS, place_at};
use super::scale;

/// Who orders; the same in each of their orders.
#[derive(Debug)]
pub struct Customer {
    pub id: String,
    pub email: String,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub street: String,
    pub phone: String,
    pub place: &'static Place,
    pub codes: CodeHabit,
    pub accepts_marketing: bool,
    /// Where the bill goes, when not to the customer's own place.
    pub billing_place: Option<&'static Place>,
}

/// How a customer's addresses carry the codes of province and country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeHabit {
    /// Not at all.
    None,
    /// `ID`.
    Short,
    /// `US-ID`, by ISO 3166-2.
    Long,
}

/// What was ordered, and when. Amounts in hundredths, or in whole units where the currency has no
/// smaller ones.
#[derive(Debug)]
pub struct Order {
    pub event_id: String,
    pub created_at_ms: i64,
    pub customer: Customer,
    pub status: &'static str,
    pub items: Vec<(Product, u64)>,
    pub value: u64,
    pub discounts: u64,
    pub tax: u64,
    pub discount_code: Option<&'static str>,
}

const FIRST_NAMES: [&str; 32] = [
    "dan",
    "Mary",
    "James",
    "Patricia",
    "Robert",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "Zoë",
    "Jürgen",
    "Søren",
    "Chloé",
    "Noor",
    "Aiko",
    "Mateo",
    "Olu",
    "Priya",
    "Wei",
    "Anna",
    "Björn",
    "Ivana",
    "Kofi",
    "Leila",
    "Nia",
    "Omar",
    "Rosa",
    "Sam",
    "Tariq",
    "Uma",
    "Vera",
];
const LAST_NAMES: [&str; 32] = [
    "dyer",
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Martínez",
    "O'Neil",
    "Müller",
    "Andersson",
    "Dubois",
    "Khan",
    "Tanaka",
    "Silva",
    "Okafor",
    "Patel",
    "Chen",
    "Novák",
    "Larsen",
    "Horvat",
    "Mensah",
    "Haddad",
    "Walker",
    "Farouk",
    "Rossi",
    "Young",
    "Aziz",
    "Rao",
    "Weber",
];
const STREETS: [&str; 8] = [
    "Main St",
    "Oak Ave",
    "Maple Dr",
    "Cedar Ln",
    "Park Rd",
    "Lake View",
    "Mill Ct",
    "2nd St",
];
const CODES: [&str; 5] = ["WELCOME10", "FALL2020", "FRIENDS", "FREESHIP", "xxx"];

impl Customer {
    fn make(rank: u64, random: &mut ChaCha8Rng) -> Self {
        // An odd factor maps the ranks one to one onto 40 bits.
        let id = rank
            .wrapping_mul(0x009e_3779_b97f_4a7d)
            .wrapping_add(0x66f6)
            & 0xff_ffff_ffff;
        let first_name = FIRST_NAMES[random.random_range(0..FIRST_NAMES.len())];
        let last_name = LAST_NAMES[random.random_range(0..LAST_NAMES.len())];
        Self {
            email: format!("customer.{id:x}@example.com"),
            id: format!("{id:x}"),
            first_name,
            last_name,
            street: format!(
                "{} {}",
                random.random_range(1..9999),
                STREETS[random.random_range(0..STREETS.len())]
            ),
            phone: format!(
                "{}-{}-{:04}",
                random.random_range(201..990),
                random.random_range(200..999),
                random.random_range(0..10_000)
            ),
            place: place_at(random.random_range(0..WEIGHTS)),
            codes: match random.random_range(0..10) {
                0..3 => CodeHabit::None,
                3..8 => CodeHabit::Short,
                _ => CodeHabit::Long,
            },
            accepts_marketing: random.random_range(0..100) < 44,
            billing_place: (random.random_range(0..100) < 12)
                .then(|| place_at(random.random_range(0..WEIGHTS))),
        }
    }
}

impl Order {
    /// Makes an order of the customer of this rank.
    pub fn make(
        random: &mut ChaCha8Rng,
        rank: u64,
        mut customer_random: ChaCha8Rng,
        created_at_ms: i64,
    ) -> Self {
        let customer = Customer::make(rank, &mut customer_random);
        let items = draw_items(random);
        let goods: u64 = items
            .iter()
            .map(|(product, quantity)| product.price_cents() * quantity)
            .sum();
        let discount_code =
            (random.random_range(0..100) < 17).then(|| CODES[random.random_range(0..CODES.len())]);
        let discounts = discount_code.map_or(0, |_| goods / random.random_range(5..20));
        let tax = (goods - discounts) * random.random_range(0..12) / 100;
        // A yen is about a cent.
        let unit = if customer.place.decimals == 0 { 1 } else { 100 };
        let whole = |cents: u64| {
            if unit == 1 {
                cents.div_ceil(10) * 10
            } else {
                cents
            }
        };
        Self {
            event_id: event_id(random),
            created_at_ms,
            status: match random.random_range(0..100) {
                0..82 => "paid",
                82..88 => "pending",
                88..92 => "authorized",
                92..95 => "partially_refunded",
                95..98 => "refunded",
                98 => "partially_paid",
                _ => "voided",
            },
            value: whole(goods - discounts + tax),
            discounts: whole(discounts),
            tax: whole(tax),
            items,
            discount_code,
            customer,
        }
    }
}

/// One to eight products, few of them mostly; now and then none, as for a gift card.
fn draw_items(random: &mut ChaCha8Rng) -> Vec<(Product, u64)> {
    let count = match random.random_range(0..100) {
        0 => 0,
        1..56 => 1,
        56..80 => 2,
        80..92 => 3,
        92..97 => 4,
        _ => random.random_range(5..=8),
    };
    (0..count)
        .map(|_| {
            let even: f64 = random.random();
            let rank = scale(even * even * even * even, PRODUCTS);
            let quantity = match random.random_range(0..20) {
                0..15 => 1,
                15..18 => 2,
                18 => 3,
                _ => random.random_range(4..=12),
            };
            (Product::of_rank(rank), quantity)
        })
        .collect()
}

/// A random UUID; one in sixteen has ten digits in its first group, as a real producer's have.
fn event_id(random: &mut ChaCha8Rng) -> String {
    let (high, low): (u64, u64) = (random.random(), random.random());
    let longer = if low.is_multiple_of(16) {
        format!("{:02x}", low >> 56)
    } else {
        String::new()
    };
    format!(
        "{:08x}{longer}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48) & 0x3fff,
        low & 0xffff_ffff_ffff
    )
}
