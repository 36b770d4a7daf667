//! Which rejected records are listed or counted.

/// What a rejected record must be: all of it that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedFilter {
    /// With a violation of this code.
    pub code: Option<&'static str>,
    /// Of this Kafka topic.
    pub topic: Option<String>,
    /// Of this partition.
    pub partition: Option<i32>,
}

impl RejectedFilter {
    /// Each part as a text, for the fingerprint of the query.
    #[must_use]
    pub fn parts(&self) -> Vec<Option<String>> {
        vec![
            self.code.map(ToOwned::to_owned),
            self.topic.clone(),
            self.partition.map(|partition| partition.to_string()),
        ]
    }
}
