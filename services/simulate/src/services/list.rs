//! The services and the subjects of the simulated council.

use super::{Service, Subject, Team, Way};
use crate::forms::list as forms;
use crate::reports::category as reports;

/// Every service, in order of its line.
pub(crate) static SERVICES: [&Service; 9] =
    [&COUNCIL_TAX, &WASTE, &HIGHWAYS, &EDUCATION, &ADULT_CARE, &CHILDREN, &BLUE_BADGES, &REGISTRATION, &GENERAL];

static COUNCIL_TAX: Service = Service {
    area: "council_tax",
    queue: "TAX",
    queue_name: "Council tax",
    line: 100,
    team: Team::Front,
    social_care: false,
    // Bills arrive in March, reminders from May.
    months: [90, 95, 165, 145, 105, 95, 85, 80, 90, 90, 85, 75],
    talk_seconds: 300,
};
static WASTE: Service = Service {
    area: "waste",
    queue: "WASTE",
    queue_name: "Waste and recycling",
    line: 110,
    team: Team::Front,
    social_care: false,
    months: [125, 95, 95, 100, 100, 100, 100, 100, 90, 90, 90, 115],
    talk_seconds: 210,
};
static HIGHWAYS: Service = Service {
    area: "highways",
    queue: "HIGHWAYS",
    queue_name: "Highways",
    line: 120,
    team: Team::Front,
    social_care: false,
    // Frost breaks the roads.
    months: [145, 150, 130, 105, 90, 80, 75, 70, 75, 85, 95, 100],
    talk_seconds: 240,
};
static EDUCATION: Service = Service {
    area: "education",
    queue: "EDUCATION",
    queue_name: "Schools and admissions",
    line: 130,
    team: Team::Education,
    social_care: false,
    // Places are offered in spring; in September everybody's transport and place is at stake.
    months: [80, 65, 70, 95, 60, 60, 70, 125, 400, 90, 50, 35],
    talk_seconds: 330,
};
static ADULT_CARE: Service = Service {
    area: "adult_social_care",
    queue: "ADULT_SC",
    queue_name: "Adult social care",
    line: 140,
    team: Team::SocialCare,
    social_care: true,
    months: [115, 110, 105, 100, 95, 95, 90, 90, 95, 100, 100, 105],
    talk_seconds: 480,
};
static CHILDREN: Service = Service {
    area: "children_and_families",
    queue: "CHILDREN_SC",
    queue_name: "Children and families",
    line: 150,
    team: Team::SocialCare,
    social_care: true,
    months: [105, 105, 105, 100, 105, 105, 90, 70, 115, 105, 105, 90],
    talk_seconds: 510,
};
static BLUE_BADGES: Service = Service {
    area: "blue_badges",
    queue: "BADGE",
    queue_name: "Blue badges",
    line: 160,
    team: Team::Front,
    social_care: false,
    months: [105, 100, 105, 105, 105, 100, 100, 95, 100, 100, 95, 90],
    talk_seconds: 270,
};
static REGISTRATION: Service = Service {
    area: "registration",
    queue: "REGISTRARS",
    queue_name: "Births, deaths and marriages",
    line: 170,
    team: Team::Front,
    social_care: false,
    months: [115, 105, 105, 100, 105, 105, 100, 95, 95, 95, 95, 85],
    talk_seconds: 240,
};
/// Whoever chooses nothing in the menu.
pub(crate) static GENERAL: Service = Service {
    area: "customer_services",
    queue: "GENERAL",
    queue_name: "General enquiries",
    line: 180,
    team: Team::Front,
    social_care: false,
    months: [105, 100, 105, 105, 100, 100, 100, 95, 100, 100, 100, 90],
    talk_seconds: 150,
};

const fn subject(
    service: &'static Service,
    group: &'static str,
    reason: &'static str,
    weight: u32,
    way: Way,
) -> Subject {
    Subject { service, group, reason, weight, way }
}

/// Every subject; weights are of the whole, in about a thousand.
pub(crate) static SUBJECTS: [Subject; 26] = [
    subject(&COUNCIL_TAX, "council_tax_account", "moving_home", 60, Way::Form(&forms::MOVING_HOME, 58)),
    subject(&COUNCIL_TAX, "council_tax_discount", "discount", 40, Way::Form(&forms::DISCOUNT, 60)),
    subject(&COUNCIL_TAX, "council_tax_payment", "payment_plan", 50, Way::Form(&forms::PAYMENT_PLAN, 50)),
    subject(&WASTE, "missed_collection", "missed_bin", 70, Way::Form(&forms::MISSED_COLLECTION, 68)),
    subject(&WASTE, "bulky_waste", "bulky_booking", 40, Way::Form(&forms::BULKY_WASTE, 78)),
    subject(&WASTE, "garden_waste", "garden_renewal", 30, Way::Form(&forms::GARDEN_WASTE, 80)),
    subject(&WASTE, "fly_tipping", "fly_tip_report", 55, Way::Report(&reports::FLY_TIPPING)),
    subject(&WASTE, "street_cleaning", "litter_report", 30, Way::Report(&reports::STREET_CLEANING)),
    subject(&HIGHWAYS, "road_surface", "pothole_report", 105, Way::Report(&reports::POTHOLES)),
    subject(&HIGHWAYS, "street_lighting", "light_report", 50, Way::Report(&reports::STREET_LIGHTS)),
    subject(&HIGHWAYS, "pavements", "pavement_report", 35, Way::Report(&reports::PAVEMENTS)),
    subject(&HIGHWAYS, "drainage", "drain_report", 35, Way::Report(&reports::DRAINAGE)),
    subject(&HIGHWAYS, "trees", "tree_report", 25, Way::Report(&reports::TREES)),
    subject(&HIGHWAYS, "parking", "parking_report", 30, Way::Report(&reports::PARKING)),
    subject(&HIGHWAYS, "licences", "scaffolding_licence", 12, Way::Form(&forms::SCAFFOLDING, 85)),
    subject(&EDUCATION, "school_admissions", "admission", 60, Way::Form(&forms::ADMISSION, 68)),
    subject(&EDUCATION, "school_transport", "school_transport", 45, Way::Form(&forms::SCHOOL_TRANSPORT, 60)),
    subject(&EDUCATION, "free_school_meals", "school_meals", 25, Way::Form(&forms::SCHOOL_MEALS, 68)),
    subject(&ADULT_CARE, "care_assessment", "care_request", 40, Way::Form(&forms::CARE_ASSESSMENT, 22)),
    subject(&ADULT_CARE, "care_charges", "care_charges", 20, Way::Form(&forms::CARE_CHARGES, 35)),
    subject(&ADULT_CARE, "safeguarding", "safeguarding", 15, Way::PhoneOnly),
    subject(&CHILDREN, "family_support", "early_help", 25, Way::Form(&forms::EARLY_HELP, 22)),
    subject(&BLUE_BADGES, "blue_badge", "badge_application", 45, Way::Form(&forms::BLUE_BADGE, 58)),
    subject(&REGISTRATION, "certificates", "copy_certificate", 35, Way::Form(&forms::CERTIFICATE, 78)),
    subject(&REGISTRATION, "registrar_appointment", "appointment", 25, Way::Form(&forms::APPOINTMENT, 45)),
    subject(&GENERAL, "general_enquiry", "general", 40, Way::PhoneOnly),
];
