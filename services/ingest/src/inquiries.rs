//! Which schema ids a registry is to be asked for, and when again. Pure: the time comes in as an
//! argument; `resolving.rs` asks.

use schemas::RegistryError;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// How long until a registry that did not answer is asked again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long until the registry is asked again for an id that it did not have.
const ABSENT_PAUSE: Duration = Duration::from_secs(30);

/// The ids that are being asked for, and those that will be again.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    /// When to ask again; `None` while there is no answer yet.
    ask_at: HashMap<u32, Option<Instant>>,
    /// Answers that failed to come, one after the other.
    failures: u32,
}

/// What kind of answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The schema, or one that can never be read: no need to ask again.
    Settled,
    /// There is no such id, yet.
    Absent,
    /// None.
    Missing,
}

/// What is news about the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// It does not answer any more.
    Down,
    /// It answers again.
    Back,
}

impl Answer {
    pub(crate) fn of<T>(answer: &Result<T, RegistryError>) -> Self {
        match answer {
            Err(RegistryError::Absent { .. }) => Self::Absent,
            Err(error) if error.may_pass() => Self::Missing,
            _ => Self::Settled,
        }
    }
}

impl Inquiries {
    /// The ids among `wanted` that are to be asked for now; they count as asked for.
    pub(crate) fn due(&mut self, wanted: &BTreeSet<u32>, now: Instant) -> Vec<u32> {
        self.ask_at.retain(|id, at| at.is_none() || wanted.contains(id));
        let is_due = |id: &u32| self.ask_at.get(id).is_none_or(|at| at.is_some_and(|at| at <= now));
        let due: Vec<u32> = wanted.iter().copied().filter(is_due).collect();
        self.ask_at.extend(due.iter().map(|id| (*id, None)));
        due
    }

    /// Notes an answer.
    pub(crate) fn answered(&mut self, id: u32, answer: Answer, now: Instant) -> Option<News> {
        let failures = std::mem::take(&mut self.failures);
        match answer {
            Answer::Settled => drop(self.ask_at.remove(&id)),
            Answer::Absent => drop(self.ask_at.insert(id, Some(now + ABSENT_PAUSE))),
            Answer::Missing => {
                self.failures = failures + 1;
                let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
                self.ask_at.insert(id, Some(now + pause));
            }
        }
        match (failures, self.failures) {
            (0, 1..) => Some(News::Down),
            (1.., 0) => Some(News::Back),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(ids: &[u32]) -> BTreeSet<u32> {
        ids.iter().copied().collect()
    }

    #[test]
    fn each_id_is_asked_for_once_at_a_time() {
        let (mut inquiries, now) = (Inquiries::default(), Instant::now());
        assert_eq!(inquiries.due(&wanted(&[7]), now), [7]);
        assert_eq!(inquiries.due(&wanted(&[7, 8]), now), [8]);
        assert_eq!(inquiries.answered(7, Answer::Settled, now), None);
        assert_eq!(inquiries.due(&wanted(&[8]), now), [0; 0]);
        // Forgotten, as whoever held it has gone; still not asked for twice while no answer has come.
        assert_eq!(inquiries.due(&wanted(&[]), now), [0; 0]);
        assert_eq!(inquiries.due(&wanted(&[7, 8]), now), [7]);
    }

    #[test]
    fn pauses_grow_while_no_answer_comes_and_it_is_news_once() {
        let (mut inquiries, mut now) = (Inquiries::default(), Instant::now());
        assert_eq!(inquiries.due(&wanted(&[7]), now), [7]);
        let mut news = Vec::new();
        for pause_seconds in [1, 2, 4, 8, 16, 30, 30] {
            news.push(inquiries.answered(7, Answer::Missing, now));
            let pause = Duration::from_secs(pause_seconds);
            assert_eq!(inquiries.due(&wanted(&[7]), now + pause - Duration::from_millis(1)), [0; 0]);
            now += pause;
            assert_eq!(inquiries.due(&wanted(&[7]), now), [7]);
        }
        assert_eq!(news, [Some(News::Down), None, None, None, None, None, None]);
        assert_eq!(inquiries.answered(7, Answer::Absent, now), Some(News::Back));
        assert_eq!(inquiries.due(&wanted(&[7]), now + Duration::from_secs(29)), [0; 0]);
        assert_eq!(inquiries.due(&wanted(&[7]), now + Duration::from_secs(30)), [7]);
        // After an answer the pauses begin small again.
        assert_eq!(inquiries.answered(7, Answer::Missing, now), Some(News::Down));
        assert_eq!(inquiries.due(&wanted(&[7]), now + Duration::from_secs(1)), [7]);
    }

    #[test]
    fn an_outage_is_told_from_an_answer() {
        let text = || "x".to_owned();
        let answers: [Result<(), RegistryError>; 5] = [
            Ok(()),
            Err(RegistryError::References { asked: text(), names: text() }),
            Err(RegistryError::Absent { asked: text() }),
            Err(RegistryError::Outage { registry: text(), problem: text() }),
            Err(RegistryError::Denied { registry: text(), status: 401 }),
        ];
        let kinds: Vec<Answer> = answers.iter().map(Answer::of).collect();
        let (settled, missing) = (Answer::Settled, Answer::Missing);
        assert_eq!(kinds, [settled, settled, Answer::Absent, missing, missing]);
    }
}
