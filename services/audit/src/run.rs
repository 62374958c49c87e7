//! An audit from end to end: the lake's tables first, so that what they say they have taken is in
//! Kafka, then topic by topic.

use crate::Error;
use crate::datum::{Decoder, SchemaOf};
use crate::files::Files;
use crate::kafka::Kafka;
use crate::partition::{Partition, Topic};
use crate::report::Report;
use crate::tokens::TokenKey;
use lake::{DataFile, Lake, QUARANTINE_TABLE, Table, fence};
use schemas::{Source, catalogue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Is told how many offsets are compared, and of how many.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// How to audit.
pub struct Options {
    /// Settings of librdkafka that lead to the brokers: `bootstrap.servers` at least.
    pub kafka: Vec<(String, String)>,
    /// The key of the lake's tokens.
    pub key: TokenKey,
    /// Where writers' schemas come from.
    pub schema_of: SchemaOf,
    /// Whether records above the lake's positions are findings.
    pub caught_up: bool,
    /// Whether a source without a topic and without rows is an error.
    pub must_exist: bool,
    /// Progress.
    pub progress: Progress,
}

/// What the lake says of one source.
struct InLake {
    source: &'static Source,
    positions: BTreeMap<String, i64>,
    columns: Vec<String>,
    events: Vec<DataFile>,
}

/// One topic's partitions, from both sides.
struct Planned {
    in_lake: InLake,
    partitions: Vec<Partition>,
    may_lack_records: bool,
}

/// Columns that do not come from the record: where it was found, and when.
const NOT_COMPARED: [&str; 4] = ["topic", "partition", "offset", "ingested_at"];

/// Writers' schemas as this build has released them.
pub fn released_schemas() -> SchemaOf {
    Arc::new(|id| Ok(catalogue().released(id).map(|released| released.schema.clone())))
}

/// Compares the sources' topics with their tables.
///
/// # Errors
/// Only where an audit cannot be made; what it finds is in the report.
pub async fn run(lake: &Lake, sources: &[&'static Source], options: Options) -> Result<Report, Error> {
    let mut in_lake = Vec::new();
    for source in sources {
        in_lake.push(InLake::open(lake, source).await?);
    }
    // After the events: what is below their positions is then in the quarantine that is opened.
    let quarantine = match lake.open_table(QUARANTINE_TABLE).await? {
        Some(table) => table.snapshot()?.data_files(),
        None => Vec::new(),
    };
    let compared = tokio::task::spawn_blocking(move || compare(in_lake, quarantine, options)).await;
    compared.map_err(|error| Error::Thread(error.to_string()))?
}

impl InLake {
    async fn open(lake: &Lake, source: &'static Source) -> Result<Self, Error> {
        let table: Option<Table> = lake.open_table(&source.table).await?;
        let Some(table) = table else {
            let (positions, columns, events) = Default::default();
            return Ok(Self { source, positions, columns, events });
        };
        let snapshot = table.snapshot()?;
        let names = snapshot.columns().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        Ok(Self {
            source,
            positions: table.positions().clone(),
            columns: names.into_iter().filter(|name| !NOT_COMPARED.contains(&name.as_str())).collect(),
            events: snapshot.data_files(),
        })
    }

    /// The positions of the topic's partitions in this cluster, and whether others hold some too.
    fn positions(&self, cluster: &str) -> (BTreeMap<i32, i64>, bool) {
        let of_topic = self.positions.iter().filter_map(|(held, position)| {
            let (of_cluster, topic, partition) = fence::partition_of(held)?;
            (topic == self.source.topic).then_some((of_cluster, partition, *position))
        });
        let (ours, others): (Vec<_>, Vec<_>) = of_topic.partition(|(of_cluster, ..)| *of_cluster == cluster);
        (ours.into_iter().map(|(_, partition, position)| (partition, position)).collect(), !others.is_empty())
    }
}

fn compare(in_lake: Vec<InLake>, quarantine: Vec<DataFile>, options: Options) -> Result<Report, Error> {
    let Options { kafka, mut key, schema_of, caught_up, must_exist, progress } = options;
    let kafka = Kafka::connect(&kafka)?;
    let cluster = kafka.cluster()?;
    let mut report = Report::default();
    let mut plan = Vec::new();
    for source in in_lake {
        match planned(&kafka, &cluster, source, &mut report.notes)? {
            Ok(planned) => plan.push(planned),
            Err(source) if must_exist => {
                return Err(Error::Nothing { source_name: source.name.clone(), topic: source.topic.clone() });
            }
            Err(_) => {}
        }
    }
    let lengths = plan.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.taken());
    let total: i64 = lengths.map(|taken| taken.end - taken.start).sum();
    let mut done = 0;
    let mut advanced = |offsets: i64| {
        done += offsets;
        progress(done.unsigned_abs(), total.unsigned_abs());
    };
    let quarantine = Files::index(quarantine)?;
    for Planned { in_lake, partitions, may_lack_records } in plan {
        let InLake { source, columns, events, .. } = in_lake;
        let mut topic = Topic {
            kafka: &kafka,
            cluster: &cluster,
            name: &source.topic,
            columns: &columns,
            events: &Files::index(events)?,
            quarantine: &quarantine,
            decoder: Decoder::new(source, &columns, &mut key, schema_of.clone()),
            may_lack_records,
            caught_up,
        };
        for partition in &partitions {
            topic.compare(partition, &mut report, &mut advanced)?;
        }
        let unkept = topic.decoder.unkept.into_iter();
        report.notes.extend(unkept.map(|field| format!("{} has no column for {field}", source.table)));
    }
    Ok(report)
}

/// The partitions that Kafka or the lake knows; the source itself where neither knows one.
fn planned(
    kafka: &Kafka,
    cluster: &str,
    in_lake: InLake,
    notes: &mut BTreeSet<String>,
) -> Result<Result<Planned, &'static Source>, Error> {
    let topic = &in_lake.source.topic;
    let (positions, others) = in_lake.positions(cluster);
    let kept = kafka.partitions(topic)?;
    if kept.is_empty() && positions.is_empty() {
        return Ok(Err(in_lake.source));
    }
    let may_be_compacted = match tokio::runtime::Handle::current().block_on(kafka.is_compacted(topic)) {
        _ if kept.is_empty() => false,
        Some(answer) => answer,
        None => {
            notes.insert(format!("{topic}: Kafka does not say whether the topic is compacted; taken as if not"));
            false
        }
    };
    if may_be_compacted {
        notes.insert(format!("{topic} is compacted: rows whose records are gone cannot be checked"));
    }
    if others {
        notes.insert(format!(
            "{topic}: the lake has taken it from another cluster too; rows without a record cannot be checked"
        ));
    }
    let numbers: BTreeSet<i32> = kept.keys().chain(positions.keys()).copied().collect();
    let partitions = numbers.into_iter().map(|number| Partition {
        number,
        kept: kept.get(&number).cloned(),
        position: positions.get(&number).copied(),
    });
    let partitions = partitions.collect();
    Ok(Ok(Planned { in_lake, partitions, may_lack_records: may_be_compacted || others }))
}
