//! `switchboard import calls`.

use super::rows::{self, RowFile};
use crate::cli::ImportRows;
use crate::config::Config;
use anyhow::{Context, Result};
use connect::call_records::{self, ImportOptions};

pub(super) async fn run(config: &Config, arguments: &ImportRows) -> Result<()> {
    let options = ImportOptions { source: arguments.source.clone(), time_zone: arguments.time_zone };
    let records = call_records::open(&arguments.file, options)
        .with_context(|| format!("{} cannot be imported", arguments.file.display()))?;
    let file = RowFile {
        path: &arguments.file,
        source: &schemas::catalogue().sources["telephony"],
        heading: records.heading().clone(),
        rows: records,
        notices: Vec::new(),
    };
    rows::import(config, arguments.to, file).await
}
