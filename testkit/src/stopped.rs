//! Processes frozen with SIGSTOP and let go on with SIGCONT, as a machine that swaps or a paused
//! virtual machine does it.

use rustix::process::{Pid, Signal, kill_process};

/// Freezes a process.
pub fn freeze(process: u32) {
    send(process, Signal::STOP);
}

/// Lets it go on.
pub fn thaw(process: u32) {
    send(process, Signal::CONT);
}

fn send(process: u32, signal: Signal) {
    let pid = Pid::from_raw(process.cast_signed()).expect("a process id is not zero");
    // A backend may have ended since it was listed.
    if let Err(error) = kill_process(pid, signal) {
        eprintln!("process {process} got no {signal:?}: {error}");
    }
}

/// Calls `each` for the process, then for each of its children.
pub fn with_children(process: u32, each: impl Fn(u32)) {
    each(process); // first, so that it cannot start another child meanwhile
    for child in children_of(process) {
        each(child);
    }
}

/// The processes that have this one as their parent.
fn children_of(process: u32) -> Vec<u32> {
    std::fs::read_dir("/proc")
        .expect("Linux has /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| parent_of(*child) == Some(process))
        .collect()
}

/// The fourth field of `/proc/PID/stat`; the second is in parentheses and may hold anything.
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}
