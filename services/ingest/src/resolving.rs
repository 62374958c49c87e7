//! Schema ids that ingest meets for the first time: the registry is asked while everything else goes
//! on, and the partitions that wait for the answer go on by themselves when it has come.
//!
//! No answer is a bad cause, and so is an answer that cannot be used: the partition waits, and
//! nothing of it is lost. [`Inquiries`](crate::inquiries::Inquiries) decides when to ask.

use crate::held::{Held, Lookup};
use crate::inquiries::{Answer, News};
use crate::run::Ingest;
use crate::{Error, RowBuilder};
use schemas::{Registry, RegistryError, WideSchema};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// An id and what the registry has said of it.
pub(crate) type Answered = (u32, Result<Arc<str>, RegistryError>);

impl Ingest {
    /// Asks for the ids for which partitions wait, each in a task of its own.
    pub(crate) fn ask_registry(&mut self) {
        let Some(registry) = &self.options.registry else { return };
        let held = self.intake.partitions.values().filter_map(|partition| partition.held.as_ref());
        let wanted: BTreeSet<u32> = held.filter_map(Held::wanted_id).collect();
        for id in self.inquiries.due(&wanted, Instant::now()) {
            let (registry, answer) = (registry.clone(), self.answer.clone());
            tokio::spawn(async move {
                // Nobody listens any more once ingest has ended.
                let _ = answer.send((id, registry.schema(id).await));
            });
        }
    }

    /// Takes an answer in: the partitions that waited for it go on, or it is known why not.
    pub(crate) async fn take_answer(&mut self, (id, answer): Answered) -> Result<(), Error> {
        let topic = &self.source.topic;
        let kind = Answer::of(&answer);
        match self.inquiries.answered(id, kind, Instant::now()) {
            Some(News::Down) => {
                let problem = answer.as_ref().err().map(ToString::to_string);
                tracing::error!(
                    topic,
                    problem,
                    "partitions with a new schema id wait for the schema registry, and go on by themselves"
                );
            }
            Some(News::Back) => tracing::warn!(topic, "the schema registry answers again"),
            None => {}
        }
        let lookup = match answer {
            Ok(schema) => self.admit(id, &schema).await?.map(Lookup::Refused),
            Err(error) => Some(match kind {
                Answer::Missing => Lookup::Unanswered(error.to_string()),
                Answer::Absent => Lookup::Absent(error.to_string()),
                Answer::Settled => Lookup::Refused(error.to_string()),
            }),
        };
        if matches!(lookup, Some(Lookup::Absent(_) | Lookup::Refused(_))) {
            self.rows.refuse(id);
        }
        let waiting =
            self.intake.partitions.iter().filter(|(_, one)| one.held.as_ref().is_some_and(|held| held.is_of(id)));
        for partition in waiting.map(|(partition, _)| *partition).collect::<Vec<_>>() {
            match &lookup {
                None => drop(self.go_on(partition)),
                Some(lookup) => self.still_held(partition, lookup),
            }
        }
        Ok(())
    }

    /// Notes why a partition waits, and says so if that is news; it waits no more where it is known by now
    /// that the record cannot be read, and a steward has accepted such records.
    fn still_held(&mut self, partition: i32, lookup: &Lookup) {
        let Some(held) = self.intake.partitions.get_mut(&partition).and_then(|one| one.held.as_mut()) else {
            return;
        };
        let is_news = held.learn(lookup.clone());
        let held = held.clone();
        let accepted = self.accepted.get(&partition).is_some_and(|through| *through > held.offset());
        if accepted && !held.awaits_registry() {
            self.go_on(partition);
        } else if is_news {
            self.tell_held(partition, &held);
        }
    }

    /// Judges a schema against what the table has by now; says why it cannot be read.
    async fn admit(&mut self, id: u32, schema: &str) -> Result<Option<String>, Error> {
        self.settle().await?;
        let sink = self.outlet.sink()?;
        if let Err(error) = sink.refresh().await {
            // What others have added since is then found at the commit.
            tracing::debug!(%error, "the lake cannot be read just now");
        }
        let columns = sink.columns()?;
        let topic = &self.source.topic;
        match self.rows.admit(id, schema, columns) {
            Ok(left_out) => {
                tracing::info!(topic, schema_id = id, "a schema of the registry is read from now on");
                for left in left_out.into_iter().filter(|left| self.told_left_out.insert(left.field.clone())) {
                    let (field, why) = (left.field, left.why);
                    tracing::warn!(topic, schema_id = id, field, why, "a field of the schema is not stored");
                }
                Ok(None)
            }
            Err(refused) => Ok(Some(refused.to_string())),
        }
    }
}

/// Asks for these ids one after the other, for records that are all at hand. What cannot be read or is
/// not there is refused.
///
/// # Errors
/// [`Error::Registry`] when it does not answer.
pub(crate) async fn resolve_all(
    rows: &mut RowBuilder,
    registry: &Registry,
    ids: BTreeSet<u32>,
    table: &WideSchema,
) -> Result<(), Error> {
    for id in ids {
        let answer = registry.schema(id).await;
        let readable = match (Answer::of(&answer), answer) {
            (Answer::Missing, Err(error)) => return Err(error.into()),
            (_, answer) => answer.is_ok_and(|schema| rows.admit(id, &schema, table.clone()).is_ok()),
        };
        if !readable {
            rows.refuse(id);
        }
    }
    Ok(())
}
