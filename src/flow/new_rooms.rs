//! Makes rooms. That one is to be made is decided and stored first; it is a row of the outbox like
//! everything that leaves the machine, and its effect id stands in the room's first event, by which a
//! room is found again whose making got no answer (decision 0021).

use std::sync::Arc;

use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, UserId};
use serde_json::json;

use super::{
    Context, audience,
    lanes::{self, Origin, enqueue},
    logo,
    not_now::NotNow,
    openings,
};
use crate::{
    domain::{
        delivery::{GIVE_UP_AFTER, SendOutcome, backoff, millis},
        ids::RequestId,
        intake::{Known, State},
        outgoing::{MatrixAction, Puppet},
        room_policy::{self, Here, NewRoom, Policy, RoomPlan},
        wording::intake as sentences,
    },
    matrix::{client::Fault, decode::EFFECT_KEY},
    store::{
        Connection, StoreError, Tx,
        outbox::{self, Claimed, Settled, Way},
        requests, rooms,
    },
};

/// Between attempts lie no more than this: staff and a customer wait.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_mins(15);
/// After so many attempts without an answer staff are told.
const TELL_AFTER: i64 = 5;
/// Most people who are invited because nobody says whom to invite.
const MOST_INVITED: usize = 30;

/// A room is to be made for the request; `by` wants it and is invited.
pub async fn order(
    tx: &mut Tx,
    request: RequestId,
    by: Option<&UserId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(known) = requests::find(tx.connection(), request).await? else {
        return Ok(());
    };
    let policy = context.policy(&known.mailbox);
    let here = Here {
        bot: &context.bot,
        server: &context.server_name,
    };
    let mut room = NewRoom {
        customer: sentences::customer(&known.sender),
        subject: sentences::subject(&known.subject),
        mailbox: known.mailbox.clone(),
        invite: by.map(ToOwned::to_owned).into_iter().collect(),
    };
    if names_nobody(&policy) {
        let (mailbox, told_in) = (&known.mailbox, known.told_in.as_deref());
        let theirs = staff_to_invite(tx.connection(), mailbox, told_in, context).await?;
        room.invite.extend(theirs);
        room.invite.dedup();
    }
    let plan = room_policy::plan(&policy, &room, here);
    let action = MatrixAction::CreateRoom { request, plan };
    enqueue(tx, action, origin, context).await
}

/// Whether staff would be invited into a room of the mailbox that nobody of them has asked for.
pub async fn can_invite(
    connection: &mut Connection,
    mailbox: &str,
    context: &Context,
) -> Result<bool, StoreError> {
    if !names_nobody(&context.policy(mailbox)) {
        return Ok(true);
    }
    let (_, config) = context.mailbox(mailbox);
    let told_in = audience::asked_in(connection, config, context).await?;
    let theirs = staff_to_invite(connection, mailbox, told_in.as_deref(), context).await?;
    Ok(!theirs.is_empty())
}

/// Whether it says of no person that they come into new rooms. Nobody reads what the functional account
/// is invited to.
fn names_nobody(policy: &Policy) -> bool {
    policy.moderators.is_empty() && policy.invite.is_empty()
}

/// Staff of the mailbox for a room into which the policy invites nobody: those in the room in which they
/// are told of the request, or else in the triage room; or else those on this server whom the
/// configuration names by their id.
async fn staff_to_invite(
    connection: &mut Connection,
    mailbox: &str,
    told_in: Option<&RoomId>,
    context: &Context,
) -> Result<Vec<OwnedUserId>, StoreError> {
    let staff = context.staff_of(mailbox);
    let triage_room = context.triage_room(context.mailbox(mailbox).1);
    for room in told_in.into_iter().chain(triage_room.as_deref()) {
        let present = rooms::joined(connection, room.as_str()).await?;
        let users = present
            .iter()
            .filter_map(|user| OwnedUserId::try_from(user.as_str()).ok());
        let theirs = users.filter(|user| !context.is_ours(user) && staff.is_staff(user));
        let theirs: Vec<OwnedUserId> = theirs.take(MOST_INVITED).collect();
        if !theirs.is_empty() {
            return Ok(theirs);
        }
    }
    // A homeserver makes no room with somebody of another one whom it can't reach.
    let named = staff.users();
    let named = named.filter(|user| user.server_name() == context.server_name);
    let named = named.filter(|user| !context.is_ours(user));
    Ok(named.take(MOST_INVITED).collect())
}

/// Makes the room; what comes back is its id. One that an earlier attempt has made is found.
pub async fn make(
    request: RequestId,
    plan: &RoomPlan,
    row: &Claimed,
    context: &Arc<Context>,
) -> Result<Result<OwnedRoomId, Fault>, StoreError> {
    let known = requests::find(&mut context.store.read().await?, request).await?;
    let Some(known) = known.filter(|known| known.state == State::Opening) else {
        return Ok(Err(Fault::Refused {
            code: NOT_WANTED.to_owned(),
            reason: "it is not wanted any more".to_owned(),
        }));
    };
    if row.uncertain == 1 {
        match find_made(&row.effect_id, context).await? {
            Ok(Some(room)) => return Ok(Ok(room)),
            Ok(None) => {}
            Err(fault) => return Ok(Err(fault)),
        }
    }
    // A room without its picture is better than none.
    let picture = if plan.wants_logo {
        match logo::of(&context.policy(&known.mailbox), context).await {
            Ok(uri) => uri,
            Err(NotNow::Homeserver(fault)) => {
                tracing::warn!(%fault, "A room is made without its picture");
                None
            }
            Err(NotNow::Store(error)) => return Err(error),
        }
    } else {
        None
    };
    let mut body = plan.body(picture.as_deref());
    body["creation_content"][EFFECT_KEY] = row.effect_id.as_str().into();
    Ok(context.homeserver.create_room(&body).await)
}

const NOT_WANTED: &str = "not wanted";

/// The room whose first event bears the effect id, among those in which the bot is and nobody is
/// written to yet.
async fn find_made(
    effect: &str,
    context: &Context,
) -> Result<Result<Option<OwnedRoomId>, Fault>, StoreError> {
    let joined = match context.homeserver.joined_rooms().await {
        Ok(joined) => joined,
        Err(fault) => return Ok(Err(fault)),
    };
    for room in joined {
        let mut reading = context.store.read().await?;
        let is_used = requests::is_used(&mut reading, room.as_str()).await?;
        drop(reading);
        if is_used || context.control_room().as_ref() == Some(&room) {
            continue;
        }
        match context
            .homeserver
            .state_event("m.room.create", "", &room)
            .await
        {
            Ok(Some(creation)) if creation[EFFECT_KEY] == effect => return Ok(Ok(Some(room))),
            Ok(_) | Err(Fault::Refused { .. }) => {}
            Err(fault) => return Ok(Err(fault)),
        }
    }
    Ok(Ok(None))
}

/// Writes down how an attempt ended.
pub async fn settle(
    tx: &mut Tx,
    row: &Claimed,
    (request, plan): (RequestId, &RoomPlan),
    outcome: SendOutcome,
    context: &Context,
) -> Result<(), StoreError> {
    let now = context.now_ms();
    let origin = Origin::without_event(row.trace.clone(), now);
    let is_too_old = now.saturating_sub(row.created_at) > millis(GIVE_UP_AFTER);
    let (reason, after, uncertain, is_refused) = match outcome {
        SendOutcome::Delivered { answer } => {
            let place = (row.id, row.lane.as_str());
            return made(tx, place, (request, plan), &answer, &origin, context).await;
        }
        SendOutcome::RetryLater { reason, after } => (reason, after, false, false),
        SendOutcome::Uncertain { reason } => (reason, None, true, false),
        SendOutcome::Withdrawn => return withdraw(tx, row, now).await,
        SendOutcome::Refused { reason }
        | SendOutcome::RecipientRefused { reason, .. }
        | SendOutcome::SenderRefused { reason }
        | SendOutcome::TooLarge { reason, .. } => (reason, None, false, true),
    };
    let Some(known) = requests::find(tx.connection(), request).await? else {
        return withdraw(tx, row, now).await;
    };
    if known.state != State::Opening {
        return withdraw(tx, row, now).await;
    }
    if is_too_old {
        let settled = Settled::Refused {
            reason: reason.clone(),
        };
        if outbox::settle(tx, row.id, &row.lane, Way::Matrix, &settled, now).await? {
            requests::wait_again(tx, request).await?;
            let text = sentences::given_up(&known, &reason);
            tell(tx, &known, &text, &origin, context).await?;
        }
        return Ok(());
    }
    let is_trouble = is_refused || row.attempts >= TELL_AFTER;
    if is_trouble && requests::is_trouble_news(tx, request).await? {
        let text = sentences::not_opened(&known, &reason);
        tell(tx, &known, &text, &origin, context).await?;
    }
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let wait = after.unwrap_or_else(|| backoff(attempts, context.chance.fraction(), LONGEST_WAIT));
    tracing::warn!(trace = %row.trace, attempt = row.attempts, reason, "Will try again to make a room");
    let next_at = now.saturating_add(millis(wait));
    let place = (row.id, row.attempts);
    outbox::retry(tx, place, Way::Matrix, next_at, &reason, uncertain).await
}

async fn withdraw(tx: &mut Tx, row: &Claimed, now: i64) -> Result<(), StoreError> {
    let settled = Settled::Withdrawn;
    outbox::settle(tx, row.id, &row.lane, Way::Matrix, &settled, now).await?;
    Ok(())
}

/// The room is there: the request's mails go into it. Used for the homeserver's answer and for the
/// room's first event alike, whichever comes first. `row` is the id and lane of the outbox's row.
pub async fn made(
    tx: &mut Tx,
    (row, lane): (i64, &str),
    (request, plan): (RequestId, &RoomPlan),
    room: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Ok(id) = OwnedRoomId::try_from(room) else {
        return Err(StoreError::Value(format!("“{room}” is not a room")));
    };
    let settled = Settled::Delivered {
        answer: room.to_owned(),
    };
    if !outbox::settle(tx, row, lane, Way::Matrix, &settled, origin.now).await? {
        return Ok(());
    }
    let Some(known) = requests::find(tx.connection(), request).await? else {
        return Ok(());
    };
    rooms::ensure(tx, room, &known.mailbox).await?;
    requests::set_mailbox(tx, room, &known.mailbox).await?;
    rooms::set_bot_joined(tx, room, true).await?;
    rooms::set_name(tx, room, plan.name()).await?;
    tracing::info!(trace = %origin.trace, request = %request, "Made a room");
    if !openings::open_in(tx, request, id.clone(), origin, context).await? {
        // Somebody has taken it into another room in the meantime.
        return leave(tx, id, origin, context).await;
    }
    if let Some(space) = &plan.space {
        let action = MatrixAction::ListInSpace {
            space: space.clone(),
            room: id.clone(),
            via: plan.via.clone(),
            request,
        };
        enqueue(tx, action, origin, context).await?;
    }
    let by = known.decided_by.as_str();
    let text = sentences::opened(&known, &id, by);
    tell(tx, &known, &text, origin, context).await
}

/// The Space lists the room; what comes back is the event's id.
pub async fn list(
    space: &RoomId,
    room: &RoomId,
    via: &[OwnedServerName],
    context: &Context,
) -> Result<String, Fault> {
    let content = json!({"via": via});
    let homeserver = &context.homeserver;
    let event = homeserver.set_state("m.space.child", room.as_str(), &content, space);
    event.await.map(|event| event.to_string())
}

/// The homeserver doesn't let the bot list the room that it has made.
pub async fn not_listed(
    tx: &mut Tx,
    request: RequestId,
    room: &RoomId,
    reason: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(known) = requests::find(tx.connection(), request).await? else {
        return Ok(());
    };
    let text = sentences::not_listed(&known, room, reason);
    tell(tx, &known, &text, origin, context).await
}

/// A room that nobody waits for any more: its effect has made another one before, as its first answer came
/// late, or has been given up or taken back. Nobody is in it yet.
pub async fn leave_double(
    tx: &mut Tx,
    effect: &str,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(order) = requests::ended_order(tx.connection(), effect).await? else {
        return Ok(());
    };
    if order.room == room.as_str() {
        return Ok(());
    }
    let text = if order.room.is_empty() {
        sentences::made_late(order.request, room)
    } else {
        sentences::made_twice(room)
    };
    lanes::report(tx, &text, origin, context).await?;
    leave(tx, room.clone(), origin, context).await
}

async fn leave(
    tx: &mut Tx,
    room: OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let puppet = Puppet::Bot;
    enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await
}

/// Tells staff, and nobody else, where they were asked about the request.
async fn tell(
    tx: &mut Tx,
    known: &Known,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match &known.told_in {
        Some(room) => audience::tell_staff(tx, room.clone(), text, origin, context).await,
        None => lanes::report(tx, text, origin, context).await,
    }
}
