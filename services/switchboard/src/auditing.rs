//! `switchboard audit`: Kafka read again and compared with the lake.

use crate::cli::{AuditArguments, ReportFormat};
use crate::config::Config;
use crate::ingesting::source;
use crate::{keys, output};
use anyhow::Result;
use audit::{Finding, Kind, Options, PartitionReport, Report, Retention, SchemaOf};
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use lake::Lake;
use schemas::{RegistryError, catalogue};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Handle;

pub(crate) async fn run(config: &Config, arguments: &AuditArguments) -> Result<ExitCode> {
    let named = arguments.sources.iter().map(|name| source(name)).collect::<Result<Vec<_>>>()?;
    let must_exist = !named.is_empty();
    let sources = if must_exist { named } else { catalogue().sources.values().collect() };
    let lake = Lake::open(&config.lake.folder)?;
    let bar = output::progress(0, "offsets compared");
    let shown = bar.clone();
    let options = Options {
        access: config.kafka.connection.access()?,
        key: keys::load_for_audit(config)?,
        schema_of: schema_of(config)?,
        retention: Retention {
            now_ms: output::now_micros() / 1_000,
            events_keep_days: config.maintenance.events_keep_days.clone(),
            quarantine_keep_days: config.maintenance.quarantine_keep_days,
        },
        caught_up: arguments.caught_up,
        must_exist,
        progress: Arc::new(move |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        }),
    };
    let report = audit::run(&lake, &sources, options).await;
    bar.finish_and_clear();
    let report = report?;
    match arguments.format {
        ReportFormat::Table => tell(&report),
        ReportFormat::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(if report.problems() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the auditor finds the writers' schemas, which is where ingest finds them.
fn schema_of(config: &Config) -> Result<SchemaOf> {
    let Some(registry) = config.schemas.registry()? else { return Ok(audit::released_schemas()) };
    let runtime = Handle::current();
    Ok(Arc::new(move |id| match runtime.block_on(registry.schema(id)) {
        Ok(schema) => Ok(Some(schema.to_string())),
        Err(error) if error.may_pass() && !matches!(error, RegistryError::Absent { .. }) => Err(error.to_string()),
        Err(_) => Ok(None),
    }))
}

fn tell(report: &Report) {
    println!("{}", table(&report.partitions));
    for (kind, count) in &report.counts {
        tell_kind(*kind, *count, &report.findings);
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    println!("{}", report.verdict());
}

fn tell_kind(kind: Kind, count: u64, findings: &[Finding]) {
    println!("{kind}: {count}");
    let shown: Vec<&Finding> = findings.iter().filter(|finding| finding.kind == kind).collect();
    for Finding { topic, partition, offset, detail, .. } in &shown {
        println!("  {topic} partition {partition} offset {offset}: {detail}");
    }
    let rest = count - shown.len() as u64;
    if rest > 0 {
        println!("  and {rest} more");
    }
}

const HEADINGS: [&str; 9] =
    ["topic", "partition", "from", "to", "records", "in events", "in quarantine", "not checkable", "findings"];

fn table(partitions: &[PartitionReport]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '─').set_header(HEADINGS);
    for one in partitions {
        let to = one.to.map_or("-".to_owned(), |position| position.to_string());
        let counts = &one.counts;
        let numbers = [counts.records, counts.in_events, counts.in_quarantine, counts.not_checkable, one.findings];
        let texts = [one.partition.to_string(), one.from.to_string(), to];
        let cells = texts.into_iter().chain(numbers.map(|number| number.to_string()));
        let cells = cells.map(|text| Cell::new(text).set_alignment(CellAlignment::Right));
        table.add_row(std::iter::once(Cell::new(&one.topic)).chain(cells));
    }
    table
}
