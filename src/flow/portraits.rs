//! Gives ghosts, and the bot, their pictures: once, and when they change. A picture that can't be given
//! holds up no message.

use bytes::Bytes;
use ruma::OwnedUserId;

use super::Context;
use crate::{
    content::{face, initials},
    domain::{evidence::Verdict, ids::ContactId, incoming::IncomingMail},
    matrix::client::Fault,
    store::{
        StoreError, Tx,
        people::{self, Contact},
        portraits::{self, OF_THE_BOT},
    },
};

/// Makes sure that the contact's ghost wears the picture that stands for them now.
pub async fn dress(
    contact: &Contact,
    user: &OwnedUserId,
    context: &Context,
) -> Result<(), StoreError> {
    let portrait = portraits::find(&mut context.store.read().await?, contact.id).await?;
    let name = contact.shown_name().to_owned();
    let wanted = match &portrait.picture {
        Some(_) => format!("own {}", portrait.source),
        None => initials::name_of_picture(&name, &contact.ghost),
    };
    if portrait.worn == wanted {
        return Ok(());
    }
    let mxc = if portrait.uploaded == wanted {
        portrait.mxc
    } else {
        let picture = if let Some(picture) = portrait.picture {
            picture
        } else {
            let seed = contact.ghost.clone();
            let drawing = tokio::task::spawn_blocking(move || initials::draw(&name, &seed));
            drawing.await.map_err(|_| StoreError::Panicked)?
        };
        let picture = (picture.into(), "image/png");
        match hand_over(contact.id, &wanted, picture, user, context).await? {
            Ok(mxc) => mxc,
            Err(fault) => return gave_up(contact.id, wanted, &fault, context).await,
        }
    };
    match context.homeserver.set_picture(user, &mxc).await {
        Ok(()) => wears(contact.id, wanted, context).await,
        Err(fault) => gave_up(contact.id, wanted, &fault, context).await,
    }
}

/// Gives the bot the logo of its first mailbox, unless an administrator has given it another picture.
pub async fn dress_bot(context: &Context) -> Result<(), StoreError> {
    let (_, mailbox) = context.mailbox("");
    let Some(logo) = &mailbox.look.logo else {
        return Ok(());
    };
    let portrait = portraits::find(&mut context.store.read().await?, OF_THE_BOT).await?;
    let wanted = format!("logo {}", digest(&logo.content));
    if portrait.worn == wanted {
        return Ok(());
    }
    let bot = &context.bot;
    let is_ours = match context.homeserver.picture_of(bot).await {
        Ok(there) => there.is_none_or(|there| there.is_empty() || there == portrait.mxc),
        Err(fault) => return gave_up(OF_THE_BOT, wanted, &fault, context).await,
    };
    if !is_ours {
        return wears(OF_THE_BOT, wanted, context).await;
    }
    let picture = (logo.content.clone().into(), logo.content_type);
    let mxc = match hand_over(OF_THE_BOT, &wanted, picture, bot, context).await? {
        Ok(mxc) => mxc,
        Err(fault) => return gave_up(OF_THE_BOT, wanted, &fault, context).await,
    };
    match context.homeserver.set_picture(bot, &mxc).await {
        Ok(()) => wears(OF_THE_BOT, wanted, context).await,
        Err(fault) => gave_up(OF_THE_BOT, wanted, &fault, context).await,
    }
}

/// Takes over the picture that somebody's mail shows of them, if the mail proves who sent it. One that says
/// nothing of it changes nothing.
pub async fn remember(
    tx: &mut Tx,
    mail: &IncomingMail,
    verdict: Verdict,
) -> Result<(), StoreError> {
    let (Some(from), Some(header), Verdict::Verified) = (&mail.from, &mail.face, verdict) else {
        return Ok(());
    };
    let Some(contact) = people::find(tx.connection(), &from.address).await? else {
        return Ok(());
    };
    let source = digest(header.as_bytes());
    let known = portraits::find(tx.connection(), contact.id).await?;
    if known.source == source {
        return Ok(());
    }
    match face::read(header) {
        Some(picture) => portraits::set_picture(tx, contact.id, &picture, &source).await,
        None => Ok(()),
    }
}

fn digest(content: &[u8]) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(content)[..16])
}

/// Uploads a picture and remembers where it is.
async fn hand_over(
    of: ContactId,
    what: &str,
    (picture, content_type): (Bytes, &str),
    user: &OwnedUserId,
    context: &Context,
) -> Result<Result<String, Fault>, StoreError> {
    let homeserver = &context.homeserver;
    let mxc = match homeserver
        .upload(picture, content_type, "avatar", user)
        .await
    {
        Ok(mxc) => mxc.to_string(),
        Err(fault) => return Ok(Err(fault)),
    };
    let (what, at) = (what.to_owned(), mxc.clone());
    let write = context.store.write(move |tx| {
        Box::pin(async move { portraits::set_uploaded(tx, of, &what, &at).await })
    });
    write.await?;
    Ok(Ok(mxc))
}

async fn wears(of: ContactId, what: String, context: &Context) -> Result<(), StoreError> {
    let write = context
        .store
        .write(move |tx| Box::pin(async move { portraits::set_worn(tx, of, &what).await }));
    write.await
}

/// What the homeserver doesn't allow isn't asked for again; all else is when the ghost does something next.
async fn gave_up(
    of: ContactId,
    what: String,
    fault: &Fault,
    context: &Context,
) -> Result<(), StoreError> {
    tracing::info!(%fault, contact = %of, "Somebody goes without a picture for now");
    match fault {
        Fault::Refused { .. } => wears(of, what, context).await,
        Fault::Later { .. } | Fault::Unknown { .. } => Ok(()),
    }
}
