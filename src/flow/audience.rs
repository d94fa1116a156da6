//! Who reads along in a room.

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};

use super::{
    Context,
    lanes::{self, Origin},
};
use crate::{
    config::Mailbox,
    domain::{room_rules::RoomRules, staff::StaffList},
    store::{Connection, StoreError, Tx, lives, named_rooms, rooms},
};

/// Whether somebody who is neither staff nor one of ours is in the room, or invited.
pub async fn has_visitors(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    let others = others_than_ours(connection, room, context).await?;
    let staff = staff(connection, room, context).await?;
    Ok(others.iter().any(|user| !staff.is_staff(user)))
}

/// Who is staff in one room.
pub struct Staff<'c> {
    /// Whoever stands on one of them.
    lists: Vec<&'c StaffList>,
    /// From which power level on others are, too, and who has which.
    by_level: Option<(i64, RoomRules)>,
    context: &'c Context,
}

impl Staff<'_> {
    /// Users of ours never are.
    pub fn is_staff(&self, user: &UserId) -> bool {
        if self.context.is_ours(user) {
            return false;
        }
        let is_by_level = || {
            self.by_level.as_ref().is_some_and(|(least, rules)| {
                // By convention those are the users of application services: what a bridge relays
                // is never a command.
                !user.localpart().starts_with('_') && rules.power(user) >= *least
            })
        };
        self.is_listed(user) || is_by_level()
    }

    /// Whether the configuration names the user, not only the room's power levels.
    pub fn is_listed(&self, user: &UserId) -> bool {
        !self.context.is_ours(user) && self.lists.iter().any(|list| list.is_staff(user))
    }
}

/// Who is staff in the room: as its mailbox has it; in a triage room, as one of the mailboxes has it
/// whose mail is told of there; in the control room, as the configuration has it for all. Where the
/// configuration says so, whoever has the power level is, too, but not where the rooms are for staff
/// anyway, nor in a chat of two, where everybody has it.
pub async fn staff<'c>(
    connection: &mut Connection,
    room: &RoomId,
    context: &'c Context,
) -> Result<Staff<'c>, StoreError> {
    let of = |lists, by_level| Staff {
        lists,
        by_level,
        context,
    };
    if context.control_room().as_deref() == Some(room) {
        return Ok(of(vec![&context.staff], None));
    }
    if context.is_triage_room(room) {
        let mailboxes = context.mailboxes_of_triage_room(room);
        let lists = mailboxes.map(|mailbox| context.staff_of(mailbox.as_str()));
        return Ok(of(lists.collect(), None));
    }
    let known = rooms::find(connection, room.as_str()).await?;
    let list = context.staff_of(known.as_ref().map_or("", |room| room.mailbox.as_str()));
    let by_level = match context.staff_power_level {
        Some(least) if !named_rooms::is_direct(connection, room.as_str()).await? => {
            Some((least, lives::find(connection, room.as_str()).await?.rules))
        }
        _ => None,
    };
    Ok(of(vec![list], by_level))
}

/// Whether the user is staff in the room.
pub async fn is_staff_in(
    connection: &mut Connection,
    user: &UserId,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    Ok(staff(connection, room, context).await?.is_staff(user))
}

/// Whether what the user asks in this room is about all of them: in the control room, and in a chat of
/// theirs with the bot, as long as nobody else reads there.
pub async fn is_for_all_rooms(
    connection: &mut Connection,
    user: &UserId,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    if context.control_room().as_deref() == Some(room) {
        return Ok(true);
    }
    if !named_rooms::is_direct(connection, room.as_str()).await? {
        return Ok(false);
    }
    let others = others_than_ours(connection, room, context).await?;
    Ok(others.iter().all(|other| other == user))
}

/// Whether the answer to the user, given in this room, is read by somebody who is neither staff nor here by
/// email: in a chat of theirs with the bot nobody else does.
pub async fn is_read_by_others(
    connection: &mut Connection,
    user: &UserId,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    let is_their_chat = context.control_room().as_deref() != Some(room)
        && is_for_all_rooms(connection, user, room, context).await?;
    Ok(!is_their_chat && has_visitors(connection, room, context).await?)
}

/// Who is in the room, or invited, and is none of ours.
pub async fn others_than_ours(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<Vec<OwnedUserId>, StoreError> {
    let present = rooms::present(connection, room.as_str()).await?;
    let users = present.iter().filter_map(|user| UserId::parse(user).ok());
    Ok(users.filter(|user| !context.is_ours(user)).collect())
}

/// Tells staff, and nobody else, something of a room: there, or in the control room if others would read
/// it or the bot isn't there.
pub async fn tell_staff(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !is_bot_in(tx.connection(), &room).await?
        || has_visitors(tx.connection(), &room, context).await?
    {
        return lanes::report(tx, text, origin, context).await;
    }
    lanes::say(tx, room, text, None, origin, context).await
}

/// Where staff are asked about mail to the mailbox that belongs to no conversation: in its triage room, or
/// in the control room if others would read it or the bot isn't there. `None`: nowhere for now.
pub async fn asked_in(
    connection: &mut Connection,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    match context.triage_room(mailbox) {
        Some(room) => asked_instead(connection, &room, context).await,
        None => Ok(None),
    }
}

/// The room, or the control room if others would read in it what is for staff, or the bot isn't there.
pub async fn asked_instead(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let own = room_of_staff(connection, room.as_str(), context).await?;
    Ok(own.or_else(|| context.control_room()))
}

/// The room, if the bot is there and nobody but staff would read what it says.
pub async fn room_of_staff(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let Ok(room) = OwnedRoomId::try_from(room) else {
        return Ok(None);
    };
    let is_theirs =
        is_bot_in(connection, &room).await? && !has_visitors(connection, &room, context).await?;
    Ok(is_theirs.then_some(room))
}

pub async fn is_bot_in(connection: &mut Connection, room: &RoomId) -> Result<bool, StoreError> {
    let known = rooms::find(connection, room.as_str()).await?;
    Ok(known.is_some_and(|known| known.bot_joined == 1))
}
