//! What a decision about a mail needs to know, as the store has it.

use ruma::{OwnedEventId, RoomId};

use super::{Context, audience, guests, look::Looked};
use crate::{
    domain::{
        address::EmailAddress,
        facts::{Delivery, Evidence, MailFacts, PersonFacts, Route},
        ids::{ConversationId, MailId, SubscriptionId},
        incoming::{Fate, IncomingMail},
        on_mail,
        outgoing::MailAction,
        token::Keys,
    },
    matrix::decode,
    store::{
        Connection, StoreError, conversations, conversations::Direction, guests as guest_store,
        inbox, mails, messages, outbox, rooms, subscriptions,
    },
};

/// Whether a mail proves who sent it. Mail isn't authenticated yet: none does. What authentication finds
/// will take this place.
const VERIFIED: bool = false;

/// Of how many ids that a mail names it is asked whether they are known.
const MOST_NAMED: usize = 50;

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
    pub mail: Result<IncomingMail, String>,
}

/// What is known of a mail that was read.
pub async fn of(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<MailFacts, StoreError> {
    let identity = mail
        .message_id
        .as_ref()
        .map_or(read.digest.as_str(), |id| id.as_str())
        .to_owned();
    let own_addresses = context.own_addresses();
    let mut routes: Vec<Route> = Vec::new();
    for (conversation, by) in candidates(connection, mail, read, context).await? {
        if routes
            .iter()
            .any(|route| route.conversation == conversation)
        {
            continue;
        }
        let from = mail.from.as_ref().map(|from| &from.address);
        let (conversation, member) = place_of(connection, conversation, from, context).await?;
        let Some(found) = conversations::find(connection, conversation).await? else {
            continue;
        };
        if routes
            .iter()
            .any(|route| route.conversation == conversation)
        {
            continue;
        }
        let known = match from {
            Some(from) => {
                let date = mail.date.as_deref().unwrap_or_default();
                let connection = &mut *connection;
                match by {
                    Evidence::Token => {
                        mails::is_posted(connection, conversation, &identity, from, date).await?
                    }
                    // A copy of it came with a token, which knows better.
                    Evidence::OwnMessageId | Evidence::KnownMessageId => {
                        mails::is_posted_anywhere(connection, &identity, from, date).await?
                    }
                }
            }
            None => false,
        };
        let room = rooms::find(connection, &found.room_id).await?;
        let room_id =
            RoomId::parse(&found.room_id).map_err(|fault| StoreError::Value(fault.to_string()))?;
        let answered = answered_event(connection, mail, conversation).await?;
        let has_withheld = mail
            .attachments
            .iter()
            .any(|one| matches!(one.fate, Fate::Withheld(_)));
        let mut route = Route {
            conversation,
            by,
            known,
            thread_root: match &answered {
                _ if !found.thread_root.is_empty() => found.thread_root.try_into().ok(),
                Some(event) => thread_root(connection, event).await?,
                None => None,
            },
            reply_to: answered,
            bot_joined: room.is_some_and(|room| room.bot_joined == 1),
            has_visitors: false,
            room: room_id,
            is_loose: is_loose(connection, mail, conversation).await?,
            copied_by: None,
            copied: Vec::new(),
            guests: guest_store::count(connection, conversation).await?,
            member,
        };
        if let Some(person) = &route.member {
            route.copied_by =
                guest_store::copied_by(connection, conversation, person.contact).await?;
            route.copied = guests::copied(connection, mail, &route, context).await?;
            let copied = &route.copied;
            let matters =
                has_withheld || on_mail::will_be_told(person, copied, VERIFIED, &own_addresses);
            route.has_visitors =
                matters && audience::has_visitors(connection, &route.room, context).await?;
        }
        routes.push(route);
    }
    // Some servers and lists write a Message-ID of their own over ours.
    let mut names = mail.message_id.iter().chain(&read.looked.postroom_id);
    let is_ours = names.any(|id| context.keys.letter_of(id).is_some());
    Ok(MailFacts {
        identity,
        is_ours,
        is_probe: is_probe(mail, read, context),
        delivery: delivery(connection, mail, read, context).await?,
        leaving: leaving(connection, mail, read, context).await?,
        verified: VERIFIED,
        routes,
        knows_signature: read.knows_signature,
        own_addresses,
        control_room: context.control_room.clone(),
    })
}

/// The conversation to which somebody answers by a mail to `conversation`, with who they are in it.
/// One of the room's other people who answers all gives their answer in their own conversation, and so
/// does who answers in a closed one and has another since.
async fn place_of(
    connection: &mut Connection,
    conversation: ConversationId,
    from: Option<&EmailAddress>,
    context: &Context,
) -> Result<(ConversationId, Option<PersonFacts>), StoreError> {
    let server = context.server_name.as_str();
    let people = conversations::people(connection, conversation, server).await?;
    let is_it = |person: &PersonFacts| Some(&person.address) == from;
    let member = people.into_iter().find(is_it);
    let Some(found) = conversations::find(connection, conversation).await? else {
        return Ok((conversation, member));
    };
    if member.is_some() && found.state != "closed" {
        return Ok((conversation, member));
    }
    let root: Option<OwnedEventId> = found.thread_root.try_into().ok();
    let mut as_guest = None;
    for other in conversations::of_room(connection, &found.room_id, server).await? {
        if other.thread_root == root
            && let Some(person) = other.people.into_iter().find(is_it)
        {
            if !person.is_guest {
                return Ok((other.id, Some(person)));
            }
            as_guest.get_or_insert((other.id, Some(person)));
        }
    }
    Ok(as_guest.unwrap_or((conversation, member)))
}

/// Whether the mail names none of the conversation's others, if there are any.
async fn is_loose(
    connection: &mut Connection,
    mail: &IncomingMail,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let named = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in named.take(MOST_NAMED) {
        if conversations::has_in_chain(connection, conversation, id).await? {
            return Ok(false);
        }
    }
    let chain = conversations::chain(connection, conversation).await?;
    Ok(chain
        .ids
        .iter()
        .any(|id| Some(id) != mail.message_id.as_ref()))
}

/// Whether the mail is one that `postroom doctor --send` has sent to see whether it comes back. A
/// mail server on the way may have changed its Message-ID; the address it was sent to stays.
fn is_probe(mail: &IncomingMail, read: &Read, context: &Context) -> bool {
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
    let detail = |to: &String| {
        let mut mailboxes = context.mailboxes.values();
        mailboxes.find_map(|mailbox| mailbox.reply_address.detail(to))
    };
    recipients.filter_map(detail).collect()
}

/// The delivery to whose return address the mail came.
async fn delivery(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Option<Delivery>, StoreError> {
    let details = details(mail, read, context);
    for detail in &details {
        let Some(row) = Keys::number_in(detail) else {
            continue;
        };
        let Some((payload, salt)) = outbox::payload(connection, row).await? else {
            continue;
        };
        if context.keys.is_delivery(detail, &salt) {
            let action: Option<MailAction> = serde_json::from_str(&payload).ok();
            return Ok(action.map(|action| Delivery {
                row,
                recipient: action.recipient,
            }));
        }
    }
    Ok(None)
}

/// The broadcast that the mail's sender leaves by it: whose address for leaving it went to, and
/// nobody else's.
async fn leaving(
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

/// Where the mail leads, best evidence first: tokens, then our own Message-IDs, then known ones.
pub async fn candidates(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Vec<(ConversationId, Evidence)>, StoreError> {
    let mut found = Vec::new();
    for recipient in read.recipients.iter().chain(&mail.recipients) {
        for mailbox in context.mailboxes.values() {
            let token = mailbox.reply_address.detail(recipient);
            found.extend(
                token
                    .and_then(|token| context.keys.conversation_of(&token))
                    .map(|c| (c, Evidence::Token)),
            );
        }
    }
    // A token says which conversation is meant; ids only help where there is none.
    if !found.is_empty() {
        return Ok(found);
    }
    let newest_first = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in newest_first {
        for (conversation, direction) in conversations::by_message_id(connection, id).await? {
            let by = match direction {
                Direction::Out => Evidence::OwnMessageId,
                Direction::In => Evidence::KnownMessageId,
            };
            found.push((conversation, by));
        }
    }
    // The sort keeps the newest first among equals. Ids lead to one conversation only.
    found.sort_by_key(|(_, by)| *by);
    found.truncate(1);
    Ok(found)
}

async fn answered_event(
    connection: &mut Connection,
    mail: &IncomingMail,
    conversation: ConversationId,
) -> Result<Option<OwnedEventId>, StoreError> {
    let newest_first = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in newest_first {
        if let Some(event) = messages::event_of(connection, id, conversation).await? {
            return Ok(event.try_into().ok());
        }
    }
    Ok(None)
}

/// The thread that an event stands in.
async fn thread_root(
    connection: &mut Connection,
    event: &OwnedEventId,
) -> Result<Option<OwnedEventId>, StoreError> {
    let known = inbox::known(connection, event.as_str()).await?;
    Ok(known.and_then(|known| decode::thread_root_of(&known.body)))
}
