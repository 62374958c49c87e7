//! What a refresh costs: the same new events on a short history and on a long one, side by side. A small
//! one here; `tests/bench.sh` does it at full size.

use crate::world::{World, copy};
use chrono::{Datelike, Months, NaiveDate};
use schemas::{ContainerWriter, Event};
use simulate::{Council, Settings};
use std::fs::{self, File};
use std::io::{BufWriter, Write};

/// After all that is made up, so that time turns nothing final between two refreshes.
const AS_OF: &str = "2026-06-01T00:00:00Z";

/// What is compared.
struct Sizes {
    /// Months of history, the short one and the long one.
    months: [u32; 2],
    contacts_per_month: u32,
    new_events: usize,
    /// Each refresh so often from the same state; the quickest counts.
    tries: usize,
    /// How many times as long the refresh may take on the long history, if anybody asks.
    most: Option<f64>,
}

impl Sizes {
    fn new() -> Self {
        let given = |name: &str| std::env::var(format!("SWITCHBOARD_BENCH_{name}")).ok();
        let number = |name: &str, usual: usize| given(name).map_or(usual, |text| text.parse().unwrap());
        Self {
            months: [number("SHORT_MONTHS", 1) as u32, number("LONG_MONTHS", 4) as u32],
            contacts_per_month: number("CONTACTS_PER_MONTH", 300) as u32,
            new_events: number("NEW_EVENTS", 300),
            tries: number("TRIES", 1),
            most: given("MOST").map(|text| text.parse().unwrap()),
        }
    }
}

/// What a command said that it has cost.
#[derive(Debug, Clone)]
struct Cost {
    files: String,
    bytes: String,
    rows: String,
    seconds: f64,
}

impl Cost {
    /// Of a line such as `read 12 files (3.00 MiB), folded 10,234 rows in 0.84 s`.
    fn of_refresh(told: &str) -> Self {
        let between = |from: &str, to: &str| {
            let found = told.split_once(from).and_then(|(_, rest)| rest.split_once(to));
            found.unwrap_or_else(|| panic!("no `{from}` … `{to}` in\n{told}")).0.to_owned()
        };
        let seconds = between(" rows in ", " s\n").parse().unwrap();
        Self {
            files: between("\nread ", " files"),
            bytes: between(" files (", ")"),
            rows: between("folded ", " rows"),
            seconds,
        }
    }

    fn row_count(&self) -> usize {
        self.rows.replace(',', "").parse().unwrap()
    }
}

/// A history, and what was measured on it.
struct Measured {
    events: usize,
    refresh: Cost,
    from_scratch_seconds: f64,
}

#[test]
fn a_refresh_costs_what_has_changed() {
    let sizes = Sizes::new();
    let world = World::new();
    let events = write(&world, &sizes);
    let [short, long] =
        [0, 1].map(|place| measured(&format!("history-{place}.avro"), events[place], &world, &sizes));
    let ratio = long.refresh.seconds / short.refresh.seconds;
    // Shown whether or not the tests' output is.
    write!(std::io::stderr(), "\n{}\n", table(&sizes, &short, &long)).unwrap();
    let (folded, folded_on_long) = (short.refresh.row_count(), long.refresh.row_count());
    assert!(folded >= sizes.new_events, "only {folded} rows were folded");
    // A resident who is known for longer has a longer past; it is nothing like the history's growth.
    assert!(folded_on_long < folded * 2, "{folded_on_long} rows were folded, and {folded} on the short history");
    assert!(sizes.most.is_none_or(|most| ratio < most), "{ratio:.2} times as long on the long history");
}

/// Writes both histories, which end on the same day, and the events that come next; says how many events
/// each history has.
fn write(world: &World, sizes: &Sizes) -> [usize; 2] {
    let end = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let begin = sizes.months.map(|months| end - Months::new(months));
    let contacts_per_month = sizes.contacts_per_month;
    let launch = Some(begin[1].with_day(15).unwrap());
    let council = Council::new(Settings { contacts_per_month, launch, ..Settings::new(11, begin[1]) }).unwrap();
    let container =
        |name: &str| ContainerWriter::new(BufWriter::new(File::create(world.path(name)).unwrap())).unwrap();
    let mut histories = [container("history-0.avro"), container("history-1.avro")];
    let (mut new, mut counts, mut new_count) = (container("new.avro"), [0; 2], 0);
    let mut keep = |date: NaiveDate, event: &Event| {
        for place in [0, 1].into_iter().filter(|place| date >= begin[*place]) {
            histories[place].append(event).unwrap();
            counts[place] += 1;
        }
    };
    council.reference().iter().for_each(|event| keep(end, event));
    for day in council.days() {
        match day.date < end {
            true => day.events.iter().for_each(|event| keep(day.date, event)),
            false => {
                let more = day.events.iter().take(sizes.new_events - new_count);
                more.for_each(|event| new.append(event).unwrap());
                new_count = sizes.new_events.min(new_count + day.events.len());
            }
        }
        if new_count == sizes.new_events {
            break;
        }
    }
    histories.into_iter().chain([new]).for_each(|file| drop(file.finish().unwrap().into_inner().unwrap()));
    counts
}

/// Refreshes with the new events on a history.
fn measured(history: &str, events: usize, files: &World, sizes: &Sizes) -> Measured {
    let world = World::new();
    let file = |name: &str| files.path(name).to_str().unwrap().to_owned();
    world.succeeds(&["import", "events", &file(history), "--to", "lake"]);
    world.succeeds(&["refresh", "--once", "--as-of", AS_OF]);
    world.succeeds(&["import", "events", &file("new.avro"), "--to", "lake"]);
    copy(&world.lake(), &world.path("before"));
    let refreshes = (0..sizes.tries).map(|_| {
        fs::remove_dir_all(world.lake()).unwrap();
        copy(&world.path("before"), &world.lake());
        Cost::of_refresh(&world.succeeds(&["refresh", "--once", "--as-of", AS_OF]))
    });
    let refresh = refreshes.min_by(|one, other| one.seconds.total_cmp(&other.seconds)).unwrap();
    world.succeeds(&["verify"]);
    let told = world.succeeds(&["refresh", "--once", "--as-of", AS_OF, "--from-scratch"]);
    let seconds = told.split_once("computed everything in ").and_then(|(_, rest)| rest.split_once(" s\n"));
    Measured { events, refresh, from_scratch_seconds: seconds.unwrap().0.parse().unwrap() }
}

fn table(sizes: &Sizes, short: &Measured, long: &Measured) -> String {
    let line =
        |name: &str, short: &str, long: &str, ratio: &str| format!("{name:32}{short:>14}{long:>14}{ratio:>8}\n");
    let seconds = |name: &str, short: f64, long: f64| {
        line(name, &format!("{short:.2} s"), &format!("{long:.2} s"), &format!("{:.2}", long / short))
    };
    let months = sizes.months.map(|months| format!("{months} months"));
    let (one, other) = (&short.refresh, &long.refresh);
    [
        line(&format!("{} new events on", sizes.new_events), &months[0], &months[1], "ratio"),
        line("events of history", &short.events.to_string(), &long.events.to_string(), ""),
        seconds("refresh", one.seconds, other.seconds),
        line("  files opened", &one.files, &other.files, ""),
        line("  their size", &one.bytes, &other.bytes, ""),
        line("  rows folded", &one.rows, &other.rows, ""),
        seconds("refresh --from-scratch", short.from_scratch_seconds, long.from_scratch_seconds),
    ]
    .concat()
}
