//! `key_hash(text)`: a whole number that stands for a key in the index of a refresh, the same in every
//! build and on every machine. Two keys may share a number; whoever looks one up compares the keys.

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The first eight bytes of SHA-256, as a big-endian number.
pub(crate) fn function() -> ScalarUDF {
    let call = move |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let hashes: Int64Array = arrays[0].as_string::<i32>().iter().map(|text| text.map(hash)).collect();
        let hashes: ArrayRef = Arc::new(hashes);
        Ok(ColumnarValue::Array(hashes))
    };
    create_udf("key_hash", vec![DataType::Utf8], DataType::Int64, Volatility::Immutable, Arc::new(call))
}

fn hash(text: &str) -> i64 {
    Sha256::digest(text.as_bytes())[..8].iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_beginning_of_sha_256() {
        // FIPS 180-2, appendix B.1: the digest of "abc" begins ba7816bf 8f01cfea.
        assert_eq!(hash("abc"), i64::from_be_bytes([0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]));
    }
}
