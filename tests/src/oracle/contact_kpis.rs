//! One function for each KPI of contacts over all channels, from its definition.

use super::contacts::Contact;
use super::kpis::share;
use super::place::{ALL, Place};
use super::{Parts, RowKey};

type OfContact = fn(&Contact) -> Option<Parts>;

const CONTACT_KPIS: [(&str, OfContact); 4] = [
    ("chaser_contacts", chaser_contacts),
    ("fcr_norepeat_matchable", fcr_norepeat_matchable),
    ("volume_contacts", volume_contacts),
    ("volume_demands", volume_demands),
];

const FCR_NOREPEAT: &str = "fcr_norepeat";
const SELF_SERVICE_SHARE: &str = "self_service_share";

/// 7 times 24 hours, whatever the clocks do.
const REPEAT_WINDOW_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// The KPIs that are measured here.
pub(super) fn names() -> Vec<&'static str> {
    CONTACT_KPIS.iter().map(|(kpi, _)| *kpi).chain([FCR_NOREPEAT, SELF_SERVICE_SHARE]).collect()
}

/// What each contact adds to which row.
pub(super) fn parts(contacts: &[Contact]) -> Vec<(RowKey, Parts)> {
    let mut parts = Vec::new();
    for contact in contacts {
        for (kpi, part) in CONTACT_KPIS {
            parts.extend(part(contact).map(|part| (contact.place.row(kpi), part)));
        }
        parts.extend(fcr_norepeat(contact, contacts).map(|part| (contact.place.row(FCR_NOREPEAT), part)));
        let of_all = || ALL.to_owned();
        let place = Place { queue: of_all(), channel: of_all(), ..contact.place.clone() };
        parts.extend(self_service_share(contact).map(|part| (place.row(SELF_SERVICE_SHARE), part)));
    }
    parts
}

fn volume_contacts(contact: &Contact) -> Option<Parts> {
    (!contact.is_part()).then_some((1, None))
}

fn volume_demands(contact: &Contact) -> Option<Parts> {
    contact.is_first().then_some((1, None))
}

fn chaser_contacts(contact: &Contact) -> Option<Parts> {
    if contact.is_part() { None } else { share(contact.is_chaser()) }
}

fn self_service_share(contact: &Contact) -> Option<Parts> {
    let alone = ["web_form", "fixmystreet"].contains(&contact.place.channel.as_str());
    if contact.is_first() { share(alone) } else { None }
}

fn fcr_norepeat_matchable(contact: &Contact) -> Option<Parts> {
    let counts = contact.was_received && !contact.is_part();
    if counts { share(!contact.tokens.is_empty()) } else { None }
}

/// Of two contacts that began in the same instant the one with the greater id is the later.
fn fcr_norepeat(contact: &Contact, contacts: &[Contact]) -> Option<Parts> {
    let matchable = |contact: &Contact| contact.was_received && !contact.is_part() && !contact.tokens.is_empty();
    if !matchable(contact) {
        return None;
    }
    let was_repeated = contacts.iter().any(|other| {
        let is_later = (other.started_at, &other.id) > (contact.started_at, &contact.id);
        matchable(other)
            && is_later
            && other.started_at - contact.started_at <= REPEAT_WINDOW_MICROS
            && other.place.subject_group == contact.place.subject_group
            && !other.tokens.is_disjoint(&contact.tokens)
    });
    share(!was_repeated)
}
