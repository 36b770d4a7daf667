//! `positions reset`: an operator's choice of where to go on, after a loud stop or to read again.
//!
//! One transaction a partition, under its row lock. The owner's epoch is raised, so that whatever
//! a running consumer has in hand is refused and it reads on from the new position.

mod moved;

use std::io::{IsTerminal as _, Write as _};
use std::str::FromStr;

use anyhow::Context as _;
use clap::Args;
use ordertally_settings::{ExitStatus, cli, logs};

use super::Ends;
use crate::commands::stream;
use crate::probe::{Probe, Watermarks};
use moved::{Choice, Moved};

/// The settings of `positions reset`.
#[derive(Args, Clone, Debug)]
pub struct ResetSettings {
    /// Where.
    #[command(flatten)]
    pub ends: Ends,
    /// Where to go on: earliest (what is left in the log is read), latest (it is skipped), or an
    /// offset
    #[arg(long, value_name = "earliest|latest|OFFSET")]
    pub to: Target,
    /// This partition alone; all of them when it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// At the first record that is still in the log.
    Earliest,
    /// After the last.
    Latest,
    /// At this offset.
    Offset(i64),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            offset => offset
                .parse()
                .ok()
                .filter(|offset| *offset >= 0)
                .map(Self::Offset)
                .ok_or_else(|| "use earliest, latest or an offset of 0 or more".to_owned()),
        }
    }
}

impl Target {
    fn offset(self, log: Watermarks) -> i64 {
        match self {
            Self::Earliest => log.log_start,
            Self::Latest => log.log_end,
            Self::Offset(offset) => offset,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Earliest => formatter.write_str("earliest"),
            Self::Latest => formatter.write_str("latest"),
            Self::Offset(offset) => write!(formatter, "{offset}"),
        }
    }
}

pub async fn run(settings: &ResetSettings) -> anyhow::Result<ExitStatus> {
    let ResetSettings {
        ends,
        to,
        partition,
        yes,
    } = settings;
    logs::start(&ends.logs);
    if let (Target::Offset(_), None) = (to, partition) {
        cli::usage_error("an offset belongs to one partition: say which with --partition N");
    }
    if !yes && !std::io::stdin().is_terminal() {
        cli::usage_error("there is no terminal to ask in: say --yes to go ahead");
    }
    let config = match ends.kafka.probe_config() {
        Ok(config) => config,
        Err(error) => cli::usage_error(&error.to_string()),
    };
    let topic = ends.kafka.kafka_topic.as_str();
    let pool = stream::open(&ends.database, topic).await?;
    let choices = match choices(&Probe::new(&config, topic)?, *to, *partition).await? {
        Ok(choices) => choices,
        Err(fault) => {
            cli::tell(format_args!("error: {fault}"));
            return Ok(ExitStatus::Usage);
        }
    };
    let lease = pool.lease().await?;
    if !yes {
        for choice in &choices {
            cli::print(moved::preview(lease.client(), topic, choice).await?)?;
        }
        if !confirmed()? {
            cli::print("nothing was changed")?;
            return Ok(ExitStatus::Failed);
        }
    }
    let group = &ends.kafka.kafka_group_id;
    for choice in &choices {
        let partition = choice.partition;
        let moved: Moved = moved::apply(lease.client(), topic, group, choice)
            .await
            .with_context(|| {
                format!(
                    "partition {partition} was not moved; those told above were, and the same \
                     command goes on from there"
                )
            })?;
        cli::print(moved)?;
    }
    lease.give_back();
    Ok(ExitStatus::Done)
}

/// Where each partition is to go on; or what is wrong with the wish.
async fn choices(
    probe: &Probe,
    to: Target,
    partition: Option<i32>,
) -> anyhow::Result<Result<Vec<Choice>, String>> {
    let topic = probe.describe().await?;
    let partitions = match partition {
        Some(partition) if partition >= topic.partitions => {
            return Ok(Err(format!(
                "topic {} has no partition {partition}: its partitions are 0 to {}",
                probe.topic(),
                topic.partitions - 1
            )));
        }
        Some(partition) => partition..partition + 1,
        None => 0..topic.partitions,
    };
    let mut choices = Vec::new();
    for partition in partitions {
        let log = probe.watermarks(partition).await?;
        let next_offset = to.offset(log);
        if next_offset < log.log_start || next_offset > log.log_end {
            return Ok(Err(format!(
                "offset {next_offset} is not in the log of partition {partition}: choose one from \
                 {} to {}",
                log.log_start, log.log_end
            )));
        }
        choices.push(Choice {
            partition,
            topic_id: topic.topic_id.clone(),
            log_start: log.log_start,
            next_offset,
            command: format!("positions reset --to {to}"),
        });
    }
    Ok(Ok(choices))
}

fn confirmed() -> std::io::Result<bool> {
    print!("Go ahead? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_one_of_two_words_or_an_offset() {
        assert_eq!("earliest".parse(), Ok(Target::Earliest));
        assert_eq!("latest".parse(), Ok(Target::Latest));
        assert_eq!("17".parse(), Ok(Target::Offset(17)));
        for wrong in ["", "-1", "first", "1.5", "99999999999999999999"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong:?}");
        }
    }
}
