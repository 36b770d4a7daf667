//! What processes have used, as `/proc` tells it: CPU seconds.

use std::fs;

use anyhow::{Context, Result};

/// CPU seconds that a process has used since its start, user and system, its children left out.
///
/// # Errors
///
/// When there is no such process.
pub fn cpu_seconds(process: u32) -> Result<f64> {
    Ok(seconds(read(process)?.own_ticks))
}

/// CPU seconds of a process and of all its children, those that have ended included: all of a
/// Postgres server, whose every process is the postmaster's child.
///
/// # Errors
///
/// When there is no such process.
pub fn cpu_seconds_with_children(process: u32) -> Result<f64> {
    loop {
        let parent = read(process)?;
        let ticks = parent.own_ticks + parent.ended_children_ticks + children_ticks(process)?;
        // A child that was waited for meanwhile may be in both figures, or in neither.
        if read(process)?.ended_children_ticks == parent.ended_children_ticks {
            return Ok(seconds(ticks));
        }
    }
}

fn children_ticks(parent: u32) -> Result<u64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").context("cannot list /proc")? {
        let name = entry.context("cannot list /proc")?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // One that has ended since it was listed is its parent's to count.
        if let Ok(stat) = read(id)
            && stat.parent == parent
        {
            ticks += stat.own_ticks + stat.ended_children_ticks;
        }
    }
    Ok(ticks)
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

fn read(process: u32) -> Result<Stat> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    stat(&text).with_context(|| format!("{path} is not of the form that proc(5) describes"))
}

/// proc(5), `/proc/pid/stat`: field 2 is the name in parentheses and may hold anything; 4 is the
/// parent, 14 to 17 are user and system ticks, own and those of children that were waited for.
fn stat(text: &str) -> Option<Stat> {
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect(); // the first is field 3
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(4)?).ok()?,
        own_ticks: number(14)? + number(15)?,
        ended_children_ticks: number(16)? + number(17)?,
    })
}

#[allow(clippy::cast_precision_loss)] // 2^52 ticks are a million years
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_name_with_blanks_and_parentheses_is_read_over() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 10 20 300 400 20 0 1";
        let expected = Stat {
            parent: 7,
            own_ticks: 30,
            ended_children_ticks: 700,
        };
        assert_eq!(stat(text), Some(expected));
        assert_eq!(stat("42 (short) S 7"), None);
    }

    #[test]
    fn this_process_is_seen_at_work_and_its_parent_includes_it() {
        let own = std::process::id();
        let before = cpu_seconds(own).unwrap();
        let started = Instant::now();
        while cpu_seconds(own).unwrap() < before + 0.05 {
            assert!(started.elapsed() < Duration::from_secs(30), "no work seen");
        }
        let parent = read(own).unwrap().parent;
        assert!(cpu_seconds_with_children(parent).unwrap() >= cpu_seconds(own).unwrap() - 0.02);
    }
}
