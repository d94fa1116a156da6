//! Events as homeservers send them, in words of ours.

use jiff::Timestamp;
use ruma::{
    OwnedEventId, RoomId,
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

use crate::domain::event::{Content, EventKind, Membership, Relation, RoomEvent, Thing, Words};

/// The key under which the content of an event that we send bears our effect id.
pub const EFFECT_KEY: &str = "org.postroom.effect";

/// The key under which an event that shows a mail has its words without our hint.
pub const UNHINTED_KEY: &str = "org.postroom.words";

/// Reads one event's JSON (client-server API, Room events).
///
/// # Errors
///
/// Says what the JSON lacks.
pub fn decode(json: &str) -> Result<RoomEvent, String> {
    let event: AnyTimelineEvent =
        serde_json::from_str(json).map_err(|fault| unquoted(&fault.to_string()))?;
    let ours = serde_json::from_str::<OurMark>(json)
        .unwrap_or_default()
        .content;
    let millis = i64::from(event.origin_server_ts().get());
    Ok(RoomEvent {
        id: event.event_id().to_owned(),
        room: event.room_id().to_owned(),
        sender: event.sender().to_owned(),
        sent_at: Timestamp::from_millisecond(millis).map_err(|fault| fault.to_string())?,
        effect: ours.effect,
        kind: match event {
            AnyTimelineEvent::MessageLike(event) => {
                without_hint(message_like(event, json), ours.unhinted)
            }
            AnyTimelineEvent::State(event) => state(event),
        },
    })
}

/// Reads a state event of `room` as the room's state lists it, which may leave the room out.
pub fn decode_state(json: &str, room: &RoomId) -> Result<RoomEvent, String> {
    let mut event: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|fault| unquoted(&fault.to_string()))?;
    event.insert("room_id".to_owned(), room.as_str().into());
    decode(&serde_json::Value::Object(event).to_string())
}

/// The body of a message's JSON; empty where there is none.
pub fn body_of(json: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    event["content"]["body"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
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

#[derive(Default, Deserialize)]
struct OurMark {
    #[serde(default)]
    content: OurContent,
}

#[derive(Default, Deserialize)]
struct OurContent {
    #[serde(default, rename = "org.postroom.effect")]
    effect: Option<String>,
    #[serde(default, rename = "org.postroom.words")]
    unhinted: Option<Unhinted>,
}

#[derive(Deserialize)]
struct Unhinted {
    body: String,
    formatted_body: Option<String>,
}

fn message_like(event: AnyMessageLikeEvent, json: &str) -> EventKind {
    match event {
        AnyMessageLikeEvent::RoomMessage(MessageLikeEvent::Original(event)) => {
            message(event.content)
        }
        AnyMessageLikeEvent::RoomEncrypted(MessageLikeEvent::Original(_)) => {
            thing(Thing::Encrypted, "", json)
        }
        AnyMessageLikeEvent::Sticker(MessageLikeEvent::Original(event)) => {
            thing(Thing::Sticker, &event.content.body, json)
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
        // ruma knows polls only by features that aren't needed otherwise.
        other => match other.event_type().to_string().as_str() {
            "m.poll.start" | "org.matrix.msc3381.poll.start" => thing(Thing::Poll, "", json),
            _ => EventKind::Irrelevant,
        },
    }
}

fn without_hint(mut kind: EventKind, unhinted: Option<Unhinted>) -> EventKind {
    if let EventKind::Message {
        content:
            Content::Text(words)
            | Content::Thing {
                caption: Some(words),
                ..
            },
        ..
    } = &mut kind
        && let Some(unhinted) = unhinted
    {
        words.body = unhinted.body;
        words.html = unhinted.formatted_body;
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
                name: event.content.displayname,
            }
        }
        AnyStateEvent::RoomName(StateEvent::Original(event)) => {
            EventKind::RoomName(event.content.name)
        }
        AnyStateEvent::RoomEncryption(StateEvent::Original(_)) => EventKind::Encryption,
        AnyStateEvent::RoomTombstone(StateEvent::Original(_)) => EventKind::Tombstone,
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
        MessageType::Image(image) => captioned(
            Thing::Image,
            image.filename.as_ref(),
            &image.body,
            image.formatted,
        ),
        MessageType::File(file) => captioned(
            Thing::File,
            file.filename.as_ref(),
            &file.body,
            file.formatted,
        ),
        MessageType::Audio(audio) => captioned(
            Thing::Audio,
            audio.filename.as_ref(),
            &audio.body,
            audio.formatted,
        ),
        MessageType::Video(video) => captioned(
            Thing::Video,
            video.filename.as_ref(),
            &video.body,
            video.formatted,
        ),
        MessageType::Location(location) => named(Thing::Location, &location.body),
        other => named(Thing::Other, other.body()),
    }
}

fn named(what: Thing, name: &str) -> Content {
    Content::Thing {
        what,
        name: name.to_owned(),
        caption: None,
    }
}

/// With a file name beside it, the body is a caption (client-server API, Media captions).
fn captioned(
    what: Thing,
    filename: Option<&String>,
    body: &str,
    formatted: Option<FormattedBody>,
) -> Content {
    match filename.filter(|filename| *filename != body && !filename.is_empty()) {
        Some(filename) => Content::Thing {
            what,
            name: filename.clone(),
            caption: Some(words(body, formatted, false)),
        },
        None => named(what, body),
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

fn thing(what: Thing, name: &str, json: &str) -> EventKind {
    EventKind::Message {
        content: Content::Thing {
            what,
            name: name.to_owned(),
            caption: None,
        },
        relation: relation_of(json),
    }
}

/// The thread that the event of this JSON stands in.
pub fn thread_root_of(json: &str) -> Option<OwnedEventId> {
    relation_of(json).thread_root
}

/// What an event of any type hangs on: a sticker in the thread of a note stays there with it.
fn relation_of(json: &str) -> Relation {
    let event: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let relates = &event["content"]["m.relates_to"];
    let id = |value: &serde_json::Value| OwnedEventId::try_from(value.as_str()?).ok();
    let is_thread = relates["rel_type"] == "m.thread";
    let is_fallback = is_thread && relates["is_falling_back"] == true;
    Relation {
        thread_root: id(&relates["event_id"]).filter(|_| is_thread),
        reply_to: id(&relates["m.in_reply_to"]["event_id"]).filter(|_| !is_fallback),
    }
}

#[cfg(test)]
mod tests;
