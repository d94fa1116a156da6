//! Puts up what rooms tell other clients of us, and takes it down when nobody takes part by email any
//! more. Decided here from what the store has; the homeserver is asked only where that has changed, so
//! that a start asks nothing.

use std::sync::Arc;

use ruma::OwnedRoomId;
use serde_json::{Value, json};

use super::{
    Context, lanes,
    lanes::Origin,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        outgoing::MatrixAction,
        signs::{BRIDGE, FUNCTIONAL, Signs, functional},
    },
    matrix::client::Fault,
    store::{
        Queue, StoreError, Tx, rooms,
        signs::{self, Due},
    },
};

/// Most rooms in one transaction.
const AT_ONCE: i64 = 64;
/// What an attempt answers where the bot may not change the room's state.
pub(super) const NOT_ALLOWED: &str = "not allowed";

/// Looks at rooms in which somebody came or went.
#[derive(Debug)]
pub struct RoomSigns(pub Arc<Context>);

impl Worker for RoomSigns {
    const NAME: &'static str = "signs";
    const QUEUE: Queue = Queue::Signs;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let mut reading = self.0.store.read().await?;
        if signs::due(&mut reading, AT_ONCE).await?.is_empty() {
            return Ok(Step::Idle { until: None });
        }
        drop(reading);
        let context = Arc::clone(&self.0);
        let look = self.0.store.write(move |tx| {
            Box::pin(async move {
                // What is stated may have been refused since the look above.
                for room in signs::due(tx.connection(), AT_ONCE).await? {
                    look_at(tx, room, &context).await?;
                }
                Ok(())
            })
        });
        look.await?;
        Ok(Step::Again)
    }
}

async fn look_at(tx: &mut Tx, room: Due, context: &Context) -> Result<(), StoreError> {
    signs::seen(tx, &room.room_id).await?;
    let known = rooms::find(tx.connection(), &room.room_id).await?;
    let is_there = known.is_some_and(|known| known.bot_joined == 1);
    let (true, Ok(id)) = (is_there, OwnedRoomId::try_from(room.room_id.as_str())) else {
        return Ok(());
    };
    let wanted = signs::mailbox(tx.connection(), &room.room_id).await?;
    let wanted = wanted.map(|name| {
        let (name, mailbox) = context.mailbox(&name);
        Signs {
            mailbox: name.as_str().to_owned(),
            address: mailbox.address.clone(),
            name: mailbox.name.clone(),
        }
    });
    let stated: Option<Signs> = match room.stated.as_str() {
        "" => None,
        json => Some(serde_json::from_str(json)?),
    };
    if wanted == stated {
        return Ok(());
    }
    let text = match &wanted {
        Some(wanted) => serde_json::to_string(wanted)?,
        None => String::new(),
    };
    signs::set_stated(tx, &room.room_id, &text).await?;
    let action = MatrixAction::PutUpSigns {
        room: id,
        signs: wanted,
        former: stated,
    };
    let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
    lanes::enqueue(tx, action, &origin, context).await
}

/// Writes what is different. What is there already stays: repeating this changes nothing.
pub(super) async fn put_up(
    room: &OwnedRoomId,
    wanted: Option<&Signs>,
    former: Option<&Signs>,
    context: &Context,
) -> Result<String, Fault> {
    match write(room, wanted, former, context).await {
        Ok(()) => Ok(String::new()),
        // The bot may be given the right later, or be out of the room.
        Err(Fault::Refused { code, .. }) => {
            tracing::debug!(%room, code, "The bot may not say in the room's state that it serves it");
            Ok(NOT_ALLOWED.to_owned())
        }
        Err(fault) => Err(fault),
    }
}

async fn write(
    room: &OwnedRoomId,
    wanted: Option<&Signs>,
    former: Option<&Signs>,
    context: &Context,
) -> Result<(), Fault> {
    let homeserver = &context.homeserver;
    let there = homeserver.state_event(FUNCTIONAL, "", room).await?;
    if let Some(content) = functional(there.as_ref(), &context.bot, wanted.is_some()) {
        homeserver.set_state(FUNCTIONAL, "", &content, room).await?;
    }
    let gone = former
        .map(Signs::key)
        .filter(|key| wanted.is_none_or(|wanted| wanted.key() != *key));
    for kind in BRIDGE {
        if let Some(key) = &gone {
            put(&json!({}), (kind, key), room, context).await?;
        }
        if let Some(wanted) = wanted {
            let content = wanted.bridge(&context.bot);
            put(&content, (kind, &wanted.key()), room, context).await?;
        }
    }
    Ok(())
}

async fn put(
    content: &Value,
    (kind, key): (&str, &str),
    room: &OwnedRoomId,
    context: &Context,
) -> Result<(), Fault> {
    let there = context.homeserver.state_event(kind, key, room).await?;
    if there.unwrap_or_else(|| json!({})) == *content {
        return Ok(());
    }
    let set = context.homeserver.set_state(kind, key, content, room);
    set.await.map(drop)
}
