//! One value in the form in which both sides are compared.
//!
//! The form is that of the lake's columns, whatever the record's schema called the type: a whole
//! number is 64 bits wide, an instant is in microseconds, a day counts from 1970, a decimal is in
//! units of its last place. A row is kept as one digest of 64 bits a column, 0 for null, so that a
//! difference can be named by its column and a window of rows takes little room. Both sides are
//! digested in the same process; the digests mean nothing outside it.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A value that is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Cell {
    Text(String),
    Number(i64),
    Truth(bool),
    Bytes(Vec<u8>),
    /// Microseconds since 1970, UTC.
    Instant(i64),
    /// Days since 1970-01-01.
    Day(i64),
    /// Units of the last place.
    Decimal(i128),
    Texts(Vec<String>),
}

/// One digest for each column of a table, in the order of the columns compared.
pub(crate) type Digests = Box<[u64]>;

pub(crate) fn digests(row: &[Option<Cell>]) -> Digests {
    row.iter().map(Option::as_ref).map(digest).collect()
}

fn digest(cell: Option<&Cell>) -> u64 {
    let Some(cell) = cell else { return 0 };
    let mut hasher = DefaultHasher::new();
    cell.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_an_empty_text_and_an_empty_list_are_three_things() {
        let row = digests(&[
            None,
            Some(Cell::Text(String::new())),
            Some(Cell::Texts(vec![])),
            Some(Cell::Texts(vec!["".to_owned()])),
        ]);
        assert_eq!(row[0], 0);
        assert!(row.iter().enumerate().all(|(place, one)| !row[..place].contains(one)), "{row:?}");
    }

    #[test]
    fn lists_are_not_joined() {
        let list = |texts: &[&str]| Some(Cell::Texts(texts.iter().map(|text| (*text).to_owned()).collect()));
        let row = digests(&[list(&["ab", "c"]), list(&["a", "bc"]), list(&["abc"])]);
        assert!(row[0] != row[1] && row[1] != row[2] && row[0] != row[2]);
        assert_eq!(row, digests(&[list(&["ab", "c"]), list(&["a", "bc"]), list(&["abc"])]));
    }
}
