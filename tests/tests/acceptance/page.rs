//! The page in a real browser: it shows what the API says, to everybody, on any screen.

use crate::server::Serving;
use crate::world::{World, checkout, skip};
use chrono::{Months, NaiveDate};
use ingest::{Loaded, TokenKey, load_history};
use lake::Lake;
use pipeline_tests::story;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_page_shows_everybody_the_numbers_of_the_api() {
    let Some(packages) = packages("the_page_shows_everybody_the_numbers_of_the_api") else { return };
    let world = World::new();
    load(&world.lake(), &fourteen_months());
    world.succeeds(&["refresh", "--once", "--as-of", "2026-02-20T12:00:00Z"]);
    let mut serving = Serving::start(&world);
    abandonment_is_as_worked_out_by_hand(&serving);
    shares_are_as_worked_out_by_hand(&serving);
    assert_eq!(serving.get("/api/kpis/no_such_measure", "").status, 404);
    let seen = look(&serving, &packages, &world.path("looks"));
    for trouble in ["console", "failed_requests", "foreign_requests"] {
        assert_eq!(seen[trouble], json!([]), "{trouble}");
    }
    for screen in ["desktop", "phone"] {
        fits_and_is_accessible(screen, &seen[screen]);
        numbers_are_those_of_the_api(&serving, &seen[screen]);
    }
    assert!(serving.end(), "it did not end in peace");
}

/// In each month from January 2025 on: 10 calls, 6 forms sent off and 4 reports. Of the calls 1 and
/// 2 were given up by turns, in January 2026 8; then comes February. Waits grow by 1 s a month.
fn fourteen_months() -> String {
    let mut lines = vec![
        "2025-01-01T00:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false \
         effective_from=2025-01-01"
            .to_owned(),
        "2025-01-01T00:00:00Z intervention:launch intervention_logged name=\"FixMyStreet launched\" \
         happened_on=2025-06-16 affects=wait_asa,self_service_share"
            .to_owned(),
    ];
    let january = NaiveDate::from_ymd_opt(2025, 1, 10).unwrap();
    for month in 0..14 {
        let day = january + Months::new(month);
        let given_up = if month == 12 { 8 } else { 1 + month % 2 };
        let wait = 20 + month;
        for call in 0..10 {
            let (id, at) = (format!("c{month}-{call}"), format!("{day}T09:{call:02}"));
            let end = if call < given_up { "contact_abandoned" } else { "contact_answered" };
            lines.push(format!("{at}:00Z {id} contact_initiated ani=+447700900{month:02}{call}"));
            lines.push(format!("{at}:00Z {id} queue_entered queue_id=TAX"));
            lines.push(format!("{at}:{wait}Z {id} {end} queue_id=TAX wait_ms={wait}000"));
        }
        for form in 0..6 {
            lines.push(format!("{day}T10:{form:02}:00Z f{month}-{form} form_started form_id=blue_badge"));
            lines.push(format!("{day}T10:{form:02}:30Z f{month}-{form} form_submitted"));
        }
        for report in 0..4 {
            lines.push(format!("{day}T11:{report:02}:00Z r{month}-{report} report_created category=Pothole"));
            lines.push(format!("{day}T11:{report:02}:30Z r{month}-{report} report_confirmed"));
        }
    }
    lines.join("\n")
}

/// Puts a story's events into the lake, as files of history.
fn load(folder: &Path, text: &str) {
    let events = story::read(text).unwrap();
    let lake = Lake::open_or_create(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for source in schemas::catalogue().sources.values() {
        let of_source = events.iter().filter(|event| source.event(&event.event_type).is_some());
        let records: Vec<Vec<u8>> = of_source.map(|event| event.to_record().unwrap()).collect();
        let (count, key) = (records.len(), TokenKey::parse(&"07".repeat(32)).unwrap());
        let loading = load_history(&lake, source, &source.name, records.into_iter().map(Ok), key, 0);
        assert_eq!(runtime.block_on(loading).unwrap(), Loaded::Rows(count));
    }
}

fn abandonment_is_as_worked_out_by_hand(serving: &Serving) {
    let points = points(serving, "abandon_rate");
    let values: Vec<&str> = points.iter().map(|point| point["value"].as_str().unwrap()).collect();
    assert_eq!(values, [["10.0000", "20.0000"].repeat(6), vec!["80.0000", "20.0000"]].concat());
    // Mean 260 / 13 = 20. Ranges: eleven of 10 and one of 60, which is screened: 60 >= 3.267 * 170 / 12.
    // 2.66 * 10 = 26.6, and no limit is drawn below 0.
    let january = json!({
        "month": "2026-01-01", "numerator": 8, "denominator": 10, "status": "final", "mean": "20.0000",
        "mean_moving_range": "10.0000", "lower_limit": "0.0000", "upper_limit": "46.6000",
        "signal": "outside_limits", "signal_side": "high", "is_improvement": false,
    });
    for (column, expected) in january.as_object().unwrap() {
        assert_eq!(points[12][column], *expected, "{column}");
    }
    // February is not over.
    assert_eq!((&points[13]["status"], &points[13]["signal"]), (&json!("provisional"), &Json::Null));
}

fn shares_are_as_worked_out_by_hand(serving: &Serving) {
    let points = points(serving, "channel_mix");
    let first = points.iter().filter(|point| point["month"] == "2025-01-01");
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let shares: BTreeSet<_> = first.map(|point| (text(&point["series"]), text(&point["value"]))).collect();
    // 10, 6 and 4 of 20.
    let expected = [("fixmystreet", "20.0000"), ("voice", "50.0000"), ("web_form", "30.0000")];
    assert_eq!(shares, expected.map(|(channel, share)| (channel.to_owned(), share.to_owned())).into());
}

fn fits_and_is_accessible(screen: &str, seen: &Json) {
    assert_eq!(seen["axe"], json!([]), "{screen}: {:#}", seen["axe"]);
    assert_eq!(seen["beyond_the_edge"], json!([]), "{screen}");
    assert!(seen["scroll_width"].as_i64() <= seen["client_width"].as_i64(), "{screen} is scrolled sideways");
    assert_eq!(seen["same_without_javascript"], true, "{screen}");
    for chart in seen["charts"].as_array().unwrap() {
        let is_large = chart["width"].as_f64() > Some(200.0) && chart["height"].as_f64() > Some(50.0);
        assert!(is_large, "{screen}: {chart}");
    }
}

/// Each chart has its table, and each table the values of the API, all of them and no others.
fn numbers_are_those_of_the_api(serving: &Serving, seen: &Json) {
    let tables = seen["tables"].as_object().unwrap();
    let charts = seen["charts"].as_array().unwrap().iter().map(|chart| chart["kpi"].as_str().unwrap());
    let mut charts: Vec<&str> = charts.collect();
    charts.sort_unstable();
    assert_eq!(charts, tables.keys().collect::<Vec<_>>());
    assert!(tables.len() >= 4 && tables.contains_key("channel_mix"), "{:?}", tables.keys());
    assert_eq!(seen["strays"], 0);
    for (kpi, cells) in tables {
        let points = points(serving, kpi);
        assert!(points.len() >= 14, "{kpi}: {points:?}");
        let mut expected: Vec<String> = points.iter().map(as_cell).collect();
        let mut cells: Vec<String> = cells.as_array().unwrap().iter().map(Json::to_string).collect();
        expected.sort();
        cells.sort();
        assert_eq!(cells, expected, "{kpi}");
    }
}

/// A point of the API as the browser reads it in the table's cell.
fn as_cell(point: &Json) -> String {
    let value = point["value"].as_str().unwrap_or_default();
    let cell = json!({
        "month": point["month"], "series": point["series"], "value": value,
        "status": point["status"], "signal": point["signal"],
    });
    cell.to_string()
}

/// What `check.mjs` saw.
fn look(serving: &Serving, packages: &Path, looks: &Path) -> Json {
    let mut command = Command::new("node");
    command.arg(checkout().join("tests/page/check.mjs")).arg(format!("http://{}/", serving.address)).arg(looks);
    let output = command.env("NODE_PATH", packages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for picture in ["desktop.png", "phone.png", "print.pdf"] {
        assert!(looks.join(picture).is_file(), "{picture}");
    }
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder of what drives the browser; where it, node or chromium is absent, the test is skipped.
fn packages(test: &str) -> Option<PathBuf> {
    let is_there = |program: &&str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    if let Some(missing) = ["node", "chromium"].iter().find(|program| !is_there(program)) {
        skip(test, &format!("{missing} is not installed; tests/run.sh installs it"));
        return None;
    }
    let packages = std::env::var_os("SWITCHBOARD_TEST_NODE_PATH").map(PathBuf::from);
    if packages.is_none() {
        skip(test, "what tests/page/package.json names is not there; tests/run.sh fetches it");
    }
    packages
}

/// The points of a measure, by month.
fn points(serving: &Serving, kpi: &str) -> Vec<Json> {
    let answer = serving.json(&format!("/api/kpis/{kpi}"));
    assert_eq!(answer["kpi"], kpi);
    let mut points = answer["points"].as_array().unwrap().clone();
    points.sort_by_key(|point| point["month"].to_string());
    points
}
