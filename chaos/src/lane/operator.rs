//! What an operator does, or another tool: with the topic, the group, and our own commands.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use ordertally_testkit::process::Program;
use ordertally_testkit::servers::Topics;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::wait;
use crate::cast::Cast;
use crate::history::History;
use crate::load::Load;
use crate::patience::{elsewhere, until_it_works};
use crate::scene::Scene;

/// How many records a topic that is made anew holds, beside the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// Fewer in each partition.
    Fewer,
    /// As many.
    AsMany,
    /// More.
    More,
}

/// Where a group's offsets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offsets {
    /// Nowhere.
    Deleted,
    /// To the beginning.
    Earliest,
    /// To the end.
    Latest,
    /// Anywhere.
    At(i64),
}

/// One thing that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Act {
    /// The topic gets one more partition.
    AddPartition,
    /// The topic is deleted and made anew: a loud stop, and its command.
    TopicAnew {
        /// How many it holds then.
        records: Records,
    },
    /// Records below the positions are deleted.
    DeleteRead,
    /// Unread records are deleted: a loud stop, and its command.
    DeleteUnread,
    /// Records are compacted away, and what is left is read again.
    Compact,
    /// Another tool moves the group's offsets on the broker, which are for information alone.
    MoveGroupOffsets {
        /// Where to.
        to: Offsets,
    },
    /// Everything is read again.
    Rewind,
    /// The facts are written anew.
    RebuildFacts,
    /// Every rejected record is retried.
    RetryRejected,
}

/// Draws one.
pub fn draw(random: &mut ChaCha8Rng) -> Act {
    match random.random_range(0..11) {
        0 => Act::AddPartition,
        1 | 2 => Act::TopicAnew {
            records: [Records::Fewer, Records::AsMany, Records::More][random.random_range(0..3)],
        },
        3 => Act::DeleteRead,
        4 | 5 => Act::DeleteUnread,
        6 => Act::Compact,
        7 => Act::MoveGroupOffsets {
            to: [
                Offsets::Deleted,
                Offsets::Earliest,
                Offsets::Latest,
                Offsets::At(random.random_range(0..2_000)),
            ][random.random_range(0..4)],
        },
        8 => Act::Rewind,
        9 => Act::RebuildFacts,
        _ => Act::RetryRejected,
    }
}

/// Who acts: with the programs, the producer, and what was read of the topic before.
pub struct Operator<'a> {
    scene: &'a Scene,
    cast: &'a Mutex<Cast>,
    /// The producer, which rests during some acts.
    pub load: Load,
    /// What was deleted.
    pub history: History,
}

impl<'a> Operator<'a> {
    /// Has done nothing yet.
    pub fn new(scene: &'a Scene, cast: &'a Mutex<Cast>, load: Load) -> Self {
        Self {
            scene,
            cast,
            load,
            history: History::default(),
        }
    }

    /// Plays an act to its end.
    ///
    /// # Errors
    ///
    /// When a program or a server did what nothing excuses.
    pub async fn play(&mut self, act: Act) -> anyhow::Result<()> {
        match act {
            Act::AddPartition => self.add_partition().await,
            Act::TopicAnew { records } => self.topic_anew(records).await,
            Act::DeleteRead => self.delete_read().await,
            Act::DeleteUnread => self.delete_unread().await,
            Act::Compact => self.compact().await,
            Act::MoveGroupOffsets { to } => self.move_group_offsets(to).await,
            Act::Rewind => self.rewind().await,
            Act::RebuildFacts => self.command(&["facts", "rebuild"]).await,
            Act::RetryRejected => self.command(&["rejects", "retry", "--all"]).await,
        }
    }

    async fn add_partition(&self) -> anyhow::Result<()> {
        let partitions = self.partitions().await?;
        self.topics(async move |topics: Topics, topic: String| {
            match topics.partition_count(&topic)? {
                Some(count) if count > partitions => Ok(()),
                _ => Ok(topics.add_partitions(&topic, partitions + 1).await?),
            }
        })
        .await
    }

    async fn topic_anew(&mut self, records: Records) -> anyhow::Result<()> {
        self.load.rest().await?;
        self.scene.caught_up().await?;
        self.history.keep(self.scene).await?;
        let partitions = self.partitions().await?;
        let old_ends = self.positions().await?;
        let mut cast = self.cast.lock().await;
        self.topics(async |topics: Topics, topic: String| {
            match topics.partition_count(&topic)? {
                None => Ok(()),
                Some(_) => Ok(topics.delete(&topic).await?),
            }
        })
        .await?;
        self.topics(async move |topics: Topics, topic: String| {
            topics.create(&topic, partitions, &[]).await?;
            Ok(())
        })
        .await?;
        // Within a second of its creation a new topic may be taken for the old one that went on.
        wait(2_000).await;
        let ends: Vec<i64> = old_ends
            .iter()
            .map(|end| match records {
                Records::Fewer => end / 2,
                Records::AsMany => *end,
                Records::More => end + 100,
            })
            .collect();
        self.load.fill(&ends).await?;
        cast.stop_loudly("created anew").await?;
        self.reset(&[]).await?;
        self.history.incarnation += 1;
        cast.start_consumers();
        self.load.go_on();
        Ok(())
    }

    async fn delete_read(&mut self) -> anyhow::Result<()> {
        let positions = self.positions().await?;
        self.history.keep(self.scene).await?;
        for (partition, position) in (0..).zip(positions) {
            self.delete_below(partition, position).await?;
        }
        Ok(())
    }

    async fn delete_unread(&mut self) -> anyhow::Result<()> {
        self.positions().await?;
        let mut cast = self.cast.lock().await;
        cast.stop_consumers().await?;
        wait(500).await;
        self.load.rest().await?;
        self.history.keep(self.scene).await?;
        let positions = self.positions().await?;
        let ends = self.ends().await?;
        let unread = (0..)
            .zip(positions.iter().zip(&ends))
            .max_by_key(|(_, (position, end))| *end - *position)
            .filter(|(_, (position, end))| *end > *position);
        match unread {
            None => {
                self.scene.not_reached("unread records".to_owned());
                cast.start_consumers();
            }
            Some((partition, (position, end))) => {
                let first = position + (end - position + 1) / 2;
                self.delete_below(partition, first).await?;
                cast.start_consumers();
                cast.stop_loudly("the log begins at").await?;
                let partition = partition.to_string();
                self.reset(&["--partition", &partition]).await?;
                cast.start_consumers();
            }
        }
        self.load.go_on();
        Ok(())
    }

    async fn compact(&mut self) -> anyhow::Result<()> {
        const ROUNDS: usize = 5;
        self.load.rest().await?;
        let mut compacted = false;
        for _ in 0..ROUNDS {
            // What comes next begins a new segment; only older ones are compacted.
            self.set(&[("segment.ms", "100")]).await?;
            self.load.go_on();
            wait(500).await;
            self.load.rest().await?;
            self.scene.caught_up().await?;
            let before = self.history.keep(self.scene).await?;
            self.set(&[
                ("cleanup.policy", "compact"),
                ("min.cleanable.dirty.ratio", "0.001"),
            ])
            .await?;
            compacted = self.shrinks(before).await?;
            self.set(&[("cleanup.policy", "delete")]).await?;
            if compacted {
                break;
            }
        }
        ensure!(compacted, "nothing was compacted away");
        self.rewind().await?;
        self.load.go_on();
        Ok(())
    }

    /// Whether the topic soon holds less than it did.
    async fn shrinks(&self, before: usize) -> anyhow::Result<bool> {
        for _ in 0..20 {
            if self.history.records_now(self.scene).await? < before {
                return Ok(true);
            }
            wait(200).await;
        }
        Ok(false)
    }

    async fn move_group_offsets(&self, to: Offsets) -> anyhow::Result<()> {
        let mut cast = self.cast.lock().await;
        cast.stop_consumers().await?;
        until_it_works("the group's offsets move", async || {
            let (brokers, topic) = (self.scene.brokers.clone(), self.scene.topic.clone());
            elsewhere(move || async move { move_group_offsets(&brokers, &topic, to).await }).await
        })
        .await?;
        cast.start_consumers();
        Ok(())
    }

    async fn rewind(&mut self) -> anyhow::Result<()> {
        self.history.rewound.extend(0..self.partitions().await?);
        self.reset(&[]).await
    }

    /// Sets positions to the beginning of the log: all, or those that `which` names.
    async fn reset(&self, which: &[&str]) -> anyhow::Result<()> {
        let reset = ["positions", "reset", "--to", "earliest", "--yes"];
        self.command(&[&reset[..], which].concat()).await
    }

    /// The position of every partition, once each has one.
    async fn positions(&self) -> anyhow::Result<Vec<i64>> {
        until_it_works("positions are read", async || {
            let positions = self.scene.positions().await?;
            let partitions = self.scene.ends().await?.len();
            ensure!(
                positions.len() == partitions,
                "{} of {partitions} partitions have a position",
                positions.len()
            );
            Ok(positions)
        })
        .await
    }

    async fn ends(&self) -> anyhow::Result<Vec<i64>> {
        until_it_works("ends are read", async || self.scene.ends().await).await
    }

    async fn partitions(&self) -> anyhow::Result<i32> {
        let ends = self.ends().await?;
        Ok(i32::try_from(ends.len())?)
    }

    /// Deletes records so that they stay deleted, also when the broker is killed.
    async fn delete_below(&self, partition: i32, first: i64) -> anyhow::Result<()> {
        self.topics(async move |topics: Topics, topic: String| {
            topics.delete_records(&topic, partition, first).await?;
            wait(300).await;
            let (beginning, _) = topics.watermarks(&topic)?[usize::try_from(partition)?];
            ensure!(beginning >= first, "the log begins at {beginning} again");
            Ok(())
        })
        .await
    }

    async fn set(&self, settings: &'static [(&'static str, &'static str)]) -> anyhow::Result<()> {
        self.topics(async move |topics: Topics, topic: String| {
            Ok(topics.set(&topic, settings).await?)
        })
        .await
    }

    /// Asks the broker for something, until it does it.
    async fn topics<F>(&self, ask: F) -> anyhow::Result<()>
    where
        F: AsyncFn(Topics, String) -> anyhow::Result<()> + Clone + Send + 'static,
    {
        until_it_works("the broker does it", async || {
            let (topics, topic) = (Topics::of(&self.scene.brokers), self.scene.topic.clone());
            let ask = ask.clone();
            elsewhere(move || async move { ask(topics, topic).await }).await
        })
        .await
    }

    /// Runs a command of the consumer, again while a server is away, as its message says.
    async fn command(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let program = arguments
            .iter()
            .fold(Program::new("ordertally-consumer"), |program, argument| {
                program.argument(*argument)
            });
        let program = program
            .env("DATABASE_URL", &self.scene.url)
            .env("KAFKA_TOPIC", &self.scene.topic)
            .env("KAFKA_BROKERS", &self.scene.brokers)
            .env("KAFKA_GROUP_ID", &self.scene.topic);
        until_it_works("the command", async || {
            let mut process = program.start();
            let status = process.end_within(Duration::from_secs(60)).await;
            // A retry leaves with 1 where a record stays rejected, as here all do.
            let stays = arguments[0] == "rejects" && process.output().contains("still rejected");
            match status.code() {
                Some(0) => Ok(()),
                Some(1) if stays => Ok(()),
                _ => bail!("{arguments:?} ended with {status}: {}", process.output()),
            }
        })
        .await
    }
}

async fn move_group_offsets(brokers: &str, topic: &str, to: Offsets) -> anyhow::Result<()> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", topic);
    let offset = match to {
        Offsets::Deleted => {
            let admin: AdminClient<DefaultClientContext> = config.create()?;
            let deleted = admin.delete_groups(&[topic], &AdminOptions::new()).await?;
            return match deleted.into_iter().next() {
                // Nobody has joined it yet, or an earlier attempt's answer was lost.
                Some(Err((_, RDKafkaErrorCode::GroupIdNotFound))) | Some(Ok(_)) | None => Ok(()),
                Some(Err((_, code))) => bail!("the group stays: {code}"),
            };
        }
        Offsets::Earliest => Some(0),
        Offsets::At(offset) => Some(offset),
        Offsets::Latest => None,
    };
    let tool: BaseConsumer = config.create()?;
    let ends = Topics::of(brokers).end_offsets(topic)?;
    let mut offsets = TopicPartitionList::new();
    for (partition, end) in (0..).zip(ends) {
        let offset = Offset::Offset(offset.unwrap_or(end));
        offsets.add_partition_offset(topic, partition, offset)?;
    }
    tool.commit(&offsets, CommitMode::Sync)
        .context("the broker refuses while the group has members")
}
