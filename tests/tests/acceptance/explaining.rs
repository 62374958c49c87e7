//! `switchboard explain`: a number worked out by hand, down to its calls and their events.

use crate::verifying::{publish, rows};
use crate::world::World;
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use lake::{Commit, Lake, TableSpec};
use pipeline_tests::story;
use refresh::Publication;
use schemas::ContainerWriter;
use serde_json::{Value as Json, json};
use std::fs;
use std::sync::Arc;

/// 30 March 2026, the day after the clocks went forward: local time is an hour ahead of UTC.
///
/// Answered within 60 s in TAX: c1 of c1, c2, c3. The short abandonment c4 and the outbound call c5 do not
/// count, c6 is of another queue, and c7 is past the local midnight.
const STORY: &str = "
    2026-03-30T08:00:00Z c1 contact_initiated
    2026-03-30T08:00:00Z c1 queue_entered queue_id=TAX
    2026-03-30T08:00:42Z c1 contact_answered queue_id=TAX wait_ms=42000
    # Sent twice.
    2026-03-30T08:00:42Z c1 contact_answered queue_id=TAX wait_ms=42000
    2026-03-30T09:00:00Z c2 queue_entered queue_id=TAX
    # The wait was 95 s and not 50 s, as was said first.
    2026-03-30T09:00:50Z c2 contact_answered queue_id=TAX wait_ms=50000 id=wrong
    2026-03-30T09:01:35Z c2 contact_answered queue_id=TAX wait_ms=95000 id=right supersedes=wrong
    2026-03-30T10:00:00Z c3 queue_entered queue_id=TAX
    2026-03-30T10:00:30Z c3 contact_abandoned wait_ms=30000
    2026-03-30T11:00:00Z c4 queue_entered queue_id=TAX
    2026-03-30T11:00:08Z c4 contact_abandoned wait_ms=8000
    2026-03-30T12:00:00Z c5 contact_initiated direction=outbound
    2026-03-30T12:00:00Z c5 queue_entered queue_id=TAX
    2026-03-30T12:00:01Z c5 contact_answered queue_id=TAX wait_ms=1000
    2026-03-30T13:00:00Z c6 queue_entered queue_id=PS
    2026-03-30T13:00:10Z c6 contact_answered queue_id=PS wait_ms=10000
    2026-03-30T23:30:00Z c7 queue_entered queue_id=TAX
    2026-03-30T23:30:01Z c7 contact_answered queue_id=TAX wait_ms=1000";

const REFERENCE: &str = r#"
    [[queue]]
    queue_id = "TAX"
    service_area = "council_tax"
    social_care = false
    short_abandon_ms = 10000
    effective_from = 2026-01-01
    [[target]]
    kpi = "answered_within_60s"
    dimensions = ["queue=TAX"]
    value = "80"
    unit = "percent"
    direction = "higher"
    effective_from = 2026-01-01
    status = "approved"
"#;

fn world() -> World {
    let world = World::new();
    let mut file = ContainerWriter::new(Vec::new()).unwrap();
    story::read(STORY).unwrap().iter().for_each(|event| file.append(event).unwrap());
    fs::write(world.path("story.avro"), file.finish().unwrap()).unwrap();
    fs::write(world.path("council.toml"), REFERENCE).unwrap();
    world.succeeds(&["import", "events", "story.avro", "--to", "lake"]);
    world.succeeds(&["reference", "load", "council.toml"]);
    world.succeeds(&["refresh", "--once", "--as-of", "2026-03-31T12:00:00Z"]);
    world
}

fn explained(world: &World, question: &[&str]) -> Json {
    let text = world.succeeds(&[&["explain"], question, &["--format", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The calls of a group, each with what it adds and what it does not meet.
fn calls(group: &Json) -> Vec<Json> {
    let shown = group["shown"].as_array().unwrap().iter();
    shown.map(|one| json!([one["key"]["initial_contact_id"], one["adds"], one["unmet"]])).collect()
}

#[test]
fn a_number_is_explained_down_to_its_events() {
    let world = world();
    let question = ["answered_within_60s", "--date", "2026-03-30", "--queue", "TAX"];
    let told = explained(&world, &question);
    // One of three: 33.3333 %. The day is final a day after its end, at 23:00 UTC on 31 March.
    let published = json!([{"numerator": 1, "denominator": 3, "value": "33.3333", "unit": "percent",
        "status": "provisional", "definition_version": 1}]);
    assert_eq!(told["published"], published);
    assert_eq!((&told["epoch"], &told["as_of"]), (&json!(1), &json!("2026-03-31T12:00:00Z")));
    let target = &told["targets"][0];
    assert_eq!((&target["slice"], &target["meets_target"]), (&json!("queue=TAX"), &json!(false)));
    assert_eq!((target["target"].as_str(), target["target_status"].as_str()), (Some("80.0000"), Some("approved")));
    assert_eq!(told["definition"]["version"], 1);
    assert!(told["definition"]["text"].as_str().unwrap().contains("wait <= 60 s"));
    assert_eq!(
        told["table_versions"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["queue_map", "queue_visits", "reference_events", "telephony_events"]
    );
    let telephony = &told["completeness"][1];
    // 18 lines, one of which stands twice, and one that a later one corrects.
    assert_eq!(
        (&telephony["rows"], &telephony["repeats"], &telephony["superseded"]),
        (&json!(18), &json!(1), &json!(1))
    );

    let contacts = &told["contacts"];
    assert_eq!((&contacts["model"], &contacts["adds_up"]), (&json!("queue_visits"), &json!(true)));
    let (one, none) = (json!({"numerator": 1, "denominator": 1}), json!({"numerator": 0, "denominator": 1}));
    assert_eq!(calls(&contacts["counted"]), [json!(["c1", one, []])]);
    assert_eq!(
        calls(&contacts["denominator_only"]),
        [json!(["c2", none, ["wait_ms <= 60000"]]), json!(["c3", none, ["outcome = 'answered'"]])]
    );
    assert_eq!(
        calls(&contacts["left_out"]),
        [json!(["c4", {}, ["NOT coalesce(is_short_abandon, false)"]]), json!(["c5", {}, ["is_inbound_call"]])]
    );
    let decided = &contacts["left_out"]["shown"][0]["decided_by"];
    assert_eq!(
        decided,
        &json!({"is_inbound_call": "true", "is_short_abandon": "true", "outcome": "abandoned", "wait_ms": "8000"})
    );
    events_are_told_with_repeats_and_corrections(contacts);
    people_read_the_same(&world, &question);
}

fn events_are_told_with_repeats_and_corrections(contacts: &Json) {
    let event =
        |event: &Json| json!([event["event_type"], event["local_time"], event["standing"], event["offset"]]);
    let of_c1 = contacts["counted"]["shown"][0]["events"].as_array().unwrap();
    let expected = [
        json!(["contact_initiated", "2026-03-30 09:00:00", "first", 0]),
        json!(["queue_entered", "2026-03-30 09:00:00", "first", 1]),
        json!(["contact_answered", "2026-03-30 09:00:42", "first", 2]),
        json!(["contact_answered", "2026-03-30 09:00:42", "repeat", 3]),
    ];
    let mut found: Vec<Json> = of_c1.iter().map(event).collect();
    found.sort_by_key(|event| event[3].as_i64());
    assert_eq!(found, expected);
    assert_eq!(of_c1[3]["occurred_at"], "2026-03-30T08:00:42Z");
    assert_eq!((&of_c1[3]["source"], &of_c1[3]["partition"]), (&json!("story"), &json!(0)));
    assert!(of_c1[3]["topic"].as_str().unwrap().starts_with("file/"));
    assert_eq!(of_c1[3]["says"]["wait_ms"], "42000");
    let of_c2 = contacts["denominator_only"]["shown"][0]["events"].as_array().unwrap();
    let [_, wrong, right] = of_c2.as_slice() else { panic!("{of_c2:?}") };
    assert_eq!((&wrong["says"]["wait_ms"], &right["says"]["wait_ms"]), (&json!("50000"), &json!("95000")));
    assert_eq!((&wrong["corrected_by"], &right["corrects"]), (&right["event_id"], &wrong["event_id"]));
    assert_eq!((&wrong["corrects"], &right["corrected_by"]), (&Json::Null, &Json::Null));
}

fn people_read_the_same(world: &World, question: &[&str]) {
    let told = world.succeeds(&[&["explain"], question, &["--contacts", "1"]].concat());
    for part in [
        "33.3333 %: 1 of 3; provisional",
        "for queue=TAX: value 33.3, target 80 (approved), not met",
        "to count in the numerator: outcome = 'answered', and wait_ms <= 60000",
        "1 count in the numerator\n",
        "2 count in the denominator only; not met: outcome = 'answered' (1), wait_ms <= 60000 (1) (1 shown)",
        "2 were left out",
        "2026-03-30 09:00:42 (2026-03-30T08:00:42Z) contact_answered from story, file/",
        "the same event once more",
        "What they add is the published number.",
        "version 1 of 2026-11-22: first definition",
        "telephony: 18 rows",
    ] {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    // Without a slice the number is told apart: TAX 1 of 3, PS 1 of 1.
    let whole = explained(world, &question[..3]);
    let by_queue: Vec<Json> = whole["by_dimension"]["queue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["queue"], row["value"], row["denominator"]]))
        .collect();
    assert_eq!(by_queue, [json!(["PS", "100.0000", 1]), json!(["TAX", "33.3333", 3])]);
}

#[test]
fn other_kinds_are_explained_too() {
    let world = world();
    // The waits of c1, c2 and c6: 42 s, 95 s, 10 s; the longest first.
    let spread = explained(&world, &["wait_distribution", "--date", "2026-03-30"]);
    let published = &spread["published"][0];
    assert_eq!(
        (&published["count"], &published["median"], &published["longest"]),
        (&json!(3), &json!(42), &json!(95))
    );
    assert_eq!(spread["contacts"]["adds_up"], true);
    let values: Vec<&Json> = spread["contacts"]["counted"]["shown"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["adds"]["value"])
        .collect();
    assert_eq!(values, [95, 42, 10]);
    // Inbound calls of the month: c1, c2, c3, c4, c6 and c7. Only c1 says through which channel.
    let month =
        explained(&world, &["channel_mix", "--date", "2026-03-15", "--channel", "(unknown)", "--contacts", "0"]);
    assert_eq!((&month["first_day"], &month["last_day"]), (&json!("2026-03-01"), &json!("2026-03-31")));
    let published = &month["published"][0];
    assert_eq!((&published["numerator"], &published["denominator"]), (&json!(5), &json!(6)));
    assert_eq!(month["contacts"]["counted"]["count"], 5);
    assert_eq!((&month["contacts"]["adds_up"], &month["contacts"]["counted"]["shown"]), (&Json::Null, &json!([])));
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let world = world();
    for (question, told) in [
        (&["wait_assa", "--date", "2026-03-30"][..], "did you mean `wait_asa`?"),
        (
            &["wait_asa", "--date", "2026-03-30", "--subject-group", "band"],
            "it has service_area, service_class, queue, channel",
        ),
        (&["wait_asa", "--date", "2026-03-29"], "it has values from 2026-03-30 to 2026-03-31"),
        (
            &["wait_asa", "--date", "2026-03-30", "--queue", "tax"],
            "of queue there is PS, TAX then; did you mean `TAX`?",
        ),
        (
            &["wait_asa", "--date", "2026-03-30", "--queue", "PS", "--service-area", "council_tax"],
            "but none for all of these at once",
        ),
        (&["abandon_short", "--date", "2026-03-31", "--queue", "PS"], "of queue there is TAX then"),
        (
            &["sla_answered", "--date", "2026-03-30"],
            "all 6 rows of queue_visits were left out, not met: NOT coalesce(is_short_abandon, false) (1), answer_target_ms IS NOT NULL (6), is_inbound_call (1)",
        ),
        (&["reports_made", "--date", "2026-03-30"], "it has none at all yet"),
    ] {
        let error = world.fails(&[&["explain"], question].concat());
        assert!(error.contains(told), "{question:?}: {error}");
    }
}

/// Publishes an epoch in which one more has been added to every numerator, whatever the calls say.
async fn publish_embellished(world: &World) {
    let lake = Lake::open(&world.lake()).unwrap();
    let mut publication = Publication::newest(&lake).await.unwrap().unwrap();
    let mut table = lake.open_table("kpi_daily").await.unwrap().unwrap();
    let honest = rows(&table).await;
    let numerator = honest.schema().index_of("numerator").unwrap();
    let mut columns = honest.columns().to_vec();
    let embellished = columns[numerator].as_primitive::<Int64Type>().iter().map(|number| Some(number? + 1));
    columns[numerator] = Arc::new(Int64Array::from_iter(embellished)) as ArrayRef;
    let spec = TableSpec {
        name: "kpi_daily".to_owned(),
        schema: honest.schema(),
        partition_column: Some("local_month".to_owned()),
        sort_columns: vec![],
    };
    let files = table.write(&spec, &[RecordBatch::try_new(honest.schema(), columns).unwrap()]).await.unwrap();
    table.commit(Commit { files, replace: true, ..Commit::default() }).await.unwrap();
    publication.epoch += 1;
    publication.table_versions.insert("kpi_daily".to_owned(), table.version());
    publish(&lake, &publication).await;
}

#[test]
fn a_number_that_its_calls_do_not_add_up_to_is_called_out() {
    let world = world();
    tokio::runtime::Runtime::new().unwrap().block_on(publish_embellished(&world));
    let output = world.run(&["explain", "answered_within_60s", "--date", "2026-03-30", "--queue", "TAX"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    // TAX has a row for c1, which came by voice, and one for c2 and c3: both were given one more.
    assert!(told.contains("100 %: 3 of 3") && told.contains("1 count in the numerator"), "{told}");
    assert!(
        told.contains("What they add is NOT the published number") && told.contains("switchboard verify"),
        "{told}"
    );
}
