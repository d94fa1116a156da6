//! The bot is out of a room in which something was to be done: what customers wrote waits until it is
//! back. The homeserver may say so before the event that tells of it has come.

use std::{sync::Arc, time::Duration};

use ruma::{OwnedRoomId, RoomId};

use super::{Context, lanes, lanes::Origin, life_facts, moves, seal, worker::write_down};
use crate::{
    domain::{
        delivery::{LONGEST_WAIT_FOR_MATRIX, backoff, millis},
        ids::ConversationId,
        outgoing::{MatrixAction, PostedMail},
        wording::living,
    },
    matrix::client::Fault,
    store::{
        StoreError, Tx, conversations,
        outbox::{self, Claimed, Settled, Way},
        rooms, successions,
        successions::Pending,
    },
};

/// How often something is tried in a room out of which the homeserver says that we are, while no event
/// says so: about eight minutes.
const MOST_TRIES: i64 = 20;

/// The room and conversation in which the action shows a customer's mail.
fn place_of(action: &MatrixAction) -> Option<(&OwnedRoomId, ConversationId)> {
    match action {
        MatrixAction::Send {
            room,
            mail: Some(PostedMail { conversation, .. }),
            ..
        } => Some((room, *conversation)),
        _ => None,
    }
}

/// The room in which what is to be sent belongs by now, if that is another one than the action's: the
/// conversation has moved, or the room in which staff are told of things.
pub async fn moved_to(
    action: &MatrixAction,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let MatrixAction::Send { room, .. } = action else {
        return Ok(None);
    };
    let Some((_, conversation)) = place_of(action) else {
        return Ok(context.replaced.left(room));
    };
    let now = successions::room_of(&mut context.store.read().await?, conversation).await?;
    Ok(now
        .and_then(|now| OwnedRoomId::try_from(now).ok())
        .filter(|now| now != room))
}

/// The event that an attempt from before has made, if one may have.
pub async fn arrived_before(
    action: &MatrixAction,
    row: &Claimed,
    context: &Context,
) -> Result<Option<String>, Fault> {
    let MatrixAction::Send { room, .. } = action else {
        return Ok(None);
    };
    if row.uncertain == 0 {
        return Ok(None);
    }
    match context.homeserver.find_effect(&row.effect_id, room).await {
        Ok(event) => Ok(event.map(|event| event.to_string())),
        Err(Fault::Refused { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The conversation has moved to another room since.
pub async fn go_after(
    row: Claimed,
    action: MatrixAction,
    to: OwnedRoomId,
    context: Arc<Context>,
) -> Result<(), StoreError> {
    let store = context.store.clone();
    let ended = (row, action, to, context);
    write_down(ended, &store, |tx, (row, action, to, context)| {
        Box::pin(async move {
            let origin = Origin::without_event(row.trace.clone(), context.now_ms());
            match &action {
                MatrixAction::Send { room, .. } => follow(tx, &row, room, &to, &origin).await,
                _ => Ok(()),
            }
        })
    })
    .await
}

/// Whether the action came to nothing as the bot isn't in its room.
pub async fn is_why(
    fault: &Fault,
    action: &MatrixAction,
    context: &Context,
) -> Result<bool, Fault> {
    let (MatrixAction::Send { room, .. } | MatrixAction::Join { room, .. }) = action else {
        return Ok(false);
    };
    let Fault::Refused { code, .. } = fault else {
        return Ok(false);
    };
    let is_of_the_room = matches!(code.as_str(), "M_FORBIDDEN" | "M_NOT_FOUND" | "M_UNKNOWN");
    if !is_of_the_room {
        return Ok(false);
    }
    // In a room that was replaced nobody may speak any more.
    if is_replaced(room, context).await {
        return Ok(true);
    }
    if context.control_room().as_ref() == Some(room) {
        return Ok(false);
    }
    match context.homeserver.membership(room, &context.bot).await {
        Ok(membership) => Ok(membership.as_deref() != Some("join")),
        // Whoever isn't told even that is no member.
        Err(Fault::Refused { .. }) => Ok(true),
        Err(fault) => Err(fault),
    }
}

async fn is_replaced(room: &RoomId, context: &Context) -> bool {
    let Ok(mut reading) = context.store.read().await else {
        return false;
    };
    let waiting = successions::is_waiting(&mut reading, room.as_str()).await;
    waiting.unwrap_or(false)
}

/// The row waits, follows its conversation to another room, or ends, as there is nothing to wait for.
pub async fn wait(
    tx: &mut Tx,
    row: &Claimed,
    action: &MatrixAction,
    reason: &str,
    origin: &Origin,
    context: &Context,
) -> Result<Waits, StoreError> {
    let Some((room, conversation)) = place_of(action) else {
        return Ok(match action {
            // It comes again with the bot.
            MatrixAction::Join { .. } => drop_row(tx, row, reason, origin).await?,
            MatrixAction::Send { event_type, .. } if event_type != "m.room.message" => {
                drop_row(tx, row, reason, origin).await?
            }
            // The control room is being replaced: there is nowhere else to say it.
            MatrixAction::Send { room, .. } if context.control_room().as_ref() == Some(room) => {
                successions::park(tx, (row.id, row.attempts), reason, false).await?;
                Waits::Yes
            }
            _ => Waits::No,
        });
    };
    let Some(now) = successions::room_of(tx.connection(), conversation).await? else {
        return Ok(Waits::No);
    };
    if now != room.as_str()
        && let Ok(now) = OwnedRoomId::try_from(now)
    {
        follow(tx, row, room, &now, origin).await?;
        return Ok(Waits::Yes);
    }
    let known = rooms::find(tx.connection(), room.as_str()).await?;
    let is_replaced = successions::is_waiting(tx.connection(), room.as_str()).await?;
    if is_replaced || known.is_some_and(|known| known.bot_joined == 0) {
        successions::park(tx, (row.id, row.attempts), reason, false).await?;
        return Ok(Waits::Yes);
    }
    if row.attempts >= MOST_TRIES {
        lose(tx, room, origin, context).await?;
        successions::park(tx, (row.id, row.attempts), reason, false).await?;
        return Ok(Waits::Yes);
    }
    // The event that says so is on its way, and what was said before it comes first.
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let chance = context.chance.fraction();
    let wait = backoff(attempts, chance, LONGEST_WAIT_FOR_MATRIX).min(SOON);
    let next_at = origin.now.saturating_add(millis(wait));
    let attempt = (row.id, row.attempts);
    outbox::retry(tx, attempt, Way::Matrix, next_at, reason, false).await?;
    Ok(Waits::Yes)
}

const SOON: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    Yes,
    /// It is refused for good.
    No,
}

async fn drop_row(
    tx: &mut Tx,
    row: &Claimed,
    reason: &str,
    origin: &Origin,
) -> Result<Waits, StoreError> {
    let reason = reason.to_owned();
    let settled = Settled::Refused { reason };
    outbox::settle(tx, row.id, &row.lane, Way::Matrix, &settled, origin.now).await?;
    Ok(Waits::Yes)
}

/// The row goes on in the room to which its conversation has moved.
pub async fn follow(
    tx: &mut Tx,
    row: &Claimed,
    from: &RoomId,
    to: &OwnedRoomId,
    origin: &Origin,
) -> Result<(), StoreError> {
    let pending = Pending {
        id: row.id,
        payload: row.payload.clone(),
        state: "ready".to_owned(),
        effect_id: row.effect_id.clone(),
    };
    moves::reroute(tx, &pending, from, to, origin.now).await
}

/// The homeserver says that we are out, and has sent no event that does.
async fn lose(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    rooms::set_bot_joined(tx, room.as_str(), false).await?;
    let server = context.server_name.as_str();
    let open = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    for conversation in &open {
        seal::open_letter_of(tx, conversation.id, origin, context).await?;
    }
    let place = life_facts::called(tx.connection(), room, context).await?;
    let mains = open.iter().filter(|one| one.thread_root.is_none()).count();
    let text = living::lost(&place, mains);
    lanes::report(tx, &text, origin, context).await
}
