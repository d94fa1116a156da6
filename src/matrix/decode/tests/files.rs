//! Files, as clients share them.

use super::*;
use crate::domain::sharing::SharedFile;

fn content(kind: &str, content: &Value) -> Content {
    match event(kind, content, &json!({})).kind {
        EventKind::Message { content, .. } | EventKind::Edit { content, .. } => content,
        other => panic!("{other:?}"),
    }
}

fn file(kind: &str, json: &Value) -> (SharedFile, Option<Words>) {
    match content(kind, json) {
        Content::Shared {
            shared: Shared::File(file),
            caption,
        } => (file, caption),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::element_web(
    json!({"msgtype": "m.image", "body": "board.png", "filename": "board.png", "url": "mxc://x/y",
        "info": {"w": 800, "h": 600, "mimetype": "image/png", "size": 4242,
            "xyz.amorgan.blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "thumbnail_url": "mxc://x/t"},
        "m.mentions": {}}),
    FileKind::Image, "board.png", Some("image/png"), Some(4242), None, None)]
#[case::element_x_with_a_caption(
    json!({"msgtype": "m.image", "body": "Look **here**", "filename": "1000012345.jpg",
        "format": "org.matrix.custom.html", "formatted_body": "Look <strong>here</strong>",
        "url": "mxc://x/y", "info": {"mimetype": "image/jpeg", "size": 9}}),
    FileKind::Image, "1000012345.jpg", Some("image/jpeg"), Some(9), None, Some("Look **here**"))]
#[case::element_voice(
    json!({"msgtype": "m.audio", "body": "Voice message.ogg", "url": "mxc://x/y",
        "info": {"duration": 4100, "mimetype": "audio/ogg", "size": 12},
        "org.matrix.msc1767.audio": {"duration": 4100, "waveform": [1, 2]},
        "org.matrix.msc1767.file": {"url": "mxc://x/y"}, "org.matrix.msc1767.text": "Voice message",
        "org.matrix.msc3245.voice": {}}),
    FileKind::Voice, "Voice message.ogg", Some("audio/ogg"), Some(12), Some(4100), None)]
#[case::fluffychat(
    json!({"msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf", "url": "mxc://x/y",
        "info": {"mimetype": "application/pdf", "size": 5}}),
    FileKind::File, "plan.pdf", Some("application/pdf"), Some(5), None, None)]
#[case::cinny_without_a_type(
    json!({"msgtype": "m.video", "body": "clip.mp4", "filename": "clip.mp4", "url": "mxc://x/y",
        "info": {"mimetype": "", "size": -1, "duration": 900}}),
    FileKind::Video, "clip.mp4", None, None, Some(900), None)]
#[case::sound_without_info(
    json!({"msgtype": "m.audio", "body": "ring.mp3", "url": "mxc://x/y"}),
    FileKind::Audio, "ring.mp3", None, None, None, None)]
fn a_file_is_read_as_clients_send_it(
    #[case] json: Value,
    #[case] kind: FileKind,
    #[case] filename: &str,
    #[case] content_type: Option<&str>,
    #[case] size: Option<u64>,
    #[case] duration: Option<u64>,
    #[case] caption: Option<&str>,
) {
    let (file, words) = file("m.room.message", &json);
    let expected = SharedFile {
        kind,
        source: Some("mxc://x/y".into()),
        filename: filename.to_owned(),
        content_type: content_type.map(str::to_owned),
        size,
        duration,
    };
    assert_eq!(file, expected);
    assert_eq!(words.map(|words| words.body).as_deref(), caption);
}

#[test]
fn a_caption_keeps_its_format() {
    let (_, caption) = file(
        "m.room.message",
        &json!({"msgtype": "m.file", "body": "*it*", "filename": "a.pdf", "url": "mxc://x/y",
            "format": "org.matrix.custom.html", "formatted_body": "<em>it</em>"}),
    );
    assert_eq!(caption.unwrap().html.as_deref(), Some("<em>it</em>"));
}

#[test]
fn a_sticker_is_a_file() {
    let (file, caption) = file(
        "m.sticker",
        &json!({"body": "A cat", "url": "mxc://x/y", "info": {"mimetype": "image/webp", "w": 256}}),
    );
    assert_eq!(
        (file.kind, file.filename.as_str()),
        (FileKind::Sticker, "A cat")
    );
    assert_eq!(caption, None);
}

#[rstest]
#[case::encrypted(json!({"file": {"url": "mxc://x/y", "v": "v2", "key": {}}}))]
#[case::encrypted_or_not(json!({"url": "mxc://x/y", "file": {"url": "mxc://x/z"}}))]
#[case::elsewhere(json!({"url": "https://example.org/a.png"}))]
#[case::nowhere(json!({}))]
#[case::no_address(json!({"url": "mxc://x"}))]
#[case::too_long(json!({"url": format!("mxc://x/{}", "y".repeat(5_000))}))]
fn a_file_that_cannot_be_fetched_has_no_source(#[case] mut json: Value) {
    json["msgtype"] = "m.image".into();
    json["body"] = "a.png".into();
    let (file, _) = file("m.room.message", &json);
    assert_eq!((file.source, file.filename.as_str()), (None, "a.png"));
}

#[rstest]
#[case("../../etc/passwd", "passwd")]
#[case("C:\\Users\\Ann\\plan.pdf", "plan.pdf")]
#[case("a\r\nBcc: x@y.z\0.pdf", "a  Bcc: x@y.z.pdf")]
#[case("invoice\u{202e}fdp.exe", "invoicefdp.exe")]
#[case(".bashrc", "bashrc")]
#[case("/", "")]
fn names_are_names_and_nothing_else(#[case] name: &str, #[case] expected: &str) {
    let json = json!({"msgtype": "m.file", "body": "x", "filename": name, "url": "mxc://x/y"});
    assert_eq!(file("m.room.message", &json).0.filename, expected);
}

#[test]
fn a_name_of_megabytes_keeps_its_end() {
    let name = format!("{}.pdf", "n".repeat(3_000_000));
    let json = json!({"msgtype": "m.file", "body": name, "url": "mxc://x/y",
        "info": {"mimetype": "a/".repeat(1_000_000)}});
    let (file, _) = file("m.room.message", &json);
    assert!(file.filename.chars().count() <= 120 && file.filename.ends_with("….pdf"));
    assert_eq!(file.content_type, None);
}

#[test]
fn an_edit_of_a_caption_says_what_is_new() {
    let decoded = event(
        "m.room.message",
        &json!({"msgtype": "m.image", "body": "* new", "filename": "a.png", "url": "mxc://x/y",
            "m.new_content": {"msgtype": "m.image", "body": "new", "filename": "a.png", "url": "mxc://x/y"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}}),
        &json!({}),
    );
    let EventKind::Edit { target, content } = decoded.kind else {
        panic!()
    };
    assert_eq!(target, "$old");
    assert_eq!(content.words().unwrap().body, "new");
}

#[rstest]
#[case("m.sticker")]
#[case("org.matrix.msc3381.poll.start")]
#[case("org.matrix.msc3381.poll.response")]
fn of_what_was_taken_back_nothing_is_left(#[case] kind: &str) {
    let event = event(
        kind,
        &json!({}),
        &json!({"unsigned": {"redacted_because": {"type": "m.room.redaction", "event_id": "$r:x",
            "sender": "@ann:example.org", "origin_server_ts": 1, "content": {}, "room_id": "!room",
            "redacts": "$one:x"}}}),
    );
    assert_eq!(event.kind, EventKind::Irrelevant);
}
