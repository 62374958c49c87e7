//! `switchboard reference load`: what the council says of itself, into the lake.

use crate::cli::ReferenceAction;
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result};
use connect::reference::{self, ReferenceOptions};
use data_encoding::HEXLOWER;
use ingest::Loaded;
use lake::Lake;
use schemas::Event;
use sha2::{Digest, Sha256};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, action: ReferenceAction) -> Result<ExitCode> {
    let ReferenceAction::Load { file } = action;
    let said_at_micros = output::now_micros();
    let options = ReferenceOptions { source: "reference".to_owned(), said_at_micros };
    let events = reference::read(&file, &options).with_context(|| format!("{} is not loaded", file.display()))?;
    let keys = keys::load(config)?;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let source = &schemas::catalogue().sources["reference"];
    // The same file said again later is a new statement, so the instant is part of the fence.
    let content = std::fs::read(&file)?;
    let hash = Sha256::new().chain_update(content).chain_update(said_at_micros.to_be_bytes()).finalize();
    let records = events.iter().map(Event::to_record).map(|made| made.map_err(Into::into));
    let hash = HEXLOWER.encode(&hash);
    match ingest::load_history(&lake, source, &hash, records, keys.token, said_at_micros).await? {
        Loaded::Rows(rows) => {
            println!("{}: {rows} statements loaded; they show at the next refresh", file.display())
        }
        Loaded::Already => println!("{} was loaded in this very instant already", file.display()),
    }
    Ok(ExitCode::SUCCESS)
}
