//! Edits and redactions that meet a letter on its way, with the mail server held at every stage; and
//! what is taken back of what was changed.

use std::time::{Duration, Instant};

use postroom::lifecycle::Clock;

use crate::{
    support::{
        smtp_sink::{SinkMail, Stage, Trouble},
        world::{Options, PATIENCE, World, header, letter_text},
    },
    training::{patient, training},
};

fn message_id(mail: &SinkMail) -> String {
    header(&mail.raw, "Message-ID").unwrap()
}

/// The first mail says Tuesday, whatever came in between; the second one corrects it.
async fn told_and_corrected(world: &World) {
    let mails = world.mails_to("jane@acme.com", 2).await;
    let (first, second) = (letter_text(&mails[0]), letter_text(&mails[1]));
    assert!(
        first.contains("on Tuesday") && !first.contains("Wednesday"),
        "{first}"
    );
    assert!(
        second.contains("Correction of “See you on Tuesday”")
            && second.contains("See you on Wednesday"),
        "{second}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
}

/// Waits until it is written down that so many mails were tried in vain, and puts off their retry: what
/// happens next comes first.
async fn wait_for_retry(world: &World, mails: u64, uncertain: u8) {
    let deadline = Instant::now() + PATIENCE;
    let mut database = world.database().await;
    loop {
        let later = Clock::System.now() + Duration::from_secs(5);
        let put_off = format!(
            "UPDATE outbox SET next_at = {} WHERE way = 'mail' AND state = 'ready' AND attempts > 0
            AND uncertain = {uncertain}",
            later.as_millisecond()
        );
        if database.execute(&put_off).await == mails {
            break;
        }
        assert!(Instant::now() < deadline, "no attempt was written down");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    database.close().await;
}

async fn edit_while_the_server_thinks(stage: Stage) {
    let (world, room) = training(Options::default()).await;
    let slow = world
        .sink
        .trouble(Trouble::delay(stage, Duration::from_secs(2)).times(1));
    let said = world.ann.say(&room, "See you on Tuesday");
    world
        .until("the mail server thinks", || world.sink.hits(slow) == 1)
        .await;
    world.ann.edit(&room, &said, "See you on Wednesday");
    told_and_corrected(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_before_the_mail_is_asked_for_is_a_correction() {
    edit_while_the_server_thinks(Stage::Rcpt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_while_the_mail_is_handed_over_is_a_correction() {
    edit_while_the_server_thinks(Stage::Data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_while_the_mail_is_judged_is_a_correction() {
    edit_while_the_server_thinks(Stage::Message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_letter_that_waits_for_its_retry_changes_it() {
    let (world, room) = training(Options::default()).await;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1);
    world.sink.trouble(greylisted);
    let said = world.ann.say(&room, "See you on Tuesday");
    wait_for_retry(&world, 1, 0).await;
    world.ann.edit(&room, &said, "See you on Wednesday");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("See you on Wednesday") && !letter.contains("Tuesday"),
        "{letter}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_corrected_and_not_changed() {
    let (world, room) = training(Options::default()).await;
    world.sink.trouble(Trouble::take_then_close().times(1));
    let said = world.ann.say(&room, "See you on Tuesday");
    wait_for_retry(&world, 1, 1).await;
    world.ann.edit(&room, &said, "See you on Wednesday");
    let mails = world.mails_to("jane@acme.com", 3).await;
    assert_eq!(message_id(&mails[0]), message_id(&mails[1]));
    assert_eq!(letter_text(&mails[0]), letter_text(&mails[1]));
    let last = letter_text(&mails[2]);
    assert!(
        last.contains("Correction of “See you on Tuesday”"),
        "{last}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 3);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_customer_read_the_same_words() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").for_address("joe@");
    let greylisted = world.sink.trouble(greylisted.times(1));
    world
        .ask(&room, "!email add jane@acme.com joe@acme.com")
        .await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to("jane@acme.com", 1).await;
    world
        .until("the first attempt", || world.sink.hits(greylisted) == 1)
        .await;
    world.ann.edit(&room, &said, "See you on Wednesday");
    for person in ["jane@acme.com", "joe@acme.com"] {
        let mails = world.mails_to(person, 2).await;
        let (first, second) = (letter_text(&mails[0]), letter_text(&mails[1]));
        assert!(first.contains("on Tuesday"), "{person}: {first}");
        assert!(second.contains("Correction of"), "{person}: {second}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_edits_are_one_correction() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    for day in ["Wednesday", "Thursday", "Friday"] {
        world.ann.edit(&room, &said, &format!("See you on {day}"));
    }
    world.ask(&room, "!email now").await;
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert_eq!(text.matches("Correction").count(), 1, "{text}");
    assert!(
        text.contains("See you on Friday")
            && !text.contains("Wednesday")
            && !text.contains("Thursday"),
        "{text}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_back_is_none() {
    let (world, room) = training(Options {
        quiet: "2s",
        ..Options::default()
    })
    .await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    world.ann.edit(&room, &said, "See you on Tuesday");
    world.ann.edit(&room, &said, "See you on Wednesday");
    world.ann.edit(&room, &said, "See you on Tuesday");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_taken_back_in_time_leaves_what_was_said_before() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.ann.edit(&room, &said, "See you on Wednesday");
    let last = world.ann.edit(&room, &said, "My password is hunter2");
    world.ann.redact(&room, &last);
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("See you on Wednesday"));
    assert!(!letter.text().contains("hunter2"));
    assert!(!world.bot_says(&room, "already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_is_taken_back_in_time_does_not_go() {
    let (world, room) = training(Options {
        quiet: "2s",
        ..Options::default()
    })
    .await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let edit = world.ann.edit(&room, &said, "My password is hunter2");
    world.ann.redact(&room, &edit);
    // Whoever takes back the message itself takes back its correction.
    let other = world.ann.edit(&room, &said, "My other password is hunter2");
    world.ann.redact(&room, &said);
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    assert_ne!(other, edit);
    assert!(world.bot_says(&room, "had already gone by email to Jane Doe"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_taken_back_too_late_is_told_and_corrected() {
    let (world, room) = training(Options::default()).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let edit = world.ann.edit(&room, &said, "My password is hunter2");
    world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    world.ann.redact(&room, &edit);
    let letter = &world.mails_to("jane@acme.com", 3).await[2];
    let text = letter_text(letter);
    assert!(
        text.contains("Correction") && text.contains("See you on Tuesday"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    world
        .until("the bot tells", || {
            world.bot_says(&room, "had already gone by email to Jane Doe")
        })
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_quoted_by_nobody() {
    let (world, room) = training(patient()).await;
    let said = world.ann.say(&room, "My password is hunter2");
    world.ann.reply(&room, &said, "Don't write that here");
    world.ann.react(&room, &said, "😱");
    world.ann.redact(&room, &said);
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Don't write that here"));
    assert!(!letter.text().contains("hunter2"), "{}", letter.text());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sign_of_several_is_one() {
    let (world, room) = training(Options::default()).await;
    let ben = world.homeserver.user("ben");
    ben.set_displayname("Ben");
    world.ann.invite(&room, ben.id());
    ben.join(&room);
    let said = world.ann.say(&room, "See you at nine");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let first = world.ann.react(&room, &said, "👍");
    ben.react(&room, &said, "👍");
    ben.react(&room, &said, "🎉");
    world.quiet().await;
    world.ann.say(&room, "Until tomorrow");
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert_eq!(text.matches("👍").count(), 1, "{text}");
    assert!(text.contains("Ann, Ben") && text.contains("🎉"), "{text}");
    world.settled().await;
    world.ann.redact(&room, &first);
    world.settled().await;
    assert!(!world.bot_says(&room, "already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_alone_waits_though_a_message_was_taken_back_beside_it() {
    let (world, room) = training(Options {
        quiet: "2s",
        ..Options::default()
    })
    .await;
    let said = world.ann.say(&room, "See you at nine");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    world.ann.react(&room, &said, "👍");
    let other = world.ann.say(&room, "My password is hunter2");
    world.ann.redact(&room, &other);
    world.quiet().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.sink.count(), 1);
    world.ann.say(&room, "Until tomorrow");
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(
        text.contains("👍") && text.contains("Until tomorrow"),
        "{text}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_one_room_changes_nothing_in_another() {
    let (world, room) = training(patient()).await;
    let other = world.room("Other", &[("bob@beta.com", "Bob")]).await;
    let said = world.ann.say(&room, "See you on Tuesday");
    world.quiet().await;
    world.ann.edit(&other, &said, "See you never");
    world.ann.react(&other, &said, "👎");
    world.ann.reply(&other, &said, "So do we");
    world.ask(&room, "!email now").await;
    world.ask(&other, "!email now").await;
    let to_jane = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        to_jane.contains("See you on Tuesday") && !to_jane.contains("👎"),
        "{to_jane}"
    );
    let to_bob = letter_text(&world.mails_to("bob@beta.com", 1).await[0]);
    assert!(
        to_bob.contains("So do we") && !to_bob.contains("Tuesday"),
        "{to_bob}"
    );
    world.finish().await;
}

/// How often the room is told that what was taken back may have gone.
fn told_of_doubt(world: &World, room: &str) -> usize {
    let said = world.said_by(room, "@postroom:example.org");
    let told = "Ann, the message you removed may have gone by email to Jane Doe";
    said.iter().filter(|text| text.contains(told)).count()
}

/// Everything that was said up to now has been decided about.
async fn decided(world: &World, room: &str) {
    let note = world.ann.say(room, "!!by the way");
    world
        .until("the lock", || world.marks_on(room, &note) == ["🔒"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_gone_before_it_was_taken_back_is_told_once() {
    let (mut world, room) = training(Options::default()).await;
    let lost = Trouble::take_then_close().after(Duration::from_secs(2));
    let lost = world.sink.trouble(lost.times(1));
    let said = world.ann.say(&room, "My password is hunter2");
    world
        .until("the mail server thinks", || world.sink.hits(lost) == 1)
        .await;
    world.ann.redact(&room, &said);
    world
        .until("the bot tells", || told_of_doubt(&world, &room) == 1)
        .await;
    world.settled().await;
    world.stop_postroom().await;
    world.start_postroom().await;
    world.ann.say(&room, "See you on Tuesday");
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    assert!(!letter.text().contains("hunter2"), "{}", letter.text());
    world.settled().await;
    assert_eq!(told_of_doubt(&world, &room), 1);
    assert!(!world.bot_says(&room, "already gone"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_off_attempt_may_have_carried_is_told_once() {
    let (mut world, room) = training(patient()).await;
    let other = world.ann.say(&room, "My pin is 99");
    let said = world.ann.say(&room, "My password is hunter2");
    world.ann.say(&room, "See you on Tuesday");
    // Nobody can have this one.
    world.ann.redact(&room, &other);
    let slow = Trouble::delay(Stage::Message, Duration::from_secs(30));
    let slow = world.sink.trouble(slow.times(1));
    world.ask(&room, "!email now").await;
    world
        .until("the mail server thinks", || world.sink.hits(slow) == 1)
        .await;
    world.ann.redact(&room, &said);
    decided(&world, &room).await;
    for _ in 0..2 {
        world.kill_postroom();
        world.start_postroom().await;
        world
            .until("the bot tells", || told_of_doubt(&world, &room) == 1)
            .await;
        world.settled().await;
    }
    assert_eq!(told_of_doubt(&world, &room), 1);
    let mails = world.sink.mails_to("jane@acme.com");
    let last = letter_text(mails.last().unwrap());
    assert!(
        last.contains("on Tuesday") && !last.contains("hunter2"),
        "{last}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_once_the_doubt_is_known_is_told_once() {
    let (world, room) = training(Options::default()).await;
    let lost = world.sink.trouble(Trouble::take_then_close().times(1));
    let slow = Trouble::delay(Stage::Rcpt, Duration::from_secs(2));
    let said = world.ann.say(&room, "My password is hunter2");
    world
        .until("the answer is lost", || world.sink.hits(lost) == 1)
        .await;
    let slow = world.sink.trouble(slow.times(1));
    world
        .until("the next attempt", || world.sink.hits(slow) == 1)
        .await;
    world.ann.redact(&room, &said);
    world.settled().await;
    let told = world.said_by(&room, "@postroom:example.org");
    let told = told.iter().filter(|text| text.contains("you removed"));
    assert_eq!(told.count(), 1);
    world.finish().await;
}

/// A room with Jane and Joe, whose letter "See you on Tuesday" was put off; its event.
async fn put_off(world: &World) -> (String, String) {
    let room = world.room("Training", &[]).await;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted");
    world.sink.trouble(greylisted.times(4));
    world
        .ask(&room, "!email add jane@acme.com joe@acme.com")
        .await;
    let said = world.ann.say(&room, "See you on Tuesday");
    wait_for_retry(world, 2, 0).await;
    (room, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_gets_no_new_words() {
    let world = World::start(Options::default()).await;
    let (room, said) = put_off(&world).await;
    world.ask(&room, "!email remove joe@acme.com").await;
    world.ann.edit(&room, &said, "The code is hunter2");
    let mails = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&mails[0]).contains("See you on Tuesday"));
    assert!(letter_text(&mails[1]).contains("The code is hunter2"));
    let to_joe = &world.mails_to("joe@acme.com", 1).await[0];
    assert!(letter_text(to_joe).contains("See you on Tuesday"));
    world.settled().await;
    assert_eq!(world.sink.count(), 3);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_goes_to_nobody_though_the_bot_is_out() {
    let world = World::start(Options::default()).await;
    let (room, said) = put_off(&world).await;
    world.ann.kick(&room, "@postroom:example.org");
    world
        .until("the bot is out", || {
            world.bot_says(&world.control_room, "removed me from")
        })
        .await;
    world.ann.redact(&room, &said);
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}
