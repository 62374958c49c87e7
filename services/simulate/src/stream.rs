//! Chance, from a seed. Every day has a stream of its own for every purpose.
//!
//! Only whole numbers and the four operations of floating point are used: both give the same
//! result on any machine, which the logarithm of the system's library would not.

use chrono::{Datelike as _, NaiveDate};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::ops::RangeInclusive;

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Demand = 1,
    Telephony = 2,
    Forms = 3,
    Reports = 4,
}

#[derive(Debug)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose, day: NaiveDate) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        key[16..20].copy_from_slice(&day.num_days_from_ce().to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A whole number of the range, each as likely.
    pub(crate) fn among(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.0.random_range(range)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// True in so many of a thousand cases.
    pub(crate) fn per_mille(&mut self, per_mille: u32) -> bool {
        self.0.random_range(0..1000) < per_mille
    }

    /// One of several, which must not be none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.0.random_range(0..choices.len() as u64) as usize]
    }

    /// The place of one of several weights, as likely as it is heavy; they must not all be nought.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.0.random_range(0..weights.clone().sum());
        let is_it = |weight| {
            let found = left < weight;
            left = left.saturating_sub(weight);
            found
        };
        weights.map(is_it).position(|found| found).unwrap_or_default()
    }

    /// One of several with their weights.
    pub(crate) fn choose<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        choices[self.weighted(choices.iter().map(|(weight, _)| *weight))].1
    }

    /// An exponentially distributed time of this mean.
    pub(crate) fn exponential(&mut self, mean: i64) -> i64 {
        (self.unit_exponential() * mean as f64) as i64
    }

    /// A time of this mean that is seldom near nought: the sum of two exponential ones.
    pub(crate) fn erlang(&mut self, mean: i64) -> i64 {
        self.exponential(mean / 2) + self.exponential(mean / 2)
    }

    /// How often something happens that is to be expected so often.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let mut count = 0;
        let mut reached = self.unit_exponential();
        while reached < mean {
            count += 1;
            reached += self.unit_exponential();
        }
        count
    }

    /// Half of all exponential times end before ln 2, half of the others before 2 ln 2, and so on;
    /// within, -ln(1 - v) is the series of 2 artanh(v / (2 - v)), exact to a millionth.
    fn unit_exponential(&mut self) -> f64 {
        let halvings = f64::from(self.0.random::<u64>().leading_zeros());
        let v = f64::from(self.0.random::<u32>()) / (2.0 * f64::from(u32::MAX));
        let z = v / (2.0 - v);
        let square = z * z;
        let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square / 9.0)));
        halvings * std::f64::consts::LN_2 + 2.0 * z * series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(seed: u64, purpose: Purpose, day: i32) -> Stream {
        Stream::new(seed, purpose, NaiveDate::from_num_days_from_ce_opt(day).unwrap_or_default())
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_day() {
        let first = |mut stream: Stream| stream.among(0..=i64::MAX);
        let told = first(stream(1, Purpose::Demand, 700_000));
        assert_eq!(told, first(stream(1, Purpose::Demand, 700_000)));
        assert_ne!(told, first(stream(2, Purpose::Demand, 700_000)));
        assert_ne!(told, first(stream(1, Purpose::Forms, 700_000)));
        assert_ne!(told, first(stream(1, Purpose::Demand, 700_001)));
    }

    #[test]
    fn exponential_times_have_their_mean_and_median() {
        let mut stream = stream(1, Purpose::Demand, 700_000);
        let times: Vec<i64> = (0..100_000).map(|_| stream.exponential(1_000_000)).collect();
        let mean = times.iter().sum::<i64>() / 100_000;
        assert!((985_000..1_015_000).contains(&mean), "{mean}");
        // ln 2 of them, so that half are shorter.
        let shorter = times.iter().filter(|time| **time < 693_147).count();
        assert!((49_300..50_700).contains(&shorter), "{shorter}");
    }

    #[test]
    fn counts_have_their_mean() {
        let mut stream = stream(1, Purpose::Demand, 700_000);
        let sum: u32 = (0..10_000).map(|_| stream.poisson(2.5)).sum();
        assert!((24_300..25_700).contains(&sum), "{sum}");
        assert_eq!(stream.poisson(0.0), 0);
    }

    #[test]
    fn weights_decide() {
        let mut stream = stream(1, Purpose::Demand, 700_000);
        let heavy = (0..10_000).filter(|_| stream.choose(&[(1, false), (0, false), (3, true)])).count();
        assert!((7_300..7_700).contains(&heavy), "{heavy}");
    }
}
