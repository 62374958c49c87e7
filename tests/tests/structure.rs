//! The rules of the house, held as tests: who may depend on whom, which technology lives where,
//! what every file says of itself, and that what the documents name is there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each room and the rooms that it may use. An arrow that is not here is a change of the design.
const ARROWS: [(&str, &[&str]); 12] = [
    ("schemas", &[]),
    ("queries", &["schemas"]),
    ("kafka", &[]),
    ("lake", &["schemas"]),
    ("connect", &["kafka", "schemas"]),
    ("ingest", &["kafka", "lake", "schemas"]),
    ("audit", &["kafka", "lake", "schemas"]),
    ("refresh", &["lake", "queries", "schemas"]),
    ("serve", &["lake", "queries", "refresh", "schemas"]),
    ("simulate", &["schemas"]),
    (
        "switchboard",
        &["audit", "connect", "ingest", "kafka", "lake", "queries", "refresh", "schemas", "serve", "simulate"],
    ),
    ("pipeline-tests", &["connect", "ingest", "kafka", "lake", "queries", "refresh", "schemas", "simulate"]),
];

/// Each technology and the rooms that may name it. The tests look from outside and may name all. The
/// auditor has its own reader of everything on purpose: it judges the others.
const HOMES: [(&str, &[&str]); 12] = [
    ("apache-avro", &["audit", "schemas"]),
    ("arrow-avro", &["schemas"]),
    ("reqwest", &["schemas"]),
    ("rdkafka", &["audit", "connect", "ingest", "kafka"]),
    ("deltalake-core", &["lake"]),
    ("datafusion", &["lake", "queries"]),
    ("parquet", &["audit", "lake"]),
    ("age", &["ingest", "switchboard"]),
    ("axum", &["serve", "switchboard"]),
    ("metrics-exporter-prometheus", &["switchboard"]),
    ("maud", &["serve"]),
    ("tracing-subscriber", &["switchboard"]),
];

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The direct dependencies of each package of the workspace, those for tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut command = Command::new(env!("CARGO"));
    let output =
        command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(checkout());
    let metadata: Json = serde_json::from_slice(&output.output().unwrap().stdout).unwrap();
    let names = |package: &Json| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies
            .filter(|one| one["kind"].is_null())
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["name"].as_str().unwrap().to_owned(), names(package))).collect()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "switchboard-data" {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn arrows_are_those_of_the_design() {
    let rooms = dependencies();
    let names: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    for (room, allowed) in ARROWS {
        let arrows = rooms[room].iter().filter(|name| names.contains(name.as_str()));
        let strangers: Vec<_> = arrows.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(strangers.is_empty(), "{room} must not depend on {strangers:?}");
    }
}

#[test]
fn each_technology_has_its_home() {
    for (room, dependencies) in dependencies().iter().filter(|(room, _)| room.as_str() != "pipeline-tests") {
        for (technology, homes) in HOMES {
            let at_home = homes.contains(&room.as_str()) || !dependencies.contains(technology);
            assert!(at_home, "{room} names {technology}, whose home is {homes:?}");
        }
    }
    // A room's own tests look at its tables as they like.
    let of_tests = |path: &PathBuf| path.iter().any(|part| part == "tests" || part == "tests.rs");
    for path in files(&checkout().join("services"), ".rs").into_iter().filter(|path| !of_tests(path)) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("SessionContext::new"), "{}: the session is made in queries", path.display());
    }
}

#[test]
fn every_file_says_what_it_is_and_is_not_too_long() {
    for path in files(&checkout(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//!") || first.starts_with("#![doc"), "{} has no module doc", path.display());
        let code = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(code <= 300, "{} has {code} lines", path.display());
        assert!(!text.contains(concat!("macro_", "rules!")), "{}: no macros of our own", path.display());
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let banned = ["utils", "util", "common", "manager", "helper", "helpers", "misc"];
        let shared_test_code = path.components().any(|part| part.as_os_str() == "tests");
        assert!(
            shared_test_code || !banned.contains(&stem.as_str()),
            "{} has a name that says nothing",
            path.display()
        );
    }
}

#[test]
fn only_the_edges_read_the_clock_and_the_environment() {
    let clocks = ["services/switchboard/src/output.rs", "services/ingest/src/run.rs"];
    for room in ["schemas/src", "queries/src", "services"] {
        for path in files(&checkout().join(room), ".rs") {
            let shown = path.strip_prefix(checkout()).unwrap().display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            let reads_clock = text.contains("SystemTime::now") || text.contains("Utc::now");
            assert!(!reads_clock || clocks.contains(&shown.as_str()), "{shown} reads the clock");
            let reads_environment = text.contains("env::var") && !shown.contains("/tests");
            assert!(
                !reads_environment || shown.ends_with("switchboard/src/config.rs"),
                "{shown} reads the environment"
            );
        }
    }
}

#[test]
fn every_event_has_samples_and_every_measure_an_example() {
    let root = checkout();
    for source in schemas::catalogue().sources.values() {
        let samples = root.join("schemas").join(&source.name).join("samples");
        let names: Vec<String> = files(&samples, ".json")
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        for event in &source.events {
            for ending in [".pass.json", ".fail.json"] {
                let has = |name: &String| name.starts_with(&format!("{}.", event.name)) && name.ends_with(ending);
                assert!(names.iter().any(has), "{} has no sample *{ending}", event.name);
            }
        }
    }
    for kpi in queries::catalogue().kpis.keys() {
        let example = root.join(format!("queries/kpis/examples/{kpi}.toml"));
        assert!(example.is_file(), "{} is missing", example.display());
    }
}

#[test]
fn paths_that_the_documents_name_are_there() {
    let root = checkout();
    for document in files(&root, "README.md") {
        let text = fs::read_to_string(&document).unwrap();
        let home = document.parent().unwrap();
        for path in text.split('`').skip(1).step_by(2).filter(|quoted| looks_like_a_path(quoted)) {
            let path = path.trim_end_matches('/');
            let is_name = !path.contains('/');
            let found =
                root.join(path).exists() || home.join(path).exists() || is_name && !files(home, path).is_empty();
            assert!(found, "{} names `{path}`, which is not there", document.display());
        }
    }
}

fn looks_like_a_path(quoted: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let endings = [".rs", ".toml", ".sql", ".md", ".sh", ".avsc", ".csv", ".json"];
    let is_made_by_use = quoted.starts_with("switchboard-data") || quoted.starts_with("../");
    quoted.chars().all(plain)
        && !is_made_by_use
        && (quoted.contains('/') || endings.iter().any(|end| quoted.ends_with(end)))
        && !quoted.starts_with('/')
        && !quoted.starts_with('.')
}
