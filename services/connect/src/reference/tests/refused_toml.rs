//! What is wrong with a TOML file, and what is said of it.

use super::{load, options, refused};

const QUEUE: &str = r#"[[queue]]
queue_id = "TAX"
service_area = "council_tax"
social_care = false
answer_target_seconds = 120
effective_from = 2026-04-01
"#;

const TARGET: &str = r#"[[target]]
kpi = "wait_asa"
dimensions = { service_class = "other" }
value = 120
unit = "seconds"
direction = "lower"
effective_from = 2026-04-01
status = "approved"
"#;

const BASELINE: &str = r#"[[baseline]]
kpi = "wait_asa"
value = 199
unit = "seconds"
status = "available"
"#;

/// The only problem of the entry when one of its lines is another.
fn problem(entry: &str, line: &str, instead: &str) -> String {
    assert!(entry.contains(line), "{line}");
    let mut problems = refused("council.toml", entry.replace(line, instead).as_bytes());
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn keys() {
    let keys = "`queue_id`, `service_area`, `social_care`, `answer_target_seconds`, `short_abandon_ms`, \
                `effective_from`";
    for (line, instead, expected) in [
        (
            "answer_target_seconds",
            "answer_target_secs",
            format!(
                "line 5, queue 1: found an unknown key `answer_target_secs`, expected {keys} \
                 (did you mean `answer_target_seconds`?)"
            ),
        ),
        ("answer", "zzz = 1\nanswer", format!("line 5, queue 1: found an unknown key `zzz`, expected {keys}")),
        // The envelope is not for the file to set.
        (
            "answer",
            "supersedes = \"x\"\nanswer",
            format!("line 5, queue 1: found an unknown key `supersedes`, expected {keys}"),
        ),
        (
            "service_area = \"council_tax\"\n",
            "",
            "line 1, queue 1, `service_area`: found nothing, expected a value".to_owned(),
        ),
    ] {
        assert_eq!(problem(QUEUE, line, instead), expected);
    }
}

#[test]
fn values_of_queues() {
    let text = "expected a text in quotes";
    let flag = "line 4, queue 1, `social_care`: found";
    let seconds = "line 5, queue 1, `answer_target_seconds`: found";
    let to_a_day = "expected a whole number from 0 to 86400";
    let date = "line 6, queue 1, `effective_from`: found";
    let such = "expected a day such as 2026-04-01";
    for (line, instead, expected) in [
        ("\"TAX\"", "101", format!("line 2, queue 1, `queue_id`: found the number 101, {text}")),
        ("\"TAX\"", "\" \"", "line 2, queue 1, `queue_id`: found nothing, expected a text".to_owned()),
        ("\"TAX\"", "[\"TAX\"]", format!("line 2, queue 1, `queue_id`: found a list, {text}")),
        ("false", "0", format!("{flag} the number 0, expected true or false")),
        ("false", "\"no\"", format!("{flag} `no`, expected true or false")),
        ("120", "-1", format!("{seconds} the number -1, {to_a_day}")),
        ("120", "86401", format!("{seconds} the number 86401, {to_a_day}")),
        ("120", "120.0", format!("{seconds} the number 120.0, {to_a_day}")),
        ("120", "9223372036854775808", format!("{seconds} the number 9223372036854775808, {to_a_day}")),
        (
            "answer_target_seconds = 120",
            "short_abandon_ms = -5000",
            "line 5, queue 1, `short_abandon_ms`: found the number -5000, \
             expected a whole number from 0 to 86400000"
                .to_owned(),
        ),
        ("2026-04-01", "\"01/04/2026\"", format!("{date} `01/04/2026`, {such}")),
        ("2026-04-01", "\"2026-4-1\"", format!("{date} `2026-4-1`, {such}")),
        ("2026-04-01", "\"2026-02-30\"", format!("{date} `2026-02-30`, {such}")),
        ("2026-04-01", "0000-04-01", format!("{date} the time 0000-04-01, {such}")),
        ("2026-04-01", "2026-04-01T00:00:00Z", format!("{date} the time 2026-04-01T00:00:00Z, {such}")),
        ("2026-04-01", "2026", format!("{date} the number 2026, {such}")),
    ] {
        assert_eq!(problem(QUEUE, line, instead), expected);
    }
}

#[test]
fn values_of_targets() {
    let value = "line 4, target 1, `value`: found";
    let number = "expected a number such as 85 or \"81.5\", without its unit, of up to 14 digits and four places";
    for (line, instead, expected) in [
        (
            "120",
            "81.5",
            format!("{value} the number 81.5, expected it in quotes, as \"81.5\", so that it stays exact"),
        ),
        ("120", "1e5", format!("{value} the number 1e5, {number}")),
        ("120", "\"120 s\"", format!("{value} `120 s`, {number}")),
        ("120", "\"6%\"", format!("{value} `6%`, {number}")),
        ("120", "\"1.00001\"", format!("{value} `1.00001`, {number}")),
        ("120", "100000000000000", format!("{value} the number 100000000000000, {number}")),
        ("120", "true", format!("{value} true, {number}")),
        (
            "\"seconds\"",
            "\"second\"",
            "line 5, target 1, `unit`: found `second`, expected one of `percent`, `seconds`, `count`, \
             `working_days`, `pence` (did you mean `seconds`?)"
                .to_owned(),
        ),
        (
            "\"lower\"",
            "\"down\"",
            "line 6, target 1, `direction`: found `down`, expected one of `higher`, `lower`, `neutral`".to_owned(),
        ),
        (
            "\"approved\"",
            "\"aproved\"",
            "line 8, target 1, `status`: found `aproved`, expected one of `approved`, `proposed`, `tbd` \
             (did you mean `approved`?)"
                .to_owned(),
        ),
        (
            "\"approved\"",
            "\"tbd\"",
            "line 4, target 1, `value`: found a value, expected none while `status` is `tbd`".to_owned(),
        ),
        (
            "value = 120\n",
            "",
            "line 1, target 1, `value`: found nothing, expected a value, because `status` is `approved`"
                .to_owned(),
        ),
    ] {
        assert_eq!(problem(TARGET, line, instead), expected);
    }
    assert_eq!(
        problem(BASELINE, "\"available\"", "\"not_available\""),
        "line 3, baseline 1, `value`: found a value, expected none while `status` is `not_available`"
    );
    assert_eq!(
        problem(BASELINE, "value = 199\n", ""),
        "line 1, baseline 1, `value`: found nothing, expected a value, because `status` is `available`"
    );
}

#[test]
fn dimensions() {
    let known = "expected `service_area`, `service_class`, `queue`, `channel`, `subject_group`";
    for (instead, expected) in [
        (
            "{ service_clas = \"other\" }",
            format!("an unknown dimension `service_clas`, {known} (did you mean `service_class`?)"),
        ),
        ("[\"directorate=customer\"]", format!("an unknown dimension `directorate`, {known}")),
        ("[\"other\"]", "`other`, expected `dimension=value`".to_owned()),
        ("\"\"", "nothing, expected `dimension=value`".to_owned()),
        ("[5]", "the number 5, expected `dimension=value`".to_owned()),
        ("[\"queue=A\", \"queue=B\"]", "`queue` twice, expected each dimension once".to_owned()),
        ("[\"queue=\"]", "`queue` without a value, expected one, such as `service_class=other`".to_owned()),
        ("{ queue = 101 }", "`queue` with the number 101, expected a text in quotes".to_owned()),
        (
            "true",
            "true, expected a table such as { service_class = \"other\" } or a list of \"dimension=value\""
                .to_owned(),
        ),
    ] {
        let problem = problem(TARGET, "{ service_class = \"other\" }", instead);
        assert_eq!(problem, format!("line 3, target 1, `dimensions`: found {expected}"));
    }
}

#[test]
fn twice_in_one_file() {
    let twice = |text: &str| refused("council.toml", text.as_bytes());
    // What else they say, and in which way they say it, does not matter.
    let queue = QUEUE.replace("2026-04-01", "\"2026-04-01\"").replace("false", "true");
    assert_eq!(
        twice(&format!("{QUEUE}\n{queue}")),
        ["line 8, queue 2: found what line 1 is about, again, expected each queue_id and effective_from once"]
    );
    let target = TARGET.replace("{ service_class = \"other\" }", "[\"service_class=other\"]").replace("120", "60");
    assert_eq!(
        twice(&format!("{TARGET}{BASELINE}{target}")),
        ["line 14, target 2: found what line 1 is about, again, expected each kpi and dimensions and \
             effective_from once"]
    );
    // A baseline holds from no day.
    assert_eq!(
        twice(&format!("{BASELINE}period = \"2023-24\"\n{BASELINE}period = \"2024-25\"\n")),
        ["line 7, baseline 2: found what line 1 is about, again, expected each kpi and dimensions once"]
    );
    let none = BASELINE.replace("value", "dimensions = []\nvalue");
    assert_eq!(twice(&format!("{none}{none}{BASELINE}")).len(), 2);
}

#[test]
fn tables() {
    let one = |text: &str| {
        let mut problems = refused("council.toml", text.as_bytes());
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    };
    let expected = "expected tables `[[queue]]`, `[[target]]`, `[[baseline]]`, `[[category]]`, `[[calendar]]`, \
                    `[[intervention]]`, `[[coverage]]`, `[[count]]`, `[[measure]]`";
    assert_eq!(one("# nothing\n"), format!("line 1: found no table, {expected}"));
    assert_eq!(
        one(&QUEUE.replace("[[queue]]", "\n[[Queues]]")),
        format!("line 2: found an unknown table `Queues`, {expected} (did you mean `queue`?)")
    );
    assert_eq!(
        one(&QUEUE.replace("[[queue]]", "[queue]")),
        "line 1: found a single `queue`, expected tables headed `[[queue]]`"
    );
    assert_eq!(one("queue = [5]"), "line 1: found the number 5, expected tables headed `[[queue]]`");
}

#[test]
fn files_that_are_no_toml() {
    let expected = "expected `key = value`, with every text in quotes";
    let text =
        "[[queue]]\nqueue_id = \"TAX\"\neffective_from = 01/04/2026\nqueue_id = \"TAX\"\nsocial care = true\n";
    assert_eq!(
        refused("council.toml", text.as_bytes()),
        [
            format!(
                "line 3: found `effective_from = 01/04/2026`, which is no TOML (string values must be quoted, \
                 expected literal string), {expected}"
            ),
            format!("line 4: found `queue_id = \"TAX\"`, which is no TOML (duplicate key), {expected}"),
            format!(
                "line 5: found `social care = true`, which is no TOML (key with no value, expected `=`), {expected}"
            ),
        ]
    );
    // Each stumble over an unclosed list is on its own line, and so said once.
    assert_eq!(refused("council.toml", b"[[queue]]\nqueue_id = [1\n").len(), 1);
    assert_eq!(refused("council.toml", b"queue_id = ").len(), 1);
    let problems = refused("council.toml", b"# a\n[[queue]]\nqueue_id = \"\xff\"\n");
    assert_eq!(problems, ["line 3: found bytes that are not UTF-8, expected UTF-8 text"]);
}

/// Whatever is wrong is said in one go, in order of the lines.
#[test]
fn everything_at_once() {
    let queue = QUEUE.replace("120", "-1").replace("2026-04-01", "\"soon\"");
    let target = TARGET.replace("other", "").replace("status", "state");
    let text = format!("{target}\n{queue}\n[[bonus]]\n");
    let error = load("council.toml", text.as_bytes(), &options()).unwrap_err().to_string();
    let (first, problems) = error.split_once('\n').unwrap();
    assert!(first.ends_with("council.toml: nothing was loaded, because of 6 problems"), "{first}");
    let expected = [
        "  line 1, target 1, `status`: found nothing, expected a value",
        "  line 3, target 1, `dimensions`: found `service_class` without a value, expected one, such as \
         `service_class=other`",
        "  line 8, target 1: found an unknown key `state`, expected `kpi`, `dimensions`, `value`, `unit`, \
         `direction`, `rag_amber`, `effective_from`, `status` (did you mean `status`?)",
        "  line 14, queue 1, `answer_target_seconds`: found the number -1, expected a whole number from 0 to 86400",
        "  line 15, queue 1, `effective_from`: found `soon`, expected a day such as 2026-04-01",
        "  line 17: found an unknown table `bonus`, expected tables `[[queue]]`, `[[target]]`, `[[baseline]]`, \
         `[[category]]`, `[[calendar]]`, `[[intervention]]`, `[[coverage]]`, `[[count]]`, `[[measure]]`",
    ];
    assert_eq!(problems.lines().collect::<Vec<_>>(), expected);
    let error = load("council.toml", b"x = 1", &options()).unwrap_err().to_string();
    assert!(error.contains("because of one problem\n  line 1: "), "{error}");
}
