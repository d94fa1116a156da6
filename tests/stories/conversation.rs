//! The main job: a conversation between a room and a mailbox.

use std::time::{Duration, Instant};

use crate::support::{
    smtp_sink::{Stage, Trouble},
    world::{Options, World, answer, header, letter_text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_both_ways_in_one_thread() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;

    world.ann.say(&room, "Hello Jane, is Tuesday fine?");
    let letters = world.mails_to("jane@acme.com", 1).await;
    let letter = &letters[0];
    assert!(letter_text(letter).contains("Hello Jane, is Tuesday fine?"));
    assert_eq!(header(&letter.raw, "Subject").unwrap(), "Kernel training");
    assert!(
        header(&letter.raw, "From")
            .unwrap()
            .contains("Ann, Bootlin")
    );
    assert_eq!(header(&letter.raw, "In-Reply-To"), None);

    let (to, raw) = answer(
        letter,
        "Jane Doe <jane@acme.com>",
        "Tuesday is fine.",
        "answer-1@acme.com",
    );
    let replies = world.mail("jane@acme.com", &[&to], &raw).await;
    assert_eq!(replies[0].code, 250);
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    world
        .until("the answer", || !world.said_by(&room, &ghost).is_empty())
        .await;
    let said = world.said_by(&room, &ghost);
    assert!(said[0].starts_with("Tuesday is fine."), "{said:?}");
    assert!(
        !said[0].contains("Hello Jane"),
        "the history is folded: {said:?}"
    );

    world.ann.say(&room, "Then Tuesday it is.");
    let letters = world.mails_to("jane@acme.com", 2).await;
    let second = &letters[1];
    assert_eq!(
        header(&second.raw, "In-Reply-To").unwrap(),
        "<answer-1@acme.com>"
    );
    let first_id = header(&letter.raw, "Message-ID").unwrap();
    assert_eq!(
        header(&second.raw, "References").unwrap(),
        format!("{first_id} <answer-1@acme.com>")
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_neighbour_holds_up_nobody() {
    let world = World::start(Options::default()).await;
    let people = [("bob@beta.example", "Bob"), ("jane@acme.com", "Jane Doe")];
    let room = world.room("Kernel training", &people).await;
    let slow = Trouble::delay(Stage::Rcpt, Duration::from_secs(4)).for_address("bob@");
    world.sink.trouble(slow);

    world.ann.say(&room, "Hello both.");
    let begun = Instant::now();
    world.mails_to("jane@acme.com", 1).await;
    world.ann.say(&room, "And once more.");
    world.mails_to("jane@acme.com", 2).await;
    assert!(
        world.sink.mails_to("bob@beta.example").is_empty(),
        "{:?}",
        begun.elapsed()
    );
    world.mails_to("bob@beta.example", 2).await;
    world.finish().await;
}
