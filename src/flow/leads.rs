//! Where a mail leads, as its addresses, the mails that it names and its sender say.

use std::collections::HashSet;

use super::{Context, look::Looked, machine_facts, reply_to, reports};
use crate::{
    domain::{
        bounce::Report,
        evidence::Judgement,
        facts::{Delivery, LedBy},
        ids::{ConversationId, MailId, SubscriptionId},
        incoming::IncomingMail,
        token::Keys,
    },
    store::{
        Connection, StoreError, bounces, conversations, conversations::Direction, members,
        subscriptions,
    },
};

/// A mail that was read.
#[derive(Clone)]
pub struct Read {
    pub id: MailId,
    pub trace: String,
    pub source: String,
    /// SHA-256, for a mail without a Message-ID.
    pub digest: String,
    pub recipients: Vec<String>,
    pub null_sender: bool,
    /// Mail of this sender was shown before.
    pub knows_signature: bool,
    pub looked: Looked,
    /// What was found out about its sender.
    pub judgement: Judgement,
    pub mail: Result<IncomingMail, String>,
    /// What it reports.
    pub report: Option<Report>,
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
        let conversation = bounces::conversation(connection, sent.letter).await?;
        found.push((conversation, LedBy::OwnMessageId));
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

/// Whether the mail is one that `postroom doctor --send` has sent to see whether it comes back. A
/// mail server on the way may have changed its Message-ID; the address it was sent to stays.
pub fn is_probe(mail: &IncomingMail, read: &Read, context: &Context) -> bool {
    let is_by_us = mail.from.as_ref().is_some_and(|from| {
        let mut mailboxes = context.mailboxes.values();
        mailboxes.any(|mailbox| mailbox.address == from.address)
    });
    is_by_us
        && read.recipients.iter().chain(&mail.recipients).any(|to| {
            let mut mailboxes = context.mailboxes.values();
            let is_token = |token: String| context.keys.is_probe_token(&token);
            mailboxes.any(|mailbox| mailbox.reply_address.detail(to).is_some_and(is_token))
        })
}

/// What stands in the token's place in the mail's recipients, wherever one is ours.
fn details(mail: &IncomingMail, read: &Read, context: &Context) -> Vec<String> {
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
