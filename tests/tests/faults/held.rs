//! A process with a named point armed: it runs until it comes there with work in flight, says so in
//! a file, and stands still until it is killed or let go on.

use crate::process::{Process, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Held {
    process: Process,
    point: String,
    mark: PathBuf,
}

impl Held {
    /// Starts a command that is to be held at the `pass`th time that it comes to the point.
    pub(crate) fn start(mut command: Command, point: &str, pass: u64, folder: &Path) -> Self {
        let mark = folder.join("mark");
        command.env("SWITCHBOARD_FAIL_POINT", format!("{point}@{pass}={}", mark.display()));
        let process = Process::start(command, folder.join("held.log"));
        Self { process, point: point.to_owned(), mark }
    }

    /// Waits until it stands at its point; meanwhile there is something to do, again and again.
    pub(crate) fn stands(&mut self, mut meanwhile: impl FnMut()) {
        until(&format!("{} to be reached", self.point), || {
            self.process.runs_on();
            meanwhile();
            !fs::read_to_string(&self.mark).unwrap_or_default().is_empty()
        });
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        self.process.said()
    }

    /// `kill -9`, where it stands. Fails if that is not the point, or nothing was in flight.
    pub(crate) fn kill(self) {
        self.stands_with_work();
        self.process.kill();
    }

    /// Stops the whole process, as a machine does that is put to sleep.
    pub(crate) fn pause(&self) {
        self.process.signal("STOP");
    }

    /// Wakes it up, and lets it go on from where it stands. Fails if that is not the point, or nothing was in
    /// flight.
    pub(crate) fn go_on(self) -> Process {
        self.stands_with_work();
        fs::remove_file(&self.mark).unwrap();
        self.process.signal("CONT");
        self.process
    }

    fn stands_with_work(&self) {
        let told = fs::read_to_string(&self.mark).unwrap();
        let (name, in_flight) = told.split_once(' ').unwrap();
        assert_eq!(name, self.point);
        assert!(in_flight.parse::<u64>().unwrap() > 0, "{told}");
    }
}
