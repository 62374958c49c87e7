//! A schema registry that speaks Confluent's HTTP interface: registers schemas, and looks them up
//! by the id that stands in a record.
//!
//! Owns the requests, what their answers mean, and the memory of ids. It never decides whether a
//! schema may be read ([`crate::admission`]), and leaves compatibility to the registry. Subjects
//! follow the record-name strategy: one for each event type, whatever its topic.

mod answer;
mod error;
mod remembered;

use crate::shape::full_name;
use answer::{Held, Id};
pub use error::RegistryError;
use remembered::{Memory, Remembered};
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a registry may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Far more than any schema of events has.
const ANSWER_BYTES: usize = 4 << 20;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A registry, and what it has answered so far.
pub struct Registry {
    address: Url,
    /// The address as it was given, for messages.
    shown: String,
    login: Option<(String, String)>,
    client: Client,
    remembered: Mutex<Remembered>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Registry({})", self.shown)
    }
}

impl Registry {
    /// The registry at this address. Nothing is asked yet.
    ///
    /// # Errors
    /// [`RegistryError::Address`], also for an address with a password in it: addresses are shown.
    pub fn new(address: &str) -> Result<Self, RegistryError> {
        let unusable = |problem: String| RegistryError::Address { address: without_password(address), problem };
        let url = Url::parse(address).map_err(|error| unusable(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unusable(format!("it begins with {}:", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("a user and a password have settings of their own".to_owned()));
        }
        // As for Kafka, beside which it stands: no proxy, whatever the environment says.
        let client = Client::builder().no_proxy().timeout(ANSWER_WITHIN).build();
        let client = client.map_err(|error| unusable(innermost(&error)))?;
        Ok(Self { address: url, shown: address.to_owned(), login: None, client, remembered: Mutex::default() })
    }

    /// The same registry, which knows us by a password.
    #[must_use]
    pub fn with_login(self, username: &str, password: &str) -> Self {
        Self { login: Some((username.to_owned(), password.to_owned())), ..self }
    }

    /// Registers a schema under its full name, which changes nothing if it is there already, and
    /// gives its id.
    ///
    /// # Errors
    /// [`RegistryError`], [`RegistryError::Refused`] where it breaks the subject's compatibility.
    pub async fn register(&self, schema: &str) -> Result<u32, RegistryError> {
        let subject = subject(schema)?;
        let asked = format!("a new version of {subject}");
        let answer: Id = self.post(&["subjects", &subject, "versions"], &asked, schema).await?;
        Ok(answer.id)
    }

    /// The id of a schema that was registered under its full name.
    ///
    /// # Errors
    /// [`RegistryError`], [`RegistryError::Absent`] where it was not.
    pub async fn id_of(&self, schema: &str) -> Result<u32, RegistryError> {
        let subject = subject(schema)?;
        let asked = format!("such version of {subject}");
        let answer: Id = self.post(&["subjects", &subject], &asked, schema).await?;
        Ok(answer.id)
    }

    /// The schema with this id, as Avro JSON. It is asked for once; an id that is not there is asked
    /// for again after a while.
    ///
    /// # Errors
    /// [`RegistryError`], [`RegistryError::Absent`] where there is none.
    pub async fn schema(&self, id: u32) -> Result<Arc<str>, RegistryError> {
        let asked = format!("schema id {id}");
        match self.remembered().recall(id, Instant::now()) {
            Memory::Schema(schema) => return Ok(schema),
            Memory::Absent => return Err(RegistryError::Absent { asked }),
            Memory::Nothing => {}
        }
        let url = self.url(&["schemas", "ids", &id.to_string()]);
        let answer: Result<Held, _> = self.answer(self.client.get(url), &asked).await;
        match answer.and_then(|held| held.text(&asked)) {
            Ok(schema) => {
                let schema: Arc<str> = Arc::from(schema);
                self.remembered().keep(id, schema.clone());
                Ok(schema)
            }
            Err(error) => {
                if matches!(error, RegistryError::Absent { .. }) {
                    self.remembered().keep_absent(id, Instant::now());
                }
                Err(error)
            }
        }
    }

    async fn post<T: for<'a> Deserialize<'a>>(
        &self,
        path: &[&str],
        asked: &str,
        schema: &str,
    ) -> Result<T, RegistryError> {
        let request = self.client.post(self.url(path)).header("content-type", CONTENT_TYPE);
        self.answer(request.body(json!({ "schema": schema }).to_string()), asked).await
    }

    async fn answer<T: for<'a> Deserialize<'a>>(
        &self,
        request: RequestBuilder,
        asked: &str,
    ) -> Result<T, RegistryError> {
        let outage = |error: reqwest::Error| RegistryError::Outage {
            registry: self.shown.clone(),
            problem: innermost(&error),
        };
        let request = match &self.login {
            Some((username, password)) => request.basic_auth(username, Some(password)),
            None => request,
        };
        let mut response = request.send().await.map_err(outage)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(outage)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES {
                let problem = format!("its answer has more than {ANSWER_BYTES} bytes");
                let (registry, asked) = (self.shown.clone(), asked.to_owned());
                return Err(RegistryError::Foreign { registry, asked, problem });
            }
        }
        answer::read(&self.shown, asked, response.status().as_u16(), &body)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The subject of a schema: its full name.
fn subject(schema: &str) -> Result<String, RegistryError> {
    let json: Json = serde_json::from_str(schema).unwrap_or_default();
    full_name(&json, "").map_err(|problem| RegistryError::Refused {
        asked: "a schema without a name".to_owned(),
        status: 422,
        message: problem,
    })
}

fn without_password(address: &str) -> String {
    match address.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        Some((scheme, Some((_, host)))) => format!("{scheme}://{host}"),
        _ => address.to_owned(),
    }
}

/// The cause at the bottom, which says more than that a request failed, and holds no address.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER_WITHIN.as_secs());
    }
    let mut cause = error.source();
    let mut text = "the connection failed".to_owned();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    text
}
