//! One user's world: a temporary folder, the binary, its settings by environment.

use serde_json::Value as Json;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) brokers: String,
    /// What the binary is put behind, such as `nsenter` with its options; mostly nothing.
    pub(crate) inside: Vec<String>,
}

impl World {
    /// A folder with keys, and no Kafka.
    pub(crate) fn new() -> Self {
        let world =
            Self { folder: TempDir::new().unwrap(), brokers: "127.0.0.1:1".to_owned(), inside: Vec::new() };
        world.succeeds(&["keys", "new"]);
        world
    }

    pub(crate) fn with_brokers(brokers: &str) -> Self {
        Self { brokers: brokers.to_owned(), ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.path("lake")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let binary = [binary().into_os_string()];
        let mut words = self.inside.iter().map(OsString::from).chain(binary);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("SWITCHBOARD__LAKE__FOLDER", self.lake()).env("SWITCHBOARD__KEYS__FOLDER", self.path("keys"));
        command
            .env("SWITCHBOARD__KAFKA__BROKERS", &self.brokers)
            .env("SWITCHBOARD__INGEST__FLUSH_AFTER_MS", "400");
        command.env("SWITCHBOARD__LOG__LEVEL", "info").env("SWITCHBOARD__LOG__FORMAT", "json");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs and demands success; gives standard output.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{arguments:?} failed\n{out}\n{err}");
        out
    }

    /// Runs and demands failure; gives standard error.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = texts(&output);
        assert!(!output.status.success(), "{arguments:?} succeeded\n{out}\n{err}");
        err
    }

    /// Starts in the background; standard error goes to the file `log`.
    pub(crate) fn start(&self, arguments: &[&str], log: &str) -> Running {
        let log = File::create(self.path(log)).unwrap();
        Running(self.command(arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// The rows of a query.
    pub(crate) fn sql(&self, query: &str) -> Vec<Json> {
        let text = self.succeeds(&["sql", query, "--format", "json"]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{query}: {error}\n{text}"))
    }

    /// The one whole number that a query gives.
    pub(crate) fn number(&self, query: &str) -> i64 {
        let rows = self.sql(query);
        let value = rows[0].as_object().unwrap().values().next().cloned();
        value.and_then(|value| value.as_i64()).unwrap_or_else(|| panic!("{query}: {rows:?}"))
    }

    pub(crate) fn import(&self, file: &Path, to: &str) -> String {
        let file = file.to_str().unwrap();
        self.succeeds(&["import", "calls", file, "--source", "bank", "--time-zone", "Europe/London", "--to", to])
    }

    pub(crate) fn ingest(&self) -> String {
        self.succeeds(&["ingest", "--until-caught-up"])
    }

    /// Every record of Kafka is in the lake once, and says there what it says in Kafka.
    pub(crate) fn audit(&self) -> String {
        self.succeeds(&["audit", "--caught-up"])
    }

    pub(crate) fn refresh(&self) {
        self.succeeds(&["refresh", "--once"]);
    }
}

/// A process of ours in the background; dropping it is `kill -9`.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Copies a folder, with the times of its files.
pub(crate) fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// The folder of real data; where it is absent the test says so and is counted as skipped.
pub(crate) fn shared_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SWITCHBOARD_SHARED_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| checkout().join("../shared/data"));
    let found = folder.join("calls_week.csv").is_file().then_some(folder);
    if found.is_none() {
        skip(test, "the folder of real call records is absent");
    }
    found
}

pub(crate) fn skip(test: &str, why: &str) {
    use std::io::Write;
    let line = format!("SKIP {test}: {why}\n");
    eprint!("{line}");
    if let Some(list) = std::env::var_os("SWITCHBOARD_SKIPS") {
        let mut list = File::options().append(true).create(true).open(list).unwrap();
        list.write_all(line.as_bytes()).unwrap();
    }
}

pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The binary that this build made: beside the tests, unless SWITCHBOARD_BIN names another.
pub(crate) fn binary() -> PathBuf {
    let beside = || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("switchboard");
    std::env::var_os("SWITCHBOARD_BIN").map_or_else(beside, PathBuf::from)
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}
