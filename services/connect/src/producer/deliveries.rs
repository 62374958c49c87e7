//! What the Kafka client reports in the background: lost events, and its own log.

use kafka::{Access, Complaints};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Deliveries {
    pub(super) complaints: Complaints,
    lost: AtomicU64,
    first_loss: OnceLock<Loss>,
}

/// An event that did not arrive.
pub(super) struct Loss {
    pub(super) topic: String,
    pub(super) error: KafkaError,
}

impl Deliveries {
    pub(super) fn new(access: &Access) -> Self {
        let complaints = Complaints::new(access.clone());
        Self { complaints, lost: AtomicU64::new(0), first_loss: OnceLock::new() }
    }

    /// How many events were lost so far, and the first of them.
    pub(super) fn lost(&self) -> Option<(u64, &Loss)> {
        let count = self.lost.load(Ordering::Acquire);
        self.first_loss.get().filter(|_| count > 0).map(|first| (count, first))
    }
}

impl ClientContext for Deliveries {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.complaints.log(facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.complaints.error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, event)) = result {
            self.first_loss.get_or_init(|| Loss { topic: event.topic().to_owned(), error: error.clone() });
            self.lost.fetch_add(1, Ordering::Release);
        }
    }
}
