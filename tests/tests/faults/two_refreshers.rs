//! Two refreshes at once over one lake: one publishes, the other gives way and says so, and the numbers
//! are those of one alone.

use crate::held::Held;
use crate::refreshed_story::{Story, plan, refresh, refreshing, runtime};
use lake::Lake;
use refresh::{Error, Refreshed};
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::mpsc::channel;

/// Refreshes in this process; `at` is called each time that a table is done, with how many there are.
fn refreshed(lake: &Path, mut at: impl FnMut(usize)) -> Result<Refreshed, Error> {
    let lake = Lake::open(lake).unwrap();
    let mut done = 0;
    let tell = |_: refresh::Told<'_>| {
        done += 1;
        at(done);
    };
    runtime().block_on(refresh::refresh(&lake, &plan(), tell))
}

fn gave_way(outcome: &Result<Refreshed, Error>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error @ Error::Overtaken { .. }) => error.to_string().contains("another refresh was running"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn one_that_is_overtaken_gives_way_wherever_it_is() {
    let story = Story::begin();
    story.again();
    let mut tables = 0;
    refreshed(&story.world.lake(), |done| tables = done).unwrap();
    for at in [1, tables / 2, tables] {
        println!("overtaken after {at} of {tables} tables");
        story.again();
        let overtaken = refreshed(&story.world.lake(), |done| {
            if done == at {
                refresh(&story.world);
            }
        });
        assert!(gave_way(&overtaken), "{overtaken:?}");
        story.is_told();
        // What it has left behind is nothing to the next.
        refresh(&story.world);
        story.is_told();
    }
}

#[test]
fn one_that_began_later_and_comes_to_its_end_later_gives_way() {
    let story = Story::begin();
    story.again();
    let lake = &story.world.lake();
    let (stands, wait_until_it_stands) = channel();
    let (go_on, wait_to_go_on) = channel();
    std::thread::scope(|scope| {
        let mut later = None;
        let mut starts = Some(move || {
            refreshed(lake, |done| {
                if done == 3 {
                    stands.send(()).unwrap();
                    wait_to_go_on.recv().unwrap();
                }
            })
        });
        let first = refreshed(lake, |done| {
            if done == 1 {
                later = starts.take().map(|start| scope.spawn(start));
                wait_until_it_stands.recv().unwrap();
            }
        });
        go_on.send(()).unwrap();
        let later = later.unwrap().join().unwrap();
        assert!(!gave_way(&first) && gave_way(&later), "{first:?} {later:?}");
    });
    story.is_told();
}

#[test]
fn of_two_at_once_one_publishes_at_least() {
    let story = Story::begin();
    let lake = story.world.lake();
    for (round, point) in
        ["refresh.after_upload", "refresh.after_table", "refresh.before_publication"].iter().enumerate()
    {
        story.again();
        // A third stands in the middle of its work, and then is no more.
        let mut held = Held::start(refreshing(&story.world), point, 1, story.world.folder.path());
        held.stands(|| {});
        let gave_way = two_at_once(&lake);
        println!("round {round}, beside one held at {point}: {gave_way} gave way");
        assert!(gave_way < 2);
        held.kill();
        fs::remove_file(story.world.path("mark")).unwrap();
        story.is_told();
    }
}

#[test]
fn of_two_that_make_the_first_epoch_one_publishes_at_least() {
    let story = Story::begin();
    for round in 0..2 {
        story.at_the_beginning();
        let gave_way = two_at_once(&story.world.lake());
        println!("round {round}: {gave_way} gave way");
        assert!(gave_way < 2);
        story.is_told_at_first();
    }
}

/// Refreshes twice at once; how many gave way.
fn two_at_once(lake: &Path) -> usize {
    let together = Barrier::new(2);
    let begin = || {
        together.wait();
        refreshed(lake, |_| {})
    };
    let outcomes = std::thread::scope(|scope| {
        [scope.spawn(begin), scope.spawn(begin)].map(|running| running.join().unwrap())
    });
    outcomes.iter().filter(|outcome| gave_way(outcome)).count()
}
