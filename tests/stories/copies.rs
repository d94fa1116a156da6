//! One letter and several readers: each gets what they lack, and sees repeated what they have.

use crate::{
    support::{
        fake_homeserver::TimelineEvent,
        smtp_sink::{SinkMail, Stage, Trouble},
        world::{Options, World, header, letter_text, reply_address},
    },
    training::{JANE, patient, training},
};

const JOE: &str = "joe@acme.com";

/// A room with Jane and Joe of Acme, who have got "See you on Tuesday".
async fn acme(options: Options) -> (World, String, String) {
    let world = World::start(options).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com joe@acme.com")
        .await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.mails_to(JOE, 1).await;
    world.quiet().await;
    (world, room, said)
}

/// A mail of Jane's to the room's address, and to whom else `headers` name; the event that shows it.
async fn jane_writes(world: &World, room: &str, headers: &str, text: &str) -> TimelineEvent {
    let token = reply_address(&world.sink.mails_to("jane@acme.com")[0]).unwrap();
    let id: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let raw = format!(
        "From: Jane Doe <jane@acme.com>\nTo: {token}\n{headers}Subject: Training\n\
         Message-ID: <{id}@acme.com>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\n{text}\n"
    );
    let replies = world.mail("jane@acme.com", &[&token], &raw).await;
    assert_eq!(replies[0].code, 250, "{replies:?}");
    world.quiet().await;
    let timeline = world.homeserver.timeline(room).into_iter();
    let mut shown = timeline.filter(|event| event.body().contains(text));
    shown.next().expect("her mail is in the room")
}

async fn last(world: &World, address: &str, n: usize) -> String {
    letter_text(&world.mails_to(address, n).await[n - 1])
}

fn message_id(mail: &SinkMail) -> String {
    header(&mail.raw, "Message-ID").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_quoted_to_whom_has_it_and_relayed_to_the_others() {
    let (world, room, _) = acme(patient()).await;
    jane_writes(&world, &room, "", "Where do we meet?").await;
    world.ann.say(&room, "In the large hall");
    world.ask(&room, "!email now").await;
    let to_jane = last(&world, "jane@acme.com", 2).await;
    assert!(to_jane.contains("Jane Doe wrote:"), "{to_jane}");
    assert_eq!(to_jane.matches("Where do we meet?").count(), 1, "{to_jane}");
    let to_joe = last(&world, JOE, 2).await;
    assert!(!to_joe.contains("Jane Doe wrote:"), "{to_joe}");
    assert_eq!(to_joe.matches("Where do we meet?").count(), 1, "{to_joe}");
    let ids = ["jane@acme.com", JOE].map(|it| message_id(&world.sink.mails_to(it)[1]));
    assert_eq!(ids[0], ids[1]);

    // Now he has it, too.
    world.ann.say(&room, "It has blue doors");
    world.ask(&room, "!email now").await;
    let to_joe = last(&world, JOE, 3).await;
    assert!(to_joe.contains("> Where do we meet?"), "{to_joe}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_new_sees_nothing_repeated_from_before() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "The board costs 900");
    world.ask(&room, "!email now").await;
    world.mails_to(JANE.0, 1).await;
    world.quiet().await;
    let asked = jane_writes(&world, &room, "", "Can it be 800?").await;
    let headers = "Cc: Carl Cox <carl@partner.example>\n";
    jane_writes(&world, &room, headers, "Carl takes over.").await;
    world
        .ann
        .reply(&room, &asked.event_id, "We can talk about that");
    world.ann.react(&room, &said, "👀");
    world.ann.edit(&room, &said, "The board costs 950");
    world.ask(&room, "!email now").await;
    let to_jane = last(&world, JANE.0, 2).await;
    for words in ["> Can it be 800?", "“The board costs 900”"] {
        assert!(to_jane.contains(words), "{to_jane}");
    }
    let to_carl = last(&world, "carl@partner.example", 1).await;
    for words in [
        "talk about that",
        "👀",
        "The board costs 950",
        "> Carl takes over.",
    ] {
        assert!(to_carl.contains(words), "{words} in {to_carl}");
    }
    for words in ["800", "900"] {
        assert!(!to_carl.contains(words), "{words} in {to_carl}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_repeats_nobodys_mail() {
    let (world, room, _) = acme(patient()).await;
    world.ask(&room, "!email settings broadcast on").await;
    let asked = jane_writes(&world, &room, "", "Where do we meet?").await;
    world.ann.reply(&room, &asked.event_id, "In the large hall");
    world.ann.react(&room, &asked.event_id, "👀");
    world.ask(&room, "!email now").await;
    for reader in ["jane@acme.com", JOE] {
        let letter = last(&world, reader, 2).await;
        assert!(letter.contains("large hall"), "{letter}");
        assert!(
            !letter.contains("Where do we meet") && !letter.contains('👀'),
            "{letter}"
        );
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_rides_only_with_what_its_reader_lacks() {
    let (world, room, said) = acme(patient()).await;
    world.ann.react(&room, &said, "🎉");
    jane_writes(&world, &room, "", "We are two.").await;
    world.ask(&room, "!email now").await;
    let to_joe = last(&world, JOE, 2).await;
    assert!(
        to_joe.contains("We are two.") && to_joe.contains('🎉'),
        "{to_joe}"
    );
    world.quiet().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);

    world.ann.say(&room, "Welcome, both");
    world.ask(&room, "!email now").await;
    let to_jane = last(&world, "jane@acme.com", 2).await;
    assert!(
        to_jane.contains("Welcome, both") && to_jane.contains('🎉'),
        "{to_jane}"
    );
    let to_joe = last(&world, JOE, 3).await;
    assert!(
        to_joe.contains("Welcome, both") && !to_joe.contains('🎉'),
        "{to_joe}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_rides_makes_no_mail_though_a_message_was_taken_back_beside_it() {
    let (world, room, said) = acme(patient()).await;
    world.ann.react(&room, &said, "🎉");
    let other = world.ann.say(&room, "My password is 1234");
    jane_writes(&world, &room, "", "We are two.").await;
    // Sealed for both, and held up; then only Joe lacks more than the reaction.
    let held = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted");
    let held = world.sink.trouble(held);
    world.ask(&room, "!email now").await;
    world
        .until("both attempts", || world.sink.hits(held) >= 2)
        .await;
    world.ann.redact(&room, &other);
    world.quiet_events().await;
    world.sink.clear_trouble(held);
    let to_joe = last(&world, JOE, 2).await;
    assert!(to_joe.contains("We are two."), "{to_joe}");
    world.quiet().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_holds_no_receipt_back_and_ends_with_the_conversation() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to(JANE.0, 1).await;
    world.quiet().await;
    world.add(&room, "bob@beta.com", "Bob").await;
    world.ann.react(&room, &said, "🎉");
    world.quiet().await;
    let answer = jane_writes(&world, &room, "", "We are two.").await;
    world.mails_to("bob@beta.com", 1).await;
    world
        .until("the receipt", || {
            let receipts = world.homeserver.receipts(&room).into_iter();
            receipts
                .filter(|receipt| receipt.user == "@postroom:example.org")
                .any(|receipt| receipt.event_id == answer.event_id)
        })
        .await;
    world.ask(&room, "!email remove jane@acme.com").await;
    world.settled().await;
    world.finish().await;
}
