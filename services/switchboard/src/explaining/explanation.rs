//! What is said about a number: the shape of the answer, for people and machines alike. Pure.

use crate::output::instant;
use anyhow::Result;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use queries::{EventBehind, Kpi, MadeOf, Rows, Standing, Thing};
use refresh::Completeness;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// A row of an answer by column: whole numbers as numbers, decimals, days and instants as exact texts.
pub(crate) type Row = Map<String, Json>;

/// A number, explained.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) kpi: String,
    pub(crate) title: String,
    pub(crate) question: String,
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) direction: String,
    pub(crate) first_day: String,
    pub(crate) last_day: String,
    pub(crate) time_zone: String,
    /// Dimensions asked for, with their values.
    pub(crate) slice: BTreeMap<String, String>,
    pub(crate) epoch: i64,
    pub(crate) as_of: String,
    pub(crate) published_at: String,
    /// The number as published: one row, or one for each part of a month.
    pub(crate) published: Vec<Row>,
    /// Targets and baselines of the slice and of the whole council on that day, with the day's value there.
    pub(crate) targets: Vec<Row>,
    /// The same number told apart by each dimension that was not asked for.
    pub(crate) by_dimension: BTreeMap<String, Vec<Row>>,
    pub(crate) definition: Definition,
    pub(crate) contacts: Contacts,
    /// Version of each table behind the number, as the epoch names it.
    pub(crate) table_versions: BTreeMap<String, u64>,
    pub(crate) completeness: Vec<Json>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Definition {
    pub(crate) version: i32,
    pub(crate) text: String,
    pub(crate) standard: String,
    pub(crate) owner: String,
    pub(crate) settles_after_days: u32,
    pub(crate) parameters: BTreeMap<String, i64>,
    pub(crate) changes: Vec<Json>,
    pub(crate) sql: String,
}

/// What the number counts.
#[derive(Debug, Serialize)]
pub(crate) struct Contacts {
    /// The model that has them as its rows.
    pub(crate) model: String,
    /// What a row of the model is.
    pub(crate) model_title: String,
    /// Columns that name a contact.
    pub(crate) key: Vec<String>,
    /// What a contact must meet to count, as SQL.
    pub(crate) conditions: Vec<String>,
    /// What it must meet to count in the numerator too.
    pub(crate) numerator_conditions: Vec<String>,
    /// Whether what they add is the published number; absent for a month, whose parts do not add up.
    pub(crate) adds_up: Option<bool>,
    /// Those that count; where the numerator has conditions of its own, those that meet them.
    pub(crate) counted: Group,
    /// Those that count in the denominator only.
    pub(crate) denominator_only: Group,
    pub(crate) left_out: Group,
}

/// Contacts that count in the same way.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Group {
    pub(crate) count: usize,
    /// How many do not meet each condition; one contact may miss several.
    pub(crate) unmet: BTreeMap<String, usize>,
    pub(crate) shown: Vec<Contact>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Contact {
    pub(crate) key: BTreeMap<String, String>,
    pub(crate) adds: BTreeMap<&'static str, i64>,
    pub(crate) unmet: Vec<String>,
    /// The columns that decided; null is absent.
    pub(crate) decided_by: BTreeMap<String, String>,
    /// The rows of the model, where a contact is several of them.
    pub(crate) rows: Vec<BTreeMap<String, String>>,
    pub(crate) events: Vec<Json>,
}

impl Definition {
    pub(crate) fn of(kpi: &Kpi) -> Self {
        let declared = &kpi.declared;
        let changes = declared.changes.iter();
        let change = |change: &queries::catalogue::Change| json!({"version": change.version, "date": change.date.to_string(), "why": change.why});
        Self {
            version: declared.definition_version,
            text: declared.definition.trim().to_owned(),
            standard: declared.standard.clone(),
            owner: declared.owner.clone(),
            settles_after_days: declared.settles_after_days,
            parameters: declared.parameters.clone(),
            changes: changes.map(change).collect(),
            sql: kpi.sql.clone(),
        }
    }
}

/// The things of a number in the three ways in which they count, the largest of each first.
pub(crate) fn groups(made_of: &MadeOf) -> [Vec<&Thing>; 3] {
    let mut groups: [Vec<&Thing>; 3] = Default::default();
    for thing in &made_of.things {
        let place = match thing.adds {
            None => 2,
            Some(_) if thing.unmet.is_empty() => 0,
            Some(_) => 1,
        };
        groups[place].push(thing);
    }
    let size = |thing: &&Thing| thing.adds.map(|adds| adds.value.or(adds.numerator));
    groups.iter_mut().for_each(|group| group.sort_by_key(|thing| std::cmp::Reverse(size(thing))));
    groups
}

impl Group {
    pub(crate) fn of(things: &[&Thing], shown: Vec<Contact>) -> Self {
        let mut unmet = BTreeMap::new();
        for condition in things.iter().flat_map(|thing| &thing.unmet) {
            *unmet.entry(condition.clone()).or_default() += 1;
        }
        Self { count: things.len(), unmet, shown }
    }
}

impl Contact {
    pub(crate) fn of(
        made_of: &MadeOf,
        thing: &Thing,
        rows: Vec<BTreeMap<String, String>>,
        events: &[EventBehind],
    ) -> Self {
        let cells = |names: &[String]| -> BTreeMap<String, String> {
            let of_name = |name: &String| Some((name.clone(), thing.cells.get(name)?.clone()));
            names.iter().filter_map(of_name).collect()
        };
        let adds = thing.adds.unwrap_or_default();
        let adds = [("value", adds.value), ("numerator", adds.numerator), ("denominator", adds.denominator)];
        Self {
            key: cells(&made_of.key),
            adds: adds.into_iter().filter_map(|(name, number)| Some((name, number?))).collect(),
            unmet: thing.unmet.clone(),
            decided_by: cells(&made_of.deciding),
            rows,
            events: events.iter().map(event).collect(),
        }
    }
}

fn event(event: &EventBehind) -> Json {
    let standing = match event.standing {
        Standing::First => "first",
        Standing::Repeat => "repeat",
        Standing::Conflict => "conflict",
    };
    json!({
        "event_id": event.event_id, "event_type": event.event_type, "occurred_at": event.occurred_at,
        "local_time": event.local_time, "source": event.source, "topic": event.topic,
        "partition": event.partition.parse::<i64>().ok(), "offset": event.offset.parse::<i64>().ok(),
        "says": event.says, "standing": standing, "corrects": event.corrects, "corrected_by": event.corrected_by,
    })
}

/// Whether what things add is what was published. A comparison: the number shown is the published one.
pub(crate) fn adds_up(made_of: &MadeOf, published: &[Row]) -> bool {
    let mut added: BTreeMap<Option<i64>, [i64; 2]> = BTreeMap::new();
    for adds in made_of.things.iter().filter_map(|thing| thing.adds) {
        let sums = added.entry(adds.value).or_default();
        sums[0] += adds.numerator.unwrap_or_default();
        sums[1] += adds.denominator.unwrap_or_default();
    }
    let number = |row: &Row, name: &str| row.get(name).and_then(Json::as_i64);
    let published = published.iter().map(|row| {
        let counted = number(row, "count").or(number(row, "numerator")).unwrap_or_default();
        (number(row, "value"), [counted, number(row, "denominator").unwrap_or_default()])
    });
    added == published.collect()
}

/// What was seen of a source.
pub(crate) fn completeness(source: &Completeness) -> Json {
    json!({
        "source": source.source, "rows": source.rows, "last_event_at": source.last_event_at_micros.map(instant),
        "valid_through": source.valid_through_micros.map(instant),
        "no_time_because": source.valid_through_micros.is_none().then(|| source.why_no_time()), "quarantined": source.quarantined,
        "repeats": source.repeats, "conflicts": source.conflicts, "superseded": source.superseded,
    })
}

/// The rows of an answer.
///
/// # Errors
/// A column that cannot be written as text.
pub(crate) fn objects((schema, batches): &Rows) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let options = FormatOptions::default();
    for batch in batches {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| Ok((field.name(), cells(column, &options)?)));
        let columns: Vec<(&String, Vec<Json>)> = columns.collect::<Result<_>>()?;
        let row = |row: usize| columns.iter().map(|(name, cells)| ((*name).clone(), cells[row].clone())).collect();
        rows.extend((0..batch.num_rows()).map(row));
    }
    Ok(rows)
}

fn cells(column: &ArrayRef, options: &FormatOptions<'_>) -> Result<Vec<Json>> {
    if column.data_type().is_integer() {
        let whole = cast(column, &DataType::Int64)?;
        return Ok(whole.as_primitive::<Int64Type>().iter().map(|number| json!(number)).collect());
    }
    let text = ArrayFormatter::try_new(column, options)?;
    let cell = |row: usize| match column.as_boolean_opt() {
        _ if column.is_null(row) => Json::Null,
        Some(flags) => json!(flags.value(row)),
        None => json!(text.value(row).to_string()),
    };
    Ok((0..column.len()).map(cell).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use queries::Adds;

    fn made_of(adds: &[Option<Adds>]) -> MadeOf {
        let thing = |adds: &Option<Adds>| Thing { cells: BTreeMap::new(), adds: *adds, unmet: Vec::new() };
        MadeOf {
            model: "queue_visits".to_owned(),
            key: Vec::new(),
            is_row: true,
            deciding: Vec::new(),
            deciding_in_rows: Vec::new(),
            conditions: Vec::new(),
            numerator_conditions: Vec::new(),
            things: adds.iter().map(thing).collect(),
        }
    }

    fn published(row: Json) -> Vec<Row> {
        row.as_array().into_iter().flatten().filter_map(Json::as_object).cloned().collect()
    }

    #[test]
    fn what_things_add_is_compared_with_what_was_published() {
        let adds = |numerator, denominator| Some(Adds { value: None, numerator, denominator });
        let two_of_three = made_of(&[adds(Some(2), Some(1)), adds(None, Some(2)), None]);
        for (row, holds) in [
            (json!([{"numerator": 2, "denominator": 3, "value": "66.6667"}]), true),
            (json!([{"numerator": 2, "denominator": 4}]), false),
            (json!([{"numerator": 1, "denominator": 3}]), false),
            (json!([]), false),
        ] {
            assert_eq!(adds_up(&two_of_three, &published(row.clone())), holds, "{row}");
        }
        let at = |value| Some(Adds { value: Some(value), numerator: Some(1), denominator: None });
        let spread = made_of(&[at(42), at(42), at(10)]);
        assert!(adds_up(&spread, &published(json!([{"value": 10, "count": 1}, {"value": 42, "count": 2}]))));
        assert!(!adds_up(&spread, &published(json!([{"value": 10, "count": 2}, {"value": 42, "count": 1}]))));
    }

    #[test]
    fn the_largest_come_first_and_each_group_by_itself() {
        let adds = |numerator| Some(Adds { value: None, numerator: Some(numerator), denominator: Some(1) });
        let mut made_of = made_of(&[None, adds(10), adds(30), adds(0)]);
        made_of.things[3].unmet.push("was_received".to_owned());
        let [counted, denominator_only, left_out] = groups(&made_of);
        let numerators = |group: &[&Thing]| -> Vec<Option<i64>> {
            group.iter().map(|thing| thing.adds.and_then(|adds| adds.numerator)).collect()
        };
        assert_eq!(numerators(&counted), [Some(30), Some(10)]);
        assert_eq!(numerators(&denominator_only), [Some(0)]);
        assert_eq!(numerators(&left_out), [None]);
    }
}
