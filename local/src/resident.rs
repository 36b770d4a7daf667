//! The memory that processes hold, as `/proc` tells it.

use anyhow::{Context, Result};

/// The memory that a process holds resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// Now.
    pub now_bytes: u64,
    /// The most since its start.
    pub peak_bytes: u64,
}

/// Reads what a process holds resident.
///
/// # Errors
///
/// When there is no such process.
pub fn resident(process: u32) -> Result<Resident> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    resident_of(&status).with_context(|| format!("{path} has no VmRSS and VmHWM"))
}

fn resident_of(status: &str) -> Option<Resident> {
    let bytes = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    Some(Resident {
        now_bytes: bytes("VmRSS:")?,
        peak_bytes: bytes("VmHWM:")?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_told_in_bytes() {
        let expected = Resident {
            now_bytes: 56 * 1024,
            peak_bytes: 1234 * 1024,
        };
        let status = "VmPeak:\t  9 kB\nVmHWM:\t  1234 kB\nVmRSS:\t    56 kB\n";
        assert_eq!(resident_of(status), Some(expected));
        assert_eq!(resident_of("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn this_process_holds_some() {
        assert!(resident(std::process::id()).unwrap().peak_bytes > 1 << 20);
    }
}
