//! Where a mail leads: what its recipients, the ids that it names and its sender tell.

use std::collections::HashSet;

use ruma::OwnedEventId;

use super::{Context, machine_facts, read::Read, reply_to, reports};
use crate::{
    domain::{
        facts::{Delivery, LedBy},
        ids::{ConversationId, SubscriptionId},
        incoming::IncomingMail,
        token::Keys,
    },
    matrix::decode,
    store::{
        Connection, StoreError, bounces, conversations, conversations::Direction, inbox, members,
        messages, subscriptions,
    },
};

/// What stands in the token's place in the mail's recipients, wherever one is ours.
pub fn details(mail: &IncomingMail, read: &Read, context: &Context) -> Vec<String> {
    let recipients = read.recipients.iter().chain(&mail.recipients);
    let in_each = |to: &String| -> Vec<String> {
        let mailboxes = context.mailboxes.values();
        let details = mailboxes.filter_map(|mailbox| mailbox.reply_address.detail(to));
        details.collect()
    };
    let mut seen = HashSet::new();
    let details = recipients.flat_map(in_each);
    details.filter(|one| seen.insert(one.clone())).collect()
}

/// The delivery to whose return address the mail came.
pub async fn delivery(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Option<Delivery>, StoreError> {
    for detail in details(mail, read, context) {
        let found = reports::delivery_by(connection, &detail, context).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The broadcast that the mail's sender leaves by it: whose address for leaving it went to, and
/// nobody else's.
pub async fn leaving(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Option<SubscriptionId>, StoreError> {
    let Some(from) = mail.from.as_ref().filter(|_| !mail.from_is_substitute) else {
        return Ok(None);
    };
    for detail in details(mail, read, context) {
        let Some(id) = Keys::number_in(&detail).map(SubscriptionId) else {
            continue;
        };
        let Some(found) = subscriptions::find(connection, id).await? else {
            continue;
        };
        let is_right = context.keys.is_subscription(&detail, &found.salt());
        if is_right && found.address == from.address {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Where the mail leads, best evidence first: tokens, then our own Message-IDs, then known ones; then
/// the only room in which its sender is.
pub async fn candidates(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Vec<(ConversationId, LedBy)>, StoreError> {
    let mut found = Vec::new();
    for detail in details(mail, read, context) {
        let conversation = reply_to::conversation_of(connection, &detail, context).await?;
        found.extend(conversation.map(|conversation| (conversation, LedBy::Token)));
    }
    // A token says which conversation is meant; ids only help where there is none.
    if !found.is_empty() {
        return Ok(found);
    }
    let newest_first = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in newest_first {
        for (conversation, direction) in conversations::by_message_id(connection, id).await? {
            let by = match direction {
                Direction::Out => LedBy::OwnMessageId,
                Direction::In => LedBy::KnownMessageId,
            };
            found.push((conversation, by));
        }
    }
    // Absence notes come to the return address, and often name no mail.
    if found.is_empty()
        && machine_facts::may_be_by_machine(mail, read.null_sender)
        && let Some(delivery) = delivery(connection, mail, read, context).await?
        && let Some(sent) = bounces::delivery(connection, delivery.row).await?
    {
        let id = bounces::conversation(connection, sent.letter).await?;
        let conversation = conversations::find(connection, id).await?;
        // An answer to somebody who has no conversation leads to none.
        if conversation.is_some_and(|it| !it.room_id.is_empty()) {
            found.push((id, LedBy::OwnMessageId));
        }
    }
    if found.is_empty()
        && let Some(from) = mail.from.as_ref().filter(|_| !mail.from_is_substitute)
    {
        let only = members::only_place(connection, &from.address).await?;
        return Ok(only.map(|one| (one, LedBy::Sender)).into_iter().collect());
    }
    // The sort keeps the newest first among equals. Ids lead to one conversation only.
    found.sort_by_key(|(_, by)| *by);
    found.truncate(1);
    Ok(found)
}

pub async fn answered_event(
    connection: &mut Connection,
    mail: &IncomingMail,
    conversation: ConversationId,
    room: &str,
) -> Result<Option<OwnedEventId>, StoreError> {
    let newest_first = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in newest_first {
        if let Some(event) = messages::event_of(connection, id, conversation).await? {
            // What was said before the conversation came here can't be answered here.
            let known = inbox::known(connection, &event).await?;
            if known.is_some_and(|known| known.room_id != room) {
                continue;
            }
            return Ok(event.try_into().ok());
        }
    }
    Ok(None)
}

/// The thread that an event stands in.
pub async fn thread_root(
    connection: &mut Connection,
    event: &OwnedEventId,
) -> Result<Option<OwnedEventId>, StoreError> {
    let known = inbox::known(connection, event.as_str()).await?;
    Ok(known.and_then(|known| decode::thread_root_of(&known.body)))
}
