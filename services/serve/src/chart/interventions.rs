//! The marks of what was done: a line on the day, with a letter that the list below explains.

use crate::chart::layout::{Layout, Months, px};
use chrono::NaiveDate;
use maud::{Markup, html};

/// Something was done that may move a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intervention {
    /// Its letter in charts and lists.
    pub(crate) letter: String,
    /// What was done.
    pub(crate) name: String,
    /// The local day.
    pub(crate) day: NaiveDate,
}

/// `A` to `Z`, then `A2` and so on.
pub(crate) fn letter(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    if place < 26 { letter.to_string() } else { format!("{letter}{}", place / 26 + 1) }
}

/// Draws those that the chart's months hold; the wide layout has room for their names.
pub(crate) fn marks(interventions: &[Intervention], layout: &Layout, months: &Months) -> Markup {
    let (_, right, top, bottom) = layout.plot();
    let held: Vec<(f64, &Intervention)> =
        interventions.iter().filter_map(|one| Some((months.day(one.day)?, one))).collect();
    html! {
        @for (place, (x, one)) in held.iter().enumerate() {
            line class="intervention" x1=(px(*x)) x2=(px(*x)) y1=(px(top - 6.0)) y2=(px(bottom)) {}
            // Names stand on one line as long as the next mark leaves room, else the letter alone.
            @let until = held.get(place + 1).map_or(layout.width, |next| next.0 - 8.0);
            @let is_named = layout.name == "wide" && *x + name_width(one, layout) <= until;
            @let is_at_the_edge = layout.name == "wide" && !is_named && *x > right - 80.0;
            text class="mark" x=(px(*x)) y=(px(top - 12.0)) text-anchor=(if is_named { "start" } else if is_at_the_edge { "end" } else { "middle" }) font-size=(layout.text) {
                (one.letter) @if is_named { ": " (one.name) }
            }
        }
    }
}

/// About how wide the letter and the name are; letters are about 0.56 of the text size.
fn name_width(one: &Intervention, layout: &Layout) -> f64 {
    (one.name.chars().count() + one.letter.chars().count() + 2) as f64 * layout.text * 0.56
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::chart::layout::{NARROW, WIDE};

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn launch() -> Intervention {
        Intervention { letter: "A".to_owned(), name: "Launch <1>".to_owned(), day: date(2025, 9, 16) }
    }

    #[test]
    fn a_mark_stands_on_its_day_with_its_name_where_there_is_room() {
        // Ten months of 76 from 48 on; 16 September is half of the first: 48 + 38 = 86.
        let months = Months::new(date(2025, 9, 1), date(2026, 6, 1), &WIDE);
        let drawn = marks(&[launch()], &WIDE, &months).into_string();
        assert!(drawn.contains("x1=\"86.0\" x2=\"86.0\" y1=\"50.0\" y2=\"356.0\""), "{drawn}");
        assert!(drawn.contains(">A: Launch &lt;1&gt;</text>"), "{drawn}");
        // The next mark a day later leaves no room for a name of 13 letters: 13 * 14 * 0.56 = 102.
        let next = Intervention { letter: "B".to_owned(), day: date(2025, 9, 17), ..launch() };
        let drawn = marks(&[launch(), next], &WIDE, &months).into_string();
        assert!(drawn.contains(">A</text>") && drawn.contains(">B: Launch"), "{drawn}");
    }

    #[test]
    fn a_phone_shows_letters_and_days_outside_the_chart_show_nothing() {
        let months = Months::new(date(2025, 9, 1), date(2026, 6, 1), &NARROW);
        assert!(marks(&[launch()], &NARROW, &months).into_string().contains(">A</text>"));
        let before = Intervention { day: date(2025, 8, 31), ..launch() };
        assert_eq!(marks(&[before], &NARROW, &months).into_string(), "");
    }

    #[test]
    fn letters_do_not_run_out() {
        assert_eq!([0, 25, 26, 52].map(letter), ["A", "Z", "A2", "A3"]);
    }
}
