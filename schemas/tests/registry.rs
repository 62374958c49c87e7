//! The client against a registry in the process: what it asks, what it remembers, and how it tells
//! an outage from an answer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the whole pipeline")]
#[path = "../../tests/src/registry_server.rs"]
mod registry_server;

use registry_server::RegistryServer;
use schemas::{Registry, RegistryError, catalogue};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

const SUBJECT: &str = "switchboard.telephony.queue_blocked";

fn schema() -> &'static str {
    &catalogue().latest("queue_blocked").unwrap().schema
}

fn client(server: &RegistryServer) -> Registry {
    Registry::new(&server.url()).unwrap()
}

#[tokio::test]
async fn a_schema_is_registered_under_its_full_name_and_found_by_id_and_by_text() {
    let server = RegistryServer::start().unwrap();
    server.register("other", r#"{"type":"record","name":"other","fields":[]}"#);
    let registry = client(&server);
    let absent = registry.id_of(schema()).await.unwrap_err();
    assert_eq!(absent.to_string(), format!("the schema registry has no such version of {SUBJECT}"));
    assert_eq!(registry.register(schema()).await, Ok(2));
    assert_eq!(registry.register(schema()).await, Ok(2));
    assert_eq!(registry.id_of(schema()).await, Ok(2));
    // The subject is the record's full name: the test's own view of the registry agrees.
    assert_eq!(server.register(SUBJECT, schema()), 2);
    assert_eq!(registry.schema(2).await.unwrap().as_ref(), schema());
    let nameless = registry.register("\"string\"").await.unwrap_err();
    assert!(matches!(nameless, RegistryError::Refused { status: 422, .. }), "{nameless}");
}

#[tokio::test]
async fn an_id_is_asked_for_once_and_kept_through_an_outage() {
    let mut server = RegistryServer::start().unwrap();
    let id = server.register(SUBJECT, schema());
    let registry = client(&server);
    for _ in 0..3 {
        assert_eq!(registry.schema(id).await.unwrap().as_ref(), schema());
        assert_eq!(registry.schema(99).await, Err(RegistryError::Absent { asked: "schema id 99".to_owned() }));
    }
    assert_eq!(server.requests(), 2);
    server.refuse();
    assert_eq!(registry.schema(id).await.unwrap().as_ref(), schema());
}

#[tokio::test]
async fn an_outage_is_no_answer_and_passes() {
    let mut server = RegistryServer::start().unwrap();
    let id = server.register(SUBJECT, schema());
    let registry = client(&server);
    for status in [500, 502, 503, 429, 408] {
        server.fail_with(status);
        let error = registry.schema(id).await.unwrap_err();
        assert!(matches!(error, RegistryError::Outage { .. }) && error.may_pass(), "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    server.fail_with(0);
    server.refuse();
    let error = registry.schema(id).await.unwrap_err();
    let RegistryError::Outage { registry: address, problem } = &error else { panic!("{error}") };
    assert_eq!((address, problem.contains("refused")), (&server.url(), true), "{problem}");
    server.come_back().unwrap();
    assert_eq!(registry.schema(id).await.unwrap().as_ref(), schema());
}

#[tokio::test]
async fn references_and_other_languages_are_refused_in_a_sentence() {
    let server = RegistryServer::start().unwrap();
    let id = server.register_with_reference(SUBJECT, schema(), "switchboard.common.Envelope");
    let error = client(&server).schema(id).await.unwrap_err();
    assert!(!error.may_pass());
    assert_eq!(
        error.to_string(),
        "schema id 1 uses schema references (switchboard.common.Envelope), which Switchboard does not read; \
         register one schema that holds all its types"
    );
    let proto = answer_once(200, r#"{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";"}"#);
    let error = Registry::new(&proto).unwrap().schema(1).await.unwrap_err();
    assert_eq!(error.to_string(), "schema id 1 is a PROTOBUF schema, and only Avro is read");
}

/// Answers are told apart as the interface says, and what is no registry is not taken for one that
/// does not know the id: that would hold a partition for the wrong reason.
#[tokio::test]
async fn each_answer_has_its_meaning() {
    let ask = async |status: u16, body: &str| {
        Registry::new(&answer_once(status, body)).unwrap().schema(5).await.unwrap_err()
    };
    assert!(matches!(ask(404, r#"{"error_code":40403,"message":"x"}"#).await, RegistryError::Absent { .. }));
    assert!(matches!(ask(404, "<html>not found</html>").await, RegistryError::Foreign { .. }));
    assert!(matches!(ask(404, r#"{"error_code":404,"message":"HTTP 404"}"#).await, RegistryError::Refused { .. }));
    assert!(matches!(ask(200, "<html>welcome</html>").await, RegistryError::Foreign { .. }));
    assert!(matches!(ask(401, r#"{"error_code":401,"message":"x"}"#).await, RegistryError::Denied { .. }));
    assert!(matches!(ask(403, "").await, RegistryError::Denied { status: 403, .. }));
    let error =
        Registry::new(&answer_once(409, r#"{"error_code":409,"message":"incompatible: wait_ms"}"#)).unwrap();
    let error = error.register(schema()).await.unwrap_err().to_string();
    assert!(error.contains(SUBJECT) && error.ends_with("(status 409): incompatible: wait_ms"), "{error}");
}

#[tokio::test]
async fn a_password_is_sent_and_never_shown() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/api", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let registry = Registry::new(&address).unwrap().with_login("ingest", "s3cret");
    // It closes without an answer.
    let error = registry.schema(7).await.unwrap_err();
    let request = asked.join().unwrap();
    assert!(request.starts_with("GET /api/schemas/ids/7 "), "{request}");
    // "ingest:s3cret" in base 64, by coreutils.
    assert!(request.to_lowercase().contains("authorization: basic ") && request.contains("aW5nZXN0OnMzY3JldA=="));
    assert!(matches!(error, RegistryError::Outage { .. }), "{error}");
    assert!(!format!("{error} {error:?} {registry:?}").contains("s3cret"), "{error:?} {registry:?}");
    for address in ["http://ingest:s3cret@host", "ftp://ingest:s3cret@host", "http://ingest:s3cret@host:port"] {
        let wrong = Registry::new(address).unwrap_err();
        assert!(
            !format!("{wrong} {wrong:?}").contains("s3cret") && wrong.to_string().contains("://host"),
            "{wrong}"
        );
    }
    for address in ["", "localhost:8081", "127.0.0.1:8081", "http://"] {
        let error = Registry::new(address).unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8081"), "{address}: {error}");
    }
}

/// The address of a server that gives this one answer to the first question, and ends.
fn answer_once(status: u16, body: &str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 {status} \r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = [0; 16_384];
        let _ = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        // The rest of the question is taken too, so that closing does not cut the answer off.
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    address
}
