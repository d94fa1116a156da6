//! Seals a letter: fixes its Message-ID, its headers and whom it goes to, and puts one delivery per
//! recipient into the outbox.

use ruma::OwnedRoomId;

use super::{Context, lanes, lanes::Origin, locale, settings};
use crate::{
    domain::{
        address::NamedAddress,
        facts::PersonFacts,
        ids::{ConversationId, LetterId, MessageId},
        letter::references_for,
        outgoing::{MailAction, MatrixAction, Seal},
    },
    store::{
        StoreError, Tx, conversations,
        conversations::{Conversation, Direction},
        letters, messages, outbox, rooms, subscriptions,
    },
    telemetry::metrics::catalogue::LETTERS,
};

/// Seals the conversation's open letter, if there is one.
pub async fn open_letter_of(
    tx: &mut Tx,
    conversation: ConversationId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match letters::open_of(tx.connection(), conversation).await? {
        Some(letter) => seal(tx, letter, conversation, origin, context).await,
        None => Ok(()),
    }
}

/// Seals an open letter. One in which nothing is left, or that nobody is there to get, is done.
pub async fn seal(
    tx: &mut Tx,
    letter: LetterId,
    conversation: ConversationId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let items = letters::items(tx.connection(), letter).await?;
    let server = context.server_name.as_str();
    let people = conversations::people(tx.connection(), conversation, server).await?;
    let Some(found) = conversations::find(tx.connection(), conversation).await? else {
        return Err(StoreError::Value(format!(
            "letter {letter} has no conversation"
        )));
    };
    if items.is_empty() || people.is_empty() {
        letters::settle(tx, letter).await?;
        tx.once_committed(|| LETTERS.count(["not_sent"]));
        return advance_receipt(tx, &found.room_id, origin, context).await;
    }
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let message_id = context
        .keys
        .message_id(letter, &context.chance.base32(8), mailbox.address.domain())
        .ok_or_else(|| {
            StoreError::Value("the mailbox's domain can't stand in a Message-ID".to_owned())
        })?;
    let chain = chain(tx, conversation, &items).await?;
    let settings = settings::of_room(tx.connection(), &found.room_id, context).await?;
    let list = if settings.broadcast {
        Some(list_name(tx, &found).await?)
    } else {
        None
    };
    let locale = locale::of(tx.connection(), conversation, context).await?;
    let seal = Seal {
        from: NamedAddress {
            name: Some(from_name(&items, &mailbox.name)),
            address: mailbox.address.clone(),
        },
        reply_to: mailbox
            .reply_address
            .with_token(&context.keys.reply_token(conversation)),
        to: people.iter().map(named).collect(),
        cc: Vec::new(),
        subject: found.subject.clone(),
        in_reply_to: chain.last().cloned(),
        references: references_for(&chain),
        how_to: !letters::has_had_one(tx.connection(), conversation).await?,
        readers: match list {
            // Who gets a broadcast doesn't learn who else does.
            Some(_) => Vec::new(),
            None => readers(tx, &found.room_id, conversation, context).await?,
        },
        quote: None,
        language: locale.language.tag().to_owned(),
        time_zone: locale.time_zone,
        list,
    };
    if !letters::seal(tx, letter, &message_id, &seal, origin.now).await? {
        return Ok(());
    }
    conversations::extend_chain(tx, conversation, &message_id, Direction::Out).await?;
    for item in &items {
        messages::link(tx, &item.event, conversation, &message_id, Direction::Out).await?;
    }
    for person in &people {
        let subscription = match seal.list {
            Some(_) => Some(subscriptions::ensure(tx, conversation, person.contact).await?),
            None => None,
        };
        let row = outbox::NewRow {
            way: outbox::Way::Mail,
            lane: format!("mail:{conversation}:{}", person.address.key()),
            effect_id: context.new_effect_id(),
            payload: serde_json::to_string(&MailAction {
                recipient: named(person),
                subscription,
            })?,
            letter: Some(letter),
            trace: origin.trace.clone(),
        };
        outbox::enqueue(tx, &row, origin.now).await?;
    }
    tracing::info!(trace = %origin.trace, letter = %letter, recipients = people.len(), "Sealed a letter");
    Ok(())
}

/// What a broadcast is called: as its room.
async fn list_name(tx: &mut Tx, conversation: &Conversation) -> Result<String, StoreError> {
    let room = rooms::find(tx.connection(), &conversation.room_id).await?;
    let name = room.map(|room| room.name).filter(|name| !name.is_empty());
    Ok(name.unwrap_or_else(|| conversation.subject.clone()))
}

/// The conversation's Message-IDs; the last one is the mail that the letter answers. That is the one
/// which carried the message that is replied to, or else the newest.
async fn chain(
    tx: &mut Tx,
    conversation: ConversationId,
    items: &[letters::Item],
) -> Result<Vec<MessageId>, StoreError> {
    let mut chain = conversations::chain(tx.connection(), conversation).await?;
    for event in items.iter().filter_map(|item| item.reply_to.as_deref()) {
        if let Some(mail) = messages::mail_of(tx.connection(), event, conversation).await? {
            chain.retain(|id| *id != mail);
            chain.push(mail);
            break;
        }
    }
    Ok(chain)
}

/// The bot's read receipt moves past every message that is settled, and no further.
pub async fn advance_receipt(
    tx: &mut Tx,
    room: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(event) = letters::high_water(tx.connection(), room).await? else {
        return Ok(());
    };
    // A room or event id in the store was one when it came in.
    if let (Ok(room), Ok(event)) = (OwnedRoomId::try_from(room), event.try_into()) {
        lanes::enqueue(tx, MatrixAction::Receipt { room, event }, origin, context).await?;
    }
    Ok(())
}

/// The organisation, or the one member of staff who wrote all of it.
fn from_name(items: &[letters::Item], organisation: &str) -> String {
    match items {
        [first, rest @ ..]
            if first.by_staff && rest.iter().all(|i| i.by_staff && i.author == first.author) =>
        {
            format!("{}, {organisation}", first.author)
        }
        _ => organisation.to_owned(),
    }
}

/// The people of the room's other customers: they read the answer too.
async fn readers(
    tx: &mut Tx,
    room: &str,
    conversation: ConversationId,
    context: &Context,
) -> Result<Vec<String>, StoreError> {
    let all = conversations::of_room(tx.connection(), room, context.server_name.as_str()).await?;
    Ok(all
        .into_iter()
        .filter(|other| other.id != conversation)
        .flat_map(|other| other.people)
        .map(|person| person.name)
        .collect())
}

fn named(person: &PersonFacts) -> NamedAddress {
    let name = (person.name != person.address.local_part()).then(|| person.name.clone());
    NamedAddress {
        name,
        address: person.address.clone(),
    }
}
