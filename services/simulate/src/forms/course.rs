//! How one go at a form goes, decided as a whole: pure, from the form and chance alone.

use super::Form;
use crate::local::{HOUR, MINUTE, SECOND};
use crate::stream::Stream;

#[derive(Debug)]
pub(super) struct Course {
    /// The pages that were reached.
    pub(super) pages: Vec<Page>,
    pub(super) end: End,
    /// When the resident sent the form off or did the last thing in it.
    pub(super) ended_at: i64,
    /// When the form was begun, or resumed last.
    pub(super) since: i64,
    pub(super) is_eligible: bool,
}

#[derive(Debug)]
pub(super) struct Page {
    /// When answers were refused, and by which rule.
    pub(super) refusals: Vec<(i64, &'static str)>,
    /// `None` where the form was left here.
    pub(super) completed_at: Option<i64>,
    /// When the form was begun, or resumed last.
    pub(super) since: i64,
}

/// How it ended; times are those that the target system takes, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Submitted { failed_for: Option<i64>, accepted: Option<i64> },
}

/// Decides how it goes. Staff know the form: they make few mistakes and never leave it.
pub(super) fn decide(form: &Form, is_assisted: bool, now: i64, stream: &mut Stream) -> Course {
    let is_eligible = is_assisted || !stream.per_mille(form.ineligible_per_mille);
    let mut course = Course { pages: Vec::new(), end: End::Left, ended_at: now, since: now, is_eligible };
    for number in 0..form.pages.len() {
        // Saved, and taken up again another time.
        if number > 0 && !is_assisted && stream.percent(2) {
            course.ended_at += HOUR + stream.exponential(20 * HOUR);
            course.since = course.ended_at;
        }
        let leaves = if is_assisted { 0 } else { form.leave_per_mille };
        let page = page(course.since, course.ended_at, leaves, is_assisted, stream);
        let last_refusal = page.refusals.last().map(|(at, _)| *at);
        course.ended_at = page.completed_at.or(last_refusal).unwrap_or(course.ended_at);
        let goes_on = page.completed_at.is_some();
        course.pages.push(page);
        if !goes_on {
            return course;
        }
        // Who is not eligible is told so after the first pages.
        if !is_eligible && number >= 1 {
            break;
        }
    }
    course.ended_at += 8 * SECOND + stream.exponential(20 * SECOND);
    course.end = target(stream);
    course
}

fn page(since: i64, from: i64, leave_per_mille: u32, is_assisted: bool, stream: &mut Stream) -> Page {
    const RULES: [(u32, &str); 6] =
        [(40, "required"), (28, "format"), (10, "choice"), (9, "range"), (8, "length"), (5, "file")];
    let usual = if is_assisted { 12 * SECOND } else { 50 * SECOND };
    let mut at = from + 4 * SECOND + stream.exponential(usual);
    let mut refusals = Vec::new();
    // A hard form is one whose questions are hard to answer.
    while refusals.len() < 5 && stream.per_mille(60 + leave_per_mille) {
        refusals.push((at, stream.choose(&RULES)));
        at += 5 * SECOND + stream.exponential(25 * SECOND);
    }
    let is_put_off = stream.per_mille(leave_per_mille * (4 + refusals.len() as u32) / 5);
    Page { refusals, completed_at: (!is_put_off).then_some(at), since }
}

fn target(stream: &mut Stream) -> End {
    let latency_ms = 900 + stream.exponential(2500);
    if !stream.per_mille(14) {
        return End::Submitted { failed_for: None, accepted: Some(latency_ms) };
    }
    // What failed is mostly sent again, within the hour.
    let failed_after = 30 * SECOND;
    let accepted = stream.percent(65).then(|| failed_after + stream.exponential(20 * MINUTE));
    End::Submitted { failed_for: Some(failed_after), accepted }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::forms::list::{CARE_CHARGES, MISSED_COLLECTION, SCHOOL_TRANSPORT};
    use crate::stream::Purpose;

    fn courses(form: &Form, is_assisted: bool) -> Vec<Course> {
        let mut stream = Stream::new(1, Purpose::Forms, "2025-05-01".parse().unwrap());
        (0..2_000).map(|_| decide(form, is_assisted, 1_000_000, &mut stream)).collect()
    }

    fn submitted(courses: &[Course]) -> usize {
        courses.iter().filter(|course| course.end != End::Left).count()
    }

    #[test]
    fn many_finish_an_easy_form_and_few_a_hard_one() {
        let (easy, hard) =
            (submitted(&courses(&MISSED_COLLECTION, false)), submitted(&courses(&CARE_CHARGES, false)));
        assert!((1_700..1_900).contains(&easy), "{easy}");
        assert!((400..900).contains(&hard), "{hard}");
        assert_eq!(submitted(&courses(&CARE_CHARGES, true)), 2_000, "staff never leave it");
    }

    #[test]
    fn time_goes_on_from_page_to_page() {
        for course in courses(&CARE_CHARGES, false) {
            let times = course.pages.iter().flat_map(|page| {
                page.refusals.iter().map(|(at, _)| *at).chain(page.completed_at).collect::<Vec<_>>()
            });
            assert!(times.clone().is_sorted() && times.clone().all(|at| at > 1_000_000 && at <= course.ended_at));
            let completed = course.pages.iter().filter(|page| page.completed_at.is_some()).count();
            assert_eq!(completed == CARE_CHARGES.pages.len(), course.end != End::Left);
        }
    }

    #[test]
    fn who_is_not_eligible_is_told_after_two_pages() {
        let courses = courses(&SCHOOL_TRANSPORT, false);
        let told: Vec<_> =
            courses.iter().filter(|course| !course.is_eligible && course.end != End::Left).collect();
        assert!(told.len() > 100 && told.iter().all(|course| course.pages.len() == 2));
    }
}
