//! `switchboard simulate`: a made-up council's events into a file.

use crate::cli::SimulateArguments;
use crate::config::Config;
use crate::output;
use anyhow::{Context, Result, bail};
use chrono::{Months, NaiveDate};
use schemas::{ContainerWriter, Event, catalogue};
use simulate::{Council, Days, Settings};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn run(config: &Config, arguments: &SimulateArguments) -> Result<ExitCode> {
    let from = arguments.from;
    let Some(until) = from.checked_add_months(Months::new(arguments.months)).filter(|until| *until > from) else {
        bail!("--months must be 1 or more, and end in this age; it is {}", arguments.months);
    };
    let council = Council::new(Settings {
        contacts_per_month: arguments.contacts_per_month,
        launch: arguments.launch,
        time_zone: config.council.time_zone,
        ..Settings::new(arguments.seed, from)
    })?;
    let (counts, _) = write(&council, days_between(from, until), &arguments.out)?;
    println!(
        "{}: {} events, {from} up to and without {until}",
        arguments.out.display(),
        counts.values().sum::<u64>()
    );
    for (source, events) in counts {
        println!("  {source}: {events}");
    }
    println!("`switchboard import events {} --to lake` takes them in (or --to kafka)", arguments.out.display());
    Ok(ExitCode::SUCCESS)
}

/// Days from `from` up to and without `until`.
pub(crate) fn days_between(from: NaiveDate, until: NaiveDate) -> usize {
    usize::try_from((until - from).num_days()).unwrap_or_default()
}

/// Writes what the council says of itself and what happens on its first `days` days; answers how many
/// events of each source that is, and the days that follow.
pub(crate) fn write(council: &Council, days: usize, out: &Path) -> Result<(BTreeMap<&'static str, u64>, Days)> {
    let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut container = ContainerWriter::new(BufWriter::new(file))?;
    let mut counts = BTreeMap::new();
    let mut take = |event: &Event| -> Result<()> {
        if let Some((source, _)) = catalogue().event_type(&event.event_type) {
            *counts.entry(source.name.as_str()).or_default() += 1;
        }
        Ok(container.append(event)?)
    };
    council.reference().iter().try_for_each(&mut take)?;
    let mut all_days = council.days();
    let progress = output::progress(days as u64, "days");
    for day in all_days.by_ref().take(days) {
        day.events.iter().try_for_each(&mut take)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    let file = container.finish()?.into_inner().map_err(|error| error.into_error());
    file.and_then(|file| file.sync_all()).with_context(|| format!("cannot write {}", out.display()))?;
    Ok((counts, all_days))
}
