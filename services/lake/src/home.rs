//! The lake's folder, and the marker that says it is ours.

use crate::{Error, Table, TableSpec};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use url::Url;
use uuid::Uuid;

/// A folder of Delta tables.
#[derive(Debug, Clone)]
pub struct Lake {
    folder: PathBuf,
    scheme: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
}

const MARKER: &str = "switchboard-lake.json";
/// How the names of markers begin that somebody is writing, or was when it was killed.
const MARKER_IN_THE_MAKING: &str = "switchboard-lake.json.";
const FORMAT: u32 = 1;
pub(crate) const LOG_FOLDER: &str = "_delta_log";
const PROBE: &str = ".writable";
/// A file without bytes can be made on a disk that is full.
const PROBE_BYTES: usize = 4_096;

impl Lake {
    /// Opens the lake in `folder`, making it if the folder is absent or empty. Several processes may do so
    /// at once.
    ///
    /// # Errors
    /// [`Error::Home`] when the folder holds something else; [`Error::Io`].
    pub fn open_or_create(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(io_at(folder))?;
        if names_in(folder)?.iter().all(|name| name.starts_with(MARKER_IN_THE_MAKING)) {
            mark(folder).map_err(io_at(folder))?;
        }
        Self::open(folder)
    }

    /// Opens the lake in `folder`.
    ///
    /// # Errors
    /// [`Error::Home`] when there is none, or the folder is not one; [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let fault = |problem: &str| Error::Home { folder: folder.to_owned(), problem: problem.to_owned() };
        let folder_path = folder.canonicalize().map_err(|_| {
            fault("there is no lake here yet; import or ingest something first, or set `lake.folder`")
        })?;
        let text = std::fs::read_to_string(folder_path.join(MARKER)).map_err(|_| {
            fault(&format!(
                "holds files but no {MARKER}, so it is not a Switchboard lake and is left alone; \
                 set `lake.folder` to an empty folder or to the lake"
            ))
        })?;
        let marker: Option<Marker> = serde_json::from_str(&text).ok();
        if marker.is_none_or(|marker| marker.format != FORMAT) {
            return Err(fault(&format!("{MARKER} is not of format {FORMAT}; use the version that wrote it")));
        }
        Ok(Self { folder: folder_path, scheme: "file" })
    }

    /// The lake's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether something can be written to the lake, tried with a small file that is removed again.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder is gone, cannot be written, or its disk is full.
    pub fn check_writable(&self) -> Result<(), Error> {
        let probe = self.folder.join(format!("{PROBE}-{}", std::process::id()));
        let written = std::fs::write(&probe, [0u8; PROBE_BYTES]);
        // What could not be written in full is removed as well; another look may have done it.
        let removed = match std::fs::remove_file(&probe) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        written.and(removed).map_err(io_at(&self.folder))
    }

    /// The same lake, its tables written by way of another URL scheme, whose storage must have been
    /// registered with Delta. Reading by SQL goes to the folder as ever.
    #[must_use]
    pub fn by_scheme(self, scheme: &'static str) -> Self {
        Self { scheme, ..self }
    }

    /// The names of all tables, in order.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Home`] for a table that has lost its log.
    pub fn tables(&self) -> Result<Vec<String>, Error> {
        let mut tables = names_in(&self.folder)?;
        let mut problem = Ok(());
        tables.retain(|name| match self.has_table(name) {
            Ok(is_there) => is_there,
            Err(error) => {
                problem = Err(error);
                false
            }
        });
        problem?;
        tables.sort();
        Ok(tables)
    }

    /// Opens a table at its newest version, if it exists.
    ///
    /// # Errors
    /// [`Error::Delta`], [`Error::Unsupported`], [`Error::Io`]; [`Error::Home`] when it has lost its log.
    pub async fn open_table(&self, name: &str) -> Result<Option<Table>, Error> {
        if !self.has_table(name)? {
            return Ok(None);
        }
        Table::load(name, self.table_url(name)?, None).await.map(Some)
    }

    /// Opens a table at a version.
    ///
    /// # Errors
    /// [`Error::Delta`] also when the version is not there.
    pub async fn open_table_at(&self, name: &str, version: u64) -> Result<Table, Error> {
        Table::load(name, self.table_url(name)?, Some(version)).await
    }

    /// Opens a table, creating it as `spec` says if it is absent.
    ///
    /// # Errors
    /// [`Error::Delta`], [`Error::Io`].
    pub async fn open_or_create_table(&self, spec: &TableSpec) -> Result<Table, Error> {
        if let Some(table) = self.open_table(&spec.name).await? {
            return Ok(table);
        }
        let folder = self.folder.join(&spec.name);
        std::fs::create_dir_all(&folder).map_err(io_at(&folder))?;
        Table::create(spec, self.table_url(&spec.name)?).await
    }

    /// A folder for the log alone is what a creation leaves that found the disk full or was killed: there
    /// is no table yet, and whoever needs it makes it.
    fn has_table(&self, name: &str) -> Result<bool, Error> {
        let folder = self.folder.join(name);
        let log = folder.join(LOG_FOLDER);
        if !log.is_dir() {
            return Ok(false);
        }
        if names_in(&log)?.iter().any(|name| is_version(name)) {
            return Ok(true);
        }
        if names_in(&folder)?.iter().any(|name| name != LOG_FOLDER) {
            let problem =
                format!("holds files of a table but nothing of its log; put {LOG_FOLDER} back from a backup");
            return Err(Error::Home { folder, problem });
        }
        Ok(false)
    }

    fn table_url(&self, name: &str) -> Result<Url, Error> {
        let url = Url::from_directory_path(self.folder.join(name)).ok();
        let url = url.and_then(|url| Url::parse(&format!("{}://{}", self.scheme, url.path())).ok());
        url.ok_or_else(|| Error::Home {
            folder: self.folder.clone(),
            problem: format!("cannot hold a table named `{name}`"),
        })
    }
}

/// Puts the marker into a folder, at once as a whole: half a marker would make the folder one that is not
/// ours, for whoever looks just then and for good where the disk is full.
fn mark(folder: &Path) -> std::io::Result<()> {
    let beginning = folder.join(format!("{MARKER_IN_THE_MAKING}{}", Uuid::new_v4()));
    let text = serde_json::json!(Marker { format: FORMAT }).to_string();
    let put = std::fs::write(&beginning, text).and_then(|()| std::fs::rename(&beginning, folder.join(MARKER)));
    if put.is_err() {
        // It may also not have been made.
        let _ = std::fs::remove_file(&beginning);
    }
    put
}

/// Whether a file of a log is a commit or a checkpoint: those are named by their version's 20 digits.
fn is_version(name: &str) -> bool {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    digits == 20 && (name.ends_with(".json") || name.ends_with(".parquet"))
}

fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(io_at(folder))?;
    Ok(entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

fn io_at(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn many_may_make_a_lake_at_once() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let made: Vec<_> = std::thread::scope(|scope| {
                let making: Vec<_> = (0..8).map(|_| scope.spawn(|| Lake::open_or_create(folder.path()))).collect();
                making.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(made.iter().all(Result::is_ok), "{made:?}");
            assert_eq!(names_in(folder.path()).unwrap(), [MARKER]);
        }
    }

    #[test]
    fn a_marker_that_somebody_was_killed_over_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(format!("{MARKER}.0")), "{").unwrap();
        assert!(Lake::open(folder.path()).is_err());
        Lake::open_or_create(folder.path()).unwrap();
        Lake::open(folder.path()).unwrap();
    }

    #[test]
    fn a_look_whether_it_can_be_written_leaves_nothing_behind() {
        let folder = tempfile::TempDir::new().unwrap();
        let lake = Lake::open_or_create(folder.path()).unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        lake.check_writable().unwrap();
        assert_eq!(names().collect::<Vec<_>>(), [MARKER]);
        std::fs::remove_dir_all(folder.path()).unwrap();
        let told = lake.check_writable().unwrap_err();
        assert!(matches!(told, Error::Io { source, .. } if source.kind() == ErrorKind::NotFound));
    }
}
