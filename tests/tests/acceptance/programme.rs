//! The 19 measures of the programme, as they are shipped, against the report's appendix: the figures
//! below were typed from the report's table by hand.

use crate::world::{World, checkout};
use serde_json::{Value as Json, json};

/// Number, measure, target, baseline, current.
const PUBLISHED: [(i64, &str, &str, &str, &str); 19] = [
    (1, "First contact resolution rate", "85% \"to be signed off\"", "81%", "79%"),
    (2, "Average call wait time", "60-120 s", "77-199 s", "66-103 s"),
    (3, "Reduced repeat/avoidable contact", "TBD Q4 2025", "n/a", "n/a"),
    (4, "SLA contact centre", "75%", "70%", "70%"),
    (5, "CSAT", "see comment", "being established", "74%"),
    (6, "Complaints escalation rate between stages", "see comment", "n/a", "n/a"),
    (7, "Complaints stage 1 vs timescales", "90%", "77%", "78%"),
    (8, "Satisfaction with complaints handling", "TBD Q4 2025", "n/a", "n/a"),
    (9, "Customer Effort Score", "80%", "74%", "74%"),
    (10, "Cost per transaction", "TBD Q4 2025", "n/a", "n/a"),
    (11, "Response time email", "3 working days", "5 days", "5 days"),
    (12, "Time to resolution", "TBD Q4 2025", "n/a", "n/a"),
    (13, "Abandonment rate", "6%", "15.2%", "10.2%"),
    (14, "Customer feedback", "TBD Q4 2025", "n/a", "n/a"),
    (15, "Social media sentiment and response time", "TBD Q4 2025", "n/a", "n/a"),
    (16, "Projected vs actual costs (cost avoidance)", "TBD Q1 2025", "n/a", "n/a"),
    (
        17,
        "Baseline vs actual costs (efficiency target; recruitment and agency costs)",
        "TBD Q1 2025",
        "n/a",
        "n/a",
    ),
    (18, "Cost per channel", "TBD Q1 2025", "n/a", "n/a"),
    (19, "Online uptake for key transactions", "85%", "81%", "82.9%"),
];

/// Of each measure in order: is its target approved, proposed or to be decided (`a`, `p`, `t`); is there
/// a baseline, is it being established, or is there none (`y`, `e`, `n`); is there a current value.
const STATUSES: &str = "pyy ayy tnn ayy tey tnn ayy tnn ayy tnn ayy tnn ayy tnn tnn tnn tnn tnn ayy";

fn loaded() -> World {
    let world = World::new();
    let file = checkout().join("deploy/reference/programme_measures.toml");
    let told = world.succeeds(&["reference", "load", file.to_str().unwrap()]);
    assert!(told.contains("programme_measures.toml: 37 new\n"), "{told}");
    world.refresh();
    world
}

#[test]
fn the_nineteen_measures_are_kept_as_they_were_published() {
    let world = loaded();
    let rows = world.sql(
        "SELECT number, measure, target_published, baseline_published, current_published FROM programme_measures \
         ORDER BY number",
    );
    let expected = PUBLISHED.map(|(number, measure, target, baseline, current)| {
        json!({
            "number": number, "measure": measure, "target_published": target, "baseline_published": baseline,
            "current_published": current,
        })
    });
    assert_eq!(rows, expected);
    let statuses =
        world.sql("SELECT target_status, baseline_status, current_status FROM programme_measures ORDER BY number");
    let word = |letter: char, place: usize| match (letter, place) {
        ('a', _) => "approved",
        ('p', _) => "proposed",
        ('t', _) => "tbd",
        ('e', _) => "being_established",
        ('y', _) => "available",
        _ => "not_available",
    };
    for ((row, letters), (number, ..)) in statuses.iter().zip(STATUSES.split(' ')).zip(PUBLISHED) {
        for ((place, letter), column) in
            letters.chars().enumerate().zip(["target_status", "baseline_status", "current_status"])
        {
            assert_eq!(row[column], word(letter, place), "measure {number}: {column}");
        }
    }
    let reports = world.sql("SELECT DISTINCT report FROM programme_measures");
    let report = "Surrey, Customer Transformation Programme update (February 2025), appendix 3";
    assert_eq!(reports, [json!({"report": report})]);
    // Ambiguous are how first contact resolution is found, which end of a range is whose, of what the
    // service level is a share, the unit of days, and which transactions are key.
    let marked = world.sql("SELECT number FROM programme_measures WHERE reading IS NOT NULL ORDER BY number");
    let marked: Vec<&Json> = marked.iter().map(|row| &row["number"]).collect();
    assert_eq!(marked, [1, 2, 4, 5, 7, 11, 13, 19]);
}

/// The targets and baselines that are a number are set as such; a current value never is, since that is
/// what is measured.
#[test]
fn published_numbers_are_targets_and_baselines_and_never_values() {
    let world = loaded();
    let set = |table: &str| -> Vec<String> {
        let rows = world.sql(&format!(
            "SELECT concat(kpi, ' ', slice, ' ', CAST(value AS VARCHAR), ' ', unit, ' ', status) AS told FROM {table} \
             ORDER BY kpi, slice"
        ));
        rows.iter().map(|row| row["told"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        set("targets"),
        [
            "abandon_rate  6.0000 percent approved",
            "complaints_stage1_in_time  90.0000 percent approved",
            "customer_effort_score  80.0000 percent approved",
            "email_response_time  3.0000 working_days approved",
            "fcr_agent  85.0000 percent proposed",
            "online_uptake  85.0000 percent approved",
            "sla_answered service_class=other 75.0000 percent approved",
            "wait_asa service_class=other 120.0000 seconds approved",
            "wait_asa service_class=social_care 60.0000 seconds approved",
        ]
    );
    assert_eq!(
        set("baselines"),
        [
            "abandon_rate  15.2000 percent available",
            "complaints_stage1_in_time  77.0000 percent available",
            "csat   percent being_established",
            "customer_effort_score  74.0000 percent available",
            "fcr_agent  81.0000 percent available",
            "online_uptake  81.0000 percent available",
            "sla_answered service_class=other 70.0000 percent available",
            "wait_asa service_class=other 199.0000 seconds available",
            "wait_asa service_class=social_care 77.0000 seconds available",
        ]
    );
    for table in ["kpi_daily", "kpi_interval", "kpi_distribution", "kpi_period"] {
        assert_eq!(world.number(&format!("SELECT count(*) AS rows FROM {table}")), 0, "{table}");
    }
}
