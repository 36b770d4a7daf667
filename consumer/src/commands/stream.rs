//! Which topic's data a command is about, and whether the database serves that topic.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use ordertally_settings::kafka::TopicName;
use ordertally_settings::logs::LogSettings;

use crate::settings::DatabaseSettings;
use crate::stop::LoudStop;
use crate::store::{Pool, StoreError};

/// One connection serves a command.
const CONNECTIONS: usize = 1;

const BOUND: &str = "SELECT topic, group_id FROM streams";

/// Which topic in which database.
#[derive(Args, Clone, Debug)]
pub struct StreamSettings {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Topic that the order events come from
    #[arg(
        long,
        env = "KAFKA_TOPIC",
        default_value = "orders",
        value_name = "NAME"
    )]
    pub kafka_topic: TopicName,
    /// What is logged.
    #[command(flatten)]
    pub logs: LogSettings,
}

impl StreamSettings {
    /// Connects, unless the database serves another topic.
    pub async fn open(&self) -> Result<Pool, StoreError> {
        ordertally_settings::logs::start(&self.logs);
        open(&self.database, self.kafka_topic.as_str()).await
    }
}

/// Connects to a database that serves `topic`, or nothing yet.
pub async fn open(database: &DatabaseSettings, topic: &str) -> Result<Pool, StoreError> {
    let pool = Pool::new(&database.database_url, CONNECTIONS);
    let lease = pool.lease().await?;
    if let Some(bound) = lease.client().query_opt(BOUND, &[]).await? {
        let (bound_topic, group): (String, String) = (bound.try_get(0)?, bound.try_get(1)?);
        if bound_topic != topic {
            let topic = bound_topic;
            return Err(LoudStop::AnotherStream { topic, group }.into());
        }
    }
    lease.give_back();
    Ok(pool)
}

/// A table for people: no frame, so that it can be cut and searched as well.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}
