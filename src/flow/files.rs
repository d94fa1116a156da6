//! What remains to be done about files: staff are told of links that customers ask for again, and
//! what no letter needs any more is deleted.

use std::sync::Arc;

use ruma::{OwnedEventId, OwnedRoomId};

use super::{
    Context,
    file_links::{end_of_link, page_of},
    lanes::{self, Origin},
    locale,
    worker::{Step, Worker},
    write,
};
use crate::{
    domain::{
        effect::{ItemKind, LetterItem},
        event::Words,
        ids::ConversationId,
        outgoing::{MatrixAction, Offer, Puppet},
        wording,
    },
    matrix::encode,
    store::{
        Queue, StoreError, Tx, conversations, files,
        links::{self, Asked},
    },
};

/// Most of a kind in one step.
const AT_ONCE: i64 = 64;
/// Most blobs that are looked at when Postroom starts.
const MOST_TO_SWEEP: usize = 10_000;
const AT_ONCE_IN_SWEEP: i64 = 10_000;
/// Until a folder in which nothing can be deleted is looked at again, in milliseconds.
const AFTER_FAILURE: i64 = 60_000;
/// Where they stand.
const FOLDER: &str = "files";

/// Tells and deletes.
#[derive(Debug)]
pub struct Files(pub Arc<Context>);

/// Deletes blobs that no file refers to, and what was begun and never finished: somebody ended in
/// the middle. What isn't there is to be fetched again. Before anything is fetched.
pub async fn sweep(context: &Context) -> Result<(), StoreError> {
    let names = context.blobs.tidy(FOLDER, MOST_TO_SWEEP).await?;
    let mut reading = context.store.read().await?;
    let mut swept = 0;
    for name in names {
        if !files::is_referred_to(&mut reading, &name).await? {
            context.blobs.delete(&name).await?;
            swept += 1;
        }
    }
    let (now, store) = (context.now_ms(), &context.store);
    // While Postroom didn't run nobody tried.
    let begin_again =
        store.write(move |tx| Box::pin(async move { files::begin_again(tx, now).await }));
    begin_again.await?;
    for (event, blob) in files::in_blobs(&mut reading, AT_ONCE_IN_SWEEP).await? {
        // A backup may be of a time before the blob.
        if !context.blobs.has(&blob).await? {
            let lose =
                store.write(move |tx| Box::pin(async move { files::lose(tx, &event, now).await }));
            lose.await?;
        }
    }
    if swept > 0 {
        tracing::info!(swept, "Deleted files that no letter needs");
    }
    Ok(())
}

impl Worker for Files {
    const NAME: &'static str = "files";
    const QUEUE: Queue = Queue::Files;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let mut reading = self.0.store.read().await?;
        let asked = links::asked(&mut reading, AT_ONCE).await?;
        drop(reading);
        let is_more = !asked.is_empty();
        for one in asked {
            let context = Arc::clone(&self.0);
            let store = &self.0.store;
            let offer =
                store.write(move |tx| Box::pin(async move { offer(tx, &one, &context).await }));
            offer.await?;
        }
        let all_deleted = delete_spent(&self.0).await?;
        Ok(match (is_more, all_deleted) {
            (true, _) => Step::Again,
            (false, true) => Step::Idle { until: None },
            (false, false) => {
                let until = self.0.now_ms().saturating_add(AFTER_FAILURE);
                Step::Idle { until: Some(until) }
            }
        })
    }
}

/// Deletes every blob that no letter needs any more; `false` if one can't be deleted, which keeps none
/// after it.
async fn delete_spent(context: &Context) -> Result<bool, StoreError> {
    let mut all_deleted = true;
    let mut last = String::new();
    loop {
        let mut reading = context.store.read().await?;
        let spent = files::spent(&mut reading, &last, AT_ONCE).await?;
        drop(reading);
        let Some(newest) = spent.last() else {
            return Ok(all_deleted);
        };
        last.clone_from(newest);
        for name in spent {
            if let Err(error) = context.blobs.delete(&name).await {
                tracing::warn!(%error, "Can't delete a file that no letter needs any more");
                all_deleted = false;
                continue;
            }
            let store = &context.store;
            let forget = store
                .write(move |tx| Box::pin(async move { files::forget_spent(tx, &name).await }));
            forget.await?;
        }
    }
}

/// Staff are told that somebody asks for a file, and can make its link work again.
async fn offer(tx: &mut Tx, asked: &Asked, context: &Context) -> Result<(), StoreError> {
    if !links::told(tx, asked.id).await? {
        return Ok(());
    }
    let Ok(room) = OwnedRoomId::try_from(asked.room_id.as_str()) else {
        return Ok(());
    };
    let event = OwnedEventId::try_from(asked.event_id.as_str()).ok();
    let text = wording::file::asked_for_again(&asked.filename);
    let action = MatrixAction::Send {
        room,
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content: encode::notice(&text, event.as_ref()),
        mail: None,
        media: None,
        offer: Some(Offer::Renew { link: asked.id }),
    };
    let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
    lanes::enqueue(tx, action, &origin, context).await
}

/// Staff have taken up the offer that the notice `event` made: the link works again, and a letter says
/// so.
pub async fn renew(
    tx: &mut Tx,
    link: i64,
    event: &OwnedEventId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (Some(link), Some(public)) = (links::find(tx.connection(), link).await?, &context.public)
    else {
        return Ok(());
    };
    let conversation = ConversationId(link.conversation_id);
    let found = conversations::find(tx.connection(), conversation).await?;
    let Some((found, Ok(room))) = found.map(|found| {
        let room = OwnedRoomId::try_from(found.room_id.as_str());
        (found, room)
    }) else {
        return Ok(());
    };
    if link.is_taken_back() {
        let text = wording::file::link_is_dead(&link.filename);
        return lanes::say(tx, room, &text, Some(event), origin, context).await;
    }
    let until = end_of_link(origin.now);
    links::renew(tx, link.id, until.as_millisecond()).await?;
    let text = wording::file::link_renewed(&link.filename);
    lanes::say(tx, room.clone(), &text, Some(event), origin, context).await?;
    if found.state == "closed" {
        return Ok(());
    }
    let locale = locale::of(tx.connection(), conversation, context).await?;
    let zone = locale::time_zone(&locale.time_zone);
    let url = public.page(&page_of(
        &context.keys.link_token(link.id, &link.salt),
        &link.filename,
    ));
    let until = until.to_zoned(zone);
    let body = wording::link::works_again(&link.filename, &url, &until, locale.language);
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let item = LetterItem {
        event: event.clone(),
        room,
        author: mailbox.name.clone(),
        by_staff: false,
        sent_at: context.now(),
        kind: ItemKind::Text,
        words: Words { body, html: None },
        shared: None,
        quote: None,
        thread_root: None,
        about: None,
        earlier: None,
        had_by: Vec::new(),
        reply_to: OwnedEventId::try_from(link.event_id).ok(),
        rides: false,
    };
    write::item(tx, conversation, &item, origin, context).await
}
