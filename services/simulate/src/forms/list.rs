//! The forms of the simulated council, from the easy to those that few get through.

use super::Form;

const fn form(
    transaction: &'static str,
    target_system: &'static str,
    pages: &'static [(&'static str, &'static str)],
    leave_per_mille: u32,
    open_days: i64,
) -> Form {
    Form { transaction, target_system, pages, leave_per_mille, open_days, ineligible_per_mille: 0, payment: false }
}

const fn priced(form: Form) -> Form {
    Form { payment: true, ..form }
}

const fn with_conditions(form: Form, ineligible_per_mille: u32) -> Form {
    Form { ineligible_per_mille, ..form }
}

pub(crate) static MOVING_HOME: Form = form(
    "council_tax_move",
    "revenues",
    &[("addresses", "move_date"), ("people", "date_of_birth"), ("contact", "email"), ("check", "declaration")],
    75,
    12,
);
pub(crate) static DISCOUNT: Form = with_conditions(
    form(
        "council_tax_discount",
        "revenues",
        &[("eligibility", "adults"), ("household", "start_date"), ("contact", "email"), ("check", "declaration")],
        85,
        15,
    ),
    80,
);
pub(crate) static PAYMENT_PLAN: Form = form(
    "council_tax_payment_plan",
    "revenues",
    &[("account", "account_number"), ("income", "net_income"), ("plan", "payment_day"), ("check", "declaration")],
    120,
    8,
);
pub(crate) static MISSED_COLLECTION: Form = form(
    "missed_collection",
    "waste_contractor",
    &[("address", "postcode"), ("collection", "bin_type"), ("contact", "email")],
    45,
    4,
);
pub(crate) static BULKY_WASTE: Form = priced(form(
    "bulky_waste",
    "waste_contractor",
    &[("address", "postcode"), ("items", "item_count"), ("date", "collection_date"), ("payment", "card")],
    75,
    9,
));
pub(crate) static GARDEN_WASTE: Form = priced(form(
    "garden_waste",
    "waste_contractor",
    &[("address", "postcode"), ("bins", "bin_count"), ("payment", "card")],
    60,
    10,
));
pub(crate) static SCAFFOLDING: Form = priced(form(
    "scaffolding_licence",
    "street_works",
    &[
        ("applicant", "company_number"),
        ("place", "usrn"),
        ("dates", "end_date"),
        ("insurance", "policy_file"),
        ("drawings", "drawing_file"),
        ("payment", "card"),
    ],
    110,
    14,
));
pub(crate) static ADMISSION: Form = form(
    "school_admission",
    "education_system",
    &[
        ("child", "date_of_birth"),
        ("parent", "responsibility"),
        ("address", "address_proof"),
        ("schools", "preferences"),
        ("siblings", "sibling_school"),
        ("evidence", "proof_file"),
        ("check", "declaration"),
    ],
    150,
    25,
);
pub(crate) static SCHOOL_TRANSPORT: Form = with_conditions(
    form(
        "school_transport",
        "education_system",
        &[
            ("child", "date_of_birth"),
            ("school", "distance"),
            ("reason", "reason"),
            ("evidence", "proof_file"),
            ("check", "declaration"),
        ],
        105,
        20,
    ),
    150,
);
pub(crate) static SCHOOL_MEALS: Form = with_conditions(
    form(
        "free_school_meals",
        "education_system",
        &[("parent", "national_insurance_number"), ("child", "school"), ("check", "declaration")],
        70,
        6,
    ),
    120,
);
pub(crate) static CARE_ASSESSMENT: Form = form(
    "care_assessment",
    "care_records",
    &[
        ("person", "date_of_birth"),
        ("needs", "needs"),
        ("carer", "carer_name"),
        ("health", "diagnosis"),
        ("contact", "email"),
        ("check", "consent"),
    ],
    130,
    28,
);
pub(crate) static CARE_CHARGES: Form = form(
    "care_financial_assessment",
    "care_records",
    &[
        ("person", "national_insurance_number"),
        ("income", "pension"),
        ("savings", "savings"),
        ("property", "property_value"),
        ("evidence", "statement_file"),
        ("partner", "partner_income"),
        ("check", "declaration"),
    ],
    175,
    28,
);
pub(crate) static EARLY_HELP: Form = form(
    "early_help",
    "family_records",
    &[("family", "children"), ("support", "support_wanted"), ("contact", "email"), ("check", "consent")],
    110,
    14,
);
pub(crate) static BLUE_BADGE: Form = with_conditions(
    form(
        "blue_badge",
        "badge_system",
        &[
            ("person", "date_of_birth"),
            ("eligibility", "benefit"),
            ("mobility", "walking_distance"),
            ("medication", "medication"),
            ("photo", "photo_file"),
            ("evidence", "proof_file"),
            ("check", "declaration"),
        ],
        140,
        30,
    ),
    60,
);
pub(crate) static CERTIFICATE: Form = priced(form(
    "copy_certificate",
    "registrars",
    &[("event", "event_date"), ("people", "surname"), ("delivery", "postcode"), ("payment", "card")],
    65,
    7,
));
pub(crate) static APPOINTMENT: Form = form(
    "registrar_appointment",
    "registrars",
    &[("reason", "event_date"), ("slot", "appointment_time"), ("contact", "email")],
    65,
    5,
);
