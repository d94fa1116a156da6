//! Somebody answers with their id, is invited, and comes.

use std::time::Duration;

use super::{JANE_THERE, desk, is_invited, jane_writes, moved, notice, notices, until_invited};
use crate::{
    desk::{Desk, JANE, mail},
    support::{
        fake_homeserver::Fault,
        world::{Options, World, header, letter_text},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_with_their_id_is_invited_and_gets_a_last_mail_once_they_are_there() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, "Jane.D : Matrix.org").await;
    until_invited(world, &desk.room, JANE_THERE).await;
    assert_eq!(
        desk.said(),
        ["Jane.D : Matrix.org"],
        "the mail is posted in any case"
    );
    let (_, told) = notice(world, &desk.room, "asks by mail to come in");
    assert_eq!(
        told,
        "Jane Doe asks by mail to come into this room as @jane.d:matrix.org. They would read nothing \
         from before the invitation; and from then on everything here, notes and threads among us too. \
         My notices for staff go to the control room from then on. I invite them."
    );
    // While she hasn't come she gets mail as before.
    world.tell(&desk.room, "See you there.").await;
    world.mails_to("jane@acme.com", 2).await;

    let jane = world.homeserver.user(JANE_THERE);
    jane.join(&desk.room);
    let last = world.mails_to("jane@acme.com", 3).await.remove(2);
    let text = letter_text(&last);
    assert!(
        text.contains("you are in the chat now, as @jane.d:matrix.org"),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "https://matrix.to/#/{}?via=example.org",
            desk.room
        )),
        "{text}"
    );
    assert_eq!(
        header(&last.raw, "Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert_eq!(
        header(&last.raw, "X-Auto-Response-Suppress").as_deref(),
        Some("OOF, AutoReply")
    );
    assert_eq!(
        header(&last.raw, "Subject").as_deref(),
        Some("Re: Kernel training")
    );
    assert!(
        header(&last.raw, "References")
            .unwrap_or_default()
            .contains(&desk.letter_id)
    );
    world.quiet().await;
    assert!(!world.is_in(&desk.room, &desk.jane), "her ghost makes way");
    // What is for staff is told where only they read it.
    let (_, arrived) = notice(world, &world.control_room, "is here as");
    assert_eq!(
        arrived,
        "In “Kernel training”: Jane Doe is here as @jane.d:matrix.org now. Mails to them have stopped, \
         with a last note; what they answer by mail still appears here under their name."
    );

    let strangers = notices(world, &world.control_room, "They aren't staff");
    assert_eq!(strangers, [], "who she is was told");

    // Mails have stopped, and what she says goes to nobody who wrote it.
    world.tell(&desk.room, "Now here.").await;
    jane.say(&desk.room, "Thanks!");
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);

    // An old letter's answer still arrives, under the same person, and nobody mails that to her.
    jane_writes(&desk, "One more by mail.").await;
    assert_eq!(desk.said(), ["Jane.D : Matrix.org", "One more by mail."]);
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    let list = world.ask(&desk.room, "!email list").await;
    assert!(
        list.contains("Jane Doe <jane@acme.com> (in Matrix as @jane.d:matrix.org)"),
        "{list}"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_says_in_matrix_goes_to_the_others_by_mail() {
    let (desk, jane) = moved(Options::default()).await;
    let world = &desk.world;
    world.add(&desk.room, "joe@beta.example", "Joe").await;
    jane.say(&desk.room, "Hello Joe, I read here now.");
    let letter = world.mails_to("joe@beta.example", 1).await.remove(0);
    assert!(letter_text(&letter).contains("Hello Joe, I read here now."));
    assert!(
        !header(&letter.raw, "From")
            .unwrap_or_default()
            .contains("jane")
    );
    world
        .answer(
            &letter,
            "joe@beta.example",
            "Welcome, Jane.",
            "j1@beta.example",
        )
        .await;
    world.settled().await;
    assert_eq!(
        world.sink.mails_to("jane@acme.com").len(),
        2,
        "she reads it in the room"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_stays_with_mail_goes_on_alone() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let room = world.room("Two of them", &[]).await;
    world
        .ann
        .say(&room, "!email add jane@acme.com jim@acme.com");
    world.quiet().await;
    super::let_read_from_the_invitation_on(world, &room).await;
    world.tell(&room, "Hello both.").await;
    let letter = world.mails_to("jim@acme.com", 1).await.remove(0);
    assert!(header(&letter.raw, "To").unwrap().contains("jane@acme.com"));
    let answer = world.ask(&room, "!email list").await;
    assert!(answer.contains("jim@acme.com"));
    world
        .ann
        .say(&room, &format!("!email link jane@acme.com {JANE_THERE}"));
    until_invited(world, &room, JANE_THERE).await;
    world.homeserver.user(JANE_THERE).join(&room);
    world.quiet().await;
    // One in the first room, one in this one, the last mail.
    world.mails_to("jane@acme.com", 3).await;
    world.tell(&room, "Jim, by mail.").await;
    let letter = world.mails_to("jim@acme.com", 2).await.remove(1);
    assert!(
        !header(&letter.raw, "To").unwrap().contains("jane@"),
        "she doesn't get it"
    );
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    // In the other room nothing has changed for her.
    world.tell(&desk.room, "Here still by mail.").await;
    world.mails_to("jane@acme.com", 4).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_newcomers_read_what_was_said_before_staff_are_asked() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    let (notice, text) = notice(world, &desk.room, "asks by mail to come in");
    assert!(
        text.contains("They would read everything that was said here before, notes"),
        "{text}"
    );
    assert!(text.ends_with("✅ invites them."), "{text}");
    world.quiet().await;
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    // Only staff's word counts.
    let eve = world.homeserver.user("@eve:evil.example");
    world.ann.invite(&desk.room, "@eve:evil.example");
    eve.join(&desk.room);
    eve.react(&desk.room, &notice, "✅");
    world.quiet().await;
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    for _ in 0..2 {
        world.ann.react(&desk.room, &notice, "✅");
        world.quiet().await;
    }
    until_invited(world, &desk.room, JANE_THERE).await;
    assert_eq!(
        world.homeserver.count("invite"),
        1 + 1,
        "the ghost's and hers"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_before_staff_agree_is_linked_by_their_word() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    let (asked, _) = notice(world, &desk.room, "asks by mail to come in");
    let jane = world.homeserver.user(JANE_THERE);
    world.ann.invite(&desk.room, JANE_THERE);
    jane.join(&desk.room);
    world.quiet().await;
    world.ann.react(&desk.room, &asked, "✅");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert!(letter_text(&letter).contains("you are in the chat now"));
    world.tell(&desk.room, "Welcome.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_agree_to_late_is_looked_at_again() {
    let options = Options {
        more: "onboarding: {allowed_servers: [acme.com]}",
        ..Options::default()
    };
    let desk = Desk::open(options).await;
    let world = &desk.world;
    let allowed = "!email allowed matrix.org";
    world.ask(&desk.room, allowed).await;
    jane_writes(&desk, JANE_THERE).await;
    let (asked, _) = notice(world, &desk.room, "asks by mail to come in");
    world.ask(&desk.room, "!email allowed matrix.org off").await;
    world.ann.react(&desk.room, &asked, "✅");
    world
        .until("the server is not allowed any more", || {
            world.bot_says(&desk.room, "The invitation waits.")
        })
        .await;
    world.quiet().await;
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    let answer = world.ask(&desk.room, allowed).await;
    assert!(answer.contains("One invitation"), "{answer}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_staff_can_not_be_told_nobody_is_invited() {
    let desk = desk(Options {
        control_room: false,
        ..Options::default()
    })
    .await;
    let world = &desk.world;
    let eve = world.homeserver.user("@eve:evil.example");
    world.ann.invite(&desk.room, eve.id());
    eve.join(&desk.room);
    world.quiet().await;
    jane_writes(&desk, JANE_THERE).await;
    notice(world, &desk.room, "set `control_room` in the configuration");
    world.quiet().await;
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_a_broadcast_comes_into_no_room_by_an_id() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    let answer = world.ask(&desk.room, "!email set broadcast on").await;
    assert!(answer.contains("broadcast"), "{answer}");
    jane_writes(&desk, JANE_THERE).await;
    world.quiet().await;
    assert_eq!(notices(world, &desk.room, JANE_THERE), []);
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    assert_eq!(desk.said().last().unwrap(), JANE_THERE);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_at_the_moment_of_the_switch_is_mailed_once_and_nothing_after() {
    let options = Options {
        quiet: "1h",
        at_most: "2h",
        ..Options::default()
    };
    let world = World::start(options).await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    super::let_read_from_the_invitation_on(&world, &room).await;
    world
        .ann
        .say(&room, &format!("!email link jane@acme.com {JANE_THERE}"));
    until_invited(&world, &room, JANE_THERE).await;
    world.ann.say(&room, "Before the switch.");
    world.quiet_events().await;
    world.homeserver.hold_pushes(true);
    let jane = world.homeserver.user(JANE_THERE);
    world.ann.say(&room, "On the way.");
    jane.join(&room);
    world.ann.say(&room, "After the switch.");
    world.homeserver.hold_pushes(false);
    let mails = world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    let (first, last) = (letter_text(&mails[0]), letter_text(&mails[1]));
    assert!(
        first.contains("Before the switch.") && first.contains("On the way."),
        "{first}"
    );
    assert!(!first.contains("After the switch.") && !last.contains("After the switch."));
    assert!(last.contains("you are in the chat now"), "{last}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_invitation_and_link_nothing_is_lost_or_doubled() {
    let mut desk = desk(Options::default()).await;
    // The homeserver invites, and nobody hears of it.
    let fault = desk
        .world
        .homeserver
        .fault(Fault::drop_answer().at("invite").containing(JANE_THERE));
    let raw = mail(JANE, &desk.token, "", JANE_THERE);
    let replies = desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    let room = desk.room.clone();
    desk.world
        .until("she is invited", || {
            is_invited(&desk.world, &room, JANE_THERE)
        })
        .await;
    desk.world.kill_postroom();
    desk.world.homeserver.clear_fault(fault);
    let jane = desk.world.homeserver.user(JANE_THERE);
    jane.join(&desk.room);
    let joined = desk
        .world
        .homeserver
        .timeline(&desk.room)
        .last()
        .unwrap()
        .event_id
        .clone();
    desk.world.start_postroom().await;
    desk.world.mails_to("jane@acme.com", 2).await;
    desk.world.quiet().await;
    // The join comes again, and so does a kill.
    desk.world.homeserver.push_again(&desk.room, &joined);
    desk.world.quiet().await;
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    desk.world.homeserver.push_again(&desk.room, &joined);
    desk.world.tell(&desk.room, "Only in Matrix.").await;
    desk.world.settled().await;
    assert_eq!(desk.world.sink.mails_to("jane@acme.com").len(), 2);
    assert_eq!(
        notices(&desk.world, &desk.world.control_room, "is here as").len(),
        1
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_the_homeserver_refuses_is_told_and_tried_again_when_it_is_mended() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    let fault = world.homeserver.fault(
        Fault::error(403, "M_FORBIDDEN")
            .at("invite")
            .containing(JANE_THERE),
    );
    jane_writes(&desk, JANE_THERE).await;
    let (_, text) = notice(world, &desk.room, "could not be invited");
    assert!(
        text.contains("`!email allowed matrix.org` tries again"),
        "{text}"
    );
    // Mails go on, also for the second wish.
    jane_writes(&desk, &format!("My Matrix ID: {JANE_THERE}")).await;
    world.tell(&desk.room, "By mail.").await;
    world.mails_to("jane@acme.com", 2).await;
    assert_eq!(notices(world, &desk.room, "could not be invited").len(), 2);
    world.homeserver.clear_fault(fault);
    let answer = world.ask(&desk.room, "!email allowed matrix.org").await;
    assert!(
        answer.contains("One invitation is tried again."),
        "{answer}"
    );
    until_invited(world, &desk.room, JANE_THERE).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_holds_up_nobody() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    let fault = world
        .homeserver
        .fault(Fault::status(502).at("invite").containing(JANE_THERE));
    let raw = mail(JANE, &desk.token, "", JANE_THERE);
    let replies = world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    world
        .until("staff are told", || {
            world.bot_says(&desk.room, "I keep trying for a day")
        })
        .await;
    // The room goes on meanwhile.
    let answer = world.ask(&desk.room, "!email list").await;
    assert!(answer.contains("jane@acme.com"), "{answer}");
    world.homeserver.clear_fault(fault);
    world
        .until("she is invited", || {
            is_invited(world, &desk.room, JANE_THERE)
        })
        .await;
    world.homeserver.wait_pushed(Duration::from_secs(5)).await;
    desk.world.finish().await;
}
