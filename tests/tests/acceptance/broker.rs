//! A real Kafka of a test's own, so that tests can run side by side.

use crate::world::checkout;
use std::process::Command;
use tempfile::TempDir;

pub(crate) struct Broker {
    folder: TempDir,
    pub(crate) address: String,
}

impl Broker {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(checkout().join("deploy/broker.sh"));
        command.args(["start", "--port", "0", "--folder"]).arg(folder.path()).env("KAFKA_HEAP", "512m");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let address = text.lines().last().and_then(|line| line.strip_prefix("bootstrap ")).map(str::to_owned);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let address = address.unwrap_or_else(|| panic!("the broker did not start\n{text}\n{told}"));
        Self { folder, address }
    }
}

impl Broker {
    /// Stops it; its data stays.
    pub(crate) fn stop(&self) {
        let mut command = Command::new(checkout().join("deploy/broker.sh"));
        let stopped = command.args(["stop", "--folder"]).arg(self.folder.path()).output();
        assert!(stopped.is_ok_and(|output| output.status.success()), "the broker could not be stopped");
    }

    /// Starts it again, at the same address.
    pub(crate) fn start_again(&self) {
        let port = self.address.rsplit(':').next().unwrap();
        let mut command = Command::new(checkout().join("deploy/broker.sh"));
        command.args(["start", "--port", port, "--folder"]).arg(self.folder.path()).env("KAFKA_HEAP", "512m");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}
