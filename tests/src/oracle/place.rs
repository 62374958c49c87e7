//! Where and when something counts.

use super::RowKey;
use super::services::Matter;
use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::London;

/// What a row lacks in a dimension that its KPI has.
pub(super) const UNKNOWN: &str = "(unknown)";
/// What stands in a dimension that the KPI does not have.
pub(super) const ALL: &str = "(all)";

/// A local day and a value of each dimension.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) local_date: NaiveDate,
    pub(super) service_area: String,
    pub(super) service_class: String,
    pub(super) queue: String,
    pub(super) channel: String,
    pub(super) subject_group: String,
}

impl Place {
    /// Where nothing but the instant and the channel is known.
    pub(super) fn at(micros: i64, channel: &str) -> Self {
        let unknown = || UNKNOWN.to_owned();
        Self {
            local_date: local_date(micros),
            service_area: unknown(),
            service_class: unknown(),
            queue: unknown(),
            channel: channel.to_owned(),
            subject_group: unknown(),
        }
    }

    /// The same, of this matter.
    pub(super) fn about(self, matter: Matter) -> Self {
        let Matter { area, class, subject_group } = matter;
        Self { service_area: area, service_class: class, subject_group, ..self }
    }

    /// The row that a KPI has here.
    pub(super) fn row(&self, kpi: &str) -> RowKey {
        let Self { local_date, service_area, service_class, queue, channel, subject_group } = self.clone();
        RowKey { kpi: kpi.to_owned(), local_date, service_area, service_class, queue, channel, subject_group }
    }
}

/// The council's day at an instant.
pub(super) fn local_date(micros: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().with_timezone(&London).date_naive()
}
