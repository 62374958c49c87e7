//! What the council says of itself: which statement holds, in the models of reference data.

use crate::rebuilt::{LATER, Rebuilt, rows};
use pipeline_tests::random_story::random_story;
use pipeline_tests::story;
use queries::Engine;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Each model below lacks its last word in the order of the lines.
const STORY: &str = "
2026-01-05T09:00:00Z coverage:c coverage_declared call_centre=\"Customer Centre\" channel=voice in_scope=true observed_by=telephony-main effective_from=2024-04-01
2026-01-03T09:00:00Z coverage:c coverage_declared call_centre=\"Customer Centre\" channel=voice in_scope=false effective_from=2024-04-01
2026-01-03T09:00:00Z coverage:c coverage_declared call_centre=\"Customer Centre\" channel=voice in_scope=false effective_from=2025-04-01
2026-01-03T09:00:00Z coverage:c coverage_declared call_centre=\"Customer Centre\" channel=web_form in_scope=true effective_from=2025-01-01
2026-01-03T09:00:00Z coverage:d coverage_declared call_centre=Desk channel=face_to_face in_scope=true effective_from=2025-01-01 id=desk-wrong
2026-01-02T09:00:00Z coverage:d coverage_declared call_centre=Desk channel=face_to_face in_scope=false effective_from=2025-01-01 supersedes=desk-wrong
2026-01-05T09:00:00Z count:f volume_counted channel=face_to_face place=\"County Hall\" first_day=2023-04-01 last_day=2024-03-31 contacts=4701 published_as=\"over 4,700\"
2026-01-04T09:00:00Z count:f volume_counted channel=face_to_face place=\"County Hall\" first_day=2023-04-01 last_day=2024-03-31 contacts=4000
2026-01-04T09:00:00Z count:f volume_counted channel=face_to_face first_day=2023-04-01 last_day=2024-03-31 contacts=9000
2026-01-04T09:00:00Z count:f volume_counted channel=face_to_face first_day=2023-04-01 last_day=2023-04-30 contacts=700
2026-02-05T09:00:00Z measure:w measure_published report=first number=2 measure=Wait target_published=\"60-120 s\" target_status=approved baseline_published=\"77-199 s\" baseline_status=available current_published=\"66-103 s\" current_status=available kpi=wait_asa
2026-02-04T09:00:00Z measure:w measure_published report=first number=2 measure=Wait target_published=\"60 s\" target_status=proposed baseline_status=not_available current_status=not_available
2026-02-04T09:00:00Z measure:w measure_published report=second number=2 measure=Wait target_status=tbd baseline_status=being_established current_published=\"61 s\" current_status=available
2026-03-02T09:00:00Z calendar:s calendar_loaded division=scotland dates=2026-01-01,2026-01-02
2026-03-01T09:00:00Z calendar:s calendar_loaded division=scotland dates=2026-01-01,2026-01-05
2026-02-01T09:00:00Z calendar:n calendar_loaded division=northern-ireland dates=2026-03-17
";

const COVERAGE: &str = "SELECT call_centre, channel, CAST(effective_from AS VARCHAR), \
                        CAST(effective_until AS VARCHAR), in_scope, observed_by FROM coverage";
const COUNTED: &str = "SELECT channel, place, CAST(first_day AS VARCHAR), CAST(last_day AS VARCHAR), contacts, \
                       published_as FROM counted_channels";
const MEASURES: &str = "SELECT report, number, target_published, target_status, baseline_published, \
                        baseline_status, current_published, current_status, kpi FROM programme_measures";
const HOLIDAYS: &str = "SELECT division, CAST(holiday AS VARCHAR) FROM public_holidays";

#[tokio::test]
async fn the_newest_statement_about_a_matter_holds() {
    let mut events = story::read(STORY).unwrap();
    for seed in 0..3 {
        let rebuilt = Rebuilt::from(&events, LATER).await;
        assert_eq!(
            rebuilt.query(COVERAGE).await,
            [
                ["Customer Centre", "voice", "2024-04-01", "2025-04-01", "true", "telephony-main"],
                ["Customer Centre", "voice", "2025-04-01", "null", "false", "null"],
                ["Customer Centre", "web_form", "2025-01-01", "null", "true", "null"],
                ["Desk", "face_to_face", "2025-01-01", "null", "false", "null"],
            ]
        );
        assert_eq!(
            rebuilt.query(COUNTED).await,
            [
                ["face_to_face", "(all)", "2023-04-01", "2023-04-30", "700", "null"],
                ["face_to_face", "(all)", "2023-04-01", "2024-03-31", "9000", "null"],
                ["face_to_face", "County Hall", "2023-04-01", "2024-03-31", "4701", "over 4,700"],
            ]
        );
        assert_eq!(
            rebuilt.query(MEASURES).await,
            [
                [
                    "first",
                    "2",
                    "60-120 s",
                    "approved",
                    "77-199 s",
                    "available",
                    "66-103 s",
                    "available",
                    "wait_asa"
                ],
                ["second", "2", "null", "tbd", "null", "being_established", "61 s", "available", "null"],
            ]
        );
        assert_eq!(
            rebuilt.query(HOLIDAYS).await,
            [["northern-ireland", "2026-03-17"], ["scotland", "2026-01-01"], ["scotland", "2026-01-02"]]
        );
        events.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    }
}

/// No model of reference data is left out of the random stories.
#[tokio::test]
async fn random_stories_speak_of_everything() {
    let rebuilt = Rebuilt::from(&random_story(0), LATER).await;
    let of_reference = |model: &&queries::Model| model.declared.inputs == ["reference_events"];
    let models: Vec<_> = queries::catalogue().models.iter().filter(of_reference).collect();
    assert_eq!(models.len(), 9);
    for model in models {
        assert!(!rebuilt.table(&model.name).await.is_empty(), "{} has no row", model.name);
    }
}

/// A table that was made before a field came has no column for it until a row has it.
#[tokio::test]
async fn a_table_from_before_a_field_is_read_with_nulls() {
    let events = story::read(STORY).unwrap();
    let whole = rows(&events).remove("reference_events").unwrap();
    let new = ["call_centre", "in_scope", "observed_by", "dates", "contacts", "report"];
    let kept = |batch: &arrow::array::RecordBatch| {
        let names = batch.schema();
        let kept: Vec<usize> =
            (0..batch.num_columns()).filter(|at| !new.contains(&names.field(*at).name().as_str())).collect();
        batch.project(&kept).unwrap()
    };
    let old: Vec<_> = whole.iter().map(kept).collect();
    let engine = Engine::new(chrono_tz::Europe::London, 0).unwrap();
    engine.bind_rows("reference_events_raw", old[0].schema(), old).unwrap();
    let source = &schemas::catalogue().sources["reference"];
    let facts = queries::bind_facts(&engine, source).await.unwrap();
    assert_eq!((facts.rows, facts.superseded), (16, 1));
    // Of coverage only channel and day are left to tell statements apart.
    for (model, expected) in [("coverage", 4), ("counted_channels", 3), ("public_holidays", 0), ("queue_map", 0)] {
        let model = queries::catalogue().model(model).unwrap();
        let (_, found) = engine.define(&model.name, &model.sql, &[]).await.unwrap();
        let found: usize = found.iter().map(arrow::array::RecordBatch::num_rows).sum();
        assert_eq!(found, expected, "{}", model.name);
    }
}
