//! What a load says of its statements. Pure.

use crate::output;
use connect::reference::{Change, ChangedKey, Said};
use std::path::PathBuf;

/// Each file with its statements in order, and what each changes; `changes` are those of `said`.
pub(super) fn statements(files: &[PathBuf], said: &[Said], changes: &[Change]) -> String {
    let mut told = String::new();
    for (place, path) in files.iter().enumerate() {
        let own = || said.iter().zip(changes).filter(|(said, _)| said.file == place);
        told.push_str(&format!("{}: {}\n", path.display(), tally(own().map(|(_, change)| change))));
        for (Said { line, about, .. }, change) in own() {
            told.push_str(&format!("  line {line}, {about}: {}\n", of(change)));
        }
    }
    told
}

/// How many statements, in words that fit one and several.
pub(super) fn count(statements: usize) -> String {
    if statements == 1 { "1 statement".to_owned() } else { format!("{statements} statements") }
}

fn tally<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let (mut new, mut changed, mut as_before, mut outdone) = (0, 0, 0, 0);
    for change in changes {
        *match change {
            Change::New => &mut new,
            Change::Changed(_) => &mut changed,
            Change::AsBefore => &mut as_before,
            Change::Outdone { .. } => &mut outdone,
        } += 1;
    }
    let named = [(new, "new"), (changed, "changed"), (outdone, "outdone"), (as_before, "as before")];
    let named = named.into_iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    let nothing_new = (new + changed + outdone == 0).then(|| "says nothing new".to_owned());
    nothing_new.into_iter().chain(named).collect::<Vec<_>>().join(", ")
}

fn of(change: &Change) -> String {
    match change {
        Change::New => "new".to_owned(),
        Change::AsBefore => "as before".to_owned(),
        Change::Changed(keys) => keys.iter().map(key).collect::<Vec<_>>().join("; "),
        Change::Outdone { said_at_micros } => {
            format!("outdone by what was said at {}, no earlier than now", output::instant(*said_at_micros))
        }
    }
}

fn key(ChangedKey { key, before, after }: &ChangedKey) -> String {
    let or_nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("`{key}` from {} to {}", or_nothing(before), or_nothing(after))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use schemas::Event;

    fn said(file: usize, line: u64, about: &str) -> Said {
        Said { file, line, about: about.to_owned(), event: Event::new("queue_mapped") }
    }

    #[test]
    fn each_file_with_its_statements() {
        let files = ["a.toml", "b.csv", "c.csv"].map(PathBuf::from);
        let key = |key: &str, before: &str, after: &str| ChangedKey {
            key: key.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let all = [
            (said(0, 3, "queue TAX, 2026-04-01"), Change::New),
            (
                said(0, 9, "queue ASC, 2026-04-01"),
                Change::Changed(vec![key("answer_target_seconds", "60", "90"), key("short_abandon_ms", "", "0")]),
            ),
            (said(1, 2, "queue BIN, 2026-04-01"), Change::AsBefore),
            (said(1, 3, "queue ODD, 2026-04-01"), Change::AsBefore),
            (said(2, 2, "queue NEW, 2026-04-01"), Change::AsBefore),
            (said(2, 3, "queue OLD, 2026-04-01"), Change::Outdone { said_at_micros: 1_775_034_000_000_000 }),
        ];
        let (said, changes): (Vec<Said>, Vec<Change>) = all.into_iter().unzip();
        assert_eq!(
            statements(&files, &said, &changes),
            "a.toml: 1 new, 1 changed\n\
             \x20 line 3, queue TAX, 2026-04-01: new\n\
             \x20 line 9, queue ASC, 2026-04-01: `answer_target_seconds` from 60 to 90; `short_abandon_ms` from \
             nothing to 0\n\
             b.csv: says nothing new, 2 as before\n\
             \x20 line 2, queue BIN, 2026-04-01: as before\n\
             \x20 line 3, queue ODD, 2026-04-01: as before\n\
             c.csv: 1 outdone, 1 as before\n\
             \x20 line 2, queue NEW, 2026-04-01: as before\n\
             \x20 line 3, queue OLD, 2026-04-01: outdone by what was said at 2026-04-01T09:00:00Z, no earlier than \
             now\n"
        );
    }

    #[test]
    fn one_and_several() {
        assert_eq!([count(0), count(1), count(2)], ["0 statements", "1 statement", "2 statements"]);
    }
}
