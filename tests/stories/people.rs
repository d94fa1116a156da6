//! Several people in one room: who gets what, once.

use crate::{
    desk::{Desk, JANE, mail},
    support::{
        smtp_sink::{Stage, Trouble},
        world::{Options, World, answer, header, letter_text, reply_address},
    },
};

/// Jane and Jim of Acme, who are one customer, and Bob of Beta, all of whom have got a letter.
async fn three() -> (World, String, String) {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com jim@acme.com")
        .await;
    world.add(&room, "bob@beta.example", "Bob").await;
    world.tell(&room, "Hello all").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    for address in ["jim@acme.com", "bob@beta.example"] {
        world.mails_to(address, 1).await;
    }
    let token = reply_address(&letter).unwrap();
    (world, room, token)
}

async fn jane_writes(world: &World, token: &str, headers: &str, text: &str) {
    let raw = mail("jane@acme.com", token, headers, text);
    world.mail("jane@acme.com", &[token], &raw).await;
    world.settled().await;
}

fn counts(world: &World) -> [usize; 3] {
    ["jane@acme.com", "jim@acme.com", "bob@beta.example"]
        .map(|address| world.sink.mails_to(address).len())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_mail_already_gets_it_from_us_no_more() {
    let (world, _, token) = three().await;
    jane_writes(&world, &token, "", "To you alone").await;
    assert_eq!(
        counts(&world),
        [1, 2, 2],
        "her colleague and the other customer get it"
    );
    let relayed = world.sink.mails_to("jim@acme.com").remove(1);
    assert!(letter_text(&relayed).contains("To you alone"));

    jane_writes(&world, &token, "Cc: Jim <JIM@acme.com>\n", "With Jim").await;
    assert_eq!(counts(&world), [1, 2, 3]);
    let headers = "Cc: jim@acme.com, bob@beta.example\n";
    jane_writes(&world, &token, headers, "With both").await;
    assert_eq!(
        counts(&world),
        [1, 2, 4],
        "one customer's header keeps nothing from another"
    );
    assert!(!world.bot_says(&world.homeserver.rooms()[0], "copied in"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customer_who_answers_all_answers_in_their_own_conversation() {
    let (world, room, token) = three().await;
    let headers = "Cc: bob@beta.example\n";
    jane_writes(&world, &token, headers, "With Bob").await;
    let raw = mail("bob@beta.example", &token, "", "Bob answers all");
    world.mail("bob@beta.example", &[&token], &raw).await;
    world.settled().await;
    let bob = world.ghost(&room, "Bob").unwrap();
    assert_eq!(world.said_by(&room, &bob), ["Bob answers all"]);
    assert_eq!(
        counts(&world),
        [2, 3, 2],
        "Jane and Jim get it, as it went to us alone; Bob got hers"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_all_that_comes_twice_is_posted_once() {
    let desk = Desk::open(Options::default()).await;
    let to = format!("{}, support@example.org", desk.token);
    let headers = format!("In-Reply-To: {}\n", desk.letter_id);
    let raw = mail(JANE, &to, &headers, "Once is enough");
    desk.take(&desk.token, &raw).await;
    desk.take("support@example.org", &raw).await;
    // The copy for which a list dropped the token.
    let raw = mail(JANE, "support@example.org", &headers, "Once is enough");
    desk.take("support@example.org", &raw).await;
    assert_eq!(desk.said(), ["Once is enough"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_two_conversations_is_posted_once_in_each() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Audit", &[("jane@acme.com", "Jane Doe")]).await;
    world.tell(&other, "Hello again").await;
    let letter = &world.mails_to("jane@acme.com", 2).await[1];
    let token = reply_address(letter).unwrap();
    let to = format!("{}, {token}", desk.token);
    let raw = mail(JANE, &to, "", "To both");
    for _ in 0..2 {
        desk.take(&token, &raw).await;
    }
    assert_eq!(desk.said(), ["To both"]);
    let jane = world.ghost(&other, "Jane Doe").unwrap();
    assert_eq!(world.said_by(&other, &jane), ["To both"]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_again_keeps_their_place() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let add = "!email add ann@acme.com jane@acme.com jim@acme.com";
    world.ask(&room, add).await;
    let mut orders = Vec::new();
    for round in 1..=2 {
        world.tell(&room, "Hello").await;
        let letters = world.mails_to("jane@acme.com", round).await;
        let to = header(&letters[round - 1].raw, "To").unwrap();
        orders.push(["ann@", "jane@", "jim@"].map(|name| to.find(name)));
        for name in ["ann", "jane", "jim"] {
            world
                .ask(&room, &format!("!email remove {name}@acme.com"))
                .await;
        }
        world.ask(&room, add).await;
        world.quiet().await;
    }
    assert!(
        orders[0].is_sorted() && orders[0][0].is_some(),
        "{orders:?}"
    );
    assert_eq!(orders[0], orders[1]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_customers_each_gets_one_letter_and_only_the_refused_one_is_told_of() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let address = |n: usize| format!("person{n}@customer{n}.example");
    for n in 0..100 {
        world.ann.say(
            &room,
            &format!("!email add --share {} Person {n}", address(n)),
        );
    }
    world.quiet().await;
    let refusal = Trouble::answer(Stage::Rcpt, 550, "5.1.1 No such user").for_address("person57@");
    world.sink.trouble(refusal);
    let said = world.ann.say(&room, "Hello everybody");
    let told = world.answer_to(&room, &said).await;
    assert!(told.contains("person57@customer57.example"), "{told}");
    world.settled().await;
    for n in 0..100 {
        let expected = usize::from(n != 57);
        assert_eq!(world.sink.mails_to(&address(n)).len(), expected, "{n}");
    }
    assert_eq!(world.answers_to(&room, &said).len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_quotes_the_last_mail_of_its_own_conversation() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world.add(&desk.room, "bob@beta.example", "Bob").await;
    let reply = answer(&desk.letter, JANE, "Is there parking?", "parking@acme.com").1;
    desk.take(&desk.token, &reply).await;
    world.mails_to("bob@beta.example", 1).await;
    world.tell(&desk.room, "Behind the house.").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(
        letter.contains("On 22 November 2026 at 10:00, Jane Doe wrote:")
            && letter.contains("> Is there parking?")
            && !letter.contains("> > "),
        "{letter}"
    );
    let letter = letter_text(&world.mails_to("bob@beta.example", 2).await[1]);
    assert!(!letter.contains("> Is there"), "{letter}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_in_the_room_is_quoted_no_more() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let secret = mail(JANE, &desk.token, "", "My password is hunter2");
    desk.take(&desk.token, &secret).await;
    // A letter that quotes it is on its way.
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted");
    let greylisted = world.sink.trouble(greylisted);
    world.tell(&desk.room, "Please change it.").await;
    world
        .until("the first attempt", || world.sink.hits(greylisted) > 0)
        .await;
    let shown = desk.events().remove(0).event_id;
    world.ann.redact(&desk.room, &shown);
    world.quiet_events().await;
    world.sink.clear_trouble(greylisted);
    world.tell(&desk.room, "I removed it.").await;
    for letter in &world.mails_to("jane@acme.com", 3).await[1..] {
        let text = letter_text(letter);
        assert!(!text.contains("hunter2"), "{text}");
    }
    desk.world.finish().await;
}
