//! Day after day: demand arises, and what is due happens in order of time.

use crate::agenda::Happening;
use crate::council::Settings;
use crate::scene::Scene;
use crate::telephony::Floor;
use crate::truth::Truth;
use crate::{demand, forms, reports};
use chrono::NaiveDate;
use schemas::Event;

/// What happened on one local day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// The day, in the council's zone.
    pub date: NaiveDate,
    /// Its events, in order of `occurred_at`.
    pub events: Vec<Event>,
    /// What happened in truth.
    pub truth: Truth,
}

/// The days of a council, without end.
#[derive(Debug)]
pub struct Days {
    scene: Scene,
    floor: Floor,
    next: Option<NaiveDate>,
}

impl Days {
    pub(crate) fn new(settings: Settings) -> Self {
        let next = Some(settings.first_day);
        Self { scene: Scene::new(settings), floor: Floor::default(), next }
    }

    fn happen(&mut self, at: i64, happening: Happening) {
        let scene = &mut self.scene;
        match happening {
            Happening::Tell(event) => scene.tell(event),
            Happening::Count(counted) => scene.truth.count(counted),
            Happening::Ring(caller) => self.floor.ring(caller, at, scene),
            Happening::Fill(filling) => forms::fill(filling, at, scene),
            Happening::Report(reporting) => reports::make(reporting, at, scene),
            Happening::Telephony(step) => self.floor.step(step, at, scene),
        }
    }
}

impl Iterator for Days {
    type Item = Day;

    fn next(&mut self) -> Option<Day> {
        let date = self.next?;
        self.next = date.succ_opt();
        self.scene.begin(date);
        self.floor.begin(&mut self.scene);
        demand::arise(&mut self.scene);
        while let Some((at, happening)) = self.scene.agenda.next_before(self.scene.day.ends) {
            self.happen(at, happening);
        }
        Some(Day { date, events: std::mem::take(&mut self.scene.events), truth: self.scene.truth })
    }
}
