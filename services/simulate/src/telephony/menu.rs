//! What callers do before an agent answers: the menu, and how long they have patience.

use crate::local::{MINUTE, SECOND};
use crate::residents::council_number;
use crate::scene::{Scene, TELEPHONY, event};
use crate::services::{GENERAL, Service};
use crate::stream::Stream;

/// How a caller leaves the voice response unit. Some services answer simple questions there.
pub(super) fn outcome(service: &Service, stream: &mut Stream) -> &'static str {
    let answers_itself = matches!(service.area, "council_tax" | "waste");
    let self_served = if answers_itself { 45 } else { 0 };
    let queued = 1000 - 30 - 3 - self_served;
    stream.choose(&[(queued, "queued"), (30, "hung_up"), (self_served, "self_served"), (3, "error")])
}

/// The options chosen: the menu has one for each service.
pub(super) fn path(service: &Service) -> String {
    if service.queue == GENERAL.queue { "0".to_owned() } else { format!("{}", (service.line - 90) / 10) }
}

/// How long a caller waits before giving up: a few see at once that they are wrong, some do not
/// wait long, most do.
pub(super) fn patience(stream: &mut Stream) -> i64 {
    match stream.choose(&[(4, 0), (10, 1), (86, 2)]) {
        0 => stream.among(SECOND..=5 * SECOND),
        1 => 8 * SECOND + stream.exponential(75 * SECOND),
        _ => MINUTE + stream.exponential(20 * MINUTE),
    }
}

/// Systems write records of calls that were none.
pub(super) fn stray_record(now: i64, scene: &mut Scene) {
    let id = scene.next_call();
    let told = |event_type: &str| {
        event(TELEPHONY, event_type, &id, now)
            .with("initial_contact_id", id.as_str())
            .with("contact_id", id.as_str())
    };
    let initiated = told("contact_initiated")
        .with("sequence", 1)
        .with("channel", "voice")
        .with("direction", "inbound")
        .with("initiation_method", "inbound")
        .with("dnis", council_number(GENERAL.line));
    let ended = told("contact_ended").with("sequence", 2).with("ended_by", "system").with("outcome", "not_a_call");
    scene.tell(initiated);
    scene.tell(ended);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::services::SERVICES;
    use crate::stream::Purpose;

    #[test]
    fn the_menu_has_one_option_for_each_service() {
        assert_eq!(SERVICES.map(path).join(""), "123456780");
    }

    #[test]
    fn most_wait_for_more_than_a_minute_and_few_for_ever() {
        let mut stream = Stream::new(1, Purpose::Telephony, "2025-05-01".parse().unwrap());
        let patience: Vec<i64> = (0..10_000).map(|_| patience(&mut stream)).collect();
        let share = |limit: i64| patience.iter().filter(|time| **time <= limit).count();
        assert!((350..450).contains(&share(5 * SECOND)), "short abandons: {}", share(5 * SECOND));
        assert!(share(MINUTE) < 2_000 && share(30 * MINUTE) > 7_500);
    }
}
