//! Files, standard input or generated events onto the order topic.
//!
//! `input` opens and decompresses, `window` slides over the bytes, `reader` tells the shape and
//! finds each event, `clean` makes it plain (`nested`, `repair`), `judge` asks the event's own rules
//! about it: all of that on the thread of `intake`. `run` counts (`tally`), names what is wrong and
//! hands the rest to `sender`, the only file that sends (`producer` sets its client up, `pace` keeps its
//! rate); `account` and `ledger` know what became of each event, `topic` asks about the topic first,
//! `report` tells the end. `generate` takes the place of the files.

pub mod account;
pub mod batch;
pub mod clean;
pub mod fault;
pub mod generate;
pub mod input;
pub mod intake;
pub mod judge;
pub mod ledger;
pub mod nested;
pub mod pace;
pub mod producer;
pub mod program;
pub mod progress;
pub mod reader;
pub mod repair;
pub mod report;
pub mod run;
pub mod sender;
pub mod settings;
pub mod stop;
pub mod tally;
pub mod text;
pub mod topic;
pub mod window;
