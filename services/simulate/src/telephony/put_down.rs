//! An agent puts a matter down during the call: by hand, in FixMyStreet, or in a form.

use super::call::Call;
use super::conclusion::{Conclusion, Record, record};
use crate::agenda::Happening;
use crate::forms::{Filling, Hand};
use crate::local::HOUR;
use crate::reports::{self, Maker, Reporting};
use crate::scene::{FIXMYSTREET, Scene, WEBFORM};

/// Puts the matter of the call down at this instant, and refers to it in the conclusion.
pub(super) fn put_down(call: &Call, agent: &str, conclusion: &mut Conclusion, at: i64, scene: &mut Scene) {
    let caller = &call.caller;
    let (resident, subject) = (caller.resident, caller.subject);
    let reference = match (record(caller, scene.is_launched(), &mut scene.phone), subject.category()) {
        (Record::Ticket, Some(category)) => {
            let reference = format!("zendesk:{}", scene.next_ticket());
            let open_for = scene.phone.exponential(category.fix_hours * HOUR);
            reports::chase(reports::Case { resident, subject, reference: &reference }, at, open_for, false, scene);
            conclusion.is_logged_by_hand = true;
            reference
        }
        (Record::Report, Some(category)) => {
            let id = scene.next_report();
            let maker = Maker::Staff { resident, agent: agent.to_owned(), call: call.reference() };
            let reporting = Reporting { category, subject, maker, id: Some(id) };
            scene.later(at, Happening::Report(reporting));
            conclusion.is_assisted = true;
            format!("{FIXMYSTREET}:{id}")
        }
        (Record::Form, _) => {
            let Some(form) = subject.form() else { return };
            let session = scene.next_session();
            let hand = Hand::Staff { call: call.reference() };
            let filling = Filling { form, resident, subject, hand, session: Some(session.clone()) };
            scene.later(at, Happening::Fill(filling));
            conclusion.is_assisted = true;
            format!("{WEBFORM}:{session}")
        }
        _ => return,
    };
    conclusion.case_refs.push(reference);
}
