//! Places made coarse, before anything is stored.
//!
//! Coordinates are kept to 2 places of a degree, which is about a kilometre; a ward is coarse
//! already. The exact place of a report can be the door of whoever made it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Decimal128Type;
use schemas::field::DECIMAL_SCALE;
use std::sync::Arc;

/// Places of a degree that are kept.
const KEPT_PLACES: u32 = 2;
/// What is kept is a multiple of this, in units of the last place.
const STEP: i128 = 10_i128.pow(DECIMAL_SCALE as u32 - KEPT_PLACES);

/// A column of places as it may be stored: decimals rounded, all else as it is.
pub(crate) fn coarse(column: &ArrayRef) -> ArrayRef {
    match column.as_primitive_opt::<Decimal128Type>() {
        Some(degrees) => {
            Arc::new(degrees.unary::<_, Decimal128Type>(rounded).with_data_type(column.data_type().clone()))
        }
        None => column.clone(),
    }
}

/// The nearest multiple of [`STEP`]; of two that are as near, the one further from 0.
fn rounded(units: i128) -> i128 {
    (units + units.signum() * STEP / 2) / STEP * STEP
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{Chunk, RowBuilder, TokenKey};
    use arrow::array::{Decimal128Array, StringArray};
    use arrow::datatypes::DataType;
    use schemas::{Event, Refusal, Value, catalogue, event_id};

    #[test]
    fn half_goes_away_from_zero() {
        for (exact, kept) in [
            (51_2362, 51_2400),
            (51_2350, 51_2400),
            (51_2349, 51_2300),
            (51_2300, 51_2300),
            (-5704, -5700),
            (-5750, -5800),
            (-5749, -5700),
            (49, 0),
            (50, 100),
            (-49, 0),
            (-50, -100),
            (0, 0),
            (180_0000, 180_0000),
            (-89_9999, -90_0000),
        ] {
            assert_eq!(rounded(exact), kept, "{exact}");
        }
    }

    #[test]
    fn only_decimals_are_rounded_and_keep_their_type() {
        let degrees = DataType::Decimal128(18, 4);
        let exact = Decimal128Array::from(vec![Some(51_2362), None, Some(-5704)]).with_data_type(degrees.clone());
        let kept = coarse(&(Arc::new(exact) as ArrayRef));
        assert_eq!(kept.data_type(), &degrees);
        assert_eq!(
            kept.as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(),
            [Some(51_2400), None, Some(-5700)]
        );
        let wards: ArrayRef = Arc::new(StringArray::from(vec!["Stoke"]));
        assert_eq!(&coarse(&wards), &wards);
    }

    /// Guildford's castle, 51.2349 N 0.5734 W.
    fn report(latitude: i64) -> Vec<u8> {
        let event = Event::new("report_confirmed")
            .with("event_id", event_id("fixmystreet", "report_confirmed", "1"))
            .with("occurred_at", Value::TimestampMicros(0))
            .with("source", "fixmystreet")
            .with("report_id", "1")
            .with("latitude", Value::Decimal(51_2349))
            .with("longitude", Value::Decimal(-5734))
            .with("ward", "Holy Trinity");
        let record = event.to_record().unwrap();
        let (before, after) = (51_2349_i64.to_be_bytes(), latitude.to_be_bytes());
        let at = record.windows(8).position(|bytes| bytes == before).unwrap();
        [&record[..at], &after, &record[at + 8..]].concat()
    }

    #[test]
    fn a_row_has_no_exact_place_and_a_northing_is_no_place() {
        let mut chunk = Chunk::default();
        chunk.push(&report(51_2349), 7, None);
        chunk.push(&report(164_194 * 10_000), 8, None);
        let source = &catalogue().sources["fixmystreet"];
        let mut builder = RowBuilder::new(source, TokenKey::parse(&"07".repeat(32)).unwrap());
        let rows = builder.rows(&chunk, &source.topic, 0, 0, 0).unwrap();
        let [batch] = rows.batches.as_slice() else { panic!("{:?}", rows.batches) };
        assert_eq!(batch.num_rows(), 1);
        for (column, kept) in [("latitude", 51_2300), ("longitude", -5700)] {
            assert_eq!(batch[column].as_primitive::<Decimal128Type>().value(0), kept, "{column}");
        }
        assert_eq!(batch["ward"].as_string::<i32>().value(0), "Holy Trinity");
        let [bad] = rows.bad.as_slice() else { panic!("{:?}", rows.bad) };
        assert_eq!((bad.offset, bad.reason), (8, Refusal::NumberOutOfRange));
        assert_eq!(bad.reason.to_string(), "number_out_of_range");
    }
}
