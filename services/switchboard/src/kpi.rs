//! `switchboard kpi`: the scorecard in the terminal.

use crate::cli::{Format, KpiArguments};
use crate::config::Config;
use crate::output;
use anyhow::{Result, bail};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use lake::Lake;
use refresh::Reading;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &KpiArguments) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let reading = refresh::open(&lake).await?;
    let (from, to) = period(&reading, arguments).await?;
    let days = [("from_day", from), ("to_day", to)];
    let parameters = days.map(|(name, day)| (name.to_owned(), i64::from(day.to_epoch_days())));
    let (schema, rows) = reading.engine.collect_with(queries::SCORECARD, &parameters).await?;
    if arguments.format != Format::Table {
        output::print_rows(&schema, &rows, arguments.format)?;
        eprintln!("{}", output::completeness_lines(&reading.publication));
        return Ok(ExitCode::SUCCESS);
    }
    println!("Scorecard {from} to {to}, {} (epoch {})", reading.publication.time_zone, reading.publication.epoch);
    println!("{}", table(&rows));
    println!("Definitions: switchboard sql \"SELECT kpi, definition FROM kpi_definitions\"");
    output::tell_completeness(&reading.publication);
    Ok(ExitCode::SUCCESS)
}

/// Fails where one of these measures has no value for the whole of what was measured.
pub(crate) async fn must_have_values(config: &Config, kpis: &[&str]) -> Result<()> {
    let reading = refresh::open(&Lake::open(&config.lake.folder)?).await?;
    let measured = "SELECT DISTINCT kpi FROM kpi_daily WHERE denominator > 0";
    let rows = reading.engine.collect(measured).await?;
    let found = rows.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| cell(batch.column(0), row)));
    let found: Vec<String> = found.collect();
    match kpis.iter().find(|kpi| !found.iter().any(|one| one == *kpi)) {
        Some(missing) => bail!("{missing} has no value; `switchboard kpi` shows what there is"),
        None => Ok(()),
    }
}

/// The days asked for; by default the newest month with measured days.
async fn period(reading: &Reading, arguments: &KpiArguments) -> Result<(NaiveDate, NaiveDate)> {
    let newest = "SELECT first_of_month(max(local_date)), max(local_date) FROM kpi_daily";
    let rows = reading.engine.collect(newest).await?;
    let day = |column: usize| {
        let values = rows.first()?.column(column).as_primitive_opt::<Date32Type>()?;
        values.is_valid(0).then(|| NaiveDate::from_epoch_days(values.value(0)))?
    };
    let (Some(from), Some(to)) = (arguments.from.or(day(0)), arguments.to.or(day(1))) else {
        bail!("nothing has been measured yet; import or ingest calls, then `switchboard refresh --once`");
    };
    if from > to {
        bail!("the period ends ({to}) before it begins ({from})");
    }
    Ok((from, to))
}

const HEADINGS: [&str; 10] =
    ["", "measure", "for", "value", "unit", "target", "met", "baseline", "counted", "status"];

fn table(rows: &[RecordBatch]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '─').set_header(HEADINGS);
    let mut shown = String::new();
    for batch in rows {
        let text =
            |name: &str, row: usize| batch.column_by_name(name).map_or(String::new(), |column| cell(column, row));
        for row in 0..batch.num_rows() {
            let slice = text("slice", row);
            let section = text("section", row);
            let heading = if section == shown { String::new() } else { section.clone() };
            shown = section;
            let met = match text("meets_target", row).as_str() {
                "true" => "yes",
                "false" => "no",
                _ => "",
            };
            let counted = match (text("numerator", row), text("denominator", row)) {
                (numerator, denominator) if denominator.is_empty() => numerator,
                (_, denominator) => format!("of {denominator}"),
            };
            table.add_row(vec![
                Cell::new(heading),
                Cell::new(text("title", row)),
                Cell::new(if slice.is_empty() { "all" } else { &slice }),
                Cell::new(text("value", row)).set_alignment(CellAlignment::Right),
                Cell::new(unit(&text("unit", row))),
                Cell::new(set_or_state(&text("target", row), &text("target_status", row))),
                Cell::new(met),
                Cell::new(set_or_state(&text("baseline", row), &text("baseline_status", row))),
                Cell::new(counted).set_alignment(CellAlignment::Right),
                Cell::new(text("status", row)),
            ]);
        }
    }
    table
}

/// The number with what qualifies it, or the state that stands in its place.
fn set_or_state(number: &str, status: &str) -> String {
    let number = number.trim_end_matches('0').trim_end_matches('.');
    match (number, status) {
        ("", "tbd") => "to be decided".to_owned(),
        ("", status) => status.replace('_', " "),
        (number, "proposed") => format!("{number} (proposed)"),
        (number, _) => number.to_owned(),
    }
}

fn unit(unit: &str) -> &str {
    match unit {
        "percent" => "%",
        "seconds" => "s",
        other => other,
    }
}

fn cell(column: &ArrayRef, row: usize) -> String {
    arrow::util::display::array_value_to_string(column, row).unwrap_or_default()
}
