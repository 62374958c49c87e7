//! The one batch of a source that is on its way into the lake, while the loop takes the next.

use crate::Error;
use crate::intake::Batch;
use crate::rows::ChunkRows;
use crate::sink::{Flushed, Sink};
use tokio::task::JoinHandle;

/// A batch and what became of it.
pub(crate) type Settled = (Batch<ChunkRows>, Flushed);

type Written = (Box<Sink>, Batch<ChunkRows>, Result<Flushed, Error>);

/// The sink, or the task that has it while it writes.
pub(crate) enum Outlet {
    /// Nothing is being written.
    Idle(Box<Sink>),
    /// A batch of so many bytes is being written.
    Busy { task: JoinHandle<Written>, bytes: usize },
    /// The task fell over, and the sink with it.
    Lost,
}

impl Outlet {
    /// Begins to write a batch, with what is to be said of how complete it makes each partition; the caller
    /// has seen to it that nothing is being written.
    pub(crate) fn begin(
        self,
        batch: Batch<ChunkRows>,
        complete_through_ms: Vec<(i32, i64)>,
        now_micros: fn() -> i64,
    ) -> Self {
        let Self::Idle(mut sink) = self else { return self };
        let bytes = batch.bytes();
        let task = tokio::spawn(async move {
            let flushed = sink.flush(&batch, &complete_through_ms, now_micros).await;
            (sink, batch, flushed)
        });
        Self::Busy { task, bytes }
    }

    /// Whether a batch is being written.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Bytes that are being written.
    pub(crate) fn bytes(&self) -> usize {
        if let Self::Busy { bytes, .. } = self { *bytes } else { 0 }
    }

    /// The sink, while nothing is being written.
    pub(crate) fn sink(&mut self) -> Result<&mut Sink, Error> {
        match self {
            Self::Idle(sink) => Ok(sink),
            _ => Err(Error::Thread("the sink is not at hand".to_owned())),
        }
    }

    /// Waits for the batch that is being written, if there is one. May be dropped and called again.
    ///
    /// # Errors
    /// Whatever no waiting mends.
    pub(crate) async fn settled(&mut self) -> Result<Option<Settled>, Error> {
        let Self::Busy { task, .. } = self else { return Ok(None) };
        let ended = task.await;
        *self = Self::Lost;
        let (sink, batch, flushed) = ended.map_err(|fallen| Error::Thread(fallen.to_string()))?;
        *self = Self::Idle(sink);
        Ok(Some((batch, flushed?)))
    }
}
