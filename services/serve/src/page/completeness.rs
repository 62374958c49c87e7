//! How complete the numbers are, source by source.

use crate::page::shell::table_box;
use crate::words;
use chrono_tz::Tz;
use maud::{Markup, html};
use refresh::{Completeness, Publication};

/// The section.
pub(crate) fn section(publication: &Publication, zone: Tz) -> Markup {
    html! {
        section aria-labelledby="completeness" {
            h2 id="completeness" { "How complete the numbers are" }
            p {
                "What had come in from each source when the numbers were measured, " (words::instant(publication.as_of_micros, zone)) ". "
                "A record that could not be read is quarantined: kept, counted here, and in no number until it is mended."
            }
            (table_box("completeness-caption", false, html! {
                table {
                    caption id="completeness-caption" { "Events by source" }
                    thead {
                        tr {
                            th scope="col" { "Source" }
                            th scope="col" class="number" { "Events" }
                            th scope="col" { "Newest event" }
                            th scope="col" { "Complete up to" }
                            th scope="col" class="number" { "Quarantined" }
                            th scope="col" class="number" { "Repeated" }
                            th scope="col" class="number" { "Corrected" }
                            th scope="col" class="number" { "Conflicting" }
                        }
                    }
                    tbody { @for source in &publication.completeness { (row(source, zone)) } }
                }
            }))
        }
    }
}

fn row(source: &Completeness, zone: Tz) -> Markup {
    let number = |number: i64| words::grouped(&number.to_string());
    html! {
        tr {
            th scope="row" { (words::source(&source.source)) }
            td class="number" { (number(source.rows)) }
            @match source.last_event_at_micros {
                Some(last) => {
                    td { (words::instant(last, zone)) }
                    td { (source.valid_through_micros.map_or(source.why_no_time().to_owned(), |through| words::instant(through, zone))) }
                }
                None => {
                    td class="state" { "nothing seen yet" }
                    td class="state" { "nothing seen yet" }
                }
            }
            td class="number" { (number(source.quarantined)) }
            td class="number" { (number(source.repeats)) }
            td class="number" { (number(source.superseded)) }
            td class="number" { (number(source.conflicts)) }
        }
    }
}
