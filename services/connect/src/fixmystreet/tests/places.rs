//! Where a report is.

use super::super::{Oddity, Refusal};
use super::{accepted, event, refused};
use schemas::Value;

/// The confirmed place in ten-thousandths of a degree.
fn place(others: &[(&str, &str)]) -> (i64, i64) {
    let event = event("report_confirmed", others);
    match (&event.fields["latitude"], &event.fields["longitude"]) {
        (Value::Decimal(latitude), Value::Decimal(longitude)) => (*latitude, *longitude),
        other => panic!("{other:?}"),
    }
}

fn degrees(latitude: &'static str, longitude: &'static str) -> [(&'static str, &'static str); 2] {
    [("Latitude", latitude), ("Longitude", longitude)]
}

#[test]
fn degrees_are_cut_to_four_places() {
    assert_eq!(place(&degrees("51.37899999", "-0.46199999")), (513_789, -4619));
    // As near as numbers of the machine come to it.
    assert_eq!(place(&degrees("51.3789", "-0.4621")), (513_789, -4621));
    assert_eq!(place(&degrees("51", "1e-05")), (510_000, 0));
    assert_eq!(place(&degrees("-90", "180.0")), (-900_000, 1_800_000));
    assert_eq!(accepted(&degrees("51.3789", "-0.4621")).1, []);
}

#[test]
fn northing_and_easting_in_place_of_degrees() {
    // Near Walton-on-Thames and Weybridge in Surrey, 51.37 N 0.46 W.
    let (latitude, longitude) = place(&degrees("164194", "507323"));
    assert!(
        (513_650..513_750).contains(&latitude) && (-4600..-4550).contains(&longitude),
        "{latitude} {longitude}"
    );
    assert_eq!(accepted(&degrees("164194", "507323")).1, [Oddity::GridPlace]);
    // 51 N 1 E, by FixMyStreet's own tests; two metres to the north, to be beyond the cut.
    let grid = [("Latitude", ""), ("Longitude", ""), ("Easting", "610593"), ("Northing", "126575")];
    assert_eq!(place(&grid), (510_000, 10_000));
    assert_eq!(accepted(&grid).1, [Oddity::GridPlace]);
}

#[test]
fn no_place_at_all() {
    let nowhere = [("Latitude", ""), ("Longitude", ""), ("Easting", ""), ("Northing", "")];
    let event = event("report_confirmed", &nowhere);
    assert_eq!((&event.fields["latitude"], &event.fields["longitude"]), (&Value::Null, &Value::Null));
}

#[test]
fn neither_degrees_nor_a_place_of_the_grid() {
    assert_eq!(
        refused(&degrees("1641940", "507323")).to_string(),
        "`Latitude`: found a text of the form `9999999` beside a text of the form `999999`, expected degrees north \
         and east, or a northing and an easting of the British National Grid"
    );
    for (latitude, longitude) in [("91", "-1"), ("51,2", "-0,4"), ("NaN", "1"), ("Elm Road", "1")] {
        let reason = refused(&degrees(latitude, longitude));
        assert!(matches!(reason, Refusal::Place { column: "Latitude", .. }), "{reason}");
        assert!(!reason.to_string().contains("Elm"), "{reason}");
    }
    let grid = [("Latitude", ""), ("Longitude", ""), ("Easting", "SU"), ("Northing", "126573")];
    assert!(matches!(refused(&grid), Refusal::Place { column: "Northing", .. }));
    assert_eq!(
        refused(&[("Latitude", "")]).to_string(),
        "found `Longitude` without `Latitude`, expected both or neither"
    );
    assert_eq!(refused(&[("Longitude", "")]), Refusal::HalfPlace { present: "Latitude", missing: "Longitude" });
}
