//! The heading, and rows that spread over lines.

use super::super::{FixMyStreetReports, Refusal, Row, open};
use super::{HEADING, cells, file, options, read};
use crate::Error;
use crate::rows::{Fault, write_rejected};
use std::fs;
use std::io::{self, BufReader, Read};

fn heading_problem(names: &[&str]) -> String {
    match FixMyStreetReports::new(names.join(",").as_bytes(), options()) {
        Err(error @ Error::Heading { .. }) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted"),
    }
}

/// The heading with one name for another.
fn renamed(from: &str, to: &'static str) -> Vec<&'static str> {
    HEADING.into_iter().map(|name| if name == from { to } else { name }).collect()
}

#[test]
fn headings_that_are_none() {
    let expected = "; expected the dashboard's export of reports, with the columns Report ID, Category, Created, \
                    Confirmed, Acknowledged, Fixed, Closed, Status, Latitude, Longitude, Ward, Easting, Northing, \
                    Device Type, Site Used, Reported As, in any order, and perhaps Title, Detail, User Name, \
                    Subcategory, External ID";
    let updates =
        ["Report ID", "Update ID", "Date", "Status", "Problem state", "Text", "User Name", "Reported As"];
    let mut twice = HEADING.to_vec();
    twice[24] = "Status";
    for (names, problem) in [
        (vec![], "the file is empty"),
        (vec!["7", "Hole by the school"], "no known column; the heading must be the first line"),
        (vec!["Report ID;Title"], "no known column; the separator must be a comma"),
        (updates.to_vec(), "this is the dashboard's export of updates"),
        (twice, "column `Status` twice"),
        (
            renamed("Report ID", "Report Id"),
            "unknown column `Report Id` (did you mean `Report ID`?); missing column `Report ID`",
        ),
        (renamed("Device Type", "Gadget"), "missing column `Device Type`"),
    ] {
        assert_eq!(heading_problem(&names), format!("line 1: {problem}{expected}"));
    }
}

#[test]
fn columns_in_any_order_and_without_those_that_may_be_missing() {
    let ignored = |names: &[&str]| {
        let heading = names.join(",");
        let rows = FixMyStreetReports::new(heading.as_bytes(), options());
        rows.unwrap_or_else(|error| panic!("{error}")).ignored_columns().to_vec()
    };
    assert_eq!(ignored(&HEADING), ["`Staff User`"]);
    assert_eq!(
        ignored(&renamed("Subcategory", "Sub category")),
        ["`Sub category` (did you mean `Subcategory`?)", "`Staff User`"]
    );
    let few = ["Subcategory", "Subscribers", "External ID", "Title", "Detail", "User Name", "Query", "Report URL"];
    let row = cells(&[("Subcategory", "not read")]);
    let mut kept: Vec<_> = HEADING.iter().zip(&row).filter(|(name, _)| !few.contains(name)).collect();
    kept.reverse();
    let line = |cells: Vec<&str>| cells.join(",") + "\r\n";
    let text = format!(
        "\u{feff}{}{}",
        line(kept.iter().map(|(name, _)| **name).collect()),
        line(kept.iter().map(|(_, cell)| cell.as_str()).collect())
    );
    let rows = read(text.as_bytes());
    let [Row::Events { events, line: 2, .. }] = rows.as_slice() else { panic!("refused") };
    assert_eq!(events[0].text("category"), Some("Potholes"));
    assert_eq!(events[0].text("title"), None);
}

#[test]
fn rows_begin_on_the_line_of_their_first_cell() {
    let detail = [("Detail", "one,\r\n\r\n\"two\"\nthree")];
    let rows = [cells(&detail), cells(&[("Report ID", "8"), ("Detail", "")]), cells(&[("Report ID", "9")])];
    let text = String::from_utf8(file(&rows)).unwrap().replace("\n8,", "\n\n8,");
    let lines: Vec<_> = read(text.as_bytes()).iter().map(Row::line).collect();
    // The first row takes lines 2 to 5, line 6 is blank.
    assert_eq!(lines, [2, 7, 8]);
    let Row::Events { events, .. } = read(text.as_bytes()).remove(0) else { panic!("refused") };
    assert_eq!(events[0].text("detail"), Some("one,\r\n\r\n\"two\"\nthree"));
}

#[test]
fn a_quote_that_is_never_closed_spoils_its_own_row_only() {
    let rows: Vec<_> = ["7", "8", "9"].map(|id| cells(&[("Report ID", id), ("Detail", "a\nb")])).to_vec();
    let text = String::from_utf8(file(&rows)).unwrap();
    let spoilt = text.replacen("b\",Ada", "b,Ada", 1);
    let reasons = |text: &str| -> Vec<_> {
        let rows = read(text.as_bytes()).into_iter();
        rows.map(|row| match row {
            Row::Events { line, .. } => (line, None),
            Row::Refused(refused) => (refused.line, Some(refused.reason)),
        })
        .collect()
    };
    let short = |found| Some(Fault::FieldCount { found, expected: HEADING.len() }.into());
    assert_eq!(
        reasons(&spoilt),
        // The row's first line, what is left of it, and the two others as they are.
        [(2, Some(Refusal::OpenQuote)), (3, short(HEADING.len() - 2)), (4, None), (6, None)]
    );
    // The same at the end of the file, and in a row longer than any.
    assert_eq!(reasons(&text.replacen("b\",Ada", "b,Ada", 3)).len(), 6);
    let endless = text.replacen("a\nb", &"a\n".repeat(40_000), 1);
    assert_eq!(reasons(&endless).iter().filter(|(_, reason)| reason.is_none()).count(), 2);
}

#[test]
fn refused_rows_lie_beside_the_input_and_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("reports.csv");
    fs::write(&input, file(&[cells(&[("Status", "")])])).unwrap();
    let mut rows = open(&input, options()).unwrap();
    let Some(Ok(Row::Refused(refused))) = rows.next() else { panic!("accepted") };
    let path = write_rejected(&input, rows.heading(), &[refused]).unwrap().unwrap();
    let again = open(&path, options()).unwrap();
    assert_eq!(again.ignored_columns(), ["`Staff User`"]);
    let Some(Ok(Row::Refused(refused))) = { again }.next() else { panic!("accepted") };
    assert_eq!((refused.line, refused.reason), (2, Fault::Empty { column: "Status" }.into()));
    assert_eq!(&refused.fields[2], b"It is deep.\n\"Very\" deep, says Eve.");
}

#[test]
fn nothing_follows_a_read_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = file(&[cells(&[])]);
    let mut rows = FixMyStreetReports::new(BufReader::new(text.as_slice().chain(Broken)), options()).unwrap();
    assert!(matches!(rows.next(), Some(Ok(Row::Events { line: 2, .. }))));
    assert!(matches!(rows.next(), Some(Err(Error::Read { line: 4, .. }))));
    assert!(rows.next().is_none());
}
