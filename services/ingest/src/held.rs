//! Partitions that wait: the cause, what to do about it, and how they go on.
//!
//! A bad record is quarantined and the partition goes on; a bad cause would quarantine everything
//! that comes, so the partition waits, and nothing of it is lost. Which it is, is decided record by
//! record: see `rows.rs` for schemas, `bad_share.rs` for the share of bad records.

use crate::bad_share::BadShare;
use crate::consume::{Command, Start};
use crate::metrics::PauseCause;
use crate::rows::ChunkRows;
use crate::run::{Ingest, now_micros};
use crate::sink::Stamps;
use crate::{Error, Ids};

/// Why a partition does not go on, and at which offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// The record's schema id is not known.
    UnknownSchema {
        /// The record.
        offset: i64,
        /// Its schema id.
        schema_id: u32,
        /// What is known of the id.
        lookup: Lookup,
    },
    /// Too many of the newest records are bad.
    TooManyBad {
        /// The record with which they became too many.
        offset: i64,
    },
}

/// What is known of a schema id whose records cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// This build does not know it, and there is no registry.
    NotInBuild,
    /// The registry has not answered yet.
    Asked,
    /// The registry could not be asked, and will be again.
    Unanswered(String),
    /// The registry has no such id, and will be asked again.
    Absent(String),
    /// The registry has it, and it cannot be read.
    Refused(String),
}

impl Held {
    /// The offset at which it waits.
    pub(crate) fn offset(&self) -> i64 {
        let (Self::UnknownSchema { offset, .. } | Self::TooManyBad { offset }) = self;
        *offset
    }

    pub(crate) fn of_unknown_schema(rows: &ChunkRows, known: impl Fn(u32) -> Lookup) -> Option<Self> {
        let (offset, schema_id) = rows.unknown_schema?;
        Some(Self::UnknownSchema { offset, schema_id, lookup: known(schema_id) })
    }

    /// Whether it is known why it waits.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self, Self::UnknownSchema { lookup: Lookup::Asked, .. })
    }

    /// The schema id for which the registry is to be asked, or asked again.
    pub(crate) fn wanted_id(&self) -> Option<u32> {
        match self {
            Self::UnknownSchema { schema_id, lookup, .. } => match lookup {
                Lookup::Asked | Lookup::Unanswered(_) | Lookup::Absent(_) => Some(*schema_id),
                Lookup::NotInBuild | Lookup::Refused(_) => None,
            },
            Self::TooManyBad { .. } => None,
        }
    }

    /// Whether it waits for this schema id.
    pub(crate) fn is_of(&self, id: u32) -> bool {
        self.lookup_of(id).is_some()
    }

    /// Whether it waits for an answer of the registry: until then nobody can say whether the record is bad,
    /// and so nobody can accept it either.
    pub(crate) fn awaits_registry(&self) -> bool {
        self.cause() == PauseCause::Registry
    }

    /// Notes what is known of the schema id now; whether that is something else than before. A registry
    /// that does not answer does not take back that it had no such id.
    pub(crate) fn learn(&mut self, learned: Lookup) -> bool {
        let Self::UnknownSchema { lookup, .. } = self else { return false };
        if matches!((&*lookup, &learned), (Lookup::Absent(_), Lookup::Unanswered(_))) {
            return false;
        }
        let before = std::mem::replace(lookup, learned);
        before != *lookup
    }

    /// What is known of this schema id, if it waits for it.
    fn lookup_of(&self, id: u32) -> Option<&Lookup> {
        match self {
            Self::UnknownSchema { schema_id, lookup, .. } => (*schema_id == id).then_some(lookup),
            Self::TooManyBad { .. } => None,
        }
    }

    /// A pause outlives the process: the lake holds where, until somebody has accepted it.
    pub(crate) fn of_paused(position: Option<i64>, stamps: Stamps) -> Option<Self> {
        let offset = stamps.paused_at.filter(|paused| Some(*paused) == position)?;
        let accepted = stamps.accepted.is_some_and(|accepted| accepted > offset);
        (!accepted).then_some(Self::TooManyBad { offset })
    }

    pub(crate) fn cause(&self) -> PauseCause {
        match self {
            Self::UnknownSchema { lookup, .. } => match lookup {
                Lookup::Asked | Lookup::Unanswered(_) => PauseCause::Registry,
                Lookup::NotInBuild | Lookup::Absent(_) | Lookup::Refused(_) => PauseCause::UnknownSchema,
            },
            Self::TooManyBad { .. } => PauseCause::ShareRefused,
        }
    }

    /// What it waits for and what to do, in a sentence.
    pub(crate) fn sentence(&self, topic: &str, partition: i32) -> String {
        let waits = format!("{topic} partition {partition} waits at offset {}", self.offset());
        let accept = format!(
            "`switchboard quarantine accept --topic {topic} --partition {partition}` puts such records into the \
             quarantine and goes on"
        );
        match self {
            Self::UnknownSchema { schema_id, lookup: Lookup::NotInBuild, .. } => format!(
                "{waits}: schema id {schema_id} is not known. Release the schema (schemas/ids.toml) in a new build \
                 and start ingest again; or {accept}. Nothing is lost meanwhile"
            ),
            Self::UnknownSchema { schema_id, lookup: Lookup::Asked, .. } => {
                format!("{waits}: the schema registry is asked for schema id {schema_id}")
            }
            Self::UnknownSchema { schema_id, lookup: Lookup::Unanswered(problem), .. } => format!(
                "{waits}: schema id {schema_id} cannot be looked up: {problem}. It goes on by itself when the registry \
                 answers; only then is it known what cannot be read, so `switchboard quarantine accept` waits for \
                 that too. Nothing is lost meanwhile"
            ),
            Self::UnknownSchema { lookup: Lookup::Absent(problem), .. } => format!(
                "{waits}: {problem}. It goes on by itself when the schema is registered under that id; or {accept}. \
                 Nothing is lost meanwhile"
            ),
            Self::UnknownSchema { lookup: Lookup::Refused(problem), .. } => format!(
                "{waits}: {problem}. Mend what the producer registers, and start ingest again if a new build is to read \
                 it; or {accept}. Nothing is lost meanwhile"
            ),
            Self::TooManyBad { .. } => format!(
                "{waits}: too many of its newest records cannot be read, so the fault lies in what writes them. See \
                 `switchboard quarantine list` for the reasons, mend the producer; then {accept}. Nothing is lost \
                 meanwhile"
            ),
        }
    }
}

impl Ingest {
    pub(crate) fn tell_held(&self, partition: i32, held: &Held) {
        let topic = &self.source.topic;
        let sentence = held.sentence(topic, partition);
        // That the registry does not answer has been said for all partitions at once.
        if !held.awaits_registry() {
            tracing::error!(topic, partition, offset = held.offset(), "{sentence}");
        }
        self.watched.waits(partition, &sentence, now_micros());
    }

    /// A sentence for each partition that waits.
    pub(crate) fn held_sentences(&self) -> Vec<String> {
        let topic = &self.source.topic;
        let held =
            self.intake.partitions.iter().filter_map(|(partition, one)| Some((partition, one.held.as_ref()?)));
        held.map(|(partition, held)| held.sentence(topic, *partition)).collect()
    }

    /// What is known of a schema id that a partition meets: what others that wait for it have learned.
    pub(crate) fn known_of(&self, id: u32) -> Lookup {
        if self.rows.ids() == Ids::OfBuild {
            return Lookup::NotInBuild;
        }
        let held = self.intake.partitions.values().filter_map(|one| one.held.as_ref());
        held.filter_map(|held| held.lookup_of(id)).next().cloned().unwrap_or(Lookup::Asked)
    }

    /// Lets those partitions go on that somebody has accepted since. What waits for the registry is told
    /// apart only by its answer, which then finds that they are accepted.
    pub(crate) async fn look_at_held(&mut self) -> Result<(), Error> {
        let held =
            self.intake.partitions.iter().filter_map(|(partition, one)| Some((*partition, one.held.clone()?)));
        let held: Vec<(i32, Held)> = held.collect();
        if held.is_empty() || self.outlet.is_busy() {
            return Ok(());
        }
        let sink = self.outlet.sink()?;
        if let Err(error) = sink.refresh().await {
            tracing::debug!(%error, "the lake cannot be read just now");
            return Ok(());
        }
        let accepted = |(partition, held): (i32, Held)| {
            let through = sink.stamps(partition).accepted.filter(|through| *through > held.offset())?;
            Some((partition, held.awaits_registry(), through))
        };
        let accepted: Vec<(i32, bool, i64)> = held.into_iter().filter_map(accepted).collect();
        let topic = &self.source.topic;
        for (partition, awaits_registry, through) in accepted {
            let is_news = self.accepted.insert(partition, through) != Some(through);
            if awaits_registry {
                if is_news {
                    tracing::warn!(
                        topic,
                        partition,
                        through,
                        "accepted by a steward; the partition waits all the same until the schema registry answers, \
                         since only then is it known what cannot be read"
                    );
                }
                continue;
            }
            self.shares.insert(partition, BadShare::default());
            if self.go_on(partition) {
                tracing::warn!(topic, partition, through, "accepted by a steward: the partition goes on");
            }
        }
        Ok(())
    }

    /// Lets a held partition go on at the record at which it waits.
    pub(crate) fn go_on(&mut self, partition: i32) -> bool {
        let Some((generation, offset)) = self.intake.release(partition) else { return false };
        self.watched.goes_on(partition);
        let start = Start { partition, offset, generation, held: false };
        let _ = self.command.send(Command::Rewind(start));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_holds_after_a_restart_until_it_is_accepted() {
        let paused = |accepted| Stamps { paused_at: Some(70), accepted, ..Stamps::default() };
        assert_eq!(Held::of_paused(Some(70), paused(None)), Some(Held::TooManyBad { offset: 70 }));
        assert_eq!(Held::of_paused(Some(70), paused(Some(70))), Some(Held::TooManyBad { offset: 70 }));
        assert_eq!(Held::of_paused(Some(70), paused(Some(71))), None);
        // It has gone on since.
        assert_eq!(Held::of_paused(Some(71), paused(None)), None);
        assert_eq!(Held::of_paused(None, Stamps::default()), None);
    }
}
