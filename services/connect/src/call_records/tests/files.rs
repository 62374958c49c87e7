//! The heading, the file with the refused rows, and the identity of a file.

use super::super::{CallRecords, Refusal, open};
use super::{HEADING, file, options, read, report};
use crate::Error;
use crate::call_records::Row;
use crate::rows::{file_sha256, refused_path, write_rejected};
use std::fs;
use std::io::{self, BufReader, Read};

const GOOD: &str = "C1,PS,0,2026-07-01T09:00:00,,,,,,abandoned_in_ivr,Avigail,4711";

fn heading_problem(text: &[u8]) -> String {
    match CallRecords::new(text, options()) {
        Err(error @ Error::Heading { .. }) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn headings_that_are_none() {
    let expected = format!("; expected the columns {}, in any order", HEADING.replace(',', ", "));
    for (text, problem) in [
        (Vec::new(), "the file is empty"),
        (b"\xef\xbb\xbf".to_vec(), "no known column; the heading must be the first line"),
        (b"\xff\xfec\0a\0l\0l\0".to_vec(), "is not UTF-8 text; save the file as UTF-8"),
        (HEADING.replace(',', ";").into_bytes(), "no known column; the separator must be a comma"),
        (GOOD.as_bytes().to_vec(), "no known column; the heading must be the first line"),
        (format!("{HEADING},mood").into_bytes(), "unknown column `mood`"),
        (format!("{HEADING},queue").into_bytes(), "column `queue` twice"),
        (HEADING.replace("queue,", "").into_bytes(), "missing column `queue`"),
        (
            HEADING.replace("call_id", "Call ID").into_bytes(),
            "unknown column `Call ID` (did you mean `call_id`?); missing column `call_id`",
        ),
    ] {
        assert_eq!(heading_problem(&text), format!("line 1: {problem}{expected}"));
    }
}

#[test]
fn columns_in_any_order_with_a_byte_order_mark_and_windows_line_ends() {
    let reversed = |row: &str| row.split(',').rev().collect::<Vec<_>>().join(",");
    let text = format!("\u{feff}{}\r\n{}\r\n", reversed(HEADING), reversed(GOOD));
    let straight = read(&file(&[GOOD]));
    let turned = read(text.as_bytes());
    let [Row::Events { events, .. }] = straight.as_slice() else { panic!("refused") };
    let [Row::Events { events: again, line: 2, .. }] = turned.as_slice() else { panic!("refused") };
    assert_eq!(events, again);
    assert_eq!(report(&file(&[])).rows_read, 0);
}

#[test]
fn refused_rows_lie_beside_the_input_until_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("week.csv");
    let bytes = [&file(&["C1,PS", GOOD, "C2,P\"\"S,1,2,3,4,5,6,7,8,9,0,more"])[..], b"\nC\xff3,\"a,b\""].concat();
    fs::write(&input, bytes).unwrap();
    let heading = CallRecords::new(fs::read(&input).unwrap().as_slice(), options()).unwrap().heading().clone();
    let report = report(&fs::read(&input).unwrap());
    let path = write_rejected(&input, &heading, &report.refused).unwrap().unwrap();
    assert_eq!(path, folder.path().join("week.csv.rejected.csv"));
    let expected = [
        format!("{HEADING},line,reason\n").as_bytes(),
        b"C1,PS,,,,,,,,,,,2,\"found 2 fields, expected 12 as in line 1\"\n",
        b"C2,\"P\"\"\"\"S\",1,2,3,4,5,6,7,8,9,0,more,4,\"found 13 fields, expected 12 as in line 1\"\n",
        b"C\xff3,\"a,b\",,,,,,,,,,,5,\"found 2 fields, expected 12 as in line 1\"\n",
    ]
    .concat();
    assert_eq!(fs::read(&path).unwrap(), expected);

    // Mended in that file, its two columns still there, a row is imported from it.
    let mended = format!("{HEADING},line,reason\n{GOOD},2,\"found 2 fields, expected 12 as in line 1\"\n");
    assert_eq!(self::report(mended.as_bytes()).refused.len(), 0);
    assert_eq!(self::report(mended.as_bytes()).rows_read, 1);

    assert_eq!(write_rejected::<Refusal>(&input, &heading, &[]).unwrap(), None);
    assert!(!refused_path(&input).exists());
    assert_eq!(write_rejected::<Refusal>(&input, &heading, &[]).unwrap(), None);
}

#[cfg(unix)]
#[test]
fn refused_rows_are_as_private_as_the_input() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("week.csv");
    fs::write(&input, file(&["C1"])).unwrap();
    fs::set_permissions(&input, fs::Permissions::from_mode(0o600)).unwrap();
    let rows = open(&input, options()).unwrap();
    let heading = rows.heading().clone();
    let refused: Vec<_> =
        rows.filter_map(|row| if let Row::Refused(one) = row.unwrap() { Some(one) } else { None }).collect();
    let path = write_rejected(&input, &heading, &refused).unwrap().unwrap();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_that_is_not_there() {
    let path = std::path::Path::new("/nowhere/week.csv");
    let Err(error) = open(path, options()) else { panic!("opened") };
    assert_eq!(error.to_string(), "cannot open /nowhere/week.csv");
}

#[test]
fn nothing_follows_a_read_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = file(&[GOOD, ""]);
    let mut rows = CallRecords::new(BufReader::new(text.as_slice().chain(Broken)), options()).unwrap();
    assert!(matches!(rows.next(), Some(Ok(Row::Events { line: 2, .. }))));
    assert!(matches!(rows.next(), Some(Err(Error::Read { line: 3, .. }))));
    assert!(rows.next().is_none());
}

#[test]
fn the_identity_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    fs::write(&path, "abc").unwrap();
    // The test value of FIPS 180-2 for "abc".
    assert_eq!(file_sha256(&path).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
}
