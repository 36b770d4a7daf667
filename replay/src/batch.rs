//! Judged events on their way from the reader's thread to the sender: many at a time, their bytes
//! in one piece.

use std::ops::Range;

use ordertally_schema::Violation;

use crate::fault::Fault;

/// What the consumer will make of an event, as far as the event alone tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A valid order; its content hash tells a duplicate from a conflict.
    Valid {
        /// [`ordertally_schema::fingerprint::content_hash`].
        content_hash: [u8; 16],
        /// Where the batch's bytes hold the event id.
        event_id: Range<usize>,
        /// The event's own time, milliseconds since 1970, where it gave one.
        created_at_ms: Option<i64>,
    },
    /// An event of another type.
    Ignored,
    /// Everything that is wrong with it.
    Rejected(Vec<Violation>),
}

/// An event that was read and judged.
#[derive(Debug)]
pub struct Judged {
    /// The line it begins on, counted from 1; of generated events their number.
    pub line: u64,
    /// What it is.
    pub verdict: Verdict,
    /// Where the batch's bytes hold the event; `None` when none could be made (of a row that does
    /// not fit its table).
    pub payload: Option<Range<usize>>,
    /// Where the batch's bytes hold the customer's id, if it is known.
    pub key: Option<Range<usize>>,
    /// When it was judged, milliseconds since 1970: its record's timestamp.
    pub now_ms: i64,
}

/// Events of one input, in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// Index of the input among those of the command line.
    pub input: usize,
    /// The texts that the events point into.
    pub bytes: Vec<u8>,
    /// The events.
    pub events: Vec<Judged>,
}

impl Batch {
    /// Keeps `bytes`, and says where.
    pub fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

/// What the reader's thread tells.
#[derive(Debug)]
pub enum News {
    /// Events, in order.
    Events(Batch),
    /// An input was read to its end.
    Read {
        /// Its index.
        input: usize,
        /// Its shape's name.
        shape: &'static str,
    },
    /// An input cannot be read to its end.
    Faulty {
        /// Its index.
        input: usize,
        /// Where and why.
        fault: Fault,
    },
}
