//! A real Kafka of a test's own, so that tests can run side by side.

use crate::world::checkout;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

pub(crate) struct Broker {
    folder: TempDir,
    /// Where whoever comes may do everything; of several nodes, with commas between them.
    pub(crate) address: String,
    told: String,
}

impl Broker {
    pub(crate) fn start() -> Self {
        Self::of(&["--port", "0"])
    }

    /// One node that at other ports asks who comes; see `deploy/kafka/secured.sh`.
    pub(crate) fn secured() -> Self {
        Self::of(&["--port", "0", "--secured"])
    }

    /// Three nodes that hold three copies of each record.
    pub(crate) fn three() -> Self {
        Self::of(&["--port", "0", "--nodes", "3"])
    }

    fn of(options: &[&str]) -> Self {
        let mut broker = Self { folder: TempDir::new().unwrap(), address: String::new(), told: String::new() };
        broker.told = broker.succeeds("start", options);
        broker.address = broker.listener("bootstrap");
        broker
    }

    /// The address that the script gives under this name.
    pub(crate) fn listener(&self, name: &str) -> String {
        let found = self.told.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {name}\n{}", self.told)).to_owned()
    }

    /// A file of a secured broker.
    pub(crate) fn secured_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("secured").join(name)
    }

    /// Whether there are nodes besides the first.
    pub(crate) fn has_others(&self) -> bool {
        self.folder.path().join("node2").is_dir()
    }

    /// `kill -9` of a node.
    pub(crate) fn kill(&self, node: u32) {
        let alone = self.folder.path().to_owned();
        let folder = if self.has_others() { alone.join(format!("node{node}")) } else { alone };
        let pid = std::fs::read_to_string(folder.join("broker.pid")).unwrap();
        let killed = Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        assert!(killed.success(), "node {node} could not be killed");
    }

    /// Starts a node that has died, at the port it had.
    pub(crate) fn start_again(&self, node: u32) {
        self.succeeds("start", &["--node", &node.to_string()]);
    }

    /// Ends all of it; its data stays.
    pub(crate) fn stop(&self) {
        self.succeeds("stop", &[]);
    }

    /// Starts one node again, at the port it had.
    pub(crate) fn come_back(&self) {
        let port = self.address.rsplit(':').next().unwrap();
        self.succeeds("start", &["--port", port]);
    }

    /// Whether all of it runs.
    pub(crate) fn is_whole(&self) -> bool {
        self.script("status", &[]).status.success()
    }

    fn succeeds(&self, what: &str, options: &[&str]) -> String {
        let output = self.script(what, options);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the broker did not {what}\n{out}\n{err}");
        out.into_owned()
    }

    fn script(&self, what: &str, options: &[&str]) -> Output {
        let mut command = Command::new(checkout().join("deploy/broker.sh"));
        command.arg(what).args(options).arg("--folder").arg(self.folder.path()).env("KAFKA_HEAP", "512m");
        command.output().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let stopped = self.script("stop", &[]).status.success();
        assert!(stopped || std::thread::panicking(), "the broker could not be stopped");
    }
}
