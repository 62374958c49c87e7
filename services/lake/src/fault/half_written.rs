//! A local disk on which a file can be met half-written: the storage of Delta's tables in a process that is
//! to be held inside an upload or a checkpoint. Everything else it does as the plain one.

use super::point;
use async_trait::async_trait;
use deltalake_core::DeltaResult;
use deltalake_core::logstore::{ObjectStoreFactory, ObjectStoreRef, StorageConfig, object_store_factories};
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Half of a file of rows is written; the file has no name yet.
const IN_UPLOAD: &str = "upload.in_file";
/// Half of a checkpoint is written; the file has no name yet.
const IN_CHECKPOINT: &str = "checkpoint.in_file";
/// A checkpoint is written, and the hint that leads readers to it is not.
const BEFORE_HINT: &str = "checkpoint.before_hint";

/// Makes it the storage of all tables that this process opens from now on, if the point is one of its own.
pub(super) fn install_for(name: &str) {
    if ![IN_UPLOAD, IN_CHECKPOINT, BEFORE_HINT].contains(&name) {
        return;
    }
    if let Ok(local_disk) = Url::parse("file://") {
        object_store_factories().insert(local_disk, Arc::new(Factory));
    }
}

/// The point that lies in writing this file, if one does. The quarantine's upload decides nothing.
fn point_in(location: &Path) -> Option<&'static str> {
    let name = location.filename().unwrap_or_default();
    match () {
        () if name == "_last_checkpoint" => Some(BEFORE_HINT),
        () if name.ends_with(".checkpoint.parquet") => Some(IN_CHECKPOINT),
        () if location.parts().any(|part| part.as_ref() == crate::QUARANTINE_TABLE) => None,
        () if name.ends_with(".parquet") => Some(IN_UPLOAD),
        () => None,
    }
}

struct Factory;

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let path = Path::from_url_path(url.path()).map_err(Error::from)?;
        Ok((Arc::new(Disk(LocalFileSystem::new())), path))
    }
}

#[derive(Debug)]
struct Disk(LocalFileSystem);

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let size = payload.content_length();
        match point_in(location) {
            Some(name) if name != BEFORE_HINT && options.mode == PutMode::Overwrite => {
                let bytes = bytes::Bytes::from(payload);
                let mut upload = self.0.put_multipart_opts(location, PutMultipartOptions::default()).await?;
                upload.put_part(bytes.slice(..size / 2).into()).await?;
                point(name, size);
                upload.put_part(bytes.slice(size / 2..).into()).await?;
                return upload.complete().await;
            }
            Some(name) => point(name, size),
            None => {}
        }
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_told_by_the_file() {
        let at = |path: &str| point_in(&Path::from(path));
        assert_eq!(at("lake/telephony_events/event_date=2024-10-02/part-0.zstd.parquet"), Some(IN_UPLOAD));
        assert_eq!(at("lake/quarantine/ingest_date=2024-10-02/part-0.zstd.parquet"), None);
        let log = |name: &str| at(&format!("lake/quarantine/_delta_log/{name}"));
        assert_eq!(log("00000000000000000100.checkpoint.parquet"), Some(IN_CHECKPOINT));
        assert_eq!(log("_last_checkpoint"), Some(BEFORE_HINT));
        assert_eq!(log("00000000000000000100.json"), None);
    }
}
