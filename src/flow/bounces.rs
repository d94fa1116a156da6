//! What follows from mail that failed, for the letter and for the address.
//!
//! A suspension holds in every room. What was written meanwhile is not sent, neither at once nor later:
//! nobody knows whose the address will be then. Staff are told of it at the first such message of a room,
//! and of all of them when they resume the address.

use std::collections::BTreeMap;

use ruma::{OwnedEventId, OwnedRoomId};

use super::{
    Context, audience,
    lanes::{self, Origin, enqueue},
    reports,
};
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        bounce::{
            Action, Cause, Consequence, FailedRecipient, Mark, MarkKind, Reason, Standing,
            StatusCode, Suspended, Verdict, on_refusal,
        },
        ids::LetterId,
        outgoing::{MatrixAction, Offer, Puppet},
        wording::{self, bounces as sentences},
    },
    matrix::encode,
    store::{Connection, StoreError, Tx, bounces, letters},
};

pub async fn apply(
    tx: &mut Tx,
    consequence: Consequence,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match consequence {
        Consequence::Mark {
            letter,
            marks,
            news,
        } => {
            for mark in &marks {
                bounces::mark(tx, letter, mark, origin.now).await?;
            }
            match news {
                Some(text) => tell_at(tx, letter, &text, origin, context).await,
                None => Ok(()),
            }
        }
        Consequence::Count { address, points } => {
            bounces::count(tx, &address, points, origin.now).await
        }
        Consequence::Suspend {
            person,
            cause,
            told_at,
        } => suspend(tx, &person, cause, told_at, origin, context).await,
        Consequence::Forget { address } => bounces::forget(tx, &address).await,
        Consequence::OfferResume { person, room } => {
            offer_resume(tx, &person, room, origin, context).await
        }
        Consequence::Resume { address, room, by } => {
            resume(tx, &address, &room, &by, origin, context).await
        }
    }
}

/// The mail server has refused this recipient of a letter: what is added to the sentence that says so.
pub async fn refused(
    tx: &mut Tx,
    recipient: &NamedAddress,
    reply: &str,
    letter: LetterId,
    origin: &Origin,
    context: &Context,
) -> Result<String, StoreError> {
    let status = StatusCode::find(reply);
    let refused = FailedRecipient {
        address: recipient.address.clone(),
        action: Action::Failed,
        status,
        reply: Some(reply.to_owned()),
        remote_mta: None,
        reason: Reason::find(&[reply], status),
    };
    let address = &recipient.address;
    let standing = reports::standing(tx.connection(), address, context).await?;
    match on_refusal(&refused, standing.unwrap_or(Standing::Counting(0))) {
        Verdict::Count(points) => bounces::count(tx, address, points, origin.now).await?,
        Verdict::Suspend => {
            let cause = Cause::Failed(refused.reason);
            suspend(tx, recipient, cause, Some(letter), origin, context).await?;
            return Ok(sentences::and_suspended(address));
        }
        Verdict::Ignore | Verdict::Unplaced | Verdict::Mark => {}
    }
    Ok(String::new())
}

pub async fn is_suspended(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<bool, StoreError> {
    let found = bounces::suspension(connection, address).await?;
    Ok(found.is_some())
}

/// A letter isn't sent to somebody whose address is suspended: that is written down, and told at the first
/// one of a room. `false`: it isn't suspended any more.
pub async fn leave_out(
    tx: &mut Tx,
    letter: LetterId,
    recipient: &NamedAddress,
    origin: &Origin,
    context: &Context,
) -> Result<bool, StoreError> {
    let address = &recipient.address;
    let Some(suspension) = bounces::suspension(tx.connection(), address).await? else {
        return Ok(false);
    };
    let (room, _) = letters::place_of(tx.connection(), letter).await?;
    let earlier = bounces::unsent(tx.connection(), address, suspension.since).await?;
    let mark = Mark {
        address: Some(address.clone()),
        kind: MarkKind::Unsent,
        vouched: true,
    };
    bounces::mark(tx, letter, &mark, origin.now).await?;
    if !earlier.iter().any(|(_, known)| *known == room) {
        let text = sentences::not_sent(recipient, suspension.cause);
        tell_at(tx, letter, &text, origin, context).await?;
    }
    Ok(true)
}

/// Those of these addresses to which no mail goes.
pub async fn suspended(
    connection: &mut Connection,
    addresses: impl Iterator<Item = EmailAddress> + Send,
) -> Result<Vec<Suspended>, StoreError> {
    let mut found: Vec<Suspended> = Vec::new();
    for address in addresses {
        if found.iter().any(|known| known.address == address) {
            continue;
        }
        if let Some(suspension) = bounces::suspension(connection, &address).await? {
            let cause = suspension.cause;
            found.push(Suspended { address, cause });
        }
    }
    Ok(found)
}

/// Every room in which somebody with the address is written to is told, but for that of the letter
/// `told_at`, where it is said already.
async fn suspend(
    tx: &mut Tx,
    person: &NamedAddress,
    cause: Cause,
    told_at: Option<LetterId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !bounces::suspend(tx, &person.address, cause, origin.now).await? {
        return Ok(());
    }
    tracing::info!(trace = %origin.trace, address = %person.address.masked(), ?cause, "Suspended an address");
    let told = match told_at {
        Some(letter) => Some(letters::place_of(tx.connection(), letter).await?.0),
        None => None,
    };
    let mut rooms = bounces::rooms(tx.connection(), &person.address).await?;
    rooms.retain(|room| Some(room) != told.as_ref());
    let text = sentences::suspended(person, cause);
    let mut reaches_nobody = false;
    for room in rooms {
        match audience::room_of_staff(tx.connection(), &room, context).await? {
            Some(room) => lanes::say(tx, room, &text, None, origin, context).await?,
            None => reaches_nobody = true,
        }
    }
    // Once, however many rooms there are in which others would read it.
    if reaches_nobody {
        lanes::report(tx, &text, origin, context).await?;
    }
    Ok(())
}

async fn offer_resume(
    tx: &mut Tx,
    person: &NamedAddress,
    room: OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !bounces::offer(tx, &person.address).await? {
        return Ok(());
    }
    let text = sentences::works_again(person);
    let own = audience::room_of_staff(tx.connection(), room.as_str(), context).await?;
    let Some(room) = own.or_else(|| context.control_room()) else {
        return lanes::report(tx, &text, origin, context).await;
    };
    let action = MatrixAction::Send {
        room: room.clone(),
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content: encode::notice(&text, None),
        mail: None,
        media: None,
        offer: Some(Offer::Resume {
            address: person.address.clone(),
            room,
        }),
    };
    enqueue(tx, action, origin, context).await
}

/// Mail goes to the address again. Each room is told which of its messages were not sent.
pub async fn resume(
    tx: &mut Tx,
    address: &EmailAddress,
    room: &OwnedRoomId,
    by: &OwnedEventId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let suspension = bounces::suspension(tx.connection(), address).await?;
    let Some(suspension) = suspension else {
        let text = sentences::is_not_suspended(address);
        return lanes::say(tx, room.clone(), &text, Some(by), origin, context).await;
    };
    let mut unsent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (letter, place) in bounces::unsent(tx.connection(), address, suspension.since).await? {
        let items = letters::items(tx.connection(), letter).await?;
        let items = items.iter().filter(|item| !item.kind.rides());
        let told = unsent.entry(place).or_default();
        told.extend(items.map(|item| wording::excerpt(&item.words.body)));
    }
    bounces::resume(tx, address).await?;
    tracing::info!(trace = %origin.trace, address = %address.masked(), "Resumed an address");
    // What I would have answered by myself is nothing to repeat.
    unsent.remove("");
    let here = unsent.remove(room.as_str()).unwrap_or_default();
    let text = sentences::resumed(address, &here, unsent.len());
    lanes::say(tx, room.clone(), &text, Some(by), origin, context).await?;
    for (place, told) in unsent {
        let text = sentences::resumed(address, &told, 0);
        match audience::room_of_staff(tx.connection(), &place, context).await? {
            Some(place) => lanes::say(tx, place, &text, None, origin, context).await?,
            None => lanes::report(tx, &text, origin, context).await?,
        }
    }
    Ok(())
}

/// Tells staff at the last message of a letter; in the control room, with what it is about, where others
/// would read it, or the letter was an answer of ours to somebody who is in no room.
async fn tell_at(
    tx: &mut Tx,
    letter: LetterId,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (room, event) = letters::place_of(tx.connection(), letter).await?;
    if room.is_empty() {
        return lanes::report(tx, &sentences::of_an_answer(text), origin, context).await;
    }
    if let Some(room) = audience::room_of_staff(tx.connection(), &room, context).await? {
        let event = event.and_then(|id| id.try_into().ok());
        return lanes::say(tx, room, text, event.as_ref(), origin, context).await;
    }
    let conversation = bounces::conversation(tx.connection(), letter).await?;
    let items = letters::items(tx.connection(), letter).await?;
    let last = items.last().map(|item| wording::excerpt(&item.words.body));
    let text = sentences::elsewhere(text, conversation.0, &last.unwrap_or_default());
    lanes::report(tx, &text, origin, context).await
}
