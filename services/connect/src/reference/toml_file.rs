//! A TOML file to entries, each where it stands.

use super::Problem;
use super::entry::{Cell, Entry, Raw};
use super::kind::{KINDS, Kind};
use super::problem::quoted;
use crate::nearest::nearest;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// The entries in order of the file. A file that is no TOML has none: what could be recovered of it
/// is not what was meant.
pub(super) fn entries(bytes: &[u8]) -> (Vec<Entry>, Vec<Problem>) {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let lines = Lines::of(bytes);
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = lines.at(error.valid_up_to());
            return (Vec::new(), vec![Problem::new(line, "bytes that are not UTF-8", "UTF-8 text")]);
        }
    };
    let (file, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return (Vec::new(), syntax(&errors, text, &lines));
    }
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in file.get_ref() {
        match KINDS.iter().find(|kind| kind.name == name.get_ref().as_ref()) {
            Some(kind) => tables(kind, value, &lines, &mut entries, &mut problems),
            None => problems.push(unknown(name.get_ref(), lines.at(name.span().start))),
        }
    }
    if entries.is_empty() && problems.is_empty() {
        problems.push(Problem::new(1, "no table", &expected()));
    }
    entries.sort_by_key(|entry: &Entry| entry.line);
    (entries, problems)
}

/// What the parser says, once a line: it may stumble again over what it has not understood.
fn syntax(errors: &[toml::de::Error], text: &str, lines: &Lines) -> Vec<Problem> {
    let place = |error: &toml::de::Error| error.span().map_or(1, |span| lines.at(span.start));
    let by_line: BTreeMap<u64, &str> = errors.iter().rev().map(|error| (place(error), error.message())).collect();
    let problem = |(line, message): (u64, &str)| {
        let row = usize::try_from(line).ok().and_then(|line| text.lines().nth(line - 1)).unwrap_or_default();
        let found = format!("{}, which is no TOML ({message})", quoted(row.trim()));
        Problem::new(line, &found, "`key = value`, with every text in quotes")
    };
    by_line.into_iter().map(problem).collect()
}

fn unknown(name: &str, line: u64) -> Problem {
    Problem::new(line, &format!("an unknown table {}", quoted(name)), &expected())
        .near(nearest(name, KINDS.iter().map(|kind| kind.name)))
}

fn expected() -> String {
    let tables: Vec<_> = KINDS.iter().map(|kind| format!("`[[{}]]`", kind.name)).collect();
    format!("tables {}", tables.join(", "))
}

/// The tables of one kind.
fn tables(
    kind: &'static Kind,
    value: &Spanned<DeValue<'_>>,
    lines: &Lines,
    entries: &mut Vec<Entry>,
    problems: &mut Vec<Problem>,
) {
    let name = kind.name;
    let wrong = |value: &Spanned<DeValue<'_>>, found: &str| {
        Problem::new(lines.at(value.span().start), found, &format!("tables headed `[[{name}]]`"))
    };
    let DeValue::Array(tables) = value.get_ref() else {
        let single = format!("a single `{name}`");
        return problems.push(wrong(value, &single));
    };
    for (place, value) in tables.iter().enumerate() {
        match value.get_ref() {
            DeValue::Table(table) => entries.push(Entry {
                kind,
                line: lines.at(value.span().start),
                name: Some(format!("{name} {}", place + 1)),
                cells: cells(table, lines),
                lacking: Vec::new(),
            }),
            other => problems.push(wrong(value, &raw(other).to_string())),
        }
    }
}

fn cells(table: &DeTable<'_>, lines: &Lines) -> Vec<Cell> {
    let cell = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Cell {
        key: AsRef::<str>::as_ref(key.get_ref()).to_owned(),
        line: lines.at(key.span().start),
        raw: raw(value.get_ref()),
    };
    table.iter().map(cell).collect()
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::text(text),
        DeValue::Integer(number) => Raw::Integer(decimal_digits(number)),
        DeValue::Float(number) => Raw::Float(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Raw::Boolean(*flag),
        DeValue::Datetime(time) => Raw::Date(time.to_string()),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(table) => {
            let pair = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                (AsRef::<str>::as_ref(key.get_ref()).to_owned(), raw(value.get_ref()))
            };
            Raw::Table(table.iter().map(pair).collect())
        }
    }
}

/// An integer may be written to another base.
fn decimal_digits(number: &DeInteger<'_>) -> String {
    let read = i64::from_str_radix(number.as_str(), number.radix());
    read.map_or_else(|_| number.to_string(), |number| number.to_string())
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        Self(std::iter::once(0).chain(breaks.map(|(place, _)| place + 1)).collect())
    }

    /// The line, from 1, of a place in the text.
    fn at(&self, place: usize) -> u64 {
        self.0.partition_point(|start| *start <= place) as u64
    }
}
