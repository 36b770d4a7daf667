//! What the topic has held at any time, also what was deleted from it since.

use std::collections::BTreeSet;

use ordertally_testkit::reckoning::{Circumstances, Reckoning, TopicContents};
use ordertally_testkit::topic_reader;

use crate::patience::until_it_works;
use crate::scene::Scene;

/// What was read of the topic before something was deleted.
#[derive(Debug)]
pub struct History {
    /// Which of the topics of this name there is now, from 1.
    pub incarnation: i32,
    /// Partitions whose position was set back.
    pub rewound: BTreeSet<i32>,
    earlier: TopicContents,
}

impl Default for History {
    fn default() -> Self {
        Self {
            incarnation: 1,
            rewound: BTreeSet::new(),
            earlier: TopicContents::default(),
        }
    }
}

impl History {
    /// Keeps what the topic holds now. Returns how many records that are.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn keep(&mut self, scene: &Scene) -> anyhow::Result<usize> {
        let now = self.read(scene).await?;
        let records = count(&now);
        self.earlier = now.with_earlier(std::mem::take(&mut self.earlier));
        Ok(records)
    }

    /// How many records the topic holds now.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn records_now(&self, scene: &Scene) -> anyhow::Result<usize> {
        Ok(count(&self.read(scene).await?))
    }

    /// Everything that the topic holds and has held.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn reckoning(&self, scene: &Scene) -> anyhow::Result<Reckoning> {
        let contents = self.read(scene).await?.with_earlier(self.earlier.clone());
        Ok(Reckoning::of(contents).under(Circumstances {
            rewound: self.rewound.clone(),
            ..Circumstances::default()
        }))
    }

    async fn read(&self, scene: &Scene) -> anyhow::Result<TopicContents> {
        let contents = until_it_works("the topic is read", async || {
            topic_reader::read(&scene.brokers, &scene.topic).await
        })
        .await?;
        Ok(contents.of_incarnation(self.incarnation))
    }
}

fn count(contents: &TopicContents) -> usize {
    contents.logs.iter().map(|log| log.records.len()).sum()
}
