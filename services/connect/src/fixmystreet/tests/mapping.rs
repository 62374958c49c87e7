//! What the cells of a row become, but for states and places.

use super::super::Oddity;
use super::{accepted, at, event, expected, types, without_nulls};
use schemas::{Event, Value};

fn created(told: &[&str], fields: &[(&str, Value)]) -> Event {
    let usual = [
        ("cobrand", Value::from("surrey")),
        ("category", "Potholes".into()),
        ("channel", "self_service".into()),
        ("non_public", false.into()),
        ("reporter_name", "Ada Lovelace".into()),
        ("title", "Hole by the school".into()),
        ("detail", "It is deep.\n\"Very\" deep, says Eve.".into()),
    ];
    let mut event = expected("report_created", 0, told, &usual);
    for (field, value) in fields {
        event = event.with(field, value.clone());
    }
    event
}

fn confirmed() -> Event {
    let place = [("latitude", Value::Decimal(512_478)), ("longitude", Value::Decimal(-4205))];
    let event = expected("report_confirmed", 300, &["512478,-4205", "Holy Trinity"], &place);
    event.with("ward", "Holy Trinity")
}

#[test]
fn a_report_to_which_nothing_has_happened_yet() {
    let (events, oddities) = accepted(&[]);
    assert_eq!(without_nulls(events), [created(&["", "", "surrey", "", "Potholes"], &[]), confirmed()]);
    assert_eq!(oddities, []);
    // Not confirmed: written, and no more.
    let (events, oddities) = accepted(&[("Confirmed", ""), ("Status", "unconfirmed")]);
    assert_eq!((types(&events), oddities), (vec!["report_created"], vec![]));
}

#[test]
fn a_grouped_category_and_the_device() {
    let others = [("Category", "Roads"), ("Subcategory", "Potholes"), ("Device Type", "PWA (mobile)")];
    let (events, _) = accepted(&others);
    let told = ["PWA (mobile)", "", "surrey", "Roads", "Potholes"];
    let fields = [("category_group", "Roads".into()), ("service", "PWA (mobile)".into())];
    assert_eq!(without_nulls(events)[0], created(&told, &fields));
    // A file with groups holds categories without one.
    assert_eq!(event("report_created", &[("Subcategory", "")]).text("category"), Some("Potholes"));
    assert_eq!(event("report_created", &[("Device Type", "")]).fields["service"], Value::Null);
}

#[test]
fn staff_who_wrote_down_what_a_caller_said() {
    for reported_as in ["another_user", "body", "anonymous_user"] {
        let event = event("report_created", &[("Reported As", reported_as)]);
        assert_eq!((event.text("channel"), event.text("contributed_as")), (Some("assisted"), Some(reported_as)));
    }
}

#[test]
fn a_report_that_came_from_a_system_of_the_council() {
    let others = [("Device Type", "Open311"), ("External ID", "Zendesk_1234")];
    let (events, _) = accepted(&others);
    assert_eq!(types(&events), ["report_created", "report_imported", "report_confirmed"]);
    assert_eq!((events[0].text("channel"), events[0].text("service")), (Some("back_office"), Some("Open311")));
    let fields = [
        ("external_system", "Open311".into()),
        ("external_id", "Zendesk_1234".into()),
        ("case_refs", Value::TextList(vec!["zendesk:1234".to_owned()])),
    ];
    assert_eq!(without_nulls(events)[1], expected("report_imported", 0, &["Zendesk_1234"], &fields));
    // Whoever typed it in: the council's own system has it.
    let event = event("report_created", &[("Device Type", "Open311"), ("Reported As", "body")]);
    assert_eq!(event.text("channel"), Some("back_office"));
}

#[test]
fn a_report_that_was_sent() {
    let (events, _) = accepted(&[("External ID", "Zendesk_1234"), ("Acknowledged", "2024-10-01T10:00:00")]);
    let fields = [
        ("external_id", "Zendesk_1234".into()),
        ("send_method", "Open311".into()),
        ("case_refs", Value::TextList(vec!["zendesk:1234".to_owned()])),
    ];
    assert_eq!(without_nulls(events)[2], expected("report_sent", 300, &["Zendesk_1234"], &fields));
    let without_confirmation =
        [("External ID", "9"), ("Confirmed", ""), ("Acknowledged", "2024-10-01T10:00:00"), ("Status", "planned")];
    assert_eq!(event("report_sent", &without_confirmation).fields["occurred_at"], at(3600));
    for (id, expected) in [
        ("Zendesk_JOB_55", "external:Zendesk_JOB_55"),
        ("Zendesk_", "external:Zendesk_"),
        ("132361", "external:132361"),
    ] {
        let refs = event("report_sent", &[("External ID", id)]).fields["case_refs"].clone();
        assert_eq!(refs, Value::TextList(vec![expected.to_owned()]));
    }
}

#[test]
fn the_first_word_of_the_council() {
    let (events, _) = accepted(&[("Acknowledged", "2024-10-01T10:00:00"), ("Status", "investigating")]);
    let fields = [
        ("update_id", "7/acknowledged".into()),
        ("author_role", "staff".into()),
        ("mark_fixed", false.into()),
        ("mark_open", false.into()),
        ("automated", false.into()),
    ];
    assert_eq!(without_nulls(events)[2], expected("update_posted", 3600, &["acknowledged"], &fields));
}

#[test]
fn times_with_a_blank_and_times_that_came_twice() {
    let (events, oddities) = accepted(&[("Created", "2024-10-01 09:00:00"), ("Confirmed", "2024-10-27 01:30:00")]);
    assert_eq!(events[0].fields["occurred_at"], at(0));
    // 01:30 in London came at 00:30 and at 01:30 UTC; 00:30 UTC is 1,729,989,000 s.
    assert_eq!(events[1].fields["occurred_at"], Value::TimestampMicros(1_729_989_000_000_000));
    assert_eq!(oddities, [Oddity::AmbiguousTime]);
}

#[test]
fn disorder_is_counted_and_not_mended() {
    let (events, oddities) = accepted(&[("Confirmed", "2024-10-01T08:59:59")]);
    assert_eq!(events[1].fields["occurred_at"], at(-1));
    assert_eq!(oddities, [Oddity::ConfirmedBeforeCreated]);
    let (_, oddities) = accepted(&[("Acknowledged", "2024-10-01T09:04:59"), ("Status", "planned")]);
    assert_eq!(oddities, [Oddity::HandledBeforeConfirmed]);
}
