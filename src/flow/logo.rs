//! The picture of rooms goes up to the homeserver once.

use bytes::Bytes;
use ruma::OwnedMxcUri;
use sha2::{Digest as _, Sha256};

use super::{Context, not_now::NotNow};
use crate::{
    domain::room_policy::{Logo, Policy},
    store::logos,
};

/// Where the homeserver has the policy's logo; takes it up there if that hasn't been done. `None`: the
/// policy has none. Call it with no transaction open.
///
/// # Errors
///
/// The homeserver doesn't take it now, or for good.
pub async fn of(policy: &Policy, context: &Context) -> Result<Option<OwnedMxcUri>, NotNow> {
    let picture = match &policy.logo {
        None => return Ok(None),
        Some(Logo::Mxc(uri)) => return Ok(Some(uri.clone())),
        Some(Logo::File(picture)) => picture,
    };
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&picture.content));
    let known = logos::find(&mut context.store.read().await?, &digest).await?;
    if known.is_some() {
        return Ok(known);
    }
    let (file, bot) = (Bytes::from(picture.content.clone()), &context.bot);
    let upload = context
        .homeserver
        .upload(file, picture.content_type, &picture.filename, bot);
    let (uri, now) = (upload.await?, context.now_ms());
    let uploaded = uri.clone();
    context
        .store
        .write(move |tx| {
            Box::pin(async move { logos::remember(tx, &digest, &uploaded, now).await })
        })
        .await?;
    Ok(Some(uri))
}
