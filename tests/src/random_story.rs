//! Random stories: two weeks of a small council across a change of the clocks, and the same weeks of
//! the year before, with all that makes real sources hard to measure. The same seed tells the same
//! story.
//!
//! Residents ring, fill in forms and report what is broken, again after minutes or days, exactly at
//! the edge of the repeat window too; waits and repairs lie on and beside every threshold; queues and
//! categories are mapped late, anew or never; contacts name each other and common cases, in chains
//! of any length; events come twice, in any order, corrected, and now and then with the same id and
//! other content. Such a conflict differs only in a field that enters no KPI, so that the oracle need
//! not know which copy wins.

mod calls;
mod forms;
mod maps;
mod reports;
mod residents;

use crate::story;
use chrono::{DateTime, SecondsFormat};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Event;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2026-03-22T00:00:00Z, a Sunday.
const BEGIN: i64 = 1_774_137_600 * SECOND;
const DAYS: i64 = 12;
/// To the same Sunday a year later: the clocks go forward in both years, this long after the begin.
const YEAR: i64 = 364 * DAY;
const CHANGE_OF_CLOCKS: i64 = 7 * DAY + HOUR;

/// Fields that enter no KPI, as one copy of an event has them and another does not.
const CONFLICTS: [(&str, &str); 3] = [
    ("ended_by=customer", "ended_by=agent"),
    ("device=mobile", "device=tablet"),
    ("has_photo=true", "has_photo=false"),
];

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
    let maps = maps::QUEUE_MAP.lines().chain(maps::CATEGORY_MAP.lines());
    let lines = maps.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let mut teller = Teller { rng, lines, begin: BEGIN, subjects: BTreeMap::new(), cases: 0, labels: 0 };
    for place in 0..100 {
        teller.resident(place);
    }
    teller.disturb();
    // Last, so that all else has happened by then: what is said late changes what was measured.
    let registers = maps::REGISTERS.lines().filter(|line| !line.is_empty());
    teller.lines.extend(registers.map(str::to_owned));
    teller.lines.join("\n")
}

/// What the events of a form or a report are about; each system counts its own from 1.
#[derive(Debug)]
struct Subject {
    source: &'static str,
    id: String,
}

impl Subject {
    /// The name by which other systems refer to it.
    fn own_ref(&self) -> String {
        format!("{}:{}", self.source, self.id)
    }
}

/// Writes the lines of a story.
#[derive(Debug)]
struct Teller {
    rng: ChaCha8Rng,
    lines: Vec<String>,
    /// First day of the weeks that are being told.
    begin: i64,
    /// How many subjects each source has.
    subjects: BTreeMap<&'static str, u32>,
    cases: u32,
    labels: u32,
}

impl Teller {
    fn subject(&mut self, source: &'static str, letter: &str) -> Subject {
        let number = self.subjects.entry(source).or_default();
        *number += 1;
        Subject { source, id: format!("{letter}{number}") }
    }

    /// What sources and Kafka do to a story on its way.
    fn disturb(&mut self) {
        for place in 0..self.lines.len() {
            let line = &self.lines[place];
            let conflict = CONFLICTS.into_iter().find(|(one, _)| line.contains(one) && !line.contains(" id="));
            if self.chance(8) {
                self.lines.push(self.lines[place].clone());
            } else if let (Some((one, other)), true) = (conflict, self.chance(5)) {
                self.labels += 1;
                let line = format!("{} id=conflict{}", self.lines[place], self.labels);
                self.lines.push(line.replace(one, other));
                self.lines[place] = line;
            }
        }
        self.lines.shuffle(&mut self.rng);
    }

    /// An event of a form or a report; now and then one that was first told of another instant.
    fn told(&mut self, at: i64, subject: &Subject, rest: &str) {
        let rest = format!("{rest} source={}", subject.source);
        if !self.chance(3) {
            return self.line(at, &subject.id, &rest);
        }
        self.labels += 1;
        let label = self.labels;
        let wrong_at = at + self.rng.random_range(-50..50) * HOUR;
        self.line(wrong_at, &subject.id, &format!("{rest} id=w{label}"));
        self.line(at, &subject.id, &format!("{rest} supersedes=w{label}"));
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
            let mut subjects: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
            for event in random_story(seed) {
                let source = schemas::catalogue().event_type(&event.event_type).map(|(source, _)| source);
                let subject = (event.text("source").unwrap_or_default().to_owned(), event.subject().to_owned());
                subjects.entry(source.map_or("", |source| &source.name)).or_default().insert(subject);
            }
            for (source, expected) in [("telephony", 100..=220), ("webform", 45..=130), ("fixmystreet", 40..=120)]
            {
                let count = subjects[source].len();
                assert!(expected.contains(&count), "seed {seed}: {source} has {count} subjects");
            }
        }
    }

    #[test]
    fn stories_hold_everything_that_is_hard() {
        let all: Vec<String> = (0..5).map(random_story_text).collect();
        let all = all.join("\n");
        let sources = ["telephony", "webform", "fixmystreet"].map(|source| &schemas::catalogue().sources[source]);
        let types = sources.into_iter().flat_map(|source| &source.events).map(|event| event.name.as_str());
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
            "avoidable_reason=progress_chasing",
            "avoidable_reason=other",
            "chaser_case_ref=",
            "case_refs=story:c",
            "case_refs=forms:f",
            "case_refs=fms:r",
            "zendesk:",
            "assisted=true",
            "started_by=staff",
            "form_started form_id=form_9 ",
            "transaction_code=odd_form",
            "contributed_as=body",
            "service=Open311",
            "channel=back_office",
            "automated=true automation=auto_close",
            "mark_fixed=true",
            "to_state=\"not responsible\"",
            "to_state=\"awaiting parts\"",
            "to_state=Fixed",
            "to_state=duplicate",
            "to_state=fixed to_class=open",
            "supersedes=",
            "id=conflict",
            "sequence=",
            "source=south",
            "source=forms_north",
            "queue_id=ODD",
        ];
        for expected in types.chain(values) {
            assert!(all.contains(expected), "no `{expected}`");
        }
    }
}
