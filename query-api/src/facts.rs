//! The facts in memory: what the three questions are answered from.
//!
//! [`load`] reads all of `order_facts` at start, [`follow`] the [`news`] after it, and an [`anchor`]
//! tells whether it is the same database after a session was lost; a [`row`] of
//! theirs becomes [`rows`], whose repeated texts are numbers of a [`dictionary`] (of
//! [`names`]). Rows lie in a [`day`], days in a [`month`], with what whole months are answered
//! from: [`spending`] by customer and [`sales`] by place. A [`snapshot`] is one state of it all,
//! and the [`board`] shows the newest to whoever asks.
//!
//! Answers compute from a snapshot alone and never wait for the follower, nor it for them.

pub mod amounts;
pub mod anchor;
pub mod board;
pub mod day;
pub mod dictionary;
pub mod follow;
pub mod head;
pub mod load;
pub mod month;
pub mod names;
pub mod news;
pub mod row;
pub mod rows;
pub mod sales;
pub mod snapshot;
pub mod spending;

pub use board::Board;
pub use snapshot::Facts;
