//! What residents report in the street, and how long the council takes over it.

/// A category of FixMyStreet.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) name: &'static str,
    pub(crate) heading: &'static str,
    /// Where those belong that were put here by mistake.
    pub(crate) corrected_to: &'static str,
    /// How long a repair takes on average, in hours.
    pub(crate) fix_hours: i64,
    /// In how many of a hundred cases it is repaired; otherwise nothing can be done.
    pub(crate) fixed_percent: u32,
    /// What the council is waiting for, in a state that it made up itself.
    pub(crate) own_state: Option<&'static str>,
    /// Closed by a rule after so many days, whatever became of it.
    pub(crate) auto_close_days: Option<i64>,
}

const fn category(
    (name, heading, corrected_to): (&'static str, &'static str, &'static str),
    fix_hours: i64,
    fixed_percent: u32,
) -> Category {
    Category { name, heading, corrected_to, fix_hours, fixed_percent, own_state: None, auto_close_days: None }
}

pub(crate) static POTHOLES: Category = category(("Potholes", "Roads", "Pavements"), 11 * 24, 82);
pub(crate) static STREET_LIGHTS: Category = Category {
    own_state: Some("awaiting parts"),
    ..category(("Street lights", "Lights and signals", "Trees and hedges"), 12 * 24, 90)
};
pub(crate) static PAVEMENTS: Category = category(("Pavements", "Roads", "Potholes"), 24 * 24, 70);
pub(crate) static DRAINAGE: Category = category(("Blocked drain", "Drainage", "Potholes"), 15 * 24, 78);
pub(crate) static TREES: Category = category(("Trees and hedges", "Trees", "Street cleaning"), 30 * 24, 60);
pub(crate) static PARKING: Category = Category {
    auto_close_days: Some(5),
    ..category(("Parking enforcement", "Parking", "Parking enforcement"), 24, 0)
};
pub(crate) static FLY_TIPPING: Category = category(("Fly-tipping", "Street cleaning", "Street cleaning"), 60, 92);
pub(crate) static STREET_CLEANING: Category =
    category(("Street cleaning", "Street cleaning", "Fly-tipping"), 40, 94);
