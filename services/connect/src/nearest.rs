//! What a mistyped name may have meant.

/// How alike two names must be for one to be taken for the other, of 1.
const ALIKE: f64 = 0.8;

/// The most alike of the known names, if one is alike enough. Capitals do not matter.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = name.to_lowercase();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(&plain, &known.to_lowercase()), known));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(score, _)| *score >= ALIKE).map(|(_, known)| known)
}
