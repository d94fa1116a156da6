//! What goes along when a room is replaced, besides conversations.

use serde_json::json;

use super::{jane_writes, told, until_moved, until_told};
use crate::{
    desk::{BOT, Desk, JANE, mail},
    onboarding,
    support::{
        fake_homeserver::Membership,
        world::{Options, World, letter_text},
    },
};

const JANE_THERE: &str = "@jane.d:matrix.org";

#[tokio::test(flavor = "multi_thread")]
async fn who_has_come_to_matrix_is_invited_anew_and_gets_mail_until_they_are_there() {
    let (desk, jane) = onboarding::moved(Options::default()).await;
    let world = &desk.world;
    let new = world.ann.upgrade(&desk.room, "12");
    world.ann.invite(&new, BOT);
    world
        .until("she is invited", || {
            world.homeserver.members(&new).get(jane.id()) == Some(&Membership::Invite)
        })
        .await;
    world.quiet().await;
    world.tell(&new, "Not there yet?").await;
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letter_text(&letters[2]).contains("Not there yet?"));
    jane.join(&new);
    let letters = world.mails_to("jane@acme.com", 4).await;
    assert!(letter_text(&letters[3]).contains("you are in the chat now"));
    world.tell(&new, "Here we are.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 4);
    assert!(!world.is_in(&new, &desk.jane), "her ghost makes way");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_in_matrix_before_is_mailed_to_nobody() {
    let world = World::start(Options {
        quiet: "10m",
        at_most: "10m",
        ..Options::default()
    })
    .await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com joe@acme.com")
        .await;
    let jane = world.homeserver.user(JANE_THERE);
    world.ann.invite(&room, JANE_THERE);
    jane.join(&room);
    world.quiet().await;
    let link = format!("!email link jane@acme.com {JANE_THERE}");
    world.ann.say(&room, &link);
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    world.ann.say(&room, "Read in Matrix");
    world.quiet().await;
    let new = world.ann.upgrade(&room, "12");
    world.ann.invite(&new, BOT);
    onboarding::until_invited(&world, &new, JANE_THERE).await;
    world.ann.say(&new, "Not there yet?");
    world.ask(&new, "!email now").await;
    let to_joe = letter_text(&world.mails_to("joe@acme.com", 1).await[0]);
    assert!(to_joe.contains("Read in Matrix") && to_joe.contains("Not there yet?"));
    let to_jane = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(to_jane.contains("Not there yet?"), "{to_jane}");
    assert!(!to_jane.contains("Read in Matrix"), "{to_jane}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_the_new_room_first_gets_no_mail_at_all() {
    let (desk, jane) = onboarding::moved(Options::default()).await;
    let world = &desk.world;
    let new = world.ann.upgrade(&desk.room, "12");
    world.ann.invite(&new, jane.id());
    jane.join(&new);
    world.ann.invite(&new, BOT);
    world
        .until("it moves", || world.bot_says(&new, "This room goes on"))
        .await;
    world.tell(&new, "Here we are.").await;
    jane.say(&new, "So I see.");
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    assert_eq!(world.homeserver.members(&new).get(&desk.jane), None);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_open_leads_into_the_new_room() {
    let desk = onboarding::desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    onboarding::until_invited(world, &desk.room, JANE_THERE).await;
    let new = world.ann.upgrade(&desk.room, "12");
    world.ann.invite(&new, BOT);
    onboarding::until_invited(world, &new, JANE_THERE).await;
    world.homeserver.user(JANE_THERE).join(&new);
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("you are in the chat now"));
    world.tell(&new, "Welcome.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_made_elsewhere_is_taken_up_in_the_new_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    // A visitor: what is for staff is told in the control room.
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    world.quiet().await;
    jane_writes(&desk, JANE_THERE).await;
    world.quiet().await;
    let control_room = &world.control_room;
    let (offer, _) = onboarding::notice(world, control_room, "asks by mail to come in");
    let new = world.ann.upgrade(&desk.room, "12");
    world.ann.invite(&new, BOT);
    until_moved(&desk, &new).await;
    world.ann.react(control_room, &offer, "✅");
    onboarding::until_invited(world, &new, JANE_THERE).await;
    assert!(!onboarding::is_invited(world, &desk.room, JANE_THERE));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_added_to_both_rooms_gets_everything_once() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let creation = json!({"predecessor": {"room_id": desk.room}});
    let wish = json!({"name": "Next", "creation_content": creation});
    let new = world.ann.create_room_with(&wish);
    world.invite_bot(&new).await;
    world.add(&new, "jane@acme.com", "Jane Doe").await;
    world.tell(&new, "In the new room already").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    let tombstone = json!({"body": "Moved", "replacement_room": new});
    world
        .ann
        .set_state(&desk.room, "m.room.tombstone", "", tombstone);
    until_moved(&desk, &new).await;
    world.tell(&new, "Once, please").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    // Answers to either come here, under the same name.
    jane_writes(&desk, "To the first").await;
    world
        .answer(&letters[1], "jane@acme.com", "To the second", "s@acme.com")
        .await;
    world
        .until("both are shown", || {
            world.said_by(&new, &desk.jane).len() == 2
        })
        .await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_room_that_is_replaced_goes_on() {
    let mut desk = Desk::open(Options::default()).await;
    let old = desk.world.control_room.clone();
    let new = desk.world.ann.upgrade(&old, "12");
    // What is to be told while the bot is at the door waits for it.
    let zoe = desk.world.homeserver.user("@zoe:other.org");
    desk.world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    desk.world.quiet_events().await;
    desk.world.ann.invite(&new, BOT);
    desk.world
        .until("the bot says so", || {
            desk.world.bot_says(&new, "for `control_room`")
        })
        .await;
    desk.world.control_room = new;
    until_told(&desk.world, "@ann:example.org has invited @zoe:other.org").await;
    assert_eq!(told(&desk.world, "@zoe:other.org").len(), 1);
    for _ in 0..2 {
        let forged = mail(JANE, &desk.token, "", "Pay here");
        let control_room = desk.world.control_room.clone();
        let world = &desk.world;
        world
            .forged_mail("jane@acme.com", &[&desk.token], &forged)
            .await;
        until_told(world, "✋ Mail from Jane Doe").await;
        let list = world.ask(&control_room, "!email held").await;
        assert!(list.contains("from Jane Doe"), "{list}");
        // The configuration still names the old one.
        desk.world.kill_postroom();
        desk.world.start_postroom().await;
    }
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_while_the_bot_is_out_is_known_when_it_is_back() {
    let desk = onboarding::desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    onboarding::until_invited(world, &desk.room, JANE_THERE).await;
    world.ann.kick(&desk.room, BOT);
    until_told(world, "removed me from").await;
    let jane = world.homeserver.user(JANE_THERE);
    jane.join(&desk.room);
    world.ann.invite(&desk.room, BOT);
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("you are in the chat now"));
    world.tell(&desk.room, "Here we are.").await;
    // And the other way round.
    world.ann.kick(&desk.room, BOT);
    world.quiet().await;
    jane.leave(&desk.room);
    world.ann.invite(&desk.room, BOT);
    world.quiet().await;
    onboarding::notice(world, &desk.room, "has left the room as");
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_an_earlier_version_are_looked_at_with_their_next_event() {
    let mut world = World::start(Options::default()).await;
    let mut rooms = Vec::new();
    let people = [("jane@acme.com", "Jane Doe")];
    for number in 0..3 {
        rooms.push(world.room(&format!("Room {number}"), &people).await);
    }
    world.quiet().await;
    world.stop_postroom().await;
    let mut database = world.database().await;
    database.execute("UPDATE rooms SET known_at = NULL").await;
    database.close().await;
    world.homeserver.reset_counts();
    world.start_postroom().await;
    world.quiet().await;
    assert_eq!(world.homeserver.count("all_state"), 0, "nobody asks");
    // What it learns there swallows nobody's coming.
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&rooms[1], zoe.id());
    zoe.join(&rooms[1]);
    world.quiet().await;
    let looked_at = world.homeserver.count("all_state");
    assert_eq!(
        looked_at, 2,
        "the room, and the control room, for the notice"
    );
    assert_eq!(told(&world, "@zoe:other.org").len(), 1);
    world.finish().await;
}
