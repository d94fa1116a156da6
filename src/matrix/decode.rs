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
    let words = match &mut kind {
        EventKind::Message {
            content:
                Content::Text(words)
                | Content::Thing {
                    caption: Some(words),
                    ..
                },
            ..
        } => words,
        _ => return kind,
    };
    if let Some(unhinted) = unhinted {
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
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn event(kind: &str, content: &serde_json::Value, more: &serde_json::Value) -> RoomEvent {
        let mut event = json!({
            "type": kind, "event_id": "$one:x", "room_id": "!room", "sender": "@ann:example.org",
            "origin_server_ts": 1_700_000_000_000_i64, "content": content,
        });
        for (key, value) in more.as_object().unwrap() {
            event[key] = value.clone();
        }
        decode(&event.to_string()).unwrap()
    }

    fn text(body: &str) -> Content {
        Content::Text(Words {
            body: body.to_owned(),
            html: None,
        })
    }

    #[test]
    fn reads_a_text_with_its_html() {
        let event = event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": "*hi*", "format": "org.matrix.custom.html", "formatted_body": "<b>hi</b>"}),
            &json!({}),
        );
        let words = Words {
            body: "*hi*".into(),
            html: Some("<b>hi</b>".into()),
        };
        assert_eq!(
            event.kind,
            EventKind::Message {
                content: Content::Text(words),
                relation: Relation::default()
            }
        );
    }

    #[test]
    fn a_reply_loses_its_fallback() {
        let event = event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": "> <@a:x> before\n\nnow",
                "m.relates_to": {"m.in_reply_to": {"event_id": "$before"}}}),
            &json!({}),
        );
        let EventKind::Message { content, relation } = event.kind else {
            panic!()
        };
        assert_eq!(content, text("now"));
        assert_eq!(relation.reply_to.unwrap(), "$before");
    }

    #[rstest]
    #[case(true, None)]
    #[case(false, Some("$mid"))]
    fn a_thread_may_hold_a_genuine_reply(#[case] falling_back: bool, #[case] reply: Option<&str>) {
        let event = event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.thread",
                "event_id": "$root", "is_falling_back": falling_back, "m.in_reply_to": {"event_id": "$mid"}}}),
            &json!({}),
        );
        let EventKind::Message { relation, .. } = event.kind else {
            panic!()
        };
        assert_eq!(relation.thread_root.unwrap(), "$root");
        assert_eq!(relation.reply_to.as_ref().map(|id| id.as_str()), reply);
    }

    #[test]
    fn a_sticker_hangs_on_its_thread() {
        let event = event(
            "m.sticker",
            &json!({"body": "cat", "url": "mxc://x/y", "info": {}, "m.relates_to": {"rel_type":
                "m.thread", "event_id": "$root", "is_falling_back": true,
                "m.in_reply_to": {"event_id": "$mid"}}}),
            &json!({}),
        );
        let EventKind::Message { relation, .. } = event.kind else {
            panic!()
        };
        assert_eq!(relation.thread_root.unwrap(), "$root");
        assert_eq!(relation.reply_to, None);
    }

    #[rstest]
    #[case(
        "invalid type: string \"my \\\"secret\\\"\", expected u64 at line 1 column 9",
        "invalid type: string …, expected u64 at line 1 column 9"
    )]
    #[case(
        "unknown variant `secret`, expected `a` or `b` at line 1",
        "unknown variant … at line 1"
    )]
    #[case("missing field at line 1 column 9", "missing field at line 1 column 9")]
    fn problems_quote_nothing(#[case] problem: &str, #[case] expected: &str) {
        assert_eq!(unquoted(problem), expected);
    }

    #[test]
    fn an_edit_says_what_is_new() {
        let event = event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": "* new", "m.new_content": {"msgtype": "m.text", "body": "new"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}}),
            &json!({}),
        );
        assert_eq!(
            event.kind,
            EventKind::Edit {
                target: "$old".try_into().unwrap(),
                content: text("new")
            }
        );
    }

    #[rstest]
    #[case(json!({"redacts": "$gone"}), json!({}))]
    #[case(json!({}), json!({"redacts": "$gone"}))]
    fn a_redaction_names_its_target_in_either_place(
        #[case] content: serde_json::Value,
        #[case] more: serde_json::Value,
    ) {
        let event = event("m.room.redaction", &content, &more);
        assert_eq!(
            event.kind,
            EventKind::Redaction {
                target: "$gone".try_into().unwrap()
            }
        );
    }

    #[rstest]
    #[case("m.image", json!({"body": "cat.png", "url": "mxc://x/y"}), Thing::Image, "cat.png", None)]
    #[case("m.file", json!({"body": "the plan", "filename": "plan.pdf", "url": "mxc://x/y"}), Thing::File, "plan.pdf", Some("the plan"))]
    #[case("org.example.other", json!({"body": "beep"}), Thing::Other, "beep", None)]
    fn things_are_named(
        #[case] kind: &str,
        #[case] mut content: serde_json::Value,
        #[case] what: Thing,
        #[case] name: &str,
        #[case] caption: Option<&str>,
    ) {
        content["msgtype"] = kind.into();
        let event = event("m.room.message", &content, &json!({}));
        let EventKind::Message { content, .. } = event.kind else {
            panic!()
        };
        assert_eq!(
            content,
            Content::Thing {
                what,
                name: name.into(),
                caption: caption.map(|body| Words {
                    body: body.to_owned(),
                    html: None
                }),
            }
        );
    }

    #[test]
    fn state_that_is_no_object_is_a_fault() {
        let room = ruma::room_id!("!r:example.org");
        for json in ["\"state\"", "[1]", "null", "{"] {
            decode_state(json, room).unwrap_err();
        }
    }

    #[test]
    fn our_own_events_are_known_by_their_effect() {
        let event = event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": "x", EFFECT_KEY: "0190-abc"}),
            &json!({}),
        );
        assert_eq!(event.effect.as_deref(), Some("0190-abc"));
    }

    #[rstest]
    #[case("{}")]
    #[case(r#"{"type":"m.room.message","event_id":"$x","room_id":"!r","sender":"@a:b","origin_server_ts":1,"content":{}}"#)]
    #[case("[1]")]
    fn says_what_is_wrong_with_others(#[case] json: &str) {
        assert!(!decode(json).unwrap_err().is_empty());
    }
}
