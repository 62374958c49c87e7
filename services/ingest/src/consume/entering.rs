//! Where to begin to read a partition: the loop says where the lake stands, and Kafka whether it still has that.

use super::{ANSWER_WITHIN, Context, Event, Start};
use crate::Error;
use crate::entry::entry;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::sync::mpsc;

impl Context {
    /// Asks the loop where partitions begin; `None` where it has ended.
    pub(super) fn starts(&self, partitions: Vec<i32>) -> Option<Vec<Start>> {
        let (reply, answer) = mpsc::channel();
        self.tell(Event::Assigned(partitions, reply));
        answer.recv().ok()
    }

    /// Begins with partitions that were given to this member.
    pub(super) fn assign(
        &self,
        consumer: &BaseConsumer<Self>,
        list: &mut TopicPartitionList,
        starts: &[Start],
        cooperative: bool,
    ) -> Result<(), Error> {
        for start in starts {
            self.assignment().begin(start);
            let offset = self.entry_offset(consumer, start)?;
            list.set_partition_offset(&self.topic, start.partition, offset)?;
        }
        if cooperative {
            consumer.incremental_assign(list)?
        } else {
            consumer.assign(list)?
        }
        self.tell_pressed_back();
        Ok(self.follow(consumer, &starts.iter().map(|start| start.partition).collect::<Vec<_>>())?)
    }

    /// Where to begin to read: at the record before the position if it is still there, so that the
    /// loop can see that this is the topic that the lake was filled from.
    fn entry_offset(&self, consumer: &BaseConsumer<Self>, start: &Start) -> Result<Offset, Error> {
        let Some(position) = start.offset else { return Ok(Offset::Beginning) };
        let reach = consumer.fetch_watermarks(&self.topic, start.partition, ANSWER_WITHIN);
        // Without an answer Kafka itself says later whether the offset is there.
        let (low, high) = reach.unwrap_or((0, i64::MAX));
        entry(position, low, high).offset(&self.topic, start.partition, position).map(Offset::Offset)
    }

    /// After Kafka has refused an offset: of which partition, and why it is not there.
    pub(super) fn refused_offset(&self, consumer: &BaseConsumer<Self>) -> Option<Error> {
        let positions = consumer.position().ok()?;
        positions.elements().iter().find_map(|element| {
            let Offset::Offset(position) = element.offset() else { return None };
            let (low, high) = consumer.fetch_watermarks(&self.topic, element.partition(), ANSWER_WITHIN).ok()?;
            entry(position, low, high).offset(&self.topic, element.partition(), position).err()
        })
    }
}
