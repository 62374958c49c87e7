//! No identifier of a customer or an agent can be read in the lake or in the logs.

use crate::broker::Broker;
use crate::delta;
use crate::search::{Search, files};
use crate::world::{World, shared_data};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn no_identifier_of_the_input_can_be_read_in_lake_or_logs() {
    let Some(data) = shared_data("no_identifier_of_the_input_can_be_read_in_lake_or_logs") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let week = fs::read_to_string(data.join("calls_week.csv")).unwrap();
    let text: String = week.lines().take(2_500).flat_map(|line| [line, "\n"]).collect();
    let file = world.path("calls.csv");
    // Among good rows one that is refused, so that refusals are searched too.
    let spoilt = text.replacen("1999-02-01T07:02:56", "not a time", 1);
    fs::write(&file, spoilt).unwrap();
    let mut logs = String::new();
    for arguments in [
        &["import", "calls", "calls.csv", "--source", "bank", "--time-zone", "Europe/London", "--to", "kafka"][..],
        &["import", "calls", "calls.csv", "--source", "bank", "--time-zone", "Europe/London", "--to", "lake"],
        &["ingest", "--until-caught-up"],
        &["refresh", "--once"],
        &["kpi"],
    ] {
        let mut command = world.command(arguments);
        let output = command
            .env(
                "SWITCHBOARD__LOG__LEVEL",
                "debug,buoyant_kernel=debug,ingest=trace,connect=trace,lake=trace,refresh=trace,switchboard=trace",
            )
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}");
        logs.push_str(&String::from_utf8_lossy(&output.stdout));
        logs.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    assert!(logs.contains("committed"), "the logs hold nothing to search");
    let identifiers = identifiers(&text);
    assert!(identifiers.len() > 400, "{}", identifiers.len());
    // Six digits are also the fraction of a second: short ones are looked for as whole cells below.
    let search = Search::of(identifiers.iter().copied());
    assert!(search.first_in(text.as_bytes()).is_some(), "the search finds nothing at all");
    let named = |place: &str, bytes: &[u8]| assert_eq!(search.first_in(bytes), None, "can be read in {place}");
    named("the logs", logs.as_bytes());
    for path in files(&world.lake()) {
        named(&path.display().to_string(), &fs::read(&path).unwrap());
    }
    for table in
        fs::read_dir(world.lake()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let cells = delta::cells(&table);
        named(&format!("{} (decompressed)", table.display()), cells.join("\n").as_bytes());
        let cell = cells.iter().find(|cell| identifiers.contains(cell.as_str()));
        assert_eq!(cell, None, "in {}", table.display());
    }
    assert!(!delta::cells(&world.lake().join("telephony_events")).is_empty());
}

/// The distinct values of the columns `agent` and `customer_id`, the last two.
fn identifiers(csv: &str) -> BTreeSet<&str> {
    let rows = csv.lines().skip(1).map(|line| line.rsplit(','));
    rows.flat_map(|cells| cells.take(2).collect::<Vec<_>>()).filter(|cell| !cell.is_empty()).collect()
}
