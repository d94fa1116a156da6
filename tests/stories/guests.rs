//! People who are copied in.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        smtp_sink::SinkMail,
        world::{Options, World, header, reply_address},
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
async fn who_is_copied_in_becomes_a_guest_and_staff_may_admit_them() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    jane_copies_in(&desk, CARL, "Carl builds the boards.").await;
    let told = notices(world, &desk.room);
    assert_eq!(told.len(), 1, "{told:?}");
    let (notice, text) = &told[0];
    assert_eq!(
        text,
        "Jane Doe copied in Carl Cox <carl@partner.example>: they get our answers in this \
         conversation. ➕ makes them one of its people; `!email remove carl@partner.example` takes \
         them out."
    );
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
        .filter(|text| text.contains("had been removed"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    world.tell(&desk.room, "Among us.").await;
    world.mails_to("jane@acme.com", 2).await;
    let answer = mail(CARL, &desk.token, "", "Let me in.");
    desk.take_from("carl@partner.example", &desk.token, &answer)
        .await;
    assert!(world.ghost(&desk.room, "Carl Cox").is_none());
    assert_eq!(desk.reports().len(), 1, "his mail is kept");
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
