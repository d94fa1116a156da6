//! The welcome mail.

use serde_json::json;

use crate::{
    desk::BOT,
    support::{
        smtp_sink::{Stage, Trouble},
        world::{Options, World, header, letter_text},
    },
};

const WELCOME: &str = "onboarding: {welcome: true, allowed_servers: [acme.com]}";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_added_gets_the_guide_once_and_before_the_first_letter() {
    let world = World::start(Options {
        more: WELCOME,
        ..Options::default()
    })
    .await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.tell(&room, "Hello Jane").await;
    let mails = world.mails_to("jane@acme.com", 2).await;
    let (welcome, letter) = (&mails[0], &mails[1]);
    let text = letter_text(welcome);
    for part in [
        "you take part in the chat “Kernel training” of Bootlin by email",
        "Just answer our mails",
        "https://element.io/download",
        "on one of these servers: acme.com",
        "@your.name:acme.com",
        "Answer this mail with your Matrix ID and nothing else. You will find an invitation",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("matrix.to"),
        "nobody could come in by that: {text}"
    );
    assert!(welcome.text().contains("text/html"));
    let of = |mail, name| header(mail, name);
    assert_eq!(
        of(&welcome.raw, "Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert_eq!(
        of(&welcome.raw, "Subject").as_deref(),
        Some("Kernel training")
    );
    // One thread, and the first letter need not explain again.
    let id = of(&welcome.raw, "Message-ID").unwrap();
    assert_eq!(of(&letter.raw, "In-Reply-To"), Some(id));
    assert_eq!(of(&letter.raw, "Auto-Submitted"), None);
    assert!(
        !letter_text(letter).contains("just answer this mail"),
        "{}",
        letter_text(letter)
    );

    // In the next room she knows how it works; a colleague doesn't.
    let other = world
        .room("Site visit", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.add(&other, "jim@acme.com", "Jim").await;
    world.quiet().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    world.mails_to("jim@acme.com", 1).await;
    // Her answer to it leads to the conversation.
    world
        .answer(welcome, "jane@acme.com", "Thank you!", "thanks@acme.com")
        .await;
    world.quiet().await;
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    let said = world.said_by(&room, &jane);
    assert!(
        said.len() == 1 && said[0].starts_with("Thank you!"),
        "{said:?}"
    );

    let answer = world.ask(&other, "!email welcome jim@acme.com").await;
    assert_eq!(answer, "The welcome mail goes to Jim.");
    world.mails_to("jim@acme.com", 2).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_nobody_is_welcomed_until_staff_say_so() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.quiet().await;
    assert_eq!(world.sink.count(), 0);
    let answer = world.ask(&room, "!email welcome").await;
    assert_eq!(answer, "The welcome mail goes to Jane Doe.");
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_there_only_where_it_lets_somebody_in() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let mut count = 0;
    for (rule, part) in [
        (
            "public",
            Some("Or open this link and join there: https://matrix.to/#/"),
        ),
        (
            "knock",
            Some("ask there to be let in: https://matrix.to/#/"),
        ),
        (
            "restricted",
            Some("if you are a member of our Space: https://matrix.to/#/"),
        ),
        ("invite", None),
    ] {
        let content = json!({"join_rule": rule});
        world.ann.set_state(&room, "m.room.join_rules", "", content);
        world.quiet().await;
        world.ask(&room, "!email welcome").await;
        count += 1;
        let mail = world
            .mails_to("jane@acme.com", count)
            .await
            .remove(count - 1);
        let text = letter_text(&mail);
        match part {
            Some(part) => assert!(
                text.contains(&format!("{part}{room}?via=example.org")),
                "{text}"
            ),
            None => assert!(!text.contains("matrix.to"), "{text}"),
        }
    }
    world.ann.set_state(
        &room,
        "m.room.join_rules",
        "",
        json!({"join_rule": "public"}),
    );
    let alias = json!({"alias": "#training:example.org"});
    world
        .ann
        .set_state(&room, "m.room.canonical_alias", "", alias);
    world.quiet().await;
    world.ask(&room, "!email welcome").await;
    let mail = world.mails_to("jane@acme.com", 5).await.remove(4);
    assert!(letter_text(&mail).contains("https://matrix.to/#/%23training:example.org"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_says_it_in_its_own_words() {
    let world = World::start(Options {
        more: "onboarding: {welcome: true}",
        mailbox: "welcome: {en: \"Welcome to {organisation}, in {room}.\\n\\n{join}\"}",
        ..Options::default()
    })
    .await;
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let mail = world.mails_to("jane@acme.com", 1).await.remove(0);
    let text = letter_text(&mail);
    assert!(
        text.starts_with("Welcome to Bootlin, in Kernel training."),
        "{text}"
    );
    assert!(text.contains("@your.name:matrix.org"), "{text}");
    // In another language it is Postroom's own.
    world.ask(&room, "!email language fr").await;
    world.ask(&room, "!email welcome").await;
    let mail = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert!(letter_text(&mail).contains("identifiant Matrix"));
    assert!(
        !world.bot_says(&room, "Welcome"),
        "{BOT} says nothing of it in the room"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_welcome_that_cannot_be_delivered_is_told() {
    let world = World::start(Options {
        more: "onboarding: {welcome: true}",
        ..Options::default()
    })
    .await;
    let refusal = Trouble::answer(Stage::Rcpt, 550, "5.1.1 No such user");
    world.sink.trouble(refusal.for_address("jane@acme.com"));
    let room = world
        .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world
        .until("staff are told", || world.bot_says(&room, "jane@acme.com"))
        .await;
    world.quiet().await;
    assert!(
        world.bot_says(&room, "Not delivered to Jane Doe (jane@acme.com)"),
        "{:?}",
        world.said_by(&room, BOT)
    );
    world.finish().await;
}
