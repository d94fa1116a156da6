//! Answers to what was closed long ago, staff who share a room for their requests, and hours.

use crate::{
    desk::{BOT, JANE, mail},
    intake::{
        SUPPORT, made, new_room, reconfigure, request, said, told, triage, without_hint, write,
    },
    support::world::{Options, World, header, letter_text},
};

/// What was closed just now was closed so many days ago.
async fn days_pass(world: &mut World, days: i64) {
    world.quiet().await;
    world.stop_postroom().await;
    let time = days * 24 * 60 * 60 * 1000;
    let earlier = format!(
        "UPDATE conversations SET done_since = done_since - {time}, closed_at = closed_at - {time}"
    );
    world.database().await.execute(&earlier).await;
    world.start_postroom().await;
}

/// The event by which the room shows what somebody has written.
fn event_of(world: &World, room: &str, text: &str) -> String {
    let timeline = world.homeserver.timeline(room).into_iter();
    let mut found = timeline.filter(|event| without_hint(event.body()) == text);
    found.next().unwrap().event_id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_what_was_closed_long_ago_begins_a_conversation_that_links_to_it() {
    let mut world = World::start(triage()).await;
    let room = world.room("Kernel", &[("jane@acme.com", "Jane Doe")]).await;
    let first = world.ann.say(&room, "Hello Jane");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.ask(&room, "!email close").await;
    days_pass(&mut world, 89).await;
    world
        .answer(&letter, "jane@acme.com", "One more thing", "more@acme.com")
        .await;
    world
        .until("it is open again", || world.bot_says(&room, "open again"))
        .await;
    world.ask(&room, "!email close").await;
    days_pass(&mut world, 91).await;
    world
        .answer(&letter, "jane@acme.com", "Hello again", "late@acme.com")
        .await;
    world
        .until("her mail", || said(&world, &room, "Jane Doe").len() == 2)
        .await;
    let notices = told(&world, &room, "which was closed on");
    assert_eq!(notices.len(), 1);
    let link = format!("https://matrix.to/#/{room}/{first}");
    for part in ["answers #1 “Kernel”", "begins #2", &link] {
        let body = notices[0].body();
        assert!(body.contains(part), "{part}: {body}");
    }
    let list = world.ask(&room, "!email list closed").await;
    assert!(list.contains("#1"), "the old one stays closed: {list}");

    // It goes on in the thread under her mail, and so does what else she answers to the old one.
    let root = event_of(&world, &room, "Hello again");
    world.ann.say_in_thread(&room, &root, "What is it?");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(
        header(&letters[1].raw, "In-Reply-To").unwrap(),
        "<late@acme.com>"
    );
    world
        .answer(&letter, "jane@acme.com", "Hello again", "late@acme.com")
        .await;
    world
        .answer(&letter, "jane@acme.com", "Are you there?", "later@acme.com")
        .await;
    world
        .until("her mail", || said(&world, &room, "Jane Doe").len() == 3)
        .await;
    world.quiet().await;
    assert_eq!(
        said(&world, &room, "Jane Doe").len(),
        3,
        "a mail that comes twice is one"
    );
    let timeline = world.homeserver.timeline(&room).into_iter();
    let mut answers = timeline.filter(|event| without_hint(event.body()) == "Are you there?");
    let relates = answers.next().unwrap().content["m.relates_to"].clone();
    assert_eq!(relates["event_id"], root.as_str(), "{relates}");
    assert_eq!(told(&world, &room, "which was closed on").len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_write_in_a_closed_conversation_keeps_it() {
    let mut world = World::start(triage()).await;
    let room = world.room("Kernel", &[("jane@acme.com", "Jane Doe")]).await;
    world.ann.say(&room, "Hello Jane");
    world.mails_to("jane@acme.com", 1).await;
    world.ask(&room, "!email close").await;
    days_pass(&mut world, 91).await;
    world.ann.say(&room, "How did it go?");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    world
        .answer(&letter, "jane@acme.com", "Well", "well@acme.com")
        .await;
    world
        .until("it is open again", || world.bot_says(&room, "open again"))
        .await;
    assert!(told(&world, &room, "which was closed on").is_empty());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_room_is_no_more_becomes_a_request() {
    let mut world = World::start(triage()).await;
    let room = world.room("Kernel", &[("jane@acme.com", "Jane Doe")]).await;
    world.ann.say(&room, "Hello Jane");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.ann.say(&room, "!email leave");
    world
        .until("the bot leaves", || !world.is_in(&room, BOT))
        .await;
    days_pass(&mut world, 91).await;
    world
        .answer(&letter, "jane@acme.com", "Hello again", "late@acme.com")
        .await;
    let asked = request(&world, 1).await;
    let notice = &told(&world, &world.control_room, "Request #1:")[0];
    assert!(
        notice.body().contains("They answer #1"),
        "{}",
        notice.body()
    );
    world.ann.react(&world.control_room, &asked, "✅");
    let new = new_room(&world, &world.ann).await;
    assert_ne!(new, room);
    assert_eq!(said(&world, &new, "Jane Doe"), ["Hello again"]);
    world.finish().await;
}

/// Two mailboxes are told of in one room, and have staff of their own.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_triage_room_the_staff_of_the_mailbox_decide() {
    let mut world = World::start(triage()).await;
    let sam = world.homeserver.user("sam");
    let desk = sam.create_room("Desk");
    let both = format!(
        "acknowledge: never\n    triage_room: \"{desk}\"\n    staff: [\"@ann:example.org\"]\n  \
         sales:\n    acknowledge: never\n    name: Sales\n    address: sales@example.org\n    \
         reply_address: \"sales+{{token}}@example.org\"\n    \
         smtp: {{url: \"smtp+insecure://{}\"}}\n    triage_room: \"{desk}\"\n    \
         staff: [\"@sam:example.org\"]",
        world.sink.address()
    );
    let options = Options {
        mailbox: both.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    sam.invite(&desk, BOT);
    world
        .until("the bot joins", || world.bot_says(&desk, ""))
        .await;
    sam.invite(&desk, world.ann.id());
    world.ann.join(&desk);
    let raw = mail(JANE, "sales@example.org", "", "What does it cost?");
    world
        .mail("jane@acme.com", &["sales@example.org"], &raw)
        .await;
    world
        .until("sales is asked", || {
            !told(&world, &desk, "Request #1:").is_empty()
        })
        .await;
    let asked = told(&world, &desk, "Request #1:")[0].event_id.clone();
    world.ann.react(&desk, &asked, "✅");
    let answer = world.answer_to(&desk, &asked).await;
    assert!(answer.contains("its staff decide"), "{answer}");
    let denied = world.ask(&desk, "!email take 1").await;
    assert!(
        denied.contains("There is no request #1 for you"),
        "{denied}"
    );
    world.quiet().await;
    assert_eq!(made(&world), [""; 0]);
    sam.react(&desk, &asked, "✅");
    let room = new_room(&world, &sam).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["What does it cost?"]);
    let members = world.homeserver.members(&room);
    assert!(!members.contains_key(world.ann.id()), "it is not for her");

    // The other mailbox's requests are hers.
    write(&world, "Bob <bob@beta.example>", "", "My printer is broken").await;
    world
        .until("support is asked", || {
            !told(&world, &desk, "Request #2:").is_empty()
        })
        .await;
    let asked = told(&world, &desk, "Request #2:")[0].event_id.clone();
    world.ann.react(&desk, &asked, "❌");
    let answer = world.answer_to(&desk, &asked).await;
    assert!(answer.contains("put aside"), "{answer}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_acknowledged_while_nobody_is_there() {
    let week = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let hours = |of_a_day: &str| {
        let days = week.map(|day| format!("{day}: \"{of_a_day}\""));
        format!("hours: {{{}}}", days.join(", "))
    };
    let options = |of_a_day: &str| Options {
        mailbox: hours(of_a_day).leak(),
        ..triage()
    };
    let mut world = World::start(options("closed")).await;
    write(&world, JANE, "", "My printer is broken").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    assert!(letter_text(&letter).contains("it has reached us"));
    reconfigure(&mut world, options("0:00-24:00")).await;
    write(&world, "Bob <bob@beta.example>", "", "Mine as well").await;
    request(&world, 2).await;
    world.settled().await;
    assert_eq!(world.sink.count(), 1, "somebody is there");
    let raw = mail("Bob <bob@beta.example>", SUPPORT, "", "Still");
    world.mail("bob@beta.example", &[SUPPORT], &raw).await;
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}
