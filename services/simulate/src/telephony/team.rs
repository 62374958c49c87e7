//! A team on a day: its seats, who is free, and who waits. First come, first served.

use crate::local::HALF_HOUR;
use std::collections::VecDeque;

/// Somebody in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) call: u64,
    pub(super) visit: u32,
    /// The resident has hung up and keeps the place in line.
    pub(super) is_callback: bool,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    line: VecDeque<Waiting>,
    /// Since when each seat is free; `None` while it is busy.
    free_since: Vec<Option<i64>>,
    /// Seats at work by half hour from the opening on.
    roster: Vec<usize>,
    opens: i64,
    /// From then on nobody takes another call.
    ends: i64,
}

impl Desk {
    /// A day with this roster. After its last half hour the last seats stay for those who wait.
    pub(super) fn begin(&mut self, roster: Vec<usize>, opens: i64, ends: i64) {
        self.free_since = vec![Some(opens); roster.iter().copied().max().unwrap_or_default()];
        self.line.clear();
        (self.roster, self.opens, self.ends) = (roster, opens, ends);
    }

    pub(super) fn seats(&self) -> usize {
        self.free_since.len()
    }

    /// How many are in line.
    pub(super) fn length(&self) -> usize {
        self.line.len()
    }

    /// Joins the line; the place in it, 1 = next.
    pub(super) fn join(&mut self, waiting: Waiting) -> usize {
        self.line.push_back(waiting);
        self.line.len()
    }

    /// Leaves the line, if still in it; the place.
    pub(super) fn leave(&mut self, call: u64, visit: u32) -> Option<usize> {
        let place = self.place(call, visit)?;
        self.line.remove(place);
        Some(place + 1)
    }

    /// Hangs up and keeps the place, if still in line.
    pub(super) fn keep_place(&mut self, call: u64, visit: u32) -> bool {
        let Some(place) = self.place(call, visit) else { return false };
        self.line[place].is_callback = true;
        true
    }

    fn place(&self, call: u64, visit: u32) -> Option<usize> {
        let in_person = Waiting { call, visit, is_callback: false };
        self.line.iter().position(|waiting| *waiting == in_person)
    }

    /// The next in line with the seat that has been free for longest, if there are both.
    pub(super) fn assign(&mut self, now: i64) -> Option<(usize, Waiting)> {
        let at_work = self.free_since.iter().take(self.at_work(now)).enumerate();
        let free = at_work.filter_map(|(seat, since)| since.map(|since| (since, seat)));
        let (_, seat) = free.min()?;
        let waiting = self.line.pop_front()?;
        self.free_since[seat] = None;
        Some((seat, waiting))
    }

    pub(super) fn free(&mut self, seat: usize, now: i64) {
        if let Some(since) = self.free_since.get_mut(seat) {
            *since = Some(now);
        }
    }

    /// Sends everybody away who still waits.
    pub(super) fn dismiss(&mut self) -> Vec<Waiting> {
        self.line.drain(..).collect()
    }

    fn at_work(&self, now: i64) -> usize {
        if now < self.opens || now >= self.ends {
            return 0;
        }
        let half_hour = ((now - self.opens) / HALF_HOUR) as usize;
        self.roster.get(half_hour).or(self.roster.last()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_person(call: u64) -> Waiting {
        Waiting { call, visit: 1, is_callback: false }
    }

    /// One seat in the first half hour, two in the second; the line is closed at three.
    fn desk() -> Desk {
        let mut desk = Desk::default();
        desk.begin(vec![1, 2], 0, 3 * HALF_HOUR);
        desk
    }

    #[test]
    fn who_came_first_is_served_first_by_whom_is_at_work() {
        let mut desk = desk();
        assert_eq!([1, 2, 3].map(|call| desk.join(in_person(call))), [1, 2, 3]);
        assert_eq!(desk.assign(5), Some((0, in_person(1))));
        assert_eq!(desk.assign(6), None, "the only seat is busy");
        assert_eq!(desk.assign(HALF_HOUR), Some((1, in_person(2))), "a second seat begins");
        desk.free(0, HALF_HOUR + 1);
        assert_eq!(desk.assign(3 * HALF_HOUR), None, "the day is over");
        assert_eq!(desk.assign(3 * HALF_HOUR - 1), Some((0, in_person(3))));
    }

    #[test]
    fn the_seat_that_rested_longest_is_next() {
        let mut desk = desk();
        desk.free(0, HALF_HOUR + 20);
        desk.free(1, HALF_HOUR + 10);
        desk.join(in_person(1));
        assert_eq!(desk.assign(HALF_HOUR + 30), Some((1, in_person(1))));
    }

    #[test]
    fn leaving_and_keeping_a_place() {
        let mut desk = desk();
        for call in 1..=3 {
            desk.join(in_person(call));
        }
        assert_eq!(desk.leave(2, 1), Some(2));
        assert_eq!(desk.leave(2, 1), None, "no longer in line");
        assert_eq!(desk.leave(3, 2), None, "another stay");
        assert!(desk.keep_place(1, 1));
        assert_eq!(desk.leave(1, 1), None, "who waits for a callback cannot give up");
        assert_eq!(desk.assign(0), Some((0, Waiting { is_callback: true, ..in_person(1) })));
        assert_eq!(desk.dismiss(), vec![in_person(3)]);
        assert_eq!(desk.length(), 0);
    }
}
