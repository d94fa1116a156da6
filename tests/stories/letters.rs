//! What a letter gathers, when it goes, and how it reads.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    support::{
        smtp_sink::SinkMail,
        world::{Options, World, answer, header, letter_text, reply_address},
    },
    training::{JANE, patient},
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

fn timing(quiet: &'static str, at_most: &'static str) -> Options {
    Options {
        quiet,
        at_most,
        ..Options::default()
    }
}

fn html(letter: &SinkMail) -> String {
    let mail = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .expect("a mail");
    mail.body_html(0).expect("an HTML part").into_owned()
}

/// Fails unless `words` stand in the text in this order.
fn assert_in_order(text: &str, words: &[&str]) {
    let places: Vec<_> = words.iter().map(|word| text.find(word)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{words:?} at {places:?} in\n{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_moment_ends_a_letter_that_holds_everything_in_order() {
    let world = World::start(timing("2s", "1m")).await;
    let room = world.room("Training", &[JANE]).await;
    let begun = Instant::now();
    for text in ["First of all", "Secondly", "And finally"] {
        world.ann.say(&room, text);
    }
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(begun.elapsed() >= Duration::from_secs(2), "it waited");
    assert_in_order(
        &letter_text(letter),
        &["First of all", "Secondly", "And finally"],
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lively_room_does_not_hold_a_letter_back_for_ever() {
    let world = World::start(timing("2s", "3s")).await;
    let room = world.room("Training", &[JANE]).await;
    let begun = Instant::now();
    let mut said = Vec::new();
    while world.sink.count() == 0 {
        said.push(format!("message {:02}.", said.len()));
        world.ann.say(&room, said.last().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(15), "no letter came");
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(2_900));
    world.settled().await;
    let letters = world.sink.mails_to("jane@acme.com");
    let all: String = letters.iter().map(letter_text).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    assert_in_order(&all, &said);
    for text in said {
        assert_eq!(all.matches(text).count(), 1, "{text}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_staff_type_the_letter_stays_open() {
    let world = World::start(timing("1s", "1m")).await;
    let room = world.room("Training", &[JANE]).await;
    world.homeserver.typing(&room, &[world.ann.id()]);
    world.homeserver.wait_pushed(Duration::from_secs(5)).await;
    world.ann.say(&room, "Wait, there is more");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.sink.count(), 0, "Ann is still typing");
    world.ann.say(&room, "This is it");
    world.homeserver.typing(&room, &[]);
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert_in_order(&letter_text(letter), &["Wait, there is more", "This is it"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_holds_a_letter_no_longer_than_its_longest_time() {
    let world = World::start(timing("1s", "3s")).await;
    let room = world.room("Training", &[JANE]).await;
    world.homeserver.typing(&room, &[world.ann.id()]);
    world.homeserver.wait_pushed(Duration::from_secs(5)).await;
    let begun = Instant::now();
    world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    let took = begun.elapsed();
    assert!((2_900..10_000).contains(&took.as_millis()), "{took:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_staff_holds_no_letter_by_typing() {
    let world = World::start(timing("1s", "1m")).await;
    let room = world.room("Training", &[JANE]).await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    world.homeserver.typing(&room, &["@zoe:other.org", &ghost]);
    world.homeserver.wait_pushed(Duration::from_secs(5)).await;
    let begun = Instant::now();
    world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quiet_time_every_message_goes_at_once() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    for n in 1..=3 {
        world.ann.say(&room, &format!("Message {n}."));
        let letters = world.mails_to("jane@acme.com", n).await;
        assert!(letter_text(&letters[n - 1]).contains(&format!("Message {n}.")));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_html_carry_the_same_words() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.send(
        &room,
        "m.room.message",
        json!({
            "msgtype": "m.text", "body": "It is **important**",
            "format": "org.matrix.custom.html",
            "formatted_body": "It is <strong>important</strong><script>alert(1)</script>",
        }),
    );
    world.ann.send(
        &room,
        "m.room.message",
        json!({"msgtype": "m.emote", "body": "waves & smiles <3"}),
    );
    world.ann.say(&room, ".\n.hidden\nFrom here on: café 🎉");
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    let text = letter_text(letter);
    assert_in_order(
        &text,
        &[
            "important",
            "* Ann waves & smiles <3",
            ".hidden",
            "From here on: café 🎉",
        ],
    );
    let html = html(letter);
    assert!(html.contains("<strong>important</strong>"), "{html}");
    assert!(!html.contains("<script"), "{html}");
    assert_in_order(&html, &["waves &amp; smiles &lt;3", ".hidden", "café 🎉"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_bears_the_name_of_its_one_author_or_of_the_organisation() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    let berta = world.homeserver.user("berta");
    berta.set_displayname("Berta");
    world.ann.invite(&room, berta.id());
    berta.join(&room);

    world.ann.say(&room, "From me alone");
    world.ask(&room, "!email now").await;
    let letters = world.mails_to("jane@acme.com", 1).await;
    let from = header(&letters[0].raw, "From").unwrap();
    assert!(
        from.contains("Ann, Bootlin") && from.contains("<support@example.org>"),
        "{from}"
    );
    assert!(letter_text(&letters[0]).contains("Ann · Bootlin"));

    world.ann.say(&room, "One half");
    berta.say(&room, "The other half");
    world.ask(&room, "!email now").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    let from = header(&letters[1].raw, "From").unwrap();
    assert!(
        from.starts_with("Bootlin") || from.starts_with("\"Bootlin\""),
        "{from}"
    );
    assert_in_order(
        &letter_text(&letters[1]),
        &["Ann · ", "One half", "Berta · ", "The other half"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_letter_of_a_conversation_has_its_address_and_its_subject() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "First");
    world.mails_to("jane@acme.com", 1).await;
    world
        .ann
        .set_state(&room, "m.room.name", "", json!({"name": "Renamed"}));
    world.ann.say(&room, "Second");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(header(&letters[0].raw, "Subject").unwrap(), "Training");
    assert_eq!(header(&letters[1].raw, "Subject").unwrap(), "Re: Training");
    for name in ["Reply-To", "From", "To"] {
        assert_eq!(
            header(&letters[0].raw, name),
            header(&letters[1].raw, name),
            "{name}"
        );
    }
    let named = header(&letters[0].raw, "Reply-To").unwrap();
    assert!(named.starts_with("Bootlin <"), "{named}");
    let token = reply_address(&letters[0]).unwrap();
    assert!(
        token.starts_with("support+") && token.ends_with("@example.org"),
        "{token}"
    );
    assert!(token.len() - "@example.org".len() <= 64, "{token}");
    assert_ne!(
        header(&letters[0].raw, "Message-ID"),
        header(&letters[1].raw, "Message-ID")
    );
    for name in [
        "Auto-Submitted",
        "Precedence",
        "List-Id",
        "X-Auto-Response-Suppress",
    ] {
        assert_eq!(
            header(&letters[0].raw, name),
            None,
            "a letter is a person's mail"
        );
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_have_two_reply_addresses() {
    let world = World::start(Options::default()).await;
    let one = world.room("One", &[JANE]).await;
    let two = world.room("Two", &[JANE]).await;
    world.ann.say(&one, "In one");
    let first = header(&world.mails_to("jane@acme.com", 1).await[0].raw, "Reply-To");
    world.ann.say(&two, "In two");
    let second = header(&world.mails_to("jane@acme.com", 2).await[1].raw, "Reply-To");
    assert_ne!(first, second);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_letter_tells_how_to_answer() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "First");
    world.mails_to("jane@acme.com", 1).await;
    world.ann.say(&room, "Second");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[0]).contains("Just answer this mail"));
    assert!(!letter_text(&letters[1]).contains("Just answer this mail"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shares_a_room_knows_who_reads_the_answer() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Alone");
    let letters = world.mails_to("jane@acme.com", 1).await;
    assert!(!letter_text(&letters[0]).contains("is read by"));
    world.add(&room, "bob@beta.com", "Bob").await;
    world.ann.say(&room, "Together");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("Your answer is read by: Bob."));
    let letters = world.mails_to("bob@beta.com", 1).await;
    assert!(letter_text(&letters[0]).contains("Your answer is read by: Jane Doe."));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_of_a_room_read_each_other_but_never_themselves() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    world.ann.say(&room, "Hello both");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    world.mails_to("bob@beta.com", 1).await;
    world
        .answer(letter, "jane@acme.com", "I have a question.", "a1@acme.com")
        .await;
    let relayed = &world.mails_to("bob@beta.com", 2).await[1];
    let text = letter_text(relayed);
    assert_in_order(&text, &["I have a question.", "Jane Doe"]);
    let from = header(&relayed.raw, "From").unwrap();
    assert!(!from.contains("Jane") && from.contains("Bootlin"), "{from}");
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_machines_say_is_not_relayed() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let notice = json!({"msgtype": "m.notice", "body": "Build 17 has failed"});
    world.ann.send(&room, "m.room.message", notice);
    world.ann.say(&room, "Hello");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(!letter.contains("Build 17"), "{letter}");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_what_hangs_on_them_stay_here() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let note = world.ann.say(&room, "!note she pays late");
    let mut notes = vec![
        note.clone(),
        world.ann.say(&room, "!!be careful with her"),
        world.ann.reply(&room, &note, "why so secret"),
        world.ann.say_in_thread(&room, &note, "thread secret"),
    ];
    notes.push(
        world
            .ann
            .reply(&room, &notes[2], "reply to the secret reply"),
    );
    for note in &notes {
        world
            .until("the lock", || world.marks_on(&room, note) == ["🔒"])
            .await;
    }
    let sticker = json!({
        "body": "secret sticker", "url": "mxc://example.org/sticker", "info": {},
        "m.relates_to": {"rel_type": "m.thread", "event_id": note, "is_falling_back": true,
            "m.in_reply_to": {"event_id": note}},
    });
    let sticker = world.ann.send(&room, "m.sticker", sticker);
    world
        .until("the lock on the sticker", || {
            world.marks_on(&room, &sticker) == ["🔒"]
        })
        .await;
    // A reply within the note's thread, to a message that Postroom has never seen.
    let unseen = json!({
        "msgtype": "m.text", "body": "secret answer to something older",
        "m.relates_to": {"rel_type": "m.thread", "event_id": note, "is_falling_back": false,
            "m.in_reply_to": {"event_id": "$never-seen"}},
    });
    world.ann.send(&room, "m.room.message", unseen);
    world.ann.react(&room, &note, "👍");
    world
        .ann
        .say(&room, "Paths like //srv/share and /usr/bin do go");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("//srv/share"), "{letter}");
    for secret in ["late", "careful", "secret", "👍"] {
        assert!(!letter.contains(secret), "{letter}");
    }
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_quotes_only_what_this_conversation_has_seen() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let early = world.ann.say(&room, "The price for Acme is 900");
    world.mails_to("jane@acme.com", 1).await;
    world.add(&room, "bob@beta.com", "Bob").await;
    world.ann.reply(&room, &early, "That still holds");
    let to_jane = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert_in_order(
        &to_jane,
        &["> The price for Acme is 900", "That still holds"],
    );
    let to_bob = letter_text(&world.mails_to("bob@beta.com", 1).await[0]);
    assert!(to_bob.contains("That still holds"), "{to_bob}");
    assert!(!to_bob.contains("900"), "{to_bob}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_client_quotes_by_itself_is_not_sent() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let early = world.ann.say(&room, "The price for Acme is 900");
    world.mails_to("jane@acme.com", 1).await;
    world.add(&room, "bob@beta.com", "Bob").await;
    let reply = json!({
        "msgtype": "m.text",
        "body": "> <@ann:example.org> The price for Acme is 900\n\nThat still holds",
        "format": "org.matrix.custom.html",
        "formatted_body": "<mx-reply><blockquote><a href=\"https://matrix.to/#/!r/$e\">In reply \
            to</a> <a href=\"https://matrix.to/#/@ann:example.org\">@ann:example.org</a><br>The \
            price for Acme is 900</blockquote></mx-reply>That <b>still</b> holds",
        "m.relates_to": {"m.in_reply_to": {"event_id": early}},
    });
    world.ann.send(&room, "m.room.message", reply);
    let to_bob = &world.mails_to("bob@beta.com", 1).await[0];
    for part in [letter_text(to_bob), html(to_bob)] {
        assert!(part.contains("still") && !part.contains("900"), "{part}");
        assert!(!part.contains("matrix.to"), "{part}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_can_smuggle_nothing_into_a_letter() {
    let world = World::start(Options::default()).await;
    world
        .ann
        .set_displayname("Ann\r\nBcc: eve@evil.com\r\n\r\n<img src=x> \"<eve@evil.com>\" é");
    let room = world
        .room("Fine\r\nBcc: eve@evil.com\r\n\r\nsubject é", &[JANE])
        .await;
    world.ann.say(&room, "Hello");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert_eq!(header(&letter.raw, "Bcc"), None, "{}", letter.text());
    let mail = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .unwrap();
    let from: Vec<_> = mail
        .from()
        .unwrap()
        .iter()
        .map(mail_parser::Addr::address)
        .collect();
    assert_eq!(from, [Some("support@example.org")]);
    assert!(mail.subject().unwrap().contains("subject é"));
    assert!(letter_text(letter).contains("Hello"));
    assert!(!html(letter).contains("<img"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lines_arrive_whole() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let text = format!("begin {}end", "ünïcode 🎉 ".repeat(1_500));
    world.ann.say(&room, &text);
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains(&text));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_a_customers_mail_quotes_it_to_them() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Hello");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    world
        .answer(
            letter,
            "jane@acme.com",
            "Does Tuesday suit you?",
            "a1@acme.com",
        )
        .await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    let is_answer = |event: &crate::support::fake_homeserver::TimelineEvent| {
        event.sender == ghost && event.kind == "m.room.message"
    };
    let patience = crate::support::world::PATIENCE;
    let answer = world.homeserver.wait_for(&room, patience, is_answer).await;
    world.quiet().await;
    world.ann.reply(&room, &answer.unwrap().event_id, "It does");
    let reply = &world.mails_to("jane@acme.com", 2).await[1];
    assert_in_order(
        &letter_text(reply),
        &["> Does Tuesday suit you?", "It does"],
    );
    assert_eq!(header(&reply.raw, "In-Reply-To").unwrap(), "<a1@acme.com>");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_letter_cannot_carry_is_named_and_the_author_told() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let unknown = json!({"msgtype": "m.location", "body": ""});
    let encrypted = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"});
    let things = [
        (
            world.ann.send(&room, "m.room.message", unknown),
            "a message of a special kind",
        ),
        (
            world.ann.send(&room, "m.room.encrypted", encrypted),
            "an encrypted message",
        ),
    ];
    for (event, name) in &things {
        let said = world.answer_to(&room, event).await;
        assert!(
            said.contains(&format!("I can't carry {name} by email.")),
            "{said}"
        );
    }
    world.settled().await;
    let letters = world.sink.mails_to("jane@acme.com");
    let all: String = letters.iter().map(letter_text).collect();
    for (_, name) in &things {
        assert!(all.contains(&format!("Ann shared {name}")), "{all}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_letter_survives_a_kill() {
    let mut world = World::start(timing("3s", "1m")).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Before the kill");
    world.quiet().await;
    assert_eq!(world.sink.count(), 0);
    world.kill_postroom();
    world.start_postroom().await;
    world.ann.say(&room, "After the kill");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert_in_order(&letter_text(letter), &["Before the kill", "After the kill"]);
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_answers_the_mail_that_carried_the_message() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&room, "Two questions");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    for id in ["first@acme.com", "second@acme.com"] {
        let (to, raw) = answer(&letter, "Jane Doe <jane@acme.com>", id, id);
        world.mail("jane@acme.com", &[&to], &raw).await;
        world
            .until("the answer", || {
                world
                    .said_by(&room, &jane)
                    .iter()
                    .any(|said| said.starts_with(id))
            })
            .await;
    }
    world.quiet().await;
    let first = world
        .homeserver
        .timeline(&room)
        .into_iter()
        .find(|event| {
            event.sender == jane
                && event.content["body"]
                    .as_str()
                    .is_some_and(|b| b.starts_with("first"))
        })
        .unwrap();
    world
        .ann
        .reply(&room, &first.event_id, "About your first answer");
    let reply = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert_eq!(
        header(&reply.raw, "In-Reply-To").unwrap(),
        "<first@acme.com>"
    );
    let references = header(&reply.raw, "References").unwrap();
    assert!(references.ends_with("<first@acme.com>"), "{references}");
    assert!(!references.contains("<second@acme.com>"), "{references}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_already_does_not_get_it_again() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    let mut database = world.database().await;
    let had = "UPDATE letter_items SET had_by =
        (SELECT '[' || id || ']' FROM contacts WHERE name = 'Jane Doe') WHERE body LIKE 'Old%'";

    world.ann.say(&room, "Old news");
    world.ann.say(&room, "Fresh news");
    world.quiet().await;
    assert_eq!(database.execute(had).await, 1);
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("Fresh news") && !letter.contains("Old news"),
        "{letter}"
    );

    world.ann.say(&room, "Old again");
    world.quiet().await;
    assert_eq!(database.execute(had).await, 2);
    world.ask(&room, "!email now").await;
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}
