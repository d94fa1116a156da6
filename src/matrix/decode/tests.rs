//! Events as clients and homeservers send them.

use rstest::rstest;
use serde_json::json;

use super::*;

mod files;
mod places;
mod polls;

fn event(kind: &str, content: &Value, more: &Value) -> RoomEvent {
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
fn a_redaction_names_its_target_in_either_place(#[case] content: Value, #[case] more: Value) {
    let event = event("m.room.redaction", &content, &more);
    assert_eq!(
        event.kind,
        EventKind::Redaction {
            target: "$gone".try_into().unwrap()
        }
    );
}

#[test]
fn what_nobody_knows_says_itself_what_it_is() {
    let event = event(
        "m.room.message",
        &json!({"msgtype": "org.example.other", "body": "beep\nbeep"}),
        &json!({}),
    );
    let EventKind::Message { content, .. } = event.kind else {
        panic!()
    };
    let words = Words {
        body: "beep\nbeep".to_owned(),
        html: None,
    };
    assert_eq!(content, Content::Text(words));
}

#[rstest]
#[case(json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "sender_key": "k",
    "device_id": "D", "session_id": "s", "m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}))]
#[case(json!({"algorithm": "org.example.new", "m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}))]
fn what_is_encrypted_hangs_on_its_thread(#[case] content: Value) {
    let event = event("m.room.encrypted", &content, &json!({}));
    let EventKind::Message { content, relation } = event.kind else {
        panic!()
    };
    let name = String::new();
    assert_eq!(
        content,
        Content::Opaque {
            what: Opaque::Encrypted,
            name
        }
    );
    assert_eq!(relation.thread_root.unwrap(), "$root");
}

#[test]
fn a_topic_is_read() {
    let event = event(
        "m.room.topic",
        &json!({"topic": "Yocto"}),
        &json!({"state_key": ""}),
    );
    assert_eq!(event.kind, EventKind::Topic("Yocto".to_owned()));
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

#[rstest]
#[case::out_of_the_space("m.space.child", Some("!lyon"), "{}")]
#[case::call("m.call.invite", None, "{}")]
#[case::of_nobody("org.example.odd", Some(""), "[]")]
fn what_nobody_needs_may_look_as_it_likes(
    #[case] kind: &str,
    #[case] key: Option<&str>,
    #[case] content: &str,
) {
    let key = key.map_or(String::new(), |key| format!(r#""state_key":"{key}","#));
    let json = format!(
        r#"{{"type":"{kind}",{key}"event_id":"$x","room_id":"!r:b","sender":"@a:b","origin_server_ts":1,"content":{content}}}"#
    );
    assert_eq!(decode(&json).unwrap().kind, EventKind::Irrelevant);
}

#[test]
fn no_name_has_a_nul() {
    let json = r#"{"type":"m.room.member","state_key":"@a:b","event_id":"$x","room_id":"!r:b","sender":"@a:b",
        "origin_server_ts":1,"content":{"membership":"join","displayname":"A\u0000nn"}}"#;
    let EventKind::Membership { name, .. } = decode(json).unwrap().kind else {
        panic!("somebody joins");
    };
    assert_eq!(name.as_deref(), Some("Ann"));
}
