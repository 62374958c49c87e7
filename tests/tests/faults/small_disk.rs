//! A disk of a few MiB of a test's own: a file system in memory, in a namespace that only the test's
//! processes enter, so that nothing of it is left, whatever becomes of the test.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const SIZE: &str = "6m";
const FILLER: &str = ".filler";
const BLOCK: [u8; 4096] = [0; 4096];

pub(crate) struct SmallDisk {
    /// Has the namespace as long as it lives.
    keeper: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Puts one at the folder; `None` where the system does not let us.
    pub(crate) fn at(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let script = format!("mount -t tmpfs -o size={SIZE} none \"$1\" && echo ready && exec sleep infinity");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(folder);
        let mut keeper = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut told = String::new();
        BufReader::new(keeper.stdout.take()?).read_line(&mut told).unwrap();
        let disk = Self { keeper, folder: folder.to_owned() };
        (told == "ready\n").then_some(disk)
    }

    /// What a command is put behind so that it sees the disk.
    pub(crate) fn enter(&self) -> Vec<String> {
        let target = self.keeper.id().to_string();
        let words = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", &target];
        // Entering a mount namespace leaves the working directory behind.
        let words = words.iter().map(|word| (*word).to_owned());
        words.chain([format!("--wdns={}", self.folder.parent().unwrap().display())]).collect()
    }

    /// Where a path of the namespace is for who is not in it.
    pub(crate) fn seen_from_outside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(path.strip_prefix("/").unwrap())
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        while filler.write_all(&BLOCK).is_ok() {}
    }

    /// Gives the room back.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.seen_from_outside(&self.folder.join(FILLER))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
