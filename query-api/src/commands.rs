//! What the program does beside serving.

pub mod tokens;
