//! What has to be fetched before an event can be decided about: the state of a room that we have
//! just come into.

use ruma::OwnedRoomId;

use super::{Context, apply, lanes::Origin, not_now::NotNow};
use crate::{
    domain::{
        effect::Effect,
        event::{EventKind, Membership, RoomEvent},
        life::Life,
        onboarding::Step,
    },
    matrix::{client::Fault, decode},
    store::{StoreError, lives, rooms},
};

/// Fetches and stores the room's state, if that hasn't been done since the bot came in.
pub async fn ensure_known(
    event: &RoomEvent,
    origin: &Origin,
    context: &std::sync::Arc<Context>,
) -> Result<(), NotNow> {
    let bot_came_in = match &event.kind {
        EventKind::Membership {
            user, membership, ..
        } if *user == context.bot => match membership {
            Membership::Join => true,
            // Invited or put out, we may not look.
            _ => return Ok(()),
        },
        _ => false,
    };
    let room = event.room.as_str();
    let known = rooms::find(
        &mut context.store.read().await.map_err(NotNow::Store)?,
        room,
    )
    .await?;
    let is_known = known.as_ref().is_some_and(|room| room.known_at.is_some());
    let joined = known.is_some_and(|room| room.bot_joined == 1);
    if is_known && (joined || !bot_came_in) && !lacks_rules(event, context).await? {
        return Ok(());
    }
    // After an update many rooms may have something new at once.
    let turn = context.turns.rooms.acquire().await;
    let fetched = context.homeserver.state(&event.room).await;
    drop(turn);
    let state = match fetched {
        Ok(state) => state,
        // We aren't in there, or not any more.
        Err(Fault::Refused { .. }) => Vec::new(),
        Err(fault) => return Err(fault.into()),
    };
    // Whoever follows the bot's comings and goings must not have one of them swallowed: that it is in
    // is what the event will say that is on its way. So it is with everybody in a room that it is in.
    let bot = context.bot.as_str();
    let mut reading = context.store.read().await.map_err(NotNow::Store)?;
    let is_followed = rooms::membership(&mut reading, room, bot).await?.is_some();
    drop(reading);
    let leaves_out = match (bot_came_in, is_followed) {
        (false, true) if joined => LeavesOut::Everybody,
        (false, false) => LeavesOut::Nobody,
        _ => LeavesOut::Bot,
    };
    remember(&state, event, leaves_out, origin, context).await?;
    Ok(())
}

/// Whose membership isn't taken from a room's state, as events tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeavesOut {
    Nobody,
    Bot,
    Everybody,
}

/// To which mailbox a room belongs that is new to us.
pub(super) fn mailbox_of<'c>(event: &RoomEvent, context: &'c Context) -> &'c str {
    let name = match &event.kind {
        EventKind::Membership { user, .. } if context.is_ours(user) => {
            context.mailbox_of_inviter(&event.sender)
        }
        _ => context.default_mailbox(),
    };
    name.as_str()
}

/// Whether the event needs to know who may do what in the room, and an earlier version, which did not
/// ask, has fetched the room's state.
async fn lacks_rules(
    event: &RoomEvent,
    context: &std::sync::Arc<Context>,
) -> Result<bool, StoreError> {
    let needs = matches!(
        event.kind,
        EventKind::Tombstone { .. } | EventKind::PowerLevels(_)
    );
    if !needs {
        return Ok(false);
    }
    let known = lives::find(&mut context.store.read().await?, event.room.as_str()).await?;
    Ok(known.rules.creation.is_none())
}

async fn remember(
    state: &[String],
    event: &RoomEvent,
    leaves_out: LeavesOut,
    origin: &Origin,
    context: &std::sync::Arc<Context>,
) -> Result<(), StoreError> {
    let room: OwnedRoomId = event.room.clone();
    let mailbox = mailbox_of(event, context).to_owned();
    let effects: Vec<Effect> = state
        .iter()
        .filter_map(|json| decode::decode_state(json, &room).ok())
        .filter_map(|event| match event.kind {
            EventKind::Membership { .. } if leaves_out == LeavesOut::Everybody => None,
            EventKind::Membership { user, .. }
                if leaves_out == LeavesOut::Bot && user == context.bot =>
            {
                None
            }
            EventKind::Membership {
                user,
                membership,
                name,
            } => Some(Effect::RememberMember {
                room: event.room,
                user,
                membership,
                name,
            }),
            EventKind::RoomName(name) => Some(Effect::RememberRoomName {
                room: event.room,
                name,
            }),
            EventKind::Access(access) => Some(Effect::Onboard(Step::RememberAccess {
                room: event.room,
                access,
            })),
            EventKind::Encryption => Some(Effect::RememberEncryption { room: event.room }),
            EventKind::Created(creation) => Some(Effect::Life(Life::RememberCreation {
                room: event.room,
                creation,
            })),
            EventKind::PowerLevels(levels) => Some(Effect::Life(Life::RememberLevels {
                room: event.room,
                levels,
            })),
            EventKind::CanonicalAlias(alias) => Some(Effect::Life(Life::RememberAlias {
                room: event.room,
                alias,
            })),
            _ => None,
        })
        .collect();
    let origin = origin.clone();
    let context = std::sync::Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                rooms::ensure(tx, room.as_str(), &mailbox).await?;
                apply::all(tx, effects, &origin, &context).await?;
                rooms::set_known(tx, room.as_str(), origin.now).await
            })
        })
        .await
}
