//! The rows and events behind the things that a measure counts.
//!
//! Contacts have a source and an id there, whatever model they stand in; events carry both. Repeats and
//! corrections are shown as such: what a source sent twice or took back belongs to the answer.

use crate::catalogue::{Catalogue, catalogue};
use crate::{Engine, Error, MadeOf, Model, Rows, Thing};
use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use schemas::{FieldKind, Source};
use std::collections::{BTreeMap, BTreeSet};

/// An event behind a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBehind {
    /// Its id, 32 hexadecimal digits.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// The instant, UTC.
    pub occurred_at: String,
    /// The council's day and time of day at that instant.
    pub local_time: String,
    /// The system instance that told it.
    pub source: String,
    /// Kafka topic, or what stands for it in a file of history.
    pub topic: String,
    /// Partition of the topic.
    pub partition: String,
    /// Offset in the partition.
    pub offset: String,
    /// What else it says: field and value, nothing that stands for a person.
    pub says: BTreeMap<String, String>,
    /// How it stands to the events before it.
    pub standing: Standing,
    /// The id of the event that it corrects.
    pub corrects: Option<String>,
    /// The id of the event that corrects it: this one does not count.
    pub corrected_by: Option<String>,
}

/// How an event stands to those with the same id before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    First,
    /// It says the same once more.
    Repeat,
    /// It says something else under the same id; of such copies one counts.
    Conflict,
}

impl Catalogue {
    /// A model, and the models and event tables that it is folded from.
    pub fn tables_behind(&self, model: &str) -> BTreeSet<String> {
        let mut tables = BTreeSet::from([model.to_owned()]);
        for input in self.model(model).iter().flat_map(|model| &model.declared.inputs) {
            tables.extend(self.tables_behind(input));
        }
        tables
    }

    /// The sources whose events a model's rows are folded from; what is only looked up is not among them.
    fn sources_of_contacts(&self, model: &str) -> BTreeSet<&'static str> {
        let inputs = self.model(model).into_iter().flat_map(Model::folded_inputs);
        let sources = inputs.flat_map(|input| {
            let own = schemas::catalogue().sources.values().find(|source| source.table == *input);
            own.map(|source| source.name.as_str()).into_iter().chain(self.sources_of_contacts(input))
        });
        sources.collect()
    }
}

impl Engine {
    /// The events of each of these things, in the order in which they happened; none for a thing that is
    /// no contact. Where the tables of events are bound as they are, repeats and corrected events are among
    /// them.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn events_behind(&self, model: &str, things: &[&Thing]) -> Result<Vec<Vec<EventBehind>>, Error> {
        let mut found: Vec<Vec<EventBehind>> = vec![Vec::new(); things.len()];
        let sources = catalogue().sources_of_contacts(model);
        for source in schemas::catalogue().sources.values().filter(|one| sources.contains(one.name.as_str())) {
            let contacts: Vec<Option<Contact<'_>>> = things.iter().map(|thing| contact(source, thing)).collect();
            let ids: BTreeSet<&str> = contacts.iter().flatten().map(|contact| contact.id).collect();
            if ids.is_empty() {
                continue;
            }
            let rows = texts(self.read_only(&events_sql(source, &ids)).await?)?;
            for (events, contact) in found.iter_mut().zip(contacts) {
                let is_of = |row: &&Row| {
                    let text = |name: &str| row.get(name).map(String::as_str);
                    contact
                        .is_some_and(|one| text("subject") == Some(one.id) && text("source") == Some(one.source))
                };
                rows.iter().filter(is_of).for_each(|row| events.push(event(source, row, events)));
            }
        }
        Ok(found)
    }

    /// The rows of the model that a thing was put together from, with the columns that decided; none for a
    /// thing without a name.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn rows_behind(
        &self,
        made_of: &MadeOf,
        thing: &Thing,
    ) -> Result<Vec<BTreeMap<String, String>>, Error> {
        if made_of.key.is_empty() {
            return Ok(Vec::new());
        }
        let row_key = catalogue().model(&made_of.model).map(|model| &model.declared.row_key);
        let columns = row_key.into_iter().flatten().chain(&made_of.deciding_in_rows);
        let columns: BTreeSet<String> = columns.map(|name| format!("\"{name}\"")).collect();
        let columns: Vec<String> = columns.into_iter().collect();
        let named: Vec<String> = made_of.key.iter().map(|name| equals(name, thing.cells.get(name))).collect();
        let sql = format!(
            "SELECT {columns} FROM {model} WHERE {named} ORDER BY {columns}",
            columns = columns.join(", "),
            model = made_of.model,
            named = named.join(" AND "),
        );
        texts(self.read_only(&sql).await?)
    }
}

/// The cells of a row that are not null, by column.
type Row = BTreeMap<String, String>;

/// Who a thing is to a source.
#[derive(Debug, Clone, Copy)]
struct Contact<'a> {
    source: &'a str,
    id: &'a str,
}

/// A thing's own name for itself in a source: by the source's subject, or as a contact among others.
fn contact<'a>(source: &Source, thing: &'a Thing) -> Option<Contact<'a>> {
    let id = thing.cells.get(&source.subject).or_else(|| thing.cells.get("contact_id"))?;
    Some(Contact { source: thing.cells.get("source")?, id })
}

fn events_sql(source: &Source, ids: &BTreeSet<&str>) -> String {
    let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
    let says = said(source).map(|(name, kind)| match kind {
        FieldKind::Id => format!("encode(\"{name}\", 'hex') AS \"said_{name}\""),
        _ => format!("\"{name}\" AS \"said_{name}\""),
    });
    format!(
        "SELECT events.\"{subject}\" AS subject, source, event_type, occurred_at, \
         concat(CAST(local_date(occurred_at) AS VARCHAR), ' ', local_time(occurred_at)) AS local_time, \
         topic, \"partition\", \"offset\", encode(events.event_id, 'hex') AS event_id, \
         encode(events.supersedes, 'hex') AS corrects, encode(corrections.event_id, 'hex') AS corrected_by, {says} \
         FROM {table} AS events \
         LEFT JOIN (SELECT supersedes, min(event_id) AS event_id FROM {table} WHERE supersedes IS NOT NULL \
         GROUP BY supersedes) AS corrections ON corrections.supersedes = events.event_id \
         WHERE events.\"{subject}\" IN ({ids}) \
         ORDER BY occurred_at, said_sequence NULLS LAST, event_id, topic, \"partition\", \"offset\"",
        subject = source.subject,
        says = says.collect::<Vec<_>>().join(", "),
        table = source.table,
        ids = ids.join(", "),
    )
}

/// The columns of what an event says beside who, what, when and which. What stands for a person or a
/// place is left out: it decides nothing, and an explanation is handed round.
fn said(source: &Source) -> impl Iterator<Item = (String, FieldKind)> {
    let mut shown_elsewhere = source.envelope();
    shown_elsewhere.retain(|name| name != "sequence" && name != "case_refs");
    let fields = source.columns().into_iter().filter(|field| field.pii.is_none());
    fields.filter(move |field| !shown_elsewhere.contains(&field.name)).map(|field| (field.name, field.kind))
}

fn event(source: &Source, row: &Row, before: &[EventBehind]) -> EventBehind {
    let text = |name: &str| row.get(name).cloned().unwrap_or_default();
    let says =
        said(source).filter_map(|(name, _)| row.get(&format!("said_{name}")).map(|value| (name, value.clone())));
    let says: BTreeMap<String, String> = says.filter(|(_, value)| value != "[]").collect();
    let event_id = text("event_id");
    let standing = match before.iter().find(|event| event.event_id == event_id) {
        None => Standing::First,
        Some(first) if first.says == says => Standing::Repeat,
        Some(_) => Standing::Conflict,
    };
    EventBehind {
        event_id,
        event_type: text("event_type"),
        occurred_at: text("occurred_at"),
        local_time: text("local_time"),
        source: text("source"),
        topic: text("topic"),
        partition: text("partition"),
        offset: text("offset"),
        says,
        standing,
        corrects: row.get("corrects").cloned(),
        corrected_by: row.get("corrected_by").cloned(),
    }
}

fn texts((schema, batches): Rows) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let options = FormatOptions::default();
    for batch in &batches {
        let formatters = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
        let formatters: Vec<ArrayFormatter<'_>> = formatters.collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = schema.fields().iter().zip(batch.columns()).zip(&formatters);
            let cells = cells.filter(|((_, column), _)| column.is_valid(row));
            rows.push(
                cells.map(|((field, _), text)| (field.name().clone(), text.value(row).to_string())).collect(),
            );
        }
    }
    Ok(rows)
}

fn equals(name: &str, value: Option<&String>) -> String {
    match value {
        Some(value) => format!("CAST(\"{name}\" AS VARCHAR) = {}", quoted(value)),
        None => format!("\"{name}\" IS NULL"),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_followed_to_their_sources_and_no_further() {
        let names = |model: &str| catalogue().sources_of_contacts(model).into_iter().collect::<Vec<_>>();
        assert_eq!(names("queue_visits"), ["telephony"]);
        assert_eq!(names("reports"), ["fixmystreet"]);
        assert_eq!(names("customer_contacts"), ["fixmystreet", "telephony", "webform"]);
    }

    #[test]
    fn an_event_is_set_beside_those_with_its_id() {
        let telephony = &schemas::catalogue().sources["telephony"];
        let row = |id: &str, wait: &str| {
            let cells = [("event_id", id), ("said_wait_ms", wait), ("said_case_refs", "[]")];
            Row::from(cells.map(|(name, text)| (name.to_owned(), text.to_owned())))
        };
        let mut events = Vec::new();
        for row in [row("a", "1"), row("b", "1"), row("a", "1"), row("b", "2")] {
            events.push(event(telephony, &row, &events));
        }
        let standings: Vec<Standing> = events.iter().map(|event| event.standing).collect();
        assert_eq!(standings, [Standing::First, Standing::First, Standing::Repeat, Standing::Conflict]);
        assert_eq!(events[3].says, BTreeMap::from([("wait_ms".to_owned(), "2".to_owned())]));
    }

    #[test]
    fn a_name_with_a_quote_stays_a_text() {
        assert_eq!(quoted("o'clock' OR '1'='1"), "'o''clock'' OR ''1''=''1'");
        assert_eq!(equals("queue", None), "\"queue\" IS NULL");
    }
}
