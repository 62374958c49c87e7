//! Pure: from what librdkafka says of a failure to what it means for whoever runs Switchboard.

#[cfg(test)]
mod tests;

use crate::{Access, Error, Security};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::path::Path;

/// What a broker's TLS says of a certificate that it misses or does not like (RFC 8446, 6.2, in the words
/// of OpenSSL).
const ALERTS: [&str; 7] = [
    "alert bad certificate",
    "alert certificate required",
    "alert certificate unknown",
    "alert certificate expired",
    "alert certificate revoked",
    "alert unsupported certificate",
    "alert unknown ca",
];

/// What librdkafka's code and words for a failed connection mean; `None` where they mean no more than
/// that it failed.
pub fn refusal(access: &Access, code: RDKafkaErrorCode, reason: &str) -> Option<Error> {
    use RDKafkaErrorCode::{Authentication, BrokerTransportFailure, SSL, SaslAuthenticationFailed};
    match code {
        Authentication | SaslAuthenticationFailed => password_refused(access, reason),
        SSL | BrokerTransportFailure => connection_refused(access, reason),
        _ => None,
    }
}

fn password_refused(access: &Access, reason: &str) -> Option<Error> {
    let Security::SaslTls(_, login) = &access.security else { return None };
    let brokers = access.brokers.clone();
    if reason.contains("mechanism handshake failed") {
        let offered = reason.split_once("supported mechanisms: ").map_or("", |(_, rest)| rest);
        let offered = offered.split(" (").next().unwrap_or_default().to_owned();
        return Some(Error::Mechanism { brokers, mechanism: login.mechanism.name(), offered });
    }
    // Other failures under this code are of the conversation, not of the password.
    let refused = reason.contains("SASL authentication error: ") && !reason.contains("parsing failed");
    refused.then(|| Error::WrongPassword { brokers, username: login.username.clone() })
}

fn connection_refused(access: &Access, reason: &str) -> Option<Error> {
    let brokers = access.brokers.clone();
    let Some(tls) = access.tls() else {
        let hung_up = reason.contains("Disconnected") && reason.contains("state APIVERSION_QUERY");
        return hung_up.then_some(Error::PerhapsTls { brokers });
    };
    if reason.contains("certificate verify failed") {
        let authorities =
            tls.ca_file.as_deref().map_or("the authorities that this system trusts".to_owned(), authorities);
        return Some(Error::UntrustedBroker { brokers, authorities });
    }
    if ALERTS.iter().any(|alert| reason.contains(alert)) {
        return Some(match &tls.identity {
            Some(ours) => Error::CertificateRefused { brokers, certificate_file: ours.certificate_file.clone() },
            None => Error::CertificateWanted { brokers },
        });
    }
    if reason.contains("state SSL_HANDSHAKE")
        && (reason.contains("Disconnected") || reason.contains("wrong version number"))
    {
        return Some(Error::PerhapsPlain { brokers });
    }
    let hung_up =
        reason.contains("Disconnected") || reason.contains("Broken pipe") || reason.contains("reset by peer");
    let without_password = matches!(access.security, Security::Tls(_));
    (hung_up && without_password && reason.contains("in state UP")).then_some(Error::PerhapsPassword { brokers })
}

fn authorities(ca_file: &Path) -> String {
    format!("those in `kafka.ca_file` ({})", ca_file.display())
}

/// The code of an error; rdkafka itself keeps that of an administrator's operation back.
pub fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// What a client wants of a topic, and so which rights it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// To look how far it reaches.
    Describe {
        /// The topic.
        topic: &'a str,
    },
    /// To read it as a member of a consumer group.
    Read {
        /// The topic.
        topic: &'a str,
        /// The group.
        group: &'a str,
    },
    /// To write to it.
    Write {
        /// The topic.
        topic: &'a str,
    },
    /// To create it, or to find it.
    Create {
        /// The topic.
        topic: &'a str,
    },
}

impl<'a> Wanted<'a> {
    /// The topic.
    pub fn topic(self) -> &'a str {
        match self {
            Self::Describe { topic }
            | Self::Read { topic, .. }
            | Self::Write { topic }
            | Self::Create { topic } => topic,
        }
    }
}

/// Which right is missing, if the code says that one is.
pub fn missing_right(access: &Access, wanted: Wanted<'_>, code: RDKafkaErrorCode) -> Option<Error> {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    let topic = wanted.topic();
    let (act, rights) = match (code, wanted) {
        (GroupAuthorizationFailed, Wanted::Read { group, .. }) => {
            (format!("join the consumer group `{group}`"), "Read on that group")
        }
        (TopicAuthorizationFailed, Wanted::Describe { .. }) => {
            (format!("see topic `{topic}`"), "Describe on that topic")
        }
        (TopicAuthorizationFailed, Wanted::Read { .. }) => {
            (format!("read topic `{topic}`"), "Read and Describe on that topic")
        }
        // Whoever may write to no topic at all is refused the number that an idempotent producer needs.
        (TopicAuthorizationFailed | ClusterAuthorizationFailed, Wanted::Write { .. }) => {
            (format!("write to topic `{topic}`"), "Write and Describe on that topic")
        }
        (TopicAuthorizationFailed | ClusterAuthorizationFailed, Wanted::Create { .. }) => (
            format!("see or create topic `{topic}`"),
            "Write and Describe on that topic, and Create if it is not there yet",
        ),
        _ => return None,
    };
    Some(Error::MissingRight { who: access.who(), act, grant: rights.to_owned() })
}
