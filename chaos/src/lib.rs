//! Schedules of faults drawn from a seed, and the reckoning after each.
//!
//! In the order of a run: [`schedule`] is what happens, in lanes that go on side by side, and
//! [`lane`] draws and plays the steps of each; [`scene`] is the servers with a topic and a database
//! of the schedule's own, [`disk`] where that database lies, [`cast`] the programs between them,
//! [`load`] the producer and [`history`] what the topic held at any time; [`run`] plays it all and
//! judges its end, and [`shrink`] looks for less that fails too.

pub mod cast;
pub mod disk;
pub mod history;
pub mod lane;
pub mod load;
pub mod patience;
pub mod run;
pub mod scene;
pub mod schedule;
pub mod shrink;
