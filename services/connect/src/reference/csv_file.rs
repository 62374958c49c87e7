//! A CSV file to entries, one line a row. Its heading tells what it speaks of. A line that begins
//! with `#` is a comment; an empty cell is a key that is not there.

use super::Problem;
use super::entry::{Cell, Entry, Raw};
use super::kind::{KINDS, Kind};
use super::problem::{names, quoted};
use crate::lines::{Line, Lines};
use crate::nearest::nearest;
use csv::StringRecord;

/// The entries in order of the file; none without a heading that is understood.
pub(super) fn entries(bytes: &[u8]) -> (Vec<Entry>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut rows = rows(bytes, &mut problems).into_iter();
    let Some((line, heading)) = rows.next() else {
        problems.push(Problem::new(1, "no heading", &forms()));
        return (Vec::new(), problems);
    };
    let Some(columns) = Columns::find(line, &heading, &mut problems) else {
        return (Vec::new(), problems);
    };
    let entries: Vec<_> = rows.filter_map(|(line, row)| columns.entry(line, &row, &mut problems)).collect();
    if entries.is_empty() && problems.is_empty() {
        problems.push(Problem::new(line, "a heading without rows", "at least one row"));
    }
    (entries, problems)
}

/// The rows that are text, with their lines.
fn rows(bytes: &[u8], problems: &mut Vec<Problem>) -> Vec<(u64, StringRecord)> {
    let mut rows = Vec::new();
    let mut lines = Lines::new(bytes);
    // Reading from memory has nothing to fail on.
    while let Ok(Some(line)) = lines.next_line() {
        match row(&line) {
            Ok(row) if is_empty(&row) => {}
            Ok(row) => rows.push((line.number, row)),
            Err((found, expected)) => problems.push(Problem::new(line.number, found, expected)),
        }
    }
    rows
}

fn row(line: &Line) -> Result<StringRecord, (&'static str, &'static str)> {
    if is_comment(line) {
        return Ok(StringRecord::new());
    }
    if line.too_long {
        return Err(("a line of more than 64 KiB", "a row of a few hundred bytes"));
    }
    if line.quote_open() {
        return Err(("a quote without its end", "every quote to be closed on its own line"));
    }
    let row = StringRecord::from_byte_record(line.fields());
    row.map_err(|_| ("bytes that are not UTF-8", "UTF-8 text"))
}

fn is_comment(line: &Line) -> bool {
    let bytes = line.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line.bytes);
    bytes.starts_with(b"#")
}

/// Spreadsheets leave rows of commas behind.
fn is_empty(row: &StringRecord) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

struct Columns {
    kind: &'static Kind,
    /// The keys, in order of the cells; none for a column that cannot be used.
    keys: Vec<Option<&'static str>>,
    lacking: Vec<&'static str>,
}

impl Columns {
    /// What is wrong with a heading is said once, and the rows are read as far as they can be.
    fn find(line: u64, heading: &StringRecord, problems: &mut Vec<Problem>) -> Option<Self> {
        let found: Vec<&str> = heading.iter().map(str::trim).collect();
        let Some(kind) = kind(&found) else {
            problems.push(no_column(line, &found));
            return None;
        };
        let expected = names(kind.keys());
        for (place, name) in found.iter().enumerate() {
            if kind.field(name).is_none() {
                let missing = kind.keys().filter(|key| !found.contains(key));
                let problem = Problem::new(line, &format!("an unknown column {}", quoted(name)), &expected);
                problems.push(problem.near(nearest(name, missing)));
            } else if found[..place].contains(name) {
                problems.push(Problem::new(line, "this column twice", "each column once").key(name));
            }
        }
        let lacking: Vec<_> = kind.required().filter(|key| !found.contains(key)).collect();
        for key in &lacking {
            problems.push(Problem::new(line, "no such column", &expected).key(key));
        }
        let key = |name: &&str| kind.field(name).map(|field| kind.key(field));
        Some(Self { kind, keys: found.iter().map(key).collect(), lacking })
    }

    fn entry(&self, line: u64, row: &StringRecord, problems: &mut Vec<Problem>) -> Option<Entry> {
        let (found, expected) = (row.len(), self.keys.len());
        if found != expected {
            let expected = format!("{expected} as in the heading");
            problems.push(Problem::new(line, &format!("{found} cells"), &expected));
            return None;
        }
        let cells = self.keys.iter().zip(row).filter(|(_, cell)| !cell.trim().is_empty());
        let cells = cells
            .filter_map(|(key, cell)| key.map(|key| Cell { key: key.to_owned(), line, raw: Raw::text(cell) }));
        let (cells, lacking) = (cells.collect(), self.lacking.clone());
        Some(Entry { kind: self.kind, line, name: None, cells, lacking })
    }
}

/// The kind that knows most of the columns; among equals the one that requires the fewest others.
/// So one mistyped column does not make a file of targets one of baselines.
fn kind(found: &[&str]) -> Option<&'static Kind> {
    let known = |kind: &Kind| found.iter().filter(|name| kind.field(name).is_some()).count();
    let lacking = |kind: &Kind| kind.required().filter(|key| !found.contains(key)).count();
    let best = KINDS.iter().min_by_key(|kind| (usize::MAX - known(kind), lacking(kind)));
    best.filter(|kind| known(kind) > 0)
}

/// A line without any known name may be a row of any file: it is not quoted.
fn no_column(line: u64, found: &[&str]) -> Problem {
    let other_separator = |name: &&str| name.contains([';', '\t', '|']);
    let hint = if found.iter().any(other_separator) { " and no comma between columns" } else { "" };
    Problem::new(line, &format!("no known column{hint}"), &forms())
}

fn forms() -> String {
    let form = |kind: &Kind| format!("of {}: {}", kind.plural, names(kind.keys()));
    format!("a heading {}", KINDS.iter().map(form).collect::<Vec<_>>().join("; or "))
}
