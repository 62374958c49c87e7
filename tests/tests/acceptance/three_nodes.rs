//! Three Kafka nodes, of which one is lost while events go in and comes back later.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{Writer, events_of, read_back};
use crate::world::{World, shared_data};

#[test]
fn two_of_three_nodes_serve_while_one_is_lost() {
    let Some(data) = shared_data("two_of_three_nodes_serve_while_one_is_lost") else { return };
    let broker = Broker::three();
    let world = World::with_brokers(&broker.address);
    let events = events_of(&data.join("calls_week.csv"));
    let (before, after) = events.split_at(events.len() / 2);
    let writer = Writer::new(&broker.address);
    before.iter().for_each(|event| writer.event(event));
    broker.kill(2);
    after.iter().for_each(|event| writer.event(event));
    writer.flush();
    assert!(!broker.is_whole(), "node 2 was not killed");
    world.ingest();
    let in_lake = delta::coordinates(&world.lake().join("telephony_events"));
    assert_eq!(in_lake.len(), events.len());
    assert_eq!(in_lake, read_back(&broker.address));
    broker.start_again(2);
    assert!(broker.is_whole());
    assert_eq!(in_lake, read_back(&broker.address));
}
