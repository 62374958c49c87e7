//! The values of measures over HTTP, as JSON and CSV.

mod csv;
pub(crate) mod problem;
mod request;

pub(crate) use request::question;

use crate::Error;
use crate::api::request::{Format, Grain, Question};
use crate::epochs::Epoch;
use crate::rows::{Shape, Table};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use queries::catalogue::DIMENSIONS;
use queries::{Catalogue, Kind, Kpi, answers};
use refresh::{Completeness, Publication};
use serde_json::{Map, Value as Json, json};

/// An answer, ready to be sent.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// For what is saved rather than shown.
    pub(crate) saved: Option<Saved>,
    /// The text.
    pub(crate) body: String,
}

/// What a file of rows cannot say itself.
#[derive(Debug)]
pub(crate) struct Saved {
    /// Its name.
    pub(crate) name: String,
    /// Which epoch it comes from and how complete that is, as JSON.
    pub(crate) provenance: String,
}

/// All measures of this build.
pub(crate) fn list(epoch: &Epoch, catalogue: &Catalogue) -> Answer {
    let kpis = catalogue.kpis.values().map(|kpi| Json::Object(described(kpi)));
    let mut body = provenance(&epoch.reading.publication);
    body.insert("kpis".to_owned(), Json::Array(kpis.collect()));
    json_answer(body)
}

/// One measure's values.
///
/// # Errors
/// [`Error::Queries`] when a query fails, [`Error::Arrow`].
pub(crate) async fn answer(epoch: &Epoch, question: &Question<'_>) -> Result<Answer, Error> {
    let table = values(epoch, question).await?;
    if question.format == Format::Csv {
        let name = format!("{}-epoch-{}.csv", question.kpi.id, epoch.reading.publication.epoch);
        let body = csv::write(&table);
        let told = Json::Object(provenance(&epoch.reading.publication));
        let saved = Some(Saved { name, provenance: told.to_string() });
        return Ok(Answer { content_type: "text/csv; charset=utf-8", saved, body });
    }
    let mut body = provenance(&epoch.reading.publication);
    body.extend(described(question.kpi));
    body.insert("grain".to_owned(), json!(question.grain.name()));
    body.insert("by".to_owned(), json!(question.by));
    body.insert("points".to_owned(), points(&table));
    Ok(json_answer(body))
}

async fn values(epoch: &Epoch, question: &Question<'_>) -> Result<Table, Error> {
    // Periods are chosen by their first days.
    let from = match question.grain {
        Grain::Month => question.from.and_then(|day| day.with_day(1)),
        Grain::Day => question.from,
    };
    let number = |day: Option<NaiveDate>, otherwise| i64::from(day.map_or(otherwise, |day| day.to_epoch_days()));
    let mut numbers = vec![("from_day", number(from, i32::MIN)), ("to_day", number(question.to, i32::MAX))];
    let sql = match question.kpi.declared.kind {
        Kind::Monthly => answers::PERIODS,
        Kind::Ratio | Kind::Count if question.grain == Grain::Month && question.by.is_empty() => answers::MONTHS,
        kind => {
            numbers.push(("by_month", i64::from(question.grain == Grain::Month)));
            let asked = DIMENSIONS.iter().zip(answers::BY_DIMENSION);
            numbers.extend(asked.map(|(name, parameter)| (parameter, i64::from(question.by.contains(name)))));
            if kind == Kind::Distribution { answers::DISTRIBUTION } else { answers::VALUES }
        }
    };
    let numbers: Vec<(String, i64)> = numbers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let rows = epoch.reading.engine.collect_of(sql, &question.kpi.id, &numbers).await?;
    let mut table = Table::new(rows)?.without("shown_");
    for column in table.columns.iter_mut().filter(|column| column.name == "period") {
        column.name = question.grain.name().to_owned();
    }
    Ok(table)
}

/// What a measure is.
fn described(kpi: &Kpi) -> Map<String, Json> {
    let declared = &kpi.declared;
    let fields = [
        ("kpi", json!(kpi.id)),
        ("section", json!(declared.section)),
        ("title", json!(declared.title)),
        ("question", json!(declared.question)),
        ("kind", json!(declared.kind.name())),
        ("unit", json!(declared.unit)),
        ("direction", json!(declared.direction)),
        ("dimensions", json!(declared.dimensions)),
        ("settles_after_days", json!(declared.settles_after_days)),
        ("standard", json!(declared.standard)),
        ("owner", json!(declared.owner)),
        ("definition", json!(declared.definition.trim())),
        ("definition_version", json!(declared.definition_version)),
        ("href", json!(format!("/api/kpis/{}", kpi.id))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Which epoch the answer comes from, and how complete that is.
fn provenance(publication: &Publication) -> Map<String, Json> {
    let sources = publication.completeness.iter().map(|source: &Completeness| {
        json!({
            "source": source.source,
            "rows": source.rows,
            "last_event_at": source.last_event_at_micros.map(instant),
            "valid_through": source.valid_through_micros.map(instant),
            "unread_partitions": source.unread_partitions,
            "quarantined": source.quarantined,
            "repeats": source.repeats,
            "conflicts": source.conflicts,
            "superseded": source.superseded,
        })
    });
    Map::from_iter([
        ("epoch".to_owned(), json!(publication.epoch)),
        ("as_of".to_owned(), json!(instant(publication.as_of_micros))),
        ("time_zone".to_owned(), json!(publication.time_zone)),
        ("completeness".to_owned(), Json::Array(sources.collect())),
    ])
}

fn instant(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Rows as objects: decimals stay texts, so that no reader makes binary fractions of them.
fn points(table: &Table) -> Json {
    let value = |cell: &Option<String>, shape: Shape| match (cell, shape) {
        (None, _) => Json::Null,
        (Some(text), Shape::Whole) => text.parse::<i64>().map_or(Json::Null, Json::from),
        (Some(text), Shape::Flag) => json!(text == "true"),
        (Some(text), Shape::Words | Shape::Exact) => json!(text),
    };
    let point = |row: &Vec<Option<String>>| {
        let cells = row.iter().zip(&table.columns);
        Json::Object(cells.map(|(cell, column)| (column.name.clone(), value(cell, column.shape))).collect())
    };
    Json::Array(table.rows.iter().map(point).collect())
}

fn json_answer(body: Map<String, Json>) -> Answer {
    Answer { content_type: "application/json", saved: None, body: Json::Object(body).to_string() }
}
