//! Settings that fit together, that do not, and files that are open to others.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use tempfile::TempDir;

const DEFAULTS: &str = r#"
    brokers = "kafka.example:9093"
    security = "plaintext"
    sasl_mechanism = "SCRAM-SHA-512"
    username = ""
    password_file = ""
    ca_file = ""
    certificate_file = ""
    key_file = ""
"#;

/// The defaults with some values replaced, given as TOML.
fn settings(own: &str) -> Settings {
    let mut all: toml::Table = DEFAULTS.parse().unwrap();
    all.extend(own.parse::<toml::Table>().unwrap());
    all.try_into().unwrap()
}

fn told(own: &str) -> String {
    settings(own).access().unwrap_err().to_string()
}

/// A folder with a file of this mode.
fn file(name: &str, text: &str, mode: u32) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let shown = path.display().to_string();
    (folder, shown)
}

#[test]
fn the_defaults_are_an_open_door() {
    let config = settings("").access().unwrap().config("x");
    assert_eq!(config.get("bootstrap.servers"), Some("kafka.example:9093"));
    assert_eq!((config.get("security.protocol"), config.get("ssl.ca.location")), (None, None));
}

#[test]
fn a_password_comes_from_its_file_and_is_not_shown() {
    let (_folder, password) = file("password", " hush hush \n", 0o600);
    let (_other, ca) = file("ca.pem", "", 0o644);
    let own =
        format!("security = \"sasl_tls\"\nusername = \"ann\"\npassword_file = \"{password}\"\nca_file = \"{ca}\"");
    let access = settings(&own).access().unwrap();
    assert!(!format!("{access:?}").contains("hush"), "{access:?}");
    let config = access.config("x");
    let expected = [
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "ann"),
        // Only the end of the line is not part of it.
        ("sasl.password", " hush hush "),
        ("ssl.ca.location", ca.as_str()),
    ];
    for (key, value) in expected {
        assert_eq!(config.get(key), Some(value), "{key}");
    }
}

#[test]
fn a_certificate_comes_with_its_key() {
    let (_folder, certificate) = file("own.pem", "", 0o644);
    let (_other, key) = file("own.key", "", 0o600);
    let own = format!("security = \"tls\"\ncertificate_file = \"{certificate}\"\nkey_file = \"{key}\"");
    let config = settings(&own).access().unwrap().config("x");
    assert_eq!(config.get("security.protocol"), Some("ssl"));
    assert_eq!(config.get("ssl.certificate.location"), Some(certificate.as_str()));
    assert_eq!(config.get("ssl.key.location"), Some(key.as_str()));
    let half = |name: &str, file: &str| told(&format!("security = \"tls\"\n{name} = \"{file}\""));
    assert!(half("certificate_file", &certificate).contains("set `kafka.key_file`"));
    assert!(half("key_file", &key).contains("set `kafka.certificate_file`"));
}

#[test]
fn what_has_no_use_is_refused() {
    for (own, name, remedy) in [
        ("username = \"ann\"", "kafka.username", "sasl_tls"),
        ("password_file = \"p\"", "kafka.password_file", "sasl_tls"),
        ("ca_file = \"c\"", "kafka.ca_file", "\"tls\""),
        ("certificate_file = \"c\"", "kafka.certificate_file", "\"tls\""),
        ("security = \"tls\"\nusername = \"ann\"", "kafka.username", "sasl_tls"),
    ] {
        let told = told(own);
        assert!(told.contains(name) && told.contains(remedy) && told.contains("no use"), "{own}: {told}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let told_of = |own: &str| told(&format!("security = \"sasl_tls\"\n{own}"));
    assert!(told_of("password_file = \"p\"").contains("needs `kafka.username`"));
    assert!(told_of("username = \"ann\"").contains("needs `kafka.password_file`"));
    let nowhere = told_of("username = \"ann\"\npassword_file = \"/nowhere/password\"");
    assert!(nowhere.contains("cannot read `kafka.password_file` /nowhere/password: No such file"), "{nowhere}");
    let nowhere = told("security = \"tls\"\nca_file = \"/nowhere/ca.pem\"");
    assert!(nowhere.contains("cannot read `kafka.ca_file` /nowhere/ca.pem: No such file"), "{nowhere}");
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let (_folder, password) = file("password", "hush\n", 0o640);
    let told_of = told(&format!("security = \"sasl_tls\"\nusername = \"ann\"\npassword_file = \"{password}\""));
    assert!(
        told_of.contains(&password) && told_of.contains("mode 640") && told_of.contains("chmod 600"),
        "{told_of}"
    );
    let (_other, key) = file("own.key", "", 0o604);
    let told_of = told(&format!("security = \"tls\"\ncertificate_file = \"{key}\"\nkey_file = \"{key}\""));
    assert!(told_of.contains("kafka.key_file") && told_of.contains("chmod 600"), "{told_of}");
}
