//! What staff make of conversations: open, pending, closed; whose they are; other rooms and other
//! conversations in which they go on.

use std::time::Duration;

use serde_json::json;

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        fake_homeserver::{FakeUser, Fault, TimelineEvent},
        smtp_sink::SinkMail,
        world::{Options, World, header, letter_text, reply_address},
    },
};

/// Staff besides Ann, in the room.
fn bo(world: &World, room: &str) -> FakeUser {
    let bo = world.homeserver.user("bo");
    bo.set_displayname("Bo");
    world.ann.invite(room, bo.id());
    bo.join(room);
    bo
}

/// What the bot has said there that calls somebody.
fn calls(world: &World, room: &str) -> Vec<TimelineEvent> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.kind == "m.room.message")
        .filter(|event| !event.content["m.mentions"]["user_ids"].is_null())
        .collect()
}

/// A direct chat of Ann's with the bot, which has introduced itself.
pub async fn direct_chat(world: &World) -> String {
    let wish = json!({"is_direct": true, "preset": "trusted_private_chat", "invite": [BOT]});
    let room = world.ann.create_room_with(&wish);
    world
        .until("the bot comes", || world.bot_says(&room, "!email list"))
        .await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_opens_a_closed_conversation_and_calls_whose_it_is() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    bo(world, &desk.room);
    let said = world.ask(&desk.room, "!email assign @bo:example.org").await;
    assert!(said.contains("is for Bo from now on"), "{said}");
    let said = world.ask(&desk.room, "!email close").await;
    assert!(said.starts_with("#1 (Jane Doe) is closed."), "{said}");
    let said = world.ask(&desk.room, "!email close 1").await;
    assert!(said.contains("is closed already"), "{said}");

    let raw = mail(JANE, &desk.token, "", "One more question");
    desk.take(&desk.token, &raw).await;
    // The same mail once more: by another way, say.
    desk.take(&desk.token, &raw).await;

    let calls = calls(world, &desk.room);
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(
        call.body(),
        "Bo: Jane Doe has written, so #1 is open again."
    );
    assert_eq!(
        call.content["msgtype"], "m.text",
        "clients tell nobody of notices"
    );
    assert_eq!(
        call.content["m.mentions"],
        json!({"user_ids": ["@bo:example.org"]})
    );
    let html = call.content["formatted_body"].as_str().unwrap();
    assert!(
        html.starts_with("<a href=\"https://matrix.to/#/@bo:example.org\">Bo</a>: "),
        "{html}"
    );
    let timeline = world.homeserver.timeline(&desk.room);
    let place = |id: &str| timeline.iter().position(|event| event.event_id == id);
    let question = desk.events().last().unwrap().event_id.clone();
    assert!(
        place(&question) < place(&call.event_id),
        "the call is below what it is about"
    );
    assert_eq!(desk.said(), ["One more question"]);

    let list = world.ask(&desk.room, "!email list").await;
    assert!(
        list.contains("#1 Jane Doe <jane@acme.com> · waits for us 1 min · Bo"),
        "{list}"
    );
    // Another mail of hers calls nobody: Bo knows.
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "Are you there"))
        .await;
    assert_eq!(self::calls(world, &desk.room).len(), 1);
    // It is her turn when staff have answered.
    world.ann.say(&desk.room, "Yes");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("Yes"));
    let list = world.ask(&desk.room, "!email list").await;
    assert!(
        list.contains("#1 Jane Doe <jane@acme.com> · open · Bo"),
        "{list}"
    );
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "Thanks to you"))
        .await;
    assert_eq!(self::calls(world, &desk.room).len(), 2, "our turn again");
    assert_eq!(world.sink.count(), 2, "none of that went to her");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_opens_nothing() {
    let desk = Desk::open(Options::default()).await;
    desk.world.ask(&desk.room, "!email close").await;
    let away = "Auto-Submitted: auto-replied\n";
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, away, "I am away until Monday"),
    )
    .await;
    let list = desk.world.ask(&desk.room, "!email list").await;
    assert!(list.contains("· closed"), "{list}");
    desk.close().await;
}

/// Killed between the decision and the sending: the call is made once, and the conversation opened once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_wrong_moment_it_opens_and_calls_once() {
    let mut desk = Desk::open(Options::default()).await;
    desk.world.ask(&desk.room, "!email assign me").await;
    desk.world.ask(&desk.room, "!email pending").await;
    desk.world.homeserver.lose_answers(1);
    let raw = mail(JANE, &desk.token, "", "Any news");
    let replies = desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    let room = desk.room.clone();
    desk.world
        .until("Jane's mail is shown", || {
            !desk.world.said_by(&room, &desk.jane).is_empty()
        })
        .await;
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    let replies = desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    desk.world
        .until("Ann is called", || !calls(&desk.world, &room).is_empty())
        .await;
    desk.world.quiet().await;
    assert_eq!(calls(&desk.world, &room).len(), 1);
    assert_eq!(desk.said(), ["Any news"]);
    desk.world.finish().await;
}

/// Who is neither staff nor here by email reads nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_visitor_in_the_room_staff_are_called_in_the_control_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    world.ask(&desk.room, "!email assign me").await;
    // Nor a note; what is written here is read here.
    world
        .ask(&world.control_room, "!email #1 note a hard nut")
        .await;
    let card = world.ask(&desk.room, "!email status 1").await;
    assert!(!card.contains("hard nut"), "{card}");
    assert!(
        card.contains("One note is for staff, and others read here"),
        "{card}"
    );
    let card = world.ask(&world.control_room, "!email #1 status").await;
    assert!(card.contains("a hard nut"), "{card}");
    let asked = world.ann.say(&desk.room, "!email note even harder");
    world
        .until("Ann is warned", || {
            let answers = world.answers_to(&desk.room, &asked);
            answers
                .iter()
                .any(|text| text.contains("everybody in this room reads it"))
        })
        .await;
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "A question"))
        .await;
    assert_eq!(calls(world, &desk.room).len(), 0);
    let calls = calls(world, &world.control_room);
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls[0].body(),
        "Ann: Jane Doe has answered in #1. It is in “Kernel training”."
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_subjects_are_for_staff() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let said = world
        .ask(&desk.room, "!email note calls back on Tuesday")
        .await;
    assert!(said.starts_with("Noted with #1"), "{said}");
    let said = world
        .ask(&desk.room, "!email subject #1 Board bring-up")
        .await;
    assert!(said.contains("Its letters keep their subject"), "{said}");
    let card = world.ask(&desk.room, "!email status 1").await;
    assert!(
        card.starts_with("#1 (Jane Doe): open\n- “Board bring-up”"),
        "{card}"
    );
    assert!(card.contains("calls back on Tuesday"), "{card}");

    for looked_for in ["bring-up", "JANE", "acme.com", "#1", "doe jane"] {
        let found = world
            .ask(&world.control_room, &format!("!email find {looked_for}"))
            .await;
        assert!(
            found.contains("- #1 Jane Doe · Board bring-up · open"),
            "{looked_for}: {found}"
        );
    }
    let found = world.ask(&world.control_room, "!email find Tuesday").await;
    assert!(found.starts_with("I find no conversation"), "{found}");
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, "", "The élan is gone"),
    )
    .await;
    let found = world.ask(&desk.room, "!email find ÉLAN").await;
    assert!(found.contains("- #1 Jane Doe"), "{found}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_room_commands_other_rooms() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let control = &world.control_room;
    let list = world.ask(control, "!email list").await;
    assert!(
        list.starts_with("Conversations that are open or pending (1):\n- #1 Jane Doe · "),
        "{list}"
    );
    let said = world.ask(control, "!email #1 close").await;
    assert!(said.starts_with("#1 (Jane Doe) is closed."), "{said}");
    world
        .until("the room is told", || {
            world.bot_says(
                &desk.room,
                "Ann has asked me elsewhere: #1 (Jane Doe) is closed.",
            )
        })
        .await;
    let said = world.ask(control, "!email open 1").await;
    assert!(said.starts_with("#1 (Jane Doe) is open."), "{said}");
    let list = world
        .ask(control, &format!("!email {} list", desk.room))
        .await;
    assert!(
        list.starts_with("In this room by email:\n- #1 Jane Doe <jane@acme.com>"),
        "{list}"
    );
    let said = world
        .ask(control, &format!("!email {} settings quiet 10m", desk.room))
        .await;
    assert!(said.contains("quiet"), "{said}");
    world
        .until("that too", || {
            world.bot_says(&desk.room, "From now on, in this room:")
        })
        .await;
    // A note is told to nobody.
    world.ask(control, "!email #1 note a hard nut").await;
    assert!(!world.bot_says(&desk.room, "Noted"));
    for (asked, part) in [
        ("!email #99 close", "There is no conversation #99"),
        ("!email close 99", "There is no conversation #99"),
        (
            "!email !nowhere:example.org list",
            "I know no room !nowhere:example.org",
        ),
        (
            "!email #nowhere:example.org list",
            "I know no room #nowhere:example.org",
        ),
        ("!email #1 original", "works only in the room itself"),
        ("!email #1 frobnicate", "I don't know `!email frobnicate`"),
        ("!email list late", "I can't list “late”"),
        ("!email list 7", "There is no page 7"),
        ("!email close", "Nobody takes part"),
    ] {
        let said = world.ask(control, asked).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    // In a room where others would read it nothing is said of another one.
    let other = world.room("Other", &[]).await;
    let said = world.ask(&other, "!email #1 list").await;
    assert!(
        said.starts_with("Everybody here would read the answer"),
        "{said}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_from_elsewhere_overtakes_nothing_that_was_said_before() {
    let mut desk = Desk::open(Options::default()).await;
    let world = &mut desk.world;
    let control = world.control_room.clone();
    world.settled().await;
    world.stop_postroom().await;
    let mut database = world.database().await;
    database.execute("UPDATE rooms SET known_at = NULL").await;
    database.close().await;
    world.start_postroom().await;
    // What is said in Jane's room has to wait, what is said in the control room hasn't.
    let fault = Fault::status(502).at("all_state").containing(&desk.room);
    let fault = world.homeserver.fault(fault);
    world.ann.say(&desk.room, "Our last word");
    world
        .until("the room waits", || world.homeserver.hits(fault) > 0)
        .await;
    world.ann.say(&control, "!email #1 remove jane@acme.com");
    world.ann.say(&control, "!email help");
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.homeserver.clear_fault(fault);
    world
        .until("she is removed, and told of it", || {
            world.bot_says(&desk.room, "gets no more mail")
        })
        .await;
    world.settled().await;
    let mails = world.sink.mails_to("jane@acme.com");
    assert_eq!(letters_saying(&mails, "Our last word").len(), 1);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_named_by_its_alias_or_by_a_pill() {
    let world = World::start(Options::default()).await;
    let room = world
        .ann
        .create_room_with(&json!({"name": "Training", "room_alias_name": "training"}));
    world.invite_bot(&room).await;
    world.add(&room, "jane@acme.com", "Jane").await;
    let control = world.control_room.clone();
    let list = world
        .ask(&control, "!email #training:example.org list")
        .await;
    assert!(list.contains("jane@acme.com"), "{list}");
    // As Element writes it.
    let asked = world.ann.send(
        &control,
        "m.room.message",
        json!({
            "msgtype": "m.text", "body": "!email Training list",
            "format": "org.matrix.custom.html",
            "formatted_body":
                "!email <a href=\"https://matrix.to/#/%23training:example.org\">Training</a> list",
        }),
    );
    let list = world.answer_to(&control, &asked).await;
    assert!(list.contains("jane@acme.com"), "{list}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_is_for_commands_only() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let chat = direct_chat(world).await;
    world.ann.say(&chat, "Hello bot");
    let list = world.ask(&chat, "!email list").await;
    assert!(
        list.contains("- #1 Jane Doe · Kernel training · open"),
        "{list}"
    );
    let said = world.ask(&chat, "!email pending 1").await;
    assert!(said.starts_with("#1 (Jane Doe) is pending."), "{said}");
    world
        .until("the room is told", || {
            world.bot_says(&desk.room, "Ann has asked me elsewhere")
        })
        .await;
    let said = world.ask(&chat, "!email add bob@acme.com Bob").await;
    assert!(
        said.starts_with("Nobody takes part by email in a direct chat"),
        "{said}"
    );
    // Strangers have none.
    let zoe = world.homeserver.user("@zoe:other.org");
    let wish = json!({"is_direct": true, "invite": [BOT]});
    let other = zoe.create_room_with(&wish);
    world
        .until("staff hear of it", || {
            world.bot_says(&world.control_room, "They aren't staff")
        })
        .await;
    world.quiet().await;
    assert!(!world.is_in(&other, BOT));
    desk.close().await;
}

fn letters_saying<'l>(letters: &'l [SinkMail], text: &str) -> Vec<&'l SinkMail> {
    let says = |letter: &&SinkMail| letter_text(letter).contains(text);
    letters.iter().filter(says).collect()
}

/// Two customers' rooms become the places of one: old answers arrive where it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_moved_conversation_takes_its_answers_along() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Board bring-up", &[]).await;
    let said = world
        .ask(&desk.room, &format!("!email move 1 {other}"))
        .await;
    assert!(
        said.contains("#1 (Jane Doe) goes on in “Board bring-up”"),
        "{said}"
    );
    world
        .until("Jane comes and goes", || {
            world.is_in(&other, &desk.jane) && !world.is_in(&desk.room, &desk.jane)
        })
        .await;
    let told = [
        (
            &other,
            "Ann has moved #1 from “Kernel training” into this room: Jane Doe",
        ),
        (
            &desk.room,
            "Ann has moved #1 out of this room. It goes on in “Board bring-up”.",
        ),
    ];
    world
        .until("both rooms are told", || {
            told.iter().all(|(room, text)| world.bot_says(room, text))
        })
        .await;

    // An answer to the letter from the old room, which is no reply to anything here.
    desk.take(
        &desk.token,
        &mail(
            JANE,
            &desk.token,
            &format!("In-Reply-To: {}\n", desk.letter_id),
            "From before",
        ),
    )
    .await;
    assert_eq!(world.said_by(&other, &desk.jane), ["From before"]);
    assert_eq!(desk.said(), [""; 0]);
    let shown = world
        .homeserver
        .timeline(&other)
        .into_iter()
        .rfind(|event| event.sender == desk.jane)
        .unwrap();
    assert!(shown.content["m.relates_to"].is_null(), "{shown:?}");

    world.ann.say(&other, "From the new room");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(
        reply_address(&letters[1]).unwrap(),
        desk.token,
        "the same address"
    );
    world.ann.say(&desk.room, "To nobody");
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    let said = world.ask(&desk.room, "!email list").await;
    assert!(said.starts_with("Nobody takes part"), "{said}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_a_moved_conversation_unasked() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let shared = world.room("Beta", &[("joe@beta.example", "Joe")]).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    let public = world.room("Open house", &[]).await;
    world.ann.invite(&public, zoe.id());
    zoe.join(&public);
    for (room, reader) in [(&shared, "Joe"), (&public, "@zoe:other.org")] {
        let said = world
            .ask(&desk.room, &format!("!email move 1 {room}"))
            .await;
        // What people have chosen themselves is no link.
        let said = said.replace('\u{2060}', "");
        assert!(
            said.starts_with(&format!("{reader} would read it there.")),
            "{said}"
        );
    }
    for (asked, part) in [
        (
            "!email move 1 !nowhere:example.org".to_owned(),
            "I am not in the room",
        ),
        (
            format!("!email move 1 {}", desk.room),
            "is in that room already",
        ),
        ("!email move 1".to_owned(), "“1” is not a room"),
        ("!email move".to_owned(), "Where to?"),
    ] {
        let said = world.ask(&desk.room, &asked).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    assert!(world.is_in(&desk.room, &desk.jane));
    let said = world
        .ask(&desk.room, &format!("!email move 1 {shared} --share"))
        .await;
    assert!(said.contains("goes on in “Beta”"), "{said}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_conversations_of_a_customer_become_one() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world
        .room("Board bring-up", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&other, "Hello again");
    let second = world.mails_to("jane@acme.com", 2).await.remove(1);
    let old_token = desk.token.clone();
    let raw = mail(JANE, &old_token, "", "Before it was merged");
    desk.take(&old_token, &raw).await;

    let said = world.ask(&world.control_room, "!email merge 1 2").await;
    assert!(said.starts_with("#1 goes on in #2"), "{said}");
    world
        .until("Jane leaves the old room", || {
            !world.is_in(&desk.room, &desk.jane)
        })
        .await;
    world
        .until("both rooms are told", || {
            [&other, &desk.room]
                .iter()
                .all(|room| world.bot_says(room, "Ann has put #1 and #2 together"))
        })
        .await;

    // The mail that was there before is not shown again, whatever way it comes.
    desk.take(&old_token, &raw).await;
    assert_eq!(world.said_by(&other, &desk.jane), [""; 0]);
    desk.take(
        &old_token,
        &mail(JANE, &old_token, "", "To the old address"),
    )
    .await;
    desk.take(
        &reply_address(&second).unwrap(),
        &mail(
            JANE,
            &reply_address(&second).unwrap(),
            "",
            "To the other one",
        ),
    )
    .await;
    assert_eq!(
        world.said_by(&other, &desk.jane),
        ["To the old address", "To the other one"]
    );
    assert_eq!(desk.said(), ["Before it was merged"]);

    let third = world.room("Third", &[("joe@beta.example", "Joe")]).await;
    let said = world.ask(&world.control_room, "!email merge 3 2").await;
    assert!(said.contains("are with different customers"), "{said}");
    for (asked, part) in [
        ("!email merge 2 1", "Nobody takes part in #1 any more"),
        ("!email merge 2 2", "#2 is one already"),
        ("!email merge 2", "Which two?"),
        ("!email merge 2 99", "There is no conversation #99"),
    ] {
        let said = world.ask(&world.control_room, asked).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    world.ann.say(&third, "Still there");
    world.mails_to("joe@beta.example", 1).await;
    desk.world.finish().await;
}

/// What waits in either queue when they become one goes out once.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_conversations_become_one_goes_out_once() {
    let world = World::start(Options {
        quiet: "1m",
        ..Options::default()
    })
    .await;
    let one = world.room("One", &[("jane@acme.com", "Jane Doe")]).await;
    let two = world.room("Two", &[("jane@acme.com", "Jane Doe")]).await;
    world.ann.say(&one, "Said in the first");
    world.ann.say(&two, "Said in the second");
    // Rooms are worked on side by side.
    world.quiet_events().await;
    world.ask(&world.control_room, "!email merge 1 2").await;
    world.ask(&two, "!email now").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(letters_saying(&letters, "Said in the first").len(), 1);
    assert_eq!(letters_saying(&letters, "Said in the second").len(), 1);
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_asked_for_where_several_may_be_meant() {
    let world = World::start(Options::default()).await;
    let room = world
        .room(
            "Training",
            &[("jane@acme.com", "Jane"), ("joe@beta.example", "Joe")],
        )
        .await;
    let said = world.ask(&room, "!email close").await;
    assert!(
        said.starts_with("Which conversation? Give its number, as in `!email close #1`"),
        "{said}"
    );
    let said = world.ask(&room, "!email close 2").await;
    assert!(said.starts_with("#2 (Joe) is closed."), "{said}");
    let list = world.ask(&room, "!email list closed").await;
    assert!(
        list.starts_with("Conversations that are closed (1):\n- #2 Joe"),
        "{list}"
    );
    for (asked, part) in [
        (
            "!email close please",
            "“please” is not the number of a conversation",
        ),
        ("!email assign 1 Bo", "“Bo” is not a Matrix id"),
        (
            "!email assign 1 @zoe:other.org",
            "@zoe:other.org isn't staff here",
        ),
        ("!email assign 1 @postroom:example.org", "isn't staff here"),
        ("!email unassign 1", "#1 (Jane) was assigned to nobody"),
        ("!email subject", "What shall it be called?"),
        ("!email note", "What shall I note?"),
        ("!email find", "What shall I look for?"),
        ("!email find x", "please give me more of it"),
        ("!email status x", "“x” is not the number of a conversation"),
        ("!email clsoe", "Did you mean `!email close`?"),
        (
            "!email help close",
            "`!email close [NUMBER]` says that a conversation is done.",
        ),
        ("!email help clsoe", "Did you mean `!email close`?"),
    ] {
        let said = world.ask(&room, asked).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    world.finish().await;
}

/// In a thread that is a conversation of its own the command is about that.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_thread_its_own_conversation_is_meant() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let first = world.tell(&desk.room, "Something else").await;
    world.mails_to("jane@acme.com", 2).await;
    world.ann.say_in_thread(&desk.room, &first, "About that");
    world.mails_to("jane@acme.com", 3).await;
    let asked = world.ann.say_in_thread(&desk.room, &first, "!email close");
    let said = world.answer_to(&desk.room, &asked).await;
    assert!(
        said.starts_with("#1 (Jane Doe) is closed."),
        "a mailed root keeps the conversation: {said}"
    );
    desk.world.finish().await;
}

const REMINDERS: &str = "desk: {remind_after: 1s, hours: {monday: \"00:00-24:00\", tuesday: \"00:00-24:00\", \
     wednesday: \"00:00-24:00\", thursday: \"00:00-24:00\", friday: \"00:00-24:00\", saturday: \
     \"00:00-24:00\", sunday: \"00:00-24:00\"}}";

/// The next one comes no sooner than in an hour, also after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told_of_once() {
    let mut desk = Desk::open(Options {
        more: REMINDERS,
        ..Options::default()
    })
    .await;
    desk.world.ask(&desk.room, "!email assign me").await;
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, "", "Is anybody there"),
    )
    .await;
    let control = desk.world.control_room.clone();
    let reminders = |world: &World| {
        let said = world.said_by(&control, BOT).into_iter();
        said.filter(|text| text.contains("for an answer"))
            .collect::<Vec<_>>()
    };
    desk.world
        .until("staff are reminded", || !reminders(&desk.world).is_empty())
        .await;
    assert_eq!(
        reminders(&desk.world),
        [
            "A conversation waits for an answer:\n- #1 Jane Doe · Kernel training · waits for us 1 min · Ann"
        ]
    );
    let calls = calls(&desk.world, &control);
    assert_eq!(
        calls[0].content["m.mentions"],
        json!({"user_ids": ["@ann:example.org"]})
    );
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    desk.world.ann.say(&desk.room, "Yes");
    desk.world.mails_to("jane@acme.com", 2).await;
    desk.world.settled().await;
    assert_eq!(reminders(&desk.world).len(), 1);
    desk.world.finish().await;
}

/// Moderators command the bot in their room, and nobody makes themselves staff by a room of their own.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_power_in_a_room_is_staff_there() {
    let options = Options {
        more: "staff_power_level: 50",
        ..Options::default()
    };
    let world = World::start(options).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    let ghostly = world.homeserver.user("@_irc_kim:example.org");
    let wish = json!({
        "name": "Training", "room_version": "12",
        "power_level_content_override": {"users": {"@zoe:other.org": 50, "@_irc_kim:example.org": 100}},
    });
    let room = world.ann.create_room_with(&wish);
    world.invite_bot(&room).await;
    world.add(&room, "jane@acme.com", "Jane").await;
    for user in [&zoe, &ghostly] {
        world.ann.invite(&room, user.id());
        user.join(&room);
    }
    let asked = zoe.say(&room, "!email close");
    let said = world.answer_to(&room, &asked).await;
    assert!(said.starts_with("#1 (Jane) is closed."), "{said}");
    let asked = ghostly.say(&room, "!email open");
    let said = world.answer_to(&room, &asked).await;
    assert!(said.contains("only staff can give me commands"), "{said}");
    // What holds for all rooms is not hers to change; and in a direct chat everybody has every power.
    let asked = zoe.say(&room, "!email block *@acme.com");
    let said = world.answer_to(&room, &asked).await;
    assert!(said.starts_with("That holds for all rooms"), "{said}");
    let wish = json!({"is_direct": true, "preset": "trusted_private_chat", "invite": [BOT]});
    let chat = zoe.create_room_with(&wish);
    world
        .until("the bot declines", || {
            world.bot_says(&world.control_room, "They aren't staff")
        })
        .await;
    world.quiet().await;
    assert!(!world.is_in(&chat, BOT));
    // Ann, who has made the room, is above all levels there, but that is not what she commands by.
    let said = world.ask(&room, "!email blocked").await;
    assert!(said.starts_with("Nobody is blocked"), "{said}");
    // The power in the control room counts for nothing there, her own for her room.
    let control = world.control_room.clone();
    world.ann.invite(&control, zoe.id());
    zoe.join(&control);
    let levels = json!({"users": {BOT: 50, "@zoe:other.org": 100}});
    world
        .ann
        .set_state(&control, "m.room.power_levels", "", levels);
    for (asked, part) in [
        ("!email held", "only staff can give me commands"),
        ("!email list", "only staff can give me commands"),
        ("!email close 1", "#1 (Jane) is closed already"),
    ] {
        let event = zoe.say(&control, asked);
        let said = world.answer_to(&control, &event).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    // The level is taken away.
    let levels = world
        .homeserver
        .state(&room, "m.room.power_levels", "")
        .unwrap();
    let mut levels = levels;
    levels["users"]["@zoe:other.org"] = json!(49);
    world
        .ann
        .set_state(&room, "m.room.power_levels", "", levels);
    let asked = zoe.say(&room, "!email open");
    let said = world.answer_to(&room, &asked).await;
    assert!(said.contains("only staff can give me commands"), "{said}");
    let asked = zoe.say(&control, "!email #1 open");
    let said = world.answer_to(&control, &asked).await;
    assert!(said.contains("only staff can give me commands"), "{said}");

    // Whoever makes a room has every power there, but the bot doesn't come.
    let own = zoe.create_room("Zoe's own");
    zoe.invite(&own, BOT);
    world
        .until("staff hear of it", || {
            world.bot_says(&world.control_room, "They aren't staff")
        })
        .await;
    world.quiet().await;
    assert!(!world.is_in(&own, BOT));
    world.finish().await;
}

const CARL: &str = "Carl Cox <carl@partner.example>";

/// Who is copied in goes along if staff mean it, and what they were offered still counts.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_in_goes_along_when_two_become_one() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let cc = format!("Cc: {CARL}\n");
    let raw = mail(JANE, &desk.token, &cc, "Carl builds the boards");
    desk.take(&desk.token, &raw).await;
    let offer = world
        .homeserver
        .timeline(&desk.room)
        .into_iter()
        .find(|event| event.sender == BOT && event.body().contains("copied in"))
        .unwrap();
    let other = world
        .room("Board bring-up", &[("jane@acme.com", "Jane Doe")])
        .await;
    let control = &world.control_room;
    let said = world.ask(control, "!email merge 1 2").await;
    assert_eq!(
        said,
        "Carl Cox, copied in in #1, would take part in #2. If that is meant: `!email merge 1 2 --share`. \
         Nothing was merged."
    );
    let said = world.ask(control, "!email merge 1 2 --share").await;
    assert!(said.starts_with("#1 goes on in #2"), "{said}");
    world.tell(&other, "Hello both").await;
    let letter = world.mails_to("carl@partner.example", 1).await.remove(0);
    assert!(letter_text(&letter).contains("Hello both"));
    assert!(header(&letter.raw, "Cc").unwrap().contains("Carl Cox"));

    let answer = mail(CARL, &desk.token, "", "The boards are ready");
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    let carl = world.ghost(&other, "Carl Cox").expect("he is there");
    let shown = world.said_by(&other, &carl);
    assert!(shown[0].starts_with("The boards are ready"), "{shown:?}");
    world.ann.react(&desk.room, &offer.event_id, "➕");
    world
        .until("he is one of the people", || {
            world.bot_says(&other, "is one of the people here now")
        })
        .await;
    desk.world.finish().await;
}

/// Answers to the letters of one room come to another one, where others would read them.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_is_merged_unasked() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let jane = ("jane@acme.com", "Jane Doe");
    let shared = world
        .room("Shared", &[jane, ("joe@beta.example", "Joe")])
        .await;
    let said = world.ask(&shared, "!email merge 1 2").await;
    assert!(
        said.starts_with("Joe would read there what is answered to #1."),
        "{said}"
    );
    assert!(world.is_in(&desk.room, &desk.jane));
    let said = world.ask(&shared, "!email merge 1 2 --share").await;
    assert!(said.starts_with("#1 goes on in #2"), "{said}");
    desk.world.finish().await;
}

/// What waits for staff goes along, too.
#[tokio::test(flavor = "multi_thread")]
async fn held_mail_is_decided_about_where_the_conversation_goes_on() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let eve = "Eve <eve@evil.example>";
    let raw = mail(eve, &desk.token, "", "Let me in");
    desk.take_from("eve@evil.example", &desk.token, &raw).await;
    let other = world.room("Board bring-up", &[]).await;
    world
        .ask(&desk.room, &format!("!email move 1 {other}"))
        .await;
    let held = world.ask(&desk.room, "!email held").await;
    assert!(held.starts_with("No mail waits"), "{held}");
    let held = world.ask(&other, "!email held").await;
    assert!(held.contains("#1 from Eve"), "{held}");
    let chat = direct_chat(world).await;
    let said = world.ask(&chat, "!email release 1").await;
    assert!(said.starts_with("Mail #1 is on its way"), "{said}");
    world
        .until("it is shown there", || {
            world.ghost(&other, "Eve").is_some_and(|eve| {
                let said = world.said_by(&other, &eve);
                said.iter().any(|text| text.starts_with("Let me in"))
            })
        })
        .await;
    desk.world.finish().await;
}

/// The staff of a mailbox command its rooms, from wherever they may ask; of others they learn nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_staff_of_a_mailbox_command_its_rooms_from_elsewhere() {
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
    let own = sam.create_room("Prices");
    sam.invite(&own, BOT);
    world
        .until("the bot joins", || world.bot_says(&own, ""))
        .await;
    let asked = sam.say(&own, "!email add bob@beta.example Bob");
    world.answer_to(&own, &asked).await;
    world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;

    let control = world.control_room.clone();
    world.ann.invite(&control, sam.id());
    sam.join(&control);
    let wish = json!({"is_direct": true, "preset": "trusted_private_chat", "invite": [BOT]});
    let chat = sam.create_room_with(&wish);
    world
        .until("the bot comes", || world.bot_says(&chat, "!email list"))
        .await;
    for room in [&control, &chat] {
        for (asked, part) in [
            ("!email list", "that are open or pending (1):\n- #1 Bob"),
            ("!email find bob", "- #1 Bob"),
            ("!email find jane", "I find no conversation"),
            ("!email #1 close", "#1 (Bob) is closed"),
            ("!email open 1", "#1 (Bob) is open"),
        ] {
            let event = sam.say(room, asked);
            let said = world.answer_to(room, &event).await;
            assert!(said.contains(part), "{asked}: {said}");
        }
    }
    // Nobody else reads it in the chat.
    let event = sam.say(&chat, "!email #1 note a hard nut");
    world.answer_to(&chat, &event).await;
    let event = sam.say(&chat, "!email #1 status");
    let said = world.answer_to(&chat, &event).await;
    assert!(said.contains("a hard nut"), "{said}");
    for (room, asked, part) in [
        (&control, "!email #2 close", "Sorry, only staff"),
        (&control, "!email #99 close", "Sorry, only staff"),
        (&control, "!email held", "Sorry, only staff"),
        (
            &chat,
            "!email #2 close",
            "You may not give me commands for #2",
        ),
    ] {
        let event = sam.say(room, asked);
        let said = world.answer_to(room, &event).await;
        assert!(said.contains(part), "{asked}: {said}");
    }
    // Nor do the others of theirs.
    let list = world.ask(&control, "!email list").await;
    assert!(list.contains("(1):\n- #2 Jane Doe"), "{list}");
    let said = world.ask(&control, "!email #1 close").await;
    assert!(said.contains("You may not give me commands"), "{said}");
    world.finish().await;
}

/// What is asked in the control room is answered there, whatever does the work.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_elsewhere_is_answered_where_it_was_asked() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let (room, control) = (&desk.room, &world.control_room);
    for (asked, part) in [
        ("policy", "“Kernel training”"),
        (
            "allowed matrix.org",
            "People from matrix.org may be invited",
        ),
        (
            "link jane@acme.com @jane:matrix.org",
            "Staff are told in the room",
        ),
        ("unlink jane@acme.com", "jane"),
        ("both jane@acme.com", "Jane Doe"),
        ("mail jane@acme.com", "Jane Doe"),
        ("welcome", "The welcome mail goes to Jane Doe"),
        ("language en", "English"),
        ("timezone Europe/Paris", "Europe/Paris"),
        ("settings", "In this room:"),
        ("settings mailbox", "mailbox"),
        ("held", "No mail waits"),
        ("requests", "equest"),
        ("revoke", "lead nowhere from now on"),
        ("resume jane@acme.com", "is not suspended"),
        ("status", "#1 Jane Doe"),
        ("now", "Nothing waits to be sent."),
        ("add joe@beta.example Joe", "--share"),
        ("erase jane@acme.com", "works only in the room itself"),
        ("remove jane@acme.com", "gets no more mail"),
        ("leave", "Goodbye"),
    ] {
        let event = world.ann.say(control, &format!("!email {room} {asked}"));
        let said = world.answer_to(control, &event).await;
        if !said.contains(part) {
            // An answer that is edited while work goes on.
            world
                .until("the work is done", || {
                    let answers = world.answers_to(control, &event);
                    answers.iter().any(|text| text.contains(part))
                })
                .await;
        }
    }
    world
        .until("the bot leaves", || !world.is_in(room, BOT))
        .await;
    assert!(world.bot_says(room, "Ann has asked me elsewhere: "));
    desk.world.finish().await;
}
