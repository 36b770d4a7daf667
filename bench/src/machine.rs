//! What a result was made on: figures of two machines, or of two versions, do not compare.

use std::fs;
use std::process::Command;
use std::thread;

use serde::Serialize;

/// The machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: Option<usize>,
    /// The processor's name.
    pub cpu: Option<String>,
    /// Its memory.
    pub memory_bytes: Option<u64>,
    /// What of it is set aside for huge pages, in which Postgres has its buffers where they suffice.
    pub huge_pages_bytes: Option<u64>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// Processes that wanted to run in the last minute before the benchmark, on average. Where this
    /// is not far below the number of cores, the figures are of a machine that did much else.
    pub load_before: Option<f64>,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn this() -> Self {
        Self {
            cores: thread::available_parallelism().ok().map(usize::from),
            cpu: read("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            memory_bytes: kib("MemTotal"),
            huge_pages_bytes: kib("Hugetlb"),
            kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
            load_before: read("/proc/loadavg")
                .and_then(|text| text.split_whitespace().next()?.parse().ok()),
        }
    }
}

/// What somebody would give a Postgres that has this machine's memory to share with little else: two
/// fifths of it, the most that its manual has any hope for ("Resource Consumption"), and checkpoints
/// by time rather than by volume, each of which makes every page be logged whole once more.
#[must_use]
pub fn postgres_settings() -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("max_wal_size", "16GB".to_owned()),
        ("checkpoint_timeout", "30min".to_owned()),
    ];
    if let Some(memory) = Machine::this().memory_bytes {
        settings.push(("shared_buffers", format!("{}MB", (memory * 2 / 5) >> 20)));
    }
    settings
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A figure of the kernel's list of memory, in bytes.
fn kib(name: &str) -> Option<u64> {
    let text = read("/proc/meminfo")?;
    let kib = field(&text, name)?;
    Some(kib.strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The value of the first `name: value` line.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}

/// What was measured, and with what.
#[derive(Debug, Serialize)]
pub struct Versions {
    /// Ordertally's own.
    pub ordertally: &'static str,
    /// The commit of the working folder, with `-dirty` where tracked files differ from it.
    pub commit: Option<String>,
    /// The compiler that built this program.
    pub rustc: &'static str,
    /// Whether it was built with optimization.
    pub optimized: bool,
    /// Apache Kafka.
    pub kafka: &'static str,
    /// Postgres.
    pub postgres: String,
}

impl Versions {
    /// Those of this run.
    #[must_use]
    pub fn with(postgres: String) -> Self {
        Self {
            ordertally: env!("CARGO_PKG_VERSION"),
            commit: commit(),
            rustc: env!("RUSTC_VERSION"),
            optimized: !cfg!(debug_assertions),
            kafka: ordertally_local::kafka::jars::VERSION,
            postgres,
        }
    }
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let differs = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if differs.is_empty() {
        commit
    } else {
        format!("{commit}-dirty")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "MemTotalFree: 1 kB\nMemTotal:  24 kB\nMemTotal: 9 kB\n";
        assert_eq!(field(text, "MemTotal").as_deref(), Some("24 kB"));
        assert_eq!(field(text, "Mem"), None);
    }
}
