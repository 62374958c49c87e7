//! The scorecard: each measure of the period against its target and its baseline.

use crate::page::shell::table_box;
use crate::rows::{Row, Table};
use crate::words;
use maud::{Markup, html};

/// The table; `period` in words.
pub(crate) fn section(scorecard: &Table, period: &str) -> Markup {
    let mut rows: Vec<Row<'_>> = scorecard.iter().collect();
    rows.sort_by_key(|row| place(row.text("section").unwrap_or_default()));
    html! {
        section aria-labelledby="scorecard" {
            h2 id="scorecard" { "Scorecard" }
            (table_box("scorecard-caption", false, html! {
                table {
                    caption id="scorecard-caption" { "Each measure, " (period) }
                    thead {
                        tr {
                            th scope="col" { "Measure" }
                            th scope="col" { "For" }
                            th scope="col" class="number" { "Value" }
                            th scope="col" { "Unit" }
                            th scope="col" { "Target" }
                            th scope="col" { "Met" }
                            th scope="col" { "Baseline" }
                            th scope="col" class="number" { "Counted" }
                            th scope="col" { "Status" }
                        }
                    }
                    @for group in rows.chunk_by(|one, next| one.text("section") == next.text("section")) {
                        tbody {
                            tr { th class="group" scope="rowgroup" colspan="9" { (group[0].text("section").unwrap_or_default()) } }
                            @for row in group { (measure(row)) }
                        }
                    }
                }
            }))
        }
    }
}

/// The sections that the page shows at length come first, in its order; the others as they are.
fn place(section: &str) -> usize {
    let first = ["Wait", "Answered in time", "Abandonment", "First contact", "Channel shift"];
    first.iter().position(|one| *one == section).unwrap_or(first.len())
}

fn measure(row: &Row<'_>) -> Markup {
    let text = |column| row.text(column).unwrap_or_default();
    let unit = text("unit");
    let target = words::number_or_state(row.text("target"), row.text("target_status"), unit, "no target");
    let baseline =
        words::number_or_state(row.text("baseline"), row.text("baseline_status"), unit, "no baseline yet");
    let counted = row.text("denominator").map_or_else(
        || words::grouped(text("numerator")),
        |denominator| format!("of {}", words::grouped(denominator)),
    );
    let met = row.text("meets_target").map(|met| if met == "true" { "met" } else { "not met" });
    html! {
        tr {
            th scope="row" class="wordy" { (text("title")) }
            td { (words::slice(text("slice"))) }
            @match row.text("value") {
                Some(value) => { td class="number" { (words::grouped(value)) } }
                None => { td class="number state" { "no data" } }
            }
            td { (words::unit(unit)) }
            td class=[row.text("target").is_none().then_some("state")] { (target) }
            td class="met" { (met.unwrap_or("–")) }
            td class=[row.text("baseline").is_none().then_some("state")] {
                (baseline) @if let (Some(_), Some(period)) = (row.text("baseline"), row.text("baseline_period")) { " (" (period) ")" }
            }
            td class="number" { (counted) }
            td class=[(text("status") != "final").then_some("state")] { (text("status")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Column, Shape};

    fn shown(cells: &[(&str, Option<&str>)]) -> String {
        let column = |name: &str| Column { name: name.to_owned(), shape: Shape::Words };
        let table = Table {
            columns: cells.iter().map(|(name, _)| column(name)).collect(),
            rows: vec![cells.iter().map(|(_, cell)| cell.map(str::to_owned)).collect()],
        };
        section(&table, "1 to 31 October 2026").into_string()
    }

    #[test]
    fn states_stand_where_there_is_no_number() {
        let html = shown(&[
            ("section", Some("Wait")),
            ("title", Some("Repeat <contact>")),
            ("slice", Some("service_class=social_care")),
            ("value", None),
            ("unit", Some("percent")),
            ("target", None),
            ("target_status", Some("tbd")),
            ("baseline", None),
            ("baseline_status", Some("being_established")),
            ("denominator", None),
            ("status", Some("no data")),
        ]);
        for part in ["Repeat &lt;contact&gt;", "Social care", "to be decided", "being established", ">no data<"] {
            assert!(html.contains(part), "`{part}` is not in {html}");
        }
    }

    #[test]
    fn numbers_come_with_what_they_are_set_against() {
        let html = shown(&[
            ("section", Some("Wait")),
            ("title", Some("Average speed of answer")),
            ("slice", Some("")),
            ("value", Some("60.0")),
            ("unit", Some("seconds")),
            ("target", Some("60.0000")),
            ("target_status", Some("approved")),
            ("meets_target", Some("true")),
            ("baseline", Some("199.0000")),
            ("baseline_status", Some("available")),
            ("baseline_period", Some("2024")),
            ("denominator", Some("7429")),
            ("status", Some("provisional")),
        ]);
        for part in [">All<", ">60.0<", ">60 s<", ">met<", "199 s (2024)", "of 7,429", "provisional"] {
            assert!(html.contains(part), "`{part}` is not in {html}");
        }
    }
}
