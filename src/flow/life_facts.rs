//! What an event needs to know that concerns the life of its room.

use ruma::{OwnedRoomId, OwnedUserId, RoomId};

use super::{Context, audience};
use crate::{
    domain::{
        address::EmailAddress,
        command::Command,
        delivery::millis,
        event::{EventKind, RoomEvent},
        facts::{Bid, LifeFacts, Successor},
        ghost, on_matrix,
        wording::living,
    },
    store::{Connection, StoreError, lives, people, rooms, successions},
};

pub async fn of(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<LifeFacts, StoreError> {
    let mut life = LifeFacts::default();
    let room = event.room.as_str();
    life.was_told = was_told(connection, event, context).await?;
    let subject = match &event.kind {
        EventKind::Message { content, .. } => {
            let is_note = matches!(Command::of(event), Some(Command::Note(Ok(_))));
            if is_note || on_matrix::stays_inside(content) {
                readers(connection, &event.room, None, &mut life, context).await?;
            }
            return Ok(life);
        }
        EventKind::Membership { user, .. } => Some(user),
        EventKind::Encryption
        | EventKind::Tombstone { .. }
        | EventKind::PowerLevels(_)
        | EventKind::ServerAcl(_) => None,
        _ => return Ok(life),
    };
    if let Some(user) = subject {
        life.subject_is_staff =
            audience::is_staff_in(connection, user, &event.room, context).await?;
    }
    readers(connection, &event.room, subject, &mut life, context).await?;
    let known = lives::find(connection, room).await?;
    if let Some(predecessor) = known
        .rules
        .creation
        .as_ref()
        .and_then(|made| made.predecessor.as_ref())
    {
        let before = rooms::find(connection, predecessor.as_str()).await?;
        life.goes_on_from_ours = before.is_some_and(|before| before.bot_joined == 1);
    }
    life.rules = known.rules;
    life.is_leaving = known.is_leaving;
    life.room_name = rooms::find(connection, room)
        .await?
        .map(|found| found.name)
        .unwrap_or_default();
    life.link = link(&event.room, &known.alias, context);
    if let Some(succession) = successions::of_old(connection, room).await?
        && let Ok(room) = OwnedRoomId::try_from(succession.new_room_id)
    {
        life.successor = Some(Successor {
            room,
            has_moved: succession.state == "moved",
        });
    }
    let succeeds = successions::of_new(connection, room).await?;
    life.succeeds = succeeds
        .into_iter()
        .find_map(|succession| succession.old_room_id.try_into().ok());
    if subject == Some(&context.bot) {
        life.waiting_mails = lives::count_waiting_mails(connection, room).await?;
        for localpart in lives::bids(connection, room).await? {
            life.bids.push(bid(connection, localpart).await?);
        }
    }
    Ok(life)
}

async fn bid(connection: &mut Connection, localpart: String) -> Result<Bid, StoreError> {
    let contact = people::by_ghost(connection, &localpart).await?;
    Ok(Bid {
        is_placeholder: contact.is_none(),
        address: contact
            .map(|contact| contact.address)
            .or_else(|| ghost::address_in(&localpart)),
        localpart,
    })
}

async fn was_told(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<bool, StoreError> {
    let Some((about, hours)) = on_matrix::told_about(event) else {
        return Ok(false);
    };
    let told = lives::told_at(connection, event.room.as_str(), &about).await?;
    let age = millis(std::time::Duration::from_hours(hours));
    let since = context.now_ms().saturating_sub(age);
    Ok(told.is_some_and(|at| hours == 0 || at > since))
}

/// Who is in the room or invited, without ourselves and `subject`.
async fn readers(
    connection: &mut Connection,
    room: &RoomId,
    subject: Option<&OwnedUserId>,
    life: &mut LifeFacts,
    context: &Context,
) -> Result<(), StoreError> {
    let staff = audience::staff(connection, room, context).await?;
    for user in rooms::present(connection, room.as_str()).await? {
        let Ok(user) = OwnedUserId::try_from(user) else {
            continue;
        };
        if context.is_ours(&user) || Some(&user) == subject {
            continue;
        }
        if staff.is_staff(&user) {
            life.staff.push(user);
        } else {
            life.visitors.push(user);
        }
    }
    Ok(())
}

/// The address under which clients open a room: its alias where it has one, which outlives the room.
pub fn link(room: &RoomId, alias: &str, context: &Context) -> String {
    if !alias.is_empty() {
        return format!("https://matrix.to/#/{alias}");
    }
    format!(
        "https://matrix.to/#/{room}?via={}",
        context.server_name.as_str()
    )
}

/// A room, as it is named elsewhere.
pub async fn called(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<String, StoreError> {
    let alias = lives::find(connection, room.as_str()).await?.alias;
    let name = rooms::find(connection, room.as_str())
        .await?
        .map(|found| found.name)
        .unwrap_or_default();
    Ok(living::room_called(&name, &link(room, &alias, context)))
}

/// Of these people, whose ghosts are banned from the room.
pub async fn banned(
    connection: &mut Connection,
    room: &str,
    people: impl Iterator<Item = &EmailAddress> + Send,
    context: &Context,
) -> Result<Vec<EmailAddress>, StoreError> {
    let mut banned = Vec::new();
    for address in people {
        let Some(contact) = people::find(connection, address).await? else {
            continue;
        };
        let ghost = format!("@{}:{}", contact.ghost, context.server_name);
        let known = rooms::membership(connection, room, &ghost).await?;
        if known.as_deref() == Some("ban") {
            banned.push(address.clone());
        }
    }
    Ok(banned)
}
