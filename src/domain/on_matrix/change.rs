//! Who comes and goes, and what a room is called: told to customers where that is wanted, with the
//! next letter.

use ruma::UserId;

use super::parts::item;
use crate::domain::{
    effect::{Effect, ItemKind, LetterItem},
    event::{Membership, RoomEvent, Words},
    facts::{EventFacts, Role},
    sharing::{Change, Shared},
};

/// The sender has changed something.
pub(super) fn remark(event: &RoomEvent, change: Change, facts: &EventFacts) -> Vec<Effect> {
    if matches!(facts.sender_role, Role::Staff | Role::Visitor) {
        write(event, None, change, facts)
    } else {
        Vec::new()
    }
}

/// A user who isn't one of ours comes or goes; bridges' users are no people.
pub(super) fn of_member(
    event: &RoomEvent,
    user: &UserId,
    membership: Membership,
    facts: &EventFacts,
) -> Vec<Effect> {
    let known = facts.past.member.as_ref();
    let was_in = known.is_some_and(|known| known.membership == Membership::Join);
    let change = match membership {
        Membership::Join if !was_in => Change::Came,
        Membership::Leave if was_in && event.sender == user => Change::Went,
        Membership::Leave | Membership::Ban if was_in => Change::WasPutOut,
        _ => return Vec::new(),
    };
    if user.localpart().starts_with('_') {
        return Vec::new();
    }
    let name = known.map_or_else(|| facts.sender_name.clone(), |known| known.name.clone());
    write(event, Some((user, name)), change, facts)
}

fn write(
    event: &RoomEvent,
    who: Option<(&UserId, String)>,
    change: Change,
    facts: &EventFacts,
) -> Vec<Effect> {
    let settings = &facts.room.settings;
    // Who reads a broadcast learns of nobody else in the room.
    if !facts.room.bot_joined || !settings.changes || settings.broadcast {
        return Vec::new();
    }
    let mut item = LetterItem {
        shared: Some(Shared::Change { change }),
        rides: true,
        ..item(event, ItemKind::Remark, &Words::default(), facts)
    };
    if let Some((user, name)) = who {
        item.author = name;
        item.by_staff &= event.sender == user;
    }
    let conversations = facts.room.conversations.iter();
    conversations
        .filter(|conversation| conversation.thread_root.is_none())
        .map(|conversation| Effect::Write {
            conversation: conversation.id,
            item: item.clone(),
        })
        .collect()
}
