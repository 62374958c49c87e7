//! A schema registry in the process, for tests: the part of Confluent's HTTP interface that
//! Switchboard speaks, on loopback, without compatibility rules.
//!
//! It can be told to answer with failures, to refuse connections, and to have schemas that lean on
//! others. It stands on the standard library and `serde_json` alone, so that tests of other
//! packages include this very file without this package.

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A registry that ends when it is dropped.
#[derive(Debug)]
pub struct RegistryServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<Listening>,
}

#[derive(Debug, Default)]
struct Shared {
    held: Mutex<Vec<Registered>>,
    /// The status that every answer has, 0 for true answers.
    failing_with: AtomicU16,
    requests: AtomicU32,
}

/// A schema under its subject; its id is its place, from 1.
#[derive(Debug, Clone)]
struct Registered {
    subject: String,
    schema: String,
    references: Json,
}

#[derive(Debug)]
struct Listening {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl RegistryServer {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let mut server = Self { address, shared: Arc::default(), listening: None };
        server.listen(listener);
        Ok(server)
    }

    /// Its address, as a client takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Registers a schema, as a client would, and gives its id.
    pub fn register(&self, subject: &str, schema: &str) -> u32 {
        self.shared.register(subject, schema, json!([]))
    }

    /// Registers a schema that leans on a schema of another subject, and gives its id.
    pub fn register_with_reference(&self, subject: &str, schema: &str, reference: &str) -> u32 {
        let references = json!([{"name": reference, "subject": reference, "version": 1}]);
        self.shared.register(subject, schema, references)
    }

    /// Answers every request with this status from now on; 0 for true answers again.
    pub fn fail_with(&self, status: u16) {
        self.shared.failing_with.store(status, Ordering::Relaxed);
    }

    /// Refuses connections from now on.
    pub fn refuse(&mut self) {
        if let Some(Listening { ended, thread }) = self.listening.take() {
            ended.store(true, Ordering::Relaxed);
            // One connection wakes the thread, which then ends and closes the port.
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }

    /// Takes connections again, at the same address.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn come_back(&mut self) -> std::io::Result<()> {
        if self.listening.is_none() {
            self.listen(TcpListener::bind(self.address)?);
        }
        Ok(())
    }

    /// How many requests came in.
    pub fn requests(&self) -> u32 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    fn listen(&mut self, listener: TcpListener) {
        let ended = Arc::new(AtomicBool::new(false));
        let (shared, until) = (self.shared.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if until.load(Ordering::Relaxed) {
                    return;
                }
                // A client that has gone away needs no answer.
                let _ = shared.serve(stream);
            }
        });
        self.listening = Some(Listening { ended, thread });
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        self.refuse();
    }
}

impl Shared {
    /// One request, one answer, and the connection is closed.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim().split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or_default();
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, answer) = match self.failing_with.load(Ordering::Relaxed) {
            0 => self.answer(method, path, &body),
            status => (status, json!({"error_code": 50_001, "message": "told to fail"})),
        };
        let answer = answer.to_string();
        let mut stream = reader.into_inner();
        write!(
            stream,
            "HTTP/1.1 {status} \r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        )
    }

    fn answer(&self, method: &str, path: &str, body: &[u8]) -> (u16, Json) {
        let sent: Json = serde_json::from_slice(body).unwrap_or_default();
        let schema = sent["schema"].as_str().unwrap_or_default();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["subjects", subject, "versions"]) if !schema.is_empty() => {
                (200, json!({"id": self.register(subject, schema, json!([]))}))
            }
            ("POST", ["subjects", subject]) => match self.find(subject, schema) {
                Some(id) => (200, json!({"subject": subject, "id": id, "version": 1, "schema": schema})),
                None => absent(40_403, "Schema not found"),
            },
            ("GET", ["schemas", "ids", id]) => {
                match self.held().get(id.parse().unwrap_or(0_usize).wrapping_sub(1)) {
                    Some(found) if found.references == json!([]) => (200, json!({"schema": found.schema})),
                    Some(found) => (200, json!({"schema": found.schema, "references": found.references})),
                    None => absent(40_403, "Schema not found"),
                }
            }
            _ => (404, json!("no such path")),
        }
    }

    fn register(&self, subject: &str, schema: &str, references: Json) -> u32 {
        if let Some(id) = self.find(subject, schema) {
            return id;
        }
        let (subject, schema) = (subject.to_owned(), schema.to_owned());
        let mut held = self.held();
        held.push(Registered { subject, schema, references });
        held.len() as u32
    }

    fn find(&self, subject: &str, schema: &str) -> Option<u32> {
        let held = self.held();
        let place = held.iter().position(|one| one.subject == subject && one.schema == schema)?;
        u32::try_from(place + 1).ok()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Registered>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn absent(code: u32, message: &str) -> (u16, Json) {
    (404, json!({"error_code": code, "message": message}))
}
