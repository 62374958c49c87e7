//! Through which channels demand comes, and how it moved between them.

use crate::Error;
use crate::chart::interventions::Intervention;
use crate::chart::stacked::{Bar, Chart};
use crate::chart::{Caption, both_sizes};
use crate::page::about::about;
use crate::page::headline::done;
use crate::page::shell::table_box;
use crate::rows::{Row, Table};
use crate::words;
use maud::{Markup, html};
use queries::{Engine, answers, catalogue};

const MIX: &str = "channel_mix";
const SHIFT: &str = "channel_shift";

/// The rows of both measures.
#[derive(Debug)]
pub(crate) struct Channels {
    mix: Table,
    shift: Table,
}

impl Channels {
    /// Reads them.
    ///
    /// # Errors
    /// [`Error::Queries`], [`Error::Arrow`].
    pub(crate) async fn read(engine: &Engine) -> Result<Self, Error> {
        let all = [("from_day", i32::MIN), ("to_day", i32::MAX)];
        let all = all.map(|(name, day)| (name.to_owned(), i64::from(day)));
        let mix = Table::new(engine.collect_of(answers::PERIODS, MIX, &all).await?)?;
        let shift = Table::new(engine.collect_of(answers::CHANNEL_SHIFT, SHIFT, &[]).await?)?;
        Ok(Self { mix, shift })
    }

    /// The mix of channels month by month.
    pub(crate) fn mix(&self, interventions: &[Intervention]) -> Markup {
        let rows: Vec<Row<'_>> = self.mix.iter().collect();
        let months: Vec<&[Row<'_>]> =
            rows.chunk_by(|one, next| one.text("period") == next.text("period")).collect();
        let Some(newest) = months.last() else {
            return html! { p { "Nothing has been counted by channel yet." } };
        };
        let channels = channels(&rows);
        let over = months.iter().rfind(|month| month[0].is("shown_is_over")).unwrap_or(newest);
        let summary = mix_summary(over);
        let newest_share = |channel: &&str| of_channel(newest, channel).map(share).unwrap_or_default();
        let texts: Vec<String> = channels.iter().map(newest_share).collect();
        let names: Vec<String> = channels.iter().map(|channel| words::channel(channel)).collect();
        let bars: Vec<Bar> = months.iter().filter_map(|month| bar(month, &channels)).collect();
        let chart = Chart { names: &names, texts: &texts, bars: &bars, interventions };
        let title = "Share of each channel in demand, by month";
        let caption =
            Caption { kpi: MIX, title, description: &format!("{summary} The table below has every share.") };
        html! {
            p class="summary" { (summary) }
            figure {
                figcaption { (title) }
                (both_sizes(caption, |layout| chart.draw(layout)))
                ul class="legend" { li { "Pale bars with an outline are provisional." } }
                (done(interventions))
                (mix_table(&months, &channels))
            }
            (about_measure(MIX))
        }
    }

    /// How demand moved between channels in a year.
    pub(crate) fn shift(&self) -> Markup {
        let rows: Vec<Row<'_>> = self.shift.iter().collect();
        let months = rows.first().and_then(|row| Some((row.day("month")?, row.day("month_before")?)));
        let Some((month, before)) = months else {
            return html! { p { "There is no month yet whose month a year before was counted too." } };
        };
        let (month, before) = (words::month(month), words::month(before));
        let status = rows[0].text("status").unwrap_or_default();
        html! {
            p class="summary" { (shift_summary(&rows, &month, &before)) }
            (table_box("channel_shift-caption", false, html! {
                table {
                    caption id="channel_shift-caption" { "Demand by channel, " (month) " against " (before) " (" (status) ")" }
                    thead {
                        tr {
                            th scope="col" { "Channel" }
                            th scope="col" class="number" { (month) }
                            th scope="col" class="number" { (before) }
                            th scope="col" class="number" { "Volume effect" }
                            th scope="col" class="number" { "Service-mix effect" }
                            th scope="col" class="number" { "Channel shift" }
                            th scope="col" class="number" { "Change of share (points)" }
                            th scope="col" class="number" { "At the same service mix (points)" }
                        }
                    }
                    tbody { @for row in &rows { (shift_row(row)) } }
                }
            }))
            p {
                "Demands, and changes in demands. Volume: more or fewer demands in all, at last year’s shares. "
                "Service mix: other services were asked for. Channel shift: the same services through another channel. "
                "The three add up to the change."
            }
            (about_measure(SHIFT))
        }
    }
}

/// How the demand of a month came in, in a sentence.
fn mix_summary(month: &[Row<'_>]) -> String {
    let part =
        |row: &Row<'_>| format!("{} {}", words::channel(row.text("channel").unwrap_or_default()), share(row));
    let parts: Vec<String> = month.iter().map(part).collect();
    let name = month[0].day("period").map(words::month).unwrap_or_default();
    let so_far = if month[0].is("shown_is_over") { "" } else { " so far" };
    let qualified = if month[0].text("status") == Some("final") { "" } else { " (provisional)" };
    format!("In {name}{so_far}{qualified} demand came through: {}.", parts.join(", "))
}

fn share(row: &Row<'_>) -> String {
    words::with_unit(row.text("shown_value").unwrap_or_default(), "percent")
}

/// The channels of all months, the largest first.
fn channels<'a>(rows: &[Row<'a>]) -> Vec<&'a str> {
    let mut places: Vec<(i64, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.text("shown_place")?.parse().ok()?, row.text("channel")?)))
        .collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|(_, channel)| channel).collect()
}

fn of_channel<'a, 'b>(month: &'b [Row<'a>], channel: &str) -> Option<&'b Row<'a>> {
    month.iter().find(|row| row.text("channel") == Some(channel))
}

fn bar(month: &[Row<'_>], channels: &[&str]) -> Option<Bar> {
    let share = |channel: &&str| of_channel(month, channel).and_then(|row| row.number("value")).unwrap_or(0.0);
    Some(Bar {
        month: month[0].day("period")?,
        is_provisional: month[0].text("status") != Some("final"),
        shares: channels.iter().map(share).collect(),
    })
}

fn mix_table(months: &[&[Row<'_>]], channels: &[&str]) -> Markup {
    table_box(
        "channel_mix-caption",
        true,
        html! {
            table data-kpi=(MIX) {
                caption id="channel_mix-caption" { "Share of each channel in demand by month (%), the newest first" }
                thead {
                    tr {
                        th scope="col" { "Month" }
                        @for channel in channels { th scope="col" class="number" { (words::channel(channel)) } }
                        th scope="col" class="number" { "Demands" }
                        th scope="col" { "Status" }
                    }
                }
                tbody {
                    @for month in months.iter().rev() {
                        tr {
                            th scope="row" { (month[0].day("period").map(words::month).unwrap_or_default()) }
                            @for channel in channels {
                                @match of_channel(month, channel) {
                                    Some(row) => {
                                        td class="number" data-month=[row.text("period")] data-series=(channel)
                                            data-value=(row.text("value").unwrap_or_default()) data-status=[row.text("status")] {
                                            (row.text("shown_value").unwrap_or_default())
                                        }
                                    }
                                    None => { td class="number" { "–" } }
                                }
                            }
                            td class="number" { (words::grouped(month[0].text("denominator").unwrap_or_default())) }
                            td class=[(month[0].text("status") != Some("final")).then_some("state")] { (month[0].text("status").unwrap_or_default()) }
                        }
                    }
                }
            }
        },
    )
}

/// Who gained and who lost most, volume and service mix set aside.
fn shift_summary(rows: &[Row<'_>], month: &str, before: &str) -> String {
    let moved = |row: &&Row<'_>| row.number("channel_shift").unwrap_or_default();
    let channels = || rows.iter().filter(|row| !row.is("is_total"));
    let gained = channels().max_by(|one, other| moved(one).total_cmp(&moved(other)));
    let lost = channels().min_by(|one, other| moved(one).total_cmp(&moved(other)));
    let told = |row: &Row<'_>| {
        let shift = words::signed(row.text("channel_shift").unwrap_or_default());
        format!("{} ({shift} demands)", words::channel(row.text("channel").unwrap_or_default()))
    };
    match (gained, lost) {
        (Some(gained), Some(lost)) if moved(&gained) > 0.0 && moved(&lost) < 0.0 => format!(
            "From {before} to {month}, at the same volume and the same services, most was gained by {} and most lost by {}.",
            told(gained),
            told(lost)
        ),
        _ => format!("From {before} to {month} no demand moved between channels."),
    }
}

fn shift_row(row: &Row<'_>) -> Markup {
    let signed = |column| row.text(column).map_or_else(|| "–".to_owned(), words::signed);
    let whole = |column| words::grouped(row.text(column).unwrap_or_default());
    html! {
        tr class=[row.is("is_total").then_some("total")] {
            th scope="row" { (words::channel(row.text("channel").unwrap_or_default())) }
            td class="number" { (whole("now")) }
            td class="number" { (whole("year_before")) }
            td class="number" { (signed("volume_effect")) }
            td class="number" { (signed("service_mix_effect")) }
            td class="number" { (signed("channel_shift")) }
            td class="number" { (signed("share_change")) }
            td class="number" { (signed("share_change_at_fixed_mix")) }
        }
    }
}

fn about_measure(kpi: &str) -> Markup {
    catalogue().kpis.get(kpi).map_or_else(|| html! {}, |kpi| about(kpi, &[]))
}
