//! Looking for words in bytes: whether anything that names a person can be read in a file.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is looked for, by its first bytes, so that large files are searched in one pass.
pub(crate) struct Search<'a>(HashMap<[u8; 4], Vec<&'a [u8]>>);

impl<'a> Search<'a> {
    /// For these words. Those shorter than 7 bytes are left out: they turn up in any large file by chance.
    pub(crate) fn of(words: impl Iterator<Item = &'a str>) -> Self {
        let mut by_start: HashMap<[u8; 4], Vec<&[u8]>> = HashMap::new();
        for word in words.filter(|word| word.len() >= 7).map(str::as_bytes) {
            by_start.entry(word[..4].try_into().unwrap()).or_default().push(word);
        }
        Self(by_start)
    }

    /// The first of them that stands in the bytes; digits must stand alone, since part of a longer
    /// number says nothing.
    pub(crate) fn first_in(&self, bytes: &[u8]) -> Option<String> {
        let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        let is_part = |at: usize, word: &[u8]| {
            word.iter().all(u8::is_ascii_digit) && (is_digit(at.checked_sub(1)) || is_digit(Some(at + word.len())))
        };
        bytes.windows(4).enumerate().find_map(|(at, start)| {
            let words = self.0.get(<&[u8; 4]>::try_from(start).unwrap())?;
            let found = words.iter().find(|word| bytes[at..].starts_with(word) && !is_part(at, word))?;
            Some(String::from_utf8_lossy(found).into_owned())
        })
    }
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
