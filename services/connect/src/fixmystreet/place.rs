//! Where a report is: degrees, or a place of the British National Grid where the file has that.

use super::Refusal;
use super::columns::Cells;
use super::national_grid;
use crate::rows::shape;

/// A place in units of a ten-thousandth of a degree, WGS 84, about ten metres. What is finer is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) latitude: i64,
    pub(super) longitude: i64,
    /// Whether it was a place of the grid.
    pub(super) converted: bool,
}

impl Place {
    /// The place of a row, if it has one. Reports that came from a council's other systems may hold
    /// northing and easting where degrees belong; a row without degrees may have a grid place still.
    pub(super) fn read(cells: &Cells<'_>) -> Result<Option<Self>, Refusal> {
        let degrees = pair(("Latitude", cells.latitude), ("Longitude", cells.longitude))?;
        if let Some((north, east)) = degrees {
            let found = Self::of_degrees(north, east).or_else(|| Self::of_grid(north, east));
            return found.map(Some).ok_or_else(|| nowhere("Latitude", cells.latitude, cells.longitude));
        }
        let Some((northing, easting)) = pair(("Northing", cells.northing), ("Easting", cells.easting))? else {
            return Ok(None);
        };
        let found = Self::of_grid(northing, easting);
        found.map(Some).ok_or_else(|| nowhere("Northing", cells.northing, cells.easting))
    }

    fn of_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let cut = |degrees: f64| (degrees * 1e9).round() as i64 / 100_000;
        on_earth.then(|| Self { latitude: cut(latitude), longitude: cut(longitude), converted: false })
    }

    fn of_grid(northing: f64, easting: f64) -> Option<Self> {
        let (latitude, longitude) = national_grid::to_wgs84(easting, northing)?;
        Self::of_degrees(latitude, longitude).map(|place| Self { converted: true, ..place })
    }
}

/// Both numbers, or none where both cells are empty. A text that is no number is nowhere.
fn pair(
    (first, one): (&'static str, &str),
    (second, other): (&'static str, &str),
) -> Result<Option<(f64, f64)>, Refusal> {
    match (one.is_empty(), other.is_empty()) {
        (true, true) => Ok(None),
        (false, true) => Err(Refusal::HalfPlace { present: first, missing: second }),
        (true, false) => Err(Refusal::HalfPlace { present: second, missing: first }),
        (false, false) => match (one.parse(), other.parse()) {
            (Ok(one), Ok(other)) => Ok(Some((one, other))),
            _ => Err(nowhere(first, one, other)),
        },
    }
}

fn nowhere(column: &'static str, one: &str, other: &str) -> Refusal {
    Refusal::Place { column, found: format!("{} beside {}", shape(one), shape(other)) }
}
