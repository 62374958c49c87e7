#![doc = include_str!("../README.md")]

mod agenda;
mod calendar;
mod council;
mod days;
mod demand;
mod forms;
mod local;
mod reference;
mod reports;
mod residents;
mod scene;
mod season;
mod services;
mod stream;
mod telephony;
mod truth;

pub use council::{Council, Error, Settings};
pub use days::{Day, Days};
pub use truth::Truth;
