//! `switchboard serve` and a reader of it, who speaks plain HTTP.

use crate::world::World;
use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// `switchboard serve` on a port of its own; dropping it is `kill -9`.
pub(crate) struct Serving {
    process: Child,
    pub(crate) address: String,
    /// Held open, so that it may go on writing.
    _stdout: BufReader<ChildStdout>,
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value)
    }
}

/// Asks whoever listens there, on a connection of its own.
pub(crate) fn ask(address: &str, method: &str, path: &str, headers: &str) -> Answer {
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
}

impl Serving {
    pub(crate) fn start(world: &World) -> Self {
        let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
        let log = fs::File::create(world.path("serve.log")).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").map(str::to_owned);
        let serving = Self { process, address: address.unwrap_or_default(), _stdout: stdout };
        let told = || fs::read_to_string(world.path("serve.log")).unwrap();
        assert!(!serving.address.is_empty(), "the first line was {line:?}\n{}", told());
        serving
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        ask(&self.address, method, path, headers)
    }

    pub(crate) fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask("GET", path, headers)
    }

    pub(crate) fn json(&self, path: &str) -> Json {
        let answer = self.get(path, "");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json"),
            "{path}: {}",
            answer.body
        );
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Whether it ends with success when it is asked to.
    pub(crate) fn end(&mut self) -> bool {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        asked.unwrap().success() && self.process.wait().unwrap().success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
