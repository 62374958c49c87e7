//! Numbers, days and states as people read them. Nothing is computed here.

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;

/// `October 2026`.
pub(crate) fn month(month: NaiveDate) -> String {
    month.format("%B %Y").to_string()
}

/// `Oct`.
pub(crate) fn short_month(month: NaiveDate) -> String {
    month.format("%b").to_string()
}

/// `16 September 2024`.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `1 to 31 October 2026`, or with both months where they differ.
pub(crate) fn period(from: NaiveDate, to: NaiveDate) -> String {
    match (from.year(), from.month()) == (to.year(), to.month()) {
        true => format!("{} to {}", from.format("%-d"), day(to)),
        false => format!("{} to {}", day(from), day(to)),
    }
}

/// `22 November 2026, 17:40`, in a zone; from microseconds since 1970, UTC.
pub(crate) fn instant(micros: i64, zone: Tz) -> String {
    let at = DateTime::from_timestamp_micros(micros).unwrap_or_default().with_timezone(&zone);
    at.format("%-d %B %Y, %H:%M").to_string()
}

/// A whole number with commas: `12,345`.
pub(crate) fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("−", digits));
    let (whole, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let first = whole.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if first > 0 {
        groups.push(&whole[..first]);
    }
    groups.extend((first..whole.len()).step_by(3).map(|start| &whole[start..start + 3]));
    format!("{sign}{}{decimals}", groups.join(","))
}

/// A number with its unit: `84.2 s`, `6.1%`, `1,204`.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    let number = grouped(number);
    match unit {
        "seconds" => format!("{number} s"),
        "percent" => format!("{number}%"),
        _ => number,
    }
}

/// A difference with its unit: `12.1 s`, `3.0 percentage points`.
pub(crate) fn distance(number: &str, unit: &str) -> String {
    match unit {
        "percent" => format!("{} percentage points", grouped(number)),
        other => with_unit(number, other),
    }
}

/// A change with its sign: `+3.0`, `−1,204.5`; nought has none.
pub(crate) fn signed(number: &str) -> String {
    let is_nought = number.chars().all(|letter| matches!(letter, '0' | '.' | '-'));
    match is_nought {
        true => number.trim_start_matches('-').to_owned(),
        false if number.starts_with('-') => grouped(number),
        false => format!("+{}", grouped(number)),
    }
}

/// The unit for the head of an axis or a column.
pub(crate) fn unit(unit: &str) -> &str {
    match unit {
        "percent" => "%",
        "count" => "number",
        other => other,
    }
}

/// A channel as people call it.
pub(crate) fn channel(channel: &str) -> String {
    match channel {
        "voice" => "Phone".to_owned(),
        "web_form" => "Web form".to_owned(),
        "fixmystreet" => "FixMyStreet".to_owned(),
        "(unknown)" => "Not known".to_owned(),
        other => sentence_case(&other.replace('_', " ")),
    }
}

/// A source as people call it.
pub(crate) fn source(source: &str) -> String {
    match source {
        "webform" => "Web forms".to_owned(),
        "fixmystreet" => "FixMyStreet".to_owned(),
        "reference" => "Reference data".to_owned(),
        other => sentence_case(&other.replace('_', " ")),
    }
}

/// A slice, such as `service_class=social_care`, as people read it; empty is everything.
pub(crate) fn slice(slice: &str) -> String {
    if slice.is_empty() {
        return "All".to_owned();
    }
    let value = |part: &str| match part.trim() {
        "service_class=other" => "all but social care".to_owned(),
        part => part.split_once('=').map_or(part, |(_, value)| value).replace('_', " "),
    };
    sentence_case(&slice.split(',').map(value).collect::<Vec<_>>().join(", "))
}

/// What a signal says, as part of a sentence.
pub(crate) fn signal(signal: &str, side: &str) -> String {
    let is_high = side == "high";
    let text = match signal {
        "outside_limits" if is_high => "above the upper limit",
        "outside_limits" => "below the lower limit",
        "shift" if is_high => "one of 7 or more in a row above the mean",
        "shift" => "one of 7 or more in a row below the mean",
        "trend" if is_high => "one of 7 or more in a row that rise",
        "trend" => "one of 7 or more in a row that fall",
        "two_of_three" if is_high => "one of 2 of 3 in a row close to the upper limit",
        "two_of_three" => "one of 2 of 3 in a row close to the lower limit",
        other => other,
    };
    text.to_owned()
}

/// A target or baseline: the number with what qualifies it, or the state that stands in its place.
pub(crate) fn number_or_state(number: Option<&str>, status: Option<&str>, unit: &str, absent: &str) -> String {
    let number = number.map(|number| with_unit(plain(number), unit));
    match (number, status) {
        (Some(number), Some("proposed")) => format!("{number} (proposed)"),
        (Some(number), _) => number,
        (None, Some("tbd")) => "to be decided".to_owned(),
        (None, Some("not_available")) => "no baseline yet".to_owned(),
        (None, Some(status)) => status.replace('_', " "),
        (None, None) => absent.to_owned(),
    }
}

/// A decimal without the zeros at its end: `6.5000` is `6.5`.
pub(crate) fn plain(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// The first letter as a capital.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn numbers_have_commas_and_units() {
        assert_eq!(["7", "123", "1234", "1234567.5"].map(grouped), ["7", "123", "1,234", "1,234,567.5"]);
        assert_eq!(grouped("-1234.5"), "−1,234.5");
        assert_eq!(["3.0", "-1204.5", "0.0", "-0.0"].map(signed), ["+3.0", "−1,204.5", "0.0", "0.0"]);
        assert_eq!(distance("3.0", "percent"), "3.0 percentage points");
        assert_eq!([with_unit("84.2", "seconds"), with_unit("6.0", "percent")], ["84.2 s", "6.0%"]);
    }

    #[test]
    fn a_missing_number_says_why() {
        let target = |number, status| number_or_state(number, status, "percent", "no target");
        assert_eq!(target(Some("85.0000"), Some("proposed")), "85% (proposed)");
        assert_eq!(target(Some("100"), Some("approved")), "100%");
        assert_eq!(target(None, Some("tbd")), "to be decided");
        assert_eq!(target(None, Some("being_established")), "being established");
        assert_eq!(target(None, Some("not_available")), "no baseline yet");
        assert_eq!(target(None, None), "no target");
    }

    #[test]
    fn days_and_slices_read_as_people_write_them() {
        let date = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        assert_eq!(period(date(10, 1), date(10, 31)), "1 to 31 October 2026");
        assert_eq!(period(date(9, 30), date(10, 1)), "30 September 2026 to 1 October 2026");
        // 1,780,000,000 s since 1970 is 28 May 2026, 20:26:40 UTC: an hour later in London.
        assert_eq!(instant(1_780_000_000_000_000, chrono_tz::Europe::London), "28 May 2026, 21:26");
        assert_eq!(slice("service_class=social_care"), "Social care");
        assert_eq!(slice("queue=TAX, service_class=other"), "TAX, all but social care");
        assert_eq!(slice(""), "All");
        assert_eq!([channel("voice"), channel("live_chat")], ["Phone", "Live chat"]);
        assert_eq!([source("webform"), source("telephony")], ["Web forms", "Telephony"]);
    }
}
