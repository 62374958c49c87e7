//! What callers do afterwards: ring again, turn to another channel, or let it be.

use super::{Caller, Why};
use crate::agenda::Happening;
use crate::demand::{online_way, ring_from};
use crate::local::{DAY, HOUR, MINUTE};
use crate::scene::Scene;

/// Nobody rings more often than that about one thing.
const MOST_TRIES: u32 = 4;

/// Gave up in a queue: many ring again, most of them within the hour, and some go online.
pub(super) fn given_up(caller: &Caller, now: i64, scene: &mut Scene) {
    match scene.phone.choose(&[(38, 0), (26, 1), (12, 2), (24, 3)]) {
        0 => ring_again(caller, caller.why.clone(), 3 * MINUTE, 35 * MINUTE, now, scene),
        1 => ring_again(caller, caller.why.clone(), 16 * HOUR, 6 * HOUR, now, scene),
        2 => go_online(caller, now, scene),
        _ => {}
    }
}

/// Found the lines closed or full.
pub(super) fn refused(caller: &Caller, now: i64, scene: &mut Scene) {
    match scene.phone.choose(&[(45, 0), (20, 1), (35, 2)]) {
        0 => ring_again(caller, caller.why.clone(), HOUR, 10 * HOUR, now, scene),
        1 => go_online(caller, now, scene),
        _ => {}
    }
}

/// Was answered: what was not settled comes back within days, by telephone or as a form.
pub(super) fn answered(caller: &Caller, resolution: &str, now: i64, scene: &mut Scene) {
    let comes_back = match resolution {
        "resolved" => 9,
        "signposted" => 20,
        "passed_to_service" => 16,
        "follow_up_needed" => 38,
        _ => 15,
    };
    let is_chasing = matches!(caller.why, Why::Chasing(_));
    if is_chasing || !scene.phone.percent(comes_back) {
        return;
    }
    if scene.phone.percent(85) {
        ring_again(caller, Why::Again, 4 * HOUR, 3 * DAY, now, scene);
    } else {
        let delay = 4 * HOUR + scene.phone.exponential(2 * DAY);
        go_online(caller, now + delay, scene);
    }
}

fn ring_again(caller: &Caller, why: Why, at_least: i64, mean: i64, now: i64, scene: &mut Scene) {
    if caller.tries + 1 >= MOST_TRIES {
        return;
    }
    let wants_to = now + at_least + scene.phone.exponential(mean);
    let at = ring_from(scene.day.zone, wants_to, &mut scene.phone);
    scene.later(at, Happening::Ring(Caller { why, tries: caller.tries + 1, ..caller.clone() }));
}

/// A chaser finds nothing online that could be filled in.
fn go_online(caller: &Caller, now: i64, scene: &mut Scene) {
    let is_chasing = matches!(caller.why, Why::Chasing(_));
    let way = online_way(caller.resident, caller.subject, scene.is_launched()).filter(|_| !is_chasing);
    let at = now + 5 * MINUTE + scene.phone.exponential(2 * HOUR);
    if let Some(way) = way {
        scene.later(at, way);
    }
}
