//! A lake of two small imports: the first is published as an epoch, the second waits for a refresh.
//! And a reader that looks all the while.

use crate::process::until;
use crate::world::{World, copy};
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, Utc};
use lake::Lake;
use pipeline_tests::story;
use refresh::Plan;
use schemas::ContainerWriter;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

const FIRST: &str = "
2026-01-01T00:00:00Z queue:HWY queue_mapped queue_id=HWY service_area=highways social_care=false answer_target_seconds=60 effective_from=2026-01-01
2026-01-01T00:00:00Z category:lamp category_mapped category_system=fixmystreet category=Lamp subject_group=lighting service_area=highways social_care=false effective_from=2026-01-01
2026-03-03T09:00:00Z c1 contact_initiated source=telephony ani=01632960123
2026-03-03T09:00:20Z c1 queue_entered source=telephony queue_id=HWY
2026-03-03T09:01:20Z c1 contact_answered source=telephony wait_ms=60000 queue_id=HWY agent=ana
2026-03-03T09:05:00Z c1 contact_ended source=telephony talk_ms=220000 outcome=answered
2026-03-06T11:00:00Z c2 contact_initiated source=telephony ani=01632960456
2026-03-06T11:00:20Z c2 queue_entered source=telephony queue_id=HWY
2026-03-06T11:02:20Z c2 queue_exited source=telephony exit_reason=abandoned wait_ms=120000
2026-03-06T11:02:20Z c2 contact_ended source=telephony outcome=abandoned
2026-02-27T21:00:00Z r1 report_created source=fixmystreet category=Lamp service=mobile reporter_phone=\"+44 1632 960123\" id=wrong
2026-03-04T21:02:00Z r1 report_confirmed source=fixmystreet ward=Northgate
";
/// As of when the first is measured.
const FIRST_AS_OF: &str = "2026-03-07T12:00:00Z";

/// New: the call c3, which chases the report, and the repair. Late: the call c0, of the month before.
/// Corrected: when the report was made. And the queue belongs to another service from a day on.
const SECOND: &str = "
2026-03-09T10:00:00Z c3 contact_initiated source=telephony ani=01632960123
2026-03-09T10:00:20Z c3 queue_entered source=telephony queue_id=HWY
2026-03-09T10:00:50Z c3 contact_answered source=telephony wait_ms=30000 queue_id=HWY agent=ben
2026-03-09T10:03:00Z c3 contact_ended source=telephony talk_ms=130000 outcome=answered
2026-03-09T10:03:20Z c3 wrapup_completed source=telephony acw_ms=20000 subject_group=lighting resolution=resolved avoidable=true avoidable_reason=progress_chasing chaser_case_ref=fixmystreet:r1
2026-03-12T08:00:00Z r1 state_changed source=fixmystreet from_state=confirmed to_state=\"fixed - council\"
2026-02-10T09:00:00Z c0 contact_initiated source=telephony ani=01632960123
2026-02-10T09:00:20Z c0 queue_entered source=telephony queue_id=HWY
2026-02-10T09:00:30Z c0 contact_answered source=telephony wait_ms=10000 queue_id=HWY agent=ana
2026-02-10T09:04:00Z c0 contact_ended source=telephony talk_ms=210000 outcome=answered
2026-03-04T21:00:00Z r1 report_created source=fixmystreet category=Lamp service=mobile reporter_phone=\"+44 1632 960123\" supersedes=wrong
2026-03-06T00:00:00Z queue:HWY queue_mapped queue_id=HWY service_area=roads social_care=false answer_target_seconds=120 effective_from=2026-03-05
";
/// As of when the second is measured: by then most days of the first have become final.
const SECOND_AS_OF: &str = "2026-04-20T00:00:00Z";

/// Tables that the second import changes, each of them.
const TABLES: [&str; 10] = [
    "queue_visits",
    "calls",
    "reports",
    "contacts",
    "contact_demands",
    "customer_contacts",
    "kpi_daily",
    "kpi_interval",
    "kpi_period",
    "kpi_restatements",
];

/// The rows of each of these tables.
type State = BTreeMap<&'static str, Vec<String>>;

/// What an epoch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// The first import alone.
    First,
    /// Both.
    Second,
}

/// The lake, as often as it is wanted.
pub(crate) struct Story {
    pub(crate) world: World,
    states: Arc<[State; 2]>,
}

impl Story {
    /// Makes the lake, and learns what both epochs say where nothing goes wrong.
    pub(crate) fn begin() -> Self {
        let world = World::new();
        import(&world, "first.avro", FIRST);
        world.succeeds(&["refresh", "--once", "--as-of", FIRST_AS_OF]);
        let first = state_now(&world.lake());
        import(&world, "second.avro", SECOND);
        copy(&world.lake(), &world.path("original"));
        refresh(&world);
        world.succeeds(&["verify"]);
        let second = state_now(&world.lake());
        let same: Vec<_> = TABLES.into_iter().filter(|table| first[table] == second[table]).collect();
        assert!(same.is_empty(), "{same:?} do not change");
        Self { world, states: Arc::new([first, second]) }
    }

    /// Puts the lake back to where the second import waits for its refresh.
    pub(crate) fn again(&self) {
        fs::remove_dir_all(self.world.lake()).unwrap();
        copy(&self.world.path("original"), &self.world.lake());
    }

    /// Demands that the newest epoch says both, and that nothing of it differs from its events.
    pub(crate) fn is_told(&self) {
        assert_eq!(seen(&self.states, &state_now(&self.world.lake())), Seen::Second);
        self.world.succeeds(&["verify"]);
    }

    /// Puts the lake back to where both imports wait for the first refresh of all.
    pub(crate) fn at_the_beginning(&self) {
        self.again();
        for entry in fs::read_dir(self.world.lake()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !schemas::catalogue().sources.values().any(|source| source.table == name) {
                fs::remove_dir_all(path).unwrap();
            }
        }
    }

    /// Demands that the newest epoch says both, as the first of all does, which restates nothing.
    pub(crate) fn is_told_at_first(&self) {
        let mut state = state_now(&self.world.lake());
        let restated = self.states[1]["kpi_restatements"].clone();
        assert_eq!(state.insert("kpi_restatements", restated), Some(Vec::new()));
        assert_eq!(seen(&self.states, &state), Seen::Second);
        self.world.succeeds(&["verify"]);
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::start(self.world.lake(), self.states.clone())
    }
}

/// What refreshes the second import, in this process.
pub(crate) fn plan() -> Plan {
    let as_of_micros = SECOND_AS_OF.parse::<DateTime<Utc>>().unwrap().timestamp_micros();
    let time_zone = chrono_tz::Europe::London;
    Plan { time_zone, as_of_micros, now_micros: as_of_micros, from_scratch: false }
}

/// What refreshes it, as a process.
pub(crate) fn refreshing(world: &World) -> Command {
    world.command(&["refresh", "--once", "--as-of", SECOND_AS_OF])
}

/// Refreshes it by a process; only what has changed may be computed.
pub(crate) fn refresh(world: &World) {
    let output = refreshing(world).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains("computing everything"), "{told}");
}

fn import(world: &World, name: &str, text: &str) {
    let mut writer = ContainerWriter::new(Vec::new()).unwrap();
    story::read(text).unwrap().iter().for_each(|event| writer.append(event).unwrap());
    fs::write(world.path(name), writer.finish().unwrap()).unwrap();
    world.succeeds(&["import", "events", name, "--to", "lake"]);
}

/// What the newest epoch says.
async fn state(lake: &Lake) -> State {
    let engine = refresh::open(lake).await.unwrap().engine;
    let mut state = State::new();
    for table in TABLES {
        let mut rows = Vec::new();
        // When a value was restated and in which epoch says nothing of the value.
        let columns = if table == "kpi_restatements" { "* EXCLUDE (epoch, restated_at)" } else { "*" };
        for batch in engine.collect(&format!("SELECT {columns} FROM {table}")).await.unwrap() {
            let value = |row, column| array_value_to_string(batch.column(column), row).unwrap();
            rows.extend((0..batch.num_rows()).map(|row| {
                (0..batch.num_columns()).map(|column| value(row, column)).collect::<Vec<_>>().join(" | ")
            }));
        }
        rows.sort();
        state.insert(table, rows);
    }
    state
}

fn state_now(lake: &Path) -> State {
    runtime().block_on(state(&Lake::open(lake).unwrap()))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Which of the two all tables say; fails where they are not of one epoch.
fn seen(states: &[State; 2], state: &State) -> Seen {
    match states.iter().position(|one| one == state) {
        Some(0) => Seen::First,
        Some(_) => Seen::Second,
        None => {
            let [first, second] = states;
            let of = |table| (first[table] == state[table], second[table] == state[table]);
            let tables = TABLES.map(|table| (table, of(table)));
            panic!("an epoch is neither the first nor the second: {tables:?}\n{state:#?}");
        }
    }
}

/// Somebody who opens the newest epoch again and again, and fails if it is not one, or goes back.
pub(crate) struct Reader {
    looks: Arc<Mutex<Vec<Seen>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    fn start(folder: PathBuf, states: Arc<[State; 2]>) -> Self {
        let (looks, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (seen_so_far, told_to_end) = (looks.clone(), over.clone());
        let poll = move || {
            let (runtime, lake) = (runtime(), Lake::open(&folder).unwrap());
            while !told_to_end.load(Ordering::Relaxed) {
                let look = seen(&states, &runtime.block_on(state(&lake)));
                let mut looks = seen_so_far.lock().unwrap();
                assert!(looks.last().is_none_or(|before| *before <= look), "a reader was taken back");
                looks.push(look);
            }
        };
        Self { looks, over, thread: Some(std::thread::spawn(poll)) }
    }

    /// What it sees on a look that begins now.
    pub(crate) fn sees(&mut self) -> Seen {
        let before = self.looks.lock().unwrap().len();
        until("a reader's next look", || {
            if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
                self.thread.take().unwrap().join().unwrap();
            }
            // The one under way may have begun earlier.
            self.looks.lock().unwrap().len() > before + 1
        });
        *self.looks.lock().unwrap().last().unwrap()
    }

    pub(crate) fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
