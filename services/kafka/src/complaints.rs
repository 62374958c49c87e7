//! What a client complained of: librdkafka tries again for ever, and tells why only in passing.

use crate::{Access, Error, refusal};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The memory of a client's context, which hands it all that librdkafka says.
#[derive(Debug)]
pub struct Complaints {
    access: Access,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    newest: Option<(RDKafkaErrorCode, String)>,
    refusal: Option<Error>,
}

impl Complaints {
    /// Of a client that comes in by this access.
    pub fn new(access: Access) -> Self {
        Self { access, heard: Mutex::default() }
    }

    /// For the context's `log`. At debug level, whatever librdkafka thinks of it: what matters comes back
    /// as an error.
    pub fn log(&self, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
        // A connection that was closed early is worth a line to librdkafka, and no error.
        if facility == "FAIL" {
            self.hear(RDKafkaErrorCode::BrokerTransportFailure, message);
        }
    }

    /// For the context's `error`.
    pub fn error(&self, error: &KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
        match error.rdkafka_error_code() {
            // It follows the reason and explains nothing.
            None | Some(RDKafkaErrorCode::AllBrokersDown) => {}
            Some(code) => self.hear(code, reason),
        }
    }

    /// Whether there was nothing to complain of.
    pub fn is_silent(&self) -> bool {
        self.heard().newest.is_none()
    }

    /// What the cluster has refused, so far as it is sure; see [`Error::is_refusal`].
    pub fn refusal(&self) -> Option<Error> {
        self.heard().refusal.clone()
    }

    /// The best that can be said when a client got no answer but this error.
    pub fn no_answer(&self, error: &KafkaError) -> Error {
        let heard = self.heard();
        if let Some(refusal) = &heard.refusal {
            return refusal.clone();
        }
        let newest = heard.newest.as_ref();
        newest.and_then(|(code, reason)| refusal(&self.access, *code, reason)).unwrap_or_else(|| Error::NoAnswer {
            brokers: self.access.brokers.clone(),
            trouble: newest.map_or_else(|| error.to_string(), |(_, reason)| in_short(reason)),
        })
    }

    fn hear(&self, code: RDKafkaErrorCode, reason: &str) {
        let refusal = refusal(&self.access, code, reason).filter(Error::is_refusal);
        let mut heard = self.heard();
        heard.newest = Some((code, reason.to_owned()));
        heard.refusal = refusal.or(heard.refusal.take());
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's context that does nothing but remember.
impl ClientContext for Complaints {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        Self::log(self, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        Self::error(self, &error, reason);
    }
}

impl ConsumerContext for Complaints {}

/// Without how long the client had been in which of its states.
fn in_short(reason: &str) -> String {
    reason.split(" (after ").next().unwrap_or(reason).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Security, Tls};

    fn said(complaints: &Complaints, code: RDKafkaErrorCode, reason: &str) {
        complaints.error(&KafkaError::Global(code), reason);
    }

    fn no_answer(complaints: &Complaints) -> Error {
        complaints.no_answer(&KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut))
    }

    #[test]
    fn what_was_refused_outlasts_what_came_after() {
        let access = Access { brokers: "a:1,b:2".to_owned(), security: Security::Tls(Tls::default()) };
        let complaints = Complaints::new(access);
        assert_eq!(complaints.refusal(), None);
        let refused =
            "ssl://a:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed";
        said(&complaints, RDKafkaErrorCode::SSL, refused);
        said(
            &complaints,
            RDKafkaErrorCode::BrokerTransportFailure,
            "b:2: Connect to b:2 failed: Connection refused",
        );
        said(&complaints, RDKafkaErrorCode::AllBrokersDown, "2/2 brokers are down");
        assert!(matches!(complaints.refusal(), Some(Error::UntrustedBroker { .. })));
        assert!(matches!(no_answer(&complaints), Error::UntrustedBroker { .. }));
    }

    #[test]
    fn a_guess_is_made_only_where_no_answer_came() {
        let complaints = Complaints::new(Access::plaintext("a:1"));
        complaints.log("CONFWARN", "Disconnected (after 1ms in state APIVERSION_QUERY)");
        assert!(
            matches!(no_answer(&complaints), Error::NoAnswer { trouble, .. } if trouble.contains("Timed out"))
        );
        complaints.log(
            "FAIL",
            "a:1/bootstrap: Disconnected: connection closed by peer (after 1ms in state APIVERSION_QUERY)",
        );
        assert_eq!(complaints.refusal(), None);
        assert!(matches!(no_answer(&complaints), Error::PerhapsTls { .. }));
        let nobody = "a:1: Connect to a:1 failed: Connection refused (after 0ms in state CONNECT)";
        said(&complaints, RDKafkaErrorCode::BrokerTransportFailure, nobody);
        let told = no_answer(&complaints).to_string();
        let expected = "no Kafka broker answers at a:1 (a:1: Connect to a:1 failed: Connection refused); check";
        assert!(told.starts_with(expected), "{told}");
    }
}
