//! Places of the British National Grid as degrees of WGS 84, by the formulae that the Ordnance Survey
//! publishes in "A guide to coordinate systems in Great Britain": annexe C takes the projection back
//! to the datum OSGB36, annexe B goes from there to WGS 84 by way of Cartesian coordinates and a
//! Helmert transformation, which is right to about five metres.
//!
//! Angles are in radians within, in degrees outside; lengths in metres.

/// A place on an ellipsoid, in radians.
#[derive(Debug, Clone, Copy)]
struct Geodetic {
    latitude: f64,
    longitude: f64,
}

struct Ellipsoid {
    /// The semi-major axis.
    a: f64,
    /// The semi-minor axis.
    b: f64,
}

const AIRY_1830: Ellipsoid = Ellipsoid { a: 6_377_563.396, b: 6_356_256.909 };
const WGS_84: Ellipsoid = Ellipsoid { a: 6_378_137.000, b: 6_356_752.314_2 };

/// The projection: scale on the central meridian, true origin, and where the grid has it.
const SCALE: f64 = 0.999_601_271_7;
const ORIGIN: Geodetic = Geodetic { latitude: 49.0 * RADIANS, longitude: -2.0 * RADIANS };
const ORIGIN_EASTING: f64 = 400_000.0;
const ORIGIN_NORTHING: f64 = -100_000.0;

/// From OSGB36 to WGS 84: the shift, the scale less one, and the rotations about the three axes.
const SHIFT: [f64; 3] = [446.448, -125.157, 542.060];
const STRETCH: f64 = -20.4894e-6;
const ROTATION: [f64; 3] = [0.1502 * SECONDS, 0.2470 * SECONDS, 0.8421 * SECONDS];

const RADIANS: f64 = std::f64::consts::PI / 180.0;
const SECONDS: f64 = RADIANS / 3600.0;

/// How far the grid reaches east and north, with all of Great Britain on it.
const WIDTH: f64 = 700_000.0;
const HEIGHT: f64 = 1_300_000.0;

/// Degrees north and east; none for a place off the grid.
pub(super) fn to_wgs84(easting: f64, northing: f64) -> Option<(f64, f64)> {
    if !(0.0..=WIDTH).contains(&easting) || !(0.0..=HEIGHT).contains(&northing) {
        return None;
    }
    let there = WGS_84.geodetic(helmert(AIRY_1830.cartesian(to_osgb36(easting, northing))));
    Some((there.latitude / RADIANS, there.longitude / RADIANS))
}

/// The projection taken back. Names of one letter and Roman numerals are those of the guide.
fn to_osgb36(easting: f64, northing: f64) -> Geodetic {
    let Ellipsoid { a, b } = AIRY_1830;
    let latitude = foot_latitude(northing);
    let (sine, cosine, tangent) = (latitude.sin(), latitude.cos(), latitude.tan());
    let secant = 1.0 / cosine;
    let squeeze = 1.0 - AIRY_1830.eccentricity_squared() * sine * sine;
    let nu = a * SCALE / squeeze.sqrt();
    let rho = nu * (b * b / (a * a)) / squeeze;
    let eta_squared = nu / rho - 1.0;
    let (t2, t4, t6) = (tangent.powi(2), tangent.powi(4), tangent.powi(6));
    let vii = tangent / (2.0 * rho * nu);
    let viii = tangent / (24.0 * rho * nu.powi(3)) * (5.0 + 3.0 * t2 + eta_squared - 9.0 * t2 * eta_squared);
    let ix = tangent / (720.0 * rho * nu.powi(5)) * (61.0 + 90.0 * t2 + 45.0 * t4);
    let x = secant / nu;
    let xi = secant / (6.0 * nu.powi(3)) * (nu / rho + 2.0 * t2);
    let xii = secant / (120.0 * nu.powi(5)) * (5.0 + 28.0 * t2 + 24.0 * t4);
    let xiia = secant / (5040.0 * nu.powi(7)) * (61.0 + 662.0 * t2 + 1320.0 * t4 + 720.0 * t6);
    let east = easting - ORIGIN_EASTING;
    Geodetic {
        latitude: latitude - vii * east.powi(2) + viii * east.powi(4) - ix * east.powi(6),
        longitude: ORIGIN.longitude + x * east - xi * east.powi(3) + xii * east.powi(5) - xiia * east.powi(7),
    }
}

/// The latitude at which the central meridian has this northing.
fn foot_latitude(northing: f64) -> f64 {
    const CLOSE_ENOUGH: f64 = 0.000_01;
    let mut latitude = ORIGIN.latitude;
    let mut missing = northing - ORIGIN_NORTHING;
    // Each round leaves less than a hundredth of what was missing before.
    while missing.abs() >= CLOSE_ENOUGH {
        latitude += missing / (AIRY_1830.a * SCALE);
        missing = northing - ORIGIN_NORTHING - meridional_arc(latitude);
    }
    latitude
}

/// The length of the central meridian from the true origin.
fn meridional_arc(latitude: f64) -> f64 {
    let Ellipsoid { a, b } = AIRY_1830;
    let n = (a - b) / (a + b);
    let (n2, n3) = (n * n, n * n * n);
    let (difference, sum) = (latitude - ORIGIN.latitude, latitude + ORIGIN.latitude);
    let first = (1.0 + n + 5.0 / 4.0 * (n2 + n3)) * difference;
    let second = (3.0 * n + 3.0 * n2 + 21.0 / 8.0 * n3) * difference.sin() * sum.cos();
    let third = 15.0 / 8.0 * (n2 + n3) * (2.0 * difference).sin() * (2.0 * sum).cos();
    let fourth = 35.0 / 24.0 * n3 * (3.0 * difference).sin() * (3.0 * sum).cos();
    b * SCALE * (first - second + third - fourth)
}

fn helmert([x, y, z]: [f64; 3]) -> [f64; 3] {
    let [rx, ry, rz] = ROTATION;
    let scale = 1.0 + STRETCH;
    [
        SHIFT[0] + scale * x - rz * y + ry * z,
        SHIFT[1] + rz * x + scale * y - rx * z,
        SHIFT[2] - ry * x + rx * y + scale * z,
    ]
}

impl Ellipsoid {
    fn eccentricity_squared(&self) -> f64 {
        1.0 - (self.b * self.b) / (self.a * self.a)
    }

    /// The radius of curvature across the meridian.
    fn normal(&self, latitude: f64) -> f64 {
        self.a / (1.0 - self.eccentricity_squared() * latitude.sin().powi(2)).sqrt()
    }

    /// Of a place on the ellipsoid itself.
    fn cartesian(&self, place: Geodetic) -> [f64; 3] {
        let normal = self.normal(place.latitude);
        [
            normal * place.latitude.cos() * place.longitude.cos(),
            normal * place.latitude.cos() * place.longitude.sin(),
            (1.0 - self.eccentricity_squared()) * normal * place.latitude.sin(),
        ]
    }

    fn geodetic(&self, [x, y, z]: [f64; 3]) -> Geodetic {
        let from_axis = x.hypot(y);
        let mut latitude = z.atan2(from_axis * (1.0 - self.eccentricity_squared()));
        // Each round makes the error about 150 times smaller, and the first is a matter of metres.
        for _ in 0..5 {
            let lift = self.eccentricity_squared() * self.normal(latitude) * latitude.sin();
            latitude = (z + lift).atan2(from_axis);
        }
        Geodetic { latitude, longitude: y.atan2(x) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// A ten-thousandth of a second of arc, three millimetres.
    const FINE: f64 = 0.0001 / 3600.0;
    /// Five metres of latitude, what the Helmert transformation is good for.
    const FIVE_METRES: f64 = 0.000_05;

    fn degrees(whole: f64, minutes: f64, seconds: f64) -> f64 {
        whole + minutes / 60.0 + seconds / 3600.0
    }

    fn near(found: (f64, f64), expected: (f64, f64), by: f64) {
        let off = ((found.0 - expected.0).abs(), (found.1 - expected.1).abs());
        assert!(off.0 < by && off.1 < by, "{found:?} is not {expected:?}");
    }

    fn osgb36(easting: f64, northing: f64) -> (f64, f64) {
        let place = to_osgb36(easting, northing);
        (place.latitude / RADIANS, place.longitude / RADIANS)
    }

    #[test]
    fn the_projection_is_the_published_one() {
        // The worked example of the guide, the water tower of Caister.
        let caister = (degrees(52.0, 39.0, 27.2531), degrees(1.0, 43.0, 4.5177));
        near(osgb36(651_409.903, 313_177.270), caister, FINE);
        // The example of EPSG's guidance note 7-2, which is rounded to centimetres.
        near(osgb36(577_274.99, 69_740.50), (50.5, 0.5), 0.000_000_1);
        // The true origin lies on no land, and is off the grid.
        near(osgb36(400_000.0, -100_000.0), (49.0, -2.0), FINE);
    }

    #[test]
    fn places_of_wgs_84() {
        let at = |easting, northing| to_wgs84(easting, northing).unwrap();
        // Caister again, as other software converts it by the same transformation.
        let caister = (degrees(52.0, 39.0, 28.723), degrees(1.0, 42.0, 57.787));
        near(at(651_409.903, 313_177.270), caister, 0.001 / 3600.0);
        // And as the Ordnance Survey's exact transformation, OSTN15, has it in its own worked example.
        let exact = (degrees(52.0, 39.0, 28.8282), degrees(1.0, 42.0, 57.8663));
        near(at(651_409.804, 313_177.450), exact, FIVE_METRES);
        // What FixMyStreet's tests expect as easting and northing of 51 N 1 E, in whole metres.
        near(at(610_591.0, 126_573.0), (51.0, 1.0), 0.000_02);
        // The Royal Observatory, whose meridian lies 0.0016 degrees west of WGS 84's.
        near(at(538_876.0, 177_344.0), (51.478, -0.001_594), FIVE_METRES);
    }

    #[test]
    fn off_the_grid_is_nowhere() {
        for (easting, northing) in
            [(-1.0, 5.0), (700_001.0, 5.0), (5.0, -0.1), (5.0, 1_300_001.0), (f64::NAN, 5.0)]
        {
            assert_eq!(to_wgs84(easting, northing), None);
        }
    }
}
