//! Matrix threads as conversations of their own, and what holds mails together.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        smtp_sink::SinkMail,
        world::{Options, World, answer, header, letter_text, reply_address},
    },
};

const BOB: (&str, &str) = ("bob@beta.example", "Bob");

fn subject(letter: &SinkMail) -> String {
    header(&letter.raw, "Subject").unwrap()
}

/// A room in which something was said before Jane came.
async fn room_with_a_past(world: &World) -> (String, String) {
    let room = world.room("Training", &[]).await;
    let root = world.ann.say(&room, "Plans of ours, before anybody came");
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.tell(&room, "Hello Jane").await;
    world.mails_to("jane@acme.com", 1).await;
    (room, root)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_about_something_else_is_a_conversation_of_its_own() {
    let world = World::start(Options::default()).await;
    let (room, root) = room_with_a_past(&world).await;
    world.ann.say_in_thread(&room, &root, "One more thing");
    let letters = world.mails_to("jane@acme.com", 2).await;
    let letter = &letters[1];
    assert_eq!(subject(letter), "Training (2)");
    assert_eq!(header(&letter.raw, "References"), None);
    assert_ne!(reply_address(&letters[0]), reply_address(letter));
    assert!(letter_text(letter).contains("One more thing"));
    assert!(!letter.text().contains("Plans of ours"));

    world
        .answer(letter, "jane@acme.com", "Which one?", "which@acme.com")
        .await;
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    world
        .until("her answer", || !world.said_by(&room, &jane).is_empty())
        .await;
    let timeline = world.homeserver.timeline(&room).into_iter();
    let shown = timeline
        .rev()
        .find(|event| event.sender == jane && event.kind == "m.room.message")
        .unwrap();
    let relates = &shown.content["m.relates_to"];
    assert_eq!(relates["rel_type"], "m.thread");
    assert_eq!(relates["event_id"], root.as_str());
    assert_eq!(relates["is_falling_back"], false);

    // What is said in the room stays in its own conversation, and so does what is said in the thread.
    world.tell(&room, "To the room").await;
    world.ann.say_in_thread(&room, &root, "To the thread");
    let letters = world.mails_to("jane@acme.com", 4).await;
    assert_eq!(subject(&letters[2]), "Re: Training");
    assert_eq!(reply_address(&letters[2]), reply_address(&letters[0]));
    assert!(
        !letters[2].text().contains("Which one?"),
        "no quote of the thread"
    );
    assert_eq!(subject(&letters[3]), "Re: Training (2)");
    assert_eq!(
        header(&letters[3].raw, "In-Reply-To").unwrap(),
        "<which@acme.com>"
    );
    assert!(letter_text(&letters[3]).contains("> Which one?"));
    let list = world.ask(&room, "!email list").await;
    assert_eq!(list.matches("jane@acme.com").count(), 1, "{list}");
    assert!(list.contains("thread #2"), "{list}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_about_what_was_mailed_keeps_the_conversation() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let said = world.tell(&desk.room, "See the plan").await;
    world.mails_to("jane@acme.com", 2).await;
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, "", "What about lunch?"),
    )
    .await;
    let asked = desk.events().remove(0).event_id;
    for (n, root) in [(3, &said), (4, &asked)] {
        world.ann.say_in_thread(&desk.room, root, "As promised");
        let letters = world.mails_to("jane@acme.com", n).await;
        assert_eq!(reply_address(&letters[n - 1]).as_ref(), Some(&desk.token));
        assert_eq!(subject(&letters[n - 1]), "Re: Kernel training");
    }
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_room_leaves_its_threads() {
    let world = World::start(Options::default()).await;
    let (room, root) = room_with_a_past(&world).await;
    world.ann.say_in_thread(&room, &root, "One more thing");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    world.ask(&room, "!email remove jane@acme.com").await;
    world.ann.say_in_thread(&room, &root, "Without her");
    world.tell(&room, "Neither here").await;
    world
        .answer(&letter, "jane@acme.com", "Too late", "late@acme.com")
        .await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    assert!(
        world
            .said_by(&room, BOT)
            .iter()
            .filter(|text| text.contains("Too late"))
            .all(|text| text.starts_with('✋'))
    );

    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.ann.say_in_thread(&room, &root, "With her again");
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert_eq!(
        reply_address(&letters[2]),
        reply_address(&letter),
        "the same thread"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_of_a_thread_get_nothing_of_the_room() {
    let world = World::start(Options::default()).await;
    let (room, root) = room_with_a_past(&world).await;
    world.add(&room, BOB.0, BOB.1).await;
    world.ann.say_in_thread(&room, &root, "One more thing");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    world.mails_to(BOB.0, 1).await;
    let token = reply_address(&letter).unwrap();
    let raw = mail(JANE, &token, "Cc: carl@partner.example\n", "Carl knows");
    world.mail("jane@acme.com", &[&token], &raw).await;
    world.settled().await;
    world.mails_to(BOB.0, 2).await;
    world.tell(&room, "To the room").await;
    world.mails_to(BOB.0, 3).await;
    world.settled().await;
    assert!(world.sink.mails_to("carl@partner.example").is_empty());
    world.ann.say_in_thread(&room, &root, "To the thread");
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    assert!(letter_text(letter).contains("To the thread"));
    assert!(!letter.text().contains("To the room"));
    // Bob is told who reads his answers: in the thread one more than in the room.
    let to_bob = world.mails_to(BOB.0, 4).await;
    assert!(!to_bob[2].text().contains("carl"), "{}", to_bob[2].text());
    assert!(
        to_bob[3].text().contains("Jane Doe, carl"),
        "{}",
        to_bob[3].text()
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_never_collect_prefixes_and_new_ones_are_tied_in() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let first = &desk.letter_id;
    // She answers, begins anew, and answers an old mail under another subject, before we say a word.
    let (_, answered) = answer(&desk.letter, JANE, "Yes.", "yes@acme.com");
    desk.take(&desk.token, &answered).await;
    let anew = mail(JANE, &desk.token, "", "Something else")
        .replace("Subject: Kernel training", "Subject: Lunch");
    desk.take(&desk.token, &anew).await;
    let headers = format!("In-Reply-To: {first}\nReferences: {first}\n");
    let old = mail(JANE, &desk.token, &headers, "About the first")
        .replace("Subject: Kernel training", "Subject: Re: Re: AW: Hello");
    desk.take(&desk.token, &old).await;
    world.tell(&desk.room, "All at once!").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(subject(&letters[1]), "Re: Kernel training");
    assert_eq!(
        header(&letters[1].raw, "References").unwrap(),
        format!("{first} <Somethingelse@acme.com> <yes@acme.com> <Aboutthefirst@acme.com>")
    );
    assert_eq!(
        header(&letters[1].raw, "In-Reply-To").unwrap(),
        "<Aboutthefirst@acme.com>"
    );
    // Staff answer an older one: what came after it isn't above it.
    let yes = desk.events().remove(0).event_id;
    world.ann.reply(&desk.room, &yes, "Good.");
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert_eq!(
        header(&letters[2].raw, "References").unwrap(),
        format!("{first} <yes@acme.com>")
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_of_one_name_are_two_subjects() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.tell(&other, "Hello from the other one").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(subject(&letters[1]), "Kernel training (2)");
    desk.world.finish().await;
}
