//! What is to be known before a conversation goes on in another room, or in another conversation.

use ruma::{OwnedRoomId, RoomAliasId, RoomId, UserId};

use super::{Context, audience, desk::shown};
use crate::{
    domain::{
        command::{merge::Merge, move_to::Move},
        elsewhere::Place,
        event::RoomEvent,
        facts::{Case, DeskFacts, PersonFacts, Standing, TargetRoom},
        ids::ConversationId,
    },
    store::{Connection, StoreError, conversations, desk as store, guests, named_rooms, rooms},
};

/// The two that are to become one. What the first leaves behind is told as of a room.
pub async fn pair(
    connection: &mut Connection,
    merge: &Merge,
    event: &RoomEvent,
    facts: &mut DeskFacts,
    context: &Context,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for id in [merge.from, merge.into] {
        found.extend(store::find(connection, id).await?);
    }
    let mut is_staff = true;
    for one in &found {
        is_staff &=
            audience::is_staff_in(connection, &event.sender, &one.case.room, context).await?;
    }
    // Of others nothing is shown.
    if is_staff {
        facts.pair = shown(connection, found, context).await?;
    }
    let mut target = TargetRoom {
        is_staff,
        ..TargetRoom::default()
    };
    if let [from, into] = facts.pair.as_slice() {
        target.bot_joined = audience::is_bot_in(connection, &into.room).await?;
        target.threads = threads_of(connection, from, into.id).await?;
        if from.room != into.room {
            readers(connection, from, &into.room, &mut target, context).await?;
        }
        people(connection, from, into, &mut target, context).await?;
        target.is_asked_here =
            facts.is_everywhere || from.room == event.room || into.room == event.room;
    }
    facts.target = Some(target);
    Ok(())
}

/// Who would take part in the second, or read what is answered to the first, and doesn't by now.
async fn people(
    connection: &mut Connection,
    from: &Case,
    into: &Case,
    target: &mut TargetRoom,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    for person in conversations::people(connection, from.id, server).await? {
        match standing(connection, &person, into).await? {
            Standing::Here { .. } => {}
            Standing::Out { .. } => target.put_out.push(person.name),
            Standing::New | Standing::Offered(_) if person.is_guest => {
                target.guests.push(person.name);
            }
            Standing::New | Standing::Offered(_) => target.members.push(person.name),
        }
    }
    for person in conversations::people(connection, into.id, server).await? {
        let standing = standing(connection, &person, from).await?;
        if !matches!(standing, Standing::Here { .. }) {
            target.others.push(person.name);
        }
    }
    target.others.sort();
    target.others.dedup();
    Ok(())
}

async fn standing(
    connection: &mut Connection,
    person: &PersonFacts,
    case: &Case,
) -> Result<Standing, StoreError> {
    guests::standing(connection, case.id, case.room.as_str(), &person.address).await
}

/// The customer's threads in the conversation's room, if it is the room's own, but for one of them.
async fn threads_of(
    connection: &mut Connection,
    case: &Case,
    but: ConversationId,
) -> Result<Vec<ConversationId>, StoreError> {
    if case.thread_root.is_some() {
        return Ok(Vec::new());
    }
    let customer = crate::domain::ids::CustomerId(case.customer);
    let all = conversations::with_customer(connection, case.room.as_str(), customer).await?;
    let others = all
        .into_iter()
        .filter(|(id, root)| !root.is_empty() && *id != but);
    Ok(others.map(|(id, _)| id).collect())
}

/// What is known of the room in which a conversation is to go on; `None` if its alias leads nowhere.
pub async fn target(
    connection: &mut Connection,
    asked: &Move,
    event: &RoomEvent,
    cases: &[Case],
    context: &Context,
) -> Result<Option<TargetRoom>, StoreError> {
    let room = match &asked.to {
        Place::Room(room) => Some(room.clone()),
        Place::Alias(alias) => room_of_alias(connection, alias).await?,
        Place::Conversation(_) => None,
    };
    let Some(room) = room else { return Ok(None) };
    let Some(known) = rooms::find(connection, room.as_str()).await? else {
        return Ok(Some(TargetRoom::default()));
    };
    let case = match asked.number {
        Some(number) => cases.iter().find(|case| case.id == number),
        None => cases.iter().find(|case| case.thread_root.is_none()),
    };
    let server = context.server_name.as_str();
    let mut target = TargetRoom {
        name: known.name,
        bot_joined: known.bot_joined == 1,
        encrypted: known.encrypted == 1,
        is_for_staff: context.control_room().as_ref() == Some(&room)
            || named_rooms::is_direct(connection, room.as_str()).await?
            || context.is_triage_room(&room),
        is_staff: audience::is_staff_in(connection, &event.sender, &room, context).await?,
        ..TargetRoom::default()
    };
    let Some(case) = case else {
        target.room = Some(room);
        return Ok(Some(target));
    };
    target.threads = threads_of(connection, case, case.id).await?;
    for other in conversations::of_room(connection, room.as_str(), server).await? {
        if other.customer.0 == case.customer && other.thread_root.is_none() {
            target.own = Some(other.id);
        }
    }
    readers(connection, case, &room, &mut target, context).await?;
    target.room = Some(room);
    Ok(Some(target))
}

/// Who would read the conversation in the room: other customers, and who is neither staff nor here by
/// email and doesn't read it where it is.
async fn readers(
    connection: &mut Connection,
    case: &Case,
    room: &RoomId,
    target: &mut TargetRoom,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    for other in conversations::of_room(connection, room.as_str(), server).await? {
        if other.customer.0 != case.customer {
            let names = other.people.into_iter().map(|person| person.name);
            target.others.extend(names);
        }
    }
    target.others.sort();
    target.others.dedup();
    let staff = audience::staff(connection, room, context).await?;
    for user in rooms::present(connection, room.as_str()).await? {
        let Ok(user) = UserId::parse(&user) else {
            continue;
        };
        if context.is_ours(&user) || staff.is_staff(&user) {
            continue;
        }
        let here = rooms::membership(connection, case.room.as_str(), user.as_str()).await?;
        if !matches!(here.as_deref(), Some("join" | "invite")) {
            target.visitors.push(user.to_string());
        }
    }
    Ok(())
}

/// As it was when a command last named it.
pub async fn room_of_alias(
    connection: &mut Connection,
    alias: &RoomAliasId,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let known = named_rooms::alias(connection, alias.as_str()).await?;
    Ok(known.and_then(|(room, _)| OwnedRoomId::try_from(room).ok()))
}
