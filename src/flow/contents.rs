//! What is in the files of a letter, read bit by bit while the letter is sent.

use std::io;

use futures_util::future::BoxFuture;

use super::Context;
use crate::{
    domain::{
        letter::{Enclosed, EntryBody, SealedLetter},
        shared::Missing,
    },
    mail::compose::Chunks,
    store::{
        Store, StoreError,
        blobs::{Blobs, Content},
        files,
    },
};

/// The content of the file with this key ([`Attached::key`](crate::domain::letter::Attached)); `None` if
/// it isn't there any more.
pub async fn content(
    key: &str,
    store: &Store,
    blobs: &Blobs,
) -> Result<Option<Content>, StoreError> {
    let found = files::content(&mut store.read().await?, key).await?;
    match found {
        Some(place) => blobs.stream(place).await,
        None => Ok(None),
    }
}

/// Opens files for a mail that is sent. One that is gone or can't be read is an error there: the mail has
/// promised its size already.
pub fn opener(
    context: &Context,
) -> impl Fn(String) -> BoxFuture<'static, io::Result<Chunks>> + Send + use<> {
    let (store, blobs) = (context.store.clone(), context.blobs.clone());
    move |key| {
        let (store, blobs) = (store.clone(), blobs.clone());
        Box::pin(async move {
            match content(&key, &store, &blobs).await {
                Ok(Some(content)) => Ok(content.chunks),
                Ok(None) => Err(io::Error::new(io::ErrorKind::NotFound, "a file is gone")),
                Err(error) => Err(io::Error::other(error)),
            }
        })
    }
}

/// Names as missing, in the letter, every file that was to travel in it and isn't there any more as it
/// was. Such a letter goes without it rather than never.
pub async fn leave_out_what_is_gone(
    letter: &mut SealedLetter,
    context: &Context,
) -> Result<(), StoreError> {
    for entry in &mut letter.entries {
        let EntryBody::File { enclosed, .. } = &mut entry.body else {
            continue;
        };
        let Enclosed::Attached(file) = &*enclosed else {
            continue;
        };
        let found = content(&file.key, &context.store, &context.blobs).await?;
        if found.as_ref().is_none_or(|found| found.size != file.size) {
            let found = found.map(|found| found.size);
            tracing::error!(
                mail.id = %letter.message_id, file = %file.key, size = file.size, ?found,
                "A file of a letter is gone or was changed; the letter goes without it"
            );
            *enclosed = Enclosed::Missing(Missing::Gone {
                reason: "it isn't kept any more".to_owned(),
            });
        }
    }
    Ok(())
}
