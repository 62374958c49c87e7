//! The bank holidays of the United Kingdom, in the JSON file that its government publishes, to
//! entries: a calendar a division. What else the file says of a holiday, such as its title, is left
//! out.

use super::Problem;
use super::entry::{Cell, Entry, Raw};
use super::kind::{KINDS, Kind};
use super::problem::quoted;
use serde::Deserialize;
use std::collections::BTreeMap;

const FORM: &str = "the published file of bank holidays: \
                    {\"england-and-wales\": {\"division\": .., \"events\": [{\"date\": ..}, ..]}, ..}";

#[derive(Deserialize)]
struct Division {
    division: String,
    events: Vec<Holiday>,
}

#[derive(Deserialize)]
struct Holiday {
    date: String,
}

/// The entries in order of their lines.
pub(super) fn entries(bytes: &[u8]) -> (Vec<Entry>, Vec<Problem>) {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let divisions: BTreeMap<String, Division> = match serde_json::from_slice(bytes) {
        Ok(divisions) => divisions,
        Err(error) => {
            let line = u64::try_from(error.line()).unwrap_or_default().max(1);
            return (Vec::new(), vec![Problem::new(line, &format!("another file ({error})"), FORM)]);
        }
    };
    let mut problems = Vec::new();
    let Some(kind) = KINDS.iter().find(|kind| kind.name == "calendar") else { return (Vec::new(), problems) };
    if divisions.is_empty() {
        problems.push(Problem::new(1, "no division", FORM));
    }
    let mut entries = Vec::new();
    for (name, division) in divisions {
        let line = line_of(&name, bytes);
        if name != division.division {
            let found = format!("the division {} under {}", quoted(&division.division), quoted(&name));
            problems.push(Problem::new(line, &found, "the same name twice"));
        }
        entries.push(entry(kind, line, division));
    }
    entries.sort_by_key(|entry| entry.line);
    (entries, problems)
}

fn entry(kind: &'static Kind, line: u64, division: Division) -> Entry {
    let dates = division.events.iter().map(|holiday| Raw::text(&holiday.date)).collect();
    let name = Some(format!("{} {}", kind.name, quoted(&division.division)));
    let cell = |key: &str, raw: Raw| Cell { key: key.to_owned(), line, raw };
    let cells = vec![cell("division", Raw::text(&division.division)), cell("dates", Raw::List(dates))];
    Entry { kind, line, name, cells, lacking: Vec::new() }
}

/// The line on which a name first stands in quotes; 1 where it is written in another way.
fn line_of(name: &str, bytes: &[u8]) -> u64 {
    let named = format!("\"{name}\"");
    let place = bytes.windows(named.len()).position(|part| part == named.as_bytes()).unwrap_or_default();
    1 + bytes[..place].iter().filter(|byte| **byte == b'\n').count() as u64
}
