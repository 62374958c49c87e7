//! Reference data: files in which a council says which service its queues and categories belong to,
//! what its measures should reach and where they stood, what was published of them, which days are
//! holidays, what it did, which call centres the numbers speak for and what it counted by hand, to
//! events.
//!
//! Owns the forms of the files, TOML, CSV and the published JSON of bank holidays, what is wrong
//! enough to refuse them, and what a statement changes of what was said before. Which keys there are,
//! and what they hold, is said by the schemas of `reference`. All files are loaded or none, and
//! everything that is wrong with them is said at once: they were written by hand, and are mended in
//! one go. Only what is no TOML at all hides the rest. Whether a measure exists is not looked at,
//! because a council may set targets before it can measure.
//! Statements come from files; events go to the caller. The newest statement about a matter holds.

mod csv_file;
mod difference;
mod entry;
mod json_file;
mod kind;
mod problem;
mod statement;
#[cfg(test)]
mod tests;
mod toml_file;
mod value;

pub use difference::{Change, ChangedKey, changes};
pub use problem::Problem;

use entry::Entry;
use schemas::Event;
use statement::Statement;
use std::collections::HashMap;
use std::fmt;
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

/// A statement of a file.
#[derive(Debug, Clone)]
pub struct Said {
    /// Which of the files says it, counted from 0 in the order in which they were given.
    pub file: usize,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What it is about, such as `queue TAX, 2024-04-01`.
    pub about: String,
    /// The event that says it.
    pub event: Event,
}

/// A file that is wrong.
#[derive(Debug)]
pub struct RefusedFile {
    /// The file.
    pub path: PathBuf,
    /// All that is wrong with it, in order of the lines; never empty.
    pub problems: Vec<Problem>,
}

/// Why nothing was loaded, of any of the files.
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
    /// These files are wrong, in these places; mend them all.
    #[error("{}", files.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused {
        /// The files that are wrong; never empty.
        files: Vec<RefusedFile>,
    },
    /// An event does not fit its schema: the time at which it is said is outside the years 1 to 9999,
    /// or the adapter is at fault.
    #[error(transparent)]
    Event(#[from] schemas::Error),
}

impl fmt::Display for RefusedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.problems.len() {
            1 => "one problem".to_owned(),
            count => format!("{count} problems"),
        };
        write!(f, "{}: nothing was loaded, because of {count}", self.path.display())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Reads files: TOML with tables such as `[[queue]]` and `[[target]]`, CSV with one kind of them, told
/// by its heading, or JSON with the bank holidays of the United Kingdom as they are published. The
/// statements are in order of the files, and every event can be written.
///
/// # Errors
/// [`ReferenceError`]; then nothing of any file is to be used.
pub fn read(paths: &[PathBuf], options: &ReferenceOptions) -> Result<Vec<Said>, ReferenceError> {
    let (mut said, mut refused) = (Vec::new(), Vec::new());
    let mut places = Places { paths, known: HashMap::new() };
    for (file, path) in paths.iter().enumerate() {
        let (entries, mut problems) = open(path)?;
        for (line, statement) in statements(file, &entries, &mut places, &mut problems) {
            let (about, event) = (statement.about(), statement.into_event(options));
            said.push(Said { file, line, about, event });
        }
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.line);
            refused.push(RefusedFile { path: path.to_owned(), problems });
        }
    }
    if !refused.is_empty() {
        return Err(ReferenceError::Refused { files: refused });
    }
    said.iter().try_for_each(|said| said.event.to_record().map(drop))?;
    Ok(said)
}

fn open(path: &Path) -> Result<(Vec<Entry>, Vec<Problem>), ReferenceError> {
    let entries = form(path).ok_or_else(|| ReferenceError::Form { path: path.to_owned() })?;
    let bytes = fs::read(path).map_err(|source| ReferenceError::Read { path: path.to_owned(), source })?;
    Ok(entries(&bytes))
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

/// Where each matter was spoken of: the file and the line.
struct Places<'a> {
    paths: &'a [PathBuf],
    known: HashMap<(&'static str, String), (usize, u64)>,
}

/// What the entries of a file say, with their lines; each matter once over all files.
fn statements(
    file: usize,
    entries: &[Entry],
    places: &mut Places<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(u64, Statement)> {
    let mut statements = Vec::new();
    for entry in entries {
        let (statement, faults) = Statement::read(entry);
        problems.extend(faults);
        if let Some(matter) = statement.matter()
            && let Some((earlier, line)) = places.known.insert(matter, (file, entry.line))
        {
            let expected = format!("each {} once", entry.kind.matter.join(" and "));
            let of_file = match earlier == file {
                true => String::new(),
                false => format!(" of {}", places.paths[earlier].display()),
            };
            problems.push(entry.problem(&format!("what line {line}{of_file} is about, again"), &expected));
        }
        statements.push((entry.line, statement));
    }
    statements
}
