//! What the Kafka client reports in the background: lost events, and its own log.

use crate::Error;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

#[derive(Default)]
pub(super) struct Deliveries {
    lost: AtomicU64,
    first_loss: OnceLock<String>,
    trouble: Mutex<Option<String>>,
}

impl Deliveries {
    /// [`Error::Undelivered`] if any event was lost so far.
    pub(super) fn all_arrived(&self) -> Result<(), Error> {
        let count = self.lost.load(Ordering::Acquire);
        if count == 0 {
            return Ok(());
        }
        Err(Error::Undelivered { count, first: self.first_loss.get().cloned().unwrap_or_default() })
    }

    /// What the client last complained of.
    pub(super) fn trouble(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone().unwrap_or_else(|| "no answer".to_owned())
    }
}

impl ClientContext for Deliveries {
    /// At debug level, whatever the client thinks of it: what matters comes back as an error.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka error");
        // "all brokers down" follows the reason and explains nothing.
        if error.rdkafka_error_code() != Some(rdkafka::error::RDKafkaErrorCode::AllBrokersDown) {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.first_loss.get_or_init(|| error.to_string());
            self.lost.fetch_add(1, Ordering::Release);
        }
    }
}
