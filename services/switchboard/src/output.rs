//! What the commands print, and the edges of the process: logs, the clock, signals, progress.

use crate::cli::Format;
use crate::config::{LogConfig, LogFormat};
use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use arrow::datatypes::SchemaRef;
use arrow::json::ArrayWriter;
use arrow::util::pretty::pretty_format_batches_with_schema;
use chrono::{DateTime, SecondsFormat};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use refresh::{Completeness, Publication};
use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Logs to standard error, so that standard output holds answers only.
pub(crate) fn start_logging(config: &LogConfig) -> Result<()> {
    // Delta's kernel tells each step of reading a log, at great length, to whoever asks for no more than `info`.
    let levels = format!("buoyant_kernel=warn,{}", config.level);
    let filter = EnvFilter::try_new(levels).with_context(|| format!("log.level `{}`", config.level))?;
    // It warns at each file that binary columns have no statistics, which is as it should be.
    let filter = filter.add_directive("deltalake_core::writer::stats=error".parse()?);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

/// The clock, read here and passed on.
pub(crate) fn now_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

/// An instant for people, to the second.
pub(crate) fn instant(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Resolves on Ctrl-C or a polite request to end.
pub(crate) async fn asked_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// A bar on standard error; nothing where that is no terminal.
pub(crate) fn progress(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = format!("{{bar:40}} {{human_pos}} of {{human_len}} {what}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// A spinner on standard error that says what is being done; nothing where that is no terminal.
pub(crate) fn working(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

/// A spinner on standard error with the rows committed so far; nothing where that is no terminal.
pub(crate) fn rows_committed(rows: Arc<AtomicU64>) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {rows} rows committed, {elapsed}") {
        let shown = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}", HumanCount(rows.load(Ordering::Relaxed)));
        };
        spinner.set_style(style.with_key("rows", shown));
    }
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

/// The error and its causes on standard error; a cause that the line before has said is not repeated.
pub(crate) fn tell_error(error: &anyhow::Error) {
    let mut said = format!("error: {error}");
    eprintln!("{said}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("  because: {cause}");
            eprintln!("{said}");
        }
    }
}

/// Rows on standard output.
pub(crate) fn print_rows(schema: &SchemaRef, rows: &[RecordBatch], format: Format) -> Result<()> {
    let mut out = stdout().lock();
    match format {
        Format::Table => {
            writeln!(out, "{}", pretty_format_batches_with_schema(schema.clone(), rows)?)?;
        }
        Format::Csv => {
            let mut writer = WriterBuilder::new().with_header(true).build(&mut out);
            writer.write(&RecordBatch::new_empty(schema.clone()))?;
            rows.iter().try_for_each(|batch| writer.write(batch))?;
        }
        Format::Json => {
            let mut writer = ArrayWriter::new(&mut out);
            writer.write_batches(&rows.iter().collect::<Vec<_>>())?;
            writer.finish()?;
            drop(writer);
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The same as [`tell_completeness`], a line a source, for standard error.
pub(crate) fn completeness_lines(publication: &Publication) -> String {
    let seen = publication.completeness.iter().filter(|source| source.last_event_at_micros.is_some());
    let line = |source: &Completeness| {
        let through = source
            .valid_through_micros
            .map_or(source.why_no_time().to_owned(), |at| format!("Kafka up to {}", instant(at)));
        format!("{}: {through}, {} quarantined", source.source, source.quarantined)
    };
    let sources: Vec<String> = seen.map(line).collect();
    format!("epoch {}, as of {}; {}", publication.epoch, instant(publication.as_of_micros), sources.join("; "))
}

/// How complete the published numbers are, source by source.
pub(crate) fn tell_completeness(publication: &Publication) {
    println!("Completeness, measured as of {}:", instant(publication.as_of_micros));
    for source in &publication.completeness {
        let name = &source.source;
        let Some(last) = source.last_event_at_micros else {
            println!("  {name}: nothing seen yet");
            continue;
        };
        let through = match source.valid_through_micros {
            Some(through) => format!("complete up to what Kafka held at {}", instant(through)),
            None => source.why_no_time().to_owned(),
        };
        println!("  {name}: {} rows, newest event {}, {through}", source.rows, instant(last));
        println!(
            "    {} quarantined, {} repeated, {} with conflicting contents, {} corrected",
            source.quarantined, source.repeats, source.conflicts, source.superseded
        );
    }
}
