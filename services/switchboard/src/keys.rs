//! `switchboard keys`: the token key and the stewards' pair, in a folder outside the lake.

use crate::cli::KeysAction;
use crate::config::Config;
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use anyhow::{Context, Result, bail};
use data_encoding::HEXLOWER;
use ingest::{StewardKey, StewardSecret, TokenKey};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

const TOKEN_KEY: &str = "token.key";
const STEWARDS_PUBLIC: &str = "stewards.public";
const STEWARDS_SECRET: &str = "stewards.secret";

/// What ingest needs of the keys.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) token: TokenKey,
    pub(crate) steward: StewardKey,
}

pub(crate) fn run(config: &Config, action: KeysAction) -> Result<()> {
    let folder = &config.keys.folder;
    match action {
        KeysAction::New => make(folder, &config.lake.folder),
        KeysAction::Check => check(folder),
    }
}

/// Reads the keys that ingest needs; without them nothing is ingested.
pub(crate) fn load(config: &Config) -> Result<Keys> {
    let token = TokenKey::parse(&read(config, TOKEN_KEY)?)?;
    Ok(Keys { token, steward: StewardKey::parse(&read(config, STEWARDS_PUBLIC)?)? })
}

/// Reads the stewards' secret key, which only they need.
pub(crate) fn load_stewards_secret(config: &Config) -> Result<StewardSecret> {
    let text =
        read(config, STEWARDS_SECRET).context("quarantined records are opened with the stewards' secret key")?;
    Ok(StewardSecret::parse(&text)?)
}

/// Reads the token key for the auditor, who has a reader of its own.
pub(crate) fn load_for_audit(config: &Config) -> Result<audit::TokenKey> {
    Ok(audit::TokenKey::parse(&read(config, TOKEN_KEY)?)?)
}

fn read(config: &Config, name: &str) -> Result<String> {
    let path = config.keys.folder.join(name);
    fs::read_to_string(&path).with_context(|| {
        format!("no key at {}; make the keys once with `switchboard keys new`, or set keys.folder", path.display())
    })
}

fn make(folder: &Path, lake: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    if resolved(folder).starts_with(resolved(lake)) {
        bail!(
            "{} lies in the lake; whoever has the lake must not have the keys. Set keys.folder",
            folder.display()
        );
    }
    let paths = [TOKEN_KEY, STEWARDS_PUBLIC, STEWARDS_SECRET].map(|name| folder.join(name));
    if let Some(there) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        bail!("{} is there already and is not overwritten; `switchboard keys check` looks at it", there.display());
    }
    let mut token = [0u8; 32];
    getrandom::fill(&mut token).map_err(|error| anyhow::anyhow!("the system gave no random bytes: {error}"))?;
    let stewards = Identity::generate();
    write_secret(&paths[0], &HEXLOWER.encode(&token))?;
    write_secret(&paths[1], &stewards.to_public().to_string())?;
    write_secret(&paths[2], stewards.to_string().expose_secret())?;
    println!("Made in {}, readable by you alone:", folder.display());
    println!("  {TOKEN_KEY}        turns identifiers into tokens.");
    println!("      If it is lost, no new event can be matched to an old one: repeat contact starts afresh.");
    println!("      If it leaks, telephone numbers can be guessed from tokens: make a new lake.");
    println!("  {STEWARDS_PUBLIC}   seals records that could not be used.");
    println!("  {STEWARDS_SECRET}   opens them. Ingest does not need it: keep it with the data stewards.");
    println!("      If it is lost, quarantined records can be counted and no longer read.");
    println!("Keep a copy of all three where the lake's backups are not.");
    Ok(())
}

fn check(folder: &Path) -> Result<()> {
    let mut problems = Vec::new();
    let mut read = |name: &str| -> Option<String> {
        let path = folder.join(name);
        let found = fs::metadata(&path).and_then(|found| Ok((found, fs::read_to_string(&path)?)));
        match found {
            Ok((metadata, text)) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    problems
                        .push(format!("{} can be read by others (mode {mode:o}): chmod 600 it", path.display()));
                }
                Some(text)
            }
            Err(error) => {
                problems.push(format!("{}: {error}", path.display()));
                None
            }
        }
    };
    let (token, public, secret) = (read(TOKEN_KEY), read(STEWARDS_PUBLIC), read(STEWARDS_SECRET));
    match token.as_deref().map(TokenKey::parse) {
        Some(Ok(key)) => println!("token key {} is usable", key.id()),
        Some(Err(error)) => problems.push(format!("{TOKEN_KEY}: {error}")),
        None => {}
    }
    match public.as_deref().map(StewardKey::parse) {
        Some(Err(error)) => problems.push(format!("{STEWARDS_PUBLIC}: {error}")),
        Some(Ok(_)) => println!("stewards' public key is usable"),
        None => {}
    }
    if let (Some(public), Some(secret)) = (&public, &secret) {
        match Identity::from_str(secret.trim()) {
            Ok(identity) if identity.to_public().to_string() == public.trim() => {
                println!("stewards' secret key fits the public one");
            }
            Ok(_) => problems.push("the stewards' secret key does not fit the public one".to_owned()),
            Err(error) => problems.push(format!("{STEWARDS_SECRET}: {error}")),
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make {}", path.display()))?;
    writeln!(file, "{text}")
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The path with its existing part resolved, so that a link does not hide where it leads.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute.ancestors().find_map(|part| part.canonicalize().ok().map(|real| (real, part)));
    match existing {
        Some((real, part)) => real.join(absolute.strip_prefix(part).unwrap_or(Path::new(""))),
        None => absolute,
    }
}
