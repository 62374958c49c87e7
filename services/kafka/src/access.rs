//! How a cluster is reached, checked, and what that means to librdkafka.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;

/// Where a cluster is and how to come in.
#[derive(Debug, Clone)]
pub struct Access {
    /// Bootstrap addresses, `host:port`, commas between them.
    pub brokers: String,
    /// How to come in.
    pub security: Security,
}

/// How a connection is kept from others, and how the cluster knows who comes.
#[derive(Debug, Clone)]
pub enum Security {
    /// In the clear, and nobody is asked who he is.
    Plaintext,
    /// Encrypted; known by the certificate, if we have one.
    Tls(Tls),
    /// Encrypted; known by the password.
    SaslTls(Tls, Login),
}

/// The TLS of a connection.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Whose signature under a broker's certificate is trusted; `None`: the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// What we show.
    pub identity: Option<Identity>,
}

/// A client certificate with its key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, with those between it and its authority.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// A user and its password.
#[derive(Debug, Clone)]
pub struct Login {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The user.
    pub username: String,
    /// Its password.
    pub password: Password,
}

/// Ways to prove a password; inside TLS, so that PLAIN shows it to nobody but the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Mechanism {
    /// Neither side shows the other what it knows.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// The same, with a shorter hash.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The broker is told the password.
    #[serde(rename = "PLAIN")]
    Plain,
}

impl Mechanism {
    /// As SASL calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
        }
    }
}

/// A password, which no log shows.
#[derive(Clone)]
pub struct Password(pub(crate) String);

impl Password {
    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(...)")
    }
}

impl Access {
    /// To brokers that ask nobody who he is.
    pub fn plaintext(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), security: Security::Plaintext }
    }

    /// The part of a client's settings that every client has.
    pub fn config(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        // What passes of librdkafka's log is decided by `tracing`; some refusals stand there alone.
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("bootstrap.servers", &self.brokers).set("client.id", client_id);
        match &self.security {
            Security::Plaintext => {}
            Security::Tls(tls) => {
                config.set("security.protocol", "ssl");
                tls.configure(&mut config);
            }
            Security::SaslTls(tls, login) => {
                config
                    .set("security.protocol", "sasl_ssl")
                    .set("sasl.mechanism", login.mechanism.name())
                    .set("sasl.username", &login.username)
                    .set("sasl.password", &login.password.0);
                tls.configure(&mut config);
            }
        }
        config
    }

    /// Who we are to the cluster, for a sentence.
    pub(crate) fn who(&self) -> String {
        match &self.security {
            Security::SaslTls(_, login) => format!("user `{}`", login.username),
            Security::Tls(Tls { identity: Some(identity), .. }) => {
                format!("the owner of the certificate {}", identity.certificate_file.display())
            }
            // As Kafka calls whoever has shown nothing.
            Security::Plaintext | Security::Tls(_) => "user `ANONYMOUS`".to_owned(),
        }
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        match &self.security {
            Security::Plaintext => None,
            Security::Tls(tls) | Security::SaslTls(tls, _) => Some(tls),
        }
    }
}

impl Tls {
    fn configure(&self, config: &mut ClientConfig) {
        if let Some(file) = &self.ca_file {
            config.set("ssl.ca.location", file.to_string_lossy());
        }
        if let Some(Identity { certificate_file, key_file }) = &self.identity {
            config.set("ssl.certificate.location", certificate_file.to_string_lossy());
            config.set("ssl.key.location", key_file.to_string_lossy());
        }
    }
}
