//! The first line of a file of rows: its cells, and the sentences that say what is wrong with them.
//! Which columns there are is the adapter's to say.

use crate::Error;
use crate::lines::Line;
use crate::nearest::nearest;
use csv::StringRecord;

/// The cells of the first line, if there is one and it is text.
pub(crate) fn read(first: Option<&Line>, expected: &str) -> Result<StringRecord, Error> {
    let problem = match first {
        None => "the file is empty",
        Some(line) if line.too_long => "is too long for a heading",
        Some(line) => match StringRecord::from_byte_record(line.fields()) {
            Ok(cells) => return Ok(cells),
            Err(_) => "is not UTF-8 text; save the file as UTF-8",
        },
    };
    Err(refused(&[problem.to_owned()], expected))
}

/// All that is wrong at once, so that a file is mended in one go.
pub(crate) fn refused(problems: &[String], expected: &str) -> Error {
    Error::Heading { problem: format!("{}; {expected}", problems.join("; ")) }
}

/// A line without any known name may be a row: it is not quoted, because it may name people.
pub(crate) fn no_column(names: &[&str]) -> String {
    let other_separator = |name: &&str| name.contains([';', '\t', '|']);
    if names.iter().any(other_separator) {
        "no known column; the separator must be a comma".to_owned()
    } else {
        "no known column; the heading must be the first line".to_owned()
    }
}

/// The most alike of the known columns that the file does not have, if one is alike enough.
pub(crate) fn suggestion(name: &str, known: &[&str], names: &[&str]) -> String {
    let missing = known.iter().copied().filter(|column| !names.contains(column));
    nearest(name, missing).map_or_else(String::new, |column| format!(" (did you mean `{column}`?)"))
}
