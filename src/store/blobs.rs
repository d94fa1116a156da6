//! Large mails and files, in a folder: written and synced before any row refers to them.

use std::{
    fmt, future, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{
    TryStreamExt as _,
    stream::{self, BoxStream, StreamExt as _},
};
use object_store::{
    GetResultPayload, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem,
    path::Path as Name,
};
use tokio_util::io::ReaderStream;

use super::{StoreError, mails::RawMail};

/// Up to this size a mail or a file stands in the database itself, in bytes.
pub const INLINE_LIMIT: usize = 64 * 1024;
/// Octets that are written at a time; a few of them wait for the disk.
const PART: usize = 256 * 1024;
/// Octets that are read from a file at a time.
const CHUNK: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub struct Blobs(Arc<LocalFileSystem>, PathBuf);

/// A blob on its way in. Dropped before [`Draft::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    blobs: Blobs,
    name: Name,
    buffer: Vec<u8>,
    upload: Option<WriteMultipart>,
}

impl Blobs {
    /// Opens the folder, and makes it if it isn't there.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let blobs = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self(Arc::new(blobs), folder.to_owned()))
    }

    /// Begins a blob. `name` must be new.
    #[must_use]
    pub fn draft(&self, name: &str) -> Draft {
        Draft {
            blobs: self.clone(),
            name: Name::from(name),
            buffer: Vec::new(),
            upload: None,
        }
    }

    /// Whether there is such a blob.
    pub async fn has(&self, name: &str) -> Result<bool, StoreError> {
        match self.0.head(&Name::from(name)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a blob. One that isn't there is fine.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.0.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The names of up to `limit` blobs below `folder`, and removes what was begun there and never
    /// finished. To be called while nobody writes there.
    pub async fn tidy(
        &self,
        folder: &'static str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let path = self.1.join(folder);
        let looking = tokio::task::spawn_blocking(move || {
            let mut names = Vec::new();
            let entries = match std::fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
                Err(error) => return Err(error),
            };
            for entry in entries.take(limit) {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // So `object_store` calls what isn't finished.
                if name.contains('#') {
                    std::fs::remove_file(entry.path())?;
                } else {
                    names.push(format!("{folder}/{name}"));
                }
            }
            Ok(names)
        });
        Ok(looking.await.map_err(|_| StoreError::Panicked)??)
    }

    /// The whole of a raw mail, or of a file.
    pub async fn read(&self, raw: RawMail) -> Result<Bytes, StoreError> {
        match raw {
            RawMail::Inline(bytes) => Ok(bytes.into()),
            RawMail::Blob(name) => Ok(self.0.get(&Name::from(name)).await?.bytes().await?),
        }
    }

    /// The same to be read here and there, on a blocking thread.
    pub async fn reader(&self, raw: RawMail) -> Result<Box<dyn Reader>, StoreError> {
        let name = match raw {
            RawMail::Inline(bytes) => return Ok(Box::new(io::Cursor::new(bytes))),
            RawMail::Blob(name) => Name::from(name),
        };
        let found = self.0.get(&name).await?;
        Ok(match found.payload {
            GetResultPayload::File(file, _) => Box::new(io::BufReader::with_capacity(CHUNK, file)),
            GetResultPayload::Stream(_) => Box::new(io::Cursor::new(found.bytes().await?)),
        })
    }

    /// The same without ever holding all of it; `None` if there is no such blob any more. One that is
    /// removed from now on can still be read to its end.
    pub async fn stream(&self, raw: RawMail) -> Result<Option<Content>, StoreError> {
        let name = match raw {
            RawMail::Inline(bytes) => {
                return Ok(Some(Content {
                    size: bytes.len() as u64,
                    chunks: stream::once(future::ready(Ok(bytes.into()))).boxed(),
                }));
            }
            RawMail::Blob(name) => Name::from(name),
        };
        let found = match self.0.get(&name).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found?,
        };
        let size = found.meta.size;
        let chunks = match found.payload {
            // In larger chunks than it would be by itself: each is a hand-over to another thread.
            GetResultPayload::File(file, _) => {
                ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK).boxed()
            }
            GetResultPayload::Stream(chunks) => chunks.map_err(io::Error::other).boxed(),
        };
        Ok(Some(Content { size, chunks }))
    }
}

/// What is read here and there.
pub trait Reader: io::BufRead + io::Seek + Send {}

impl<R: io::BufRead + io::Seek + Send> Reader for R {}

/// Something that is read bit by bit.
pub struct Content {
    /// In octets.
    pub size: u64,
    /// In chunks of at most 64 KiB.
    pub chunks: BoxStream<'static, io::Result<Bytes>>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Draft {
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(upload) = &mut self.upload {
            // Bounds what waits in memory for the disk.
            upload.wait_for_capacity(4).await?;
            upload.write(bytes);
        } else if self.buffer.len() + bytes.len() <= INLINE_LIMIT {
            self.buffer.extend_from_slice(bytes);
        } else {
            let parts = self.blobs.0.put_multipart(&self.name).await?;
            let mut upload = WriteMultipart::new_with_chunk_size(parts, PART);
            upload.write(&std::mem::take(&mut self.buffer));
            upload.write(bytes);
            self.upload = Some(upload);
        }
        Ok(())
    }

    /// Returns where the blob stands once that is durable; a small one is for the database.
    pub async fn finish(mut self) -> Result<RawMail, StoreError> {
        match self.upload.take() {
            None => Ok(RawMail::Inline(std::mem::take(&mut self.buffer))),
            Some(upload) => {
                upload.finish().await?;
                Ok(RawMail::Blob(self.name.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0)]
    #[case(INLINE_LIMIT)]
    #[case(INLINE_LIMIT + 1)]
    #[case(1_000_000)]
    #[tokio::test]
    async fn what_was_written_is_read_bit_by_bit(#[case] size: usize) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let written: Vec<u8> = (0..=255).cycle().take(size).collect();
        let mut draft = blobs.draft("one");
        for piece in written.chunks(10_000) {
            draft.write(piece).await.unwrap();
        }
        let content = blobs.stream(draft.finish().await.unwrap()).await;
        let mut content = content.unwrap().unwrap();
        assert_eq!(content.size, size as u64);
        let mut read = Vec::new();
        while let Some(chunk) = content.chunks.next().await {
            let chunk = chunk.unwrap();
            assert!(chunk.len() <= CHUNK);
            read.extend_from_slice(&chunk);
        }
        assert_eq!(read, written);
    }

    #[tokio::test]
    async fn what_is_gone_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let gone = blobs.stream(RawMail::Blob("gone".to_owned())).await;
        assert!(gone.unwrap().is_none());
    }
}
