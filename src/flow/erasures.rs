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
        wording::erasure::{self as wording, Undone},
    },
    matrix::client::{Fault, user_id},
    store::{
        Connection, Queue, StoreError, Tx, erasures,
        erasures::{Actions, Erasure},
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
/// How soon a step that waits for something is tried again, in milliseconds; after a while as seldom as wishes
/// are looked for.
const SOON: i64 = 500;
/// When one whose step has failed is tried again, in milliseconds: others go first.
const AFTER_FAILURE: i64 = 10_000;
/// For how long is waited for what doesn't end by itself: a room that can't be left.
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
            let id = one.id;
            if let Err(error) = take_step(one, &self.0).await {
                tracing::error!(erasure = id, %error, "A step of an erasure failed and is tried again");
                let later = self.0.now_ms().saturating_add(AFTER_FAILURE);
                let store = &self.0.store;
                let put_off = store
                    .write(move |tx| Box::pin(async move { erasures::wait(tx, id, later).await }));
                put_off.await?;
            }
        }
        Ok(Step::Again)
    }
}

async fn take_step(one: Erasure, context: &Arc<Context>) -> Result<(), StoreError> {
    let replaced = if one.state == "retiring" {
        look_through(&one, context).await?
    } else {
        None
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

/// What is found stands in large files, which no transaction may wait for. `None` as long as something else
/// is waited for.
async fn look_through(
    one: &Erasure,
    context: &Context,
) -> Result<Option<Vec<Replaced>>, StoreError> {
    let mut reading = context.store.read().await?;
    let person = Person::of(&mut reading, &address_of(one)?).await?;
    let now = context.now_ms();
    if is_waited_for(&mut reading, one, &person, now, context).await? {
        return Ok(None);
    }
    drop(reading);
    // What it has to tell comes when it is back.
    if is_over(one, now) && is_away(context).await {
        return Ok(None);
    }
    cross_out(&person, context).await.map(Some)
}

async fn is_away(context: &Context) -> bool {
    let answer = context.homeserver.display_name(&context.bot).await;
    !matches!(answer, Ok(_) | Err(Fault::Refused { .. }))
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
    // They come into that room, and leave it again; and how what is handed over ends has to be written
    // down first.
    if has_a_room_made || erasures::is_handed_over(tx.connection(), &one.address).await? {
        return wait(tx, one, origin.now).await;
    }
    let Some(contact) = erasures::contact(tx.connection(), &one.address).await? else {
        withdraw(tx, one, origin, context).await?;
        return erasures::go_on(tx, one.id, "retiring", None, origin.now).await;
    };
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
    let actions = erasures::actions(tx.connection(), one, contact).await?;
    if is_to_end(actions, one, origin.now) {
        return wait(tx, one, origin.now).await;
    }
    erasures::give_up_actions(tx, one, contact, origin.now).await?;
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

async fn wait(tx: &mut Tx, one: &Erasure, now: i64) -> Result<(), StoreError> {
    let pause = if is_over(one, now) { LOOK } else { SOON };
    erasures::wait(tx, one.id, now.saturating_add(pause)).await
}

/// Whether what is still to be done in Matrix is waited for: however long, unless nothing of it ends by
/// itself.
fn is_to_end(actions: Actions, one: &Erasure, now: i64) -> bool {
    !(actions.are_done() || actions.are_parked() && is_over(one, now))
}

/// Whether everything that is stored about the person can't go yet: something is still to be done or handed
/// over, or the homeserver has something to tell of the ghost's end.
async fn is_waited_for(
    connection: &mut Connection,
    one: &Erasure,
    person: &Person,
    now: i64,
    context: &Context,
) -> Result<bool, StoreError> {
    if erasures::is_handed_over(connection, &one.address).await? {
        return Ok(true);
    }
    let Some(contact) = person.contact else {
        return Ok(false);
    };
    let actions = erasures::actions(connection, one, contact).await?;
    let ghost = ghost_of(&person.ghost, context);
    let is_heard_of = is_over(one, now) || erasures::is_heard_of(connection, &ghost).await?;
    Ok(is_to_end(actions, one, now) || !is_heard_of)
}

/// Once the homeserver has told all that follows from the ghost's end. `replaced` is what takes the place of
/// mails of others, once that was looked for.
async fn sweep_up(
    tx: &mut Tx,
    one: &Erasure,
    replaced: Option<Vec<Replaced>>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let address = address_of(one)?;
    let person = Person::of(tx.connection(), &address).await?;
    if person.contact.is_some() && one.contact_id == 0 {
        // They have become somebody in the meantime.
        sweep::spend_left_over(tx).await?;
        return erasures::go_on(tx, one.id, "asked", None, origin.now).await;
    }
    let is_early = is_waited_for(tx.connection(), one, &person, origin.now, context).await?;
    let Some(replaced) = replaced.filter(|_| !is_early) else {
        sweep::spend_left_over(tx).await?;
        return wait(tx, one, origin.now).await;
    };
    withdraw(tx, one, origin, context).await?;
    let undone = give_up(tx, one, &person, origin, context).await?;
    sweep::erase(tx, &person, replaced, &context.bot).await?;
    erasures::finish(tx, one.id).await?;
    let text = wording::done(one.id, &undone);
    match OwnedRoomId::try_from(one.room_id.as_str()) {
        Ok(room) => lanes::say(tx, room, &text, None, origin, context).await,
        Err(_) => lanes::report(tx, &text, origin, context).await,
    }
}

/// What was waited for in vain isn't done any more.
async fn give_up(
    tx: &mut Tx,
    one: &Erasure,
    person: &Person,
    origin: &Origin,
    context: &Context,
) -> Result<Undone, StoreError> {
    let mut rooms = 0;
    if let Some(contact) = person.contact {
        erasures::give_up_actions(tx, one, contact, origin.now).await?;
        let ghost = ghost_of(&person.ghost, context);
        rooms = erasures::count_joined(tx.connection(), &ghost).await?;
    }
    let now = erasures::current(tx.connection(), one.id).await?;
    Ok(Undone {
        problem: now.problem,
        kept: now.kept,
        rooms,
    })
}

/// Large mails of others that name the person are written anew without.
async fn cross_out(person: &Person, context: &Context) -> Result<Vec<Replaced>, StoreError> {
    let store = &context.store;
    // What was written before an end or a failure is of no use any more.
    let spend = store.write(|tx| Box::pin(sweep::spend_left_over(tx)));
    spend.await?;
    let others = sweep::others_blobs(&mut store.read().await?, person).await?;
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
        let begun = name.clone();
        let begin =
            store.write(move |tx| Box::pin(async move { sweep::begin_blob(tx, &begun).await }));
        begin.await?;
        let mut draft = context.blobs.draft(&name);
        draft.write(&without).await?;
        if let RawMail::Blob(name) = draft.finish().await? {
            replaced.push((mail, blob, name));
        }
    }
    Ok(replaced)
}

/// A ghost takes back what it has said; where it may not, as it has left the room, the bot does if that may.
pub(super) async fn take_back(
    event: &OwnedEventId,
    room: &OwnedRoomId,
    user: &UserId,
    effect: &str,
    context: &Context,
) -> Result<String, Fault> {
    let transaction = <&TransactionId>::from(effect);
    let homeserver = &context.homeserver;
    let mut taken_back = homeserver.take_back(event, room, user, transaction).await;
    if let Err(Fault::Refused { .. }) = taken_back {
        let bot = &context.bot;
        taken_back = homeserver.take_back(event, room, bot, transaction).await;
    }
    match taken_back {
        // There is no such event any more.
        Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND" => Ok(String::new()),
        other => other.map(|()| String::new()),
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
