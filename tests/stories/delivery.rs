//! When the mail server is slow, busy, refuses or goes away.

use std::time::{Duration, Instant};

use rstest::rstest;

use crate::{
    support::{
        fake_homeserver::Receipt,
        smtp_sink::{Stage, Trouble},
        world::{Options, World, header, letter_text},
    },
    training::JANE,
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

/// The event up to which the bot says that all is done.
fn receipt(world: &World, room: &str) -> Option<String> {
    let is_the_bots =
        |receipt: &Receipt| receipt.user == "@postroom:example.org" && receipt.kind == "m.read";
    let receipts = world.homeserver.receipts(room);
    receipts
        .into_iter()
        .find(is_the_bots)
        .map(|receipt| receipt.event_id)
}

#[rstest]
#[case(Stage::Connect, 421)]
#[case(Stage::Hello, 450)]
#[case(Stage::Mail, 451)]
#[case(Stage::Rcpt, 450)]
#[case(Stage::Data, 451)]
#[case(Stage::Message, 452)]
#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_off_comes_back_and_delivers_once(#[case] stage: Stage, #[case] code: u16) {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let busy = world
        .sink
        .trouble(Trouble::answer(stage, code, "4.3.2 Come back later").times(1));
    let said = world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    assert_eq!(world.sink.hits(busy), 1);
    assert_eq!(world.sink.count(), 1);
    assert_eq!(world.answers_to(&room, &said), Vec::<String>::new());
    world.finish().await;
}

#[rstest]
#[case(Stage::Rcpt, 550, "5.7.1 Members only")]
#[case(Stage::Data, 554, "5.7.1 Not from you")]
#[case(Stage::Message, 552, "5.3.4 Too big for us")]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_at_the_message_and_blocks_nothing(
    #[case] stage: Stage,
    #[case] code: u16,
    #[case] text: &str,
) {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    let refusal = Trouble::answer(stage, code, text)
        .for_address("jane@")
        .times(1);
    world.sink.trouble(refusal);
    let said = world.ann.say(&room, "Hello");
    let answer = world.answer_to(&room, &said).await;
    assert!(
        answer.starts_with("Not delivered to Jane Doe (jane@acme.com)"),
        "{answer}"
    );
    assert!(
        answer.contains(&text[6..]),
        "the server's own words: {answer}"
    );
    world.mails_to("bob@beta.com", 1).await;

    world.ann.say(&room, "Next");
    let letters = world.mails_to("jane@acme.com", 1).await;
    assert!(letter_text(&letters[0]).contains("Next"));
    world.mails_to("bob@beta.com", 2).await;
    world.settled().await;
    assert_eq!(world.sink.count(), 3, "a refusal is final");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sender_is_told_too() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    // With a token in it, and without.
    let refusal = Trouble::answer(Stage::Mail, 550, "5.7.1 Sender rejected").times(2);
    world.sink.trouble(refusal);
    let said = world.ann.say(&room, "Hello");
    let answer = world.answer_to(&room, &said).await;
    assert!(answer.contains("Sender rejected"), "{answer}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failing_colleague_does_not_stop_the_other() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com bob@acme.com")
        .await;
    let greylisted = Trouble::answer(Stage::Rcpt, 450, "4.7.1 Greylisted").for_address("jane@");
    let greylisted = world.sink.trouble(greylisted);
    world.tell(&room, "First").await;
    world.tell(&room, "Second").await;
    let to_bob = world.mails_to("bob@acme.com", 2).await;
    assert!(letter_text(&to_bob[0]).contains("First"));
    assert!(letter_text(&to_bob[1]).contains("Second"));
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 0);

    world.sink.clear_trouble(greylisted);
    let to_jane = world.mails_to("jane@acme.com", 2).await;
    for (jane, bob) in to_jane.iter().zip(&to_bob) {
        assert_eq!(
            header(&jane.raw, "Message-ID"),
            header(&bob.raw, "Message-ID"),
            "one letter, in the order in which it was written"
        );
        assert_eq!(jane.raw, bob.raw, "every attempt is the same mail");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_colleague_is_named_and_the_other_gets_the_mail() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com bob@acme.com")
        .await;
    let refusal = Trouble::answer(Stage::Rcpt, 550, "5.1.1 No such user").for_address("jane@");
    world.sink.trouble(refusal);
    let said = world.ann.say(&room, "Hello");
    let answer = world.answer_to(&room, &said).await;
    assert!(
        answer.contains("jane@acme.com") && !answer.contains("bob@"),
        "{answer}"
    );
    world.mails_to("bob@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_does_not_change_the_order() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let busy = Trouble::answer(Stage::Message, 451, "4.3.0 Later").times(1);
    let busy = world.sink.trouble(busy);
    world.tell(&room, "First").await;
    world
        .until("the first attempt", || world.sink.hits(busy) == 1)
        .await;
    world.tell(&room, "Second").await;
    world.tell(&room, "Third").await;
    let letters = world.mails_to("jane@acme.com", 3).await;
    for (letter, text) in letters.iter().zip(["First", "Second", "Third"]) {
        assert!(letter_text(letter).contains(text));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_receipt_brings_the_same_mail_again() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.sink.trouble(Trouble::take_then_close().times(1));
    let said = world.ann.say(&room, "Hello");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(!letters[0].answered && letters[1].answered);
    assert_eq!(
        letters[0].raw, letters[1].raw,
        "with the same Message-ID above all"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    assert_eq!(world.answers_to(&room, &said), Vec::<String>::new());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_away_gets_everything_later() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    let away = world.sink.trouble(Trouble::close(Stage::Connect));
    world.tell(&room, "First").await;
    world.tell(&room, "Second").await;
    world
        .until("some attempts", || world.sink.hits(away) >= 3)
        .await;
    let status = world.ask(&room, "!email status").await;
    assert!(status.contains("not delivered yet"), "{status}");
    world.sink.clear_trouble(away);
    for address in ["jane@acme.com", "bob@beta.com"] {
        let letters = world.mails_to(address, 2).await;
        assert!(letter_text(&letters[0]).contains("First"));
        assert!(letter_text(&letters[1]).contains("Second"));
    }
    world.settled().await;
    assert_eq!(world.sink.count(), 4);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_recipient_holds_nobody_else_up() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let other = world.room("Project", &[BOB]).await;
    let tarpit = Trouble::delay(Stage::Rcpt, Duration::from_secs(8)).for_address("jane@");
    let tarpit = world.sink.trouble(tarpit.times(1));
    world.ann.say(&room, "Hello Jane");
    world
        .until("the tarpit", || world.sink.hits(tarpit) == 1)
        .await;
    let begun = Instant::now();
    world.ann.say(&other, "Hello Bob");
    world.mails_to("bob@beta.com", 1).await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_follows_what_is_settled() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    let first = world.tell(&room, "First").await;
    world.mails_to("jane@acme.com", 1).await;
    world.mails_to("bob@beta.com", 1).await;
    world
        .until("the first receipt", || {
            receipt(&world, &room).as_deref() == Some(&*first)
        })
        .await;

    let greylisted = Trouble::answer(Stage::Rcpt, 450, "4.7.1 Greylisted").for_address("jane@");
    let greylisted = world.sink.trouble(greylisted);
    world.tell(&room, "Second").await;
    world.mails_to("bob@beta.com", 2).await;
    let third = world.tell(&room, "Third").await;
    world.mails_to("bob@beta.com", 3).await;
    world
        .until("Jane is tried", || world.sink.hits(greylisted) >= 2)
        .await;
    assert_eq!(
        receipt(&world, &room).as_deref(),
        Some(&*first),
        "Jane has nothing yet"
    );

    world.sink.clear_trouble(greylisted);
    world
        .until("the last receipt", || {
            receipt(&world, &room).as_deref() == Some(&*third)
        })
        .await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_settles_a_message_too() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 550, "5.1.1 Nobody"));
    let said = world.ann.say(&room, "Hello");
    world.answer_to(&room, &said).await;
    world
        .until("the receipt", || {
            receipt(&world, &room).as_deref() == Some(&*said)
        })
        .await;
    world.finish().await;
}

#[rstest]
#[case::a_tenth_attempt(
    "UPDATE outbox SET attempts = 9, next_at = 0 WHERE way = 'mail'",
    "Not yet delivered to Jane Doe"
)]
#[case::five_days_later(
    "UPDATE outbox SET created_at = created_at - 5 * 86400000 - 1, next_at = 0 WHERE way = 'mail'",
    "I have stopped trying"
)]
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_is_told_at_the_message(#[case] time_passes: &str, #[case] told: &str) {
    let mut world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let away = Trouble::answer(Stage::Rcpt, 450, "4.2.0 Greylisted");
    let away = world.sink.trouble(away);
    let message = world.ann.say(&room, "Are you there?");
    world
        .until("a first attempt", || world.sink.hits(away) > 0)
        .await;
    world.stop_postroom().await;
    let mut database = world.database().await;
    assert_eq!(database.execute(time_passes).await, 1);
    world.start_postroom().await;
    world
        .until("the room is told", || world.bot_says(&room, told))
        .await;
    let timeline = world.homeserver.timeline(&room);
    let notice = timeline
        .iter()
        .find(|event| {
            event.content["body"]
                .as_str()
                .is_some_and(|b| b.contains(told))
        })
        .unwrap();
    assert_eq!(
        notice.content["m.relates_to"]["m.in_reply_to"]["event_id"],
        message
    );
    world.sink.clear_trouble(away);
    // What goes on is still on its way, and would be for minutes.
    let sql = "UPDATE outbox SET next_at = 0 WHERE way = 'mail' AND state = 'ready'";
    database.execute(sql).await;
    world.stop_postroom().await;
    world.start_postroom().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_cannot_be_sealed_is_told_of_and_tried_again() {
    let mut world = World::start(Options {
        quiet: "3s",
        ..Options::default()
    })
    .await;
    let broken = world.room("Training", &[JANE]).await;
    let sound = world.room("Audit", &[BOB]).await;
    world.ann.say(&broken, "Spoilt words");
    world.ann.say(&sound, "Hello Bob");
    world.quiet().await;
    let mut database = world.database().await;
    let spoil = "UPDATE letter_items SET shared = '{' WHERE body = 'Spoilt words'";
    assert_eq!(database.execute(spoil).await, 1);
    let told = "could not be written; I try again in an hour";
    world
        .until("staff are told", || {
            world.bot_says(&world.control_room, told)
        })
        .await;
    world.mails_to(BOB.0, 1).await;
    assert_eq!(world.sink.count(), 1);

    let mend = "UPDATE letter_items SET shared = '' WHERE body = 'Spoilt words'";
    assert_eq!(database.execute(mend).await, 1);
    let hour = "UPDATE letters SET due_at = due_at - 3600000 WHERE state = 'open'";
    assert_eq!(database.execute(hour).await, 1);
    database.close().await;
    world.stop_postroom().await;
    world.start_postroom().await;
    let letter = &world.mails_to(JANE.0, 1).await[0];
    assert!(letter_text(letter).contains("Spoilt words"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_cannot_be_composed_is_told_of_at_its_message() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let busy = world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1));
    let said = world.ann.say(&room, "Hello");
    world
        .until("it is put off", || world.sink.hits(busy) == 1)
        .await;
    let mut database = world.database().await;
    let sealed = "SELECT seal FROM letters WHERE state = 'sealed'";
    let (seal,) = database.row::<(String,)>(sealed).await;
    let mut seal: serde_json::Value = serde_json::from_str(&seal).unwrap();
    seal["to"] = serde_json::json!([]);
    let nobody = format!("UPDATE letters SET seal = '{seal}' WHERE state = 'sealed'");
    assert_eq!(database.execute(&nobody).await, 1);
    database.close().await;
    let told = world.answer_to(&room, &said).await;
    assert!(told.contains("it can't be written"), "{told}");
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    // It holds nobody up.
    world.tell(&room, "Hello again").await;
    let letter = &world.mails_to(JANE.0, 1).await[0];
    assert!(letter_text(letter).contains("Hello again"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_for_staff_only() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&room, zoe.id());
    zoe.join(&room);
    world.quiet().await;
    world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 550, "5.1.1 No such user"));
    world.ann.say(&room, "Hello");
    world
        .until("staff are told", || {
            world.bot_says(&world.control_room, "No such user")
        })
        .await;
    world.settled().await;
    assert!(!world.bot_says(&room, "No such user"));
    world.finish().await;
}
