//! Processes of ours that run beside the test: told to stop, paused, killed.

use crate::delta;
use crate::kafka::TOPIC;
use crate::world::World;
use lake::fence;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// By then whatever is waited for has happened, also on a machine that is busy with other things.
const WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Of what a process has said, when a test of it fails.
const LINES_TO_SHOW: usize = 30;

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < WITHIN, "waited {} s in vain: {what}", WITHIN.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A process of ours; dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let told = File::create(&log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(told).spawn().unwrap();
        Self { child, log }
    }

    /// Fails if it has ended by itself.
    pub(crate) fn runs_on(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended by itself, {}\n{}", ended.unwrap(), self.said());
    }

    /// Sends a signal, such as STOP.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// `kill -9`; fails if it had ended by itself.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it ended by itself, {status}\n{}", self.said());
    }

    /// Asks it to end, and demands that it does so in good order.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let mut ended: Option<ExitStatus> = None;
        until("a process that was told to stop", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        assert!(ended.unwrap().success(), "{}", self.said());
    }

    /// Waits until it ends by itself, and not in good order; all that it has said.
    pub(crate) fn gives_up(mut self) -> String {
        let mut ended: Option<ExitStatus> = None;
        until("a process to give up", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(1), "{}", self.said());
        self.said()
    }

    /// The most memory that it has had so far (`VmHWM`), bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak.unwrap().parse::<u64>().unwrap() * 1024
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("What {} says last:\n{}", self.log.display(), last_lines(&self.said(), LINES_TO_SHOW));
        }
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_lines(text: &str, count: usize) -> &str {
    let from = text.rmatch_indices('\n').nth(count).map_or(0, |(at, _)| at + 1);
    &text[from..]
}

/// `ingest` of the one topic that the load goes to.
pub(crate) fn ingest(world: &World) -> Command {
    let mut command = world.command(&["ingest", "--source", "telephony"]);
    command.env("SWITCHBOARD__INGEST__FLUSH_AFTER_MS", "200");
    command
}

pub(crate) fn events_table(world: &World) -> PathBuf {
    world.lake().join("telephony_events")
}

/// Waits until so many more commits are in the lake.
pub(crate) fn commits(world: &World, more: u64) {
    commits_of(&events_table(world), more);
}

/// The same, of a table that stands somewhere else.
pub(crate) fn commits_of(table: &Path, more: u64) {
    let wanted = delta::version(table) + more;
    until(&format!("version {wanted} of the events table"), || delta::version(table) >= wanted);
}

/// The next offset to read of a partition, as the lake's log has it. The newest commit that moved it is
/// looked for from the end, because a log may be long.
pub(crate) fn position(table: &Path, partition: i32) -> Option<i64> {
    let ours =
        |id: &str| fence::partition_of(id).is_some_and(|(_, topic, one)| (topic, one) == (TOPIC, partition));
    (0..=delta::version(table)).rev().find_map(|version| {
        let actions = delta::commit(table, version);
        let moved = actions.iter().find(|action| action["txn"]["appId"].as_str().is_some_and(ours));
        moved.and_then(|action| action["txn"]["version"].as_i64())
    })
}
