//! The questions that the page and the API ask of an epoch, as SQL over the measured tables and the
//! views. Each file says what its parameters are.

/// A measure by month with its control limits; `$kpi` (empty for all measures), `$from_day`, `$to_day`.
pub const MONTHS: &str = include_str!("../answers/months.sql");

/// A measure by day or month and by any of its dimensions; `$kpi`, `$from_day`, `$to_day`,
/// `$by_month`, and [`BY_DIMENSION`].
pub const VALUES: &str = include_str!("../answers/values.sql");

/// A distribution by day or month and by any of its dimensions; parameters as for [`VALUES`].
pub const DISTRIBUTION: &str = include_str!("../answers/distribution.sql");

/// A distribution's count, median, 90th percentile and longest over some days and by any of its
/// dimensions; `$kpi`, `$from_day`, `$to_day`, and [`BY_DIMENSION`].
pub const SPREAD: &str = include_str!("../answers/spread.sql");

/// A measure of kind `monthly`; `$kpi`, `$from_day`, `$to_day`.
pub const PERIODS: &str = include_str!("../answers/periods.sql");

/// How demand moved between channels in a year, in the newest month that is over.
pub const CHANNEL_SHIFT: &str = include_str!("../answers/channel_shift.sql");

/// The first and the last day that the page's scorecard shows.
pub const PERIOD: &str = include_str!("../answers/period.sql");

/// What was done that may have moved a measure; `$kpi`.
pub const INTERVENTIONS: &str = include_str!("../answers/interventions.sql");

/// The targets of a measure; `$kpi`.
pub const TARGETS: &str = include_str!("../answers/targets.sql");

/// For each of [`DIMENSIONS`](crate::catalogue::DIMENSIONS), the parameter that asks for it: 1 or 0.
pub const BY_DIMENSION: [&str; 5] =
    ["by_service_area", "by_service_class", "by_queue", "by_channel", "by_subject_group"];
