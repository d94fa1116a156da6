//! When the homeserver is slow, busy, forgets or goes away.

use std::time::{Duration, Instant};

use rstest::rstest;

use crate::{
    desk::{BOT, mail},
    support::{
        fake_homeserver::{Fault, Membership},
        world::{Options, World, letter_text, reply_address},
    },
    training::JANE,
};

/// A room in which Jane has had a letter, and her ghost.
async fn a_conversation() -> (World, String, String) {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "How are you?");
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    (world, room, ghost)
}

/// Jane answers the first letter.
async fn jane_says(world: &World, text: &str, message_id: &str) {
    let letter = &world.sink.mails_to("jane@acme.com")[0];
    world
        .answer(letter, "jane@acme.com", text, message_id)
        .await;
}

/// Waits until all of Jane's answers are there, each once and in order.
async fn jane_is_heard(world: &World, room: &str, ghost: &str, answers: &[&str]) {
    world
        .until("the answers", || {
            world.said_by(room, ghost).len() >= answers.len()
        })
        .await;
    world.settled().await;
    let said = world.said_by(room, ghost);
    assert_eq!(said.len(), answers.len(), "{said:?}");
    for (said, answer) in said.iter().zip(answers) {
        assert!(said.starts_with(answer), "{said:?}");
    }
}

/// The ghost in a room, whatever it is called.
async fn only_ghost(world: &World, room: &str) -> String {
    let ghosts = || {
        let members = world.homeserver.members(room).into_iter();
        let ghosts = members.filter(|(user, membership)| {
            user.starts_with("@_email_") && *membership == Membership::Join
        });
        ghosts.map(|(user, _)| user).collect::<Vec<_>>()
    };
    world.until("a ghost joins", || ghosts().len() == 1).await;
    ghosts().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_name_themselves_mail_comes_all_the_same() {
    let mut world = World::start(Options::default()).await;
    world.homeserver.user(BOT).set_displayname("postroom");
    let refuses = Fault::error(400, "M_FORBIDDEN").at("profile");
    let refuses = world.homeserver.fault(refuses);
    world.kill_postroom();
    world.start_postroom().await;
    assert_eq!(world.homeserver.hits(refuses), 1, "the bot's own name");
    let room = world.room("Training", &[]).await;
    world.ann.say(&room, "!email add jane@acme.com Jane Doe");
    let ghost = only_ghost(&world, &room).await;
    world.tell(&room, "How are you?").await;
    world.mails_to("jane@acme.com", 1).await;
    jane_says(&world, "Well.", "a1@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["Well."]).await;
    let tried = world.homeserver.hits(refuses);
    jane_says(&world, "Thanks.", "a2@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["Well.", "Thanks."]).await;
    assert_eq!(
        world.homeserver.hits(refuses),
        tried,
        "a name is tried once"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_too_long_is_cut() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world.ann.say(&room, "!email add jane@acme.com");
    let ghost = only_ghost(&world, &room).await;
    world.tell(&room, "How are you?").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    let name = "Jane ".repeat(80);
    let from = format!("\"{}\" <jane@acme.com>", name.trim());
    let raw = mail(&from, &token, "", "Now with a long name.");
    world.mail("jane@acme.com", &[&token], &raw).await;
    jane_is_heard(&world, &room, &ghost, &["Now with a long name."]).await;
    let profile = world.homeserver.profile(&ghost).unwrap();
    assert_eq!(profile.displayname.unwrap().chars().count(), 250);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_comes_while_the_homeserver_is_away_is_posted_later() {
    let (world, room, ghost) = a_conversation().await;
    world.homeserver.down().await;
    jane_says(&world, "One.", "a1@acme.com").await;
    jane_says(&world, "Two.", "a2@acme.com").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let health = world.health().await.expect("Postroom is there");
    assert_eq!(health["status"], "not ready");
    world.homeserver.up().await;
    jane_is_heard(&world, &room, &ghost, &["One.", "Two."]).await;
    world.finish().await;
}

#[rstest]
#[case::slow(Fault::delay(Duration::from_secs(3)))]
#[case::answers_late(Fault::late(Duration::from_secs(3)))]
#[case::fails(Fault::status(500))]
#[case::is_unavailable(Fault::status(503))]
#[case::a_bad_gateway(Fault::status(502))]
#[case::acts_and_times_out(Fault::act_then_status(504))]
#[case::acts_and_fails(Fault::act_then_status(500))]
#[case::acts_and_hangs_up(Fault::drop_answer())]
#[case::hangs_up(Fault::drop_request())]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_homeserver_does_a_mail_appears_once(#[case] fault: Fault) {
    let (world, room, ghost) = a_conversation().await;
    let fault = world.homeserver.fault(fault.at("send").times(2));
    jane_says(&world, "One.", "a1@acme.com").await;
    jane_says(&world, "Two.", "a2@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["One.", "Two."]).await;
    assert!(world.homeserver.hits(fault) >= 1);
    world.finish().await;
}

#[rstest]
#[case::times_out(Fault::act_then_status(504))]
#[case::hangs_up(Fault::drop_answer())]
#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_forgets_what_it_did_does_not_do_it_twice(#[case] fault: Fault) {
    let (world, room, ghost) = a_conversation().await;
    // Its own echo must not tell Postroom what became of the event.
    world.homeserver.hold_pushes(true);
    let fault = world.homeserver.fault(fault.at("send").times(1));
    jane_says(&world, "One.", "a1@acme.com").await;
    world
        .until("it acts", || world.homeserver.hits(fault) == 1)
        .await;
    world.homeserver.restart();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.said_by(&room, &ghost).len(), 1);
    world.homeserver.hold_pushes(false);
    jane_is_heard(&world, &room, &ghost, &["One."]).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_does_a_postroom_that_was_killed_meanwhile() {
    let (mut world, room, ghost) = a_conversation().await;
    world.homeserver.hold_pushes(true);
    let fault = Fault::late(Duration::from_secs(5)).at("send").times(1);
    world.homeserver.fault(fault);
    jane_says(&world, "One.", "a1@acme.com").await;
    world
        .until("it acts", || world.said_by(&room, &ghost).len() == 1)
        .await;
    world.kill_postroom();
    world.homeserver.restart();
    world.start_postroom().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.homeserver.hold_pushes(false);
    jane_is_heard(&world, &room, &ghost, &["One."]).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_homeserver_says_how_long_to_wait() {
    let (world, room, ghost) = a_conversation().await;
    let limit = Fault::limited(Duration::from_secs(4)).at("send").times(1);
    let limit = world.homeserver.fault(limit);
    let begun = Instant::now();
    jane_says(&world, "One.", "a1@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["One."]).await;
    let took = begun.elapsed();
    assert!((4_000..8_000).contains(&took.as_millis()), "{took:?}");
    assert_eq!(world.homeserver.hits(limit), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_that_is_out_of_the_room_comes_back_with_its_mail() {
    let (world, room, ghost) = a_conversation().await;
    world.homeserver.user(&ghost).leave(&room);
    world.quiet().await;
    jane_says(&world, "I am still here.", "a1@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["I am still here."]).await;
    assert!(world.is_in(&room, &ghost));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_homeserver_will_not_have_is_reported() {
    let (world, room, ghost) = a_conversation().await;
    let fault = Fault::error(413, "M_TOO_LARGE")
        .at("send")
        .containing("Too much.");
    world.homeserver.fault(fault);
    jane_says(&world, "Too much.", "a1@acme.com").await;
    let control_room = world.control_room.clone();
    world
        .until("staff are told", || {
            world.bot_says(&control_room, "A mail from Jane Doe could not be shown")
        })
        .await;
    jane_says(&world, "Enough.", "a2@acme.com").await;
    jane_is_heard(&world, &room, &ghost, &["Enough."]).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_room_holds_no_other_up() {
    let (world, room, ghost) = a_conversation().await;
    let other = world.room("Project", &[]).await;
    let slow = Fault::delay(Duration::from_secs(8))
        .at("send")
        .containing("Slowly.");
    let slow = world.homeserver.fault(slow.times(1));
    jane_says(&world, "Slowly.", "a1@acme.com").await;
    world
        .until("it takes its time", || world.homeserver.hits(slow) == 1)
        .await;
    let begun = Instant::now();
    world.ask(&other, "!email list").await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    jane_is_heard(&world, &room, &ghost, &["Slowly."]).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_state_cannot_be_read_yet_waits_and_is_heard_later() {
    let world = World::start(Options::default()).await;
    let fault = world
        .homeserver
        .fault(Fault::status(500).at("all_state").times(2));
    let room = world.room("Training", &[JANE]).await;
    assert_eq!(world.homeserver.hits(fault), 2);
    world.ann.say(&room, "Hello");
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_whose_taking_over_was_not_heard_of_come_again_and_count_once() {
    let (world, room, _) = a_conversation().await;
    world.homeserver.lose_answers(2);
    world.ann.say(&room, "Once");
    world.homeserver.wait_pushed(Duration::from_secs(10)).await;
    let said = world.ann.say(&room, "Twice pushed");
    world.homeserver.push_again(&room, &said);
    world.homeserver.restart();
    world.ann.say(&room, "After a restart");
    world.settled().await;
    let letters = world.sink.mails_to("jane@acme.com");
    let all: String = letters.iter().map(letter_text).collect();
    for text in ["How are you?", "Once", "Twice pushed", "After a restart"] {
        assert_eq!(all.matches(text).count(), 1, "{text}: {all}");
    }
    world.finish().await;
}
