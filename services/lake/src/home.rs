//! The lake's folder, and the marker that says it is ours.

use crate::{Error, Table, TableSpec};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use url::Url;

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
const FORMAT: u32 = 1;
const PROBE: &str = ".writable";
/// A file without bytes can be made on a disk that is full.
const PROBE_BYTES: usize = 4_096;

impl Lake {
    /// Opens the lake in `folder`, making it if the folder is absent or empty.
    ///
    /// # Errors
    /// [`Error::Home`] when the folder holds something else; [`Error::Io`].
    pub fn open_or_create(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(io_at(folder))?;
        let is_empty = std::fs::read_dir(folder).map_err(io_at(folder))?.next().is_none();
        if is_empty {
            let marker = serde_json::json!(Marker { format: FORMAT }).to_string();
            std::fs::write(folder.join(MARKER), marker).map_err(io_at(folder))?;
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
    /// [`Error::Io`].
    pub fn tables(&self) -> Result<Vec<String>, Error> {
        let mut tables = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(io_at(&self.folder))? {
            let entry = entry.map_err(io_at(&self.folder))?;
            if entry.path().join("_delta_log").is_dir() {
                tables.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        tables.sort();
        Ok(tables)
    }

    /// Opens a table at its newest version, if it exists.
    ///
    /// # Errors
    /// [`Error::Delta`], [`Error::Unsupported`].
    pub async fn open_table(&self, name: &str) -> Result<Option<Table>, Error> {
        if !self.folder.join(name).join("_delta_log").is_dir() {
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

    fn table_url(&self, name: &str) -> Result<Url, Error> {
        let url = Url::from_directory_path(self.folder.join(name)).ok();
        let url = url.and_then(|url| Url::parse(&format!("{}://{}", self.scheme, url.path())).ok());
        url.ok_or_else(|| Error::Home {
            folder: self.folder.clone(),
            problem: format!("cannot hold a table named `{name}`"),
        })
    }
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
