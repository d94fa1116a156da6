//! Commands that are about another room: which one that is, and what is known there.

use ruma::OwnedRoomAliasId;

use super::{Context, audience, desk_facts, facts, not_now::NotNow};
use crate::{
    domain::{
        command::{Command, elsewhere::moved},
        elsewhere::Place,
        event::{Content, EventKind, RoomEvent},
        facts::{Elsewhere, EventFacts, Role},
    },
    matrix::client::Fault,
    store::{Connection, StoreError, desk, named_rooms, rooms},
};

/// Adds what is known of the place that the event is about, if it is a command about another one.
pub async fn add(
    facts: &mut EventFacts,
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<(), StoreError> {
    if facts.sender_role == Role::Staff {
        facts.details.elsewhere = of(connection, event, context).await?;
    }
    Ok(())
}

/// What the event, if it is a command about another place, leads to.
async fn of(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<Option<Elsewhere>, StoreError> {
    let Some((place, text)) = asked(connection, event, context).await? else {
        return Ok(None);
    };
    let room = match &place {
        Place::Room(room) => Some(room.clone()),
        Place::Alias(alias) => desk_facts::room_of_alias(connection, alias).await?,
        Place::Conversation(id) => desk::find(connection, *id)
            .await?
            .map(|found| found.case.room),
    };
    let may_ask = room.as_ref() == Some(&event.room)
        || desk_facts::is_for_all_rooms(connection, &event.room, context).await?;
    if !may_ask {
        return Ok(Some(Elsewhere::NotHere));
    }
    let Some(room) = room else {
        return Ok(Some(Elsewhere::Unknown(place)));
    };
    let Some(known) = rooms::find(connection, room.as_str()).await? else {
        return Ok(Some(Elsewhere::Unknown(place)));
    };
    // Who may know nothing of a room doesn't learn whether the bot is there.
    if !audience::is_staff_in(connection, &event.sender, &room, context).await? {
        return Ok(Some(Elsewhere::NotStaff(place)));
    }
    if known.bot_joined != 1 {
        return Ok(Some(Elsewhere::BotIsOut(place)));
    }
    let there = moved(event, &room, &text);
    let known = Box::pin(facts::of(connection, &there, context)).await?;
    Ok(Some(Elsewhere::There {
        has_visitors: audience::has_visitors(connection, &room, context).await?,
        facts: Box::new(known),
        place,
        text,
        room,
    }))
}

/// The place that a command names, and the command as it would be given there. Where all rooms are meant,
/// a number alone names one.
async fn asked(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<Option<(Place, String)>, StoreError> {
    let command = match Command::of(event) {
        Some(Command::Elsewhere { place, text }) => return Ok(Some((place, text))),
        Some(command) => command,
        None => return Ok(None),
    };
    let (Some(number), Some(words)) = (command.number(), words_of(event)) else {
        return Ok(None);
    };
    if !desk_facts::is_for_all_rooms(connection, &event.room, context).await? {
        return Ok(None);
    }
    Ok(Some((Place::Conversation(number), words)))
}

fn words_of(event: &RoomEvent) -> Option<String> {
    match &event.kind {
        EventKind::Message {
            content: Content::Text(words) | Content::Emote(words),
            ..
        } => Some(crate::domain::elsewhere::with_ids(
            &words.body,
            words.html.as_deref(),
        )),
        _ => None,
    }
}

/// Looks up the alias that a command of staff names, before it is decided about.
pub async fn look_up(event: &RoomEvent, context: &Context) -> Result<(), NotNow> {
    let Some(alias) = alias_in(event) else {
        return Ok(());
    };
    if context.is_ours(&event.sender) {
        return Ok(());
    }
    let mut reading = context.store.read().await.map_err(NotNow::Store)?;
    let is_staff = audience::is_staff_in(&mut reading, &event.sender, &event.room, context).await?;
    drop(reading);
    if !is_staff {
        return Ok(());
    }
    let room = match context.homeserver.room_of_alias(&alias).await {
        Ok(found) => found
            .map(|found| found.room_id.to_string())
            .unwrap_or_default(),
        // It names no room that we can know.
        Err(Fault::Refused { .. }) => String::new(),
        Err(fault) => return Err(fault.into()),
    };
    let now = context.now_ms();
    context
        .store
        .write(move |tx| {
            Box::pin(async move { named_rooms::set_alias(tx, alias.as_str(), &room, now).await })
        })
        .await?;
    Ok(())
}

fn alias_in(event: &RoomEvent) -> Option<OwnedRoomAliasId> {
    match Command::of(event)? {
        Command::Elsewhere {
            place: Place::Alias(alias),
            ..
        } => Some(alias),
        Command::Elsewhere { text, .. } => match Command::parse(&text)? {
            Command::Move(Ok(asked)) => alias_of(asked.to),
            _ => None,
        },
        Command::Move(Ok(asked)) => alias_of(asked.to),
        _ => None,
    }
}

fn alias_of(place: Place) -> Option<OwnedRoomAliasId> {
    match place {
        Place::Alias(alias) => Some(alias),
        Place::Room(_) | Place::Conversation(_) => None,
    }
}
