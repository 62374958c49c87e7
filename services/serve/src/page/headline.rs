//! A measure's part of the page: sentence, control chart, table, definition, completeness.

use crate::chart::interventions::Intervention;
use crate::chart::{Caption, both_sizes, xmr};
use crate::page::about::about;
use crate::page::series::{Series, cause, judgement};
use crate::page::shell::table_box;
use crate::rows::Row;
use crate::words;
use maud::{Markup, html};

/// All of it below its heading; `also` is one more fact on how complete it is.
pub(crate) fn measure(series: &Series, also: Option<String>) -> Markup {
    let summary = series.summary();
    html! {
        p { (series.kpi.declared.question) }
        p class="summary" { (summary) }
        @if !series.months.rows.is_empty() { (figure(series, &summary)) }
        (about(series.kpi, &[
            ("Target", words::sentence_case(&series.targets_in_words())),
            ("Completeness", [Some(series.completeness()), also].into_iter().flatten().collect::<Vec<_>>().join(" ")),
        ]))
    }
}

fn figure(series: &Series, summary: &str) -> Markup {
    let points = series.points();
    let unit = words::unit(series.unit());
    let title = format!("{} by month, with mean and control limits", series.kpi.declared.title);
    let special = points.iter().filter(|point| point.cause != xmr::Cause::Common).count();
    let description = format!(
        "{summary} {} of {} months {} a special cause. The table below has every value.",
        special,
        points.len(),
        if special == 1 { "shows" } else { "show" },
    );
    let targets = series.council_targets();
    let chart = xmr::Chart {
        unit,
        is_percent: series.unit() == "percent",
        points: &points,
        targets: &targets,
        interventions: &series.interventions,
        texts: series.line_texts(),
    };
    let caption = Caption { kpi: &series.kpi.id, title: &title, description: &description };
    html! {
        figure {
            figcaption { (title) }
            (both_sizes(caption, |layout| chart.draw(layout)))
            ul class="legend" {
                li { span class="glyph blue" aria-hidden="true" { "●" } " usual variation" }
                li { span class="glyph better" aria-hidden="true" { "◆" } " special cause, better" }
                li { span class="glyph worse" aria-hidden="true" { "■" } " special cause, worse" }
                li { span class="glyph blue" aria-hidden="true" { "○" } " provisional" }
            }
            (done(&series.interventions))
            (table(series))
        }
    }
}

/// What was done, by the letters in the chart.
pub(crate) fn done(interventions: &[Intervention]) -> Markup {
    html! {
        @if !interventions.is_empty() {
            ul class="done" {
                @for one in interventions { li { b { (one.letter) } " " (one.name) ", " (words::day(one.day)) } }
            }
        }
    }
}

fn table(series: &Series) -> Markup {
    let id = format!("{}-caption", series.kpi.id);
    let value_heading = format!("Value ({})", words::unit(series.unit()));
    table_box(
        &id,
        true,
        html! {
            table data-kpi=(series.kpi.id) {
                caption id=(id) { (series.kpi.declared.title) " by month, the newest first" }
                thead {
                    tr {
                        th scope="col" { "Month" }
                        th scope="col" class="number" { (value_heading) }
                        th scope="col" class="number" { "Counted" }
                        th scope="col" class="number" { "Mean" }
                        th scope="col" class="number" { "Lower limit" }
                        th scope="col" class="number" { "Upper limit" }
                        th scope="col" { "What it shows" }
                        th scope="col" { "Status" }
                    }
                }
                tbody { @for row in series.months.iter().rev() { (month(&row)) } }
            }
        },
    )
}

fn month(row: &Row<'_>) -> Markup {
    let shown = |column| row.text(column).map_or_else(|| "–".to_owned(), words::grouped);
    let counted = row.text("denominator").or(row.text("numerator")).map_or_else(String::new, words::grouped);
    html! {
        tr {
            th scope="row" { (row.day("period").map(words::month).unwrap_or_default()) }
            td class="number" data-month=[row.text("period")] data-value=(row.text("value").unwrap_or_default())
                data-status=[row.text("status")] data-signal=[row.text("signal")] {
                (row.text("shown_value").map_or_else(|| "no data".to_owned(), words::grouped))
            }
            td class="number" { (counted) }
            td class="number" { (shown("shown_mean")) }
            td class="number" { (shown("shown_lower_limit")) }
            td class="number" { (shown("shown_upper_limit")) }
            td class="note" { @if cause(row) == xmr::Cause::Common { (judgement(row)) } @else { b { (judgement(row)) } } }
            td class=[(row.text("status") != Some("final")).then_some("state")] { (row.text("status").unwrap_or_default()) }
        }
    }
}
