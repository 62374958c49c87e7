//! Reference files: whole ones of each form, and every refusal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accepted;
mod calendars;
mod categories;
mod differences;
mod examples;
mod refused_csv;
mod refused_toml;
mod registers;
mod several_files;

use super::{ReferenceError, ReferenceOptions, read};
use schemas::{Event, Value};
use std::fs;

/// 2026-04-01T09:00:00Z.
const SAID_AT: i64 = 1_775_034_000_000_000;

fn options() -> ReferenceOptions {
    ReferenceOptions { source: "reference".to_owned(), said_at_micros: SAID_AT }
}

fn load(name: &str, bytes: &[u8], options: &ReferenceOptions) -> Result<Vec<Event>, ReferenceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    Ok(read(&[path], options)?.into_iter().map(|said| said.event).collect())
}

fn accepted(name: &str, text: &str) -> Vec<Event> {
    load(name, text.as_bytes(), &options()).unwrap_or_else(|error| panic!("{error}"))
}

/// The problems of a file, as they are shown.
fn refused(name: &str, bytes: &[u8]) -> Vec<String> {
    match load(name, bytes, &options()) {
        Err(ReferenceError::Refused { files }) => {
            files.iter().flat_map(|file| &file.problems).map(ToString::to_string).collect()
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(bytes)),
    }
}

fn day(text: &str) -> Value {
    Value::Date(text.parse::<chrono::NaiveDate>().unwrap().to_epoch_days())
}
