//! Partitions that wait: what readiness says of them meanwhile, and that it says so no longer than they wait.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::added_columns::{record, schema};
use super::parts::{Alone, CLUSTER, source};
use crate::consume::{Brought, Command};
use crate::metrics::PauseCause;
use crate::sink::Flushed;
use crate::{Chunk, accept_bad};
use schemas::RegistryError;
use std::sync::Arc;

/// The schema id that nobody has asked for yet.
const NEW_ID: u32 = 7;

impl Alone {
    /// One whose partition 0 has met the new id, at offset 0.
    async fn at_a_new_id() -> Self {
        let mut alone = Self::new().await;
        alone.meets_the_new_id(0);
        alone
    }

    fn meets_the_new_id(&mut self, partition: i32) {
        self.ingest.start(partition).unwrap();
        self.reads(partition);
        assert!(matches!(self.commands.try_recv(), Ok(Command::Hold { .. })));
    }

    fn reads(&mut self, partition: i32) {
        let generation = self.ingest.intake.partitions[&partition].generation;
        let mut chunk = Chunk::default();
        chunk.push(&record(NEW_ID, &[]), 0, None);
        self.ingest.receive(Brought::Records { partition, generation, chunk }).unwrap();
    }

    async fn learns(&mut self, answer: Result<(), RegistryError>) {
        let answer = answer.map(|()| Arc::from(schema(&[])));
        self.ingest.take_answer((NEW_ID, answer)).await.unwrap();
    }

    fn reasons(&self) -> Vec<String> {
        self.health.problems().into_iter().map(|problem| problem.sentence).collect()
    }

    fn causes(&self) -> Vec<PauseCause> {
        let held = self.ingest.intake.partitions.values().filter_map(|one| one.held.as_ref());
        held.map(|held| held.cause()).collect()
    }

    /// The partitions that Kafka's thread was told to read on.
    fn read_on(&self) -> Vec<i32> {
        let commands = self.commands.try_iter();
        commands
            .filter_map(|one| if let Command::Rewind(start) = one { Some(start.partition) } else { None })
            .collect()
    }
}

fn down() -> Result<(), RegistryError> {
    Err(RegistryError::Outage { registry: "r".to_owned(), problem: "refused".to_owned() })
}

fn absent() -> Result<(), RegistryError> {
    Err(RegistryError::Absent { asked: format!("schema id {NEW_ID}") })
}

#[tokio::test]
async fn an_id_whose_answer_comes_at_once_leaves_the_process_ready() {
    let mut alone = Alone::at_a_new_id().await;
    assert_eq!((alone.reasons().len(), alone.causes()), (0, vec![PauseCause::Registry]));
    alone.learns(Ok(())).await;
    assert_eq!((alone.read_on(), alone.causes(), alone.reasons().len()), (vec![0], vec![], 0));
}

#[tokio::test]
async fn a_partition_whose_schema_is_registered_at_last_is_ready_again() {
    let mut alone = Alone::at_a_new_id().await;
    alone.learns(absent()).await;
    assert_eq!(alone.causes(), [PauseCause::UnknownSchema]);
    let [reason] = &alone.reasons()[..] else { panic!("{:?}", alone.reasons()) };
    assert!(reason.contains("has no schema id 7") && reason.contains("quarantine accept"), "{reason}");
    alone.learns(Ok(())).await;
    assert_eq!((alone.read_on(), alone.causes(), alone.reasons().len()), (vec![0], vec![], 0));
}

#[tokio::test]
async fn a_registry_that_is_down_is_a_cause_of_its_own_and_is_told_until_it_answers() {
    let mut alone = Alone::at_a_new_id().await;
    alone.learns(down()).await;
    let [reason] = &alone.reasons()[..] else { panic!("{:?}", alone.reasons()) };
    assert!(reason.contains("does not answer: refused") && reason.contains("goes on by itself"), "{reason}");
    // Another partition that meets the id need not ask first.
    alone.meets_the_new_id(1);
    assert_eq!((alone.reasons().len(), alone.causes()), (2, vec![PauseCause::Registry; 2]));
    alone.learns(Ok(())).await;
    assert_eq!((alone.read_on(), alone.causes(), alone.reasons().len()), (vec![0, 1], vec![], 0));
}

#[tokio::test]
async fn an_outage_does_not_take_back_that_the_registry_had_no_such_id() {
    let mut alone = Alone::at_a_new_id().await;
    alone.learns(absent()).await;
    alone.learns(down()).await;
    assert_eq!(alone.causes(), [PauseCause::UnknownSchema]);
    accept_bad(&alone.lake, source(), CLUSTER, 0, 5).await.unwrap();
    alone.ingest.look_at_held().await.unwrap();
    assert_eq!((alone.read_on(), alone.reasons().len()), (vec![0], 0));
}

#[tokio::test]
async fn what_is_accepted_while_the_registry_is_down_waits_for_its_answer() {
    let mut alone = Alone::at_a_new_id().await;
    accept_bad(&alone.lake, source(), CLUSTER, 0, 5).await.unwrap();
    for answer in [None, Some(down()), Some(down())] {
        if let Some(answer) = answer {
            alone.learns(answer).await;
        }
        alone.ingest.look_at_held().await.unwrap();
        assert_eq!((alone.read_on(), alone.causes()), (vec![], vec![PauseCause::Registry]));
    }
    let [reason] = &alone.reasons()[..] else { panic!("{:?}", alone.reasons()) };
    assert!(reason.contains("`switchboard quarantine accept` waits for that too"), "{reason}");
    alone.learns(absent()).await;
    assert_eq!((alone.read_on(), alone.reasons().len()), (vec![0], 0));
    alone.reads(0);
    let partition = &alone.ingest.intake.partitions[&0];
    assert_eq!((partition.held.as_ref(), partition.rows.bad.len(), partition.next), (None, 1, Some(1)));
}

#[tokio::test]
async fn a_held_partition_that_another_process_has_moved_on_is_ready_again() {
    let mut alone = Alone::at_a_new_id().await;
    alone.learns(absent()).await;
    assert_eq!(alone.reasons().len(), 1);
    let batch = alone.ingest.intake.seal().unwrap();
    alone.ingest.take_in(Some((batch, Flushed::Fenced([(0, 5)].into())))).unwrap();
    assert_eq!((alone.read_on(), alone.causes(), alone.reasons().len()), (vec![0], vec![], 0));
}
