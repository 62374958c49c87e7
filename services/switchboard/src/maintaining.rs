//! `switchboard maintain`: looks after every table, once or every few minutes.

use crate::cli::MaintainArguments;
use crate::config::{Config, MaintenanceConfig};
use crate::operations::{self, Duty};
use crate::output;
use anyhow::{Result, bail};
use indicatif::{HumanBytes, HumanCount};
use ingest::event_table;
use lake::{Appended, Care, Done, Lake, Policy, QUARANTINE_TABLE, Retention, maintain, quarantine_table};
use refresh::{PUBLICATIONS_TABLE, RESTATEMENTS_TABLE, VERIFICATIONS_TABLE, retained_versions};
use schemas::{PartitionBy, catalogue};
use std::process::ExitCode;
use std::time::Duration;

const DAY_MICROS: i64 = 86_400_000_000;

pub(crate) async fn run(config: &Config, arguments: &MaintainArguments) -> Result<ExitCode> {
    check(&config.maintenance)?;
    if arguments.once {
        let failed = round(config).await?;
        return Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) });
    }
    let every = Duration::from_secs(60 * config.maintenance.every_minutes.max(1));
    let duties = vec![Duty::Write(config.lake.folder.clone())];
    let _operations = operations::start(&config.operations, duties).await?;
    // Any step may be its last: a run that is cut short leaves whole tables.
    tokio::select! {
        () = output::asked_to_stop() => Ok(ExitCode::SUCCESS),
        ended = rounds(config, every) => ended,
    }
}

async fn rounds(config: &Config, every: Duration) -> Result<ExitCode> {
    loop {
        if let Err(error) = round(config).await {
            output::tell_error(&error);
        }
        tokio::time::sleep(every).await;
    }
}

/// Does for each table what is due; says how many could not be looked after.
async fn round(config: &Config) -> Result<usize> {
    let settings = &config.maintenance;
    let lake = Lake::open(&config.lake.folder)?;
    let now_micros = output::now_micros();
    let kept_since = now_micros - i64::from(settings.keep_epochs_days) * DAY_MICROS;
    let mut retained = retained_versions(&lake, kept_since).await?;
    let policy = Policy::at(now_micros / 1_000, settings.memory_mib << 20);
    let (mut idle, mut failed) = (0, 0);
    for table in lake.tables()? {
        let retained = retained.remove(&table).unwrap_or_default();
        let care = Care { appended: appended(&table, settings), table, retained };
        let working = output::working(&format!("looking after {}", care.table));
        let done = maintain(&lake, &care, &policy).await;
        working.finish_and_clear();
        match done {
            Ok(done) if done == Done::default() => idle += 1,
            Ok(done) => println!("{}: {}", care.table, summary(&done)),
            Err(error) => {
                failed += 1;
                output::tell_error(
                    &anyhow::Error::from(error).context(format!("{} is left as it is", care.table)),
                );
            }
        }
    }
    println!("looked after all tables: {idle} needed nothing, {failed} failed");
    Ok(failed)
}

/// How a table's rows are kept, if they are only ever appended.
fn appended(table: &str, settings: &MaintenanceConfig) -> Option<Appended> {
    let kept = |period: PartitionBy, keep_days: u32| (keep_days > 0).then_some(Retention { period, keep_days });
    if let Some(source) = catalogue().sources.values().find(|source| source.table == table) {
        let keep_days = settings.events_keep_days.get(&source.name).copied().unwrap_or_default();
        let sort_columns = event_table(source).sort_columns;
        return Some(Appended { sort_columns, retention: kept(source.partition, keep_days) });
    }
    match table {
        QUARANTINE_TABLE => Some(Appended {
            sort_columns: quarantine_table().sort_columns,
            retention: kept(PartitionBy::Date, settings.quarantine_keep_days),
        }),
        PUBLICATIONS_TABLE | VERIFICATIONS_TABLE | RESTATEMENTS_TABLE => {
            Some(Appended { sort_columns: vec!["epoch".to_owned()], retention: None })
        }
        _ => None,
    }
}

fn check(settings: &MaintenanceConfig) -> Result<()> {
    if settings.keep_epochs_days == 0 {
        bail!("maintenance.keep_epochs_days must be 1 at least: readers need their epoch while they read");
    }
    let known = &catalogue().sources;
    if let Some(unknown) = settings.events_keep_days.keys().find(|name| !known.contains_key(*name)) {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        bail!("maintenance.events_keep_days: there is no source `{unknown}`; there are {}", names.join(", "));
    }
    Ok(())
}

/// What was done, in a line for people.
fn summary(done: &Done) -> String {
    let count = |number: usize| HumanCount(number as u64).to_string();
    let mut parts = Vec::new();
    if done.expired_rows > 0 {
        parts.push(format!("{} rows removed that have had their time", count(done.expired_rows)));
    }
    if done.files_before > 0 {
        let (before, after) = (HumanBytes(done.bytes_before), HumanBytes(done.bytes_after));
        let files = (count(done.files_before), count(done.files_after));
        parts.push(format!("{} small files ({before}) are {} now ({after})", files.0, files.1));
    }
    if let Some(version) = done.checkpoint {
        parts.push(format!("checkpoint at version {version}"));
    }
    if done.log_files_removed > 0 {
        parts.push(format!("{} old files of the log removed", count(done.log_files_removed)));
    }
    if done.files_deleted > 0 {
        parts.push(format!(
            "{} unused files deleted, {}",
            count(done.files_deleted),
            HumanBytes(done.bytes_freed)
        ));
    }
    if done.gave_way {
        parts.push("another process is looking after this table, so the rest is left to it".to_owned());
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MaintenanceConfig {
        MaintenanceConfig {
            every_minutes: 10,
            keep_epochs_days: 7,
            quarantine_keep_days: 90,
            events_keep_days: [("webform".to_owned(), 30)].into(),
            memory_mib: 256,
        }
    }

    #[test]
    fn only_tables_that_are_appended_to_are_rewritten_and_only_named_ones_forgotten() {
        let kept = |table: &str| appended(table, &settings()).map(|appended| appended.retention);
        let days = |keep_days| Some(Some(Retention { period: PartitionBy::Date, keep_days }));
        assert_eq!(kept("quarantine"), days(90));
        assert_eq!(kept("webform_events"), days(30));
        assert_eq!(kept("telephony_events"), Some(None));
        assert_eq!(kept("publications"), Some(None));
        assert_eq!(kept("queue_visits"), None);
        let for_ever = MaintenanceConfig { quarantine_keep_days: 0, ..settings() };
        assert_eq!(appended("quarantine", &for_ever).map(|appended| appended.retention), Some(None));
    }

    #[test]
    fn settings_that_would_lose_something_are_refused() {
        assert!(check(&settings()).is_ok());
        assert!(check(&MaintenanceConfig { keep_epochs_days: 0, ..settings() }).is_err());
        let unknown = MaintenanceConfig { events_keep_days: [("webfrom".to_owned(), 30)].into(), ..settings() };
        let told = check(&unknown).map_err(|error| error.to_string());
        assert!(told.is_err_and(|told| told.contains("webfrom") && told.contains("telephony")));
    }

    #[test]
    fn a_summary_says_what_was_done_and_nothing_else() {
        let done = Done {
            files_before: 1_312,
            files_after: 2,
            bytes_before: 3 << 20,
            bytes_after: 1 << 20,
            checkpoint: Some(1_200),
            ..Done::default()
        };
        let told = "1,312 small files (3.00 MiB) are 2 now (1.00 MiB); checkpoint at version 1200";
        assert_eq!(summary(&done), told);
        let gave_way = summary(&Done { gave_way: true, ..Done::default() });
        assert!(gave_way.starts_with("another process is looking after this table"), "{gave_way}");
    }
}
