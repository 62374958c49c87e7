//! The states of a report: their labels, and what FixMyStreet takes them for.

/// What the site takes a state for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Open,
    Fixed,
    Closed,
    Hidden,
}

/// The states that FixMyStreet has by itself. Councils add their own.
const CLASSES: [(Class, &[&str]); 4] = [
    (Class::Open, &["confirmed", "investigating", "in progress", "planned", "action scheduled", "for triage"]),
    (Class::Fixed, &["fixed", "fixed - council", "fixed - user"]),
    (
        Class::Closed,
        &["closed", "unable to fix", "not responsible", "duplicate", "internal referral", "cancelled"],
    ),
    (Class::Hidden, &["hidden", "unconfirmed", "partial"]),
];

impl Class {
    /// As events name it. A fixed or closed class is also the label of its plainest state.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fixed => "fixed",
            Self::Closed => "closed",
            Self::Hidden => "hidden",
        }
    }

    /// The class of a label; none for one that is not FixMyStreet's own.
    pub(super) fn of(label: &str) -> Option<Self> {
        CLASSES.into_iter().find(|(_, labels)| labels.contains(&label)).map(|(class, _)| class)
    }
}

/// The label of a cell. Some sites show two states by another name than they store.
pub(super) fn label(cell: &str) -> String {
    match cell.trim().to_lowercase().as_str() {
        "open" => "confirmed".to_owned(),
        "no further action" => "unable to fix".to_owned(),
        label => label.to_owned(),
    }
}
