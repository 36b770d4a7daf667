//! Files, standard input or generated events onto the order topic.
fn main() {}
