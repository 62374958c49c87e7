//! Real calls cut into pieces, with refreshes of what has changed between them: whatever the pieces and
//! their order, the numbers are the same.

use crate::broker::Broker;
use crate::expected::all_numbers_hold;
use crate::kafka::{Writer, events_of};
use crate::world::{World, shared_data};
use ingest::TokenKey;
use lake::Lake;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use refresh::Plan;
use schemas::{Event, catalogue};
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;

#[derive(Debug, Clone, Copy)]
enum Order {
    AsTheyCame,
    /// Each row twice, anywhere.
    DoubledAndShuffled,
    LastDayFirst,
}

const ORDERS: [Order; 3] = [Order::AsTheyCame, Order::DoubledAndShuffled, Order::LastDayFirst];

#[test]
fn real_calls_in_one_piece() {
    // Inside one piece no row comes before another.
    in_files("real_calls_in_one_piece", 1, &ORDERS[..2], &[1]);
}

#[test]
fn real_calls_in_seven_pieces() {
    in_files("real_calls_in_seven_pieces", 7, &ORDERS, &[1, 4, 7]);
}

/// Through Kafka, taken in and refreshed by services that are killed in the end, wherever they are.
#[test]
fn real_calls_in_a_thousand_pieces() {
    let Some(data) = shared_data("real_calls_in_a_thousand_pieces") else { return };
    for order in ORDERS {
        let broker = Broker::start();
        let world = World::with_brokers(&broker.address);
        let writer = Writer::new(&broker.address);
        world.ingest();
        // The epoch of nothing, so that all that follow are made from the one before.
        world.refresh();
        let services = ["ingest", "refresh"].map(|name| world.start(&[name], &format!("{name}.log")));
        for piece in pieces(&world, &data, order, 1_000) {
            piece.iter().for_each(|event| writer.event(event));
            writer.flush();
        }
        drop(services);
        world.ingest();
        let told = world.succeeds(&["refresh", "--once"]);
        assert!(told.contains("folded"), "{order:?}: not from the epoch before\n{told}");
        let rebuilt = fs::read_to_string(world.path("refresh.log")).unwrap().contains("from the beginning");
        assert!(!rebuilt, "{order:?}: not from the epoch before");
        holds(&world, &data);
    }
}

fn holds(world: &World, data: &Path) {
    world.succeeds(&["verify"]);
    all_numbers_hold(world, data);
}

/// Each piece a file of its own; refreshed after so many of them.
fn in_files(test: &str, count: usize, orders: &[Order], refreshed_after: &[usize]) {
    let Some(data) = shared_data(test) else { return };
    for order in orders {
        let world = World::new();
        let pieces = pieces(&world, &data, *order, count);
        Runtime::new().unwrap().block_on(feed(&world.lake(), &pieces, refreshed_after));
        holds(&world, &data);
    }
}

/// The events of each piece, which is a file with the heading and some of the week's rows.
fn pieces(world: &World, data: &Path, order: Order, count: usize) -> Vec<Vec<Event>> {
    let text = fs::read_to_string(data.join("calls_week.csv")).unwrap();
    let (heading, rows) = text.split_once('\n').unwrap();
    let rows = ordered(rows.lines().collect(), order);
    let piece = |number: usize| {
        let part = &rows[number * rows.len() / count..(number + 1) * rows.len() / count];
        let file = world.path("piece.csv");
        fs::write(&file, format!("{heading}\n{}\n", part.join("\n"))).unwrap();
        events_of(&file)
    };
    (0..count).map(piece).collect()
}

fn ordered(mut rows: Vec<&str>, order: Order) -> Vec<&str> {
    match order {
        Order::AsTheyCame => {}
        Order::DoubledAndShuffled => {
            rows.extend(rows.clone());
            rows.shuffle(&mut ChaCha8Rng::seed_from_u64(1999));
        }
        Order::LastDayFirst => {
            // Column four is when the call arrived, such as 1999-03-05T09:00:00.
            let day = |row: &&str| row.split(',').nth(3).unwrap()[..10].to_owned();
            let last = rows.iter().map(day).max().unwrap();
            rows.sort_by_key(|row| day(row) != last);
        }
    }
    rows
}

async fn feed(folder: &Path, pieces: &[Vec<Event>], refreshed_after: &[usize]) {
    let lake = Lake::open_or_create(folder).unwrap();
    let plan = Plan {
        time_zone: chrono_tz::Europe::London,
        as_of_micros: 1_000_000_000_000_000,
        now_micros: 1_000_000_000_000_000,
        from_scratch: false,
    };
    // The epoch of nothing, so that all that follow are made from the one before.
    refresh::refresh(&lake, &plan, |_| {}).await.unwrap();
    assert!(refreshed_after.contains(&pieces.len()), "what came last would not be seen");
    let source = &catalogue().sources["telephony"];
    for (number, events) in (1..).zip(pieces) {
        let key = TokenKey::parse(&"07".repeat(32)).unwrap();
        let (hash, records) =
            (format!("{number:064x}"), events.iter().map(|event| Ok(event.to_record().unwrap())));
        ingest::load_history(&lake, source, &hash, records, key, plan.now_micros).await.unwrap();
        if refreshed_after.contains(&number) {
            let refreshed = refresh::refresh(&lake, &plan, |_| {}).await.unwrap();
            assert_eq!(refreshed.rebuilt, None, "after {number} pieces");
        }
    }
}
