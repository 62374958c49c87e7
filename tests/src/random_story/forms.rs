//! One go at a web form of a random story.

use super::residents::Resident;
use super::{DAY, HOUR, MINUTE, SECOND, Subject, Teller, maps};
use rand::Rng;

impl Teller {
    /// A form that is sent off at this instant, if it ever is; the name that others refer to it by.
    pub(super) fn form(&mut self, at: i64, resident: &Resident, matter: &str, by_staff: bool) -> String {
        let source = if self.chance(10) { "forms_north" } else { "forms" };
        let form = self.subject(source, "f");
        let about = self.pick(&maps::forms(matter));
        let story = self.rng.random_range(0..100);
        let begun_at = match story {
            // Saved and taken up again, or a clock that runs ahead.
            0..8 => at - self.rng.random_range(1..3 * 24) * HOUR,
            8..10 => at + SECOND,
            _ => at - self.rng.random_range(1..40) * MINUTE,
        };
        self.begun(begun_at, &form, resident, about, by_staff);
        match story {
            0..45 => self.submitted(at, &form, resident, about),
            45..60 => {
                self.submitted(at, &form, resident, about);
                self.told(at + SECOND, &form, "submission_accepted");
            }
            60..68 => {
                self.submitted(at, &form, resident, about);
                self.told(at + SECOND, &form, "submission_failed");
            }
            68..76 => {
                self.submitted(at, &form, resident, about);
                self.told(at + MINUTE, &form, "submission_failed");
                // Tried again, or the same second told the other way round.
                let again = self.rng.random_range(-1..2) * MINUTE;
                self.told(at + MINUTE + again, &form, "submission_accepted");
            }
            76..80 => {
                self.submitted(at, &form, resident, about);
                let again = at + self.rng.random_range(0..30) * HOUR;
                self.submitted(again, &form, resident, about);
            }
            80..84 => {
                self.told(at - HOUR, &form, "session_expired");
                self.submitted(at, &form, resident, about);
            }
            84..90 => self.told(at + DAY, &form, "session_expired last_step_id=step"),
            // The submission was lost on the way.
            90..92 => self.told(at, &form, "submission_accepted"),
            92..94 => self.told(at, &form, "submission_failed"),
            _ => {}
        }
        form.own_ref()
    }

    /// The first page and those that follow; now and then the source loses the first.
    fn begun(&mut self, at: i64, form: &Subject, resident: &Resident, about: &str, by_staff: bool) {
        let who = match (by_staff, self.rng.random_range(0..20)) {
            (true, 0..10) | (false, 0) => " assisted=true",
            (true, 10..) | (false, 1) => " started_by=staff",
            _ => "",
        };
        // The transaction may be known only at the end.
        let about = if self.chance(85) { about } else { about.split_whitespace().next().unwrap_or(about) };
        let device = self.pick(&["", " device=mobile", " device=desktop"]);
        let account = resident.account.as_ref().filter(|_| self.chance(50));
        let account = account.map(|account| format!(" customer_account={account}")).unwrap_or_default();
        if self.chance(93) {
            self.told(at, form, &format!("form_started {about}{who}{device}{account}"));
            // Begun once more from another page: the same go.
            if self.chance(4) {
                self.told(at - MINUTE, form, &format!("form_started {about}"));
            }
        }
        for step in 1..=self.rng.random_range(1..4) {
            self.told(at + step * SECOND, form, &format!("step_completed step_id=s{step} step_no={step}"));
            if self.chance(20) {
                self.told(at + step * SECOND, form, &format!("validation_failed step_id=s{step} rule=format"));
            }
        }
    }

    fn submitted(&mut self, at: i64, form: &Subject, resident: &Resident, about: &str) {
        let mut rest = format!("form_submitted {about}");
        for (field, known) in
            [("phone", &resident.phone), ("email", &resident.email), ("customer_account", &resident.account)]
        {
            if let Some(known) = known.as_ref().filter(|_| self.chance(70)) {
                rest += &format!(" {field}={known}");
            }
        }
        if self.chance(10) {
            rest += " completion=ineligible_answered";
        }
        self.told(at, form, &rest);
    }
}
