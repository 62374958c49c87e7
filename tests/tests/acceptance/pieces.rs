//! Real calls cut into pieces, with refreshes of what has changed between them: whatever the pieces and
//! their order, the numbers are the same.

use crate::expected::all_numbers_hold;
use crate::kafka::events_of;
use crate::world::{World, shared_data};
use ingest::TokenKey;
use lake::Lake;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use refresh::Plan;
use schemas::catalogue;
use std::collections::BTreeSet;
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
    in_pieces("real_calls_in_one_piece", 1, &ORDERS[..2], &[1]);
}

#[test]
fn real_calls_in_seven_pieces() {
    in_pieces("real_calls_in_seven_pieces", 7, &ORDERS, &[1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn real_calls_in_a_thousand_pieces() {
    in_pieces("real_calls_in_a_thousand_pieces", 1_000, &ORDERS, &[1, 2, 30, 600, 1_000]);
}

/// Refreshed after so many pieces.
fn in_pieces(test: &str, count: usize, orders: &[Order], refreshed_after: &[usize]) {
    let Some(data) = shared_data(test) else { return };
    for order in orders {
        let world = World::new();
        let pieces = pieces(&world, &data, *order, count);
        Runtime::new().unwrap().block_on(feed(&world.lake(), &pieces, refreshed_after));
        world.succeeds(&["verify"]);
        all_numbers_hold(&world, &data);
    }
}

/// The records of each piece, which is a file with the heading and some of the week's rows.
fn pieces(world: &World, data: &Path, order: Order, count: usize) -> Vec<Vec<Vec<u8>>> {
    let text = fs::read_to_string(data.join("calls_week.csv")).unwrap();
    let (heading, rows) = text.split_once('\n').unwrap();
    let rows = ordered(rows.lines().collect(), order);
    let piece = |number: usize| {
        let part = &rows[number * rows.len() / count..(number + 1) * rows.len() / count];
        let file = world.path("piece.csv");
        fs::write(&file, format!("{heading}\n{}\n", part.join("\n"))).unwrap();
        events_of(&file).iter().map(|event| event.to_record().unwrap()).collect()
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

async fn feed(folder: &Path, pieces: &[Vec<Vec<u8>>], refreshed_after: &[usize]) {
    let lake = Lake::open_or_create(folder).unwrap();
    let plan = Plan {
        time_zone: chrono_tz::Europe::London,
        as_of_micros: 1_000_000_000_000_000,
        now_micros: 1_000_000_000_000_000,
        from_scratch: false,
    };
    // The epoch of nothing, so that all that follow are made from the one before.
    refresh::refresh(&lake, &plan, |_| {}).await.unwrap();
    let refreshed_after: BTreeSet<usize> = refreshed_after.iter().copied().collect();
    assert!(refreshed_after.contains(&pieces.len()), "what came last would not be seen");
    let source = &catalogue().sources["telephony"];
    for (number, records) in (1..).zip(pieces) {
        let key = TokenKey::parse(&"07".repeat(32)).unwrap();
        let (hash, records) = (format!("{number:064x}"), records.iter().cloned().map(Ok));
        ingest::load_history(&lake, source, &hash, records, key, plan.now_micros).await.unwrap();
        if number % 100 == 0 {
            // As maintenance would, so that the log is not read from its beginning a thousand times.
            let mut table = lake.open_table(&source.table).await.unwrap().unwrap();
            table.checkpoint_if_due(100).await.unwrap();
        }
        if refreshed_after.contains(&number) {
            let refreshed = refresh::refresh(&lake, &plan, |_| {}).await.unwrap();
            assert_eq!(refreshed.rebuilt, None, "after {number} pieces");
        }
    }
}
