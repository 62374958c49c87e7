//! The first line: which column stands where.

use crate::Error;
use crate::heading::{no_column, refused, suggestion};
use crate::rows::ADDED_COLUMNS;
use csv::StringRecord;

/// The columns, in the order in which [`Cells`] are taken apart.
const COLUMNS: [&str; 12] = [
    "call_id",
    "queue",
    "priority",
    "arrived_at",
    "ivr_ended_at",
    "queue_entered_at",
    "queue_left_at",
    "answered_at",
    "ended_at",
    "outcome",
    "agent",
    "customer_id",
];

/// Where in a row each of [`COLUMNS`] stands.
pub(super) struct Columns([usize; COLUMNS.len()]);

/// The cells of a row, without the blanks around them.
pub(super) struct Cells<'a> {
    pub(super) call_id: &'a str,
    pub(super) queue: &'a str,
    pub(super) priority: &'a str,
    pub(super) arrived_at: &'a str,
    pub(super) ivr_ended_at: &'a str,
    pub(super) queue_entered_at: &'a str,
    pub(super) queue_left_at: &'a str,
    pub(super) answered_at: &'a str,
    pub(super) ended_at: &'a str,
    pub(super) outcome: &'a str,
    pub(super) agent: &'a str,
    pub(super) customer_id: &'a str,
}

impl Columns {
    pub(super) fn find(heading: &StringRecord) -> Result<Self, Error> {
        let names: Vec<&str> = heading.iter().map(str::trim).collect();
        let problems = problems(&names);
        if !problems.is_empty() {
            return Err(refused(&problems, &expected()));
        }
        // Without problems every column is there.
        let position = |column: &str| names.iter().position(|name| *name == column).unwrap_or_default();
        Ok(Self(COLUMNS.map(position)))
    }

    /// The cells of a row that has as many fields as the heading.
    pub(super) fn cells<'a>(&self, row: &'a StringRecord) -> Cells<'a> {
        let [
            call_id,
            queue,
            priority,
            arrived_at,
            ivr_ended_at,
            queue_entered_at,
            queue_left_at,
            answered_at,
            ended_at,
            outcome,
            agent,
            customer_id,
        ] = self.0.map(|at| row[at].trim());
        Cells {
            call_id,
            queue,
            priority,
            arrived_at,
            ivr_ended_at,
            queue_entered_at,
            queue_left_at,
            answered_at,
            ended_at,
            outcome,
            agent,
            customer_id,
        }
    }
}

/// All that is wrong, so that a file is mended in one go.
fn problems(names: &[&str]) -> Vec<String> {
    if !names.iter().any(|name| COLUMNS.contains(name)) {
        return vec![no_column(names)];
    }
    let mut problems = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if ADDED_COLUMNS.contains(name) {
            continue;
        }
        if !COLUMNS.contains(name) {
            problems.push(format!("unknown column `{name}`{}", suggestion(name, &COLUMNS, names)));
        } else if names[..place].contains(name) {
            problems.push(format!("column `{name}` twice"));
        }
    }
    let missing = COLUMNS.iter().filter(|column| !names.contains(column));
    problems.extend(missing.map(|column| format!("missing column `{column}`")));
    problems
}

/// What a heading should be, as a message says it.
pub(super) fn expected() -> String {
    format!("expected the columns {}, in any order", COLUMNS.join(", "))
}
