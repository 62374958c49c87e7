//! Every reason for which a row is refused, and what its text may say.

use super::super::{Refusal, Report, Row};
use super::{cells, file, read, refused};
use crate::rows::Fault;

#[test]
fn empty_cells() {
    for column in ["Report ID", "Category", "Created", "Status"] {
        assert_eq!(refused(&[(column, " ")]), Fault::Empty { column }.into());
    }
}

#[test]
fn report_ids_that_are_no_number() {
    assert_eq!(
        refused(&[("Report ID", "7a")]).to_string(),
        "`Report ID`: found a text of the form `9a`, expected a whole number"
    );
}

#[test]
fn times_that_do_not_read_and_times_that_the_clocks_skipped() {
    assert_eq!(
        refused(&[("Fixed", "01/10/2024 11:00")]).to_string(),
        "`Fixed`: found a text of the form `99/99/9999 99:99`, expected a time `YYYY-MM-DDTHH:MM:SS`"
    );
    assert_eq!(
        refused(&[("Created", "2024-03-31 01:30:00")]).to_string(),
        "`Created`: found `2024-03-31 01:30:00`, which the clocks of Europe/London skipped, \
         expected a time that they showed"
    );
}

#[test]
fn a_report_twice_and_good_rows_beside_bad_ones() {
    let rows =
        [cells(&[]), cells(&[("Status", "")]), cells(&[("Report ID", "007")]), cells(&[("Report ID", "8")])];
    let mut report = Report::default();
    read(&file(&rows)).into_iter().for_each(|row| drop(report.take(row)));
    let refused: Vec<_> = report.refused.iter().map(|one| (one.line, one.reason.clone())).collect();
    // Each row stands on two lines, the quoted text broken between them.
    assert_eq!(
        refused,
        [(4, Fault::Empty { column: "Status" }.into()), (6, Refusal::Duplicate { first_line: 2 })]
    );
    assert_eq!((report.rows_read, report.events_made), (4, 4));
}

#[test]
fn no_reason_names_anybody_or_says_what_they_wrote() {
    let columns =
        ["Report ID", "Created", "Confirmed", "Acknowledged", "Fixed", "Closed", "Latitude", "Longitude"];
    for column in columns {
        for cell in ["Ada Lovelace", "Elm Road 5", "07700900123x"] {
            let reason = refused(&[(column, cell)]);
            assert!(!reason.to_string().contains(cell), "{reason}");
        }
    }
    let Row::Refused(one) = read(&file(&[cells(&[("Created", "yesterday")])])).remove(0) else {
        panic!("accepted")
    };
    let shown = format!("{one:?} {}", one.reason);
    for told in ["Ada", "deep", "school", "GU1", "51.2"] {
        assert!(!shown.contains(told), "{shown}");
    }
}
