//! The newest published epoch, looked for again when somebody asks, and kept until there is another.

use crate::Error;
use lake::Lake;
use refresh::{Publication, Reading};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OnceCell};

/// How long an epoch is served before somebody who asks makes us look for a newer one.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A lake and the epoch that is served from it.
#[derive(Debug)]
pub(crate) struct Epochs {
    folder: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    epoch: Option<Arc<Epoch>>,
    looked_at: Option<Instant>,
}

/// One epoch: everything in one response comes from it.
#[derive(Debug)]
pub(crate) struct Epoch {
    /// The session over its tables.
    pub(crate) reading: Reading,
    /// The page, once it has been asked for.
    pub(crate) page: OnceCell<String>,
}

impl Epoch {
    /// The validator of every answer from this epoch.
    pub(crate) fn etag(&self) -> String {
        format!("\"epoch-{}\"", self.reading.publication.epoch)
    }
}

impl Epochs {
    /// Serves from the lake in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, held: Mutex::default() }
    }

    /// The newest epoch. When looking for a newer one fails, the one at hand is served on.
    ///
    /// # Errors
    /// [`Error::Refresh`] with `NothingPublished` before the first; what went wrong when opening it.
    pub(crate) async fn newest(&self) -> Result<Arc<Epoch>, Error> {
        let mut held = self.held.lock().await;
        if held.looked_at.is_none_or(|at| at.elapsed() >= LOOK_AGAIN_AFTER) {
            match (self.newer_than(held.epoch.as_deref()).await, &held.epoch) {
                (Ok(Some(newer)), _) => held.epoch = Some(Arc::new(newer)),
                (Ok(None), _) => {}
                (Err(error), None) => return Err(error),
                (Err(error), Some(_)) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no look at the newest epoch");
                }
            }
            held.looked_at = Some(Instant::now());
        }
        held.epoch.clone().ok_or(Error::Refresh(refresh::Error::NothingPublished))
    }

    /// Whether the lake can be opened.
    ///
    /// # Errors
    /// [`Error::Lake`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(Lake::open(&self.folder).map(drop)?)
    }

    async fn newer_than(&self, held: Option<&Epoch>) -> Result<Option<Epoch>, Error> {
        let lake = Lake::open(&self.folder)?;
        let newest = Publication::newest_epoch(&lake).await?;
        if newest.is_some() && newest == held.map(|held| held.reading.publication.epoch) {
            return Ok(None);
        }
        let reading = refresh::open(&lake).await?;
        Ok(Some(Epoch { reading, page: OnceCell::new() }))
    }
}
