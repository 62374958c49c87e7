//! A Kafka broker inside this process, for demonstrations on a machine that has none.
//!
//! It is librdkafka's own mock of a broker: real producers and consumers speak to it over loopback.
//! It forgets everything when it is dropped, and keeps no more than 5 MiB or 100,000 records of a
//! partition: beyond that it drops the oldest without a word. Whoever sends must therefore hold back
//! until what was sent has been committed; see [`KEPT_RECORDS`]. No test that counts may use it.

use crate::Error;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

/// So many records, sent and not yet committed, are surely kept, whatever their partition: each is
/// well under a kilobyte.
pub const KEPT_RECORDS: u64 = 4_000;

/// One copy of each partition: there is one broker.
const COPIES: i32 = 1;

/// The broker; it ends when this is dropped.
pub struct InProcessBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl InProcessBroker {
    /// Starts a broker on a free loopback port, with these topics.
    ///
    /// # Errors
    /// [`Error::Kafka`].
    pub fn start(topics: &[&str], partitions: u32) -> Result<Self, Error> {
        let failed = |action: String| move |source| Error::Kafka { action, source };
        let cluster = MockCluster::new(1).map_err(failed("start a broker in this process".to_owned()))?;
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        for topic in topics {
            let created = cluster.create_topic(topic, partitions, COPIES);
            created.map_err(failed(format!("create topic `{topic}` in this process")))?;
        }
        Ok(Self { cluster })
    }

    /// Its address, `host:port`.
    pub fn address(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}

impl std::fmt::Debug for InProcessBroker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "InProcessBroker({})", self.address())
    }
}
