//! `kill -9` of a refresh at every named point: a reader sees the epoch before or the one after and
//! never a mixture, and the next refresh publishes what an undisturbed one would have.
//!
//! The story is always the same. Points that are passed once for each table are tried early and late.

use crate::held::Held;
use crate::refreshed_story::{Seen, Story, refresh, refreshing, runtime};
use ::refresh::Publication;
use lake::Lake;
use std::fs;

fn killed_at(points: &[(&str, u64)]) {
    let story = Story::begin();
    for (point, pass) in points {
        println!("{point}, pass {pass}");
        story.again();
        let world = &story.world;
        let mut reader = story.reader();
        let mut held = Held::start(refreshing(world), point, *pass, world.folder.path());
        held.stands(|| {});
        let is_published = *point == "refresh.after_publication";
        assert_eq!(reader.sees(), if is_published { Seen::Second } else { Seen::First });
        held.kill();
        fs::remove_file(world.path("mark")).unwrap();
        refresh(world);
        assert_eq!(reader.sees(), Seen::Second);
        reader.end();
        story.is_told();
    }
}

#[test]
fn killed_while_tables_are_written() {
    killed_at(&[
        ("upload.after_file", 1),
        ("refresh.after_upload", 1),
        ("refresh.after_upload", 5),
        ("commit.after_check", 3),
        ("commit.after_log_entry", 2),
        ("refresh.after_table", 1),
        ("refresh.after_table", 7),
    ]);
}

#[test]
fn killed_while_all_is_computed_from_the_beginning() {
    let story = Story::begin();
    for (point, pass) in [("upload.after_file", 4), ("refresh.after_table", 1), ("refresh.after_table", 20)] {
        println!("{point}, pass {pass}");
        story.at_the_beginning();
        let world = &story.world;
        let mut held = Held::start(refreshing(world), point, pass, world.folder.path());
        held.stands(|| {});
        held.kill();
        fs::remove_file(world.path("mark")).unwrap();
        let lake = Lake::open(&world.lake()).unwrap();
        assert_eq!(runtime().block_on(Publication::newest_epoch(&lake)).unwrap(), None);
        assert!(refreshing(world).output().unwrap().status.success());
        story.is_told_at_first();
    }
}

#[test]
fn killed_between_the_steps_of_a_refresh() {
    killed_at(&[
        ("refresh.after_events", 1),
        ("refresh.after_models", 1),
        ("refresh.after_measures", 1),
        ("refresh.before_publication", 1),
        ("refresh.after_publication", 1),
    ]);
}
