//! What others may do to the table of telephony's events behind our back: whatever new rows alone do not
//! tell, the next refresh computes from the beginning, and says why.

use crate::delta;
use crate::other_readers::{import, python, told};
use crate::world::World;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TEST: &str = "what_new_rows_do_not_tell_is_computed_from_the_beginning";

#[test]
fn what_new_rows_do_not_tell_is_computed_from_the_beginning() {
    let Some(python) = python(TEST) else { return };
    let world = World::new();
    let table = world.lake().join("telephony_events");
    let events = told();
    let parts: Vec<_> = events.chunks(events.len().div_ceil(4)).collect();

    import(&world, parts[0]);
    refreshed(&world, "there is no epoch yet");
    let version = delta::version(&table);
    fs::remove_dir_all(&table).unwrap();
    import(&world, parts[1]);
    assert_eq!(delta::version(&table), version);
    refreshed(&world, "the table telephony_events is another than before");
    let calls = calls(&world);

    let full = delta::version(&table);
    other_writer(&python, &table, "delete()");
    refreshed(&world, "the table telephony_events lost rows with version");
    assert_eq!(self::calls(&world), 0);
    // To put rows back is to add them.
    other_writer(&python, &table, &format!("restore({full})"));
    refreshed(&world, "folded");
    assert_eq!(self::calls(&world), calls);

    import(&world, parts[2]);
    refreshed(&world, "folded");
    assert!(self::calls(&world) > calls);
    other_writer(&python, &table, &format!("restore({full})"));
    refreshed(&world, "the table telephony_events lost rows with version");
    assert_eq!(self::calls(&world), calls);

    import(&world, parts[3]);
    other_writer(&python, &table, "create_checkpoint()");
    let newest = delta::version(&table);
    fs::remove_file(table.join(format!("_delta_log/{newest:020}.json"))).unwrap();
    refreshed(&world, &format!("the table telephony_events has no log left of version {newest}"));

    fs::remove_dir_all(&table).unwrap();
    refreshed(&world, "the table telephony_events is gone");
    assert_eq!(self::calls(&world), 0);
}

/// A refresh says so, and what it publishes is what the events say.
fn refreshed(world: &World, saying: &str) {
    let output = world.run(&["refresh", "--once", "--as-of", "2025-06-01T00:00:00Z"]);
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert!(output.status.success() && said.contains(saying), "not `{saying}`:\n{said}");
    world.succeeds(&["verify"]);
}

fn calls(world: &World) -> i64 {
    world.number("SELECT count(*) FROM calls")
}

/// Does something to a table with Python's library for Delta Lake.
fn other_writer(python: &PathBuf, table: &Path, what: &str) {
    let program = format!("import sys; from deltalake import DeltaTable; DeltaTable(sys.argv[1]).{what}");
    let output = Command::new(python).args(["-c", &program]).arg(table).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
