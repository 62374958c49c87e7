//! When so many of a partition's records are bad that the fault lies in their cause. Pure.

use std::collections::VecDeque;

/// The records over which the share is taken.
const WINDOW_RECORDS: usize = 10_000;
/// Fewer say nothing.
const LEAST_RECORDS: usize = 1_000;

/// The newest verdicts on the records of one partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct BadShare {
    verdicts: VecDeque<bool>,
    bad: usize,
}

impl BadShare {
    /// Notes verdicts in the order of the records, true for a bad one; gives the place of the first
    /// after which more than `limit_percent` of the last 10,000, and of no fewer than 1,000, are
    /// bad. What follows it is not noted.
    pub(crate) fn first_over(
        &mut self,
        verdicts: impl IntoIterator<Item = bool>,
        limit_percent: u32,
    ) -> Option<usize> {
        verdicts.into_iter().position(|is_bad| {
            self.note(is_bad);
            let records = self.verdicts.len();
            is_bad && records >= LEAST_RECORDS && self.bad * 100 > records * limit_percent as usize
        })
    }

    fn note(&mut self, is_bad: bool) {
        if self.verdicts.len() == WINDOW_RECORDS && self.verdicts.pop_front() == Some(true) {
            self.bad -= 1;
        }
        self.verdicts.push_back(is_bad);
        self.bad += usize::from(is_bad);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::repeat_n;

    #[test]
    fn a_thousand_records_are_awaited_before_a_share_is_taken() {
        let mut share = BadShare::default();
        assert_eq!(share.first_over(repeat_n(true, 999), 10), None);
        assert_eq!(share.first_over([true], 10), Some(0));
    }

    #[test]
    fn one_in_ten_is_borne_and_one_more_is_not() {
        let mut share = BadShare::default();
        assert_eq!(share.first_over((0..9_000).map(|place| place % 10 == 9), 10), None);
        // 901 of 9,010 are a tenth, 902 of 9,011 are more.
        assert_eq!(share.first_over(repeat_n(false, 9).chain([true]), 10), None);
        assert_eq!(share.first_over([true], 10), Some(0));
    }

    #[test]
    fn old_verdicts_fall_out_of_the_window() {
        let mut share = BadShare::default();
        assert_eq!(share.first_over(repeat_n(true, 999), 10), None);
        assert_eq!(share.first_over(repeat_n(false, 9_001), 10), None);
        // 999 of 10,000. Each bad one now pushes a bad one out.
        assert_eq!(share.first_over(repeat_n(true, 999), 10), None);
        // From here on good ones fall out: 1,000 of 10,000 is a tenth, 1,001 is more.
        assert_eq!(share.first_over(repeat_n(true, 5), 10), Some(1));
    }

    #[test]
    fn a_limit_of_a_hundred_percent_bears_everything() {
        assert_eq!(BadShare::default().first_over(repeat_n(true, 20_000), 100), None);
    }
}
