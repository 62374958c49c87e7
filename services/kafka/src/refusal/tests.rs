//! The texts are those of librdkafka 2.12.1 and Apache Kafka 4.1.1, heard on `deploy/broker.sh start
//! --secured`; only addresses are shortened.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{Identity, Login, Mechanism, Password, Tls};
use RDKafkaErrorCode::{Authentication, BrokerTransportFailure, SSL};

fn tls(certificate: Option<&str>) -> Tls {
    let identity = certificate.map(|file| Identity { certificate_file: file.into(), key_file: "own.key".into() });
    Tls { ca_file: Some("ca.pem".into()), identity }
}

fn by_tls(certificate: Option<&str>) -> Access {
    Access { brokers: "k:9".to_owned(), security: Security::Tls(tls(certificate)) }
}

fn by_password() -> Access {
    let login =
        Login { mechanism: Mechanism::ScramSha256, username: "ann".to_owned(), password: Password::new("hush") };
    Access { brokers: "k:9".to_owned(), security: Security::SaslTls(tls(None), login) }
}

fn told(access: &Access, code: RDKafkaErrorCode, reason: &str) -> String {
    refusal(access, code, reason).map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_password_that_is_refused_names_its_user() {
    let reason = "sasl_ssl://k:9/bootstrap: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256 (after 339ms in state AUTH_REQ)";
    let told = told(&by_password(), Authentication, reason);
    assert!(
        told.contains("user `ann`") && told.contains("kafka.password_file") && !told.contains("hush"),
        "{told}"
    );
}

#[test]
fn a_mechanism_that_is_not_offered_is_named_with_those_that_are() {
    let reason = "sasl_ssl://k:9/bootstrap: SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-512 (after 302ms in state AUTH_HANDSHAKE, 1 identical error(s) suppressed)";
    let told = told(&by_password(), Authentication, reason);
    assert!(told.contains("by SCRAM-SHA-256;") && told.ends_with("it offers: SCRAM-SHA-512"), "{told}");
}

#[test]
fn a_certificate_that_is_not_trusted_names_the_authority_that_is() {
    let words = "error:0A000086:SSL routines::certificate verify failed";
    let handshake = format!(
        "ssl://k:9/bootstrap: SSL handshake failed: {words}: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install ca-certificates package) (after 7ms in state SSL_HANDSHAKE)"
    );
    let transport = format!("ssl://k:9/bootstrap: {words} (after 9ms in state SSL_HANDSHAKE)");
    for (code, reason) in [(SSL, &handshake), (BrokerTransportFailure, &transport)] {
        for access in [by_tls(None), by_password()] {
            let told = told(&access, code, reason);
            assert!(told.contains("those in `kafka.ca_file` (ca.pem) did not sign it"), "{told}");
        }
    }
    let of_the_system = Access { security: Security::Tls(Tls::default()), ..by_tls(None) };
    assert!(told(&of_the_system, SSL, &handshake).contains("the authorities that this system trusts did not"));
}

#[test]
fn a_client_certificate_is_wanted_or_refused() {
    let reason = "ssl://k:9/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 0ms in state APIVERSION_QUERY)";
    for access in [by_tls(None), by_password()] {
        let error = refusal(&access, BrokerTransportFailure, reason);
        assert!(matches!(error, Some(Error::CertificateWanted { .. })), "{error:?}");
    }
    let told = told(&by_tls(Some("own.pem")), BrokerTransportFailure, reason);
    assert!(told.contains("refuses the client certificate own.pem"), "{told}");
}

#[test]
fn the_wrong_kind_of_listener_is_guessed_and_no_refusal() {
    let without_tls = "127.0.0.1:9/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 4ms in state APIVERSION_QUERY)";
    let with_tls = "ssl://k:9/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)";
    let with_tls_again =
        "ssl://k:9/bootstrap: Disconnected: SSL connection closed by peer (after 3ms in state SSL_HANDSHAKE)";
    let without_password =
        "ssl://k:9/bootstrap: Send failed: SSL transport error: Broken pipe (after 1ms in state UP)";
    let plain = Access::plaintext("k:9");
    let guess = |access: &Access, reason: &str| refusal(access, BrokerTransportFailure, reason).unwrap();
    assert!(matches!(guess(&plain, without_tls), Error::PerhapsTls { .. }));
    assert!(matches!(guess(&by_tls(None), with_tls), Error::PerhapsPlain { .. }));
    assert!(matches!(guess(&by_password(), with_tls_again), Error::PerhapsPlain { .. }));
    assert!(matches!(guess(&by_tls(Some("own.pem")), without_password), Error::PerhapsPassword { .. }));
    for (access, reason) in [(&plain, without_tls), (&by_tls(None), with_tls), (&by_tls(None), without_password)] {
        assert!(!guess(access, reason).is_refusal(), "{reason}");
    }
}

#[test]
fn a_failure_that_says_nothing_means_nothing() {
    let nobody = "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)";
    let restarted =
        "k:9/1: Disconnected: connection closed by peer: receive 0 after POLLIN (after 50023ms in state UP)";
    for access in [Access::plaintext("k:9"), by_password()] {
        assert_eq!(refusal(&access, BrokerTransportFailure, nobody), None);
        assert_eq!(refusal(&access, BrokerTransportFailure, restarted), None);
    }
    let unresolved = "nowhere:1/bootstrap: Failed to resolve 'nowhere:1': Name or service not known (after 1ms in state CONNECT)";
    assert_eq!(refusal(&by_tls(None), RDKafkaErrorCode::Resolve, unresolved), None);
    assert_eq!(refusal(&by_password(), RDKafkaErrorCode::TopicAuthorizationFailed, ""), None);
}

#[test]
fn a_missing_right_says_whose_and_on_what() {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    let told = |access: &Access, wanted, code| missing_right(access, wanted, code).unwrap().to_string();
    let read = Wanted::Read { topic: "t", group: "g" };
    let ann = by_password();
    assert_eq!(
        told(&ann, read, TopicAuthorizationFailed),
        "user `ann` may not read topic `t`; have it granted Read and Describe on that topic"
    );
    assert_eq!(
        told(&by_tls(Some("own.pem")), read, GroupAuthorizationFailed),
        "the owner of the certificate own.pem may not join the consumer group `g`; have it granted Read on that group"
    );
    // "Failed to acquire idempotence PID from broker sasl_ssl://k:9/1: Broker: Cluster authorization failed".
    let expected = "user `ann` may not write to topic `t`; have it granted Write and Describe on that topic";
    assert_eq!(told(&ann, Wanted::Write { topic: "t" }, ClusterAuthorizationFailed), expected);
    assert_eq!(told(&ann, Wanted::Write { topic: "t" }, TopicAuthorizationFailed), expected);
    let refused = KafkaError::AdminOp(TopicAuthorizationFailed);
    assert_eq!(code_of(&refused), Some(TopicAuthorizationFailed));
    assert_eq!(code_of(&KafkaError::MessageProduction(TopicAuthorizationFailed)), code_of(&refused));
    let anonymous = told(&Access::plaintext("k:9"), Wanted::Create { topic: "t" }, TopicAuthorizationFailed);
    assert!(anonymous.contains("user `ANONYMOUS` may not see or create topic `t`"), "{anonymous}");
    assert_eq!(missing_right(&ann, read, BrokerTransportFailure), None);
}
