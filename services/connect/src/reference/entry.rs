//! A table or row of a file, taken apart but not yet understood.

use super::Problem;
use super::kind::Kind;
use super::problem::quoted;
use std::fmt;

pub(super) struct Entry {
    pub(super) kind: &'static Kind,
    pub(super) line: u64,
    /// How a message names it, where the line does not say enough.
    pub(super) name: Option<String>,
    pub(super) cells: Vec<Cell>,
    /// Keys that the whole file lacks: said once already.
    pub(super) lacking: Vec<&'static str>,
}

/// A key with what stands there.
pub(super) struct Cell {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) raw: Raw,
}

/// What stands in a file. Numbers are kept as they are written: none passes through a binary float.
pub(super) enum Raw {
    /// A text without the blanks around it. In a CSV file everything is text.
    Text(String),
    Integer(String),
    Float(String),
    Boolean(bool),
    /// A day, a time, or both.
    Date(String),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

impl Entry {
    pub(super) fn cell(&self, key: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.key == key)
    }

    /// Something that is wrong with the entry as a whole.
    pub(super) fn problem(&self, found: &str, expected: &str) -> Problem {
        Problem::new(self.line, found, expected).of(self.name.clone())
    }
}

impl Raw {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.trim().to_owned())
    }
}

/// As a message says what was found.
impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if text.is_empty() => f.write_str("nothing"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Integer(number) | Self::Float(number) => write!(f, "the number {number}"),
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::Date(date) => write!(f, "the time {date}"),
            Self::List(_) => f.write_str("a list"),
            Self::Table(_) => f.write_str("a table"),
        }
    }
}
