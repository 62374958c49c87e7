//! One stay of a call in a queue, told by its events one after the other.

use super::facts::{self, occurred_at};
use schemas::Event;

/// One stay in one queue.
#[derive(Debug, Default)]
pub(super) struct Visit {
    pub(super) queue: Option<String>,
    entered_at: Option<i64>,
    /// When, and the wait that was reported.
    answered: Option<(i64, i64)>,
    abandoned: Option<(i64, i64)>,
    exited: Option<(i64, i64)>,
    is_called_back: bool,
}

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    Abandoned,
    Exited,
    Unknown,
}

impl Visit {
    /// Takes in the next event of the stay, in order of time; of two of a kind the first counts.
    pub(super) fn hear(&mut self, event: &Event) {
        let at = occurred_at(event);
        let wait = (at, facts::number(event, "wait_ms").unwrap_or_default());
        let queue = event.text("queue_id").map(str::to_owned);
        match event.event_type.as_str() {
            "queue_entered" => _ = self.entered_at.get_or_insert(at),
            "contact_answered" => _ = self.answered.get_or_insert(wait),
            "contact_abandoned" => _ = self.abandoned.get_or_insert(wait),
            _ => {
                self.exited.get_or_insert(wait);
                self.is_called_back |= event.text("exit_reason") == Some("callback");
            }
        }
        // Who enters a queue knows which; the others say it where they know.
        let known = self.queue.take();
        self.queue = if event.event_type == "queue_entered" { queue } else { known.or(queue) };
    }

    /// An answer settles a stay, whatever else is reported of it.
    pub(super) fn end(&self) -> End {
        match (self.answered, self.abandoned, self.exited) {
            (Some(_), _, _) => End::Answered,
            (None, Some(_), _) if !self.is_called_back => End::Abandoned,
            (None, _, Some(_)) => End::Exited,
            _ => End::Unknown,
        }
    }

    /// The wait that the source measured; none for who was answered without queueing.
    pub(super) fn wait_ms(&self) -> Option<i64> {
        match self.end() {
            End::Answered if self.entered_at.is_none() => Some(0),
            End::Answered => self.answered.map(|(_, wait)| wait),
            End::Abandoned => self.abandoned.map(|(_, wait)| wait),
            End::Exited => self.exited.map(|(_, wait)| wait),
            End::Unknown => None,
        }
    }

    pub(super) fn offered_at(&self) -> i64 {
        let ended = self.answered.or(self.abandoned).or(self.exited).map(|(at, _)| at);
        self.entered_at.or(ended).unwrap_or_default()
    }
}
