//! Seals a letter: fixes its Message-ID, its headers and whom it goes to, and puts one delivery per
//! recipient into the outbox.

use std::collections::HashSet;

use jiff::{Timestamp, Zoned, fmt::temporal::Pieces, tz::TimeZone};
use ruma::{OwnedEventId, OwnedRoomId};

use super::{Context, bounces, lanes, lanes::Origin, locale, reply_to, settings, threads};
use crate::{
    config::Mailbox,
    domain::{
        address::NamedAddress,
        bounce::Suspended,
        facts::{ConversationFacts, PersonFacts},
        flood::Scope,
        ids::{ContactId, ConversationId, CustomerId, LetterId, MailId, MessageId},
        letter::{Quote, fitting},
        outgoing::{MailAction, MatrixAction, Seal},
        threading,
    },
    store::{
        StoreError, Tx, conversations,
        conversations::{Conversation, Direction},
        departures, floods,
        last_mails::{self, LastMail},
        letters, messages, outbox, rooms, signs, subscriptions,
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

/// Seals an open letter; as several if it holds more than mail programs show of one.
pub async fn seal(
    tx: &mut Tx,
    letter: LetterId,
    conversation: ConversationId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let mut letter = letter;
    loop {
        let mut items = letters::items(tx.connection(), letter).await?;
        let fit = fitting(items.iter().map(weight));
        // What only rides goes with what doesn't.
        let rest = if items.iter().take(fit).all(|item| item.kind.rides()) {
            Vec::new()
        } else {
            items.split_off(fit)
        };
        seal_one(tx, letter, &items, conversation, origin, context).await?;
        let Some(first) = rest.first() else {
            return Ok(());
        };
        letter = letters::split_off(
            tx,
            (letter, conversation),
            &first.event,
            &origin.trace,
            origin.now,
        )
        .await?;
    }
}

/// Seals an open letter as it is. One in which nothing is left, or that nobody is there to get, is
/// done.
async fn seal_one(
    tx: &mut Tx,
    letter: LetterId,
    items: &[letters::Item],
    conversation: ConversationId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !items.is_empty() && items.iter().all(|item| item.kind.rides()) {
        return departures::rest(tx, letter).await;
    }
    let server = context.server_name.as_str();
    let mut people = conversations::people(tx.connection(), conversation, server).await?;
    // They read it in Matrix.
    people.retain(|person| person.moved.is_none());
    let Some(found) = conversations::find(tx.connection(), conversation).await? else {
        return Err(StoreError::Value(format!(
            "letter {letter} has no conversation"
        )));
    };
    signs::begin(tx, conversation).await?;
    // Who has all of it already gets no mail of it, nor for what only rides.
    let lacks = |person: &PersonFacts| {
        let mut items = items.iter().filter(|item| !item.kind.rides());
        items.any(|item| !item.had_by.contains(&person.contact))
    };
    let (recipients, others): (Vec<&PersonFacts>, Vec<_>) =
        people.iter().partition(|person| lacks(person));
    let left = left_for(&others, &recipients, items);
    if recipients.is_empty() {
        letters::settle(tx, letter).await?;
        carry_over(tx, letter, conversation, &left, origin).await?;
        tx.once_committed(|| LETTERS.count(["not_sent"]));
        return advance_receipt(tx, &found.room_id, origin, context).await;
    }
    let (scope, window) = (Scope::Letters(conversation), context.guard.limits.window);
    floods::count(tx, &scope, window, origin.now).await?;
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let message_id = new_message_id(letter, mailbox, context)?;
    let chain = conversations::chain(tx.connection(), conversation).await?;
    let answered = answered(tx, conversation, items).await?;
    let threading = threading::of_letter(&found.subject, &chain, answered.as_ref());
    let settings = settings::of_room(tx.connection(), &found.room_id, context).await?;
    // Who reads a broadcast learns nothing of what the others write.
    let (last_mail, list) = if settings.broadcast {
        (None, Some(list_name(tx, &found).await?))
    } else {
        let last_mail = last_mails::of(tx.connection(), conversation).await?;
        (last_mail, None)
    };
    let locale = locale::of(tx.connection(), conversation, context).await?;
    // Whoever gets it sees who gets it.
    let addresses = people.iter().map(|person| person.address.clone());
    let suspended = bounces::suspended(tx.connection(), addresses).await?;
    let is_suspended =
        |person: &PersonFacts| suspended.iter().any(|it| it.address == person.address);
    let (to, cc) = named_in(people.iter().filter(|person| !is_suspended(person)));
    let seal = Seal {
        from: NamedAddress {
            name: Some(from_name(items, &mailbox.name)),
            address: mailbox.address.clone(),
        },
        reply_to: reply_to::of(tx.connection(), conversation, mailbox, context).await?,
        to,
        cc,
        subject: threading.subject,
        in_reply_to: threading.in_reply_to,
        references: threading.references,
        how_to: is_first(tx, conversation, &found).await?,
        readers: match list {
            // Who gets a broadcast doesn't learn who else does.
            Some(_) => Vec::new(),
            None => readers(tx, conversation, &found, &people, context).await?,
        },
        quoted: last_mail.as_ref().map(|mail| MailId(mail.mail_id)),
        quote: last_mail.map(quote),
        language: locale.language.tag().to_owned(),
        time_zone: locale.time_zone,
        list,
        automatic: None,
    };
    if !letters::seal(tx, letter, &message_id, &seal, origin.now).await? {
        return Ok(());
    }
    carry_over(tx, letter, conversation, &left, origin).await?;
    conversations::extend_chain(tx, conversation, &message_id, Direction::Out).await?;
    conversations::tie(tx, conversation, &threading.tied).await?;
    for item in items {
        messages::link(tx, &item.event, conversation, &message_id, Direction::Out).await?;
    }
    let place = (letter, conversation, found.room_id.as_str());
    let people = (recipients.as_slice(), suspended.as_slice());
    let is_broadcast = seal.list.is_some();
    hand_out(tx, place, people, is_broadcast, origin, context).await
}

fn new_message_id(
    letter: LetterId,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<MessageId, StoreError> {
    let domain = mailbox.address.domain();
    let id = context
        .keys
        .message_id(letter, &context.chance.base32(8), domain);
    id.ok_or_else(|| {
        StoreError::Value("the mailbox's domain can't stand in a Message-ID".to_owned())
    })
}

/// Who stands in To and Cc: guests in Cc, unless there is nobody else.
fn named_in<'p>(
    people: impl Iterator<Item = &'p PersonFacts>,
) -> (Vec<NamedAddress>, Vec<NamedAddress>) {
    let (guests, members): (Vec<_>, Vec<_>) = people.partition(|person| person.is_guest);
    let (to, cc): (Vec<_>, Vec<_>) = (
        members.into_iter().map(named).collect(),
        guests.into_iter().map(named).collect(),
    );
    if to.is_empty() { (cc, to) } else { (to, cc) }
}

/// One delivery for each recipient, but for those whose address is suspended: what they miss is written
/// down.
async fn hand_out(
    tx: &mut Tx,
    (letter, conversation, room): (LetterId, ConversationId, &str),
    (recipients, suspended): (&[&PersonFacts], &[Suspended]),
    is_broadcast: bool,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let is_suspended =
        |person: &&&PersonFacts| suspended.iter().any(|it| it.address == person.address);
    let (left_out, reached): (Vec<&PersonFacts>, Vec<_>) =
        recipients.iter().partition(is_suspended);
    for person in &reached {
        let subscription = if is_broadcast {
            Some(subscriptions::ensure(tx, conversation, person.contact).await?)
        } else {
            None
        };
        let row = outbox::NewRow {
            way: outbox::Way::Mail,
            lane: format!("mail:{conversation}:{}", person.address.key()),
            effect_id: context.new_effect_id(),
            payload: serde_json::to_string(&MailAction {
                recipient: named(person),
                contact: Some(person.contact),
                subscription,
            })?,
            letter: Some(letter),
            trace: origin.trace.clone(),
        };
        outbox::enqueue(tx, &row, origin.now).await?;
    }
    tracing::info!(trace = %origin.trace, letter = %letter, recipients = reached.len(), "Sealed a letter");
    for person in left_out {
        bounces::leave_out(tx, letter, &named(person), origin, context).await?;
    }
    if !reached.is_empty() {
        return Ok(());
    }
    letters::settle(tx, letter).await?;
    tx.once_committed(|| LETTERS.count(["not_sent"]));
    advance_receipt(tx, room, origin, context).await
}

/// What rides with the letter and is lacked by `others`, who don't get it; with all who have it once the
/// letter has gone.
fn left_for<'i>(
    others: &[&PersonFacts],
    recipients: &[&PersonFacts],
    items: &'i [letters::Item],
) -> Vec<(&'i str, Vec<ContactId>)> {
    let lacked = |item: &&letters::Item| {
        let mut others = others.iter();
        item.kind.rides() && others.any(|person| !item.had_by.contains(&person.contact))
    };
    items
        .iter()
        .filter(lacked)
        .map(|item| {
            let got = recipients.iter().map(|person| person.contact);
            let had_by = item.had_by.iter().copied().chain(got).collect();
            (item.event.as_str(), had_by)
        })
        .collect()
}

async fn carry_over(
    tx: &mut Tx,
    letter: LetterId,
    conversation: ConversationId,
    left: &[(&str, Vec<ContactId>)],
    origin: &Origin,
) -> Result<(), StoreError> {
    if left.is_empty() {
        return Ok(());
    }
    letters::carry_over(tx, letter, conversation, left, &origin.trace, origin.now).await
}

/// About as many octets as an item takes in the HTML of a letter.
fn weight(item: &letters::Item) -> usize {
    // Names, times and styles; signs that are written longer in HTML.
    const FRAME: usize = 600;
    let body = item.words.body.len() * 5 / 4;
    let html = item.words.html.as_ref().map_or(0, String::len);
    let quote = item.quote.as_ref().map_or(0, String::len);
    FRAME + body.max(html) + quote
}

/// What a broadcast is called: as its room.
async fn list_name(tx: &mut Tx, conversation: &Conversation) -> Result<String, StoreError> {
    let room = rooms::find(tx.connection(), &conversation.room_id).await?;
    let name = room.map(|room| room.name).filter(|name| !name.is_empty());
    Ok(name.unwrap_or_else(|| conversation.subject.clone()))
}

/// The mail that carried the message to which the letter's first reply replies, or else the newest.
async fn answered(
    tx: &mut Tx,
    conversation: ConversationId,
    items: &[letters::Item],
) -> Result<Option<MessageId>, StoreError> {
    for event in items.iter().filter_map(|item| item.reply_to.as_deref()) {
        let mail = messages::mail_of(tx.connection(), event, conversation).await?;
        if mail.is_some() {
            return Ok(mail);
        }
    }
    conversations::newest_mail(tx.connection(), conversation).await
}

/// Whether the customer hasn't had a letter in the room yet.
async fn is_first(
    tx: &mut Tx,
    conversation: ConversationId,
    found: &Conversation,
) -> Result<bool, StoreError> {
    if letters::has_had_one(tx.connection(), conversation).await? {
        return Ok(false);
    }
    let customer = CustomerId(found.customer_id);
    let all = conversations::with_customer(tx.connection(), &found.room_id, customer).await?;
    match all.iter().find(|(_, root)| root.is_empty()) {
        Some((main, _)) => Ok(!letters::has_had_one(tx.connection(), *main).await?),
        None => Ok(true),
    }
}

fn quote(mail: LastMail) -> Quote {
    Quote {
        at: written_at(&mail.written_at),
        author: mail.author,
        text: mail.text,
    }
}

/// The time of a mail by its author's clock (RFC 3339).
fn written_at(text: &str) -> Option<Zoned> {
    let pieces = Pieces::parse(text).ok()?;
    let at: Timestamp = text.parse().ok()?;
    let zone = TimeZone::fixed(pieces.to_numeric_offset()?);
    Some(at.to_zoned(zone))
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

/// The people of the room's other customers who read the answer too, once each: where that stands in
/// a thread, those of the thread.
async fn readers(
    tx: &mut Tx,
    conversation: ConversationId,
    found: &Conversation,
    people: &[PersonFacts],
    context: &Context,
) -> Result<Vec<String>, StoreError> {
    let server = context.server_name.as_str();
    let all = conversations::of_room(tx.connection(), &found.room_id, server).await?;
    let root = |it: &ConversationFacts| it.thread_root.as_ref().map(ToString::to_string);
    let is_this_thread = |it: &&ConversationFacts| root(it).as_deref() == Some(&*found.thread_root);
    let threads: Vec<&ConversationFacts> = all.iter().filter(is_this_thread).collect();
    let mut seen: HashSet<ContactId> = people.iter().map(|person| person.contact).collect();
    let mut readers: Vec<&PersonFacts> = Vec::new();
    let mains: Vec<&ConversationFacts> = all.iter().filter(|it| it.thread_root.is_none()).collect();
    let kept_by = match OwnedEventId::try_from(found.thread_root.as_str()) {
        Ok(root) => threads::kept_by(tx.connection(), &root, &mains).await?,
        Err(_) => mains.iter().map(|main| main.id).collect(),
    };
    for main in mains {
        let thread = threads.iter().find(|it| it.customer == main.customer);
        let place = thread.copied().unwrap_or(main);
        if place.id == conversation || found.customer_id == main.customer.0 {
            continue;
        }
        for person in &place.people {
            // Guests of the room's own conversation don't read what stands in a thread, unless that
            // goes on there.
            let reads = thread.is_some() || kept_by.contains(&main.id) || !person.is_guest;
            if reads && seen.insert(person.contact) {
                readers.push(person);
            }
        }
    }
    // No answer reaches them.
    let addresses = readers.iter().map(|person| person.address.clone());
    let suspended = bounces::suspended(tx.connection(), addresses).await?;
    let reads = |person: &&PersonFacts| suspended.iter().all(|it| it.address != person.address);
    let readers = readers.into_iter().filter(reads);
    Ok(readers.map(|person| person.name.clone()).collect())
}

fn named(person: &PersonFacts) -> NamedAddress {
    let name = (person.name != person.address.local_part()).then(|| person.name.clone());
    NamedAddress {
        name,
        address: person.address.clone(),
    }
}
