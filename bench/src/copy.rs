//! What Postgres can do at best: binary COPY of rows that lie ready in memory.
//!
//! The rows are those that the consumer stored, read back in binary, so that nothing is encoded
//! while it is measured.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, TryStreamExt, future};
use ordertally_local::postgres::connect;
use tokio_postgres::Client;

/// As psql and libpq send it: large beside a message's head, small beside a socket's buffers.
const CHUNK_BYTES: usize = 64 * 1024;

/// "PGCOPY", a line of bytes that a text conversion would spoil, no flags, no extension.
/// (PostgreSQL's manual, COPY, "Binary Format".)
const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A row of -1 fields ends the data.
const TRAILER: [u8; 2] = [0xff, 0xff];

/// The rows of a table in COPY's binary form, in chunks of whole rows.
#[derive(Debug)]
pub struct Rows {
    chunks: Vec<Bytes>,
    /// How many there are.
    pub count: u64,
    /// Their bytes, head and end left out.
    pub bytes: usize,
}

impl Rows {
    /// Reads a whole table.
    ///
    /// # Errors
    ///
    /// When Postgres refuses or speaks another form.
    pub async fn read(client: &Client, table: &str) -> Result<Self> {
        let statement = format!("COPY {table} TO STDOUT (FORMAT binary)");
        let answer = client.copy_out(&statement).await?;
        let mut splitter = Splitter::default();
        let mut answer = std::pin::pin!(answer);
        while let Some(data) = answer.try_next().await? {
            splitter.push(&data)?;
        }
        splitter.end()
    }

    /// Writes all of them into an empty table, each of `connections` connections a like number of
    /// chunks in one COPY. Returns how long that took, connecting left out.
    ///
    /// # Errors
    ///
    /// When Postgres refuses, or has not taken every row.
    pub async fn write(&self, url: &str, table: &str, connections: usize) -> Result<Duration> {
        let clients = future::try_join_all((0..connections).map(|_| connect(url))).await?;
        let share = self.chunks.len().div_ceil(connections).max(1);
        let statement = format!("COPY {table} FROM STDIN (FORMAT binary)");
        let started = Instant::now();
        let copies = clients.into_iter().zip(self.chunks.chunks(share));
        let copies: Vec<_> = copies
            .map(|(client, chunks)| {
                let (statement, chunks) = (statement.clone(), chunks.to_vec());
                tokio::spawn(async move { copy_in(&client, &statement, chunks).await })
            })
            .collect();
        let mut taken = 0;
        for copy in copies {
            taken += copy.await.context("a COPY was cut off")??;
        }
        let took = started.elapsed();
        ensure!(
            taken == self.count,
            "COPY took {taken} of {} rows",
            self.count
        );
        Ok(took)
    }
}

async fn copy_in(client: &Client, statement: &str, chunks: Vec<Bytes>) -> Result<u64> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    let mut sink = std::pin::pin!(sink);
    sink.feed(Bytes::from_static(&HEADER)).await?;
    for chunk in chunks {
        sink.feed(chunk).await?;
    }
    sink.feed(Bytes::from_static(&TRAILER)).await?;
    Ok(sink.finish().await?)
}

/// Cuts a stream of COPY's binary form, which may be cut anywhere itself, into chunks of whole rows.
#[derive(Default)]
struct Splitter {
    pending: BytesMut,
    /// Bytes of `pending` that are whole rows.
    whole: usize,
    header_read: bool,
    ended: bool,
    chunks: Vec<Bytes>,
    count: u64,
}

impl Splitter {
    fn push(&mut self, data: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(data);
        if !self.header_read {
            if self.pending.len() < HEADER.len() {
                return Ok(());
            }
            let header = self.pending.split_to(HEADER.len());
            ensure!(header == HEADER[..], "this is not COPY's binary form");
            self.header_read = true;
        }
        while let Some(length) = row_length(&self.pending[self.whole..])? {
            if length == TRAILER.len() {
                self.ended = true;
                self.cut();
                return Ok(());
            }
            self.whole += length;
            self.count += 1;
            if self.whole >= CHUNK_BYTES {
                self.cut();
            }
        }
        Ok(())
    }

    fn cut(&mut self) {
        if self.whole > 0 {
            self.chunks.push(self.pending.split_to(self.whole).freeze());
            self.whole = 0;
        }
    }

    fn end(self) -> Result<Rows> {
        ensure!(self.ended, "COPY's answer ended before its end");
        Ok(Rows {
            bytes: self.chunks.iter().map(Bytes::len).sum(),
            chunks: self.chunks,
            count: self.count,
        })
    }
}

/// Bytes of the row that `data` begins with, or of the trailer; nothing where more has to come.
fn row_length(data: &[u8]) -> Result<Option<usize>> {
    let Some(fields) = data.first_chunk().map(|bytes| i16::from_be_bytes(*bytes)) else {
        return Ok(None);
    };
    let mut length = TRAILER.len();
    if fields == -1 {
        return Ok(Some(length));
    }
    for _ in 0..fields {
        let Some(field) = data.get(length..).and_then(<[u8]>::first_chunk) else {
            return Ok(None);
        };
        length += 4 + match i32::from_be_bytes(*field) {
            -1 => 0, // null
            bytes => match usize::try_from(bytes) {
                Ok(bytes) => bytes,
                Err(_) => bail!("a field of {bytes} bytes is not of COPY's binary form"),
            },
        };
    }
    Ok((data.len() >= length).then_some(length))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(fields: &[Option<&[u8]>]) -> Vec<u8> {
        let mut row = i16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
        for field in fields {
            match field {
                None => row.extend_from_slice(&(-1_i32).to_be_bytes()),
                Some(bytes) => {
                    row.extend_from_slice(&i32::try_from(bytes.len()).unwrap().to_be_bytes());
                    row.extend_from_slice(bytes);
                }
            }
        }
        row
    }

    fn stream(rows: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = HEADER.to_vec();
        rows.iter().for_each(|row| stream.extend_from_slice(row));
        stream.extend_from_slice(&TRAILER);
        stream
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_rows() {
        // Fields whose bytes look like a trailer or another row's head.
        let rows = [
            row(&[None, Some(b"\xff\xff"), Some(b"")]),
            row(&[Some(b"\0\x01"), None, Some(b"\xff\xff\xff\xff")]),
        ];
        let stream = stream(&rows);
        for size in 1..=stream.len() {
            let mut splitter = Splitter::default();
            for piece in stream.chunks(size) {
                splitter.push(piece).unwrap();
            }
            let read = splitter.end().unwrap();
            assert_eq!(read.count, 2);
            assert_eq!(read.chunks.concat(), rows.concat());
            assert_eq!(read.bytes, rows.concat().len());
        }
    }

    #[test]
    fn chunks_end_where_rows_end() {
        let large = row(&[Some(&vec![7; CHUNK_BYTES - 100])]);
        let mut splitter = Splitter::default();
        splitter
            .push(&stream(&[large.clone(), large.clone(), large.clone()]))
            .unwrap();
        let chunks = splitter.end().unwrap().chunks;
        let lengths: Vec<usize> = chunks.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [2 * large.len(), large.len()]);
    }

    #[test]
    fn what_is_cut_off_or_of_another_form_is_an_error() {
        let stream = stream(&[row(&[Some(b"abc")])]);
        for length in 0..stream.len() {
            let mut splitter = Splitter::default();
            splitter.push(&stream[..length]).unwrap();
            assert!(splitter.end().is_err(), "{length} bytes");
        }
        assert!(Splitter::default().push(b"event_id,event_version").is_err());
        let negative = [HEADER.as_slice(), b"\0\x01\xff\xff\xff\xfe"].concat();
        assert!(Splitter::default().push(&negative).is_err());
    }
}
