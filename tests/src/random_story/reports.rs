//! One report of a random story, from its first click to its last state.

use super::residents::Resident;
use super::{DAY, HOUR, MINUTE, SECOND, Subject, Teller, maps};
use rand::Rng;

/// Fields of a report that a resident made alone, that staff made, and that came from elsewhere.
const ALONE: [&str; 5] = ["", " service=mobile", " channel=self_service", " service=PWA", " contributed_as=\"\""];
const ASSISTED: [&str; 3] =
    [" contributed_as=another_user", " contributed_as=body channel=self_service", " channel=assisted"];
const IMPORTED: [&str; 3] = [" service=Open311", " channel=back_office", " service=Open311 contributed_as=body"];

/// Changes of state that end a report without mending.
const CLOSED: [&str; 6] = [
    "closed",
    "\"unable to fix\"",
    "\"not responsible\"",
    "cancelled",
    "\"internal referral\"",
    "closed automated=true automation=auto_close",
];
const FIXED: [&str; 3] = ["fixed", "\"fixed - council\"", "\"fixed - user\""];
/// States of the council's own, and states that the site takes for something else than they say.
const OWN: [&str; 8] = [
    "\"awaiting parts\"",
    "\"awaiting parts\" to_class=open",
    "\"made safe\" to_class=fixed",
    "\"no budget\" to_class=closed",
    "\"looked at\" to_class=hidden",
    "fixed to_class=open",
    "closed to_class=fixed",
    "Fixed",
];

impl Teller {
    /// A report that is confirmed at this instant, if it ever is; the name that others refer to it by.
    pub(super) fn report(&mut self, at: i64, resident: &Resident, matter: &str, by_staff: bool) -> String {
        let report = self.subject("fms", "r");
        let category = self.pick(&maps::categories(matter));
        let by = match (by_staff, self.rng.random_range(0..100)) {
            (true, _) | (false, 90..) => self.pick(&ASSISTED),
            (false, 80..90) => self.pick(&IMPORTED),
            _ => self.pick(&ALONE),
        };
        let created_at = at - self.rng.random_range(0..20) * MINUTE;
        if self.chance(96) {
            self.created(created_at, &report, resident, &format!("category={category}{by}"));
        }
        // Told again in other words, with another id.
        if self.chance(4) {
            self.created(created_at, &report, resident, &format!("category=Graffiti{}", ALONE[1]));
        }
        if self.chance(3) {
            self.told(at, &report, "report_imported external_id=Zendesk_1");
        }
        if self.chance(92) {
            self.told(at, &report, "report_confirmed ward=Horsell latitude=51.3264 longitude=-0.5681");
        }
        if self.chance(5) {
            self.told(at + DAY, &report, "report_confirmed");
        }
        if self.chance(40) {
            self.told(at + MINUTE, &report, "report_sent external_id=Zendesk_1");
        }
        if self.chance(10) {
            self.sorted_anew(at + HOUR, &report);
        }
        self.life(at, &report);
        report.own_ref()
    }

    fn created(&mut self, at: i64, report: &Subject, resident: &Resident, rest: &str) {
        let mut rest = format!("report_created {rest}");
        for (field, known) in [("reporter_phone", &resident.phone), ("reporter_email", &resident.email)] {
            if let Some(known) = known.as_ref().filter(|_| self.chance(70)) {
                rest += &format!(" {field}={known}");
            }
        }
        self.told(at, report, &rest);
    }

    /// Another category, or two in one instant: the sequence settles it, else the id.
    fn sorted_anew(&mut self, at: i64, report: &Subject) {
        let to = self.pick(&["Pothole", "Graffiti", "\"Missed bin\""]);
        self.told(at, report, &format!("category_changed to_category={to} sequence=1"));
        if self.chance(50) {
            let to = self.pick(&["Pothole", "\"Street light\""]);
            let sequence = self.pick(&["", " sequence=1", " sequence=2"]);
            self.told(at, report, &format!("category_changed to_category={to}{sequence}"));
        }
    }

    /// What becomes of the report once it is confirmed.
    fn life(&mut self, at: i64, report: &Subject) {
        let mended_at = at + self.mending();
        let fixed = self.pick(&FIXED);
        if self.chance(40) {
            let state = self.pick(&["investigating", "\"in progress\"", "planned", "confirmed", "\"for triage\""]);
            let seen_at = at + self.rng.random_range(0..48) * HOUR;
            self.state(seen_at, report, state);
        }
        match self.rng.random_range(0..100) {
            0..25 => self.state(mended_at, report, fixed),
            25..31 => {
                self.updated(mended_at, report, "author_role=reporter mark_fixed=true has_photo=true");
                let followed_at = mended_at + self.rng.random_range(0..2) * DAY;
                self.state(followed_at, report, "\"fixed - user\"");
            }
            31..36 => {
                self.updated(mended_at, report, "problem_state=\"fixed - council\"");
                self.state(mended_at + HOUR, report, &format!("{fixed} automated=true"));
            }
            36..40 => self.state(mended_at, report, &format!("{fixed} automated=true automation=other")),
            // Said by a rule, or by somebody whom the site did not follow.
            40..44 => self.updated(mended_at, report, "mark_fixed=true"),
            44..47 => {
                self.updated(mended_at, report, "mark_fixed=true problem_state=fixed automated=true");
                self.state(mended_at + DAY, report, fixed);
            }
            47..57 => {
                let closed = self.pick(&CLOSED);
                self.state(mended_at, report, closed);
            }
            57..61 => self.told(mended_at, report, "duplicate_marked duplicate_of=r1"),
            61..63 => self.state(mended_at, report, "duplicate"),
            63..70 => self.opened_again(mended_at, report, fixed),
            70..78 => {
                let own = self.pick(&OWN);
                self.state(mended_at, report, own);
            }
            78..82 => {
                // Two states in one instant: the sequence settles it, else the id.
                self.state(mended_at, report, &format!("{fixed} sequence=1"));
                let sequence = self.pick(&["", " sequence=0", " sequence=2"]);
                self.state(mended_at, report, &format!("investigating{sequence}"));
            }
            82..84 => self.state(mended_at, report, "hidden"),
            84..88 => {
                self.state(mended_at, report, fixed);
                let hidden_at = mended_at + self.rng.random_range(-2..2) * DAY;
                self.told(hidden_at, report, "report_hidden hidden_reason=spam");
            }
            _ => {}
        }
    }

    /// Mended, but not so: open once more, and sometimes mended for good.
    fn opened_again(&mut self, at: i64, report: &Subject, fixed: &str) {
        self.state(at, report, fixed);
        self.updated(at + DAY, report, "author_role=citizen mark_open=true");
        self.state(at + DAY, report, "confirmed");
        if self.chance(50) {
            self.state(at + 2 * DAY, report, fixed);
        }
    }

    fn state(&mut self, at: i64, report: &Subject, to: &str) {
        self.told(at, report, &format!("state_changed to_state={to}"));
    }

    fn updated(&mut self, at: i64, report: &Subject, rest: &str) {
        self.told(at, report, &format!("update_posted {rest}"));
    }

    /// How long after its confirmation a report is mended.
    fn mending(&mut self) -> i64 {
        match self.rng.random_range(0..12) {
            0 => 28 * DAY,
            1 => 28 * DAY + 1,
            2 => 28 * DAY - 1,
            3 => 28 * DAY + SECOND,
            4 => 0,
            5 => -HOUR,
            6 => self.rng.random_range(1..300) * MINUTE,
            _ => self.rng.random_range(1..40) * DAY + self.rng.random_range(0..24) * HOUR,
        }
    }
}
