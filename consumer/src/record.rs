//! A record as it was polled, whole, so that it can be kept whole when it is rejected.

/// One record of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its offset.
    pub offset: i64,
    /// The offset that was expected before it was polled: the seek's target, or the one after
    /// the record polled before. A batch is only committed where this equals the stored position,
    /// so that a record that was dropped on the way here cannot be passed over.
    pub expected_offset: i64,
    /// Its timestamp, milliseconds since 1970, where it has one.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<Box<[u8]>>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// Its value; `None` is a tombstone.
    pub payload: Option<Box<[u8]>>,
}

/// A header of a record. Kafka's own tools write UTF-8 names, but nothing makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: Box<[u8]>,
    /// Its value, where it has one.
    pub value: Option<Box<[u8]>>,
}

impl Record {
    /// Bytes that the record holds, for bounds on memory.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|header| header.name.len() + header.value.as_deref().map_or(0, <[u8]>::len))
            .sum();
        self.payload.as_deref().map_or(0, <[u8]>::len)
            + self.key.as_deref().map_or(0, <[u8]>::len)
            + headers
            + size_of::<Self>()
    }
}
