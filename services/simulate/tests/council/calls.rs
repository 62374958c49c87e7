//! The queue, seen from its events: agents take one call at a time, in their hours, and waits are
//! what passed.

use crate::{council, date, instant, midnight, number, settings};
use schemas::Event;
use simulate::{Day, Settings, Truth};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;

fn days(count: usize) -> impl Iterator<Item = Day> {
    council(Settings { contacts_per_month: 4_000, ..settings() }).days().take(count)
}

/// The events of one type by this field.
fn by<'a>(events: &'a [Event], event_type: &str, field: &str) -> BTreeMap<&'a str, &'a Event> {
    let of_type = events.iter().filter(|event| event.event_type == event_type);
    of_type.map(|event| (event.text(field).unwrap(), event)).collect()
}

#[test]
fn a_wait_is_the_time_between_entry_and_answer() {
    for day in days(20) {
        let entered = by(&day.events, "queue_entered", "queue_visit_id");
        for event_type in ["contact_answered", "contact_abandoned", "queue_exited"] {
            for (visit, event) in by(&day.events, event_type, "queue_visit_id") {
                assert_eq!(number(event, "wait_ms"), instant(event) - instant(entered[visit]), "{visit}");
            }
        }
    }
}

#[test]
fn agents_take_one_call_at_a_time_and_are_no_more_than_rostered() {
    for day in days(30) {
        // From the answer to the end of the wrap-up.
        let wrapped = by(&day.events, "wrapup_completed", "contact_id");
        let mut steps: Vec<(i64, i8, &str)> = Vec::new();
        for (contact, answered) in by(&day.events, "contact_answered", "contact_id") {
            let agent = answered.text("agent").unwrap();
            assert_eq!(wrapped[contact].text("agent"), Some(agent));
            steps.extend([(instant(answered), 1, agent), (instant(wrapped[contact]), -1, agent)]);
        }
        steps.sort_unstable();
        let (mut busy, mut open) = (BTreeMap::new(), 0);
        for (_, step, agent) in steps {
            *busy.entry(agent).or_insert(0) += step;
            open += i64::from(step);
            assert!((0..=1).contains(&busy[agent]), "{agent} has {} calls on {}", busy[agent], day.date);
            assert!(open <= day.truth.agents_at_most as i64, "{open} calls on {}", day.date);
        }
    }
}

#[test]
fn handling_takes_talk_hold_and_wrap_up() {
    for day in days(10) {
        let ended = by(&day.events, "contact_ended", "contact_id");
        let wrapped = by(&day.events, "wrapup_completed", "contact_id");
        for (contact, answered) in by(&day.events, "contact_answered", "contact_id") {
            let (ended, wrapped) = (ended[contact], wrapped[contact]);
            let on_the_line = number(ended, "talk_ms") + number(ended, "hold_ms");
            assert_eq!(instant(ended) - instant(answered), on_the_line);
            assert_eq!(instant(wrapped) - instant(ended), number(wrapped, "acw_ms"));
        }
    }
}

#[test]
fn who_came_first_is_answered_first() {
    for day in days(30) {
        let answered = by(&day.events, "contact_answered", "queue_visit_id");
        let started = by(&day.events, "contact_initiated", "contact_id");
        // Who is called back kept a place that the stay does not show.
        let is_called_back = |event: &Event| {
            let leg = started[event.text("contact_id").unwrap()];
            leg.text("initiation_method") == Some("callback")
        };
        let entries = day.events.iter().filter(|event| event.event_type == "queue_entered");
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        for entered in entries.filter(|event| !is_called_back(event)) {
            let visit = entered.text("queue_visit_id").unwrap();
            let Some(answer) = answered.get(visit) else { continue };
            // Phones ring for longer or shorter; the turn came before that.
            let turn = instant(answer) - number(answer, "ring_ms");
            let before = last.insert(entered.text("skill").unwrap(), turn).unwrap_or(turn);
            assert!(before <= turn, "{visit} on {}", day.date);
        }
    }
}

#[test]
fn nobody_is_answered_outside_the_hours_or_on_a_day_off() {
    // Easter: Good Friday is 18 April, Easter Monday the 21st.
    let days_off = ["2025-04-18", "2025-04-19", "2025-04-20", "2025-04-21"].map(date);
    for day in days(30) {
        let hours = midnight(day.date) + 8 * HOUR..midnight(day.date) + 18 * HOUR + HOUR / 2 + 60_000;
        for event in day.events.iter().filter(|event| event.event_type == "contact_answered") {
            assert!(hours.contains(&instant(event)), "{event:?}");
            assert!(!days_off.contains(&day.date), "{event:?}");
        }
        let blocked = day.events.iter().any(|event| event.event_type == "queue_blocked");
        assert!(blocked || !days_off.contains(&day.date), "somebody rings in vain on {}", day.date);
    }
}

#[test]
fn fewer_agents_lose_more_calls() {
    let lost = |staffing_percent| {
        let settings = Settings { staffing_percent, contacts_per_month: 4_000, ..settings() };
        let mut truth = Truth::default();
        council(settings).days().take(60).for_each(|day| truth += day.truth);
        1000 * truth.abandoned / truth.calls
    };
    let (few, usual, many) = (lost(60), lost(100), lost(160));
    assert!(few > usual + usual / 4 && usual > many + many / 4, "{few} {usual} {many} in a thousand");
}
