//! Quarantined records, ingested again under their own coordinates.

use lake::{Span, fence};
use std::collections::BTreeMap;

/// The span of a requeue: what was chosen is chosen on these positions, and lands only if no other
/// requeue has landed since.
pub(crate) fn span(positions: &BTreeMap<String, i64>) -> Span {
    let start = positions.get(fence::REQUEUE).copied();
    Span { fence: fence::REQUEUE.to_owned(), start, end: start.unwrap_or_default() + 1 }
}
