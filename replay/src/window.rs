//! A window that slides over a stream: what is not yet taken stays, the rest is forgotten, so that
//! a file of any size is read in bounded memory.

use std::io::{self, Read};

use crate::fault::{ELEMENT_BYTES_MAX, Fault, Reason};

/// Bytes asked for at once: large enough that system calls do not count, small enough for caches.
const CHUNK_BYTES: usize = 256 << 10;

/// Bytes of a stream that were read and not yet taken, and the line they begin on.
pub struct Window {
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    line: u64,
    ended: bool,
}

impl Window {
    /// A window at the beginning of `input`.
    pub fn new(input: Box<dyn Read>) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            line: 1,
            ended: false,
        }
    }

    /// What is there and not taken.
    pub fn available(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The line, counted from 1, that the window begins on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the stream has nothing beyond the window.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Reads on; `false` at the stream's end.
    ///
    /// # Errors
    ///
    /// [`Reason::Io`] when the stream cannot be read, [`Reason::TooLong`] when the window is full.
    pub fn grow(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        if self.end - self.start > ELEMENT_BYTES_MAX {
            return Err(Fault::new(self.line, Reason::TooLong));
        }
        self.make_room();
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let line = self.line + newlines(self.available());
                    return Err(Fault::new(line, error));
                }
            }
        }
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.end + CHUNK_BYTES {
            let wanted = (self.end + CHUNK_BYTES).max(self.buffer.len() * 2);
            self.buffer
                .resize(wanted.min(ELEMENT_BYTES_MAX + 2 * CHUNK_BYTES), 0);
        }
    }

    /// Takes the first `length` bytes.
    pub fn take(&mut self, length: usize) {
        let taken = &self.buffer[self.start..self.start + length];
        self.line += newlines(taken);
        self.start += length;
    }

    /// Takes the line ends that are there.
    pub fn skip_line_ends(&mut self) {
        let available = self.available();
        let line_ends = available
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n'))
            .unwrap_or(available.len());
        self.take(line_ends);
    }

    /// Takes blanks and line ends. Says what comes then (`None` at the end), and whether a line
    /// end was among them.
    ///
    /// # Errors
    ///
    /// As [`Window::grow`].
    pub fn skip_blanks(&mut self) -> Result<(Option<u8>, bool), Fault> {
        let mut new_line = false;
        loop {
            let available = self.available();
            let blanks = available
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                .unwrap_or(available.len());
            let next = available.get(blanks).copied();
            new_line |= available[..blanks].contains(&b'\n');
            self.take(blanks);
            if next.is_some() || !self.grow()? {
                return Ok((next, new_line));
            }
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_counted_as_bytes_are_taken() {
        let mut window = Window::new(Box::new(&b" \n\n x\ny"[..]));
        assert_eq!(window.skip_blanks().unwrap(), (Some(b'x'), true));
        assert_eq!(window.line(), 3);
        window.take(1);
        assert_eq!(window.skip_blanks().unwrap(), (Some(b'y'), true));
        assert_eq!(window.line(), 4);
        window.take(1);
        assert_eq!(window.skip_blanks().unwrap(), (None, false));
    }

    #[test]
    fn an_element_without_end_is_a_fault_and_not_a_full_memory() {
        let mut window = Window::new(Box::new(io::repeat(b'x')));
        let fault = loop {
            match window.grow() {
                Ok(grown) => assert!(grown),
                Err(fault) => break fault,
            }
        };
        assert!(matches!(fault.reason, Reason::TooLong));
        assert!(window.buffer.len() <= ELEMENT_BYTES_MAX + 2 * CHUNK_BYTES);
    }
}
