//! The models, measures and views of this build, read once from the embedded files. Pure.

use crate::{Error, checks};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The dimensions that a measure may have, as columns of the measured tables.
pub const DIMENSIONS: [&str; 5] = ["service_area", "service_class", "queue", "channel", "subject_group"];

/// All definitions of this build.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Models, each after those that it reads.
    pub models: Vec<Model>,
    /// Measures, by id.
    pub kpis: BTreeMap<String, Kpi>,
    /// Views over models and measures: name and SQL.
    pub views: BTreeMap<String, String>,
}

/// A fold of events to one row per subject.
#[derive(Debug, Clone)]
pub struct Model {
    /// Name, also of its table.
    pub name: String,
    /// The SQL.
    pub sql: String,
    /// What its file says.
    pub declared: ModelFile,
}

/// `models/<model>.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// What a row is.
    pub title: String,
    /// The columns that name a subject: all of its events, and no others, make its rows.
    pub subject: Vec<String>,
    /// The columns that name a row, the subject's first.
    pub row_key: Vec<String>,
    /// The tables that it reads: event tables and earlier models.
    pub inputs: Vec<String>,
    /// The column that partitions its table. A model without is folded as a whole.
    pub partition: Option<String>,
    /// What names the subject in the rows of an input where it is not the subject's own columns: an
    /// expression for each of them.
    #[serde(default)]
    pub subject_in: BTreeMap<String, Vec<String>>,
    /// The inputs that are looked up by a value and a day, and not folded.
    #[serde(default)]
    pub lookups: BTreeMap<String, Lookup>,
    /// Where subjects are folded together that share a name, through any number of steps: the
    /// expressions over the input's rows that give those names. The subject is the first of them.
    #[serde(default)]
    pub joined_by: Vec<String>,
    /// How far rows of one subject look. Without it all of them belong together.
    pub reach: Option<DeclaredReach>,
    /// The days by which its rows may be measured.
    #[serde(default = "local_date")]
    pub days: Vec<String>,
}

/// Rows of one subject that are further apart make no difference to each other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredReach {
    /// The column, of the input as of the model, between whose instants is counted. Both tables are
    /// partitioned by the month of its council's day.
    pub by: String,
    /// Days of 24 hours.
    pub days: u32,
}

/// How a model looks something up that holds for a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The column of the model that is looked up.
    pub column: String,
    /// The column of the input that it must equal; `effective_from` and `effective_until` say when.
    pub key: String,
    /// The columns of the model that give the day.
    pub days: Vec<String>,
}

fn local_date() -> Vec<String> {
    vec!["local_date".to_owned()]
}

impl Model {
    /// What names the subject in the rows of an input, an expression for each of its columns.
    pub fn subject_in(&self, input: &str) -> &[String] {
        self.declared.subject_in.get(input).unwrap_or(&self.declared.subject)
    }

    /// Whether the passing of time alone makes its rows others. Each then says over which instants it holds:
    /// from its `holds_from`, if it has one, until before its `next_change_at`, if it has one.
    pub fn changes_with_time(&self) -> bool {
        self.sql.contains("$as_of")
    }

    /// The inputs that are folded, and not only looked up.
    pub fn folded_inputs(&self) -> impl Iterator<Item = &String> {
        self.declared.inputs.iter().filter(|input| !self.declared.lookups.contains_key(*input))
    }
}

/// A measure.
#[derive(Debug, Clone)]
pub struct Kpi {
    /// Id.
    pub id: String,
    /// The SQL.
    pub sql: String,
    /// What its file says.
    pub declared: KpiFile,
}

/// `kpis/<kpi>.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KpiFile {
    /// Heading under which the scorecard shows it.
    pub section: String,
    /// Name for people.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// Row shape and roll-up rule.
    pub kind: Kind,
    /// Unit of the value: `percent`, `seconds` or `count`. Seconds are stored as milliseconds.
    pub unit: String,
    /// Which way is better: `higher`, `lower` or `neutral`.
    pub direction: String,
    /// The dimensions that it has, of [`DIMENSIONS`].
    pub dimensions: Vec<String>,
    /// A day's value is final this many days after the day's end.
    pub settles_after_days: u32,
    /// The standard or system that the definition follows.
    pub standard: String,
    /// Who answers for it.
    pub owner: String,
    /// What is counted, in words.
    pub definition: String,
    /// Version of the definition; part of a value's key.
    pub definition_version: i32,
    /// What changed, and why.
    pub changes: Vec<Change>,
    /// Whole numbers that the SQL refers to as `$name`.
    #[serde(default)]
    pub parameters: BTreeMap<String, i64>,
    /// So many months before the measured one are looked at too.
    #[serde(default)]
    pub compares_with_months_before: Vec<u32>,
}

/// A version of a definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The version.
    pub version: i32,
    /// When it was made.
    pub date: toml::value::Datetime,
    /// Why.
    pub why: String,
}

/// Row shape and roll-up rule of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numerator over denominator; both add up, and are divided last.
    Ratio,
    /// A count; adds up. It has no denominator.
    Count,
    /// Whole values and how often each occurs; merges exactly.
    Distribution,
    /// Named parts for a local month, measured as a whole because they do not add up over time or
    /// over the dimension; numerator over denominator.
    Monthly,
}

impl Kind {
    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Distribution => "distribution",
            Self::Monthly => "monthly",
        }
    }
}

/// The definitions of this build. A build whose files break the rules does not pass its tests.
///
/// # Panics
/// When an embedded file breaks the rules; [`Catalogue::load`] says which.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| match Catalogue::load(FILES) {
        Ok(catalogue) => catalogue,
        Err(error) => panic!("embedded queries: {error}"),
    })
}

impl Catalogue {
    /// Reads the definitions from `(path, text)` pairs, paths relative to `queries/`.
    ///
    /// # Errors
    /// [`Error::Definition`] names the file and the rule that it breaks.
    pub fn load(files: &[(&str, &str)]) -> Result<Self, Error> {
        let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
        let mut models = Vec::new();
        let mut kpis = BTreeMap::new();
        let mut views = BTreeMap::new();
        for (path, sql) in &texts {
            let Some((folder, name)) = path.strip_suffix(".sql").and_then(|stem| stem.split_once('/')) else {
                continue;
            };
            let (name, sql) = (name.to_owned(), (*sql).to_owned());
            match folder {
                "models" => models.push(Model { declared: declared(&texts, folder, &name)?, name, sql }),
                "kpis" => {
                    let kpi = Kpi { declared: declared(&texts, folder, &name)?, id: name.clone(), sql };
                    checks::check_kpi(&kpi)?;
                    kpis.insert(name, kpi);
                }
                _ => drop(views.insert(name, sql)),
            }
        }
        let models = in_order(models)?;
        checks::check_lookups(&models)?;
        checks::check_time(&models)?;
        Ok(Self { models, kpis, views })
    }

    /// The model called `name`.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

fn declared<T: DeserializeOwned>(texts: &BTreeMap<&str, &str>, folder: &str, name: &str) -> Result<T, Error> {
    let file = format!("{folder}/{name}.toml");
    let fault = |problem: String| Error::Definition { file: file.clone(), problem };
    let text = texts.get(file.as_str()).ok_or_else(|| fault("is missing beside its .sql".to_owned()))?;
    toml::from_str(text).map_err(|error| fault(error.to_string()))
}

/// Each model after those that it reads.
fn in_order(mut waiting: Vec<Model>) -> Result<Vec<Model>, Error> {
    let mut ordered: Vec<Model> = Vec::new();
    while !waiting.is_empty() {
        let waits_for = |model: &Model| {
            waiting.iter().any(|other| other.name != model.name && model.declared.inputs.contains(&other.name))
        };
        let Some(ready) = waiting.iter().position(|model| !waits_for(model)) else {
            let file = format!("models/{}.toml", waiting[0].name);
            return Err(Error::Definition { file, problem: "its inputs go round in a circle".to_owned() });
        };
        ordered.push(waiting.remove(ready));
    }
    Ok(ordered)
}
