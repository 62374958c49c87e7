//! What Kafka's client says is given by hand, as librdkafka gives it.

use super::*;
use rdkafka::statistics::{Broker, Topic};

fn statistics(state: &str, partition: Partition) -> Statistics {
    let broker = Broker { nodeid: 1, state: state.to_owned(), rxidle: 300_000, ..Broker::default() };
    let topic = Topic { partitions: [(partition.partition, partition)].into(), ..Topic::default() };
    Statistics {
        time: 100,
        brokers: [("b".to_owned(), broker)].into(),
        topics: [("t".to_owned(), topic)].into(),
        ..Statistics::default()
    }
}

/// A partition of which the client has not heard yet has -1001 everywhere.
fn unheard() -> Partition {
    let none = -1_001;
    Partition {
        broker: 1,
        hi_offset: none,
        ls_offset: none,
        lo_offset: none,
        app_offset: none,
        eof_offset: none,
        ..Partition::default()
    }
}

fn at_end(end: i64) -> Partition {
    Partition { lo_offset: 0, hi_offset: end, ls_offset: end, app_offset: end, eof_offset: end, ..unheard() }
}

fn watched(health: &Health) -> Watched {
    Watched::new("t", "127.0.0.1:9", health.clone(), 5)
}

#[test]
fn kafka_is_unwell_until_it_is_reached_and_from_the_first_look_without_a_broker() {
    let health = Health::default();
    let watched = watched(&health);
    assert!(health.problems()[0].sentence.contains("has not been reached yet"));
    watched.look(&statistics("UP", unheard()));
    assert!(health.problems().is_empty());
    watched.look(&statistics("TRY_CONNECT", unheard()));
    watched.look(&Statistics { time: 107, ..statistics("CONNECT", unheard()) });
    let problems = health.problems();
    assert_eq!((problems.len(), problems[0].since_micros), (1, 100_000_000));
    assert!(problems[0].sentence.contains("topic t") && problems[0].sentence.contains("127.0.0.1:9"));
    watched.look(&statistics("UP", unheard()));
    assert!(health.problems().is_empty());
}

#[test]
fn a_partition_of_another_member_is_known_as_well() {
    let watched = watched(&Health::default());
    watched.assigned(4, None, None);
    let mut told = statistics("UP", unheard());
    let one = |partition, unknown| (partition, Partition { partition, unknown, ..unheard() });
    told.topics.get_mut("t").into_iter().for_each(|topic| {
        topic.partitions.extend([one(-1, false), one(2, false), one(7, true)]);
    });
    watched.look(&told);
    assert_eq!(watched.known(), [(0, 0), (2, 0), (4, 0)]);
}

#[test]
fn kafkas_numbers_are_read_as_what_they_are() {
    assert_eq!(seen(&unheard(), Some(1)), None);
    let partition = Partition { lo_offset: 3, hi_offset: 9, ls_offset: 7, app_offset: 5, ..unheard() };
    let expected = Seen { first: 3, end: 7, handed_over: Some(5), reached: None, heard_ms: Some(1) };
    assert_eq!(seen(&partition, Some(1)), Some(expected));
    let without_stable_offset = Partition { ls_offset: -1_001, eof_offset: 9, ..partition };
    assert_eq!(seen(&without_stable_offset, Some(1)), Some(Seen { end: 9, reached: Some(9), ..expected }));
}

#[test]
fn a_partition_is_heard_of_while_its_broker_speaks_and_it_is_not_paused() {
    // At 100 s, 0.3 s after the broker's last word, less the margin of a second.
    assert_eq!(heard_ms(&statistics("UP", at_end(9)), &at_end(9)), Some(98_700));
    assert_eq!(heard_ms(&statistics("TRY_CONNECT", at_end(9)), &at_end(9)), None);
    let of_another = Partition { broker: 2, ..at_end(9) };
    assert_eq!(heard_ms(&statistics("UP", at_end(9)), &of_another), None);

    let watched = watched(&Health::default());
    watched.assigned(0, Some(9), None);
    watched.presses_back(1);
    watched.look(&statistics("UP", at_end(9)));
    assert_eq!(watched.stood_at_end_ms(0, 9), None);
    watched.presses_back(0);
    // What it knows now may still be what it knew before the pause.
    watched.look(&statistics("UP", at_end(9)));
    assert_eq!(watched.stood_at_end_ms(0, 9), None);
    watched.look(&statistics("UP", at_end(9)));
    assert_eq!(watched.stood_at_end_ms(0, 9), Some(98_700));
}

#[test]
fn a_partition_that_is_let_go_is_no_concern() {
    let health = Health::default();
    let watched = watched(&health);
    watched.reached();
    watched.assigned(0, Some(1), None);
    watched.waits(0, "waits", 5);
    assert_eq!(health.problems().len(), 1);
    watched.revoked(&[0]);
    assert!(health.problems().is_empty());
    let seen = seen(&at_end(5), None);
    assert!(seen.is_some_and(|seen| watched.lag().behind(0, seen, 1).is_none()));
}
