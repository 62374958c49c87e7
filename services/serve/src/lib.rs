#![doc = include_str!("../README.md")]

mod api;
mod chart;
mod epochs;
mod page;
mod router;
mod rows;
mod words;

use crate::epochs::Epochs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What can go wrong while serving.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on; take another, or end who has it.
    #[error("cannot listen on {address}; is something else serving there? Give another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The network failed while serving.
    #[error("serving ended")]
    Network(#[source] std::io::Error),
    /// The epoch cannot be opened, or there is none yet.
    #[error(transparent)]
    Refresh(#[from] refresh::Error),
    /// The lake cannot be opened.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// A question to the epoch failed.
    #[error(transparent)]
    Queries(#[from] queries::Error),
    /// An answer cannot be written as text.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}

/// The ids of the measures that the page shows at length.
pub fn headlines() -> [&'static str; 4] {
    page::HEADLINES.map(|(_, _, kpi)| kpi)
}

/// A server that has its address and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    epochs: Arc<Epochs>,
}

/// Looks whether the server has something to show. Clones look at the same server.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Epochs>);

impl Server {
    /// Listens on `address`, port 0 for any free one, to serve from the lake in `folder`.
    ///
    /// # Errors
    /// [`Error::Lake`] when there is no lake; [`Error::Listen`].
    pub async fn bind(address: SocketAddr, folder: &Path) -> Result<Self, Error> {
        let epochs = Arc::new(Epochs::new(folder.to_owned()));
        epochs.check()?;
        let fault = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        Ok(Self { listener, address, epochs })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For whoever watches the server while it runs.
    pub fn watch(&self) -> Watch {
        Watch(self.epochs.clone())
    }

    /// Serves until `stop` resolves, and answers what has been asked by then.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let router = router::router(self.epochs);
        axum::serve(self.listener, router).with_graceful_shutdown(stop).await.map_err(Error::Network)
    }
}

impl Watch {
    /// The epoch that the server would answer from now; `None` while nothing is published.
    ///
    /// # Errors
    /// [`Error::Refresh`] when the newest epoch cannot be opened.
    pub async fn epoch(&self) -> Result<Option<i64>, Error> {
        match self.0.newest().await {
            Ok(epoch) => Ok(Some(epoch.reading.publication.epoch)),
            Err(Error::Refresh(refresh::Error::NothingPublished)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
