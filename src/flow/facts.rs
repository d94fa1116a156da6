//! What a decision about an event needs to know, as the store has it.

use std::collections::HashSet;

use ruma::{OwnedEventId, RoomId, UserId};

use super::{Context, audience, details, life_facts, settings, threads};
use crate::{
    domain::{
        event::{Content, EventKind, Membership, RoomEvent},
        facts::{
            ConversationFacts, EventFacts, GhostFacts, GoneTo, MemberFacts, Past, Placement,
            PollFacts, Role, RoomFacts, TakenBack, TargetFacts,
        },
        ids::ContactId,
        on_matrix,
        sharing::Shared,
        wording,
    },
    matrix::decode,
    store::{
        Connection, StoreError, conversations, guests,
        inbox::{self, Known},
        messages, named_rooms, offers, people, places, rooms, shown, votes,
    },
};

/// Most messages that become notes with the one that they hang on.
const MOST_HANGING: usize = 1000;

pub async fn of(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<EventFacts, StoreError> {
    let room = event.room.as_str();
    let server = context.server_name.as_str();
    let known = rooms::find(connection, room).await?;
    let room_facts = RoomFacts {
        id: event.room.clone(),
        encrypted: known.as_ref().is_some_and(|room| room.encrypted == 1),
        bot_joined: known.as_ref().is_some_and(|room| room.bot_joined == 1),
        is_direct: named_rooms::is_direct(connection, room).await?,
        conversations: conversations::of_room(connection, room, server).await?,
        settings: settings::of_room(connection, room, context).await?,
    };
    let subject = match &event.kind {
        EventKind::Membership { user, .. } if context.is_ours(user) && *user != context.bot => {
            let contact = people::by_ghost(connection, user.localpart()).await?;
            Some(GhostFacts {
                address: contact.map(|contact| contact.address),
            })
        }
        _ => None,
    };
    let target = target(connection, event, context).await?;
    Ok(EventFacts {
        bot: context.bot.clone(),
        sender_role: role(connection, &event.sender, &event.room, context).await?,
        sender_name: name_of(connection, &event.room, &event.sender, context).await?,
        details: details::of(connection, event, &room_facts.conversations, context).await?,
        past: past(connection, event, &room_facts, context).await?,
        life: life_facts::of(connection, event, context).await?,
        had: had(connection, event).await?,
        target,
        room: room_facts,
        subject,
        own_addresses: context.own_addresses(),
        control_room: context.control_room(),
    })
}

/// As the configuration names them, else as they call themselves in the room.
async fn name_of(
    connection: &mut Connection,
    room: &RoomId,
    user: &UserId,
    context: &Context,
) -> Result<String, StoreError> {
    if let Some(name) = context.names.get(user) {
        return Ok(name.clone());
    }
    let own = rooms::member_name(connection, room.as_str(), user.as_str()).await?;
    Ok(own.unwrap_or_else(|| user.localpart().to_owned()))
}

async fn role(
    connection: &mut Connection,
    user: &UserId,
    room: &RoomId,
    context: &Context,
) -> Result<Role, StoreError> {
    if *user == context.bot {
        return Ok(Role::Bot);
    }
    if context.is_ours(user) {
        let contact = people::by_ghost(connection, user.localpart()).await?;
        return Ok(contact.map_or(Role::NobodysGhost, |contact| Role::Ghost(contact.id)));
    }
    let is_staff = audience::is_staff_in(connection, user, room, context).await?;
    Ok(if is_staff { Role::Staff } else { Role::Visitor })
}

/// What the event points at. A reply in a thread hangs on both: if either is internal, it is.
async fn target(
    connection: &mut Connection,
    event: &RoomEvent,
    context: &Context,
) -> Result<Option<TargetFacts>, StoreError> {
    let (target, root) = match &event.kind {
        EventKind::Edit { target, .. }
        | EventKind::Reaction { target, .. }
        | EventKind::Redaction { target }
        | EventKind::PollEnd { poll: target } => (Some(target), None),
        EventKind::Message { relation, .. } => (
            relation.reply_to.as_ref().or(relation.thread_root.as_ref()),
            relation.thread_root.as_ref(),
        ),
        _ => (None, None),
    };
    let Some(target) = target else {
        return Ok(None);
    };
    // An internal root says all there is to say, also where the message replied to was never seen.
    let (target, known) = match internal_root(connection, root).await? {
        Some(found) => found,
        None => match known(connection, target, event).await? {
            Some(known) => (target, known),
            None => return Ok(None),
        },
    };
    about(connection, target, &known, event, context)
        .await
        .map(Some)
}

async fn internal_root<'r>(
    connection: &mut Connection,
    root: Option<&'r OwnedEventId>,
) -> Result<Option<(&'r OwnedEventId, Known)>, StoreError> {
    let Some(root) = root else { return Ok(None) };
    let known = inbox::known(connection, root.as_str()).await?;
    Ok(known
        .filter(|known| known.internal == 1)
        .map(|known| (root, known)))
}

/// What is known of an event of the same room that was decided about: nothing in one room says anything
/// about another, and what comes later nothing about what came before.
async fn known(
    connection: &mut Connection,
    id: &OwnedEventId,
    event: &RoomEvent,
) -> Result<Option<Known>, StoreError> {
    let known = inbox::known(connection, id.as_str()).await?;
    let is_decided = |known: &Known| known.state != "waiting";
    Ok(known.filter(|known| known.room_id == event.room.as_str() && is_decided(known)))
}

/// The facts about an event that `event` points at.
async fn about(
    connection: &mut Connection,
    target: &OwnedEventId,
    known: &Known,
    event: &RoomEvent,
    context: &Context,
) -> Result<TargetFacts, StoreError> {
    let sender =
        UserId::parse(&known.sender).map_err(|fault| StoreError::Value(fault.to_string()))?;
    let kind = decode::decode(&known.body).ok().map(|event| event.kind);
    let mut placed = places::of(connection, target.as_str()).await?;
    let (excerpt, thread_root) = match &kind {
        Some(EventKind::Message { content, relation }) => {
            let (_, said) = on_matrix::said(content);
            (wording::excerpt_of(&said), relation.thread_root.clone())
        }
        _ => (String::new(), None),
    };
    for conversation in messages::came_from(connection, target.as_str()).await? {
        placed.push(Placement {
            conversation,
            waits: false,
            has_leavers: false,
            gone_to: GoneTo::default(),
            excerpt: excerpt.clone(),
            said: None,
            correction: None,
        });
    }
    let shown = shown::mail_of(connection, target.as_str()).await?;
    let mail = shown.first().map(|(_, mail, _)| *mail);
    Ok(TargetFacts {
        event: target.clone(),
        sender,
        internal: known.internal == 1,
        placed,
        thread_root,
        has_visitors: mail.is_some()
            && on_matrix::asks_for_original(event)
            && audience::has_visitors(connection, &event.room, context).await?,
        mail,
        offer: offers::find(connection, target.as_str())
            .await?
            .map(|made| made.offer),
    })
}

/// Who got the mail that the event shows, or wrote it.
async fn had(connection: &mut Connection, event: &RoomEvent) -> Result<Vec<ContactId>, StoreError> {
    if event.effect.is_none() {
        return Ok(Vec::new());
    }
    match shown::mail_of(connection, event.id.as_str()).await?.first() {
        Some((_, mail, _)) => guests::had(connection, *mail).await,
        None => Ok(Vec::new()),
    }
}

async fn past(
    connection: &mut Connection,
    event: &RoomEvent,
    room: &RoomFacts,
    context: &Context,
) -> Result<Past, StoreError> {
    let mut past = Past::default();
    match &event.kind {
        EventKind::Message { relation, .. } => {
            if let Some(root) = &relation.thread_root {
                let mains: Vec<&ConversationFacts> = room.mains().collect();
                past.thread = threads::kept_by(connection, root, &mains).await?;
            }
            past.edited = edited(connection, event).await?;
        }
        EventKind::Edit { target, content } if on_matrix::stays_inside(content) => {
            past.hanging = hanging_on(connection, target, event, context).await?;
        }
        EventKind::Redaction { target } => {
            past.taken_back = taken_back(connection, target, event, context).await?;
        }
        EventKind::Vote { poll, .. } => past.poll = poll_facts(connection, poll, event).await?,
        EventKind::PollEnd { poll } => {
            past.poll = poll_facts(connection, poll, event).await?;
            if let Some(found) = &mut past.poll {
                found.votes = votes::of(connection, poll.as_str()).await?;
            }
        }
        EventKind::Membership { user, .. } if !context.is_ours(user) => {
            let was = rooms::membership(connection, event.room.as_str(), user.as_str()).await?;
            if let Some(was) = was {
                past.member = Some(MemberFacts {
                    membership: membership(&was),
                    name: name_of(connection, &event.room, user, context).await?,
                });
            }
        }
        _ => {}
    }
    Ok(past)
}

fn membership(word: &str) -> Membership {
    match word {
        "invite" => Membership::Invite,
        "join" => Membership::Join,
        "knock" => Membership::Knock,
        "ban" => Membership::Ban,
        _ => Membership::Leave,
    }
}

async fn taken_back(
    connection: &mut Connection,
    target: &OwnedEventId,
    event: &RoomEvent,
    context: &Context,
) -> Result<TakenBack, StoreError> {
    let Some(gone) = known(connection, target, event).await? else {
        return Ok(TakenBack::Message);
    };
    let Ok(decoded) = decode::decode(&gone.body) else {
        return Ok(TakenBack::Message);
    };
    Ok(match decoded.kind {
        EventKind::Reaction { .. } => TakenBack::Reaction,
        EventKind::Vote { poll, .. } => TakenBack::Vote {
            poll,
            voter: decoded.sender,
        },
        EventKind::Edit {
            target: id,
            content: said,
        } => match known(connection, &id, event).await? {
            Some(message) => TakenBack::Edit {
                said: Box::new(said),
                before: before(connection, target, &id, &message).await?,
                message: Box::new(about(connection, &id, &message, event, context).await?),
            },
            None => TakenBack::Message,
        },
        _ => TakenBack::Message,
    })
}

/// What the message says by now, if an edit came before it.
async fn edited(
    connection: &mut Connection,
    event: &RoomEvent,
) -> Result<Option<Content>, StoreError> {
    let (sender, room) = (event.sender.as_str(), event.room.as_str());
    let edits = places::last_edits(connection, event.id.as_str(), sender, room).await?;
    let Some(newest) = edits.first() else {
        return Ok(None);
    };
    let known = inbox::known(connection, newest).await?;
    Ok(known.and_then(|known| content(&known.body)))
}

/// What hangs on a message, and on that again, and waits in a letter; but for what customers write.
async fn hanging_on(
    connection: &mut Connection,
    message: &OwnedEventId,
    event: &RoomEvent,
    context: &Context,
) -> Result<Vec<OwnedEventId>, StoreError> {
    let mut seen = HashSet::from([message.clone()]);
    let (mut found, mut open) = (Vec::new(), vec![message.clone()]);
    while let Some(next) = open.pop() {
        for id in places::hanging_on(connection, next.as_str()).await? {
            let Ok(id) = OwnedEventId::try_from(id) else {
                continue;
            };
            let known = known(connection, &id, event).await?;
            let sender = known.and_then(|known| UserId::parse(known.sender).ok());
            let is_talk = sender.is_some_and(|sender| !context.is_ours(&sender));
            if is_talk && found.len() < MOST_HANGING && seen.insert(id.clone()) {
                found.push(id.clone());
                open.push(id);
            }
        }
    }
    Ok(found)
}

/// What a message says without this edit, if that was the last one.
async fn before(
    connection: &mut Connection,
    edit: &OwnedEventId,
    id: &OwnedEventId,
    message: &Known,
) -> Result<Option<Content>, StoreError> {
    let (sender, room) = (&message.sender, &message.room_id);
    let edits = places::last_edits(connection, id.as_str(), sender, room).await?;
    match edits.as_slice() {
        [last] if last == edit.as_str() => Ok(content(&message.body)),
        [last, other, ..] if last == edit.as_str() => {
            let other = inbox::known(connection, other).await?;
            Ok(other.and_then(|other| content(&other.body)))
        }
        _ => Ok(None),
    }
}

/// What a message or an edit says.
fn content(json: &str) -> Option<Content> {
    match decode::decode(json).ok()?.kind {
        EventKind::Message { content, .. } | EventKind::Edit { content, .. } => Some(content),
        _ => None,
    }
}

/// The poll of that id, as its last edit has it, without its votes.
async fn poll_facts(
    connection: &mut Connection,
    id: &OwnedEventId,
    event: &RoomEvent,
) -> Result<Option<PollFacts>, StoreError> {
    let Some(start) = known(connection, id, event).await? else {
        return Ok(None);
    };
    if votes::has_ended(connection, id.as_str()).await? {
        return Ok(None);
    }
    let (sender, room) = (&start.sender, &start.room_id);
    let edits = places::last_edits(connection, id.as_str(), sender, room).await?;
    let newest = match edits.first() {
        Some(edit) => inbox::known(connection, edit).await?,
        None => None,
    };
    let body = newest.map_or(start.body, |newest| newest.body);
    Ok(match content(&body) {
        Some(Content::Shared {
            shared: Shared::Poll(poll),
            ..
        }) => Some(PollFacts {
            poll,
            votes: Vec::new(),
        }),
        _ => None,
    })
}
