//! The log: readable lines or JSON on standard error, never a payload or a person's address.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// What is logged, and how.
#[derive(clap::Args, Clone, Debug)]
pub struct LogSettings {
    /// How log lines look
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t, global = true)]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug or trace, also by module (info,ordertally_consumer=debug)
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_parser = filter, global = true)]
    pub log_level: String,
}

fn filter(text: &str) -> Result<String, String> {
    // A word without a level is a module's name to the filter, which then logs nothing else.
    let misspelt = text.split(',').find(|directive| {
        let level = directive.rsplit('=').next().unwrap_or_default().trim();
        level.is_empty() || level.parse::<LevelFilter>().is_err()
    });
    if let Some(directive) = misspelt {
        return Err(format!(
            "'{directive}' has no level: error, warn, info, debug, trace or off"
        ));
    }
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

/// Opens the log on standard error. A second call in one process (as in tests) changes nothing.
pub fn start(settings: &LogSettings) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&settings.log_level))
        .with_writer(std::io::stderr)
        // Otherwise it panics where standard error is closed or full.
        .log_internal_errors(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let opened = match settings.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if opened.is_err() {
        tracing::debug!("the log was open already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_log_level_has_a_level() {
        for right in [
            "info",
            "WARN",
            "off",
            "info,ordertally_consumer=debug",
            "a::b=trace, error",
        ] {
            assert!(filter(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "warning",
            "info,",
            "ordertally_consumer",
            "a=",
            "info,a=loud",
        ] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }
}
