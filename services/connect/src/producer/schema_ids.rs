//! Under which ids a registry holds the schemas that producers write.

use crate::Error;
use schemas::{Registry, Source, catalogue, frame};
use std::borrow::Cow;
use std::collections::HashMap;

/// The registry's ids, by the ids of this build. Where no registry is configured, records keep the
/// ids of this build.
#[derive(Debug, Clone, Default)]
pub struct SchemaIds(Option<HashMap<u32, u32>>);

impl SchemaIds {
    /// Registers every released schema of these sources, each event type's oldest first, so that the
    /// registry's own rule of compatibility holds between them.
    ///
    /// # Errors
    /// [`Error::Registry`]; what was registered before stays so, and registering again changes nothing.
    pub async fn registered(registry: &Registry, sources: &[&Source]) -> Result<Self, Error> {
        let mut released = catalogue().all_released();
        released.retain(|one| sources.iter().any(|source| source.name == one.source));
        released.sort_by_key(|one| (&one.event, one.version));
        let mut ids = HashMap::new();
        for one in released {
            ids.insert(one.id, registry.register(&one.schema).await?);
        }
        Ok(Self(Some(ids)))
    }

    /// The record as it goes on the wire.
    ///
    /// # Errors
    /// [`Error::Event`] for a record whose schema was not registered.
    pub(super) fn framed<'a>(&self, record: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        let Some(ids) = &self.0 else { return Ok(Cow::Borrowed(record)) };
        let fault = |problem: String| schemas::Error::Event { event_type: "that is a record".to_owned(), problem };
        let (id, datum) = frame::split(record).map_err(|refusal| fault(refusal.to_string()))?;
        let id = ids.get(&id).ok_or_else(|| fault(format!("schema id {id} was not registered")))?;
        Ok(Cow::Owned(frame::join(*id, datum)))
    }
}
