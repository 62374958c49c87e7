//! Residents: each with one telephone number, one e-mail address and a name, whatever the channel.
//!
//! The numbers are those that Ofcom keeps for drama, the addresses those kept for examples: none
//! reaches anybody.

/// What the numbers of each range begin with; three digits follow.
const RANGES: [&str; 16] = [
    "07700900", "02079460", "01134960", "01144960", "01154960", "01164960", "01174960", "01184960", "01214960",
    "01314960", "01414960", "01514960", "01614960", "01914980", "02896496", "02920180",
];
/// The council's own lines; residents have none of this range.
const COUNCIL_RANGE: &str = "01632960";

const FIRST_NAMES: [&str; 32] = [
    "Aisha", "Alan", "Amelia", "Anil", "Beth", "Brian", "Carys", "Chloe", "Daniel", "Deepa", "Edith", "Femi",
    "George", "Grace", "Hannah", "Imran", "Jack", "Joan", "Kofi", "Leila", "Liam", "Maria", "Mei", "Noah", "Olga",
    "Peter", "Priya", "Rhys", "Ruth", "Sofia", "Tom", "Zainab",
];
const LAST_NAMES: [&str; 32] = [
    "Ahmed", "Baker", "Bell", "Brown", "Carter", "Clarke", "Cooper", "Davies", "Evans", "Fisher", "Green", "Hall",
    "Harris", "Hughes", "Jones", "Kaur", "Khan", "King", "Lewis", "Mason", "Morgan", "Murphy", "Nowak", "Okafor",
    "Patel", "Price", "Roberts", "Shah", "Smith", "Taylor", "Walker", "Wright",
];

/// A resident, by number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resident(pub(crate) u32);

/// How many there are.
pub(crate) const RESIDENTS: u32 = 1000 * RANGES.len() as u32;

impl Resident {
    /// As a telephone system shows it: `+441134960123`.
    pub(crate) fn caller_number(self) -> String {
        format!("+44{}", &self.number()[1..])
    }

    /// As people write it: `0113 4960123`.
    pub(crate) fn written_number(self) -> String {
        let number = self.number();
        format!("{} {}", &number[..4], &number[4..])
    }

    fn number(self) -> String {
        let range = RANGES[self.0 as usize % RANGES.len()];
        format!("{range}{:03}", self.0 / RANGES.len() as u32)
    }

    pub(crate) fn email(self) -> String {
        let provider = if self.scatter(2) == 0 { "example.org" } else { "example.com" };
        let (first, last) = self.names();
        format!("{first}.{last}{}@{provider}", self.0).to_lowercase()
    }

    pub(crate) fn name(self) -> String {
        let (first, last) = self.names();
        format!("{first} {last}")
    }

    /// Two in five have an account with the council.
    pub(crate) fn account(self) -> Option<String> {
        (self.scatter(5) < 2).then(|| format!("CT-{:07}", 4_000_000 + self.0))
    }

    /// Nine in a hundred never show their number.
    pub(crate) fn withholds_number(self) -> bool {
        self.scatter(100) < 9
    }

    fn names(self) -> (&'static str, &'static str) {
        let last = self.0 as usize / FIRST_NAMES.len();
        (FIRST_NAMES[self.0 as usize % FIRST_NAMES.len()], LAST_NAMES[last % LAST_NAMES.len()])
    }

    /// A fixed number below `limit` that neighbours do not share.
    fn scatter(self, limit: u32) -> u32 {
        (self.0.wrapping_mul(2_654_435_761) >> 8) % limit
    }
}

/// A number of the council, by its last three digits.
pub(crate) fn council_number(line: u32) -> String {
    format!("+44{}{line:03}", &COUNCIL_RANGE[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_has_a_number_and_an_address_of_their_own() {
        let all = || (0..RESIDENTS).map(Resident);
        let numbers: BTreeSet<String> = all().map(Resident::caller_number).collect();
        let addresses: BTreeSet<String> = all().map(Resident::email).collect();
        assert_eq!((numbers.len(), addresses.len()), (16_000, 16_000));
        assert!(numbers.iter().all(|number| number.len() == 13), "ten digits after +44");
        assert!(!numbers.contains(&council_number(100)));
    }

    #[test]
    fn a_resident_is_the_same_in_every_channel() {
        // 16 ranges in turn: number 35 is the third of the fourth range, 0114 496 0.
        let resident = Resident(35);
        assert_eq!(resident.caller_number(), "+441144960002");
        assert_eq!(resident.written_number(), "0114 4960002");
        assert!(resident.email().starts_with("anil.baker35@example."));
        assert_eq!(resident.name(), "Anil Baker");
    }

    #[test]
    fn about_nine_in_a_hundred_withhold_their_number() {
        let withheld = (0..RESIDENTS).filter(|number| Resident(*number).withholds_number()).count();
        assert!((1_280..1_600).contains(&withheld), "{withheld}");
    }
}
