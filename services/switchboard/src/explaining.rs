//! `switchboard explain`: from a number down to the contacts and the events behind it.

mod asked;
mod explanation;
mod told;

use crate::cli::{ExplainArguments, ReportFormat};
use crate::config::Config;
use crate::output::instant;
use anyhow::{Result, bail};
use asked::Question;
use explanation::{Contact, Contacts, Definition, Explanation, Group, Row, objects};
use lake::Lake;
use queries::catalogue::DIMENSIONS;
use queries::{Kind, MadeOf, Thing, answers, catalogue};
use refresh::Reading;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &ExplainArguments) -> Result<ExitCode> {
    let question = asked::question(catalogue(), &arguments.kpi, arguments.date, arguments.dimensions())?;
    let reading = refresh::open(&Lake::open(&config.lake.folder)?).await?;
    let explanation = explain(&reading, &question, arguments.contacts).await?;
    match arguments.format {
        ReportFormat::Table => print!("{}", told::text(&explanation)),
        ReportFormat::Json => println!("{}", serde_json::to_string_pretty(&explanation)?),
    }
    let differs = explanation.contacts.adds_up == Some(false);
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn explain(reading: &Reading, question: &Question<'_>, shown: usize) -> Result<Explanation> {
    let (kpi, publication) = (question.kpi, &reading.publication);
    let declared = &kpi.declared;
    let made_of = reading.engine.made_of(kpi, &question.slice).await?;
    let values = published(reading, question, values_of(declared.kind), None).await?;
    if values.is_empty() {
        bail!(why_there_is_none(reading, question, &made_of).await?);
    }
    let adds_up = (!question.is_by_month()).then(|| explanation::adds_up(&made_of, &values));
    // A distribution's answer is its spread; its values are for the comparison.
    let (whole, by_dimension) = match declared.kind {
        Kind::Monthly => (values, BTreeMap::new()),
        kind => {
            let sql = if kind == Kind::Distribution { answers::SPREAD } else { answers::VALUES };
            (published(reading, question, sql, None).await?, by_dimension(reading, question, sql).await?)
        }
    };
    let tables = catalogue().tables_behind(&made_of.model);
    let versions = publication.table_versions.iter().filter(|(name, _)| tables.contains(*name));
    let is_behind = |source: &str| {
        let found = schemas::catalogue().sources.get(source);
        found.is_some_and(|source| tables.contains(&source.table))
    };
    let completeness = publication.completeness.iter().filter(|one| is_behind(&one.source));
    Ok(Explanation {
        kpi: kpi.id.clone(),
        title: declared.title.clone(),
        question: declared.question.clone(),
        kind: declared.kind.name().to_owned(),
        unit: declared.unit.clone(),
        direction: declared.direction.clone(),
        first_day: question.slice.period.to_string(),
        last_day: question.last_day.to_string(),
        time_zone: publication.time_zone.clone(),
        slice: question.slice.dimensions.clone(),
        epoch: publication.epoch,
        as_of: instant(publication.as_of_micros),
        published_at: instant(publication.published_at_micros),
        published: whole,
        targets: targets(reading, question).await?,
        by_dimension,
        definition: Definition::of(kpi),
        contacts: contacts(reading, &made_of, adds_up, shown).await?,
        table_versions: versions.map(|(name, version)| (name.clone(), *version)).collect(),
        completeness: completeness.map(explanation::completeness).collect(),
    })
}

/// The question whose answer has the published values of a kind.
fn values_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Ratio | Kind::Count => answers::VALUES,
        Kind::Distribution => answers::DISTRIBUTION,
        Kind::Monthly => answers::PERIODS,
    }
}

/// The published rows of the slice, told apart by one more dimension if one is given.
async fn published(reading: &Reading, question: &Question<'_>, sql: &str, by: Option<&str>) -> Result<Vec<Row>> {
    let slice = &question.slice;
    let day = i64::from(slice.period.to_epoch_days());
    let is_asked = |name: &str| i64::from(slice.dimensions.contains_key(name) || by == Some(name));
    let asked = DIMENSIONS.iter().zip(answers::BY_DIMENSION).map(|(name, flag)| (flag, is_asked(name)));
    let period = [("from_day", day), ("to_day", day), ("by_month", 0)];
    let parameters: Vec<(String, i64)> =
        period.into_iter().chain(asked).map(|(name, value)| (name.to_owned(), value)).collect();
    let rows = objects(&reading.engine.collect_of(sql, &question.kpi.id, &parameters).await?)?;
    let is_of_slice = |row: &Row| {
        slice.dimensions.iter().all(|(name, value)| row.get(name).and_then(Json::as_str) == Some(value))
    };
    // What was asked for is known, and what begins with shown_ is for charts.
    let is_known = |name: &String| {
        ["kpi", "period", "series"].contains(&name.as_str())
            || name.starts_with("shown_")
            || slice.dimensions.contains_key(name)
    };
    let is_told =
        |name: &String, value: &Json| !(is_known(name) || DIMENSIONS.contains(&name.as_str()) && value == "(all)");
    let only_told = |row: Row| row.into_iter().filter(|(name, value)| is_told(name, value)).collect();
    Ok(rows.into_iter().filter(is_of_slice).map(only_told).collect())
}

async fn by_dimension(
    reading: &Reading,
    question: &Question<'_>,
    sql: &str,
) -> Result<BTreeMap<String, Vec<Row>>> {
    let mut parts = BTreeMap::new();
    for name in question.kpi.declared.dimensions.iter() {
        if !question.slice.dimensions.contains_key(name) {
            parts.insert(name.clone(), published(reading, question, sql, Some(name)).await?);
        }
    }
    Ok(parts)
}

/// The scorecard's rows of that day for the slice and for the whole council, as far as a target or a
/// baseline is set.
async fn targets(reading: &Reading, question: &Question<'_>) -> Result<Vec<Row>> {
    let days = [("from_day", question.slice.period), ("to_day", question.last_day)];
    let parameters = days.map(|(name, day)| (name.to_owned(), i64::from(day.to_epoch_days())));
    let rows = objects(&reading.engine.collect_with(queries::SCORECARD, &parameters).await?)?;
    let own = question.slice_name();
    let text = |row: &Row, name: &str| row.get(name).and_then(Json::as_str).map(str::to_owned);
    let is_set = |row: &Row| {
        let slice = text(row, "slice").unwrap_or_default();
        let is_stated = ["target_status", "baseline_status"].iter().any(|name| text(row, name).is_some());
        text(row, "kpi").as_deref() == Some(&question.kpi.id) && (slice.is_empty() || slice == own) && is_stated
    };
    let wanted = ["slice", "value", "target", "target_status", "meets_target", "baseline", "baseline_status"];
    let only = |row: Row| row.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
    Ok(rows.into_iter().filter(is_set).map(only).collect())
}

async fn contacts(reading: &Reading, made_of: &MadeOf, adds_up: Option<bool>, shown: usize) -> Result<Contacts> {
    let [counted, denominator_only, left_out] = explanation::groups(made_of);
    let title = catalogue().model(&made_of.model).map(|model| model.declared.title.clone());
    Ok(Contacts {
        model: made_of.model.clone(),
        model_title: title.unwrap_or_default(),
        key: made_of.key.clone(),
        conditions: made_of.conditions.clone(),
        numerator_conditions: made_of.numerator_conditions.clone(),
        adds_up,
        counted: group(reading, made_of, &counted, shown).await?,
        denominator_only: group(reading, made_of, &denominator_only, shown).await?,
        left_out: group(reading, made_of, &left_out, shown).await?,
    })
}

async fn group(reading: &Reading, made_of: &MadeOf, things: &[&Thing], shown: usize) -> Result<Group> {
    let first = &things[..shown.min(things.len())];
    let events = reading.engine.events_behind(&made_of.model, first).await?;
    let mut contacts = Vec::new();
    for (thing, events) in first.iter().zip(&events) {
        let rows = if made_of.is_row { Vec::new() } else { reading.engine.rows_behind(made_of, thing).await? };
        contacts.push(Contact::of(made_of, thing, rows, events));
    }
    Ok(Group::of(things, contacts))
}

/// A sentence about a number that is not there: what was left out of it, and what there is.
async fn why_there_is_none(reading: &Reading, question: &Question<'_>, made_of: &MadeOf) -> Result<String> {
    let (id, slice) = (&question.kpi.id, &question.slice);
    let (table, period) = match question.kpi.declared.kind {
        Kind::Ratio | Kind::Count => ("kpi_daily", "local_date"),
        Kind::Distribution => ("kpi_distribution", "local_date"),
        Kind::Monthly => ("kpi_period", "local_month"),
    };
    let none = format!("{id} has no value for {}{}", slice.period, question.with_slice());
    if let Some(reasons) = told::left_out(made_of) {
        return Ok(format!("{none}: {reasons}"));
    }
    let range = format!(
        "SELECT CAST(min({period}) AS VARCHAR) AS first, CAST(max({period}) AS VARCHAR) AS last FROM {table} \
         WHERE kpi = $kpi"
    );
    let range = objects(&reading.engine.collect_of(&range, id, &[]).await?)?;
    let bound = |name: &str| range.first()?.get(name)?.as_str().map(str::to_owned);
    let (Some(first), Some(last)) = (bound("first"), bound("last")) else {
        return Ok(format!("{none}; it has none at all yet: nothing that it counts has been refreshed"));
    };
    let day = [("day".to_owned(), i64::from(slice.period.to_epoch_days()))];
    let (mut there_is, mut is_measured_then) = (Vec::new(), false);
    for (name, value) in &slice.dimensions {
        let sql = format!(
            "SELECT DISTINCT {name} AS name FROM {table} WHERE kpi = $kpi AND CAST({period} AS INT) = $day ORDER BY name"
        );
        let rows = objects(&reading.engine.collect_of(&sql, id, &day).await?)?;
        let names: Vec<&str> = rows.iter().filter_map(|row| row.get("name")?.as_str()).collect();
        is_measured_then |= !names.is_empty();
        there_is.extend(told::instead_of(name, value, &names));
    }
    if there_is.is_empty() {
        there_is.push(match is_measured_then {
            true => "there are values then, but none for all of these at once".to_owned(),
            false => format!("it has values from {first} to {last}"),
        });
    }
    Ok(format!("{none}; {}", there_is.join("; ")))
}
