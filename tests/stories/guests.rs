//! People who are copied in.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        smtp_sink::SinkMail,
        world::{Options, World, header, letter_text, reply_address},
    },
};

const CARL: &str = "Carl Cox <carl@partner.example>";

/// Jane answers, with these in Cc.
async fn jane_copies_in(desk: &Desk, whom: &str, text: &str) {
    let cc = format!("Cc: {whom}\n");
    desk.take(&desk.token, &mail(JANE, &desk.token, &cc, text))
        .await;
}

/// What the bot says about people who are copied in, as event id and text.
fn notices(world: &World, room: &str) -> Vec<(String, String)> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.body().contains("copied in"))
        .map(|event| (event.event_id.clone(), event.body().to_owned()))
        .collect()
}

fn people_of(letter: &SinkMail, name: &str) -> String {
    header(&letter.raw, name).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_in_without_proof_gets_nothing_before_staff_let_them_in() {
    let desk = Desk::open(Options {
        proven: false,
        ..Options::default()
    })
    .await;
    let world = &desk.world;
    world
        .ask(&desk.room, "!email add --share jim@acme.com Jim")
        .await;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let told = notices(world, &desk.room);
    assert_eq!(told.len(), 1, "{told:?}");
    let (notice, text) = &told[0];
    assert_eq!(
        text,
        "Jane Doe copied in Carl Cox <carl@partner.example>. As nothing proves who sent that mail, \
         they get no answers from us: ➕ makes them one of the people of this conversation."
    );
    // Neither what is said, nor what others write, nor a way in.
    world.tell(&desk.room, "Among us.").await;
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    assert!(!people_of(letter, "Cc").contains("carl@"));
    jane_copies_in(&desk, CARL, "Once more.").await;
    assert_eq!(notices(world, &desk.room).len(), 1, "once told is enough");
    let answer = mail(CARL, &desk.token, "", "The boards are ready.");
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    assert!(world.ghost(&desk.room, "Carl Cox").is_none());
    assert!(world.bot_says(&desk.room, "✋ Mail from Carl Cox"));
    let list = world.ask(&desk.room, "!email list").await;
    assert!(!list.contains("carl@"), "{list}");
    world.settled().await;
    assert!(world.sink.mails_to("carl@partner.example").is_empty());

    for _ in 0..2 {
        world.ann.react(&desk.room, notice, "➕");
        world.quiet().await;
    }
    assert!(world.bot_says(&desk.room, "is one of the people here now"));
    world.tell(&desk.room, "Now you are two.").await;
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    let to = people_of(letter, "To");
    let places = [to.find("jane@"), to.find("carl@")];
    assert!(places.is_sorted() && places[0].is_some(), "{to}");
    assert!(letter_text(letter).contains("Now you are two."));
    assert!(!letter_text(letter).contains("Among us."));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_in_becomes_a_guest_and_staff_may_admit_them() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let told = notices(world, &desk.room);
    let (notice, _) = &told[0];
    // He has Jane's mail from her.
    assert!(world.sink.mails_to("carl@partner.example").is_empty());

    world.tell(&desk.room, "Welcome, Carl.").await;
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    assert!(people_of(letter, "To").contains("jane@acme.com"));
    assert!(!people_of(letter, "To").contains("carl@"));
    assert!(people_of(letter, "Cc").contains("Carl Cox"));
    world.mails_to("jane@acme.com", 2).await;

    // He answers, to us alone: Jane gets it from us, and he doesn't.
    let token = reply_address(letter).unwrap();
    let answer = mail(CARL, &token, "", "The boards are ready.");
    desk.take_from("carl@partner.example", &token, &answer)
        .await;
    let ghost = world.ghost(&desk.room, "Carl Cox").expect("his ghost");
    assert_eq!(
        world.said_by(&desk.room, &ghost),
        ["The boards are ready.\n\n➕ Carl Cox, copied in by Jane Doe"]
    );
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letters[2].text().contains("The boards are ready."));
    assert!(
        !letters[2].text().contains("copied in"),
        "only the room is told"
    );
    world.settled().await;
    assert_eq!(world.sink.mails_to("carl@partner.example").len(), 1);

    // Once told is enough.
    jane_copies_in(&desk, CARL, "Thanks, both.").await;
    assert_eq!(notices(world, &desk.room).len(), 1);
    let list = world.ask(&desk.room, "!email list").await;
    assert!(
        list.contains("Jane Doe <jane@acme.com>; copied in: Carl Cox <carl@partner.example>"),
        "{list}"
    );

    for _ in 0..2 {
        world.ann.react(&desk.room, notice, "➕");
        world.quiet().await;
    }
    assert!(world.bot_says(&desk.room, "is one of the people here now"));
    world.tell(&desk.room, "Now you are two.").await;
    let letter = &world.mails_to("carl@partner.example", 2).await[1];
    let to = people_of(letter, "To");
    let places = [to.find("jane@"), to.find("carl@")];
    assert!(places.is_sorted() && places[0].is_some(), "{to}");
    assert_eq!(people_of(letter, "Cc"), "");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_stays_out() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    world
        .ask(&desk.room, "!email remove carl@partner.example")
        .await;
    for text in ["I still want Carl here.", "Really."] {
        jane_copies_in(&desk, CARL, text).await;
    }
    let told: Vec<String> = notices(world, &desk.room)
        .into_iter()
        .map(|(_, text)| text)
        .filter(|text| text.contains("removed from it"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    world.tell(&desk.room, "Among us.").await;
    world.mails_to("jane@acme.com", 2).await;
    let answer = mail(CARL, &desk.token, "", "Let me in.");
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    assert!(world.ghost(&desk.room, "Carl Cox").is_none());
    assert!(world.bot_says(&desk.room, "✋ Mail from Carl Cox"));
    world.settled().await;
    assert!(world.sink.mails_to("carl@partner.example").is_empty());

    // Staff may think again.
    world
        .ask(&desk.room, "!email add --share carl@partner.example")
        .await;
    world.tell(&desk.room, "Hello Carl.").await;
    world.mails_to("carl@partner.example", 1).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_become_guests_and_only_so_many() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let people: Vec<String> = (1..=22).map(|n| format!("p{n}@partner.example")).collect();
    let whom = format!(
        "support@example.org, ann@example.org, no-reply@acme.com, kernel@lists.acme.com,\n {}",
        people.join(",\n ")
    );
    jane_copies_in(&desk, &whom, "All of us.").await;
    jane_copies_in(&desk, &whom, "Once more.").await;
    let told = notices(world, &desk.room);
    assert_eq!(told.len(), 21, "{told:?}");
    let (_, last) = told.last().unwrap();
    assert!(
        last.contains("more people than") && last.contains("p21@") && last.contains("p22@"),
        "{last}"
    );
    world.tell(&desk.room, "So many!").await;
    world.mails_to("p20@partner.example", 1).await;
    world.settled().await;
    for nobody in [
        "p21@partner.example",
        "ann@example.org",
        "no-reply@acme.com",
    ] {
        assert!(world.sink.mails_to(nobody).is_empty(), "{nobody}");
    }
    assert_eq!(world.sink.count(), 1 + 21);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_copy_nobody_in() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let answer = mail(
        CARL,
        &desk.token,
        "Cc: dora@partner.example, Jane <jane@acme.com>\n",
        "And Dora paints them.",
    );
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    assert_eq!(notices(world, &desk.room).len(), 1);
    world.tell(&desk.room, "Fine.").await;
    world.mails_to("carl@partner.example", 1).await;
    world.settled().await;
    assert!(world.sink.mails_to("dora@partner.example").is_empty());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_visitors_read_along_staff_are_told_in_the_control_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    // The mail comes by another door, and may well be there before her.
    world.quiet_events().await;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    assert_eq!(notices(world, &desk.room), []);
    let told = notices(world, &world.control_room);
    assert!(told[0].1.contains("conversation #1"), "{told:?}");
    world.ann.react(&world.control_room, &told[0].0, "➕");
    world.quiet().await;
    world.tell(&desk.room, "Now you are two.").await;
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    assert!(people_of(letter, "To").contains("carl@partner.example"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_last_of_a_customer_the_guests_go_too() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let answer = mail(CARL, &desk.token, "", "The boards are ready.");
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    let ghost = world.ghost(&desk.room, "Carl Cox").unwrap();
    world.mails_to("jane@acme.com", 2).await;
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    world.quiet().await;
    assert!(!world.is_in(&desk.room, &ghost));
    world.tell(&desk.room, "Nobody reads this.").await;
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world.tell(&desk.room, "Welcome back.").await;
    world.mails_to("jane@acme.com", 3).await;
    world.settled().await;
    assert!(world.sink.mails_to("carl@partner.example").is_empty());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_into_a_closed_conversation() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let (notice, _) = notices(world, &desk.room).remove(0);
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    world.ann.react(&desk.room, &notice, "➕");
    world
        .until("the refusal", || {
            world.bot_says(&desk.room, "was not let in: the conversation is closed")
        })
        .await;
    world.tell(&desk.room, "Nobody reads this.").await;
    // Nor is whoever had been let in before there when it begins anew.
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world.tell(&desk.room, "Welcome back.").await;
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    assert!(!people_of(letter, "To").contains("carl@"));
    world.settled().await;
    assert!(world.sink.mails_to("carl@partner.example").is_empty());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_the_membership_of_all() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let (notice, _) = notices(world, &desk.room).remove(0);
    world.ann.react(&desk.room, &notice, "➕");
    world.quiet().await;
    world.tell(&desk.room, "Now you are two.").await;
    world.mails_to("carl@partner.example", 1).await;
    // The bot leaves the room, and comes back for Jane.
    world.ask(&desk.room, "!email leave").await;
    world.quiet().await;
    world.invite_bot(&desk.room).await;
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world.tell(&desk.room, "Just you.").await;
    world.mails_to("jane@acme.com", 3).await;
    world.settled().await;
    world.mails_to("carl@partner.example", 1).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_get_what_is_said_from_then_on() {
    let world = World::start(Options {
        quiet: "10m",
        at_most: "10m",
        proven: false,
        ..Options::default()
    })
    .await;
    let room = world.room("Training", &[("jane@acme.com", "Jane")]).await;
    world.ann.say(&room, "First");
    world.ask(&room, "!email now").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    world.ann.say(&room, "Said before he came");
    let raw = mail("jane@acme.com", &token, &format!("Cc: {CARL}\n"), "Carl");
    world.mail("jane@acme.com", &[&token], &raw).await;
    world.quiet().await;
    let (notice, _) = notices(&world, &room).remove(0);
    world.ann.say(&room, "Said before he was let in");
    world.quiet().await;
    world.ann.react(&room, &notice, "➕");
    world.quiet().await;
    world.ann.say(&room, "Said to both");
    world.ask(&room, "!email now").await;
    let text = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    for said in ["before he came", "before he was let in", "to both"] {
        assert!(text.contains(&format!("Said {said}")), "{text}");
    }
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    let text = letter_text(letter);
    assert!(text.contains("Said to both"), "{text}");
    assert!(!text.contains("Said before"), "{text}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_two_conversations_gets_everything_once() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world.add(&desk.room, "bob@beta.example", "Bob").await;
    world.tell(&desk.room, "Hello Bob").await;
    let letter = world.mails_to("bob@beta.example", 1).await.remove(0);
    let to_bob = reply_address(&letter).unwrap();
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let cc = format!("Cc: {CARL}\n");
    let raw = mail("bob@beta.example", &to_bob, &cc, "Carl is mine, too");
    desk.take_from("bob@beta.example", &to_bob, &raw).await;
    // Who reads along already is copied in once. That he is a guest of both comes of what was before.
    let both = "INSERT INTO participants (conversation_id, contact_id, position, role) \
         SELECT 2, contact_id, 9, 'guest' FROM participants WHERE role = 'guest'";
    assert_eq!(world.database().await.execute(both).await, 1);
    world.tell(&desk.room, "To all").await;
    world.settled().await;
    // With what Bob had written: what his mail says of its readers keeps no other customer's from it.
    world.mails_to("carl@partner.example", 2).await;

    // Who is a guest already reads along: nobody has to be asked.
    let told = notices(world, &desk.room).len();
    let forget = "DELETE FROM participants WHERE role = 'guest' AND conversation_id = 2";
    assert_eq!(world.database().await.execute(forget).await, 1);
    let raw = mail("bob@beta.example", &to_bob, &cc, "Carl once more");
    desk.take_from("bob@beta.example", &to_bob, &raw).await;
    assert_eq!(notices(world, &desk.room).len(), told);
    // He answers all, to Bob's address, and is heard where he is a guest.
    let raw = mail(CARL, &to_bob, "", "To all of you");
    desk.take_from("carl@partner.example", &to_bob, &raw).await;
    let ghost = world.ghost(&desk.room, "Carl Cox").expect("his ghost");
    assert!(world.said_by(&desk.room, &ghost)[0].contains("To all of you"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_who_read_a_thread_where_it_goes_on_are_named() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let root = world.tell(&desk.room, "Which board?").await;
    world.mails_to("jane@acme.com", 2).await;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    world.add(&desk.room, "bob@beta.example", "Bob").await;
    world.ann.say_in_thread(&desk.room, &root, "The green one");
    let letter = &world.mails_to("bob@beta.example", 1).await[0];
    let text = letter_text(letter);
    assert!(
        text.contains("Jane Doe") && text.contains("Carl Cox"),
        "{text}"
    );
    world.mails_to("carl@partner.example", 1).await;
    desk.world.finish().await;
}
