//! Parts of an ingest that stands alone, without a Kafka.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::{Budget, GroupProtocol, Health, Options, TokenKey};
use kafka::Access;
use schemas::{Source, catalogue};
use std::sync::Arc;
use std::time::Duration;

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
