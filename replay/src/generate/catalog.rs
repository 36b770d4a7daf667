//! What is sold: products whose prices and popularity are the same in every run.

/// How many products there are.
pub const PRODUCTS: u64 = 400;

/// A product by its rank in popularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    rank: u64,
}

impl Product {
    /// The product of this rank.
    pub const fn of_rank(rank: u64) -> Self {
        Self { rank }
    }

    /// Its id: sixteen hexadecimal digits.
    pub fn id(self) -> String {
        format!("{:016x}", super::mix(0x2f31_2440_8539_5571, self.rank))
    }

    /// Its price in hundredths of the currency: 5 to 149, most of them below 50.
    pub fn price_cents(self) -> u64 {
        let draw = super::mix(0x7072_6963_6573, self.rank) % 145;
        500 + draw * draw / 145 * 100 + 95 * (draw % 2)
    }
}
