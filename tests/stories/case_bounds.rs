//! What commands about conversations must not do: hold others up, let somebody read more unasked, tell
//! more than is theirs to know.

use std::time::Duration;

use serde_json::json;

use crate::{
    cases::direct_chat,
    desk::{BOT, Desk, JANE, mail},
    support::{
        fake_homeserver::Fault,
        world::{Options, World, letter_text, reply_address},
    },
};

const CARL: &str = "Carl Cox <carl@partner.example>";

/// Of another server: what is said before and after, and in other rooms, goes its way.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_can_look_up_holds_up_no_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world
        .homeserver
        .fault(Fault::status(502).at("alias").containing("exmaple.org"));
    let slow = Fault::delay(Duration::from_mins(2))
        .at("alias")
        .containing("slow.example");
    world.homeserver.fault(slow);
    let unknown = |alias: &str| {
        format!(
            "I know no room {alias}: it leads to none where I have been, or its server doesn't answer. \
             Nothing was changed."
        )
    };
    for alias in ["#desk:exmaple.org", "#desk:slow.example"] {
        let asked = format!("!email move 1 {alias}");
        let said = world.ask(&desk.room, &asked).await;
        assert_eq!(said.replace('\u{2060}', ""), unknown(alias));
    }
    let asked = "!email #desk:exmaple.org list";
    let said = world.ask(&world.control_room, asked).await;
    assert_eq!(said.replace('\u{2060}', ""), unknown("#desk:exmaple.org"));
    world.tell(&desk.room, "What we said afterwards").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("What we said afterwards"));
    desk.world.finish().await;
}

/// Our own homeserver is waited for, but what was said before goes.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_command_waits_for_no_look_up_of_it() {
    let mut desk = Desk::open(Options::default()).await;
    let world = &mut desk.world;
    let wish = json!({"name": "Training", "room_alias_name": "training"});
    let room = world.ann.create_room_with(&wish);
    world.invite_bot(&room).await;
    world.settled().await;
    let alias = Fault::status(502)
        .at("alias")
        .containing("#training:example.org");
    let alias = world.homeserver.fault(alias);
    // Both come in one go.
    world.stop_postroom().await;
    let mut database = world.database().await;
    database.execute("UPDATE rooms SET known_at = NULL").await;
    database.close().await;
    let state = Fault::status(502).at("all_state").containing(&desk.room);
    let state = world.homeserver.fault(state);
    world.start_postroom().await;
    world.ann.say(&desk.room, "Our last word");
    let asked = world
        .ann
        .say(&desk.room, "!email move 1 #training:example.org");
    world
        .until("the room waits", || world.homeserver.hits(state) > 0)
        .await;
    assert!(world.homeserver.wait_pushed(Duration::from_secs(20)).await);
    world.homeserver.clear_fault(state);
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("Our last word"));
    assert!(world.homeserver.hits(alias) > 0);
    assert_eq!(world.answers_to(&desk.room, &asked), [""; 0]);
    world.homeserver.clear_fault(alias);
    let said = world.answer_to(&desk.room, &asked).await;
    assert!(said.contains("goes on in “Training”"), "{said}");
    desk.world.finish().await;
}

/// Jane and Bob are one customer; staff have put Bob out of the one room.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_put_out_is_not_brought_back_by_merging() {
    let world = World::start(Options::default()).await;
    let both = "!email add jane@acme.com, bob@acme.com";
    let mut rooms = Vec::new();
    for name in ["Training", "Board bring-up"] {
        let room = world.room(name, &[]).await;
        world.ask(&room, both).await;
        world.tell(&room, &format!("Hello from {name}")).await;
        rooms.push(room);
    }
    world.mails_to("bob@acme.com", 2).await;
    let said = world.ask(&rooms[1], "!email remove bob@acme.com").await;
    assert!(said.contains("gets no more mail"), "{said}");
    let said = world.ask(&world.control_room, "!email merge 1 2").await;
    assert!(said.starts_with("#1 goes on in #2"), "{said}");
    assert!(
        said.ends_with("No more of it goes to bob: they were put out of #2."),
        "{said}"
    );
    world.tell(&rooms[1], "To Jane alone").await;
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letter_text(&letters[2]).contains("To Jane alone"));
    world.settled().await;
    assert_eq!(world.sink.mails_to("bob@acme.com").len(), 2);
    assert!(
        world
            .ghost(&rooms[1], "bob")
            .is_none_or(|bob| !world.is_in(&rooms[1], &bob))
    );
    world.finish().await;
}

/// Carl was let into a thread, and has read nothing else of the room.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_thread_alone_reads_the_room_only_if_staff_mean_it() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let root = world.ann.say(&room, "Plans of ours, before anybody came");
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.ann.say_in_thread(&room, &root, "One more thing");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    let raw = mail(JANE, &token, &format!("Cc: {CARL}\n"), "Carl builds them");
    world.mail("jane@acme.com", &[&token], &raw).await;
    world
        .until("Carl is offered", || {
            world.bot_says(&room, "copied in Carl")
        })
        .await;
    let timeline = world.homeserver.timeline(&room).into_iter();
    let offer = timeline
        .filter(|event| event.sender == BOT)
        .find(|event| event.body().contains("copied in Carl"))
        .unwrap();
    world.ann.react(&room, &offer.event_id, "➕");
    world
        .until("he is let in", || {
            world.bot_says(&room, "is one of the people here now")
        })
        .await;
    let said = world.ask(&room, "!email merge 2 1").await;
    assert_eq!(
        said,
        "Carl Cox, in #2, would take part in #1, too. If that is meant: `!email merge 2 1 --share`. \
         Nothing was merged."
    );
    let said = world.ask(&room, "!email merge 2 1 --share").await;
    assert!(said.starts_with("#2 goes on in #1"), "{said}");
    world.finish().await;
}

/// A guest of the conversation that stays would read what is answered to the one that goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reads_no_other_conversation_that_comes_by_merging() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let raw = mail(
        JANE,
        &desk.token,
        &format!("Cc: {CARL}\n"),
        "Carl builds them",
    );
    desk.take(&desk.token, &raw).await;
    let other = world
        .room("Board bring-up", &[("jane@acme.com", "Jane Doe")])
        .await;
    let said = world.ask(&other, "!email merge 2 1").await;
    assert_eq!(
        said,
        "Carl Cox would read there what is answered to #2. If that is meant: `!email merge 2 1 --share`. \
         Nothing was merged."
    );
    assert_eq!(world.sink.count(), 1);
    let said = world.ask(&other, "!email merge 2 1 --share").await;
    assert!(said.starts_with("#2 goes on in #1"), "{said}");
    desk.world.finish().await;
}

/// A chat that somebody else has come into is a room like others.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_in_which_others_read_shows_no_rooms() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let chat = direct_chat(world).await;
    let list = world.ask(&chat, "!email list").await;
    assert!(list.contains("- #1 Jane Doe"), "{list}");
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&chat, zoe.id());
    for came in [false, true] {
        if came {
            zoe.join(&chat);
        }
        let list = world.ask(&chat, "!email list").await;
        assert!(list.starts_with("Nobody takes part"), "{list}");
        let found = world.ask(&chat, "!email find jane").await;
        assert!(found.starts_with("I find no conversation"), "{found}");
        let said = world.ask(&chat, "!email #1 status").await;
        assert!(said.starts_with("Everybody here would read"), "{said}");
    }
    // It isn't one again when she has gone.
    zoe.leave(&chat);
    let list = world.ask(&chat, "!email list").await;
    assert!(list.starts_with("Nobody takes part"), "{list}");
    desk.close().await;
}

/// A stranger asks the bot into their chat; later staff take it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_declined_invitation_makes_no_direct_chat() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    let wish = json!({"is_direct": true, "preset": "trusted_private_chat", "invite": [BOT]});
    let room = zoe.create_room_with(&wish);
    world
        .until("the bot declines", || {
            world.bot_says(&world.control_room, "They aren't staff")
        })
        .await;
    zoe.invite(&room, world.ann.id());
    world.ann.join(&room);
    zoe.leave(&room);
    world.quiet().await;
    world.ann.invite(&room, BOT);
    world
        .until("the bot joins", || world.is_in(&room, BOT))
        .await;
    world.quiet().await;
    assert!(!world.bot_says(&room, "Here you can ask me about all rooms"));
    let list = world.ask(&room, "!email list").await;
    assert!(list.starts_with("Nobody takes part"), "{list}");
    desk.close().await;
}

/// What is answered before visitors names neither people nor rooms that are elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn visitors_learn_nothing_of_other_rooms() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    let secret = world.room("Secret", &[("joe@beta.example", "Joe")]).await;
    let said = world
        .ask(&desk.room, &format!("!email move 1 {secret}"))
        .await;
    assert!(said.starts_with("Others would read it there."), "{said}");
    let shared = world
        .room(
            "Shared",
            &[("jane@acme.com", "Jane Doe"), ("kim@beta.example", "Kim")],
        )
        .await;
    let said = world.ask(&desk.room, "!email merge 1 3").await;
    assert!(
        said.starts_with("Others would read there what is answered to #1."),
        "{said}"
    );
    // The two may be named where one of them is, and nowhere else.
    let said = world.ask(&secret, "!email merge 1 3").await;
    assert!(said.starts_with("Everybody here would read"), "{said}");
    let said = world.ask(&shared, "!email merge 1 3").await;
    assert!(said.starts_with("Kim would read there"), "{said}");
    let asked = format!("!email {secret} merge 1 3");
    let said = world.ask(&world.control_room, &asked).await;
    assert!(said.starts_with("Kim would read there"), "{said}");
    let asked = format!("!email move 1 {secret} --share");
    let said = world.ask(&desk.room, &asked).await;
    assert!(
        said.starts_with("#1 (Jane Doe) goes on in the other room:"),
        "{said}"
    );
    world
        .until("Jane has gone", || !world.is_in(&desk.room, &desk.jane))
        .await;
    world.settled().await;
    assert!(!world.bot_says(&desk.room, "Secret"));
    assert!(!world.bot_says(&desk.room, "Joe"));
    desk.world.finish().await;
}

/// What staff take back in the quiet minute, or make a note of, has answered nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_got_no_answer_still_waits() {
    let options = Options {
        quiet: "1m",
        ..Options::default()
    };
    let world = World::start(options).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let send_now = async || {
        world.quiet_events().await;
        world.ask(&room, "!email now").await;
        world.settled().await;
    };
    let waits = async || {
        let list = world.ask(&world.control_room, "!email list").await;
        let (waits, open) = (list.contains("· waits for us"), list.contains("· open"));
        assert_ne!(waits, open, "{list}");
        waits
    };
    world.ann.say(&room, "Hello Jane");
    send_now().await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    assert!(!waits().await);
    let token = reply_address(&letter).unwrap();
    let raw = mail(JANE, &token, "", "A question");
    world.mail("jane@acme.com", &[&token], &raw).await;
    world.quiet().await;
    assert!(waits().await);

    let said = world.ann.say(&room, "Yes");
    world.quiet_events().await;
    assert!(!waits().await, "an answer is on its way");
    world.ann.redact(&room, &said);
    world.quiet_events().await;
    assert!(waits().await, "it was taken back");

    let said = world.ann.say(&room, "Who tells her?");
    world.quiet_events().await;
    assert!(!waits().await);
    world.ann.edit(&room, &said, "!! Who tells her?");
    world.quiet_events().await;
    assert!(waits().await, "it is a note");

    let first = world.ann.say(&room, "On Monday");
    let second = world.ann.say(&room, "On Tuesday");
    world.ann.redact(&room, &first);
    world.quiet_events().await;
    assert!(!waits().await, "another answer goes");
    send_now().await;
    world.mails_to("jane@acme.com", 2).await;
    world.ann.redact(&room, &second);
    world.quiet_events().await;
    assert!(!waits().await, "she has had it");
    world.finish().await;
}

/// Staff of one mailbox find theirs among many that are not.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_may_know_hides_nothing() {
    let mut world = World::start(Options::default()).await;
    let sales = format!(
        "acknowledge: never\n  sales:\n    acknowledge: never\n    name: Sales\n    address: \
         sales@example.org\n    reply_address: \"sales+{{token}}@example.org\"\n    smtp: {{url: \
         \"smtp+insecure://{}\"}}\n    staff: [\"@sam:other.org\"]",
        world.sink.address()
    );
    let options = Options {
        mailbox: sales.leak(),
        ..Options::default()
    };
    world.kill_postroom();
    world.write_configuration(&options);
    world.start_postroom().await;
    let sam = world.homeserver.user("@sam:other.org");
    let own = sam.create_room("Boards");
    sam.invite(&own, BOT);
    world
        .until("the bot joins", || world.bot_says(&own, ""))
        .await;
    let asked = sam.say(&own, "!email add bob@beta.example Bob");
    world.answer_to(&own, &asked).await;
    let room = world.room("Training", &[("jane@acme.com", "Jane")]).await;
    let control = world.control_room.clone();
    world.ann.invite(&control, sam.id());
    sam.join(&control);
    world.settled().await;
    let row = |n: i64| format!("('{room}', '$root{n}', 2, 'support', 'Boards', {n})");
    let rows: Vec<String> = (1..=450).map(row).collect();
    let mut database = world.database().await;
    database
        .execute(&format!(
            "INSERT INTO conversations (room_id, thread_root, customer_id, mailbox, subject, created_at) \
             VALUES {}",
            rows.join(", ")
        ))
        .await;
    database.close().await;
    let asked = sam.say(&control, "!email find boards");
    let said = world.answer_to(&control, &asked).await;
    assert_eq!(said.matches("\n- #").count(), 1, "{said}");
    assert!(said.contains("- #1 Bob"), "{said}");
    let asked = sam.say(&control, "!email list all");
    let said = world.answer_to(&control, &asked).await;
    assert_eq!(
        said,
        "Among the 400 that I look through, no conversation that you may command is there. \
         `!email find` looks further."
    );
    world.finish().await;
}

/// What is over can be looked at, noted with, closed; but not moved.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_in_which_nobody_takes_part_can_be_looked_at() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Other", &[]).await;
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    let control = &world.control_room;
    for (room, asked, part) in [
        (&desk.room, "!email note #1 paid in May", "Noted with #1"),
        (&desk.room, "!email status 1", "paid in May"),
        (control, "!email status 1", "nobody takes part any more"),
        (control, "!email #1 note and again", "Noted with #1"),
        (
            control,
            "!email close 1",
            "#1 is closed. Nobody takes part in it any more.",
        ),
        (
            &desk.room,
            "!email open 1",
            "#1 is open. Nobody takes part in it any more.",
        ),
        (
            control,
            "!email revoke 1",
            "There is no such conversation here",
        ),
        (
            &other,
            "!email status 1",
            "There is no conversation #1 here",
        ),
    ] {
        let said = world.ask(room, asked).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    let said = world
        .ask(&desk.room, &format!("!email move 1 {other}"))
        .await;
    assert!(
        said.starts_with("Nobody takes part in #1 any more"),
        "{said}"
    );
    desk.world.finish().await;
}
