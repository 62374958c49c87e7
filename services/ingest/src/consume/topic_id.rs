//! Whether a topic's name still means the topic that is read. Pure.
//!
//! A topic that is deleted and made anew has another id (KIP-516). From Kafka 3.1 on a fetch names the id, so
//! that nothing of the new topic comes before Kafka's client has learned its id; but then librdkafka 2.12 reads on
//! at the old offset, and tells it in its log of metadata alone (`rd_kafka_topic_metadata_update`). A line of its
//! log is handed over before all that was fetched after it.

use crate::{Error, Sign};

/// How librdkafka writes the id of a topic that it knows nothing of, and of one whose broker has no ids.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The id of the topic that is read.
#[derive(Debug, Default)]
pub(super) struct TopicId {
    read: Option<String>,
    other: Option<String>,
}

impl TopicId {
    /// Takes a line of librdkafka's log of metadata.
    pub(super) fn hear(&mut self, topic: &str, line: &str) {
        let Some(id) = id_told(topic, line) else { return };
        match &self.read {
            None => self.read = Some(id.to_owned()),
            Some(read) if read != id => self.other = Some(id.to_owned()),
            Some(_) => {}
        }
    }

    /// The error with which ingest ends, once the topic is another one.
    pub(super) fn made_anew(&self, topic: &str) -> Option<Error> {
        let (read, now) = self.read.as_ref().zip(self.other.as_ref())?;
        let sign = Sign::OtherId { read: read.clone(), now: now.clone() };
        Some(Error::TopicMadeAnew { topic: topic.to_owned(), sign })
    }
}

/// The id that a line gives to the topic.
fn id_told<'line>(topic: &str, line: &'line str) -> Option<&'line str> {
    let (_, ids) = line.split_once(&format!("Topic {topic} changed id from "))?;
    let (_, id) = ids.split_once(" to ")?;
    Some(id).filter(|id| *id != NO_ID)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// After lines as librdkafka 2.12 writes them.
    fn after(lines: &[&str]) -> Option<String> {
        let mut topic_id = TopicId::default();
        lines.iter().for_each(|line| topic_id.hear("calls", line));
        topic_id.made_anew("calls").map(|error| error.to_string())
    }

    const FIRST: &str =
        "[thrd:main]: Topic calls changed id from AAAAAAAAAAAAAAAAAAAAAA to fq4RcP0XQ9GHxcZ2sYCw0Q";
    const SECOND: &str =
        "[thrd:main]: Topic calls changed id from fq4RcP0XQ9GHxcZ2sYCw0Q to 9-m_R2VbQmOJ1oXhJfX2ZA";

    #[test]
    fn another_id_under_the_same_name_is_another_topic() {
        let told = after(&[FIRST, SECOND]).unwrap();
        let expected =
            "topic calls: its id was `fq4RcP0XQ9GHxcZ2sYCw0Q`, and is `9-m_R2VbQmOJ1oXhJfX2ZA` now. It was";
        assert!(told.starts_with(expected), "{told}");
    }

    #[test]
    fn also_where_the_client_has_forgotten_the_topic_meanwhile() {
        assert!(after(&[FIRST, &SECOND.replace("fq4RcP0XQ9GHxcZ2sYCw0Q", NO_ID)]).is_some());
    }

    #[test]
    fn the_same_id_no_id_and_another_topics_id_are_no_news() {
        let of_another = SECOND.replace("Topic calls", "Topic calls-of-old");
        let lost = "[thrd:main]: Topic calls changed id from fq4RcP0XQ9GHxcZ2sYCw0Q to AAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[FIRST, FIRST, lost, &of_another]), None);
        assert_eq!(after(&[FIRST, "[thrd:main]: Topic calls [0] Leader 1 Epoch 0"]), None);
    }
}
