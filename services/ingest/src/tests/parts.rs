//! An ingest that stands alone, without a Kafka, and its parts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::consume::Command;
use crate::run::Ingest;
use crate::sink::Sink;
use crate::watched::Watched;
use crate::{Budget, GroupProtocol, Health, Ids, Options, RowBuilder, StewardKey, TokenKey};
use ::kafka::Access;
use lake::Lake;
use schemas::{Source, catalogue};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

/// An ingest whose commands to Kafka go nowhere but here.
pub(crate) struct Alone {
    pub(crate) ingest: Ingest,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) lake: Lake,
    pub(crate) health: Health,
    _folder: TempDir,
}

impl Alone {
    /// One on an empty lake, whose schema ids a registry gives; it is ready.
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open_or_create(&folder.path().join("lake")).unwrap();
        let (source, health) = (source(), Health::default());
        let watched = Arc::new(Watched::new(&source.topic, "127.0.0.1:9", health.clone(), 0));
        watched.reached();
        let steward = age::x25519::Identity::generate().to_public().to_string();
        let steward = StewardKey::parse(&steward).unwrap();
        let sink = Sink::open(&lake, source, CLUSTER.to_owned(), steward, watched.clone()).await.unwrap();
        let rows = RowBuilder::with_columns(source, sink.columns().unwrap(), Ids::OfRegistry, key());
        let (command, commands) = mpsc::channel();
        let options = options("127.0.0.1:9", health.clone());
        let ingest = Ingest::new(options, sink, rows, watched, unbounded_channel().0, command);
        Self { ingest, commands, lake, health, _folder: folder }
    }
}

pub(crate) const CLUSTER: &str = "test";

pub(crate) fn source() -> &'static Source {
    &catalogue().sources["telephony"]
}

pub(crate) fn key() -> TokenKey {
    TokenKey::parse(&"07".repeat(32)).unwrap()
}

pub(crate) fn options(brokers: &str, health: Health) -> Options {
    Options {
        access: Access::plaintext(brokers),
        group: "test".to_owned(),
        protocol: GroupProtocol::Classic,
        flush_after: Duration::from_secs(2),
        flush_bytes: 1 << 20,
        budget: Budget::new(1 << 24),
        registry: None,
        pause_above_bad_percent: 10,
        committed_rows: Arc::default(),
        health,
        until_caught_up: false,
    }
}
