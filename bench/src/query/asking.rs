//! The questions asked of the service: one at a time, on one connection.

use anyhow::Result;

use super::answers::{self, Row};
use super::names::Names;
use super::questions::{Question, Span};
use crate::service::Connection;
use crate::statistics::Percentiles;

/// How often the service is asked a question that is always the same.
const TIMES_FIXED: usize = 20;
/// How often each of these is asked before anything is measured.
const TIMES_WARM: usize = 3;

/// What came of one question.
#[derive(Debug)]
pub struct Asking {
    /// The question.
    pub question: Question,
    /// Milliseconds, each time it was asked, until the last byte of the answer was there.
    pub ms: Vec<f64>,
    /// Bytes of the answer's body.
    pub body_bytes: usize,
    body: Vec<u8>,
}

impl Asking {
    /// The median of the times.
    #[must_use]
    pub fn median_ms(&self) -> f64 {
        Percentiles::of(self.ms.iter().copied()).p50
    }

    /// The answer's rows.
    ///
    /// # Errors
    ///
    /// When the answer has another form than it should.
    pub fn rows(&self, names: &Names) -> Result<Vec<Row>> {
        answers::of_service(&self.question, &self.body, names)
    }
}

/// Asks those that are always the same until the service is warm.
///
/// # Errors
///
/// When one is not answered.
pub async fn warm_up(connection: &Connection, questions: &[Question]) -> Result<()> {
    for question in questions.iter().filter(|one| one.span != Span::Drawn) {
        for _ in 0..TIMES_WARM {
            connection.ask(&question.target()).await?;
        }
    }
    Ok(())
}

/// Asks them all in turn.
///
/// # Errors
///
/// When one is not answered.
pub async fn ask(connection: &Connection, questions: &[Question]) -> Result<Vec<Asking>> {
    let mut askings = Vec::with_capacity(questions.len());
    for question in questions {
        let times = match question.span {
            Span::Drawn => 1,
            Span::Year | Span::ThirtyDays | Span::Day => TIMES_FIXED,
        };
        let target = question.target();
        let mut ms = Vec::with_capacity(times);
        let mut body = Vec::new();
        for _ in 0..times {
            let answer = connection.ask(&target).await?;
            ms.push(answer.took.as_secs_f64() * 1e3);
            body = answer.body;
        }
        askings.push(Asking {
            question: *question,
            ms,
            body_bytes: body.len(),
            body,
        });
    }
    Ok(askings)
}
