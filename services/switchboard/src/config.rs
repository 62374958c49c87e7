//! Settings: the commented defaults of `deploy/switchboard.toml`, then the operator's file, then
//! the environment. A key that is not known is refused with the nearest one that is.

use anyhow::{Context, Result, anyhow, bail};
use chrono_tz::Tz;
use schemas::Registry;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const DEFAULTS: &str = include_str!("../../../deploy/switchboard.toml");
const FILE_VARIABLE: &str = "SWITCHBOARD_CONFIG";
const PREFIX: &str = "SWITCHBOARD__";

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Config {
    pub(crate) lake: LakeConfig,
    pub(crate) keys: KeysConfig,
    pub(crate) kafka: KafkaConfig,
    pub(crate) schemas: SchemasConfig,
    pub(crate) ingest: IngestConfig,
    pub(crate) refresh: RefreshConfig,
    pub(crate) maintenance: MaintenanceConfig,
    pub(crate) serve: ServeConfig,
    pub(crate) operations: OperationsConfig,
    pub(crate) council: CouncilConfig,
    pub(crate) log: LogConfig,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LakeConfig {
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KeysConfig {
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KafkaConfig {
    #[serde(flatten)]
    pub(crate) connection: kafka::Settings,
    pub(crate) group: String,
    pub(crate) group_protocol: GroupProtocol,
    pub(crate) partitions: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SchemasConfig {
    pub(crate) registry: String,
    pub(crate) username: String,
    pub(crate) password_file: PathBuf,
}

impl SchemasConfig {
    /// The registry, if one is configured.
    pub(crate) fn registry(&self) -> Result<Option<Registry>> {
        if self.registry.is_empty() {
            return Ok(None);
        }
        let registry = Registry::new(&self.registry).context("the setting `schemas.registry`")?;
        if self.username.is_empty() {
            return Ok(Some(registry));
        }
        let password = kafka::private_text("schemas.password_file", &self.password_file)?;
        Ok(Some(registry.with_login(&self.username, password.trim_end_matches(['\r', '\n']))))
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupProtocol {
    Classic,
    Consumer,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct IngestConfig {
    pub(crate) flush_after_ms: u64,
    pub(crate) flush_mib: usize,
    pub(crate) memory_mib: usize,
    pub(crate) pause_above_bad_percent: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RefreshConfig {
    pub(crate) every_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MaintenanceConfig {
    pub(crate) every_minutes: u64,
    pub(crate) keep_epochs_days: u32,
    pub(crate) quarantine_keep_days: u32,
    pub(crate) events_keep_days: BTreeMap<String, u32>,
    pub(crate) memory_mib: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServeConfig {
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OperationsConfig {
    #[serde(deserialize_with = "address_or_none")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CouncilConfig {
    #[serde(deserialize_with = "zone")]
    pub(crate) time_zone: Tz,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LogConfig {
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// The point at which a test build is to be held, if there is one; see [`lake::fault`].
#[cfg(debug_assertions)]
pub(crate) fn fail_point() -> Option<String> {
    env::var("SWITCHBOARD_FAIL_POINT").ok()
}

/// Reads the settings. `file` is the one named on the command line.
pub(crate) fn load(file: Option<&Path>) -> Result<Config> {
    let named = file.map(Path::to_owned).or_else(|| env::var_os(FILE_VARIABLE).map(PathBuf::from));
    let local = PathBuf::from("switchboard.toml");
    let file = named.or_else(|| local.is_file().then_some(local));
    let own = match &file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            Some((path.display().to_string(), text.with_context(|| format!("cannot read {}", path.display()))?))
        }
        None => None,
    };
    merge(own.as_ref().map(|(name, text)| (name.as_str(), text.as_str())), env::vars())
}

/// Defaults, then the file's text, then the environment.
fn merge(own: Option<(&str, &str)>, environment: impl Iterator<Item = (String, String)>) -> Result<Config> {
    let mut settings: Table = DEFAULTS.parse()?;
    if let Some((name, text)) = own {
        let table: Table = text.parse().with_context(|| format!("{name} is not TOML"))?;
        for (section, keys) in table {
            let Value::Table(keys) = keys else { bail!("{name}: `{section}` must stand in a [section]") };
            for (key, value) in keys {
                *setting(&mut settings, &section, &key).with_context(|| format!("in {name}"))? = value;
            }
        }
    }
    for (variable, text) in environment {
        let Some(path) = variable.strip_prefix(PREFIX) else { continue };
        let path = path.to_lowercase();
        let (section, key) = path.split_once("__").unwrap_or((&path, ""));
        let held =
            setting(&mut settings, section, key).with_context(|| format!("in the environment: {variable}"))?;
        *held = match held {
            Value::Integer(_) => Value::Integer(
                text.parse().with_context(|| format!("{variable} must be a whole number, not `{text}`"))?,
            ),
            _ => Value::String(text),
        };
    }
    Config::deserialize(settings).context("a setting has a value that cannot be used")
}

fn setting<'a>(settings: &'a mut Table, section: &str, key: &str) -> Result<&'a mut Value> {
    let known: Vec<String> = paths(settings);
    let path = format!("{section}.{key}");
    let found = settings.get_mut(section).and_then(Value::as_table_mut).and_then(|keys| keys.get_mut(key));
    found.ok_or_else(|| {
        let nearest = known
            .iter()
            .max_by(|one, other| strsim::jaro_winkler(one, &path).total_cmp(&strsim::jaro_winkler(other, &path)));
        anyhow!("unknown setting `{path}`; did you mean `{}`?", nearest.map(String::as_str).unwrap_or_default())
    })
}

fn paths(settings: &Table) -> Vec<String> {
    let of_section = |(section, keys): (&String, &Value)| -> Vec<String> {
        keys.as_table().into_iter().flatten().map(|(key, _)| format!("{section}.{key}")).collect()
    };
    settings.iter().flat_map(of_section).collect()
}

fn address_or_none<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| D::Error::custom(format!("`{text}` is no address and port; give one such as 127.0.0.1:9464"));
    text.parse().map(Some).map_err(wrong)
}

fn zone<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| D::Error::custom(format!("`{name}` is no time zone; give one such as Europe/London")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_file_the_defaults() {
        let file = Some(("own.toml", "[kafka]\nbrokers = \"a:1\"\ngroup = \"g\"\n"));
        let config = merge(file, variables(&[("SWITCHBOARD__KAFKA__BROKERS", "b:2"), ("SWITCHBOARD_BIN", "x")]));
        let kafka = config.unwrap().kafka;
        assert_eq!((kafka.connection.brokers.as_str(), kafka.group.as_str(), kafka.partitions), ("b:2", "g", 8));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let problem = |file: &str| format!("{:#}", merge(Some(("own.toml", file)), variables(&[])).unwrap_err());
        let told = problem("[kafka]\nbroker = \"a:1\"\n");
        assert!(told.contains("own.toml") && told.contains("did you mean `kafka.brokers`"), "{told}");
        let told = problem("[laek]\nfolder = \"x\"\n");
        assert!(told.contains("did you mean `lake.folder`"), "{told}");
        let told = merge(None, variables(&[("SWITCHBOARD__INGEST__FLUSH_AFTER", "5")])).unwrap_err();
        assert!(format!("{told:#}").contains("did you mean `ingest.flush_after_ms`"), "{told:#}");
    }

    #[test]
    fn the_operations_listener_is_off_unless_it_has_an_address() {
        let listen = |text: &str| {
            let config = merge(None, variables(&[("SWITCHBOARD__OPERATIONS__LISTEN", text)]));
            config.map(|config| config.operations.listen).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(merge(None, variables(&[])).unwrap().operations.listen, None);
        assert_eq!(listen("127.0.0.1:9464"), Ok(Some(SocketAddr::from(([127, 0, 0, 1], 9464)))));
        assert!(listen("9464").unwrap_err().contains("such as 127.0.0.1:9464"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        assert!(merge(None, variables(&[("SWITCHBOARD__KAFKA__PARTITIONS", "many")])).is_err());
        assert!(merge(None, variables(&[("SWITCHBOARD__COUNCIL__TIME_ZONE", "Europe/Londno")])).is_err());
        let told = merge(None, variables(&[("SWITCHBOARD__KAFKA__SECURITY", "ssl")])).unwrap_err();
        assert!(format!("{told:#}").contains("`plaintext`, `tls`, `sasl_tls`"), "{told:#}");
    }
}
