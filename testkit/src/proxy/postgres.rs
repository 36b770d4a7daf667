//! What a client asks of Postgres, read along while it passes: at which points of a transaction it
//! is. Knows the consumer's statements by their first words, as a log of the server shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A named point of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// A consumer claims a partition.
    Claim,
    /// The position is moved over a batch.
    Advance,
    /// COMMIT of a batch.
    Commit,
    /// Small rows of facts become one.
    Merge,
}

impl Point {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Claim, Self::Advance, Self::Commit, Self::Merge];

    fn of(sql: &[u8]) -> Option<Self> {
        let sql = String::from_utf8_lossy(sql);
        let words: Vec<&str> = sql.split_whitespace().take(4).collect();
        match words[..] {
            ["COMMIT"] => Some(Self::Commit),
            ["WITH", "merged", "AS", ..] => Some(Self::Merge),
            ["UPDATE", "partition_positions", "SET", "owner_epoch"] => Some(Self::Claim),
            ["UPDATE", "partition_positions", "SET", "next_offset"] => Some(Self::Advance),
            _ => None,
        }
    }
}

/// The requests of one connection. Their texts are looked at, copied rows are only skipped.
#[derive(Debug, Default)]
pub(super) struct Requests {
    begun: bool,
    /// A request that has not come to its end.
    open: Vec<u8>,
    /// Bytes of copied rows that are still to come.
    skip: usize,
    prepared: BTreeMap<Vec<u8>, Point>,
    /// Whether the open transaction has moved a position: claims and merges commit as well.
    advanced: bool,
}

/// What a client asks before it begins, if it would rather be encrypted.
const SSL_REQUEST: u32 = 80_877_103;

/// Type and length of a request.
const HEAD: usize = 5;

impl Requests {
    /// The last point that the requests in `bytes` come to.
    pub(super) fn point_in(&mut self, mut bytes: &[u8]) -> Option<Point> {
        let mut reached = None;
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            // The first one has no type.
            let head = if self.begun { HEAD } else { HEAD - 1 };
            let wanted = self.length(head).unwrap_or(head);
            let taken = (wanted - self.open.len()).min(bytes.len());
            self.open.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            let Some(length) = self.length(head) else {
                continue;
            };
            if self.begun && self.open[0] == b'd' {
                self.skip = length - self.open.len();
                self.open.clear();
            } else if self.open.len() == length {
                let request = std::mem::take(&mut self.open);
                if self.begun {
                    reached = self.point_of(request[0], &request[HEAD..]).or(reached);
                }
                // A question for encryption is not the beginning yet.
                self.begun |= request[4..] != SSL_REQUEST.to_be_bytes();
            }
        }
        reached
    }

    /// How long the open request is in all, once its head is there.
    fn length(&self, head: usize) -> Option<usize> {
        let length = self.open.get(head - 4..head)?.try_into().ok()?;
        Some(head - 4 + u32::from_be_bytes(length) as usize)
    }

    fn point_of(&mut self, kind: u8, body: &[u8]) -> Option<Point> {
        let point = self.statement_of(kind, body)?;
        match point {
            Point::Advance => self.advanced = true,
            Point::Commit if !std::mem::take(&mut self.advanced) => return None,
            _ => {}
        }
        Some(point)
    }

    fn statement_of(&mut self, kind: u8, body: &[u8]) -> Option<Point> {
        let mut parts = body.split(|byte| *byte == 0);
        let (first, second) = (parts.next()?, parts.next());
        match kind {
            b'Q' => Point::of(first),
            // A statement gets a name, and a name may get another statement.
            b'P' => {
                self.prepared.remove(first);
                if let Some(point) = second.and_then(Point::of) {
                    self.prepared.insert(first.to_vec(), point);
                }
                None
            }
            b'B' => self.prepared.get(second?).copied(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap_or_default();
        [&[kind], &length.to_be_bytes()[..], body].concat()
    }

    /// What is asked, piece by piece, after the connection's first request.
    fn points(requests: &[Vec<u8>], piece: usize) -> Vec<Point> {
        let question = [8, SSL_REQUEST].map(u32::to_be_bytes).concat();
        let first = [&8_u32.to_be_bytes()[..], b"\0\x03\0\0"].concat();
        let bytes = [question, first, requests.concat()].concat();
        let mut reader = Requests::default();
        bytes
            .chunks(piece)
            .filter_map(|piece| reader.point_in(piece))
            .collect()
    }

    #[test]
    fn points_are_found_however_the_bytes_arrive() {
        let requests = [
            request(b'p', b"secret\0"),
            request(
                b'P',
                b"s1\0\n  UPDATE partition_positions\n  SET next_offset = $3\0\0\0",
            ),
            request(b'P', b"s2\0SELECT 1\0\0\0"),
            request(b'B', b"\0s2\0"),
            request(b'B', b"\0s1\0\0\0"),
            request(b'd', b"Q\0\0\0\x0bCOMMIT\0 are the rows of a copy"),
            request(b'd', b""),
            request(b'Q', b"BEGIN\0"),
            request(b'Q', b"COMMIT\0"),
            request(b'Q', b"COMMIT\0"), // of another transaction, which moved nothing
            request(b'P', b"s1\0WITH merged AS (\0\0\0"),
            request(b'B', b"\0s1\0"),
            request(
                b'P',
                b"\0UPDATE partition_positions SET owner_epoch = 1\0\0\0",
            ),
            request(b'B', b"\0\0"),
        ];
        let expected = [Point::Advance, Point::Commit, Point::Merge, Point::Claim];
        for piece in [1, 2, 3, 5, 7, 16] {
            assert_eq!(points(&requests, piece), expected, "in pieces of {piece}");
        }
        assert_eq!(
            points(&requests, 10_000),
            [Point::Claim],
            "the last one of all"
        );
    }
}
