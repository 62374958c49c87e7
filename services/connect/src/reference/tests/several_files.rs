//! Several files at once: all of them or none, each matter once over all.

use super::options;
use crate::reference::{ReferenceError, Said, read};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const HEADING: &str = "queue_id,service_area,social_care,effective_from";
const TARGET: &str = "[[target]]\nkpi = \"wait_asa\"\ndimensions = { service_class = \"other\" }\nvalue = 120\n\
                      unit = \"seconds\"\ndirection = \"lower\"\neffective_from = 2026-04-01\n\
                      status = \"approved\"\n";

struct Files {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

fn files(contents: &[(&str, &str)]) -> Files {
    let folder = TempDir::new().unwrap();
    let write = |(name, text): &(&str, &str)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let paths = contents.iter().map(write).collect();
    Files { folder, paths }
}

impl Files {
    fn read(&self) -> Result<Vec<Said>, ReferenceError> {
        read(&self.paths, &options())
    }

    /// The message without the folder's name.
    fn refused(&self) -> String {
        let error = self.read().unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

#[test]
fn each_statement_knows_its_file_and_line() {
    let queues = format!("# Queues.\n{HEADING}\nTAX,council_tax,false,2026-04-01\nASC,care,true,2026-04-01\n");
    let files = files(&[("queues.csv", &queues), ("targets.toml", &format!("\n{TARGET}"))]);
    let said = files.read().unwrap();
    let places: Vec<_> = said.iter().map(|said| (said.file, said.line, said.about.as_str())).collect();
    assert_eq!(
        places,
        [
            (0, 3, "queue TAX, 2026-04-01"),
            (0, 4, "queue ASC, 2026-04-01"),
            (1, 2, "target wait_asa, service_class=other, 2026-04-01"),
        ]
    );
}

#[test]
fn one_wrong_file_refuses_all_and_all_that_is_wrong_is_said() {
    let (right, wrong) = (format!("{HEADING}\nTAX,tax,no,2026-04-01\n"), TARGET.replace("\"lower\"", "\"down\""));
    let files = files(&[("queues.csv", &right), ("targets.toml", &wrong), ("more.toml", TARGET)]);
    assert_eq!(
        files.refused(),
        "queues.csv: nothing was loaded, because of one problem\n  \
         line 2, `social_care`: found `no`, expected true or false\n\
         targets.toml: nothing was loaded, because of one problem\n  \
         line 6, target 1, `direction`: found `down`, expected one of `higher`, `lower`, `neutral`\n\
         more.toml: nothing was loaded, because of one problem\n  \
         line 1, target 1: found what line 1 of "
            .to_owned()
            + "targets.toml is about, again, expected each kpi and dimensions and effective_from once"
    );
}

#[test]
fn the_same_matter_in_two_files() {
    let queues = format!("{HEADING}\nTAX,council_tax,false,2026-04-01\n");
    let toml = "\n[[queue]]\nqueue_id = \"TAX\"\nservice_area = \"revenues\"\nsocial_care = false\n\
                effective_from = 2026-04-01\n";
    assert_eq!(
        files(&[("queues.csv", &queues), ("council.toml", toml)]).refused(),
        "council.toml: nothing was loaded, because of one problem\n  \
         line 2, queue 1: found what line 2 of queues.csv is about, again, expected each queue_id and \
         effective_from once"
    );
    let same = files(&[("queues.csv", &queues)]);
    let twice = [same.paths.clone(), same.paths.clone()].concat();
    assert!(matches!(read(&twice, &options()), Err(ReferenceError::Refused { files }) if files.len() == 1));
}
