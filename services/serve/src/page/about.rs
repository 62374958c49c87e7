//! Where a measure's values are as data, and what they mean.

use crate::words;
use maud::{Markup, html};
use queries::{Kind, Kpi};

/// Links, then facts with their names, then the definition.
pub(crate) fn about(kpi: &Kpi, facts: &[(&str, String)]) -> Markup {
    let declared = &kpi.declared;
    let title = &declared.title;
    html! {
        ul class="links" {
            li { a href={ "/api/kpis/" (kpi.id) ".csv" } { (title) ": CSV" } }
            li { a href={ "/api/kpis/" (kpi.id) } { (title) ": JSON" } }
            @if declared.kind != Kind::Monthly {
                li { a href={ "/api/kpis/" (kpi.id) ".csv?grain=day" } { (title) ": CSV by day" } }
            }
        }
        dl {
            @for (name, fact) in facts {
                dt { (name) }
                dd { (fact) }
            }
            dt { "Definition" }
            dd class="definition" { (declared.definition.trim()) }
            dt { "Version" }
            dd {
                (declared.definition_version)
                @if let Some(change) = declared.changes.last() { ", since " (since(&change.date.to_string())) ": " (change.why) }
            }
            dt { "Standard" }
            dd { (words::sentence_case(&declared.standard)) }
            dt { "Owner" }
            dd { (words::sentence_case(&declared.owner)) }
        }
    }
}

/// A day as it is written in the definition's file, for people.
fn since(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), words::day)
}
