//! The refused rows, in a file beside the input, for whoever can mend them.

use super::Refused;
use csv::{ByteRecord, WriterBuilder};
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The columns that stand after those of the input; a mended file may keep them.
pub(crate) const ADDED_COLUMNS: [&str; 2] = ["line", "reason"];

/// Where the refused rows of `input` go.
pub fn refused_path(input: &Path) -> PathBuf {
    beside(input, ".rejected.csv")
}

/// Writes the refused rows of `input` to [`refused_path`], with their line and the reason, and
/// returns that path. Without any, the file of an earlier run is removed.
///
/// A row with fewer cells than the heading is filled up; one with more is longer than the heading.
///
/// # Errors
/// The file cannot be written or removed.
pub fn write_rejected<R: fmt::Display>(
    input: &Path,
    heading: &ByteRecord,
    refused: &[Refused<R>],
) -> io::Result<Option<PathBuf>> {
    let path = refused_path(input);
    if refused.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(None),
        };
    }
    // Renamed when complete, so that half a file is never taken for all of it.
    let unfinished = beside(input, ".rejected.csv.unfinished");
    write(&open_like(input, &unfinished)?, heading, refused)?;
    fs::rename(&unfinished, &path)?;
    Ok(Some(path))
}

fn beside(input: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(input);
    name.push(ending);
    PathBuf::from(name)
}

/// The rows name people: whoever may not read the input may not read them either.
fn open_like(input: &Path, path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    if let Ok(metadata) = fs::metadata(input) {
        file.set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

fn write<R: fmt::Display>(file: &File, heading: &ByteRecord, refused: &[Refused<R>]) -> io::Result<()> {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(file);
    let mut row = heading.clone();
    ADDED_COLUMNS.iter().for_each(|column| row.push_field(column.as_bytes()));
    writer.write_byte_record(&row)?;
    for one in refused {
        row.clone_from(&one.fields);
        while row.len() < heading.len() {
            row.push_field(b"");
        }
        row.push_field(one.line.to_string().as_bytes());
        row.push_field(one.reason.to_string().as_bytes());
        writer.write_byte_record(&row)?;
    }
    writer.flush()
}
