//! A storage that does not keep its word: the local disk behind a URL scheme of its own, which, as
//! long as the weather is foul, refuses, does what it says it did not do, is slow, and answers wrongly.

use async_trait::async_trait;
use deltalake_core::DeltaResult;
use deltalake_core::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore,
    logstore_factories, object_store_factories,
};
use futures::stream::{self, BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// What a storage does that does not keep its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// An error, and nothing was done.
    Refused,
    /// It was done, and the answer is an error.
    DoneAndDenied,
    /// It takes its time.
    Slow,
    /// What was written was there before, it says; what is there is not; the newest is not listed.
    Wrong,
}

/// Every fault.
pub(crate) const FAULTS: [Fault; 4] = [Fault::Refused, Fault::DoneAndDenied, Fault::Slow, Fault::Wrong];

/// Decides when a storage keeps its word, and counts when it did not.
#[derive(Debug, Clone)]
pub(crate) struct Weather(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: ChaCha8Rng,
    foul_percent: u32,
    hides_newest_percent: u32,
    seen: BTreeMap<Fault, u64>,
}

impl Weather {
    /// From now on so many of a hundred requests meet a fault.
    pub(crate) fn foul(&self, percent: u32) {
        self.state(|state| state.foul_percent = percent);
    }

    /// From now on so many of a hundred listings lack what was written last, and nothing else is wrong.
    pub(crate) fn hide_newest(&self, percent: u32) {
        self.state(|state| state.hides_newest_percent = percent);
    }

    /// How often a fault was met.
    pub(crate) fn seen(&self, fault: Fault) -> u64 {
        self.state(|state| state.seen.get(&fault).copied().unwrap_or_default())
    }

    fn next(&self, possible: &[Fault]) -> Option<Fault> {
        self.state(|state| state.meets(state.foul_percent, possible))
    }

    /// The fault that a listing meets.
    fn next_of_listing(&self) -> Option<Fault> {
        let hidden = self.state(|state| state.meets(state.hides_newest_percent, &[Fault::Wrong]));
        hidden.or_else(|| self.next(&[Fault::Refused, Fault::Wrong]))
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// One of these faults, so many times of a hundred; it is counted.
    fn meets(&mut self, percent: u32, possible: &[Fault]) -> Option<Fault> {
        let is_met = self.random.random_range(0..100) < percent;
        let fault = *possible.choose(&mut self.random).filter(|_| is_met)?;
        *self.seen.entry(fault).or_default() += 1;
        Some(fault)
    }
}

/// Makes the scheme known to Delta; fair until told otherwise. `seed` decides which requests meet what.
pub(crate) fn install(scheme: &str, seed: u64) -> Weather {
    let state = State {
        random: ChaCha8Rng::seed_from_u64(seed),
        foul_percent: 0,
        hides_newest_percent: 0,
        seen: BTreeMap::new(),
    };
    let weather = Weather(Arc::new(Mutex::new(state)));
    let factory = Arc::new(Factory(weather.clone()));
    let url = Url::parse(&format!("{scheme}://")).unwrap();
    object_store_factories().insert(url.clone(), factory.clone());
    logstore_factories().insert(url, factory);
    weather
}

struct Factory(Weather);

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let store = FaultyStore { disk: Arc::new(LocalFileSystem::new()), weather: self.0.clone() };
        Ok((Arc::new(store), Path::from_url_path(url.path()).map_err(Error::from)?))
    }
}

impl LogStoreFactory for Factory {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(prefixed_store, root_store, location, options))
    }
}

#[derive(Debug)]
struct FaultyStore {
    disk: Arc<LocalFileSystem>,
    weather: Weather,
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty {}", self.disk)
    }
}

const SLOW: Duration = Duration::from_millis(200);

fn refused() -> Error {
    Error::Generic { store: "faulty", source: "it fails on purpose".into() }
}

impl FaultyStore {
    /// Meets a fault that lies before the effect; gives the others on.
    async fn before(&self, possible: &[Fault]) -> Result<Option<Fault>> {
        match self.weather.next(possible) {
            Some(Fault::Refused) => Err(refused()),
            Some(Fault::Slow) => {
                tokio::time::sleep(SLOW).await;
                Ok(None)
            }
            other => Ok(other),
        }
    }

    /// A listing in order, as every object store gives it; or one that does not know yet of what was
    /// written last.
    fn listed(&self, disk: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let fault = self.weather.next_of_listing();
        let answer = async move {
            let mut found: Vec<_> = disk.collect().await;
            found.sort_by_key(|one| one.as_ref().ok().map(|meta| meta.location.clone()));
            match fault {
                Some(Fault::Refused) => found = vec![Err(refused())],
                Some(_) => drop(found.pop()),
                None => {}
            }
            stream::iter(found)
        };
        stream::once(answer).flatten().boxed()
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_create = options.mode == PutMode::Create;
        let possible = if is_create { &FAULTS[..] } else { &FAULTS[..3] };
        let fault = self.before(possible).await?;
        let done = self.disk.put_opts(location, payload, options).await?;
        match fault {
            Some(Fault::DoneAndDenied) => Err(refused()),
            // What a client says that sends a put again because the first answer was lost.
            Some(Fault::Wrong) => {
                Err(Error::AlreadyExists { path: location.to_string(), source: "it is there already".into() })
            }
            _ => Ok(done),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.before(&[Fault::Refused, Fault::Slow]).await?;
        self.disk.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.before(&[Fault::Refused, Fault::Slow, Fault::Wrong]).await? {
            Some(_) => Err(Error::NotFound { path: location.to_string(), source: "it is not there".into() }),
            None => self.disk.get_opts(location, options).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let weather = self.weather.clone();
        let deleted = self.disk.delete_stream(locations);
        deleted
            .map(move |one| match weather.next(&[Fault::DoneAndDenied]) {
                Some(_) => Err(refused()),
                None => one,
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(self.disk.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(self.disk.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.before(&[Fault::Refused, Fault::Slow]).await?;
        self.disk.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let fault = self.before(&FAULTS[..3]).await?;
        self.disk.copy_opts(from, to, options).await?;
        if fault.is_some() { Err(refused()) } else { Ok(()) }
    }
}
