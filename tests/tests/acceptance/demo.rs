//! The demonstration, as somebody sees it who has nothing: one command, then a question.

use crate::world::{binary, checkout};
use std::process::{Command, Output};
use tempfile::TempDir;

#[test]
fn the_demonstration_ends_with_numbers_and_leaves_a_lake_that_answers() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("demo");
    let place = place.to_str().unwrap();
    let mut demo = Command::new(checkout().join("deploy/demo.sh"));
    // A user does not have what cargo tells a test, and build scripts that look at it would run anew.
    let of_cargo = |name: &str| {
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start));
        told || name == "CARGO" || name == "LD_LIBRARY_PATH"
    };
    let names = std::env::vars().map(|(name, _)| name).filter(|name| of_cargo(name));
    for name in names {
        demo.env_remove(name);
    }
    let output = demo.args(["--once", "--folder", place]).output().unwrap();
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}\n{err}");
    for title in ["Average speed of answer", "Abandonment", "First-contact resolution", "Self-service share"] {
        assert!(out.contains(title), "{title} is not in the scorecard\n{out}");
    }
    let settings = format!("{place}/switchboard.toml");
    let mut ask = Command::new(binary());
    let query = "SELECT channel, count(*) > 1000 AS many FROM contact_demands GROUP BY channel ORDER BY channel";
    let answer = ask.args(["--config", &settings, "sql", query, "--format", "csv"]).output().unwrap();
    let (out, err) = texts(&answer);
    assert!(answer.status.success(), "{err}");
    for channel in ["fixmystreet,true", "voice,true", "web_form,true"] {
        assert!(out.contains(channel), "{out}");
    }
}

#[test]
fn a_folder_with_something_else_is_not_cleared() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let mut demo = Command::new(binary());
    let output = demo.args(["demo", "--once", "--folder", folder.path().to_str().unwrap()]).output().unwrap();
    assert!(!output.status.success() && texts(&output).1.contains("holds something else"));
    assert!(folder.path().join("thesis.txt").is_file());
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}
