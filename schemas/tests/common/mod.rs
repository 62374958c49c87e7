//! What several tests need: the samples, and any value as text, whatever library it comes from.
#![allow(dead_code, reason = "no test file needs all of it")]

pub(crate) mod answered;
pub(crate) mod blocked;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use schemas::{Event, Source, WriterDecoder, catalogue};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// One file of `<source>/samples/`.
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) event_type: String,
    pub(crate) passes: bool,
    pub(crate) json: Json,
}

impl Sample {
    pub(crate) fn record(&self) -> Vec<u8> {
        let event = Event::from_json(&self.event_type, &self.json);
        event.and_then(|event| event.to_record()).unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    pub(crate) fn source(&self) -> &'static Source {
        catalogue().event_type(&self.event_type).unwrap_or_else(|| panic!("{}: unknown type", self.file)).0
    }

    pub(crate) fn decoder(&self) -> WriterDecoder {
        let id = catalogue().latest(&self.event_type).unwrap().id;
        WriterDecoder::new(catalogue(), self.source(), id).unwrap().unwrap()
    }
}

/// The samples of all sources, in order of their file names.
pub(crate) fn samples() -> Vec<Sample> {
    let folders = catalogue().sources.keys().map(|source| root().join(source).join("samples"));
    let mut files: Vec<PathBuf> = folders.flat_map(entries).collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

/// The samples that are events.
pub(crate) fn pass_samples() -> Vec<Sample> {
    samples().into_iter().filter(|sample| sample.passes).collect()
}

/// The folder of this package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files in a folder.
pub(crate) fn entries(folder: PathBuf) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listing.map(|entry| entry.unwrap().path()).collect()
}

fn read(path: &Path) -> Sample {
    let file = path.file_name().unwrap().to_str().unwrap().to_owned();
    let parts: Vec<&str> = file.split('.').collect();
    let [event_type, _reason, verdict @ ("pass" | "fail"), "json"] = parts[..] else {
        panic!("{}: is not <event>.<reason>.pass.json or .fail.json", path.display());
    };
    let json = serde_json::from_str(&std::fs::read_to_string(path).unwrap());
    Sample {
        event_type: event_type.to_owned(),
        passes: verdict == "pass",
        json: json.unwrap_or_else(|error| panic!("{file}: {error}")),
        file,
    }
}

/// The value of a column in a row as text: ids as 32 hexadecimal digits, times in RFC 3339,
/// lists as JSON; `None` is null.
pub(crate) fn cell(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
    if column.is_null(row) {
        return None;
    }
    if let Some(lists) = column.as_list_opt::<i32>() {
        let texts = lists.value(row);
        let texts: Vec<&str> = texts.as_string::<i32>().iter().map(Option::unwrap).collect();
        return Some(serde_json::to_string(&texts).unwrap());
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
    Some(formatter.value(row).to_string())
}
