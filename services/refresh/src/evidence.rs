//! The events behind a row that differs from what was published, for whoever has to find out why.

use crate::Error;
use crate::difference::DifferingRow;
use crate::publication::text;
use queries::catalogue::DIMENSIONS;
use queries::{Engine, EventBehind, Model, Slice, Thing, catalogue};
use std::collections::BTreeMap;

/// How many events are shown behind a row.
const SHOWN_EVENTS: usize = 20;

/// The events behind a model's row, type, time and coordinates of each: those of its subject, or of the contact
/// that it is about where the model is folded from other models.
pub(crate) async fn of_model_row(
    engine: &Engine,
    model: &Model,
    row: &DifferingRow,
) -> Result<Vec<String>, Error> {
    let of_subject = of_subject(engine, model, row).await?;
    if !of_subject.is_empty() {
        return Ok(of_subject);
    }
    let contact = Thing { cells: row.values.clone(), adds: None, unmet: Vec::new() };
    let events = engine.events_behind(&model.name, &[&contact]).await?;
    Ok(shown(events))
}

/// The events behind a measured value: those of the contacts that count in it, or would.
pub(crate) async fn of_value(engine: &Engine, row: &DifferingRow) -> Result<Vec<String>, Error> {
    let value = |name: &str| row.values.get(name).map(String::as_str);
    let period = value("local_date").or(value("local_month")).and_then(|day| day.parse().ok());
    let kpi = value("kpi").and_then(|kpi| catalogue().kpis.get(kpi));
    let (Some(kpi), Some(period)) = (kpi, period) else { return Ok(Vec::new()) };
    let of_kpi = DIMENSIONS.iter().filter(|name| kpi.declared.dimensions.iter().any(|own| own == *name));
    let dimensions = of_kpi.filter_map(|name| Some(((*name).to_owned(), value(name)?.to_owned()))).collect();
    let made_of = engine.made_of(kpi, &Slice { period, dimensions }).await?;
    let counted: Vec<&Thing> = made_of.things.iter().filter(|thing| thing.adds.is_some()).collect();
    let counted = &counted[..counted.len().min(SHOWN_EVENTS)];
    Ok(shown(engine.events_behind(&made_of.model, counted).await?))
}

fn shown(events: Vec<Vec<EventBehind>>) -> Vec<String> {
    let told = events.into_iter().flatten().take(SHOWN_EVENTS);
    told.map(|one| {
        format!("{} at {}, {} {} {}", one.event_type, one.occurred_at, one.topic, one.partition, one.offset)
    })
    .collect()
}

/// The events of the subject of a row, where the model reads events, as far as they name it.
async fn of_subject(engine: &Engine, model: &Model, row: &DifferingRow) -> Result<Vec<String>, Error> {
    let sources =
        schemas::catalogue().sources.values().filter(|source| model.declared.inputs.contains(&source.table));
    let mut found = Vec::new();
    for source in sources {
        let columns = schemas::wide::table_schema(source);
        let of_subject = model.declared.subject.iter().filter(|name| columns.field_with_name(name).is_ok());
        let of_subject: Vec<String> = of_subject.map(|name| equals(name, &row.values)).collect();
        if of_subject.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT event_type, occurred_at, topic, \"partition\", \"offset\" FROM {} WHERE {} \
             ORDER BY occurred_at, event_id LIMIT {SHOWN_EVENTS}",
            source.table,
            of_subject.join(" AND ")
        );
        for batch in engine.collect(&sql).await? {
            let value = |column: usize, row: usize| text(batch.column(column), row);
            let event = |row| {
                let place = [2, 3, 4].map(|column| value(column, row)).join(" ");
                format!("{} at {}, {place}", value(0, row), value(1, row))
            };
            found.extend((0..batch.num_rows()).map(event));
        }
    }
    Ok(found)
}

fn equals(name: &str, values: &BTreeMap<String, String>) -> String {
    match values.get(name) {
        Some(value) => format!("CAST(\"{name}\" AS VARCHAR) = '{}'", value.replace('\'', "''")),
        None => format!("\"{name}\" IS NULL"),
    }
}
