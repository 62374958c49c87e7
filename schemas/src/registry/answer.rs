//! What an answer of a registry means. Pure: status and bytes come in.

use super::RegistryError;
use serde::Deserialize;

/// What a registry says of a schema that it has.
#[derive(Debug, Deserialize)]
pub(super) struct Held {
    #[serde(default)]
    schema: String,
    /// Absent for Avro.
    #[serde(default, rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(default)]
    name: String,
}

/// The id of a schema that was registered or looked up.
#[derive(Debug, Deserialize)]
pub(super) struct Id {
    pub(super) id: u32,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    error_code: u32,
    #[serde(default)]
    message: String,
}

impl Held {
    /// The schema's text, if it is one that can be read by itself.
    pub(super) fn text(self, asked: &str) -> Result<String, RegistryError> {
        let asked = || asked.to_owned();
        match self.kind {
            Some(kind) if kind != "AVRO" => Err(RegistryError::NotAvro { asked: asked(), kind }),
            _ if !self.references.is_empty() => {
                let names: Vec<String> = self.references.into_iter().map(|one| one.name).collect();
                Err(RegistryError::References { asked: asked(), names: names.join(", ") })
            }
            _ => Ok(self.schema),
        }
    }
}

/// The answer to `asked`, or what it means that there is none. `registry` is the address.
pub(super) fn read<T: for<'a> Deserialize<'a>>(
    registry: &str,
    asked: &str,
    status: u16,
    body: &[u8],
) -> Result<T, RegistryError> {
    let (registry, asked) = (registry.to_owned(), asked.to_owned());
    let refusal: Option<Refusal> = serde_json::from_slice(body).ok();
    let message = refusal.as_ref().map(|refusal| refusal.message.clone()).unwrap_or_default();
    match (status, refusal) {
        (200..=299, _) => serde_json::from_slice(body).map_err(|error| RegistryError::Foreign {
            registry,
            asked,
            problem: error.to_string(),
        }),
        // Told from the 404 of a server that is no registry by the code in its body.
        (404, Some(Refusal { error_code: 40_401..=40_403, .. })) => Err(RegistryError::Absent { asked }),
        (401 | 403, _) => Err(RegistryError::Denied { registry, status }),
        (408 | 429 | 500.., _) => {
            Err(RegistryError::Outage { registry, problem: format!("it answers with status {status} {message}") })
        }
        (_, Some(_)) => Err(RegistryError::Refused { asked, status, message }),
        (_, None) => {
            Err(RegistryError::Foreign { registry, asked, problem: format!("status {status} without a reason") })
        }
    }
}
