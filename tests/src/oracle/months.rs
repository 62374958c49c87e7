//! The KPIs that are measured for a month as a whole: through which channels demand came, and what
//! changed in that against the month a year before.

use super::MonthlyKey;
use super::contacts::Contact;
use chrono::{Datelike, Months, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

const CHANNEL_MIX: &str = "channel_mix";
const CHANNEL_SHIFT: &str = "channel_shift";

/// The demands of a month, by service and channel.
type Demands<'a> = BTreeMap<(&'a str, &'a str), i64>;

/// The KPIs that are measured here.
pub(super) fn names() -> Vec<&'static str> {
    vec![CHANNEL_MIX, CHANNEL_SHIFT]
}

/// The rows of both KPIs.
pub(super) fn rows(contacts: &[Contact]) -> Vec<(MonthlyKey, (i64, i64))> {
    let mut months: BTreeMap<NaiveDate, Demands<'_>> = BTreeMap::new();
    for contact in contacts.iter().filter(|contact| contact.is_first()) {
        let place = &contact.place;
        let month = place.local_date.with_day(1).unwrap_or_default();
        *months.entry(month).or_default().entry((&place.service_area, &place.channel)).or_default() += 1;
    }
    let mut rows = Vec::new();
    for (month, now) in &months {
        let mut row = |kpi: &str, channel: &str, part: &str, parts| {
            let (kpi, channel, part) = (kpi.to_owned(), channel.to_owned(), part.to_owned());
            rows.push((MonthlyKey { kpi, local_month: *month, channel, part }, parts));
        };
        for channel in channels([now]) {
            row(CHANNEL_MIX, channel, "share", (of_channel(now, channel), all(now)));
        }
        let year_before = month.checked_sub_months(Months::new(12)).and_then(|month| months.get(&month));
        if let Some(before) = year_before {
            for channel in channels([now, before]) {
                for (part, parts) in shift(now, before, channel) {
                    row(CHANNEL_SHIFT, channel, part, parts);
                }
            }
        }
    }
    rows
}

/// Why a channel has more or fewer demands than a year before, in thousandths of a demand.
fn shift(now: &Demands<'_>, before: &Demands<'_>, channel: &str) -> [(&'static str, (i64, i64)); 7] {
    let (own_now, own_before) = (of_channel(now, channel), of_channel(before, channel));
    let (all_now, all_before) = (all(now), all(before));
    let by_volume = thousandths(all_now * own_before, all_before);
    let by_service: i64 = services([now, before])
        .into_iter()
        .map(|service| {
            let count = |demands: &Demands<'_>| demands.get(&(service, channel)).copied().unwrap_or_default();
            match of_service(before, service) {
                // What is new shifts nobody.
                0 => count(now) * 1000,
                all_before => thousandths(of_service(now, service) * count(before), all_before),
            }
        })
        .sum();
    [
        ("now", (own_now * 1000, 1000)),
        ("year_before", (own_before * 1000, 1000)),
        ("volume_effect", (by_volume - own_before * 1000, 1000)),
        ("service_mix_effect", (by_service - by_volume, 1000)),
        ("channel_shift", (own_now * 1000 - by_service, 1000)),
        ("share_change_points", (own_now * all_before - own_before * all_now, all_now * all_before)),
        ("share_change_at_fixed_mix", (own_now * 1000 - by_service, all_now * 1000)),
    ]
}

/// The quotient of two counts in thousandths, a half rounded up.
fn thousandths(dividend: i64, divisor: i64) -> i64 {
    (2 * 1000 * dividend + divisor) / (2 * divisor)
}

fn all(demands: &Demands<'_>) -> i64 {
    demands.values().sum()
}

fn of_channel(demands: &Demands<'_>, wanted: &str) -> i64 {
    demands.iter().filter(|((_, channel), _)| *channel == wanted).map(|(_, count)| count).sum()
}

fn of_service(demands: &Demands<'_>, wanted: &str) -> i64 {
    demands.iter().filter(|((service, _), _)| *service == wanted).map(|(_, count)| count).sum()
}

fn channels<'a, const N: usize>(months: [&Demands<'a>; N]) -> BTreeSet<&'a str> {
    months.iter().flat_map(|demands| demands.keys()).map(|(_, channel)| *channel).collect()
}

fn services<'a, const N: usize>(months: [&Demands<'a>; N]) -> BTreeSet<&'a str> {
    months.iter().flat_map(|demands| demands.keys()).map(|(service, _)| *service).collect()
}
