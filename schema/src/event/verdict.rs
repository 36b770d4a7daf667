//! What is wrong with an event, collected while it is read.

use std::borrow::Cow;
use std::fmt;

use super::texts::Texts;
use crate::rules::VIOLATIONS_MAX;
use crate::{Code, Violation};

/// Where a value is in the event. Written out only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    Field(Option<&'p Path<'p>>, &'static str),
    Element(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(None, name) => formatter.write_str(name),
            Self::Field(Some(parent), name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// A value was wrong, and the [`Verdict`] knows why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrong;

/// A value, unless it was wrong.
pub(super) type Judged<T> = Result<T, Wrong>;

/// The violations found so far, and where decoded texts are put meanwhile.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) texts: &'a Texts,
    violations: Vec<Violation>,
    unlisted: usize,
}

impl<'a> Verdict<'a> {
    /// Nothing found yet.
    pub(super) fn new(texts: &'a Texts) -> Self {
        Self {
            texts,
            violations: Vec::new(),
            unlisted: 0,
        }
    }

    /// Notes a violation; its result is what the reader of the value returns.
    pub(super) fn wrong(
        &mut self,
        path: &Path<'_>,
        code: Code,
        message: impl Into<Cow<'static, str>>,
    ) -> Wrong {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations
                .push(Violation::new(path.to_string(), code, message));
        } else {
            self.unlisted += 1;
        }
        Wrong
    }

    /// Every violation; the last one says how many more there were than are listed.
    pub(super) fn violations(mut self) -> Vec<Violation> {
        if self.unlisted > 0 {
            self.violations.push(Violation::new(
                "",
                Code::MoreViolations,
                format!(
                    "{} more violations were found; only the first {VIOLATIONS_MAX} are listed",
                    self.unlisted
                ),
            ));
        }
        self.violations
    }
}
