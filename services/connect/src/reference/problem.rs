//! One thing that is wrong with a file.

use std::fmt;

/// Where a file is wrong, what was found there, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; of an entry of several lines, the one at fault or the first.
    pub line: u64,
    /// Which entry of a TOML file, such as `queue 2`; a row of a CSV file is its line.
    pub entry: Option<String>,
    /// The key or column, where one is at fault.
    pub key: Option<String>,
    /// What is there.
    pub found: String,
    /// What should be.
    pub expected: String,
    /// The known name that may have been meant.
    pub nearest: Option<String>,
}

impl Problem {
    pub(super) fn new(line: u64, found: &str, expected: &str) -> Self {
        let (found, expected) = (found.to_owned(), expected.to_owned());
        Self { line, entry: None, key: None, found, expected, nearest: None }
    }

    pub(super) fn of(self, entry: Option<String>) -> Self {
        Self { entry, ..self }
    }

    pub(super) fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(super) fn near(self, nearest: Option<&str>) -> Self {
        Self { nearest: nearest.map(str::to_owned), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(entry) = &self.entry {
            write!(f, ", {entry}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", `{key}`")?;
        }
        write!(f, ": found {}, expected {}", self.found, self.expected)?;
        match &self.nearest {
            Some(name) => write!(f, " (did you mean `{name}`?)"),
            None => Ok(()),
        }
    }
}

/// A text of the file as a message shows it: on one line, and not endless.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let visible = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let rest = if text.chars().count() > LONGEST { "…" } else { "" };
    format!("`{}{rest}`", text.chars().take(LONGEST).map(visible).collect::<String>())
}

/// Names as a message lists them.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
