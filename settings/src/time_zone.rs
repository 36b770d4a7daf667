//! The zone that calendar days are meant in.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use thiserror::Error;

/// An IANA time zone such as `America/Boise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(pub Tz);

/// Why a zone's name was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no IANA time zone: use a name such as America/Boise or UTC")]
pub struct TimeZoneError(String);

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| TimeZoneError(text.to_owned()))
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name())
    }
}
