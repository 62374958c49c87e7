//! `switchboard verify`: is what was published what the events say?

use crate::cli::ReportFormat;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use indicatif::HumanCount;
use lake::Lake;
use refresh::{DifferingRow, Publication, Side, TableDifference, Verification, verify};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, format: ReportFormat) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let publication = Publication::newest(&lake).await?.ok_or(refresh::Error::NothingPublished)?;
    let tell = |table: &str, rows: usize| eprintln!("  {table}: {rows} rows");
    let found = verify(&lake, &publication, output::now_micros(), tell).await?;
    found.keep(&lake).await?;
    match format {
        ReportFormat::Table => found.differences.iter().for_each(tell_difference),
        ReportFormat::Json => println!("{}", serde_json::to_string_pretty(&found)?),
    }
    if format == ReportFormat::Table {
        println!("{}", verdict(&found));
    }
    Ok(if found.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verdict(found: &Verification) -> String {
    let Verification { epoch, tables, rows, .. } = found;
    let as_of = output::instant(found.as_of_micros);
    let rows = HumanCount(*rows as u64);
    match found.differing_rows() {
        0 if found.differences.is_empty() => format!(
            "epoch {epoch} as of {as_of} is what its events say: {rows} rows of {tables} tables, none differs"
        ),
        differing => format!(
            "epoch {epoch} as of {as_of} is not what its events say: {differing} rows of {} of {tables} tables differ. \
             `switchboard refresh --once --from-scratch` publishes it anew; keep this lake's copy if you want to know why",
            found.differences.len()
        ),
    }
}

fn tell_difference(one: &TableDifference) {
    println!("{}: {} rows only published, {} only recomputed", one.table, one.only_published, one.only_recomputed);
    if let Some(columns) = &one.columns {
        println!("  its columns are {columns}");
    }
    one.rows.iter().for_each(tell_row);
    let shown = one.rows.len() as i64;
    let all = one.only_published + one.only_recomputed;
    if all > shown && shown > 0 {
        println!("  and {} more", all - shown);
    }
}

fn tell_row(row: &DifferingRow) {
    let side = match row.side {
        Side::Published => "published",
        Side::Recomputed => "recomputed",
    };
    let values: Vec<String> = row.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    println!("  {side}: {}", values.join(", "));
    row.events.iter().for_each(|event| println!("      {event}"));
}
