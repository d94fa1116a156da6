//! Second thoughts: edits, redactions and reactions, before a letter has gone and after.

use std::time::Duration;

use crate::{
    support::{
        smtp_sink::{Stage, Trouble},
        world::{Options, header, letter_text},
    },
    training::{patient, training},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_time_changes_the_letter() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.ann.edit(&room, &said, "See you on Wednesday");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("See you on Wednesday"), "{letter}");
    assert!(
        !letter.contains("Tuesday") && !letter.contains("Correction"),
        "{letter}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_too_late_is_a_correction() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    world.ann.edit(&room, &said, "See you on Wednesday");
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    let text = letter_text(letter);
    assert!(
        text.contains("Correction") && text.contains("See you on Wednesday"),
        "{text}"
    );
    assert!(header(&letter.raw, "In-Reply-To").is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_edit_what_was_said() {
    let (world, room) = training(patient()).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&room, zoe.id());
    zoe.join(&room);
    let said = world.ann.say(&room, "The price is 900");
    zoe.edit(&room, &said, "The price is 9");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("The price is 900"), "{letter}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_never_lets_a_note_out() {
    let (world, room) = training(Options::default()).await;
    let note = world.ann.say(&room, "!!she pays late");
    world.ann.edit(&room, &note, "she pays late");
    let command = world.ann.say(&room, "!emial list of bad payers");
    world.ann.edit(&room, &command, "list of bad payers");
    world.ann.say(&room, "Hello");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(!letter.contains("pay"), "{letter}");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_makes_a_message_a_note_takes_it_out_of_the_letter() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "she pays late");
    world.ann.edit(&room, &said, "!!she pays late");
    world.ann.say(&room, "Hello");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("Hello") && !letter.contains("late"),
        "{letter}"
    );
    world
        .until("the lock", || world.marks_on(&room, &said) == ["🔒"])
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_to_a_note_that_comes_too_late_is_not_mailed_either() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    world.ann.edit(&room, &said, "!!she pays late");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    assert!(world.bot_says(&room, "had already gone by email to Jane Doe"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_in_time_takes_the_message_out() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "My password is hunter2");
    world.ann.say(&room, "Hello");
    world.ann.redact(&room, &said);
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Hello"));
    assert!(!letter.text().contains("hunter2"));
    assert!(!world.bot_says(&room, "already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_with_nothing_left_in_it_is_not_sent() {
    let (world, room) = training(Options {
        quiet: "1s",
        ..Options::default()
    })
    .await;
    let said = world.ann.say(&room, "My password is hunter2");
    world.ann.redact(&room, &said);
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    let status = world.ask(&room, "!email status").await;
    assert!(status.contains("nothing waits"), "{status}");
    world.ann.say(&room, "Hello");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("Just answer this mail"),
        "it is the first: {letter}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_too_late_is_told_to_the_author() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "My password is hunter2");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    world.ann.redact(&room, &said);
    world
        .until("the bot tells", || {
            world.bot_says(
                &room,
                "Ann, the message you removed had already gone by email to Jane Doe.",
            )
        })
        .await;
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_wins_the_race_until_the_mail_server_asks_for_the_mail() {
    let (world, room) = training(patient()).await;
    let slow = world
        .sink
        .trouble(Trouble::delay(Stage::Rcpt, Duration::from_secs(2)).times(1));
    let said = world.ann.say(&room, "My password is hunter2");
    world.ann.say(&room, "Hello");
    world.ann.say(&room, "!email now");
    world
        .until("the mail server thinks", || world.sink.hits(slow) == 1)
        .await;
    world.ann.redact(&room, &said);
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Hello"));
    assert!(!letter.text().contains("hunter2"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_emptied_on_its_way_is_withdrawn() {
    let (world, room) = training(Options::default()).await;
    let slow = world
        .sink
        .trouble(Trouble::delay(Stage::Rcpt, Duration::from_secs(2)).times(1));
    let said = world.ann.say(&room, "My password is hunter2");
    world
        .until("the mail server thinks", || world.sink.hits(slow) == 1)
        .await;
    world.ann.redact(&room, &said);
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    assert!(
        !world.bot_says(&room, "had already gone"),
        "nothing had gone, so the bot must not claim it"
    );
    world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_that_loses_the_race_is_told_to_the_author() {
    let (world, room) = training(Options::default()).await;
    let slow = world
        .sink
        .trouble(Trouble::delay(Stage::Message, Duration::from_secs(2)).times(1));
    let said = world.ann.say(&room, "My password is hunter2");
    world
        .until("the mail server has it", || world.sink.hits(slow) == 1)
        .await;
    world.ann.redact(&room, &said);
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter.text().contains("hunter2"));
    world
        .until("the bot tells", || {
            world.bot_says(
                &room,
                "Ann, the message you removed had already gone by email to Jane Doe.",
            )
        })
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_waits_for_its_retry_can_still_be_taken_back() {
    let (world, room) = training(Options::default()).await;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1);
    let greylisted = world.sink.trouble(greylisted);
    let said = world.ann.say(&room, "My password is hunter2");
    world
        .until("the first attempt", || world.sink.hits(greylisted) == 1)
        .await;
    world.ann.redact(&room, &said);
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    assert!(!world.bot_says(&room, "had already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_rides_with_the_next_letter() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "See you at nine");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    world
        .answer(letter, "jane@acme.com", "Fine with me", "a1@acme.com")
        .await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    world
        .until("the answer", || !world.said_by(&room, &ghost).is_empty())
        .await;
    world.quiet().await;
    world.ann.react(&room, &said, "👍");
    world.quiet().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.sink.count(), 1, "a reaction causes no letter");

    world.ann.say(&room, "Until tomorrow");
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(
        text.contains("Ann reacted: 👍 (to “See you at nine”)"),
        "{text}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_that_is_taken_away_in_time_is_not_told() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "See you at nine");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let reaction = world.ann.react(&room, &said, "👎");
    world.ann.redact(&room, &reaction);
    world.ann.say(&room, "Until tomorrow");
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(
        text.contains("Until tomorrow") && !text.contains("👎"),
        "{text}"
    );
    assert!(!world.bot_says(&room, "already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_send_a_waiting_letter_by_reacting_to_it() {
    let (world, room) = training(patient()).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&room, zoe.id());
    zoe.join(&room);
    let said = world.ann.say(&room, "It is urgent");
    zoe.react(&room, &said, "📨");
    world.quiet().await;
    assert_eq!(world.sink.count(), 0, "only staff send");
    world.ann.react(&room, &said, "📨");
    let text = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(text.contains("It is urgent"), "{text}");
    assert!(
        !text.contains("📨"),
        "nobody's request to the bot is relayed: {text}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_time_changes_what_quotes_it() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.ann.reply(&room, &said, "Bring a laptop");
    world.ann.react(&room, &said, "👀");
    let edit = world.ann.edit(&room, &said, "See you on Wednesday");
    world.quiet().await;
    world.ann.edit(&room, &said, "My password is hunter2");
    let last = world.ann.edit(&room, &said, "See you on Friday");
    world.ann.redact(&room, &last);
    let secret = world.homeserver.timeline(&room).into_iter();
    let mut secret = secret.filter(|event| event.body().contains("hunter2"));
    world.ann.redact(&room, &secret.next().unwrap().event_id);
    assert_ne!(edit, last);
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert_eq!(letter.matches("on Wednesday").count(), 3, "{letter}");
    for words in ["Tuesday", "Friday", "hunter2"] {
        assert!(!letter.contains(words), "{words} in {letter}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_edit_had_said_is_not_repeated_once_it_is_taken_back() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    let edit = world.ann.edit(&room, &said, "My password is hunter2");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    world.ann.reply(&room, &said, "Don't write that here");
    world.ann.react(&room, &said, "😱");
    world.ann.edit(&room, &said, "See you on Wednesday");
    world.ann.redact(&room, &edit);
    world.ann.reply(&room, &said, "And change it");
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    let text = letter_text(letter);
    for words in ["Don't write", "😱", "See you on Wednesday", "And change it"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!letter.text().contains("hunter2"), "{}", letter.text());
    assert!(world.bot_says(&room, "had already gone by email to Jane Doe"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_note_stays_inside_with_it() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "she pays late");
    let answer = world.ann.reply(&room, &said, "last month, too");
    let thread = world.ann.say_in_thread(&room, &said, "who calls her?");
    let deeper = world.ann.reply(&room, &answer, "and in May");
    let other = world.ann.say(&room, "Hello");
    world.ann.edit(&room, &said, "!!she pays late");
    world
        .until("the locks", || {
            let mut inside = [&said, &answer, &thread, &deeper].into_iter();
            inside.all(|event| world.marks_on(&room, event) == ["🔒"])
        })
        .await;
    let late = world.ann.reply(&room, &deeper, "and in June");
    world
        .until("the lock on a later answer", || {
            world.marks_on(&room, &late) == ["🔒"]
        })
        .await;
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("Hello"), "{letter}");
    for words in ["late", "month", "calls", "May", "June"] {
        assert!(!letter.contains(words), "{words} in {letter}");
    }
    assert!(world.marks_on(&room, &other).is_empty());
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}
