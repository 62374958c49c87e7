//! What is wrong with a CSV file, and what is said of it.

use super::refused;

const HEADING: &str = "queue_id,service_area,social_care,answer_target_seconds,effective_from";
const ROW: &str = "TAX,council_tax,false,120,2026-04-01";

fn problems(rows: &[&str]) -> Vec<String> {
    refused("queues.csv", rows.join("\n").as_bytes())
}

#[test]
fn headings() {
    let queues = "expected `queue_id`, `service_area`, `social_care`, `answer_target_seconds`, \
                  `short_abandon_ms`, `effective_from`";
    for (heading, expected) in [
        (
            HEADING.replace("service_area", "Service Area"),
            vec![
                format!("line 2: found an unknown column `Service Area`, {queues} (did you mean `service_area`?)"),
                format!("line 2, `service_area`: found no such column, {queues}"),
            ],
        ),
        (HEADING.replace("queue_id", "queue"), {
            let known = "found an unknown column `queue`";
            vec![
                format!("line 2: {known}, {queues} (did you mean `queue_id`?)"),
                format!("line 2, `queue_id`: found no such column, {queues}"),
            ]
        }),
        (
            format!("{HEADING},queue_id"),
            vec![
                "line 2, `queue_id`: found this column twice, expected each column once".to_owned(),
                "line 3: found 5 cells, expected 6 as in the heading".to_owned(),
            ],
        ),
    ] {
        assert_eq!(problems(&["# Queues.", &heading, ROW]), expected);
    }
}

#[test]
fn headings_that_are_none() {
    let forms = "expected a heading of queues: `queue_id`, `service_area`, `social_care`, \
                 `answer_target_seconds`, `short_abandon_ms`, `effective_from`; or of targets: `kpi`, \
                 `dimensions`, `value`, `unit`, `direction`, `rag_amber`, `effective_from`, `status`; or of \
                 baselines: `kpi`, `dimensions`, `value`, `unit`, `period`, `status`, `source_doc`; or of \
                 categories: `system`, `category`, `subject_group`, `service_area`, `social_care`, \
                 `effective_from`; or of calendars: `division`, `dates`, `source_doc`; or of interventions: \
                 `name`, `happened_on`, `affects`, `source_doc`; or of call centres and channels covered: \
                 `call_centre`, `channel`, `in_scope`, `observed_by`, `effective_from`, `source_doc`; or of \
                 counts: `channel`, `place`, `first_day`, `last_day`, `contacts`, `published_as`, \
                 `source_doc`; or of published measures: `report`, `number`, `measure`, `target_published`, \
                 `target_status`, `baseline_published`, `baseline_status`, `current_published`, \
                 `current_status`, `comment`, `reading`, `kpi`";
    for (text, found) in [
        (String::new(), "line 1: found no heading"),
        ("# Queues.\n\n".to_owned(), "line 1: found no heading"),
        (ROW.to_owned(), "line 1: found no known column"),
        (HEADING.replace(',', ";"), "line 1: found no known column and no comma between columns"),
    ] {
        assert_eq!(problems(&[&text]), [format!("{found}, {forms}")]);
    }
    assert_eq!(problems(&[HEADING]), ["line 1: found a heading without rows, expected at least one row"]);
}

/// A mistyped column does not make a file one of another kind.
#[test]
fn the_heading_tells_the_kind() {
    for (heading, row, column, expected) in [
        (
            "kpi,value,unit,direction,efective_from,status",
            "x,1,count,lower,2026-04-01,approved",
            "efective_from",
            "effective_from",
        ),
        ("kpi,value,unit,perod,status", "x,1,count,2024-25,available", "perod", "period"),
        ("queue,service_area,effective_from,social_care", "A,b,2026-04-01,true", "queue", "queue_id"),
        (
            "system,catgory,subject_group,service_area,social_care,effective_from",
            "webform,a,b,c,true,2026-04-01",
            "catgory",
            "category",
        ),
    ] {
        let problems = problems(&[heading, row]);
        assert!(problems[0].starts_with(&format!("line 1: found an unknown column `{column}`")), "{problems:?}");
        assert!(problems[0].ends_with(&format!("(did you mean `{expected}`?)")), "{problems:?}");
    }
}

#[test]
fn rows() {
    let to_a_day = "expected a whole number from 0 to 86400";
    let long = format!("TAX,{},false,120,2026-04-01", "x".repeat(70_000));
    for (row, expected) in [
        ("TAX,council_tax,false,120", vec!["line 3: found 4 cells, expected 5 as in the heading".to_owned()]),
        (
            "TAX,\"council_tax,false,120,2026-04-01",
            vec![
                "line 3: found a quote without its end, expected every quote to be closed on its own line"
                    .to_owned(),
            ],
        ),
        (
            &long,
            vec!["line 3: found a line of more than 64 KiB, expected a row of a few hundred bytes".to_owned()],
        ),
        (
            "TAX,,false,-5,01/04/2026",
            vec![
                format!("line 3, `answer_target_seconds`: found `-5`, {to_a_day}"),
                "line 3, `effective_from`: found `01/04/2026`, expected a day such as 2026-04-01".to_owned(),
                "line 3, `service_area`: found nothing, expected a value".to_owned(),
            ],
        ),
        (
            "TAX,council_tax,yes,2 min,2026-04-01",
            vec![
                "line 3, `social_care`: found `yes`, expected true or false".to_owned(),
                format!("line 3, `answer_target_seconds`: found `2 min`, {to_a_day}"),
            ],
        ),
        (
            "HIGHWAYS,roads,false,,2026-04-01",
            vec![
                "line 3: found what line 2 is about, again, expected each queue_id and effective_from once"
                    .to_owned(),
            ],
        ),
    ] {
        assert_eq!(problems(&[HEADING, "HIGHWAYS,highways,false,120,2026-04-01", row]), expected);
    }
    let found =
        refused("queues.csv", &[HEADING.as_bytes(), b"\nT\xffX,council_tax,false,120,2026-04-01"].concat());
    assert_eq!(found, ["line 2: found bytes that are not UTF-8, expected UTF-8 text"]);
}

#[test]
fn targets() {
    let heading = "kpi,dimensions,value,unit,direction,effective_from,status";
    let row = |dimensions: &str, value: &str, status: &str| {
        problems(&[heading, &format!("x,{dimensions},{value},percent,lower,2026-04-01,{status}")])
    };
    assert_eq!(
        row("chanel=voice; queue", "6", "approved"),
        [
            "line 2, `dimensions`: found an unknown dimension `chanel`, expected `service_area`, \
             `service_class`, `queue`, `channel`, `subject_group` (did you mean `channel`?)",
            "line 2, `dimensions`: found `queue`, expected `dimension=value`",
        ]
    );
    assert_eq!(row("", "6", "tbd"), ["line 2, `value`: found a value, expected none while `status` is `tbd`"]);
    assert_eq!(
        row("", "", "proposed"),
        ["line 2, `value`: found nothing, expected a value, because `status` is `proposed`"]
    );
}

/// What a heading lacks is not said of every row again, and does not hide what else is wrong there.
#[test]
fn a_column_that_is_missing() {
    let problems = problems(&["queue_id,social_care,effective_from", "TAX,2,2026-04-01", "TAX,false,2026-04-01"]);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].starts_with("line 1, `service_area`: found no such column"), "{problems:?}");
    assert_eq!(problems[1], "line 2, `social_care`: found `2`, expected true or false");
    assert!(problems[2].starts_with("line 3: found what line 2 is about"), "{problems:?}");
}
