//! Somebody declines, is linked by hand, wants both, or goes back to mail.

use super::{JANE_THERE, desk, is_invited, jane_writes, moved, notice, notices, until_invited};
use crate::{
    desk::Desk,
    support::world::{Options, letter_text},
};

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_goes_on_with_mail() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    until_invited(world, &desk.room, JANE_THERE).await;
    world.homeserver.user(JANE_THERE).leave(&desk.room);
    world.quiet().await;
    let (_, told) = notice(world, &desk.room, "has declined the invitation");
    assert!(told.ends_with("Mails to them go on."), "{told}");
    world.tell(&desk.room, "As before, then.").await;
    world.mails_to("jane@acme.com", 2).await;
    // She changes her mind.
    jane_writes(&desk, &format!("My ID is {JANE_THERE}")).await;
    until_invited(world, &desk.room, JANE_THERE).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_taken_back_is_told() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    until_invited(world, &desk.room, JANE_THERE).await;
    world.ann.kick(&desk.room, JANE_THERE);
    world.quiet().await;
    let (_, told) = notice(world, &desk.room, "has taken back the invitation");
    assert!(told.contains("Mails to Jane Doe go on."), "{told}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_written_to_by_mail_again_when_staff_want_it() {
    let (desk, jane) = moved(Options::default()).await;
    let world = &desk.world;
    world.tell(&desk.room, "In Matrix.").await;
    jane.leave(&desk.room);
    world.quiet().await;
    let (event, told) = notice(world, &desk.room, "has left the room as");
    assert!(told.contains("`!email mail jane@acme.com`"), "{told}");
    world.tell(&desk.room, "To nobody.").await;
    // She looks in, and goes again: that is no new beginning.
    world.ann.invite(&desk.room, JANE_THERE);
    jane.join(&desk.room);
    world.quiet().await;
    jane.leave(&desk.room);
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    assert_eq!(notices(world, &desk.room, "has left the room as").len(), 2);
    for _ in 0..2 {
        world.ann.react(&desk.room, &event, "✅");
        world.quiet().await;
    }
    let (_, told) = notice(world, &desk.room, "gets mail from this room again");
    assert!(told.contains("beginning with the next message"), "{told}");
    world.tell(&desk.room, "By mail again.").await;
    let letter = world.mails_to("jane@acme.com", 3).await.remove(2);
    let text = letter_text(&letter);
    assert!(
        text.contains("By mail again.") && !text.contains("To nobody."),
        "{text}"
    );

    // She comes back: the link holds.
    world.ann.invite(&desk.room, JANE_THERE);
    jane.join(&desk.room);
    world.mails_to("jane@acme.com", 4).await;
    world.tell(&desk.room, "In Matrix again.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 4);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_and_writes_by_mail_is_answered_by_mail() {
    let (desk, jane) = moved(Options::default()).await;
    let world = &desk.world;
    jane.leave(&desk.room);
    world.quiet().await;
    jane_writes(&desk, "I'd rather have mail.").await;
    notice(
        world,
        &desk.room,
        "who has left the room in Matrix, writes by mail",
    );
    world.tell(&desk.room, "Gladly.").await;
    let letter = world.mails_to("jane@acme.com", 3).await.remove(2);
    assert!(letter_text(&letter).contains("Gladly."));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_out_gets_no_mail_until_staff_say_so() {
    let (desk, _jane) = moved(Options::default()).await;
    let world = &desk.world;
    world.ann.kick(&desk.room, JANE_THERE);
    world.quiet().await;
    let (event, told) = notice(
        world,
        &desk.room,
        "has put @jane.d:matrix.org out of the room",
    );
    assert!(told.contains("They get no mail, either"), "{told}");
    world.ann.react(&desk.room, &event, "✅");
    world.tell(&desk.room, "Among us.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    let answer = world.ask(&desk.room, "!email mail jane@acme.com").await;
    assert!(
        answer.contains("gets mail from this room again"),
        "{answer}"
    );
    world.tell(&desk.room, "Hello again.").await;
    world.mails_to("jane@acme.com", 3).await;
    let answer = world.ask(&desk.room, "!email mail jane@acme.com").await;
    assert!(answer.contains("as it is"), "{answer}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_out_and_writes_by_mail_waits_for_staffs_word() {
    let (desk, _jane) = moved(Options::default()).await;
    let world = &desk.world;
    world.ann.kick(&desk.room, JANE_THERE);
    world.quiet().await;
    jane_writes(&desk, "What was that?").await;
    let (event, _) = notice(world, &desk.room, "who was put out of this room, writes");
    world.tell(&desk.room, "Among us.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    world.ann.react(&desk.room, &event, "✅");
    world
        .until("she gets mail", || {
            world.bot_says(&desk.room, "gets mail from this room again")
        })
        .await;
    world.tell(&desk.room, "A mistake.").await;
    let letter = world.mails_to("jane@acme.com", 3).await.remove(2);
    let text = letter_text(&letter);
    assert!(
        text.contains("A mistake.") && !text.contains("Among us."),
        "{text}"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_if_they_want_both() {
    let (desk, jane) = moved(Options::default()).await;
    let world = &desk.world;
    let answer = world.ask(&desk.room, "!email both jane@acme.com").await;
    assert_eq!(
        answer,
        "Jane Doe gets mails besides what they read in Matrix."
    );
    world.tell(&desk.room, "In both.").await;
    world.mails_to("jane@acme.com", 3).await;
    jane.say(&desk.room, "My own words.");
    jane.react(&desk.room, &desk.events()[0].event_id, "👍");
    world.tell(&desk.room, "Once more.").await;
    let letter = world.mails_to("jane@acme.com", 4).await.remove(3);
    let text = letter_text(&letter);
    assert!(
        text.contains("Once more.") && !text.contains("My own words."),
        "{text}"
    );
    let answer = world.ask(&desk.room, "!email both jane@acme.com off").await;
    assert_eq!(answer, "Jane Doe reads in Matrix, and gets no mails.");
    world.tell(&desk.room, "In one.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 4);
    // Who has both and leaves keeps mail.
    world.ask(&desk.room, "!email both jane@acme.com on").await;
    jane.leave(&desk.room);
    world.quiet().await;
    let (_, told) = notice(world, &desk.room, "has left the room as");
    assert!(told.ends_with("Mails to them go on."), "{told}");
    world.tell(&desk.room, "By mail.").await;
    world.mails_to("jane@acme.com", 5).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_by_the_link_is_linked_by_hand() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let jane = world.homeserver.user(JANE_THERE);
    world.ann.invite(&desk.room, JANE_THERE);
    jane.join(&desk.room);
    world.quiet().await;
    assert!(notices(world, &world.control_room, "looks").is_empty());
    world.tell(&desk.room, "Still by mail.").await;
    world.mails_to("jane@acme.com", 2).await;
    world.ann.say(
        &desk.room,
        &format!("!email link jane@acme.com {JANE_THERE}"),
    );
    world.mails_to("jane@acme.com", 3).await;
    world.quiet().await;
    world.tell(&desk.room, "In Matrix.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);

    let answer = world.ask(&desk.room, "!email unlink jane@acme.com").await;
    assert!(answer.contains("are linked no more"), "{answer}");
    world.tell(&desk.room, "In both.").await;
    world.mails_to("jane@acme.com", 4).await;
    let answer = world.ask(&desk.room, "!email unlink jane@acme.com").await;
    assert!(answer.contains("is not linked"), "{answer}");
    let answer = world.ask(&desk.room, "!email both jane@acme.com").await;
    assert!(answer.contains("is not linked"), "{answer}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_who_is_called_like_a_customer_is_only_offered() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    for (user, name) in [("@jd:matrix.org", "Jane Doe"), ("@bob:matrix.org", "Bob")] {
        let newcomer = world.homeserver.user(user);
        newcomer.set_displayname(name);
        world.ann.invite(&desk.room, user);
        newcomer.join(&desk.room);
        world.quiet().await;
    }
    let (event, told) = notice(world, &world.control_room, "If that is the same person");
    assert!(
        told.contains("Jane Doe (@jd:matrix.org) has come in"),
        "{told}"
    );
    world.tell(&desk.room, "By mail.").await;
    world.mails_to("jane@acme.com", 2).await;
    world.ann.react(&world.control_room, &event, "✅");
    world.mails_to("jane@acme.com", 3).await;
    world.quiet().await;
    world.tell(&desk.room, "In Matrix.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_invited_id_counts() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    until_invited(world, &desk.room, JANE_THERE).await;
    let other = world.homeserver.user("@jane.d:evil.example");
    world.ann.invite(&desk.room, "@jane.d:evil.example");
    other.join(&desk.room);
    world.tell(&desk.room, "Still by mail.").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert!(letter_text(&letter).contains("Still by mail."));
    assert!(is_invited(world, &desk.room, JANE_THERE));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_and_added_again_gets_mail() {
    let (desk, _jane) = moved(Options::default()).await;
    let world = &desk.world;
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    world.ask(&desk.room, "!email add jane@acme.com").await;
    world.tell(&desk.room, "By mail.").await;
    world.mails_to("jane@acme.com", 3).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_commands_say_what_to_do() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    for (command, part) in [
        ("!email link", "Who is who?"),
        ("!email link jane@acme.com", "Who is who?"),
        ("!email link jane@acme.com jane", "it names no server"),
        (
            "!email link jane@acme.com jane@matrix.org",
            "it is an email address",
        ),
        ("!email link bob@acme.com @bob:matrix.org", "bob@acme.com"),
        ("!email unlink", "Whom do you mean?"),
        ("!email both jane@acme.com perhaps", "are `on` or `off`"),
        ("!email mail jane", "is not an email address"),
        ("!email mail jane@acme.com", "as it is"),
        ("!email allowed matrix", "can't be allowed"),
        ("!email allowed *@acme.com", "`!email allow`"),
        ("!email welcome bob@acme.com", "bob@acme.com"),
    ] {
        let answer = world.ask(&desk.room, command).await;
        assert!(answer.contains(part), "{command}: {answer}");
    }
    desk.close().await;
}
