//! Puts what is to leave the machine into the outbox, each thing at the end of its lane.

use ruma::{OwnedEventId, OwnedRoomId, RoomId};
use serde_json::Value;

use super::Context;
use crate::{
    domain::outgoing::{MatrixAction, Offer, PostedMail, Puppet},
    matrix::encode,
    store::{StoreError, Tx, outbox},
};

/// What the effects follow from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Place of the event in the inbox; zero for effects that follow from none.
    pub inbox_seq: i64,
    pub trace: String,
    pub now: i64,
}

impl Origin {
    /// Of effects that follow from no event.
    #[must_use]
    pub fn without_event(trace: String, now: i64) -> Self {
        Self {
            inbox_seq: 0,
            trace,
            now,
        }
    }
}

/// The bot says something in a room.
pub async fn say(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    reply_to: Option<&OwnedEventId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let content = encode::notice(text, reply_to);
    send(
        tx,
        room,
        Puppet::Bot,
        "m.room.message",
        content,
        None,
        origin,
        context,
    )
    .await
}

/// The bot says something that staff can take up by a reaction.
pub async fn make_offer(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    offer: Offer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let action = MatrixAction::Send {
        room,
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content: encode::notice(text, None),
        mail: None,
        media: None,
        offer: Some(offer),
    };
    enqueue(tx, action, origin, context).await
}

/// Tells staff in the control room; without one the log must do.
pub async fn report(
    tx: &mut Tx,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if let Some(room) = &context.control_room() {
        return say(tx, room.clone(), text, None, origin, context).await;
    }
    tracing::warn!(trace = %origin.trace, "For staff (there is no control room): {}", masked(text));
    Ok(())
}

/// Logs must not hold addresses.
fn masked(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.split_once('@') {
            Some((local, domain)) if domain.contains('.') && !local.is_empty() => {
                format!("{}…@{domain}", local.chars().next().unwrap_or('?'))
            }
            _ => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The lane of what is done in a room.
#[must_use]
pub fn room_lane(room: &RoomId) -> String {
    format!("room:{room}")
}

/// Puts an action at the end of its lane.
pub async fn enqueue(
    tx: &mut Tx,
    action: MatrixAction,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    enqueue_as(tx, context.new_effect_id(), action, origin).await
}

/// The same under an effect id that is known already.
pub async fn enqueue_as(
    tx: &mut Tx,
    effect_id: String,
    action: MatrixAction,
    origin: &Origin,
) -> Result<(), StoreError> {
    let lane = match &action {
        // What waits for the bot must not wait in front of it.
        MatrixAction::Join {
            room,
            puppet: Puppet::Bot,
        }
        | MatrixAction::Follow { room, .. } => format!("bot:{room}"),
        MatrixAction::Send { room, .. }
        | MatrixAction::Revise { room, .. }
        | MatrixAction::Join { room, .. }
        | MatrixAction::AskIn { room, .. }
        | MatrixAction::Leave { room, .. }
        | MatrixAction::TakeBack { room, .. }
        | MatrixAction::Decline { room, .. }
        | MatrixAction::Invite {
            behind: Some(room), ..
        } => room_lane(room),
        MatrixAction::PutUpSigns { room, .. } => format!("signs:{room}"),
        MatrixAction::Retire { erasure, .. } => format!("erasure:{erasure}"),
        MatrixAction::Invite { room, user, .. } => format!("invite:{room}:{user}"),
        MatrixAction::Receipt { room, .. } => format!("receipt:{room}"),
        MatrixAction::CreateRoom { request, .. } => format!("room:new-{request}"),
        // What waits for the Space must not wait in front of the mail.
        MatrixAction::ListInSpace { room, .. } => format!("space:{room}"),
    };
    let row = outbox::NewRow {
        way: outbox::Way::Matrix,
        lane,
        effect_id,
        payload: serde_json::to_string(&action)?,
        letter: None,
        trace: origin.trace.clone(),
    };
    outbox::enqueue(tx, &row, origin.now).await
}

#[expect(
    clippy::too_many_arguments,
    reason = "an event is made of that many things"
)]
pub async fn send(
    tx: &mut Tx,
    room: OwnedRoomId,
    puppet: Puppet,
    event_type: &str,
    content: Value,
    mail: Option<PostedMail>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let action = MatrixAction::Send {
        room,
        puppet,
        event_type: event_type.to_owned(),
        content,
        mail,
        media: None,
        offer: None,
    };
    enqueue(tx, action, origin, context).await
}
