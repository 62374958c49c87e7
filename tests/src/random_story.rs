//! Random stories: two weeks of a small contact centre across a change of the clocks, with all that
//! makes real sources hard to measure. The same seed tells the same story.
//!
//! Residents ring again after minutes or days, exactly at the edge of the repeat window too; waits
//! lie on and beside every threshold; queues are mapped late, anew or never; events come twice, in
//! any order, corrected, and now and then with the same id and other content. Such a conflict
//! differs only in a field that enters no KPI, so that the oracle need not know which copy wins.

mod calls;

use crate::story;
use chrono::{DateTime, SecondsFormat};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Event;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2026-03-22T00:00:00Z, a Sunday; the clocks go forward a week later at 01:00 UTC.
const BEGIN: i64 = 1_774_137_600 * SECOND;
const DAYS: i64 = 12;
const CHANGE_OF_CLOCKS: i64 = BEGIN + 7 * DAY + HOUR;

/// Queues of the story; the last one is never mapped to a service.
const QUEUES: [&str; 4] = ["TAX", "ASC", "BIN", "ODD"];

/// TAX has a short limit of its own until it is mapped anew; one statement about it was wrong and is
/// corrected, another is outdone by a newer one for the same day. BIN is mapped after the story has
/// begun and never has a target.
const QUEUE_MAP: &str = "
2026-01-05T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=wrong social_care=true answer_target_seconds=1 effective_from=2026-01-01 id=tax-wrong
2026-01-04T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false answer_target_seconds=120 short_abandon_ms=8000 effective_from=2026-01-01 supersedes=tax-wrong
2026-01-03T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=older social_care=true answer_target_seconds=2 effective_from=2026-01-01
2026-03-20T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=revenues social_care=false answer_target_seconds=60 effective_from=2026-03-29
2026-01-02T09:00:00Z queue:ASC queue_mapped queue_id=ASC service_area=adult_care social_care=true answer_target_seconds=60 effective_from=2026-01-01
2026-03-24T09:00:00Z queue:BIN queue_mapped queue_id=BIN service_area=waste social_care=false short_abandon_ms=0 effective_from=2026-03-25
";

/// The events of the story that this seed tells, in the order of their arrival.
///
/// # Panics
/// When the story breaks the rules of the schemas, which would be a fault of this module.
pub fn random_story(seed: u64) -> Vec<Event> {
    match story::read(&random_story_text(seed)) {
        Ok(events) => events,
        Err(problem) => panic!("seed {seed}: {problem}"),
    }
}

/// The same story as text, to be read by a person or cut down to an example.
pub fn random_story_text(seed: u64) -> String {
    let lines = QUEUE_MAP.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let mut teller = Teller { rng, lines, calls: 0, calls_south: 0, labels: 0 };
    for place in 0..80 {
        teller.resident(place);
    }
    teller.disturb();
    teller.lines.join("\n")
}

/// Somebody who rings: what the telephony system knows of them.
#[derive(Debug, Clone, Default)]
struct Resident {
    ani: Option<String>,
    account: Option<String>,
}

/// Writes the lines of a story.
#[derive(Debug)]
struct Teller {
    rng: ChaCha8Rng,
    lines: Vec<String>,
    calls: u32,
    calls_south: u32,
    labels: u32,
}

impl Teller {
    /// All calls of one resident, mostly about one matter.
    fn resident(&mut self, place: u32) {
        let resident = Resident {
            // Two neighbours share a number, written in one of two ways.
            ani: self.chance(60).then(|| match self.chance(50) {
                true => format!("01632960{:03}", place / 2),
                false => format!("+441632960{:03}", place / 2),
            }),
            account: self.chance(50).then(|| format!("acc{place}")),
        };
        let matter = self.pick(&["band", "payment", "care_plan", "missed_bin"]);
        let mut at = self.instant();
        for _ in 0..self.rng.random_range(1..=9) {
            // Not every call is recognised by everything that is known of the resident.
            let mut seen = resident.clone();
            seen.ani = seen.ani.filter(|_| self.chance(80));
            seen.account = seen.account.filter(|_| self.chance(80));
            let about = if self.chance(80) { matter } else { self.pick(&["band", "blue_badge"]) };
            self.call(at, &seen, about);
            at += self.gap();
            if at >= BEGIN + (DAYS + 2) * DAY {
                break;
            }
        }
    }

    /// When somebody rings: mostly by day, sometimes where days end or the clocks change.
    fn instant(&mut self) -> i64 {
        let day = BEGIN + self.rng.random_range(0..DAYS) * DAY;
        let micros = self.rng.random_range(0..1000) * 1000;
        match self.rng.random_range(0..20) {
            0 => day + 23 * HOUR + self.rng.random_range(-300..300) * SECOND,
            1 => day + self.rng.random_range(-300..300) * SECOND,
            2 => day + 23 * HOUR,
            3 => CHANGE_OF_CLOCKS + self.rng.random_range(-3900..3900) * SECOND + micros,
            4 => day + self.rng.random_range(0..24 * 3600) * SECOND + micros,
            _ => day + self.rng.random_range(7 * 3600..18 * 3600) * SECOND + micros,
        }
    }

    /// How long after a call the same resident rings again.
    fn gap(&mut self) -> i64 {
        match self.rng.random_range(0..14) {
            0 => 7 * DAY,
            1 => 7 * DAY + 1,
            2 => 7 * DAY - 1,
            3 => 7 * DAY + SECOND,
            4 => 0,
            5..8 => self.rng.random_range(2..300) * MINUTE,
            _ => self.rng.random_range(1..=9) * DAY + self.rng.random_range(-5 * 60..5 * 60) * MINUTE,
        }
    }

    /// What sources and Kafka do to a story on its way.
    fn disturb(&mut self) {
        for place in 0..self.lines.len() {
            if self.chance(8) {
                self.lines.push(self.lines[place].clone());
            } else if self.lines[place].contains("ended_by=customer") && self.chance(5) {
                self.labels += 1;
                let line = format!("{} id=conflict{}", self.lines[place], self.labels);
                self.lines.push(line.replace("ended_by=customer", "ended_by=agent"));
                self.lines[place] = line;
            }
        }
        self.lines.shuffle(&mut self.rng);
    }

    fn line(&mut self, at: i64, subject: &str, rest: &str) {
        let instant = DateTime::from_timestamp_micros(at).unwrap_or_default();
        let instant = instant.to_rfc3339_opts(SecondsFormat::Micros, true);
        self.lines.push(format!("{instant} {subject} {rest}"));
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_ratio(percent, 100)
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.choose(&mut self.rng).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_tells_one_story_of_the_promised_size() {
        assert_eq!(random_story(7), random_story(7));
        for seed in 0..20 {
            let events = random_story(seed);
            let calls = events.iter().filter(|event| event.event_type != "queue_mapped");
            let calls: BTreeSet<_> = calls.map(|event| (event.text("source"), event.subject())).collect();
            assert!((150..=330).contains(&calls.len()), "seed {seed} has {} calls", calls.len());
        }
    }

    #[test]
    fn stories_hold_everything_that_is_hard() {
        let all: Vec<String> = (0..5).map(random_story_text).collect();
        let all = all.join("\n");
        let types = schemas::catalogue().sources["telephony"].events.iter().map(|event| event.name.as_str());
        let values = [
            "wait_ms=5000 ",
            "wait_ms=20000 ",
            "wait_ms=60000 ",
            "wait_ms=120000 ",
            "exit_reason=timeout",
            "exit_reason=callback",
            "ivr_outcome=hung_up",
            "ivr_outcome=self_served",
            "outcome=not_a_call",
            "direction=outbound",
            "supersedes=",
            "id=conflict",
            "sequence=",
            "source=south",
            "queue_id=ODD",
        ];
        for expected in types.chain(values) {
            assert!(all.contains(expected), "no `{expected}`");
        }
    }
}
