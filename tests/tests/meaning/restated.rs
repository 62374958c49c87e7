//! A final value that changes is kept with what it was, what it is, and why; the values of a definition that
//! is no more stay beside those of the new one.

use crate::refreshed::Kept;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};
use lake::{Commit, Lake, Span, TableSpec, fence};
use pipeline_tests::story;
use queries::Engine;
use refresh::{Publication, Why};
use std::sync::Arc;

/// Two calls on Monday 2 March, and one of Tuesday, all answered: 42 s and 10 s, and 7 s.
const CALLS: &str = "
2026-03-02T09:00:00Z c1 contact_initiated
2026-03-02T09:00:00Z c1 queue_entered queue_id=TAX
2026-03-02T09:00:42Z c1 contact_answered queue_id=TAX wait_ms=42000
2026-03-03T09:00:00Z c2 contact_initiated
2026-03-03T09:00:00Z c2 queue_entered queue_id=TAX
2026-03-03T09:00:07Z c2 contact_answered queue_id=TAX wait_ms=7000
";
const LATE: &str = "
2026-03-02T10:00:00Z c3 contact_initiated
2026-03-02T10:00:00Z c3 queue_entered queue_id=TAX
2026-03-02T10:00:10Z c3 contact_answered queue_id=TAX wait_ms=10000 id=first
";
const CORRECTED: &str = "2026-03-02T10:00:20Z c3 contact_answered queue_id=TAX wait_ms=20000 supersedes=first";
/// Holds from the Tuesday on: the Monday stays without a service.
const MAPPED: &str = "2026-03-20T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false effective_from=2026-03-03";

/// Two forms left lying on 2 March; one of them is gone on with on the 20th.
const FORMS: &str = "
2026-03-02T09:00:00Z f1 form_started form_id=bulky
2026-03-02T09:10:00Z f2 form_started form_id=bulky
";
const RESUMED: &str = "2026-03-20T11:00:00Z f1 step_completed step_id=address step_no=1";

/// Final values of the average speed of answer that have changed.
const RESTATED: &str = "
    SELECT CAST(epoch AS VARCHAR), CAST(period AS VARCHAR), service_area,
        concat(coalesce(CAST(old_numerator AS VARCHAR), '-'), '/', coalesce(CAST(old_denominator AS VARCHAR), '-')),
        concat(coalesce(CAST(new_numerator AS VARCHAR), '-'), '/', coalesce(CAST(new_denominator AS VARCHAR), '-')),
        cause
    FROM kpi_restatements WHERE kpi IN ('wait_asa', 'form_abandonment')";

fn at(instant: &str) -> i64 {
    instant.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

async fn then(kept: &mut Kept, events: &str, as_of: &str) {
    kept.take(&story::read(events.trim()).unwrap()).await;
    let refreshed = kept.refresh(at(as_of)).await;
    assert_eq!(refreshed.rebuilt, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn final_values_that_change_are_told_with_their_cause() {
    let mut kept = Kept::new();
    kept.take(&story::read(CALLS.trim()).unwrap()).await;
    // Tuesday's values are not final before Thursday begins.
    kept.refresh(at("2026-03-04T12:00:00Z")).await;
    then(&mut kept, LATE, "2026-03-20T12:00:00Z").await;
    then(&mut kept, CORRECTED, "2026-03-20T13:00:00Z").await;
    then(&mut kept, MAPPED, "2026-03-20T14:00:00Z").await;
    let told = kept.read().await.query(RESTATED).await;
    let expected = [
        ["2", "2026-03-02", "(unknown)", "42000/1", "52000/2", "late event"],
        ["3", "2026-03-02", "(unknown)", "52000/2", "62000/2", "correction"],
        ["4", "2026-03-03", "(unknown)", "7000/1", "-/-", "reference change"],
        ["4", "2026-03-03", "council_tax", "-/-", "7000/1", "reference change"],
    ];
    assert_eq!(told, expected);
    // The values' own history: in what was measured as of Wednesday, Monday was final and Tuesday was not.
    kept.rebuild(at("2026-03-20T15:00:00Z")).await;
    assert_eq!(kept.read().await.query(RESTATED).await, expected);
    let found = kept.verify().await;
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
}

/// A form that is gone on with is not abandoned any more, and is again a day after it was last touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_passing_of_time_changes_is_found_without_any_event() {
    let mut kept = Kept::new();
    kept.take(&story::read(FORMS.trim()).unwrap()).await;
    kept.refresh(at("2026-03-20T10:00:00Z")).await;
    then(&mut kept, RESUMED, "2026-03-21T00:30:00Z").await;
    assert!(!kept.is_due(at("2026-03-21T10:59:59Z")).await);
    assert!(kept.is_due(at("2026-03-21T11:00:00Z")).await);
    let refreshed = kept.refresh(at("2026-03-21T11:00:00Z")).await;
    assert_eq!((refreshed.rebuilt, refreshed.publication.next_change_at_micros), (None, None));
    let told = kept.read().await.query(RESTATED).await;
    let expected = [
        ["2", "2026-03-02", "(unknown)", "2/2", "1/2", "late event"],
        ["3", "2026-03-02", "(unknown)", "1/2", "2/2", "passing of time"],
    ];
    assert_eq!(told, expected);
    let found = kept.verify().await;
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
}

/// How an older build had the average speed of answer.
struct Older<'a> {
    version: i32,
    definition: &'a str,
    /// A dimension that it did not know.
    without: Option<&'a str>,
}

/// Publishes an epoch such as it would have left: the average speed of answer measured by its version of the
/// definition, which found twice the time.
async fn as_an_older_build_had_it(lake: &Lake, older: Older<'_>) {
    let mut publication = Publication::newest(lake).await.unwrap().unwrap();
    publication.epoch += 1;
    publication.definitions.insert("kpis/wait_asa".to_owned(), older.definition.to_owned());
    let of_then = |column: &str| {
        let of_asa = |value: &str| format!("CASE WHEN kpi = 'wait_asa' THEN {value} ELSE {column} END");
        match column {
            "definition_version" => of_asa(&older.version.to_string()),
            "numerator" => of_asa("numerator * 2"),
            other => other.to_owned(),
        }
    };
    rewrite(lake, &mut publication, ("kpi_daily", Some("local_month")), older.without, of_then).await;
    rewrite(lake, &mut publication, ("kpi_restatements", None), older.without, ToOwned::to_owned).await;
    publish(lake, &publication).await;
}

/// Puts other values in the place of a table's, without a column of its if one is named.
async fn rewrite(
    lake: &Lake,
    publication: &mut Publication,
    (name, partition_column): (&str, Option<&str>),
    without: Option<&str>,
    of_then: impl Fn(&str) -> String,
) {
    let then = lake.open_table_at(name, publication.table_versions[name]).await.unwrap();
    let engine = Engine::new(chrono_tz::UTC, 0).unwrap();
    engine.bind("t", then.snapshot().unwrap()).unwrap();
    let columns = then.columns().unwrap();
    let columns: Vec<_> =
        columns.iter().filter(|column| Some(column.name().as_str()) != without).cloned().collect();
    let each = columns.iter().map(|column| {
        format!("arrow_cast({}, '{}') AS {}", of_then(column.name()), column.data_type(), column.name())
    });
    let each: Vec<String> = each.collect();
    let rows = engine.collect(&format!("SELECT {} FROM t", each.join(", "))).await.unwrap();
    let schema = Arc::new(Schema::new(columns));
    let rows: Vec<RecordBatch> =
        rows.iter().map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).unwrap()).collect();
    let partition_column = partition_column.map(ToOwned::to_owned);
    let spec = TableSpec { name: name.to_owned(), schema: schema.clone(), partition_column, sort_columns: vec![] };
    let mut table = lake.open_table(name).await.unwrap().unwrap();
    let files = table.write(&spec, &rows).await.unwrap();
    table.commit(Commit { files, replace: true, schema: Some(schema), ..Commit::default() }).await.unwrap();
    publication.table_versions.insert(name.to_owned(), table.version());
}

async fn publish(lake: &Lake, publication: &Publication) {
    let mut table = lake.open_table("publications").await.unwrap().unwrap();
    let time =
        |micros: i64| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC")) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![publication.epoch])),
        time(publication.as_of_micros),
        time(publication.published_at_micros),
        Arc::new(StringArray::from(vec![serde_json::to_string(publication).unwrap()])),
    ];
    let schema = Arc::new(Schema::new(table.columns().unwrap()));
    let row = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let spec = TableSpec { name: "publications".to_owned(), schema, partition_column: None, sort_columns: vec![] };
    let files = table.write(&spec, &[row]).await.unwrap();
    let spans = vec![Span {
        fence: fence::REFRESH.to_owned(),
        start: Some(publication.epoch - 1),
        end: publication.epoch,
    }];
    table.commit(Commit { files, spans, ..Commit::default() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_definitions_values_stay_beside_the_new() {
    values_stay(None).await;
}

/// Values of a build that did not tell them by subject group are values of all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_stay_when_a_dimension_is_added() {
    values_stay(Some("subject_group")).await;
}

async fn values_stay(without: Option<&str>) {
    let mut kept = Kept::new();
    kept.take(&story::read(CALLS.trim()).unwrap()).await;
    kept.refresh(at("2026-03-20T12:00:00Z")).await;
    then(&mut kept, LATE, "2026-03-20T12:30:00Z").await;
    as_an_older_build_had_it(kept.lake(), Older { version: 0, definition: "v0 0123456789abcdef", without }).await;
    let refreshed = kept.refresh(at("2026-03-20T13:00:00Z")).await;
    assert_eq!(refreshed.rebuilt, Some(Why::Definitions(vec!["kpis/wait_asa".to_owned()])));
    let values =
        "SELECT CAST(local_date AS VARCHAR), CAST(definition_version AS VARCHAR), CAST(numerator AS VARCHAR),
            subject_group
        FROM kpi_daily WHERE kpi = 'wait_asa'";
    let of = |day, version, seconds| [day, version, seconds, "(all)"];
    let [monday, tuesday] = ["2026-03-02", "2026-03-03"];
    let both = |second| {
        let old = [of(monday, "0", "104000"), of(tuesday, "0", "14000")];
        [old[0], of(monday, "1", second), old[1], of(tuesday, "1", "7000")]
    };
    assert_eq!(kept.read().await.query(values).await, both("52000"));
    let versions =
        "SELECT CAST(definition_version AS VARCHAR), CAST(is_superseded AS VARCHAR), CAST(first_day AS VARCHAR)
        FROM kpi_versions WHERE kpi = 'wait_asa'";
    let marked = [["0", "true", monday], ["1", "false", monday]];
    assert_eq!(kept.read().await.query(versions).await, marked);
    // What comes later is measured by the new definition only, and nobody is told of a final value that changed
    // because the definition has. What was told before is still told.
    then(&mut kept, CORRECTED, "2026-03-20T14:00:00Z").await;
    assert_eq!(kept.read().await.query(values).await, both("62000"));
    let told = [
        ["2", monday, "(unknown)", "42000/1", "52000/2", "late event"],
        ["5", monday, "(unknown)", "52000/2", "62000/2", "correction"],
    ];
    assert_eq!(kept.read().await.query(RESTATED).await, told);
    let found = kept.verify().await;
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
}

/// Restatements of twice the time to what it is.
fn halved(cause: &str) -> [[&str; 6]; 2] {
    [("2026-03-02", "84000/1", "42000/1"), ("2026-03-03", "14000/1", "7000/1")]
        .map(|(day, old, new)| ["3", day, "(unknown)", old, new, cause])
}

/// The SQL has changed under the same version: who had the numbers is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_changed_without_a_new_version_restates_what_was_final() {
    let mut kept = Kept::new();
    kept.take(&story::read(CALLS.trim()).unwrap()).await;
    kept.refresh(at("2026-03-20T12:00:00Z")).await;
    let older = Older { version: 1, definition: "v1 0123456789abcdef", without: None };
    as_an_older_build_had_it(kept.lake(), older).await;
    let refreshed = kept.refresh(at("2026-03-20T13:00:00Z")).await;
    assert_eq!(refreshed.rebuilt, Some(Why::Definitions(vec!["kpis/wait_asa".to_owned()])));
    assert_eq!(kept.read().await.query(RESTATED).await, halved("definition"));
}

/// Nothing is known to have changed, and still a rebuild finds another value: that is told too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_rebuild_finds_is_restated_as_recomputed() {
    let mut kept = Kept::new();
    kept.take(&story::read(CALLS.trim()).unwrap()).await;
    let refreshed = kept.refresh(at("2026-03-20T12:00:00Z")).await;
    let definition = &refreshed.publication.definitions["kpis/wait_asa"];
    as_an_older_build_had_it(kept.lake(), Older { version: 1, definition, without: None }).await;
    kept.rebuild(at("2026-03-20T13:00:00Z")).await;
    assert_eq!(kept.read().await.query(RESTATED).await, halved("recomputed"));
}
