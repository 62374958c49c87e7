//! Positions worked out by hand: the wide plot reaches from 48 to 808 and, down the page, from 56 to 356.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::chart::layout::{NARROW, WIDE};

fn month(month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, 1).unwrap()
}

fn point(number: u32, value: Option<f64>) -> Point {
    Point {
        month: month(number),
        label: format!("month {number} <&>"),
        value,
        phase: 1,
        mean: Some(90.0),
        lower: Some(60.0),
        upper: Some(120.0),
        is_provisional: false,
        cause: Cause::Common,
    }
}

fn drawn(points: &[Point], targets: &[Target], layout: &Layout) -> String {
    let texts = LineTexts { upper: "120.0".to_owned(), target: "60".to_owned(), ..LineTexts::default() };
    let chart = Chart { unit: "seconds", is_percent: false, points, targets, interventions: &[], texts };
    chart.draw(layout).into_string()
}

#[test]
fn points_lie_where_their_month_and_value_say() {
    // 0 to 120 in about 6 steps: 20 each. 300 pixels for 120 seconds: 2.5 a second, up from 356.
    // Two months of 380: middles at 48 + 190 = 238 and 618.
    // 60 s: 356 - 150 = 206. 100 s: 356 - 250 = 106.
    let svg = drawn(&[point(1, Some(60.0)), point(2, Some(100.0))], &[], &WIDE);
    assert!(svg.contains("cx=\"238.0\" cy=\"206.0\""), "{svg}");
    assert!(svg.contains("cx=\"618.0\" cy=\"106.0\""), "{svg}");
    assert!(svg.contains("d=\"M238.0 206.0L618.0 106.0\""), "{svg}");
    // The mean of 90 s at 356 - 225 = 131, over the whole phase.
    assert!(svg.contains("class=\"mean\" x1=\"48.0\" x2=\"808.0\" y1=\"131.0\""), "{svg}");
}

#[test]
fn a_phone_has_the_same_points_in_its_own_plot() {
    // The narrow plot reaches from 34 to 266 and from 56 to 258; 120 s in about 4 steps of 50: 0 to 150.
    // 75 s is half way: 157. The middles of two months of 116: 92 and 208.
    let svg = drawn(&[point(1, Some(75.0)), point(2, None)], &[], &NARROW);
    assert!(svg.contains("cx=\"92.0\" cy=\"157.0\""), "{svg}");
    assert_eq!(svg.matches("<circle").count(), 1);
    assert!(svg.contains(">Upper 120.0</text>"), "{svg}");
}

#[test]
fn months_without_a_value_leave_a_gap() {
    // Four months of 190: middles at 143, 333, 523, 713; February has no value, all others 60 s.
    let points = [point(1, Some(60.0)), point(2, None), point(3, Some(60.0)), point(4, Some(60.0))];
    let svg = drawn(&points, &[], &WIDE);
    assert!(svg.contains("d=\"M143.0 206.0M523.0 206.0L713.0 206.0\""), "{svg}");
    // A month that is not there at all leaves its place too.
    let svg = drawn(&[point(1, Some(60.0)), point(3, Some(60.0)), point(4, Some(60.0))], &[], &WIDE);
    assert!(svg.contains("d=\"M143.0 206.0M523.0 206.0L713.0 206.0\""), "{svg}");
}

#[test]
fn the_shape_tells_the_cause_and_a_hollow_point_may_change() {
    let point = |cause, is_provisional| Point { cause, is_provisional, ..point(1, Some(60.0)) };
    let svg = drawn(&[point(Cause::Common, true)], &[], &WIDE);
    assert!(svg.contains("<circle class=\"point common provisional\""), "{svg}");
    // One month of 760: its middle at 428, 60 s at 206. A diamond reaches 8 each way, a square 6.
    let svg = drawn(&[point(Cause::Improvement, false)], &[], &WIDE);
    assert!(svg.contains("points=\"428.0,198.0 436.0,206.0 428.0,214.0 420.0,206.0\""), "{svg}");
    let svg = drawn(&[point(Cause::Concern, false)], &[], &WIDE);
    assert!(svg.contains("points=\"422.0,200.0 434.0,200.0 434.0,212.0 422.0,212.0\""), "{svg}");
    assert!(drawn(&[point(Cause::Change, false)], &[], &WIDE).contains("class=\"point change\""));
}

#[test]
fn limits_start_anew_with_a_phase() {
    let later = Point { phase: 2, mean: Some(60.0), lower: None, upper: None, ..point(2, Some(60.0)) };
    let svg = drawn(&[point(1, Some(60.0)), later], &[], &WIDE);
    assert!(svg.contains("class=\"mean\" x1=\"48.0\" x2=\"428.0\" y1=\"131.0\""), "{svg}");
    assert!(svg.contains("class=\"mean\" x1=\"428.0\" x2=\"808.0\" y1=\"206.0\""), "{svg}");
    assert_eq!(svg.matches("class=\"limit\"").count(), 2);
}

#[test]
fn a_target_is_drawn_while_it_holds() {
    let points = [point(1, Some(60.0)), point(2, Some(60.0))];
    let since_february = Target { from: month(2), until: None, value: 60.0 };
    let svg = drawn(&points, std::slice::from_ref(&since_february), &WIDE);
    assert!(svg.contains("class=\"target\" x1=\"428.0\" x2=\"808.0\" y1=\"206.0\""), "{svg}");
    assert!(svg.contains(">Target 60</text>"));
    let until_february = Target { from: month(1), until: Some(month(2)), value: 60.0 };
    let svg = drawn(&points, &[until_february], &WIDE);
    assert!(svg.contains("class=\"target\" x1=\"48.0\" x2=\"428.0\" y1=\"206.0\""), "{svg}");
    assert!(!svg.contains(">Target"));
    let over = Target { until: Some(month(1)), ..since_february };
    assert!(!drawn(&points, &[over], &WIDE).contains("class=\"target\""));
}

#[test]
fn only_a_share_may_start_above_nought_and_says_so() {
    let near_the_top = [Point { lower: Some(71.0), mean: Some(74.0), upper: Some(78.0), ..point(1, Some(75.0)) }];
    let chart = |is_percent| Chart {
        unit: "%",
        is_percent,
        points: &near_the_top,
        targets: &[],
        interventions: &[],
        texts: LineTexts::default(),
    };
    assert_eq!(chart(false).scale(&WIDE).low, 0.0);
    // 71 to 78 is less than ten points; 68 to 78 in about 6 steps of 2 starts at 68.
    assert_eq!(chart(true).scale(&WIDE).low, 68.0);
    assert!(chart(true).draw(&WIDE).into_string().contains("%, axis from 68"));
    let low = [Point { lower: Some(49.0), ..near_the_top[0].clone() }];
    let chart = Chart { points: &low, ..chart(true) };
    assert_eq!(chart.scale(&WIDE).low, 0.0);
}

#[test]
fn what_comes_from_data_is_escaped() {
    let svg = drawn(&[point(1, Some(60.0))], &[], &WIDE);
    assert!(svg.contains("<title>month 1 &lt;&amp;&gt;</title>"), "{svg}");
}

#[test]
fn no_months_draw_nothing() {
    assert_eq!(drawn(&[], &[], &WIDE), "");
}
