//! What a process is there for, and what stands in its way.

use crate::output;
use ingest::{Health, Problem};
use lake::Lake;
use serve::Watch;
use std::path::PathBuf;

/// Something that the process does until it is told to stop.
#[derive(Debug)]
pub(crate) enum Duty {
    /// Events are taken from Kafka into the lake.
    Ingest(Health, Lake),
    /// The newest epoch is shown.
    Serve(Watch),
    /// The tables of the lake in this folder are written: refreshed, or looked after.
    Write(PathBuf),
}

impl Duty {
    /// Why it cannot be done now: a sentence each, none where it can.
    pub(super) async fn reasons_against(&self) -> Vec<String> {
        match self {
            Self::Ingest(health, lake) => {
                let mut reasons: Vec<String> = health.problems().iter().map(since).collect();
                reasons.extend(refusal(lake.clone()).await);
                reasons
            }
            Self::Write(folder) => match Lake::open(folder) {
                Ok(lake) => refusal(lake).await.into_iter().collect(),
                Err(error) => vec![error.to_string()],
            },
            Self::Serve(watch) => match watch.epoch().await {
                Ok(Some(_)) => Vec::new(),
                Ok(None) => vec!["nothing is published yet; `switchboard refresh --once` publishes".to_owned()],
                Err(error) => vec![format!("the newest epoch cannot be opened: {}", caused(&error))],
            },
        }
    }
}

/// Why the lake cannot be written, if it cannot.
async fn refusal(lake: Lake) -> Option<String> {
    let folder = lake.folder().display().to_string();
    let why = match tokio::task::spawn_blocking(move || lake.check_writable()).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error.cause(),
        Err(fallen) => fallen.to_string(),
    };
    Some(format!("the lake in {folder} cannot be written ({why}); the work goes on by itself when it can"))
}

/// A problem with the instant since which it is there.
fn since(problem: &Problem) -> String {
    format!("{} (since {})", problem.sentence, output::instant(problem.since_micros))
}

/// The error and its causes in one line.
fn caused(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told = format!("{told}: {cause}");
        next = cause.source();
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use ingest::Condition;
    use tempfile::TempDir;

    #[tokio::test]
    async fn ingest_is_ready_while_nothing_is_broken_and_the_lake_can_be_written() {
        let folder = TempDir::new().unwrap();
        let health = Health::default();
        let duty = Duty::Ingest(health.clone(), Lake::open_or_create(folder.path()).unwrap());
        assert!(duty.reasons_against().await.is_empty());
        health.broken(Condition::Kafka("t".to_owned()), "no broker answers", 1_000_000);
        assert_eq!(duty.reasons_against().await, ["no broker answers (since 1970-01-01T00:00:01Z)"]);
        health.holds(&Condition::Kafka("t".to_owned()));
        assert!(duty.reasons_against().await.is_empty());
        folder.close().unwrap();
        let told = duty.reasons_against().await;
        assert!(
            told.len() == 1 && told[0].contains("cannot be written") && told[0].contains("No such file"),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn maintenance_is_ready_as_soon_as_there_is_a_lake() {
        let folder = TempDir::new().unwrap();
        let duty = Duty::Write(folder.path().join("lake"));
        let told = duty.reasons_against().await;
        assert!(told.len() == 1 && told[0].contains("there is no lake here yet"), "{told:?}");
        Lake::open_or_create(&folder.path().join("lake")).unwrap();
        assert!(duty.reasons_against().await.is_empty());
    }

    #[tokio::test]
    async fn serve_is_ready_once_an_epoch_is_there() {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open_or_create(folder.path()).unwrap();
        let duty = || async {
            let server = serve::Server::bind("127.0.0.1:0".parse().unwrap(), folder.path()).await;
            Duty::Serve(server.unwrap().watch())
        };
        let told = duty().await.reasons_against().await;
        assert!(told.len() == 1 && told[0].contains("switchboard refresh --once"), "{told:?}");
        let plan = refresh::Plan {
            time_zone: chrono_tz::Europe::London,
            as_of_micros: 0,
            now_micros: 0,
            from_scratch: false,
        };
        refresh::refresh(&lake, &plan, |_| {}).await.unwrap();
        assert!(duty().await.reasons_against().await.is_empty());
    }
}
