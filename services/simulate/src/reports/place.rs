//! Where a report lies: in a made-up county around 51.25 N 0.45 W, cut into wards like a chessboard.

use crate::stream::Stream;

const WARDS: [[&str; 4]; 3] = [
    ["Alderbrook", "Bramblecombe", "Castle Heath", "Dunsmere"],
    ["Elmsworth", "Fallowfield Green", "Goldenhurst", "Hazelbourne"],
    ["Ivyleigh", "Kingsfold Mead", "Larkhill Common", "Millbridge"],
];
/// The south-west corner, in ten-thousandths of a degree, and the size of a ward.
const SOUTH: i64 = 511_600;
const WEST: i64 = -6_500;
const WARD_HEIGHT: i64 = 600;
const WARD_WIDTH: i64 = 1_000;

#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Ten-thousandths of a degree north and east.
    pub(super) latitude: i64,
    pub(super) longitude: i64,
    pub(super) ward: &'static str,
}

pub(super) fn somewhere(stream: &mut Stream) -> Place {
    let north = stream.among(0..=WARD_HEIGHT * WARDS.len() as i64 - 1);
    // More is reported in the middle of the county than at its edges.
    let width = WARD_WIDTH * WARDS[0].len() as i64;
    let east = (stream.among(0..=width - 1) + stream.among(0..=width - 1)) / 2;
    let ward = WARDS[(north / WARD_HEIGHT) as usize][(east / WARD_WIDTH) as usize];
    Place { latitude: SOUTH + north, longitude: WEST + east, ward }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::stream::Purpose;
    use std::collections::BTreeSet;

    #[test]
    fn all_wards_have_reports_and_all_lie_in_the_county() {
        let mut stream = Stream::new(1, Purpose::Reports, "2025-05-01".parse().unwrap());
        let places: Vec<Place> = (0..2_000).map(|_| somewhere(&mut stream)).collect();
        let wards: BTreeSet<_> = places.iter().map(|place| place.ward).collect();
        assert_eq!(wards.len(), 12);
        let inside = |place: &Place| {
            (511_600..513_400).contains(&place.latitude) && (-6_500..-2_500).contains(&place.longitude)
        };
        assert!(places.iter().all(inside));
    }
}
