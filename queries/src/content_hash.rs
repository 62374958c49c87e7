//! `content_hash(name, value, name, value, …)`: a hash over what is there. A value that is null takes no
//! part, so that a field which is added later changes no hash.

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use data_encoding::HEXLOWER;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// SHA-256 in hexadecimal, over the names and values as text.
pub(crate) fn function() -> ScalarUDF {
    ScalarUDF::from(ContentHash { signature: Signature::variadic_any(Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ContentHash {
    signature: Signature,
}

impl ScalarUDFImpl for ContentHash {
    fn name(&self) -> &'static str {
        "content_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = arguments.args.iter().map(|value| value.to_array(arguments.number_rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let options = FormatOptions::default();
        let texts = arrays.iter().map(|array| ArrayFormatter::try_new(array.as_ref(), &options));
        let texts = texts.collect::<std::result::Result<Vec<_>, _>>()?;
        let hash = |row: usize| {
            let mut hash = Sha256::new();
            for (name, value) in (0..arrays.len()).step_by(2).map(|at| (at, at + 1)) {
                if arrays.get(value).is_some_and(|array| array.is_valid(row)) {
                    // Where a name or a value ends is part of what is hashed.
                    hash.update(format!("\u{1e}{}\u{1f}{}", texts[name].value(row), texts[value].value(row)));
                }
            }
            HEXLOWER.encode(&hash.finalize())
        };
        let hashes: ArrayRef = Arc::new(StringArray::from_iter_values((0..arguments.number_rows).map(hash)));
        Ok(ColumnarValue::Array(hashes))
    }
}
