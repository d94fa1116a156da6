//! Rooms live on: they are replaced, lose the bot and get it back, are joined, encrypted, left and
//! deleted.

mod along;

use rstest::rstest;
use serde_json::json;

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        fake_homeserver::Membership,
        world::{Options, World, header, letter_text, reply_address},
    },
};

/// Jane answers her first letter.
async fn jane_writes(desk: &Desk, text: &str) {
    let raw = mail(JANE, &desk.token, "", text);
    desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
}

/// What the bot has said in the control room that contains `text`.
fn told(world: &World, text: &str) -> Vec<String> {
    let said = world.said_by(&world.control_room, BOT).into_iter();
    said.filter(|body| body.contains(text)).collect()
}

async fn until_told(world: &World, text: &str) {
    world
        .until(&format!("staff are told: {text}"), || {
            !told(world, text).is_empty()
        })
        .await;
}

/// Waits until everything of `old` is in `new`, and nobody of ours in `old`.
async fn until_moved(desk: &Desk, new: &str) {
    let world = &desk.world;
    world
        .until("everybody moves", || {
            [BOT, &desk.jane]
                .iter()
                .all(|user| world.is_in(new, user) && !world.is_in(&desk.room, user))
        })
        .await;
    world
        .until("the bot says so", || {
            world.bot_says(new, "This room goes on from the one that it replaces")
        })
        .await;
}

/// The conversation goes on in `new`, and nothing of it is in the old room since `before`.
async fn goes_on(desk: &Desk, new: &str, before: usize) {
    let world = &desk.world;
    jane_writes(desk, "An answer to the old letter").await;
    world.quiet().await;
    assert_eq!(
        world.said_by(new, &desk.jane),
        ["An answer to the old letter"]
    );
    let letters = world.sink.mails_to("jane@acme.com").len();
    world.tell(new, "And on we go").await;
    let letters = world.mails_to("jane@acme.com", letters + 1).await;
    let last = letters.last().unwrap();
    assert!(letter_text(last).contains("And on we go"));
    assert_eq!(reply_address(last).as_ref(), Some(&desk.token));
    let references = header(&last.raw, "References").unwrap();
    assert!(references.contains(&desk.letter_id), "{references}");
    let old = world.homeserver.messages(&desk.room);
    let since: Vec<_> = old.into_iter().skip(before).collect();
    assert_eq!(since, [], "nothing is said in the old room");
}

#[rstest]
#[case("11", "12")]
#[case("12", "12")]
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_replaced_takes_everybody_along(#[case] from: &str, #[case] to: &str) {
    let world = World::start(Options::default()).await;
    let ann = world.ann.clone();
    let room = ann.create_room_with(&json!({"name": "Kernel training", "room_version": from}));
    world.invite_bot(&room).await;
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.ask(&room, "!email settings quiet 10m").await;
    world.ask(&room, "!email settings quiet 0s").await;
    ann.say(&room, "Hello Jane");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.quiet().await;
    let desk = Desk {
        token: reply_address(&letter).unwrap(),
        letter_id: header(&letter.raw, "Message-ID").unwrap(),
        jane: world.ghost(&room, "Jane Doe").unwrap(),
        world,
        room,
        letter,
    };
    let before = desk.world.homeserver.messages(&desk.room).len();
    let new = ann.upgrade(&desk.room, to);
    // As Element does: everybody is invited, ghosts before the bot.
    ann.invite(&new, &desk.jane);
    ann.invite(&new, BOT);
    until_moved(&desk, &new).await;
    goes_on(&desk, &new, before).await;
    let settings = desk.world.ask(&new, "!email settings quiet").await;
    assert!(settings.contains("set here by @ann"), "{settings}");
    assert_eq!(told(&desk.world, "replaced"), [""; 0]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_a_letter_goes_from_the_new_room() {
    let world = World::start(Options {
        quiet: "10m",
        at_most: "10m",
        ..Options::default()
    })
    .await;
    let room = world.room("Training", &[("jane@acme.com", "Jane")]).await;
    world.ann.say(&room, "Said before");
    world.quiet().await;
    let new = world.ann.upgrade(&room, "12");
    world.ann.invite(&new, BOT);
    world
        .until("it moves", || world.bot_says(&new, "This room goes on"))
        .await;
    world.ann.say(&new, "Said after");
    world.ask(&new, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("Said before") && letter.contains("Said after"));
    world.settled().await;
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_bot_gets_in_staff_know_and_mail_waits() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let before = world.homeserver.messages(&desk.room).len();
    let new = world.ann.upgrade(&desk.room, "12");
    until_told(world, "and I can't get in").await;
    jane_writes(&desk, "Is anybody there?").await;
    until_told(world, "> Is anybody there?").await;
    assert_eq!(desk.said(), [""; 0], "nobody reads there any more");
    world.quiet().await;
    assert_eq!(told(world, "and I can't get in").len(), 1);

    world.ann.invite(&new, BOT);
    until_moved(&desk, &new).await;
    world
        .until("the mail follows", || {
            world.said_by(&new, &desk.jane) == ["Is anybody there?"]
        })
        .await;
    world.quiet().await;
    let old = world.homeserver.messages(&desk.room);
    assert_eq!(old.len(), before, "nothing is said in the old room");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_may_be_in_the_new_room_before_the_old_one_ends() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let creation = json!({"predecessor": {"room_id": desk.room}});
    let wish = json!({"name": "Next", "creation_content": creation});
    let new = world.ann.create_room_with(&wish);
    world.invite_bot(&new).await;
    let before = world.homeserver.messages(&desk.room).len();
    let tombstone = json!({"body": "Moved", "replacement_room": new});
    world
        .ann
        .set_state(&desk.room, "m.room.tombstone", "", tombstone);
    until_moved(&desk, &new).await;
    goes_on(&desk, &new, before).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_midst_it_moves_once() {
    let mut desk = Desk::open(Options::default()).await;
    let before = desk.world.homeserver.messages(&desk.room).len();
    desk.world.kill_postroom();
    let new = desk.world.ann.upgrade(&desk.room, "12");
    desk.world.start_postroom().await;
    desk.world.ann.invite(&new, BOT);
    for pause in [10, 60, 150] {
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        desk.world.kill_postroom();
        desk.world.homeserver.lose_answers(1);
        desk.world.start_postroom().await;
    }
    until_moved(&desk, &new).await;
    goes_on(&desk, &new, before).await;
    let lines = desk.world.said_by(&new, BOT);
    let moved = |line: &&String| line.starts_with("This room goes on");
    assert_eq!(lines.iter().filter(moved).count(), 1, "{lines:?}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_goes_on_below_its_next_mail() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    // A thread that begins with what nobody got by mail is a conversation of its own.
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    let lone = world.ann.say(&desk.room, "Said among us");
    world.quiet().await;
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world
        .ann
        .say_in_thread(&desk.room, &lone, "Which boards do you have?");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let token = reply_address(&letter).unwrap();
    assert_ne!(token, desk.token, "a thread has an address of its own");
    let new = world.ann.upgrade(&desk.room, "12");
    world.ann.invite(&new, BOT);
    until_moved(&desk, &new).await;
    let raw = mail(JANE, &token, "", "Two of them");
    world.mail("jane@acme.com", &[&token], &raw).await;
    world
        .until("it is shown", || {
            world.said_by(&new, &desk.jane) == ["Two of them"]
        })
        .await;
    world.quiet().await;
    let mut timeline = world.homeserver.timeline(&new).into_iter();
    let shown = timeline
        .rfind(|event| event.sender == desk.jane && event.kind == "m.room.message")
        .unwrap();
    assert_eq!(shown.content.get("m.relates_to"), None);
    world
        .ann
        .say_in_thread(&new, &shown.event_id, "Please bring both");
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert_eq!(reply_address(&letters[2]).as_ref(), Some(&token));
    desk.world.finish().await;
}

#[rstest]
#[case::by_somebody_without_power(true)]
#[case::to_a_room_that_goes_on_from_none(false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_that_proves_nothing_moves_nobody(#[case] is_forged: bool) {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("zoe");
    if is_forged {
        let creation = json!({"predecessor": {"room_id": desk.room}});
        let new = zoe.create_room_with(&json!({"creation_content": creation}));
        let content = json!({"body": "Moved", "replacement_room": new});
        world.homeserver.push_forged(&json!({
            "event_id": "$forged", "room_id": desk.room, "sender": "@zoe:example.org",
            "type": "m.room.tombstone", "state_key": "", "origin_server_ts": 1, "content": content,
        }));
        world.ann.say(&desk.room, "Still here");
    } else {
        let new = world.ann.create_room("Elsewhere");
        let content = json!({"body": "Moved", "replacement_room": new});
        world
            .ann
            .set_state(&desk.room, "m.room.tombstone", "", content);
        world.ann.invite(&new, BOT);
        until_told(world, "that room doesn't say so itself").await;
        world.ann.say(&desk.room, "Still here");
    }
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("Still here"));
    jane_writes(&desk, "So am I").await;
    world.quiet().await;
    assert_eq!(desk.said(), ["So am I"]);
    desk.world.finish().await;
}

#[rstest]
#[case::kicked(false)]
#[case::banned(true)]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_the_bot_is_out_waits_for_it(#[case] is_banned: bool) {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world.homeserver.hold_pushes(true);
    world.ann.say(&desk.room, "Said before");
    if is_banned {
        world.ann.ban(&desk.room, BOT);
    } else {
        world.ann.kick_because(&desk.room, BOT, "too loud");
    }
    world.ann.say(&desk.room, "Said after");
    world.homeserver.hold_pushes(false);
    until_told(world, "me from “Kernel training”").await;
    world.mails_to("jane@acme.com", 2).await;
    if !is_banned {
        assert!(told(world, "me from")[0].contains("Their reason: “too loud”."));
    }
    jane_writes(&desk, "Where are you?").await;
    until_told(world, "> Where are you?").await;
    world.quiet().await;
    assert_eq!(desk.said(), [""; 0]);

    if is_banned {
        world.ann.unban(&desk.room, BOT);
    }
    world.ann.invite(&desk.room, BOT);
    world
        .until("it goes on", || desk.said() == ["Where are you?"])
        .await;
    assert!(world.bot_says(&desk.room, "I am back"));
    world.tell(&desk.room, "Here again").await;
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letter_text(&letters[1]).contains("Said before"));
    assert!(letter_text(&letters[2]).contains("Here again"));
    let after = |letter| letter_text(letter).contains("Said after");
    assert!(!letters.iter().any(after), "nobody heard it");
    world.quiet().await;
    assert_eq!(told(world, "me from").len(), 1);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_on_its_way_into_the_room_as_the_bot_is_put_out_is_not_lost() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    // The ghost has to be asked in again, which only the bot can.
    world.homeserver.user(&desk.jane).leave(&desk.room);
    world.quiet().await;
    world.homeserver.hold_pushes(true);
    world.ann.kick(&desk.room, BOT);
    jane_writes(&desk, "Just in time").await;
    // It is tried, refused, and tried again: nobody has told that the bot is out.
    world
        .until("it was tried", || {
            world.log().contains("The bot is out of a room")
        })
        .await;
    world.homeserver.hold_pushes(false);
    until_told(world, "removed me from").await;
    world.ann.invite(&desk.room, BOT);
    world
        .until("it is shown", || desk.said() == ["Just in time"])
        .await;
    world.quiet().await;
    assert_eq!(told(world, "could not be shown"), [""; 0]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_may_not_do_its_work_says_what_it_needs() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let levels = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut levels = world
            .homeserver
            .state(&desk.room, "m.room.power_levels", "")
            .unwrap();
        change(&mut levels);
        world
            .ann
            .set_state(&desk.room, "m.room.power_levels", "", levels);
    };
    levels(&|levels| levels["invite"] = json!(50));
    world
        .until("the room is told", || {
            world.bot_says(&desk.room, "that takes level 50, I have 0")
        })
        .await;
    levels(&|levels| levels["ban"] = json!(60));
    levels(&|levels| levels["events_default"] = json!(40));
    until_told(world, "I may not say anything here any more").await;
    world.quiet().await;
    assert_eq!(told(world, "power levels").len(), 1);
    let lines = world.said_by(&desk.room, BOT);
    let demoted = |line: &&String| line.contains("power levels of this room");
    assert_eq!(lines.iter().filter(demoted).count(), 1, "{lines:?}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_is_no_staff_is_told_of_once() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    until_told(world, "@ann:example.org has invited @zoe:other.org").await;
    zoe.leave(&desk.room);
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    world.quiet().await;
    assert_eq!(told(world, "@zoe:other.org").len(), 1);

    let note = world.ann.say(&desk.room, "!!They pay too little");
    let warning = world.answer_to(&desk.room, &note).await;
    assert!(warning.contains("@zoe:other.org"), "{warning}");
    let note = zoe.say(&desk.room, "!!Do they?");
    world.quiet().await;
    assert_eq!(world.answers_to(&desk.room, &note), [""; 0]);
    // What only staff are to know is told elsewhere.
    let forged = mail(JANE, &desk.token, "", "Pay here");
    world
        .forged_mail("jane@acme.com", &[&desk.token], &forged)
        .await;
    until_told(world, "✋ Mail from Jane Doe").await;
    assert!(!world.bot_says(&desk.room, "✋"));
    zoe.leave(&desk.room);
    let note = world.ann.say(&desk.room, "!!Among us again");
    world.quiet().await;
    assert_eq!(world.answers_to(&desk.room, &note), [""; 0]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_ends_nothing_in_silence() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let algorithm = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    world
        .ann
        .set_state(&desk.room, "m.room.encryption", "", algorithm);
    until_told(world, "has switched encryption on").await;
    world
        .until("the room is told", || {
            world.bot_says(&desk.room, "This room is encrypted from now on")
        })
        .await;
    let secret = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "…"});
    let first = world
        .ann
        .send(&desk.room, "m.room.encrypted", secret.clone());
    let answer = world.answer_to(&desk.room, &first).await;
    assert!(answer.contains("goes to nobody by email"), "{answer}");
    let second = world.ann.send(&desk.room, "m.room.encrypted", secret);
    jane_writes(&desk, "Can you read me?").await;
    world.settled().await;
    assert_eq!(world.answers_to(&desk.room, &second), [""; 0]);
    assert_eq!(desk.said(), ["Can you read me?"]);
    world.mails_to("jane@acme.com", 1).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_staff_have_left_keeps_mail_from_nobodys_eyes() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let bea = world.homeserver.user("bea");
    world.ann.invite(&desk.room, bea.id());
    bea.join(&desk.room);
    bea.leave(&desk.room);
    world.quiet().await;
    assert_eq!(told(world, "was the last of you"), [""; 0]);
    world.ann.leave(&desk.room);
    until_told(
        world,
        "@ann:example.org was the last of you in “Kernel training”",
    )
    .await;
    jane_writes(&desk, "Hello?").await;
    until_told(world, "> Hello?").await;
    world.quiet().await;
    assert_eq!(desk.said(), [""; 0]);
    // A member of staff comes back by way of the bot's admin, here by the ghost's invitation.
    let ghost = world.homeserver.user(&desk.jane);
    ghost.invite(&desk.room, world.ann.id());
    world.ann.join(&desk.room);
    world
        .until("it is shown", || desk.said() == ["Hello?"])
        .await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_room_closes_its_conversations() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world.ann.say(&desk.room, "Last words");
    world.homeserver.delete_room(&desk.room);
    until_told(
        world,
        "The homeserver has taken me out of “Kernel training”",
    )
    .await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("Last words"));
    jane_writes(&desk, "Too late").await;
    world.quiet().await;
    assert_eq!(told(world, "The homeserver has taken me out").len(), 1);
    assert!(!world.said_by(&world.control_room, BOT).is_empty());
    let reports = desk.reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_shut_out_is_told_of() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    let acl = |deny: &[&str]| {
        let content = json!({"allow": ["*"], "deny": deny});
        world
            .ann
            .set_state(&desk.room, "m.room.server_acl", "", content);
    };
    acl(&["evil.example"]);
    acl(&["other.*"]);
    until_told(world, "the server of @zoe:other.org").await;
    acl(&["example.org"]);
    until_told(world, "our own server").await;
    world.quiet().await;
    assert_eq!(told(world, "Shut out now").len(), 2);
    desk.world.finish().await;
}

#[rstest]
#[case::a_known_ghost(true)]
#[case::an_address(false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_with_a_ghost_is_a_private_conversation(#[case] is_known: bool) {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let (invited, address, name) = if is_known {
        (desk.jane.clone(), "jane@acme.com", "Jane Doe")
    } else {
        let id = "@_email_bob=40beta.example:example.org".to_owned();
        (id, "bob@beta.example", "bob")
    };
    let before = world.sink.mails_to(address).len();
    let chat = world.ann.create_direct(&invited);
    world
        .until("the bot comes", || {
            world.bot_says(&chat, "This is a private conversation with")
        })
        .await;
    world.quiet().await;
    let ghost = world.ghost(&chat, name).unwrap();
    assert_eq!(world.is_in(&chat, &invited), is_known);
    world.tell(&chat, "Between the two of us").await;
    let letters = world.mails_to(address, before + 1).await;
    let letter = letters.last().unwrap();
    assert!(letter_text(letter).contains("Between the two of us"));
    world
        .answer(letter, address, "Indeed", "indeed@acme.com")
        .await;
    world.quiet().await;
    let said = world.said_by(&chat, &ghost);
    assert!(said.len() == 1 && said[0].starts_with("Indeed"), "{said:?}");
    assert_eq!(desk.said(), [""; 0]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_than_staff_reach_nobody_by_a_direct_chat() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    let chat = zoe.create_direct(&desk.jane);
    world
        .until("the ghost declines", || {
            world.homeserver.members(&chat).get(&desk.jane) == Some(&Membership::Leave)
        })
        .await;
    let timeline = world.homeserver.timeline(&chat);
    let declined = timeline.last().unwrap();
    let reason = declined.content["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("Only staff"), "{reason}");
    world.quiet().await;
    assert_eq!(world.homeserver.members(&chat).get(BOT), None);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_that_can_not_ask_the_bot_in_says_so() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let chat = world.ann.create_room_with(&json!({
        "name": "Quiet", "invite": [desk.jane], "power_level_content_override": {"invite": 50},
    }));
    world
        .until("it says so", || {
            let said = world.said_by(&chat, &desk.jane);
            said.iter().any(|line| line.contains("please invite it"))
        })
        .await;
    world.ann.invite(&chat, BOT);
    world
        .until("it goes on", || {
            world.bot_says(&chat, "This is a private conversation")
        })
        .await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_somebody_was_put_out_stays_in_the_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world
        .ann
        .kick_because(&desk.room, &desk.jane, "does not pay");
    world
        .until("the room is told", || {
            world.bot_says(&desk.room, "Their reason: “does not pay”.")
        })
        .await;
    assert!(world.bot_says(&desk.room, "`!email leave`"));
    world.ann.ban(&desk.room, &desk.jane);
    world.quiet().await;
    let refused = world
        .ask(&desk.room, "!email add jane@acme.com Jane Doe")
        .await;
    assert!(refused.contains("is banned from this room"), "{refused}");
    world.ann.unban(&desk.room, &desk.jane);
    world.quiet().await;
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world.tell(&desk.room, "Welcome back").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(!letter_text(&letters[1]).contains("does not pay"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_leaves_last_and_what_was_said_still_goes() {
    let world = World::start(Options {
        quiet: "10m",
        at_most: "10m",
        ..Options::default()
    })
    .await;
    let room = world.room("Training", &[("jane@acme.com", "Jane")]).await;
    let jane = world.ghost(&room, "Jane").unwrap();
    world.ann.say(&room, "Goodbye, Jane");
    world.ask(&room, "!email leave").await;
    world
        .until("everybody leaves", || {
            !world.is_in(&room, BOT) && !world.is_in(&room, &jane)
        })
        .await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("Goodbye, Jane"));
    let leaves: Vec<String> = world
        .homeserver
        .timeline(&room)
        .into_iter()
        .filter(|event| event.membership() == "leave")
        .map(|event| event.sender)
        .collect();
    assert_eq!(leaves, [jane, BOT.to_owned()]);
    world.quiet().await;
    assert_eq!(told(&world, "me "), [""; 0], "nobody put it out");
    let control_room = world.control_room.clone();
    let stays = world.ask(&control_room, "!email leave").await;
    assert!(stays.contains("so I stay"), "{stays}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_linked_by_its_alias() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let alias = json!({"alias": "#training:example.org"});
    world
        .ann
        .set_state(&desk.room, "m.room.canonical_alias", "", alias);
    world
        .ann
        .set_state(&desk.room, "m.room.name", "", json!({"name": "Kernel II"}));
    world.ann.kick(&desk.room, BOT);
    until_told(
        world,
        "“Kernel II” (https://matrix.to/#/#training:example.org)",
    )
    .await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_by_an_identity_server_is_explained() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let content = json!({"display_name": "j…@a…", "key_validity_url": "https://id.example/",
        "public_key": "abc"});
    world
        .ann
        .set_state(&desk.room, "m.room.third_party_invite", "token", content);
    world
        .until("it is explained", || {
            world.bot_says(&desk.room, "identity server")
        })
        .await;
    desk.world.finish().await;
}
