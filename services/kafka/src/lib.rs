#![doc = include_str!("../README.md")]

mod access;
mod cluster;
mod complaints;
mod refusal;
mod settings;

pub use access::{Access, Identity, Login, Mechanism, Password, Security, Tls};
pub use cluster::{Cluster, Watermarks};
pub use complaints::Complaints;
pub use refusal::{Wanted, code_of, missing_right, refusal};
pub use settings::{SecurityKind, Settings};

use rdkafka::error::KafkaError;
use std::path::PathBuf;

/// Why a cluster cannot be reached or does not answer, as a sentence for whoever runs Switchboard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The settings contradict each other, or a file that they name is of no use.
    #[error("{0}")]
    Settings(String),
    /// Nobody answered.
    #[error(
        "no Kafka broker answers at {brokers} ({trouble}); check `kafka.brokers`, or start one with \
         `deploy/broker.sh start`"
    )]
    NoAnswer {
        /// The configured addresses.
        brokers: String,
        /// What the client complained of last.
        trouble: String,
    },
    /// The broker knows no such user, or another password of it.
    #[error(
        "the Kafka broker at {brokers} refuses the password of user `{username}`, or knows no such user; check \
         `kafka.username` and the file that `kafka.password_file` names"
    )]
    WrongPassword {
        /// The configured addresses.
        brokers: String,
        /// Who we say we are.
        username: String,
    },
    /// The broker takes passwords, but not in this way.
    #[error(
        "the Kafka broker at {brokers} does not take passwords by {mechanism}; set `kafka.sasl_mechanism` to one \
         that it offers: {offered}"
    )]
    Mechanism {
        /// The configured addresses.
        brokers: String,
        /// The configured mechanism.
        mechanism: &'static str,
        /// What the broker said of those it takes.
        offered: String,
    },
    /// The broker could be anybody.
    #[error(
        "the certificate of the Kafka broker at {brokers} cannot be trusted: {authorities} did not sign it, or it \
         has expired, or it is made out to another name than this address; set `kafka.ca_file` to the certificate \
         of the authority that signed it"
    )]
    UntrustedBroker {
        /// The configured addresses.
        brokers: String,
        /// Whose signatures are trusted.
        authorities: String,
    },
    /// The broker asks who comes, and we have nothing to show.
    #[error(
        "the Kafka broker at {brokers} wants a client certificate; set `kafka.certificate_file` and `kafka.key_file`, \
         or, if it takes passwords at another port, `kafka.brokers` to that port"
    )]
    CertificateWanted {
        /// The configured addresses.
        brokers: String,
    },
    /// The broker does not take what we show.
    #[error(
        "the Kafka broker at {brokers} refuses the client certificate {}: it has expired, or no authority that the \
         broker trusts signed it; set `kafka.certificate_file` and `kafka.key_file` to a pair that it takes",
        certificate_file.display()
    )]
    CertificateRefused {
        /// The configured addresses.
        brokers: String,
        /// The configured certificate.
        certificate_file: PathBuf,
    },
    /// We speak TLS, the broker perhaps not: it hung up during the greeting.
    #[error(
        "the Kafka broker at {brokers} hangs up on a greeting by TLS; this port may be a plain one: set `kafka.brokers` \
         to the port for TLS, or `kafka.security` to \"plaintext\""
    )]
    PerhapsPlain {
        /// The configured addresses.
        brokers: String,
    },
    /// We speak in the clear, the broker perhaps not: it hung up on the first request.
    #[error(
        "the Kafka broker at {brokers} hangs up on the first request in the clear; this port may be one for TLS: set \
         `kafka.security` to \"tls\" or \"sasl_tls\", or `kafka.brokers` to the plain port"
    )]
    PerhapsTls {
        /// The configured addresses.
        brokers: String,
    },
    /// We give no password, the broker perhaps wants one: TLS went well, and it hung up on the first request.
    #[error(
        "the Kafka broker at {brokers} hangs up on the first request; it may want a password: set `kafka.security` to \
         \"sasl_tls\" with `kafka.username` and `kafka.password_file`, or `kafka.brokers` to a port that wants none"
    )]
    PerhapsPassword {
        /// The configured addresses.
        brokers: String,
    },
    /// The cluster knows who we are and does not let us.
    #[error("{who} may not {act}; have it granted {grant}")]
    MissingRight {
        /// As the cluster knows us.
        who: String,
        /// What we wanted.
        act: String,
        /// The rights that it takes, and on what.
        grant: String,
    },
    /// The topic is not there.
    #[error("the broker has no topic `{topic}`; import something with `--to kafka`, or create the topic")]
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// Kafka failed in another way.
    #[error("kafka: cannot {action}")]
    Kafka {
        /// What was asked for.
        action: String,
        /// What the client said.
        source: KafkaError,
    },
}

impl Error {
    /// Whether the cluster has said no. The other errors may be a broker that is just being restarted.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::WrongPassword { .. }
                | Self::Mechanism { .. }
                | Self::UntrustedBroker { .. }
                | Self::CertificateWanted { .. }
                | Self::CertificateRefused { .. }
                | Self::MissingRight { .. }
        )
    }
}
