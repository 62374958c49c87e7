//! Control charts: points, limits and signals of small series that were worked out by hand, in
//! the comments beside them, and of one that is published with its limits.

use arrow::util::display::array_value_to_string;
use chrono::{DateTime, Months, NaiveDate, Utc};
use queries::Engine;

const LATER: &str = "2030-01-01T00:00:00Z";
const LIMITS: &str = "mean, mean_moving_range, lower_limit, lower_near_limit, upper_near_limit, upper_limit";
const SIGNAL: &str = "concat_ws(' ', signal, signal_side, CAST(is_improvement AS VARCHAR))";

/// In `kpi_daily`: a day's parts of a measure, final.
fn day(kpi: &str, date: &str, numerator: i64, denominator: &str) -> String {
    format!("('{kpi}', 1, '{date}', {numerator}, {denominator}, 'final')")
}

/// A day a month from January 2024 on, for a measure that is a count.
fn counts(kpi: &str, values: &[i64]) -> Vec<String> {
    let january = NaiveDate::from_ymd_opt(2024, 1, 10).unwrap();
    let months = (0..).map(|number| (january + Months::new(number)).to_string());
    months.zip(values).map(|(date, value)| day(kpi, &date, *value, "NULL")).collect()
}

/// Over some days and interventions (day, measure): `kpi_series` and `kpi_xmr`.
async fn charts(days: &[String], interventions: &[(&str, &str)], as_of: &str) -> Engine {
    let as_of = as_of.parse::<DateTime<Utc>>().unwrap();
    let engine = Engine::new(chrono_tz::Europe::London, as_of.timestamp_micros()).unwrap();
    let definitions = "('calls', 'count', 'lower', 0), ('contacts', 'count', 'neutral', 0),
        ('share', 'percent', 'higher', 7), ('wait', 'seconds', 'lower', 0)";
    // One that affects none of these measures is always there.
    let logged = interventions.iter().chain([&("2024-03-05", "another")]);
    let logged: Vec<String> = logged.map(|(day, kpi)| format!("('{day}', '{kpi}')")).collect();
    let tables = [
        (
            "kpi_daily",
            "column1 AS kpi, CAST(column2 AS INT) AS definition_version, CAST(column3 AS DATE) AS local_date,
            CAST(column4 AS BIGINT) AS numerator, CAST(column5 AS BIGINT) AS denominator, column6 AS status",
            days.join(", "),
        ),
        (
            "kpi_definitions",
            "column1 AS kpi, column2 AS unit, column3 AS direction, CAST(column4 AS INT) AS settles_after_days",
            definitions.to_owned(),
        ),
        ("interventions", "CAST(column1 AS DATE) AS happened_on, [column2] AS affects", logged.join(", ")),
    ];
    for (name, columns, rows) in tables {
        engine.bind_view(name, &format!("SELECT {columns} FROM (VALUES {rows})")).await.unwrap();
    }
    for name in ["kpi_series", "kpi_xmr"] {
        engine.bind_view(name, &queries::catalogue().views[name]).await.unwrap();
    }
    engine
}

/// Columns of a measure's months, in order, as text; null is empty.
async fn months(engine: &Engine, table: &str, kpi: &str, columns: &str) -> Vec<String> {
    let sql = format!("SELECT {columns} FROM {table} WHERE kpi = '{kpi}' ORDER BY definition_version, month");
    let mut rows = Vec::new();
    for batch in engine.collect(&sql).await.unwrap() {
        let text = |row, column: &_| array_value_to_string(column, row).unwrap();
        let row = |row| batch.columns().iter().map(|column| text(row, column)).collect::<Vec<_>>().join(" ");
        rows.extend((0..batch.num_rows()).map(row));
    }
    rows
}

/// The chart of one count: its limits and each month's signal.
async fn chart(values: &[i64]) -> (String, Vec<String>) {
    let engine = charts(&counts("calls", values), &[], LATER).await;
    let limits = months(&engine, "kpi_xmr", "calls", LIMITS).await;
    assert!(limits.iter().all(|month| *month == limits[0]), "one phase has one set of limits: {limits:?}");
    (limits[0].clone(), months(&engine, "kpi_xmr", "calls", SIGNAL).await)
}

/// `signals`, of (how many months, signal).
fn runs(signals: &[(usize, &str)]) -> Vec<String> {
    signals.iter().flat_map(|(times, signal)| vec![(*signal).to_owned(); *times]).collect()
}

#[tokio::test]
async fn published_limits_are_found() {
    // In-process inventory, from Wheeler, Making Sense of Data: mean 20.39, mean moving range 4.70,
    // limits 7.89 and 32.89. The sums are 632 over 31 months and 141 over 30 ranges.
    let inventory = [
        19, 27, 20, 16, 18, 25, 22, 24, 17, 25, 15, 17, 20, 22, 19, 16, 22, 19, 25, 22, 18, 20, 16, 17, 20, 15,
        27, 25, 17, 19, 28,
    ];
    // 2.66 * 4.7 = 12.502, two thirds of it 8.3347.
    assert_eq!(chart(&inventory).await.0, "20.3871 4.7000 7.8851 12.0524 28.7218 32.8891");
}

#[tokio::test]
async fn a_point_outside_the_limits_is_a_signal() {
    // Mean 130 / 11. Ranges: nine of 2 and one of 8; mean 26 / 10; 8 < 3.267 * 2.6 = 8.4942 stays.
    // 2.66 * 2.6 = 6.916, two thirds of it 4.6107.
    let (limits, signals) = chart(&[10, 12, 10, 12, 10, 12, 10, 12, 10, 12, 20]).await;
    assert_eq!(limits, "11.8182 2.6000 4.9022 7.2075 16.4289 18.7342");
    assert_eq!(signals, runs(&[(10, ""), (1, "outside_limits high false")]));
}

#[tokio::test]
async fn large_moving_ranges_are_screened_once() {
    // Mean 131 / 11. Ranges: nine of 2 and one of 9; mean 2.7; 9 >= 3.267 * 2.7 = 8.8209 goes.
    // What is left has the mean 2: 2.66 * 2 = 5.32, two thirds of it 3.5467.
    let (limits, _) = chart(&[10, 12, 10, 12, 10, 12, 10, 12, 10, 12, 21]).await;
    assert_eq!(limits, "11.9091 2.0000 6.5891 8.3624 15.4558 17.2291");
    // Eight ranges of 748, one of 749 and one of 3267: their mean is 1000, so 3267 is just at the
    // threshold and goes; 6733 / 9 is left. One of 3266 is below 3.267 * 999.9 and stays.
    let zigzag = |last| [5000, 5748, 5000, 5748, 5000, 5748, 5000, 5748, 5000, 5749, last];
    assert!(chart(&zigzag(9016)).await.0.contains(" 748.1111 "));
    assert!(chart(&zigzag(9015)).await.0.contains(" 999.9000 "));
}

#[tokio::test]
async fn screening_leaves_more_than_ranges_of_nought() {
    // 100 percent but for one month. Both ranges of 10 are above 3.267 * 20 / 9, all others are 0.
    // Mean 990 / 10. 2.66 * 2.2222 = 5.9111, two thirds of it 3.9407; the upper limits would be above 100.
    let share = |(month, percent): (usize, i64)| day("share", &format!("2024-{month:02}-10"), percent, "100");
    let days: Vec<String> = (1..).zip([100, 100, 100, 100, 90, 100, 100, 100, 100, 100]).map(share).collect();
    let engine = charts(&days, &[], LATER).await;
    let limits = "99.0000 2.2222 93.0889 95.0593 100.0000 100.0000";
    assert_eq!(months(&engine, "kpi_xmr", "share", LIMITS).await, runs(&[(10, limits)]));
    let expected = runs(&[(4, ""), (1, "outside_limits low false"), (5, "")]);
    assert_eq!(months(&engine, "kpi_xmr", "share", SIGNAL).await, expected);
    let same = chart(&[7; 8]).await;
    assert_eq!(same, ("7.0000 0.0000 7.0000 7.0000 7.0000 7.0000".to_owned(), runs(&[(8, "")])));
}

#[tokio::test]
async fn limits_are_not_below_nought() {
    // Mean 6, ranges of 12: 6 - 2.66 * 12 and 6 - 2 / 3 * 31.92 are below 0.
    let (limits, _) = chart(&[0, 12, 0, 12, 0, 12, 0, 12]).await;
    assert_eq!(limits, "6.0000 12.0000 0.0000 0.0000 27.2800 37.9200");
}

#[tokio::test]
async fn seven_on_one_side_are_a_shift() {
    // Mean 148 / 13 = 11.3846: six above it, then seven below. Ranges: eleven of 1 and one of 2.
    // 2.66 * 1.0833 = 2.8816, so all are within the near limits, 9.4635 and 13.3057.
    let (limits, signals) = chart(&[13, 12, 13, 12, 13, 12, 10, 11, 10, 11, 10, 11, 10]).await;
    assert_eq!(limits, "11.3846 1.0833 8.5030 9.4635 13.3057 14.2662");
    assert_eq!(signals, runs(&[(6, ""), (7, "shift low true")]));
    // The mean is 130 / 13 = 10: the 10 is on no side and parts three high months from three others.
    let (limits, signals) = chart(&[12, 11, 12, 10, 12, 11, 12, 8, 9, 8, 9, 8, 8]).await;
    assert!(limits.starts_with("10.0000 "), "{limits}");
    assert_eq!(signals, runs(&[(13, "")]));
}

#[tokio::test]
async fn seven_that_rise_or_fall_are_a_trend() {
    // 9 to 15. Mean 108 / 9 = 12; ranges: six of 1 and two of 3, mean 1.5; limits 8.01 and 15.99.
    // The first of the seven lie below the mean and are part of the rise all the same.
    let (limits, signals) = chart(&[12, 9, 10, 11, 12, 13, 14, 15, 12]).await;
    assert_eq!(limits, "12.0000 1.5000 8.0100 9.3400 14.6600 15.9900");
    assert_eq!(signals, runs(&[(1, ""), (7, "trend high false"), (1, "")]));
    // Six that rise, and seven with a repeat among them, are none.
    assert_eq!(chart(&[12, 9, 10, 11, 12, 13, 14, 12]).await.1, runs(&[(8, "")]));
    assert_eq!(chart(&[12, 9, 10, 11, 11, 12, 13, 14, 12]).await.1, runs(&[(9, "")]));
    // A rise of seven to 13 and a fall of seven from there; the 13 belongs to both.
    let there_and_back = [13, 7, 13, 7, 8, 9, 10, 11, 12, 13, 12, 11, 10, 9, 8, 7, 13, 7, 13];
    let expected = runs(&[(3, ""), (7, "trend high false"), (6, "trend low true"), (3, "")]);
    assert_eq!(chart(&there_and_back).await.1, expected);
}

#[tokio::test]
async fn two_of_three_close_to_a_limit_are_a_signal() {
    let then = |last: &[i64]| [&[11, 9].repeat(7), last].concat();
    // Mean 183 / 17 = 10.7647; ranges: thirteen of 2, 7, 5, 5, mean 43 / 16. 16 is beyond the near
    // limit; 11 is above the mean, and no signal itself.
    let (limits, signals) = chart(&then(&[16, 11, 16])).await;
    assert_eq!(limits, "10.7647 2.6875 3.6159 5.9989 15.5305 17.9135");
    let signal = "two_of_three high false";
    assert_eq!(signals, runs(&[(14, ""), (1, signal), (1, ""), (1, signal)]));
    // Mean 182 / 17 = 10.7059: 10 is below it, so the three are not on one side. Near limit 15.6934.
    assert_eq!(chart(&then(&[16, 10, 16])).await.1, runs(&[(17, "")]));
    // Two close to opposite limits: mean 10; ranges: thirteen of 2, 6, 10, the last screened; 32 / 14.
    // Limits 3.92 and 16.08, near ones 5.9467 and 14.0533.
    assert_eq!(chart(&then(&[15, 5])).await.1, runs(&[(16, "")]));
}

#[tokio::test]
async fn the_first_signal_that_applies_is_shown() {
    // Mean 144 / 13 = 11.0769, the last seven below it; the range of 5 is screened, 12 / 11 is left;
    // the lower limit is 11.0769 - 2.66 * 1.0909 = 8.1751.
    let (_, signals) = chart(&[13, 12, 13, 12, 13, 12, 10, 11, 10, 11, 10, 11, 6]).await;
    assert_eq!(signals, runs(&[(6, ""), (6, "shift low true"), (1, "outside_limits low true")]));
}

#[tokio::test]
async fn limits_start_anew_at_an_intervention() {
    let values = [20, 22, 20, 22, 20, 22, 20, 22, 10, 12, 10, 12, 10, 12, 10, 12];
    let days = [counts("contacts", &values), counts("calls", &values)].concat();
    // September 2024 is the first whole month after both; one before the first month and one after the last
    // start no phase.
    let at = ["2024-08-16", "2024-09-01", "2023-05-01", "2026-01-01"].map(|day| (day, "contacts"));
    let engine = charts(&days, &at, LATER).await;
    let columns = format!("phase, {LIMITS}, {SIGNAL}");
    // Means 21 and 11, ranges of 2: 2.66 * 2 = 5.32, two thirds of it 3.5467.
    let before = "1 21.0000 2.0000 15.6800 17.4533 24.5467 26.3200 ";
    let after = "2 11.0000 2.0000 5.6800 7.4533 14.5467 16.3200 ";
    assert_eq!(months(&engine, "kpi_xmr", "contacts", &columns).await, runs(&[(8, before), (8, after)]));
    let ranges = months(&engine, "kpi_xmr", "contacts", "moving_range").await;
    assert_eq!(ranges, runs(&[(1, ""), (7, "2.0000"), (1, ""), (7, "2.0000")]));
    // The other measure is all one phase: mean 16, ranges of 2 once the one of 12 is screened.
    let other = "1 16.0000 2.0000 10.6800 12.4533 19.5467 21.3200";
    assert_eq!(months(&engine, "kpi_xmr", "calls", &format!("phase, {LIMITS}")).await, runs(&[(16, other)]));
    // A neutral measure's signal is neither better nor worse.
    let engine = charts(&counts("contacts", &[10, 12, 10, 12, 10, 12, 10, 12, 10, 12, 20]), &[], LATER).await;
    assert_eq!(months(&engine, "kpi_xmr", "contacts", SIGNAL).await[10], "outside_limits high");
}

#[tokio::test]
async fn fewer_than_eight_points_have_no_limits() {
    let (limits, signals) = chart(&[1, 2, 3, 4, 5, 6, 7]).await;
    assert_eq!((limits.trim(), signals), ("", runs(&[(7, "")])));
    // An eighth that is provisional makes no difference, and shows its range.
    let engine = charts(&counts("calls", &[1, 2, 3, 4, 5, 6, 7, 9]), &[], "2024-08-20T12:00:00Z").await;
    let last = months(&engine, "kpi_xmr", "calls", &format!("status, moving_range, {LIMITS}")).await.pop();
    assert_eq!(last.unwrap().trim(), "provisional 2.0000");
}

#[tokio::test]
async fn a_provisional_point_enters_no_mean_and_has_no_signal() {
    // The ninth month is not over: mean and ranges are those of the eight before.
    let days = counts("calls", &[10, 12, 10, 12, 10, 12, 10, 12, 30]);
    let engine = charts(&days, &[], "2024-09-20T12:00:00Z").await;
    let expected = "provisional 18.0000 11.0000 2.0000 5.6800 7.4533 14.5467 16.3200 ";
    let columns = format!("status, moving_range, {LIMITS}, {SIGNAL}");
    assert_eq!(months(&engine, "kpi_xmr", "calls", &columns).await[8], expected);
}

#[tokio::test]
async fn parts_are_added_by_month_and_divided_last() {
    let days = [
        // 1 of 2 and 1 of 4 are 2 of 6; then nothing to divide by; 1 in 80,000 is 0.00125 percent.
        day("share", "2024-01-01", 1, "2"),
        day("share", "2024-01-31", 1, "4"),
        day("share", "2024-02-10", 0, "0"),
        day("share", "2024-03-10", 1, "80000"),
        // 45,000 ms over 7 are 6.428571... s.
        day("wait", "2024-01-10", 45_000, "7"),
        day("contacts", "2024-01-10", 3, "NULL"),
    ];
    let engine = charts(&days, &[], LATER).await;
    let columns = "month, numerator, denominator, value, status";
    let share = months(&engine, "kpi_series", "share", columns).await;
    let expected = ["2024-01-01 2 6 33.3333 final", "2024-02-01 0 0  final", "2024-03-01 1 80000 0.0013 final"];
    assert_eq!(share, expected);
    assert_eq!(months(&engine, "kpi_series", "wait", "value").await, ["6.4286"]);
    assert_eq!(months(&engine, "kpi_series", "contacts", columns).await, ["2024-01-01 3  3.0000 final"]);
    // The month without a value is skipped: March's range is from January.
    assert_eq!(months(&engine, "kpi_xmr", "share", "moving_range").await, ["", "", "33.3320"]);
}

#[tokio::test]
async fn a_month_is_final_when_it_is_over_and_has_settled() {
    // March 2026 ends at 23:00 UTC; the share settles 7 days after.
    let days = [day("share", "2026-03-10", 1, "2"), day("calls", "2026-03-10", 1, "NULL")];
    for (as_of, share, calls) in [
        ("2026-03-31T22:59:59Z", "provisional", "provisional"),
        ("2026-03-31T23:00:00Z", "provisional", "final"),
        ("2026-04-07T22:59:59Z", "provisional", "final"),
        ("2026-04-07T23:00:00Z", "final", "final"),
    ] {
        let engine = charts(&days, &[], as_of).await;
        assert_eq!(months(&engine, "kpi_series", "share", "status").await, [share], "{as_of}");
        assert_eq!(months(&engine, "kpi_series", "calls", "status").await, [calls], "{as_of}");
    }
    let day = day("calls", "2026-03-10", 1, "NULL").replace("final", "provisional");
    let engine = charts(&[day], &[], LATER).await;
    assert_eq!(months(&engine, "kpi_series", "calls", "status").await, ["provisional"]);
}

#[tokio::test]
async fn versions_of_a_definition_have_charts_of_their_own() {
    let first = counts("calls", &[10, 12, 10, 12, 10, 12, 10, 12]);
    let second = counts("calls", &[20, 24, 20, 24, 20, 24, 20, 24]);
    let second = second.iter().map(|day| day.replace("'calls', 1", "'calls', 2")).collect();
    let engine = charts(&[first, second].concat(), &[], LATER).await;
    let columns = "definition_version, mean, mean_moving_range";
    let expected = runs(&[(8, "1 11.0000 2.0000"), (8, "2 22.0000 4.0000")]);
    assert_eq!(months(&engine, "kpi_xmr", "calls", columns).await, expected);
}
