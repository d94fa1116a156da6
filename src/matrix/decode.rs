//! Events as homeservers send them, in words of ours.

mod file;
mod place;
mod poll;
mod rules;

use jiff::Timestamp;
use ruma::{
    MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId,
    events::{
        AnyMessageLikeEvent, AnyStateEvent, AnyTimelineEvent, MessageLikeEvent, StateEvent,
        relation::InReplyTo,
        room::{
            member::MembershipState,
            message::{
                FormattedBody, MessageFormat, MessageType, Relation as Related,
                RoomMessageEventContent, RoomMessageEventContentWithoutRelation,
                sanitize::remove_plain_reply_fallback,
            },
            redaction::RoomRedactionEvent,
        },
    },
};
use serde::Deserialize;
use serde_json::Value;

use crate::domain::{
    event::{Access, Content, EventKind, Membership, Relation, RoomEvent, Words},
    note::Note,
    sharing::{FileKind, Opaque, Shared},
};

/// The key under which the content of an event that we send bears our effect id.
pub const EFFECT_KEY: &str = "org.postroom.effect";

/// The key under which an event that shows a mail has its words without what we say below them, and
/// the notes among that, for those who get them by email: `body`, `formatted_body`, `notes`.
pub const UNHINTED_KEY: &str = "org.postroom.words";

/// Reads one event's JSON (client-server API, Room events).
///
/// # Errors
///
/// Says what the JSON lacks.
pub fn decode(json: &str) -> Result<RoomEvent, String> {
    let unreadable = |fault: serde_json::Error| unquoted(&fault.to_string());
    let envelope: Envelope = serde_json::from_str(json).map_err(unreadable)?;
    let content = &envelope.content;
    let shared = match &envelope.state_key {
        None => shared_in(&envelope.kind, content),
        Some(key) => {
            let key = key.as_str().unwrap_or("?");
            rules::in_state(&envelope.kind, key, &envelope.sender, content)
        }
    };
    let kind = match shared {
        Some(kind) => kind,
        None if !is_read(&envelope.kind) => EventKind::Irrelevant,
        None => match serde_json::from_str(json).map_err(unreadable)? {
            AnyTimelineEvent::MessageLike(event) => message_like(event),
            AnyTimelineEvent::State(event) => state(event),
        },
    };
    let millis = i64::from(envelope.origin_server_ts.get());
    Ok(RoomEvent {
        effect: content[EFFECT_KEY].as_str().map(str::to_owned),
        reason: content["reason"]
            .as_str()
            .map(|reason| one_line(reason, LONGEST_REASON))
            .filter(|reason| !reason.is_empty()),
        is_direct: content["is_direct"] == true,
        kind: without_hint(kind, &content[UNHINTED_KEY]),
        id: envelope.event_id,
        room: envelope.room_id,
        sender: envelope.sender,
        sent_at: Timestamp::from_millisecond(millis).map_err(|fault| fault.to_string())?,
    })
}

/// What every event has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    event_id: OwnedEventId,
    room_id: OwnedRoomId,
    sender: OwnedUserId,
    origin_server_ts: MilliSecondsSinceUnixEpoch,
    state_key: Option<Value>,
    #[serde(default)]
    content: Value,
}

/// Whether anything is made of events of this type. Others may look as they like.
fn is_read(kind: &str) -> bool {
    matches!(
        kind,
        "m.room.message"
            | "m.reaction"
            | "m.room.redaction"
            | "m.room.member"
            | "m.room.name"
            | "m.room.topic"
            | "m.room.join_rules"
            | "m.room.history_visibility"
            | "m.room.encryption"
    )
}

/// Reads a state event of `room` as the room's state lists it, which may leave the room out.
pub fn decode_state(json: &str, room: &RoomId) -> Result<RoomEvent, String> {
    let mut event: serde_json::Map<String, Value> =
        serde_json::from_str(json).map_err(|fault| unquoted(&fault.to_string()))?;
    event.insert("room_id".to_owned(), room.as_str().into());
    decode(&Value::Object(event).to_string())
}

/// What is wrong, without what the parser quotes: it is logged, and contents never are.
fn unquoted(problem: &str) -> String {
    match (problem.find(['"', '`']), problem.rfind(['"', '`'])) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}…{}", &problem[..begin], &problem[end + 1..])
        }
        _ => problem.to_owned(),
    }
}

/// A message that shares something or that nobody can read, and what becomes of polls; `None` for every
/// other event. Read leniently: clients differ in what they leave out.
fn shared_in(kind: &str, content: &Value) -> Option<EventKind> {
    // Of what was taken back nothing is left.
    if content.as_object().is_none_or(serde_json::Map::is_empty) {
        return None;
    }
    match kind {
        "m.poll.response" | "org.matrix.msc3381.poll.response" => return Some(poll::vote(content)),
        "m.poll.end" | "org.matrix.msc3381.poll.end" => return Some(poll::end(content)),
        _ => {}
    }
    let relates = &content["m.relates_to"];
    let edit = (relates["rel_type"] == "m.replace").then(|| &content["m.new_content"]);
    let relation = relation_of(content);
    let says = edit.unwrap_or(content);
    let content = match kind {
        "m.room.message" => shared_by(says["msgtype"].as_str()?, says, &relation)?,
        "m.room.encrypted" => opaque(Opaque::Encrypted, ""),
        "m.sticker" => Content::Shared {
            shared: Shared::File(file::read(FileKind::Sticker, says)),
            caption: None,
        },
        kind if poll::is_start(kind) => match poll::start(says) {
            Some(poll) => Content::Shared {
                shared: Shared::Poll(poll),
                caption: None,
            },
            None => opaque(Opaque::Unknown, ""),
        },
        _ => return None,
    };
    Some(match edit {
        Some(_) => match event_id(&relates["event_id"]) {
            Some(target) => EventKind::Edit { target, content },
            None => EventKind::Irrelevant,
        },
        None => EventKind::Message { content, relation },
    })
}

/// What an `m.room.message` of this type shares, if it does.
fn shared_by(msgtype: &str, content: &Value, relation: &Relation) -> Option<Content> {
    let body = content["body"].as_str().unwrap_or_default();
    let is_reply = relation.reply_to.is_some();
    if msgtype == "m.location" {
        return Some(match place::read(content) {
            Some(place) => Content::Shared {
                shared: Shared::Place(place),
                caption: None,
            },
            None if body.trim().is_empty() => opaque(Opaque::Unknown, ""),
            None => Content::Text(words(body, None, is_reply)),
        });
    }
    let kind = file::kind_of(msgtype, content)?;
    let filename = file::name(content);
    let caption = (!body.trim().is_empty() && filename != body).then(|| {
        let formatted = FormattedBody::deserialize(content).ok();
        words(body, formatted, is_reply)
    });
    Some(Content::Shared {
        shared: Shared::File(file::read(kind, content)),
        caption,
    })
}

fn opaque(what: Opaque, name: &str) -> Content {
    Content::Opaque {
        what,
        name: one_line(name, LONGEST_NAME),
    }
}

/// As much of a text as is sane, without line breaks and control characters.
fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length == longest {
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// Of why somebody does something, in characters.
const LONGEST_REASON: usize = 500;

/// Of the name of what we don't know, in characters.
const LONGEST_NAME: usize = 120;

fn message_like(event: AnyMessageLikeEvent) -> EventKind {
    match event {
        AnyMessageLikeEvent::RoomMessage(MessageLikeEvent::Original(event)) => {
            message(event.content)
        }
        AnyMessageLikeEvent::Reaction(MessageLikeEvent::Original(event)) => EventKind::Reaction {
            target: event.content.relates_to.event_id,
            key: event.content.relates_to.key,
        },
        AnyMessageLikeEvent::RoomRedaction(RoomRedactionEvent::Original(event)) => {
            // Room versions from 11 on have it in the content.
            match event.content.redacts.or(event.redacts) {
                Some(target) => EventKind::Redaction { target },
                None => EventKind::Irrelevant,
            }
        }
        _ => EventKind::Irrelevant,
    }
}

/// The words as they were before we said something below them.
fn without_hint(mut kind: EventKind, unhinted: &Value) -> EventKind {
    let EventKind::Message { content, .. } = &mut kind else {
        return kind;
    };
    let Some(body) = unhinted["body"].as_str() else {
        return kind;
    };
    let words = Words {
        body: body.to_owned(),
        html: unhinted["formatted_body"].as_str().map(str::to_owned),
    };
    let notes = Vec::<Note>::deserialize(&unhinted["notes"]).unwrap_or_default();
    match content {
        Content::Text(_) if !notes.is_empty() => *content = Content::Mail { words, notes },
        Content::Text(hinted)
        | Content::Shared {
            caption: Some(hinted),
            ..
        } => *hinted = words,
        _ => {}
    }
    kind
}

fn state(event: AnyStateEvent) -> EventKind {
    match event {
        AnyStateEvent::RoomMember(StateEvent::Original(event)) => {
            let membership = match event.content.membership {
                MembershipState::Invite => Membership::Invite,
                MembershipState::Join => Membership::Join,
                MembershipState::Knock => Membership::Knock,
                MembershipState::Leave => Membership::Leave,
                MembershipState::Ban => Membership::Ban,
                _ => return EventKind::Irrelevant,
            };
            EventKind::Membership {
                user: event.state_key,
                membership,
                // No name has a NUL, and PostgreSQL takes none.
                name: event.content.displayname.map(|name| name.replace('\0', "")),
            }
        }
        AnyStateEvent::RoomName(StateEvent::Original(event)) => {
            EventKind::RoomName(event.content.name.replace('\0', ""))
        }
        AnyStateEvent::RoomTopic(StateEvent::Original(event)) => {
            EventKind::Topic(event.content.topic)
        }
        AnyStateEvent::RoomJoinRules(StateEvent::Original(event)) => EventKind::Access(
            Access::JoinRule(event.content.join_rule.as_str().to_owned()),
        ),
        AnyStateEvent::RoomHistoryVisibility(StateEvent::Original(event)) => {
            let history = event.content.history_visibility.as_str().to_owned();
            EventKind::Access(Access::History(history))
        }
        AnyStateEvent::RoomEncryption(StateEvent::Original(_)) => EventKind::Encryption,
        _ => EventKind::Irrelevant,
    }
}

fn message(content: RoomMessageEventContent) -> EventKind {
    match content.relates_to {
        Some(Related::Replacement(replacement)) => {
            let RoomMessageEventContentWithoutRelation { msgtype, .. } = replacement.new_content;
            EventKind::Edit {
                target: replacement.event_id,
                content: content_of(msgtype, false),
            }
        }
        Some(Related::Reply(reply)) => EventKind::Message {
            content: content_of(content.msgtype, true),
            relation: Relation {
                thread_root: None,
                reply_to: Some(reply.in_reply_to.event_id),
            },
        },
        Some(Related::Thread(thread)) => {
            let genuine = thread.in_reply_to.filter(|_| !thread.is_falling_back);
            EventKind::Message {
                content: content_of(content.msgtype, genuine.is_some()),
                relation: Relation {
                    thread_root: Some(thread.event_id),
                    reply_to: genuine
                        .map(|InReplyTo { event_id, .. }: InReplyTo| -> OwnedEventId { event_id }),
                },
            }
        }
        _ => EventKind::Message {
            content: content_of(content.msgtype, false),
            relation: Relation::default(),
        },
    }
}

fn content_of(message: MessageType, is_reply: bool) -> Content {
    match message {
        MessageType::Text(text) => Content::Text(words(&text.body, text.formatted, is_reply)),
        MessageType::Emote(emote) => Content::Emote(words(&emote.body, emote.formatted, is_reply)),
        MessageType::Notice(notice) => {
            Content::Notice(words(&notice.body, notice.formatted, is_reply))
        }
        MessageType::ServerNotice(notice) => Content::Notice(words(&notice.body, None, false)),
        // Between programs.
        MessageType::VerificationRequest(_) => opaque(Opaque::Unknown, ""),
        // What can't be shown as what it is says what it is (client-server API, m.room.message).
        other if other.body().trim().is_empty() => opaque(Opaque::Unknown, ""),
        other => Content::Text(words(other.body(), None, is_reply)),
    }
}

fn words(body: &str, formatted: Option<FormattedBody>, is_reply: bool) -> Words {
    let body = if is_reply {
        remove_plain_reply_fallback(body)
    } else {
        body
    };
    let html = formatted
        .filter(|formatted| formatted.format == MessageFormat::Html)
        .map(|formatted| formatted.body);
    Words {
        body: body.to_owned(),
        html,
    }
}

/// Whether the event of this JSON invites to a room for two.
pub fn is_direct_invitation(json: &str) -> bool {
    // Few events are.
    if !json.contains("is_direct") {
        return false;
    }
    let event: Value = serde_json::from_str(json).unwrap_or_default();
    event["content"]["is_direct"] == true && event["content"]["membership"] == "invite"
}

/// The thread that the event of this JSON stands in.
pub fn thread_root_of(json: &str) -> Option<OwnedEventId> {
    let event: Value = serde_json::from_str(json).unwrap_or_default();
    relation_of(&event["content"]).thread_root
}

/// What an event of any type hangs on: a sticker in the thread of a note stays there with it.
fn relation_of(content: &Value) -> Relation {
    let relates = &content["m.relates_to"];
    let is_thread = relates["rel_type"] == "m.thread";
    let is_fallback = is_thread && relates["is_falling_back"] == true;
    Relation {
        thread_root: event_id(&relates["event_id"]).filter(|_| is_thread),
        reply_to: event_id(&relates["m.in_reply_to"]["event_id"]).filter(|_| !is_fallback),
    }
}

fn event_id(value: &Value) -> Option<OwnedEventId> {
    value.as_str()?.try_into().ok()
}

#[cfg(test)]
mod tests;
