//! The page: all of it from one epoch, complete without any script.

mod about;
mod channels;
mod completeness;
mod headline;
mod scorecard;
mod series;
mod shell;

use crate::page::channels::Channels;
use crate::page::series::{Series, all_months};
use crate::page::shell::page;
use crate::rows::Table;
use crate::{Error, words};
use chrono::NaiveDate;
use chrono_tz::Tz;
use maud::{Markup, html};
use queries::{Engine, answers};
use refresh::{Publication, Reading};

/// The measures that the page shows at length: the anchor, the heading, the measure.
pub(crate) const HEADLINES: [(&str, &str, &str); 4] = [
    ("wait", "Average wait", "wait_asa"),
    ("abandonment", "Abandonment", "abandon_rate"),
    ("first-contact", "First contact", "fcr_norepeat"),
    ("channel-shift", "Channel shift", "self_service_share"),
];

/// What can be matched at all, of the contacts that first-contact resolution looks at.
const MATCHABLE: (&str, &str) = ("fcr_norepeat", "fcr_norepeat_matchable");

/// Draws the page from an epoch.
///
/// # Errors
/// [`Error::Queries`] when a query fails, [`Error::Arrow`].
pub(crate) async fn render(reading: &Reading) -> Result<String, Error> {
    let Reading { engine, publication } = reading;
    let zone: Tz = publication.time_zone.parse().unwrap_or(Tz::UTC);
    let Some((from, to)) = period(engine).await? else {
        return Ok(nothing_measured(publication, zone));
    };
    let period = words::period(from, to);
    let days = [("from_day", from), ("to_day", to)];
    let days = days.map(|(name, day)| (name.to_owned(), i64::from(day.to_epoch_days())));
    let scorecard = Table::new(engine.collect_with(queries::SCORECARD, &days).await?)?;
    let channels = Channels::read(engine).await?;
    let months = all_months(engine).await?;
    let mut sections = Vec::new();
    for (anchor, heading, kpi) in HEADLINES {
        let Some(series) = Series::read(engine, &months, kpi).await? else { continue };
        let also = if kpi == MATCHABLE.0 { matchable(&months) } else { None };
        let below = (kpi == "self_service_share").then(|| {
            html! {
                h3 { "Channels by month" }
                (channels.mix(&series.interventions))
                h3 { "Change on a year before" }
                (channels.shift())
            }
        });
        sections.push(html! {
            section aria-labelledby=(anchor) {
                h2 id=(anchor) { (heading) }
                (headline::measure(&series, also))
                @if let Some(below) = below { (below) }
            }
        });
    }
    Ok(page(
        &format!("Customer contact, {period}"),
        "Customer contact performance",
        html! {
            (top(publication, zone, &period))
            (scorecard::section(&scorecard, &period))
            @for section in sections { (section) }
            (completeness::section(publication, zone))
        },
    ))
}

/// The page of a lake in which nothing is published.
pub(crate) fn nothing_published() -> String {
    page(
        "Nothing published yet",
        "Nothing has been published yet",
        html! {
            p { "There are no numbers to show yet. Once events are in the lake, measure them and publish the result:" }
            p { code { "switchboard refresh --once" } }
            p { "This page shows them when it is loaded again; the server need not be started anew." }
        },
    )
}

/// The page for an address that there is not.
pub(crate) fn not_found() -> String {
    page(
        "Not found",
        "There is no such page",
        html! {
            p { "All measures are on " a href="/" { "one page" } "; their values as data are listed at " a href="/api/kpis" { "/api/kpis" } "." }
        },
    )
}

/// The page when an epoch cannot be shown.
pub(crate) fn broken() -> String {
    page(
        "The page cannot be shown",
        "The page cannot be shown",
        html! {
            p { "The published numbers could not be read; the server’s log says why." }
            p { "If Switchboard has been updated since they were published, " code { "switchboard refresh --once" } " mends it." }
        },
    )
}

fn nothing_measured(publication: &Publication, zone: Tz) -> String {
    page(
        "Nothing measured yet",
        "Nothing has been measured yet",
        html! {
            p { "The newest epoch, " (publication.epoch) ", holds no contacts. Import or ingest some, then " code { "switchboard refresh --once" } "." }
            (completeness::section(publication, zone))
        },
    )
}

/// The days of the scorecard; `None` while nothing has been measured.
async fn period(engine: &Engine) -> Result<Option<(NaiveDate, NaiveDate)>, Error> {
    let table = Table::new(engine.collect_with(answers::PERIOD, &[]).await?)?;
    Ok(table.iter().next().and_then(|row| Some((row.day("first_day")?, row.day("last_day")?))))
}

/// How much of first contact can be judged, in a sentence.
fn matchable(months: &Table) -> Option<String> {
    let months = months.with("kpi", MATCHABLE.1);
    let newest = months.iter().rfind(|row| row.is("shown_is_over"));
    newest.and_then(|row| {
        let (month, share) = (words::month(row.day("period")?), words::with_unit(row.text("shown_value")?, "percent"));
        let counted = words::grouped(row.text("denominator")?);
        Some(format!("In {month} {share} of {counted} contacts could be matched to a customer; the others are not in the measure."))
    })
}

/// What this is, of when, and where things are.
fn top(publication: &Publication, zone: Tz, period: &str) -> Markup {
    html! {
        p class="lede" {
            "How long residents wait, how many give up, whether the first contact settles the matter, and through which channels they come: "
            "measured from the events of telephony, web forms and FixMyStreet."
        }
        dl {
            dt { "Scorecard" }
            dd { (period) }
            dt { "Measured as of" }
            dd { (words::instant(publication.as_of_micros, zone)) " (" (publication.time_zone) ")" }
            dt { "Published as" }
            dd { "epoch " (publication.epoch) }
            dt { "Sources" }
            dd { (sources(publication, zone)) }
        }
        nav aria-label="On this page" {
            ul class="links" {
                li { a href="#scorecard" { "Scorecard" } }
                @for (anchor, heading, _) in HEADLINES { li { a href={ "#" (anchor) } { (heading) } } }
                li { a href="#completeness" { "How complete the numbers are" } }
            }
        }
    }
}

/// Up to when each source was seen, in a line.
fn sources(publication: &Publication, zone: Tz) -> Markup {
    html! {
        @for source in &publication.completeness {
            @if let Some(last) = source.last_event_at_micros {
                div {
                    (words::source(&source.source)) ": "
                    @match source.valid_through_micros {
                        Some(through) => { "complete up to " (words::instant(through, zone)) }
                        None => { (source.why_no_time()) ", newest event " (words::instant(last, zone)) }
                    }
                    ", " (words::grouped(&source.rows.to_string())) " events, "
                    (words::grouped(&source.quarantined.to_string())) " quarantined"
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_of_the_page_is_in_the_catalogue() {
        let shown = HEADLINES.iter().map(|(_, _, kpi)| *kpi).chain([MATCHABLE.1, "channel_mix", "channel_shift"]);
        for kpi in shown {
            assert!(queries::catalogue().kpis.contains_key(kpi), "{kpi}");
        }
    }

    #[test]
    fn pages_without_numbers_say_what_to_do_next() {
        assert!(nothing_published().contains("switchboard refresh --once"));
        assert!(not_found().contains("href=\"/\""));
        assert!(broken().contains("switchboard refresh --once"));
    }
}
