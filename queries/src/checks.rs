//! Rules that the files of models and measures must keep to, so that a refresh can tell what they touch. Pure.

use crate::Error;
use crate::catalogue::{DIMENSIONS, Kpi, Model, ModelFile};

/// A change of a model that is folded as a whole must tell which rows of others it touches.
pub(crate) fn check_lookups(models: &[Model]) -> Result<(), Error> {
    let whole =
        |name: &String| models.iter().any(|model| model.name == *name && model.declared.partition.is_none());
    for model in models.iter().filter(|model| model.declared.partition.is_some()) {
        if let Some(input) = model.folded_inputs().find(|input| whole(input)) {
            let problem = format!("say under `lookups.{input}` by which column and day `{input}` is looked up");
            return Err(Error::Definition { file: format!("models/{}.toml", model.name), problem });
        }
    }
    Ok(())
}

/// A refresh must be able to tell which rows are others by now.
pub(crate) fn check_time(models: &[Model]) -> Result<(), Error> {
    for model in models.iter().filter(|model| model.changes_with_time()) {
        let ModelFile { partition, joined_by, reach, .. } = &model.declared;
        let says = ["AS holds_from", "AS next_change_at"].iter().all(|column| model.sql.contains(column));
        let problem = match () {
            () if !says => "reads `$as_of`, so it must have the columns `holds_from` and `next_change_at`",
            () if partition.is_none() || !joined_by.is_empty() || reach.is_some() => {
                "reads `$as_of`, which only a model can that is folded by its own subjects and partitioned"
            }
            () => continue,
        };
        return Err(Error::Definition { file: format!("models/{}.sql", model.name), problem: problem.to_owned() });
    }
    Ok(())
}

pub(crate) fn check_kpi(kpi: &Kpi) -> Result<(), Error> {
    let fault =
        |problem: &str| Err(Error::Definition { file: format!("kpis/{}", kpi.id), problem: problem.to_owned() });
    let code: String = kpi.sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let code = code.to_lowercase();
    let banned = ["now()", "current_", "select *", "at time zone", "to_local", "date_trunc", "float", "double"];
    if let Some(word) = banned.iter().find(|word| code.contains(**word)) {
        return fault(&format!("uses `{word}`, which a measure must not"));
    }
    let unknown = kpi.declared.dimensions.iter().find(|one| !DIMENSIONS.contains(&one.as_str()));
    if let Some(unknown) = unknown {
        return fault(&format!("has dimension `{unknown}`, which is none of {}", DIMENSIONS.join(", ")));
    }
    match kpi.declared.changes.last() {
        Some(change) if change.version == kpi.declared.definition_version => Ok(()),
        _ => fault("the last of `changes` must tell of `definition_version`"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn model(more: &str, sql: &str) -> Model {
        let text = format!("title = 'x'\nsubject = ['a']\nrow_key = ['a']\ninputs = ['webform_events']\n{more}");
        Model { name: "x".to_owned(), sql: sql.to_owned(), declared: toml::from_str(&text).unwrap() }
    }

    #[test]
    fn a_model_that_changes_with_time_says_until_when_its_rows_hold() {
        let says =
            "SELECT a, CASE WHEN t <= $as_of THEN t END AS holds_from, t AS next_change_at FROM webform_events";
        let refused = |more: &str, sql: &str| check_time(&[model(more, sql)]).map_err(|error| error.to_string());
        assert_eq!(refused("partition = 'local_month'", says), Ok(()));
        assert_eq!(refused("", "SELECT a FROM webform_events"), Ok(()));
        let silent =
            refused("partition = 'local_month'", "SELECT a, $as_of AS b FROM webform_events").unwrap_err();
        assert!(silent.contains("models/x.sql") && silent.contains("`next_change_at`"), "{silent}");
        for more in ["", "partition = 'local_month'\njoined_by = ['b']"] {
            let whole = refused(more, says).unwrap_err();
            assert!(whole.contains("folded by its own subjects"), "{whole}");
        }
    }
}
