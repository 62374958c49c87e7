//! What the KPIs must say, worked out from their definitions in plain Rust.
//!
//! Owns a second opinion: written from `queries/kpis/*.toml` and `DESIGN.md` 5, with loops and maps
//! over events, one call at a time. Never uses SQL, DataFusion or the crate `queries`, and is not
//! built like the models, so that the two are unlikely to be wrong in the same way.

mod calls;
mod facts;
mod kpis;
mod services;

use chrono::NaiveDate;
use schemas::Event;
use std::collections::BTreeMap;
use std::fmt;

/// What a KPI's row is about; `(all)` in a dimension that the KPI does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// The KPI.
    pub kpi: String,
    /// Local day.
    pub local_date: NaiveDate,
    /// Service, `(unknown)` for a queue that is mapped to none.
    pub service_area: String,
    /// `social_care`, `other` or `(unknown)`.
    pub service_class: String,
    /// Queue.
    pub queue: String,
    /// Channel.
    pub channel: String,
    /// Subject group, of KPIs that count calls.
    pub subject_group: String,
}

impl fmt::Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kpi, local_date, service_area, service_class, queue, channel, subject_group } = self;
        write!(formatter, "{kpi} {local_date} {service_area} {service_class} {queue} {channel} {subject_group}")
    }
}

/// Numerator and denominator of every ratio and count; a count has no denominator.
pub fn measure(events: &[Event]) -> BTreeMap<RowKey, (Option<i64>, Option<i64>)> {
    let calls = calls::calls(events);
    let mut rows: BTreeMap<RowKey, (Option<i64>, Option<i64>)> = BTreeMap::new();
    for (key, (numerator, denominator)) in kpis::parts(&calls) {
        let row = rows.entry(key).or_default();
        row.0 = Some(row.0.unwrap_or_default() + numerator);
        row.1 = denominator.map(|more| row.1.unwrap_or_default() + more);
    }
    rows
}

/// How often each value of every distribution occurs, by row and value.
pub fn distribution(events: &[Event]) -> BTreeMap<(RowKey, i64), i64> {
    let mut counts = BTreeMap::new();
    for value in kpis::values(&calls::calls(events)) {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// The KPIs that this oracle measures, in order.
pub fn kpis() -> Vec<&'static str> {
    kpis::names()
}
