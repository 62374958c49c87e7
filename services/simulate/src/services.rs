//! What the council does for its residents: services with their queues, and the subjects on which
//! residents make contact, each with the ways that are open to them.

mod list;

pub(crate) use list::{GENERAL, SERVICES, SUBJECTS};

use crate::forms::Form;
use crate::reports::Category;

/// Agents who answer the same queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Team {
    /// Everyday matters.
    Front,
    Education,
    SocialCare,
}

impl Team {
    pub(crate) const ALL: [Self; 3] = [Self::Front, Self::Education, Self::SocialCare];

    pub(crate) fn skill(self) -> &'static str {
        match self {
            Self::Front => "front_office",
            Self::Education => "education",
            Self::SocialCare => "social_care",
        }
    }

    /// Numbers of its agents begin here.
    pub(crate) fn first_agent(self) -> u32 {
        1000 * (self as u32 + 1)
    }
}

/// A service with its queue.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) area: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) queue_name: &'static str,
    /// The last digits of its number.
    pub(crate) line: u32,
    pub(crate) team: Team,
    pub(crate) social_care: bool,
    /// How much demand each month brings, January first, in percent of the average.
    pub(crate) months: [u32; 12],
    /// How long a conversation takes on average.
    pub(crate) talk_seconds: i64,
}

/// What a contact can be about.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) service: &'static Service,
    /// As agents and the category map name it.
    pub(crate) group: &'static str,
    /// As agents code it.
    pub(crate) reason: &'static str,
    /// How common it is, against the others.
    pub(crate) weight: u32,
    pub(crate) way: Way,
}

/// What there is beside the telephone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// Nothing.
    PhoneOnly,
    /// A form, which so many of a hundred try first.
    Form(&'static Form, u32),
    /// FixMyStreet, once it is launched.
    Report(&'static Category),
}

impl Subject {
    pub(crate) fn form(&self) -> Option<&'static Form> {
        match self.way {
            Way::Form(form, _) => Some(form),
            _ => None,
        }
    }

    pub(crate) fn category(&self) -> Option<&'static Category> {
        match self.way {
            Way::Report(category) => Some(category),
            _ => None,
        }
    }

    /// The share of all demand that it is.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.weight) / f64::from(SUBJECTS.iter().map(|subject| subject.weight).sum::<u32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn queues_lines_and_reasons_are_told_apart() {
        let queues: BTreeSet<_> = SERVICES.iter().map(|service| service.queue).collect();
        let lines: BTreeSet<_> = SERVICES.iter().map(|service| service.line).collect();
        let reasons: BTreeSet<_> = SUBJECTS.iter().map(|subject| subject.reason).collect();
        assert_eq!((queues.len(), lines.len()), (SERVICES.len(), SERVICES.len()));
        assert_eq!(reasons.len(), SUBJECTS.len());
    }

    #[test]
    fn seasons_leave_a_year_as_it_is() {
        for service in SERVICES {
            assert_eq!(service.months.iter().sum::<u32>(), 1200, "{}", service.queue);
        }
    }
}
