//! Erases people, step by step: they leave every conversation and every room, what is under way to them
//! is withdrawn, their ghost is given up, and when the homeserver has nothing more to say of that,
//! everything that is stored about them goes.
//!
//! Every step can be repeated; a Postroom that is killed goes on where it was.

use std::{sync::Arc, time::Duration};

use ruma::{OwnedEventId, OwnedRoomId, TransactionId, UserId};

use super::{
    Context, customers, lanes,
    lanes::Origin,
    seal,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        address::EmailAddress,
        delivery::millis,
        ids::ContactId,
        outgoing::{MatrixAction, Puppet},
        wording::erasure as wording,
    },
    matrix::client::{Fault, user_id},
    store::{
        Queue, StoreError, Tx, erasures,
        erasures::Erasure,
        letters,
        mails::RawMail,
        outbox::{self, Settled, Way},
        people,
        person::{
            Person,
            sweep::{self, Replaced},
        },
    },
};

/// How often the command line's wishes are looked for, in milliseconds.
const LOOK: i64 = 5_000;
/// How soon a step that waits for something is tried again, in milliseconds.
const SOON: i64 = 500;
/// For how long is waited for what doesn't end: a room that can't be left.
const PATIENCE: Duration = Duration::from_mins(10);

/// Erases.
#[derive(Debug)]
pub struct Erasures(pub Arc<Context>);

impl Worker for Erasures {
    const NAME: &'static str = "erasures";
    const QUEUE: Queue = Queue::Erasures;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let now = self.0.now_ms();
        let mut reading = self.0.store.read().await?;
        let due = erasures::due(&mut reading, now).await?;
        if due.is_empty() {
            let next = erasures::next_at(&mut reading).await?;
            let look = now.saturating_add(LOOK);
            let until = next.map_or(look, |next| next.min(look));
            return Ok(Step::Idle { until: Some(until) });
        }
        drop(reading);
        for one in due {
            take_step(one, &self.0).await?;
        }
        Ok(Step::Again)
    }
}

async fn take_step(one: Erasure, context: &Arc<Context>) -> Result<(), StoreError> {
    // What is found here stands in large files, which no transaction may wait for.
    let replaced = if one.state == "retiring" {
        cross_out(&one, context).await?
    } else {
        Vec::new()
    };
    let store = context.store.clone();
    let context = Arc::clone(context);
    let step = store.write(move |tx| {
        Box::pin(async move {
            let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
            // What the homeserver wouldn't do may have been written down in the meantime.
            let one = erasures::current(tx.connection(), one.id).await?;
            match one.state.as_str() {
                "asked" => begin(tx, &one, &origin, &context).await,
                "leaving" => retire_ghost(tx, &one, &origin, &context).await,
                _ => sweep_up(tx, &one, replaced, &origin, &context).await,
            }
        })
    });
    step.await
}

fn address_of(one: &Erasure) -> Result<EmailAddress, StoreError> {
    EmailAddress::parse(&one.address).map_err(|fault| StoreError::Value(fault.to_string()))
}

fn ghost_of(localpart: &str, context: &Context) -> String {
    format!("@{localpart}:{}", context.server_name)
}

/// They leave every conversation and every room; what hasn't gone to them doesn't go.
async fn begin(
    tx: &mut Tx,
    one: &Erasure,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    erasures::dismiss_requests(tx, &one.address).await?;
    let has_a_room_made = erasures::has_a_room_made(tx.connection(), &one.address).await?;
    if has_a_room_made && !is_over(one, origin.now) {
        // They come into that room, and leave it again.
        return erasures::wait(tx, one.id, origin.now.saturating_add(SOON)).await;
    }
    let Some(contact) = erasures::contact(tx.connection(), &one.address).await? else {
        return erasures::go_on(tx, one.id, "retiring", None, origin.now).await;
    };
    if erasures::is_handed_over(tx.connection(), &one.address).await? {
        // How that ends has to be written down first.
        return erasures::wait(tx, one.id, origin.now.saturating_add(SOON)).await;
    }
    let known = people::contact(tx.connection(), contact).await?;
    let ghost = ghost_of(&known.ghost, context);
    for room in erasures::rooms(tx.connection(), contact, &ghost).await? {
        let Ok(id) = OwnedRoomId::try_from(room.as_str()) else {
            continue;
        };
        if one.redacts == 1 {
            take_all_back(tx, &id, contact, &ghost, origin, context).await?;
        }
        customers::remove(tx, id.clone(), contact, origin, context).await?;
        let leave = MatrixAction::Leave {
            room: id,
            puppet: Puppet::Contact(contact),
        };
        lanes::enqueue(tx, leave, origin, context).await?;
    }
    erasures::remove_everywhere(tx, contact).await?;
    withdraw(tx, one, origin, context).await?;
    erasures::go_on(tx, one.id, "leaving", Some(contact), origin.now).await
}

async fn take_all_back(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    ghost: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for event in erasures::events(tx.connection(), room.as_str(), ghost).await? {
        let Ok(event) = OwnedEventId::try_from(event) else {
            continue;
        };
        let room = room.clone();
        let action = MatrixAction::TakeBack {
            room,
            contact,
            event,
        };
        lanes::enqueue(tx, action, origin, context).await?;
    }
    Ok(())
}

async fn withdraw(
    tx: &mut Tx,
    one: &Erasure,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for (row, lane, letter) in erasures::under_way(tx.connection(), &one.address).await? {
        outbox::settle(tx, row, &lane, Way::Mail, &Settled::Withdrawn, origin.now).await?;
        let Some(letter) = letter else { continue };
        let progress = outbox::progress_of_letter(tx.connection(), letter).await?;
        if progress.unsettled == 0 {
            letters::settle(tx, letter).await?;
            let (room, _) = letters::place_of(tx.connection(), letter).await?;
            seal::advance_receipt(tx, &room, origin, context).await?;
        }
    }
    Ok(())
}

/// Once the ghost has nothing left to do.
async fn retire_ghost(
    tx: &mut Tx,
    one: &Erasure,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let contact = ContactId(one.contact_id);
    let is_busy = erasures::has_actions(tx.connection(), one, contact).await?;
    if is_busy && !is_over(one, origin.now) {
        return erasures::wait(tx, one.id, origin.now.saturating_add(SOON)).await;
    }
    let known = people::contact(tx.connection(), contact).await?;
    if known.registered {
        let action = MatrixAction::Retire {
            erasure: one.id,
            localpart: known.ghost,
        };
        lanes::enqueue(tx, action, origin, context).await?;
    }
    erasures::go_on(tx, one.id, "retiring", Some(contact), origin.now).await
}

fn is_over(one: &Erasure, now: i64) -> bool {
    now.saturating_sub(one.since) > millis(PATIENCE)
}

/// Once the homeserver has told all that follows from the ghost's end.
async fn sweep_up(
    tx: &mut Tx,
    one: &Erasure,
    replaced: Vec<Replaced>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let address = address_of(one)?;
    let person = Person::of(tx.connection(), &address).await?;
    let is_waited_for = match person.contact {
        None => false,
        Some(contact) => {
            let ghost = ghost_of(&person.ghost, context);
            erasures::has_actions(tx.connection(), one, contact).await?
                || !erasures::is_heard_of(tx.connection(), &ghost).await?
        }
    };
    if is_waited_for && !is_over(one, origin.now) {
        return erasures::wait(tx, one.id, origin.now.saturating_add(SOON)).await;
    }
    sweep::erase(tx, &person, replaced, &context.bot).await?;
    erasures::finish(tx, one.id).await?;
    let text = wording::done(one.id, &one.problem);
    match OwnedRoomId::try_from(one.room_id.as_str()) {
        Ok(room) => lanes::say(tx, room, &text, None, origin, context).await,
        Err(_) => lanes::report(tx, &text, origin, context).await,
    }
}

/// Large mails of others that name the person are written anew without.
async fn cross_out(one: &Erasure, context: &Context) -> Result<Vec<Replaced>, StoreError> {
    let mut reading = context.store.read().await?;
    let person = Person::of(&mut reading, &address_of(one)?).await?;
    let others = sweep::others_blobs(&mut reading, &person).await?;
    drop(reading);
    let mut replaced = Vec::new();
    for (mail, blob) in others {
        if !context.blobs.has(&blob).await? {
            continue;
        }
        let raw = context.blobs.read(RawMail::Blob(blob.clone())).await?;
        let who = person.clone();
        let looking = tokio::task::spawn_blocking(move || sweep::crossed_out(&raw, &who));
        let Some(without) = looking.await.map_err(|_| StoreError::Panicked)? else {
            continue;
        };
        let name = format!("mails/{}", context.chance.base32(24));
        let mut draft = context.blobs.draft(&name);
        draft.write(&without).await?;
        if let RawMail::Blob(name) = draft.finish().await? {
            replaced.push((mail, blob, name));
        }
    }
    Ok(replaced)
}

/// A ghost takes back what it has said.
pub(super) async fn take_back(
    event: &OwnedEventId,
    room: &OwnedRoomId,
    user: &UserId,
    effect: &str,
    context: &Context,
) -> Result<String, Fault> {
    let transaction = <&TransactionId>::from(effect);
    let homeserver = &context.homeserver;
    match homeserver.take_back(event, room, user, transaction).await {
        // It is gone, or the ghost may not: nothing more can be done about it.
        Ok(()) | Err(Fault::Refused { .. }) => Ok(String::new()),
        Err(fault) => Err(fault),
    }
}

/// The profile is emptied and the user given up. What comes back is what the homeserver wouldn't do.
pub(super) async fn retire(localpart: &str, context: &Context) -> Result<String, Fault> {
    let Ok(user) = user_id(localpart, &context.server_name) else {
        return Ok(String::new());
    };
    let homeserver = &context.homeserver;
    for done in [
        homeserver.set_display_name(&user, "").await,
        homeserver.set_picture(&user, "").await,
    ] {
        match done {
            // Of a user who is given up already nothing is left to empty.
            Ok(()) | Err(Fault::Refused { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    match homeserver.deactivate(&user).await {
        Ok(()) => Ok(String::new()),
        Err(Fault::Refused { code, .. }) if code == "M_USER_DEACTIVATED" => Ok(String::new()),
        Err(Fault::Refused { code, reason }) => Ok(format!("{reason} ({code})")),
        Err(fault) => Err(fault),
    }
}
