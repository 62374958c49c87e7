//! Reference data: a file in which a council says which service its queues and categories belong to,
//! what its measures should reach and where they stood, which days are holidays and what it did, to
//! events.
//!
//! Owns the forms of the file, TOML, CSV and the published JSON of bank holidays, and what is wrong
//! enough to refuse it. Which keys there are, and what they hold, is said by the schemas of
//! `reference`. A file is loaded as a
//! whole or not at all, and everything that is wrong with it is said at once: it was written by
//! hand, and is mended in one go. Only what is no TOML at all hides the rest. Whether a measure
//! exists is not looked at, because a council may set targets before it can measure.
//! Statements come from a file; events go to the caller. The newest statement about a matter holds.

mod csv_file;
mod entry;
mod json_file;
mod kind;
mod problem;
mod statement;
#[cfg(test)]
mod tests;
mod toml_file;
mod value;

pub use problem::Problem;

use entry::Entry;
use schemas::Event;
use statement::Statement;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the file itself does not say.
#[derive(Debug, Clone)]
pub struct ReferenceOptions {
    /// Who says so, such as `reference`; part of every event's id.
    pub source: String,
    /// When it is said, in microseconds since 1970-01-01 UTC; part of every event's id, so that a
    /// file that is loaded again later is said again.
    pub said_at_micros: i64,
}

/// Why a file was not loaded. No part of it was.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file's name does not tell its form; rename it.
    #[error("{path}: expected a file whose name ends in `.toml`, `.csv` or `.json`")]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read; check the path.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is wrong in these places, in order of the lines; mend them all.
    #[error("{path}: nothing was loaded, because of {}{}", count(problems), listed(problems))]
    Refused {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it; never empty.
        problems: Vec<Problem>,
    },
    /// An event does not fit its schema: the time at which it is said is outside the years 1 to 9999,
    /// or the adapter is at fault.
    #[error(transparent)]
    Event(#[from] schemas::Error),
}

/// Reads a file: TOML with tables such as `[[queue]]` and `[[target]]`, CSV with one kind of them, told
/// by its heading, or JSON with the bank holidays of the United Kingdom as they are published. Events
/// are in order of the file, and every one can be written.
///
/// # Errors
/// [`ReferenceError`]; then nothing of the file is to be used.
pub fn read(path: &Path, options: &ReferenceOptions) -> Result<Vec<Event>, ReferenceError> {
    let entries = form(path).ok_or_else(|| ReferenceError::Form { path: path.to_owned() })?;
    let bytes = fs::read(path).map_err(|source| ReferenceError::Read { path: path.to_owned(), source })?;
    let (entries, mut problems) = entries(&bytes);
    let statements = statements(&entries, &mut problems);
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.line);
        return Err(ReferenceError::Refused { path: path.to_owned(), problems });
    }
    let event = |statement: Statement| {
        let event = statement.into_event(options);
        event.to_record().map(|_| event)
    };
    statements.into_iter().map(event).collect::<Result<_, _>>().map_err(ReferenceError::from)
}

/// Takes a file apart, as far as it can be.
type Reader = fn(&[u8]) -> (Vec<Entry>, Vec<Problem>);

fn form(path: &Path) -> Option<Reader> {
    match path.extension()?.to_ascii_lowercase().to_str()? {
        "toml" => Some(toml_file::entries),
        "csv" => Some(csv_file::entries),
        "json" => Some(json_file::entries),
        _ => None,
    }
}

/// What the entries say, each matter once.
fn statements(entries: &[Entry], problems: &mut Vec<Problem>) -> Vec<Statement> {
    let mut lines = HashMap::new();
    let mut statements = Vec::new();
    for entry in entries {
        let (statement, faults) = Statement::read(entry);
        problems.extend(faults);
        if let Some(matter) = statement.matter()
            && let Some(earlier) = lines.insert(matter, entry.line)
        {
            let expected = format!("each {} once", entry.kind.matter.join(" and "));
            problems.push(entry.problem(&format!("what line {earlier} is about, again"), &expected));
        }
        statements.push(statement);
    }
    statements
}

fn count(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "one problem".to_owned(),
        count => format!("{count} problems"),
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
