//! The first line: which column stands where.

use crate::Error;
use crate::heading::{no_column, refused, suggestion};
use crate::rows::ADDED_COLUMNS;
use csv::StringRecord;

/// The columns that are read, in the order in which [`Cells`] are taken apart.
const READ: [&str; 21] = [
    "Report ID",
    "Title",
    "Detail",
    "User Name",
    "Category",
    "Subcategory",
    "Created",
    "Confirmed",
    "Acknowledged",
    "Fixed",
    "Closed",
    "Status",
    "Latitude",
    "Longitude",
    "Ward",
    "Easting",
    "Northing",
    "Device Type",
    "Site Used",
    "Reported As",
    "External ID",
];
/// Those of them that may be missing: not every site has them, or no table keeps them and a careful
/// council takes them out before it hands the file on.
const OPTIONAL: [&str; 5] = ["Title", "Detail", "User Name", "Subcategory", "External ID"];
/// Known and not read, as are those that a file of refused rows has besides.
const UNREAD: [&str; 3] = ["Query", "Report URL", "Subscribers"];
/// Columns that only the dashboard's other file has, the one of updates.
const OF_UPDATES: [&str; 2] = ["Update ID", "Problem state"];

/// Where in a row the columns stand.
pub(super) struct Columns {
    places: [Option<usize>; READ.len()],
    /// Those that are not known, as a message names them.
    pub(super) ignored: Vec<String>,
}

/// The cells of a row, without the blanks around them; empty where the file has no such column.
pub(super) struct Cells<'a> {
    pub(super) report_id: &'a str,
    pub(super) title: &'a str,
    pub(super) detail: &'a str,
    pub(super) user_name: &'a str,
    pub(super) category: &'a str,
    pub(super) subcategory: &'a str,
    pub(super) created: &'a str,
    pub(super) confirmed: &'a str,
    pub(super) acknowledged: &'a str,
    pub(super) fixed: &'a str,
    pub(super) closed: &'a str,
    pub(super) status: &'a str,
    pub(super) latitude: &'a str,
    pub(super) longitude: &'a str,
    pub(super) ward: &'a str,
    pub(super) easting: &'a str,
    pub(super) northing: &'a str,
    pub(super) device_type: &'a str,
    pub(super) site_used: &'a str,
    pub(super) reported_as: &'a str,
    pub(super) external_id: &'a str,
}

impl Columns {
    pub(super) fn find(heading: &StringRecord) -> Result<Self, Error> {
        let names: Vec<&str> = heading.iter().map(str::trim).collect();
        let problems = problems(&names);
        if !problems.is_empty() {
            return Err(refused(&problems, &expected()));
        }
        let place = |column: &str| names.iter().position(|name| *name == column);
        let unknown = names.iter().filter(|name| !is_known(name));
        let ignored = unknown.map(|name| format!("`{name}`{}", suggestion(name, &READ, &names)));
        Ok(Self { places: READ.map(place), ignored: ignored.collect() })
    }

    /// The cells of a row that has as many fields as the heading.
    pub(super) fn cells<'a>(&self, row: &'a StringRecord) -> Cells<'a> {
        let [
            report_id,
            title,
            detail,
            user_name,
            category,
            subcategory,
            created,
            confirmed,
            acknowledged,
            fixed,
            closed,
            status,
            latitude,
            longitude,
            ward,
            easting,
            northing,
            device_type,
            site_used,
            reported_as,
            external_id,
        ] = self.places.map(|place| place.map_or("", |at| row[at].trim()));
        Cells {
            report_id,
            title,
            detail,
            user_name,
            category,
            subcategory,
            created,
            confirmed,
            acknowledged,
            fixed,
            closed,
            status,
            latitude,
            longitude,
            ward,
            easting,
            northing,
            device_type,
            site_used,
            reported_as,
            external_id,
        }
    }
}

/// What a heading should be, as a message says it.
pub(super) fn expected() -> String {
    let required: Vec<&str> = required().collect();
    format!(
        "expected the dashboard's export of reports, with the columns {}, in any order, and perhaps {}",
        required.join(", "),
        OPTIONAL.join(", ")
    )
}

fn is_known(name: &str) -> bool {
    READ.contains(&name) || UNREAD.contains(&name) || ADDED_COLUMNS.contains(&name)
}

/// All that is wrong, so that a file is mended in one go. An unknown column is wrong only where a
/// known one is missing that it may stand for.
fn problems(names: &[&str]) -> Vec<String> {
    if OF_UPDATES.iter().all(|column| names.contains(column)) {
        return vec!["this is the dashboard's export of updates".to_owned()];
    }
    if !names.iter().any(|name| READ.contains(name)) {
        return vec![no_column(names)];
    }
    let mut problems = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if is_known(name) && names[..place].contains(name) {
            problems.push(format!("column `{name}` twice"));
        }
    }
    let missing: Vec<&str> = required().filter(|column| !names.contains(column)).collect();
    for name in names.iter().filter(|name| !is_known(name)) {
        let suggestion = suggestion(name, &missing, names);
        if !suggestion.is_empty() {
            problems.push(format!("unknown column `{name}`{suggestion}"));
        }
    }
    problems.extend(missing.iter().map(|column| format!("missing column `{column}`")));
    problems
}

fn required() -> impl Iterator<Item = &'static str> {
    READ.into_iter().filter(|column| !OPTIONAL.contains(column))
}
