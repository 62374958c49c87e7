//! The contacts of one resident, over all channels, and what joins them.

use super::{BEGIN, CHANGE_OF_CLOCKS, DAY, DAYS, HOUR, MINUTE, SECOND, Teller, YEAR};
use rand::Rng;
use std::ops::Range;

/// Somebody in touch with the council: what its systems know of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Resident {
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) account: Option<String>,
}

/// A contact that was told: the name that others refer to it by, and its lines.
#[derive(Debug)]
struct Told {
    own_ref: String,
    lines: Range<usize>,
}

impl Teller {
    /// All contacts of one resident, mostly about one matter; every third a year earlier.
    pub(super) fn resident(&mut self, place: u32) {
        self.begin = if place.is_multiple_of(3) { BEGIN - YEAR } else { BEGIN };
        let resident = Resident {
            // Two neighbours share a number, written in one of two ways.
            phone: self.chance(60).then(|| match self.chance(50) {
                true => format!("01632960{:03}", place / 2),
                false => format!("+441632960{:03}", place / 2),
            }),
            email: self.chance(40).then(|| format!("resident{place}@example.org")),
            account: self.chance(50).then(|| format!("acc{place}")),
        };
        let matter = self.pick(&["band", "payment", "care_plan", "missed_bin", "pothole"]);
        // Some never name an earlier contact; some always do and come back within hours: long chains.
        let linking = [0, 30, 30, 95][self.rng.random_range(0..4)];
        let (mut at, mut told) = (self.instant(), Vec::new());
        for _ in 0..self.rng.random_range(1..=9) {
            // Not every contact is recognised by everything that is known of the resident.
            let mut seen = resident.clone();
            seen.phone = seen.phone.filter(|_| self.chance(80));
            seen.email = seen.email.filter(|_| self.chance(80));
            if self.chance(50) {
                seen.email = seen.email.map(|email| email.replace("resident", "Resident"));
            }
            seen.account = seen.account.filter(|_| self.chance(80));
            let about = if self.chance(80) { matter } else { self.pick(&["band", "blue_badge"]) };
            self.contact(at, &seen, about, &mut told);
            self.link(&told, linking);
            at += if linking > 90 { self.rng.random_range(2..300) * MINUTE } else { self.gap() };
            if at >= self.begin + (DAYS + 2) * DAY {
                break;
            }
        }
        // Somebody who is known already comes back when all of that is long ago, or nearly.
        if self.chance(25) {
            let later = at + self.long_gap();
            self.contact(later, &resident, matter, &mut told);
            self.link(&told, linking);
        }
    }

    fn contact(&mut self, at: i64, resident: &Resident, matter: &str, told: &mut Vec<Told>) {
        let from = self.lines.len();
        let way = self.rng.random_range(0..100);
        let own_ref = match way {
            0..55 => self.call(at, resident, matter),
            55..80 => self.form(at, resident, matter, false),
            _ => self.report(at, resident, matter, false),
        };
        told.push(Told { own_ref, lines: from..self.lines.len() });
        if way < 10 {
            // Staff write down what the caller asks for; their clock is not that of the telephone.
            let (from, at) = (self.lines.len(), at + self.rng.random_range(-1..3) * MINUTE);
            let own_ref = match self.chance(50) {
                true => self.form(at, resident, matter, true),
                false => self.report(at, resident, matter, true),
            };
            told.push(Told { own_ref, lines: from..self.lines.len() });
            self.link(told, 70);
        }
    }

    /// Joins the newest contact to an earlier one, with this chance: either names the other, or both
    /// name a case.
    fn link(&mut self, told: &[Told], percent: u32) {
        let Some((newest, earlier)) = told.split_last().filter(|(_, earlier)| !earlier.is_empty()) else { return };
        if !self.chance(percent) {
            return;
        }
        let other = if self.chance(70) { earlier.len() - 1 } else { self.rng.random_range(0..earlier.len()) };
        let other = &earlier[other];
        match self.rng.random_range(0..4) {
            0 => {
                self.cases += 1;
                let case = format!("zendesk:{}", self.cases);
                self.refer(newest, &case);
                self.refer(other, &case);
            }
            1 => self.refer(other, &newest.own_ref),
            _ => self.refer(newest, &other.own_ref),
        }
        // Now and then a case that half the town asks about.
        if self.chance(3) {
            self.refer(newest, "zendesk:storm");
        }
    }

    /// Adds the name of a matter to one of the contact's lines.
    fn refer(&mut self, told: &Told, to: &str) {
        if told.lines.is_empty() {
            return;
        }
        let place = self.rng.random_range(told.lines.clone());
        let is_wrapup = self.lines[place].contains(" wrapup_completed ");
        let chases = is_wrapup && !self.lines[place].contains(" chaser_case_ref=") && self.chance(50);
        let line = &mut self.lines[place];
        *line = if chases {
            format!("{line} chaser_case_ref={to}")
        } else if line.contains(" case_refs=") {
            line.replace(" case_refs=", &format!(" case_refs={to},"))
        } else {
            format!("{line} case_refs={to}")
        };
    }

    /// When somebody makes contact: mostly by day, sometimes where days end or the clocks change.
    fn instant(&mut self) -> i64 {
        let day = self.begin + self.rng.random_range(0..DAYS) * DAY;
        let micros = self.rng.random_range(0..1000) * 1000;
        match self.rng.random_range(0..20) {
            0 => day + 23 * HOUR + self.rng.random_range(-300..300) * SECOND,
            1 => day + self.rng.random_range(-300..300) * SECOND,
            2 => day + 23 * HOUR,
            3 => self.begin + CHANGE_OF_CLOCKS + self.rng.random_range(-3900..3900) * SECOND + micros,
            4 => day + self.rng.random_range(0..24 * 3600) * SECOND + micros,
            _ => day + self.rng.random_range(7 * 3600..18 * 3600) * SECOND + micros,
        }
    }

    /// How long it is until somebody comes back who has not been in touch for weeks.
    fn long_gap(&mut self) -> i64 {
        match self.rng.random_range(0..6) {
            0 => 28 * DAY,
            1 => 28 * DAY + SECOND,
            2 => 28 * DAY - SECOND,
            _ => self.rng.random_range(15..75) * DAY + self.rng.random_range(0..24) * HOUR,
        }
    }

    /// How long after a contact the same resident makes another.
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
}
