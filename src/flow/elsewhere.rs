//! Commands that are about another room: which one that is, and what is known there.

use std::time::Duration;

use ruma::{OwnedRoomAliasId, OwnedRoomId, RoomAliasId};

use super::{Context, audience, facts, not_now::NotNow, transfer_facts};
use crate::{
    domain::{
        command::{Command, elsewhere::moved},
        elsewhere::Place,
        event::{Content, EventKind, RoomEvent},
        facts::{Elsewhere, EventFacts, Role},
    },
    matrix::client::Fault,
    store::{Connection, StoreError, desk, held, inbox, named_rooms, rooms},
};

/// How long looking up an alias of another server may take: meanwhile other rooms' events wait.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(10);

/// Adds what is known of the place that the event is about, if it is a command about another one. Where
/// all rooms are meant, it is enough to be staff there.
pub async fn add(
    facts: &mut EventFacts,
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<(), StoreError> {
    match facts.sender_role {
        Role::Staff => facts.details.elsewhere = of(connection, event, context).await?,
        Role::Visitor => {
            if audience::is_for_all_rooms(connection, &event.sender, &event.room, context).await? {
                let found = of(connection, event, context).await?;
                // Of other places they learn nothing.
                facts.details.elsewhere = found.filter(Elsewhere::is_there);
                if facts.details.elsewhere.is_some() || lists_theirs(event, context) {
                    facts.sender_role = Role::Staff;
                }
            }
        }
        Role::Bot | Role::Ghost(_) | Role::NobodysGhost => {}
    }
    Ok(())
}

/// Whether staff of one of the mailboxes ask for what shows only what they may know.
fn lists_theirs(event: &RoomEvent, context: &Context) -> bool {
    let asked = Command::of(event);
    matches!(
        asked,
        Some(Command::List(_) | Command::Find(_) | Command::Help(_))
    ) && context.is_staff_anywhere(&event.sender)
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
    let room = room_of(connection, &place).await?;
    let may_ask = room.as_ref() == Some(&event.room)
        || audience::is_for_all_rooms(connection, &event.sender, &event.room, context).await?;
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
    let mut known = Box::pin(facts::of(connection, &there, context)).await?;
    // The answer is read where it is asked.
    let is_read_by_others =
        audience::is_read_by_others(connection, &event.sender, &event.room, context).await?;
    known.details.held.has_visitors = is_read_by_others;
    known.details.desk.has_visitors = is_read_by_others;
    if let Some(target) = &mut known.details.desk.target {
        target.is_asked_here = true;
    }
    Ok(Some(Elsewhere::There {
        has_visitors: audience::has_visitors(connection, &room, context).await?,
        facts: Box::new(known),
        place,
        text,
        room,
    }))
}

async fn room_of(
    connection: &mut Connection,
    place: &Place,
) -> Result<Option<OwnedRoomId>, StoreError> {
    Ok(match place {
        Place::Room(room) => Some(room.clone()),
        Place::Alias(alias) => transfer_facts::room_of_alias(connection, alias).await?,
        Place::Conversation(id) => desk::find(connection, *id)
            .await?
            .map(|found| found.case.room),
    })
}

/// Whether the event, which came as `seq`, commands another room of which something earlier hasn't been
/// decided about yet. Rooms are worked on side by side; what was said before a conversation ends must
/// not come too late for it.
pub async fn overtakes(seq: i64, event: &RoomEvent, context: &Context) -> Result<bool, StoreError> {
    if Command::of(event).is_none() {
        return Ok(false);
    }
    let mut reading = context.store.read().await?;
    let Some((place, _)) = asked(&mut reading, event, context).await? else {
        return Ok(false);
    };
    match room_of(&mut reading, &place).await? {
        Some(room) if room != event.room => {
            inbox::waits_before(&mut reading, seq, room.as_str()).await
        }
        _ => Ok(false),
    }
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
    let Some(words) = words_of(event) else {
        return Ok(None);
    };
    if !audience::is_for_all_rooms(connection, &event.sender, &event.room, context).await? {
        return Ok(None);
    }
    let place = match (command.number(), &command) {
        (Some(number), _) => Some(Place::Conversation(number)),
        // The control room decides about all of them itself.
        (None, Command::Decide(Ok(asked))) if !context.is_control_room(&event.room) => {
            let found = held::find(connection, asked.held).await?;
            let room = found.and_then(|mail| OwnedRoomId::try_from(mail.room).ok());
            room.map(Place::Room)
        }
        _ => None,
    };
    Ok(place.map(|place| (place, words)))
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
    let sender = &event.sender;
    let mut reading = context.store.read().await.map_err(NotNow::Store)?;
    let may_ask = audience::is_staff_in(&mut reading, sender, &event.room, context).await?
        || !context.is_ours(sender)
            && audience::is_for_all_rooms(&mut reading, sender, &event.room, context).await?;
    drop(reading);
    if !may_ask {
        return Ok(());
    }
    let room = room_id_of(&alias, context).await?;
    let now = context.now_ms();
    context
        .store
        .write(move |tx| {
            Box::pin(async move { named_rooms::set_alias(tx, alias.as_str(), &room, now).await })
        })
        .await?;
    Ok(())
}

/// The id of the room to which the alias leads, empty if it leads to none that we can know. An alias of
/// another server is asked for there, which may fail for ever; only where our own doesn't answer there
/// is something to wait for.
async fn room_id_of(alias: &RoomAliasId, context: &Context) -> Result<String, Fault> {
    let asking = context.homeserver.room_of_alias(alias);
    let is_ours = alias.server_name() == context.server_name;
    let answer = if is_ours {
        asking.await
    } else {
        let answer = tokio::time::timeout(PATIENCE_WITH_OTHERS, asking).await;
        answer.unwrap_or_else(|_| {
            Err(Fault::Unknown {
                reason: "looking the alias up took too long".to_owned(),
            })
        })
    };
    match answer {
        Ok(found) => Ok(found
            .map(|found| found.room_id.to_string())
            .unwrap_or_default()),
        Err(Fault::Refused { .. }) => Ok(String::new()),
        Err(fault) if is_ours => Err(fault),
        Err(fault) => {
            context.homeserver.who_am_i().await?;
            tracing::info!(%fault, "An alias of another server can't be looked up");
            Ok(String::new())
        }
    }
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
