//! `switchboard import fixmystreet`.

use super::rows::{self, RowFile};
use crate::cli::ImportReports;
use crate::config::Config;
use crate::output;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use connect::fixmystreet::{self, ImportOptions};
use std::fs;
use std::path::Path;

pub(super) async fn run(config: &Config, arguments: &ImportReports) -> Result<()> {
    let ImportReports { rows: arguments, exported_at } = arguments;
    let mut notices = Vec::new();
    let exported_at = match exported_at {
        Some(exported_at) => *exported_at,
        None => {
            let changed_at = last_changed(&arguments.file)?;
            let shown = output::instant(changed_at.timestamp_micros());
            notices
                .push(format!("taken as exported at {shown}, the time of the file; --exported-at says otherwise"));
            changed_at
        }
    };
    let options = ImportOptions {
        source: arguments.source.clone(),
        time_zone: arguments.time_zone,
        exported_at_seconds: exported_at.timestamp(),
    };
    let reports = fixmystreet::open(&arguments.file, options)
        .with_context(|| format!("{} cannot be imported", arguments.file.display()))?;
    if !reports.ignored_columns().is_empty() {
        notices
            .push(format!("columns that are not known, and not read: {}", reports.ignored_columns().join(", ")));
    }
    let file = RowFile {
        path: &arguments.file,
        source: &schemas::catalogue().sources["fixmystreet"],
        heading: reports.heading().clone(),
        rows: reports,
        notices,
    };
    rows::import(config, arguments.to, file).await
}

fn last_changed(file: &Path) -> Result<DateTime<Utc>> {
    let changed_at = fs::metadata(file).and_then(|metadata| metadata.modified());
    Ok(changed_at.with_context(|| format!("cannot open {}", file.display()))?.into())
}
