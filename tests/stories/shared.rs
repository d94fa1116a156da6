//! What people share besides words: files, places and stickers, and their captions.

use serde_json::json;

use crate::{
    support::world::{Options, World, letter_text},
    training::{patient, training},
};

/// What stands in letters besides words, as it is stored, oldest first.
async fn shared(world: &World) -> Vec<String> {
    let mut database = world.database().await;
    let rows: Vec<(String,)> = database
        .rows("SELECT shared FROM letter_items WHERE shared <> '' ORDER BY id")
        .await;
    database.close().await;
    rows.into_iter().map(|(shared,)| shared).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_thing_goes_into_the_letter() {
    let (world, room) = training(patient()).await;
    let ann = &world.ann;
    ann.send_file(&room, "plan.pdf", "application/pdf", b"%PDF");
    ann.send_file(&room, "photo.png", "image/png", b"PNG");
    let voice = world
        .homeserver
        .add_media("voice.ogg", "audio/ogg", b"OggS");
    ann.send(
        &room,
        "m.room.message",
        json!({"msgtype": "m.audio", "body": "voice.ogg", "url": voice,
            "info": {"mimetype": "audio/ogg", "duration": 4100},
            "org.matrix.msc3245.voice": {}}),
    );
    let cat = world
        .homeserver
        .add_media("cat.webp", "image/webp", b"RIFF");
    ann.send(
        &room,
        "m.sticker",
        json!({"body": "A cat", "url": cat, "info": {}}),
    );
    ann.send(
        &room,
        "m.room.message",
        json!({"msgtype": "m.location", "body": "Our office", "geo_uri": "geo:48.85,2.35"}),
    );
    ann.send(
        &room,
        "m.poll.start",
        json!({"m.text": [{"body": "Lunch?"}], "m.poll": {"question": {"m.text": [{"body": "Lunch?"}]},
            "kind": "m.disclosed", "answers": [{"m.id": "a", "m.text": [{"body": "yes"}]}]}}),
    );
    ann.send(
        &room,
        "m.room.message",
        json!({"msgtype": "m.location", "body": "Behind the house", "geo_uri": "geo:nowhere"}),
    );
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("Behind the house"), "{letter}");
    assert!(
        letter.contains("plan.pdf") && letter.contains("photo.png"),
        "{letter}"
    );
    let shared = shared(&world).await;
    let kinds = [
        r#""kind":"file""#,
        r#""kind":"image""#,
        r#""kind":"voice""#,
        r#""kind":"sticker""#,
        r#""shared":"place","description":"Our office""#,
        r#""shared":"poll","question":"Lunch?""#,
    ];
    assert_eq!(shared.len(), kinds.len(), "{shared:?}");
    for (one, kind) in shared.iter().zip(kinds) {
        assert!(one.contains(kind), "{kind} in {one}");
    }
    assert!(!world.bot_says(&room, "I can't"), "nobody has to be told");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_can_fetch_is_told_at_once_and_named_as_missing() {
    let (world, room) = training(Options::default()).await;
    let encrypted = json!({
        "msgtype": "m.file", "body": "plan.pdf",
        "file": {"url": "mxc://example.org/x", "v": "v2", "iv": "x", "hashes": {}, "key": {}},
    });
    let sent = world.ann.send(&room, "m.room.message", encrypted);
    let told = world.answer_to(&room, &sent).await;
    assert!(
        told.contains("I can't fetch a file named “plan.pdf”"),
        "{told}"
    );
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("plan.pdf"), "{letter}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_makes_a_file_a_note() {
    let (world, room) = training(Options::default()).await;
    let uri = world
        .homeserver
        .add_media("invoices.pdf", "application/pdf", b"%PDF");
    let send = |caption: &str| {
        let content =
            json!({"msgtype": "m.file", "body": caption, "filename": "invoices.pdf", "url": uri});
        world.ann.send(&room, "m.room.message", content)
    };
    for note in [send("!! she pays late"), send("!note see the dates")] {
        world
            .until("the lock", || world.marks_on(&room, &note) == ["🔒"])
            .await;
        let answer = world.ann.reply(&room, &note, "I see");
        world
            .until("the lock on the answer", || {
                world.marks_on(&room, &answer) == ["🔒"]
            })
            .await;
    }
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_can_be_corrected() {
    let (world, room) = training(patient()).await;
    let uri = world
        .homeserver
        .add_media("plan.pdf", "application/pdf", b"%PDF");
    let content = |caption: &str| json!({"msgtype": "m.file", "body": caption, "filename": "plan.pdf", "url": uri});
    let edit = |of: &str, caption: &str| {
        let mut edit = content(&format!("* {caption}"));
        edit["m.new_content"] = content(caption);
        edit["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": of});
        world.ann.send(&room, "m.room.message", edit)
    };
    let sent = world
        .ann
        .send(&room, "m.room.message", content("Revision A"));
    edit(&sent, "Revision B");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    edit(&sent, "Revision C");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(
        letter.contains("Correction of “plan.pdf: Revision B”") && letter.contains("Revision C"),
        "{letter}"
    );
    let mut database = world.database().await;
    let captions: Vec<(String,)> = database
        .rows("SELECT body FROM letter_items ORDER BY id")
        .await;
    database.close().await;
    assert_eq!(
        captions,
        [("Revision B".to_owned(),), ("Revision C".to_owned(),)]
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_a_file_names_it() {
    let (world, room) = training(Options::default()).await;
    let sent = world
        .ann
        .send_file(&room, "plan.pdf", "application/pdf", b"%PDF");
    world.mails_to("jane@acme.com", 1).await;
    world.ann.reply(&room, &sent, "Please look at page 3");
    let letter = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(letter.contains("> plan.pdf"), "{letter}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_see_the_names_that_are_configured() {
    let (world, room) = training(Options {
        more: "names: {\"@ann:example.org\": Anna Léger}",
        ..Options::default()
    })
    .await;
    world.ann.say(&room, "Hello");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    let text = letter_text(letter);
    assert!(text.contains("Anna Léger"), "{text}");
    let from = crate::support::world::header(&letter.raw, "From").unwrap();
    assert!(!from.contains("Ann,"), "{from}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_was_mailed_keeps_its_conversation() {
    let (world, room) = training(Options::default()).await;
    let root = world.ann.say(&room, "The board stops");
    let first = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.add(&room, "bob@beta.com", "Bob").await;
    world.ann.say_in_thread(&room, &root, "It boots again");
    let second = world.mails_to("jane@acme.com", 2).await.remove(1);
    let subject = |raw: &[u8]| crate::support::world::header(raw, "Subject").unwrap();
    assert_eq!(
        subject(&first.raw).trim_start_matches("Re: "),
        subject(&second.raw).trim_start_matches("Re: ")
    );
    let to_bob = letter_text(&world.mails_to("bob@beta.com", 1).await[0]);
    assert!(to_bob.contains("It boots again"), "{to_bob}");
    assert!(!to_bob.contains("The board stops"), "{to_bob}");
    world.finish().await;
}
