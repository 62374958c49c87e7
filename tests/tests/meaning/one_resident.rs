//! One resident and a broken street lamp, worked out by hand: a form abandoned, a call, a report, a
//! call that chases it, and the repair.
//!
//! | day (March 2026) | what happens | contact | demand |
//! |---|---|---|---|
//! | 2nd, 20:00 | begins the form, meets an error, leaves | none | - |
//! | 3rd, 09:00 | rings, is answered, told to report it | call c1 | first: by phone |
//! | 4th, 21:00 | reports it on FixMyStreet | report r1 | second: by FixMyStreet |
//! | 9th, 10:00 | rings about r1 | call c2, chases r1 | second |
//! | 12th, 08:00 | fixed | none | - |

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::story;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use schemas::Event;

const STORY: &str = "
2026-01-01T00:00:00Z queue:HWY queue_mapped queue_id=HWY service_area=highways social_care=false effective_from=2026-01-01
2026-01-01T00:00:00Z category:form category_mapped category_system=webform category=street_light subject_group=lighting service_area=highways social_care=false effective_from=2026-01-01
2026-01-01T00:00:00Z category:lamp category_mapped category_system=fixmystreet category=\"Street light\" subject_group=lighting service_area=highways social_care=false effective_from=2026-01-01

2026-03-02T20:00:00Z f1 form_started source=webform form_id=contact transaction_code=street_light
2026-03-02T20:01:00Z f1 step_completed source=webform step_id=where step_no=1
2026-03-02T20:02:00Z f1 validation_failed source=webform step_id=column field_id=column_number rule=format attempt=1
2026-03-02T20:32:00Z f1 session_expired source=webform last_step_id=where

2026-03-03T09:00:00Z c1 contact_initiated source=telephony ani=01632960123
2026-03-03T09:00:20Z c1 queue_entered source=telephony queue_id=HWY
2026-03-03T09:01:20Z c1 contact_answered source=telephony wait_ms=60000 queue_id=HWY agent=ana
2026-03-03T09:05:00Z c1 contact_ended source=telephony talk_ms=220000 outcome=answered
2026-03-03T09:05:30Z c1 wrapup_completed source=telephony acw_ms=30000 subject_group=lighting resolution=signposted

2026-03-04T21:00:00Z r1 report_created source=fixmystreet category=\"Street light\" service=mobile reporter_phone=\"+44 1632 960123\" reporter_email=ana@example.org
2026-03-04T21:02:00Z r1 report_confirmed source=fixmystreet ward=Northgate
2026-03-04T21:05:00Z r1 report_sent source=fixmystreet external_id=Zendesk_77 case_refs=zendesk:77 send_method=Open311
2026-03-06T09:00:00Z r1 state_changed source=fixmystreet to_state=investigating

2026-03-09T10:00:00Z c2 contact_initiated source=telephony ani=01632960123
2026-03-09T10:00:20Z c2 queue_entered source=telephony queue_id=HWY
2026-03-09T10:00:50Z c2 contact_answered source=telephony wait_ms=30000 queue_id=HWY agent=ben
2026-03-09T10:03:00Z c2 contact_ended source=telephony talk_ms=130000 outcome=answered
2026-03-09T10:03:20Z c2 wrapup_completed source=telephony acw_ms=20000 subject_group=lighting resolution=resolved avoidable=true avoidable_reason=progress_chasing chaser_case_ref=fixmystreet:r1

2026-03-12T08:00:00Z r1 state_changed source=fixmystreet from_state=investigating to_state=\"fixed - council\"
";

/// What each query must answer, rows sorted.
const ANSWERS: [(&str, &[&str]); 7] = [
    (
        "SELECT outcome, steps_completed, validation_failures, subject_group FROM form_sessions",
        &["expired 1 1 lighting"],
    ),
    (
        "SELECT contact_id, demand_ref, is_first, is_chaser, channel, service_area FROM contact_demands",
        &[
            "c1 telephony:c1 true false voice highways",
            "c2 fixmystreet:r1 false true voice highways",
            "r1 fixmystreet:r1 true false fixmystreet highways",
        ],
    ),
    // The number joins all three; the address knows the report alone.
    (
        "SELECT contact_id, count(*), count(previous_started_at), count(next_started_at) FROM customer_contacts GROUP BY contact_id",
        &["c1 1 0 1", "c2 1 1 0", "r1 2 1 1"],
    ),
    (
        "SELECT state, state_class, CAST(fixed_local_date AS VARCHAR), CAST(acknowledged_at AS VARCHAR) FROM reports",
        &["fixed - council fixed 2026-03-12 2026-03-06T09:00:00Z"],
    ),
    // Repeats: r1 a day and a half after c1; c2 four days and a half after r1. Only c2 settled it.
    (
        "SELECT CAST(local_date AS VARCHAR), numerator, denominator FROM kpi_daily WHERE kpi = 'fcr_norepeat'",
        &["2026-03-03 0 1", "2026-03-04 0 1", "2026-03-09 1 1"],
    ),
    (
        "SELECT kpi, sum(numerator), sum(denominator) FROM kpi_daily WHERE kpi IN ('form_completion', 'chaser_contacts',
            'volume_contacts', 'volume_demands', 'self_service_share', 'reports_made', 'reports_fixed',
            'reports_fixed_in_time', 'fcr_agent', 'wait_asa') GROUP BY kpi",
        &[
            "chaser_contacts 1 3",
            "fcr_agent 1 2",
            "form_completion 0 1",
            "reports_fixed 1 null",
            "reports_fixed_in_time 1 1",
            "reports_made 1 null",
            "self_service_share 1 2",
            "volume_contacts 3 null",
            "volume_demands 2 null",
            "wait_asa 90000 2",
        ],
    ),
    (
        "SELECT channel, numerator, denominator FROM kpi_period WHERE kpi = 'channel_mix'",
        &["fixmystreet 1 2", "voice 1 2"],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_resident_comes_out_as_worked_by_hand_whatever_the_order_of_arrival() {
    let told = story::read(STORY).unwrap();
    let mut orders: Vec<Vec<Event>> = vec![told.clone(), told.iter().rev().cloned().collect()];
    for seed in 0..4 {
        let mut shuffled = told.clone();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        orders.push(shuffled);
    }
    for (order, events) in orders.iter().enumerate() {
        let rebuilt = Rebuilt::from(events, LATER).await;
        for (query, expected) in ANSWERS {
            let found: Vec<String> = rebuilt.query(query).await.iter().map(|row| row.join(" ")).collect();
            assert_eq!(found, expected, "order {order}: {query}");
        }
    }
}
