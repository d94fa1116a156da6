//! What mails say of ids, and what becomes of it.

use super::{JANE_THERE, desk, is_invited, jane_writes, notice, notices, until_invited};
use crate::{
    desk::{Desk, JANE, mail},
    support::world::{Options, header, letter_text, reply_address},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_id_among_other_words_is_offered_to_staff() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    let text = "The boards are here. In Matrix you find me as @jane.d:matrix.org, by the way.";
    jane_writes(&desk, text).await;
    assert_eq!(desk.said(), [text]);
    let (event, told) = notice(world, &desk.room, "names the Matrix ID");
    assert!(told.contains("@jane.d:matrix.org"), "{told}");
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    world.ann.react(&desk.room, &event, "✅");
    until_invited(world, &desk.room, JANE_THERE).await;
    assert_eq!(world.sink.count(), 1, "she gets no mail about it");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_proves_nothing_only_offers_an_id() {
    let desk = desk(Options {
        proven: false,
        ..Options::default()
    })
    .await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    let (_, told) = notice(world, &desk.room, "says nothing but");
    assert!(
        told.contains("Nothing proves that the mail is theirs"),
        "{told}"
    );
    assert!(told.ends_with("✅ invites them."), "{told}");
    jane_writes(&desk, "My Matrix ID is jane").await;
    assert!(!is_invited(world, &desk.room, JANE_THERE));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_brings_nobody_in() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    let cc = "Cc: Carl Cox <carl@partner.example>\n";
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, cc, "Carl builds the boards."),
    )
    .await;
    let from = "Carl Cox <carl@partner.example>";
    let raw = mail(from, &desk.token, "", "@carl:partner.example");
    desk.take_from("carl@partner.example", &desk.token, &raw)
        .await;
    let (_, told) = notice(world, &desk.room, "says nothing but");
    assert!(told.contains("@carl:partner.example"), "{told}");
    assert!(!is_invited(world, &desk.room, "@carl:partner.example"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_in_one_id_brings_in_no_second() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    until_invited(world, &desk.room, JANE_THERE).await;
    // By now what is for staff is told in the control room.
    jane_writes(&desk, "@friend:matrix.org").await;
    let (_, told) = notice(world, &world.control_room, "@friend:matrix.org");
    assert!(
        told.starts_with("In “Kernel training”: Jane Doe's mail names"),
        "{told}"
    );
    assert!(!is_invited(world, &desk.room, "@friend:matrix.org"));
    // The same once more is no news.
    jane_writes(&desk, &format!("My ID: {JANE_THERE}")).await;
    assert_eq!(notices(world, &desk.room, "asks by mail").len(), 1);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_id_is_explained_once_a_day() {
    let desk = Desk::open(Options {
        mailbox: "language: de",
        ..Options::default()
    })
    .await;
    let world = &desk.world;
    jane_writes(&desk, "My Matrix ID is jane@acme.com").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let text = letter_text(&letter);
    assert!(text.contains("Das ist eine E-Mail-Adresse."), "{text}");
    assert!(text.contains("@ihr.name:matrix.org"), "{text}");
    assert_eq!(
        header(&letter.raw, "Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    assert!(
        header(&letter.raw, "In-Reply-To")
            .unwrap()
            .contains("@acme.com")
    );
    for text in ["@jane", "@jane:matrix", "@ihr.name:matrix.org"] {
        jane_writes(&desk, text).await;
    }
    world.settled().await;
    assert_eq!(world.sink.count(), 2, "once is enough");
    assert_eq!(desk.said().len(), 4, "all of it is posted");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mail_to_two_rooms_is_explained_once() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let second = world.room("Second", &[("jane@acme.com", "Jane Doe")]).await;
    world.tell(&second, "Here as well").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let other = reply_address(&letter).unwrap();
    let raw = mail(JANE, &format!("{}, {other}", desk.token), "", "@jane");
    let replies = world
        .mail("jane@acme.com", &[&desk.token, &other], &raw)
        .await;
    assert_eq!(replies.len(), 2);
    world.mails_to("jane@acme.com", 3).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 3);
    assert_eq!(desk.said().len(), 1);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_allowed_waits_for_staff() {
    let desk = desk(Options {
        more: "onboarding: {allowed_servers: [\"acme.com\", \"*.beta.example\"]}",
        ..Options::default()
    })
    .await;
    let world = &desk.world;
    jane_writes(&desk, JANE_THERE).await;
    let (_, told) = notice(world, &desk.room, "is not allowed");
    for part in [
        "matrix.org is not allowed: it is not in `onboarding.allowed_servers`",
        "add matrix.org to the homeserver's own list",
        "say `!email allowed matrix.org`",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let text = letter_text(&letter);
    assert!(
        text.contains("does not yet work with your server, matrix.org"),
        "{text}"
    );
    jane_writes(&desk, &format!("My ID is {JANE_THERE}")).await;
    assert_eq!(world.sink.count(), 2, "once is enough");
    assert_eq!(notices(world, &desk.room, "is not allowed").len(), 1);
    assert!(!is_invited(world, &desk.room, JANE_THERE));

    let list = world.ask(&desk.room, "!email allowed").await;
    assert!(list.contains("- acme.com\n- *.beta.example"), "{list}");
    let answer = world.ask(&desk.room, "!email allowed Matrix.org").await;
    assert!(
        answer.contains("One invitation is tried again."),
        "{answer}"
    );
    until_invited(world, &desk.room, JANE_THERE).await;
    let list = world.ask(&desk.room, "!email allowed").await;
    assert!(
        list.contains("- matrix.org, allowed by @ann:example.org"),
        "{list}"
    );
    let answer = world.ask(&desk.room, "!email allowed matrix.org").await;
    assert!(answer.contains("Nobody waits for that."), "{answer}");

    for (asked, part) in [
        ("!email allowed acme.com off", "take it out there"),
        (
            "!email allowed matrix.org off",
            "Nobody more is invited from matrix.org",
        ),
        (
            "!email allowed matrix.org off",
            "Nobody has allowed matrix.org",
        ),
    ] {
        let answer = world.ask(&desk.room, asked).await;
        assert!(answer.contains(part), "{asked}: {answer}");
    }
    let list = world.ask(&desk.room, "!email allowed").await;
    assert!(!list.contains("matrix.org"), "{list}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_and_the_bot_are_nobodys_account() {
    let desk = desk(Options::default()).await;
    let world = &desk.world;
    for user in [
        "@ann:example.org",
        "@postroom:example.org",
        "@_email_x.y:example.org",
    ] {
        jane_writes(&desk, user).await;
    }
    assert_eq!(
        notices(world, &desk.room, "who is staff or one of mine").len(),
        3
    );
    let answer = world
        .ask(&desk.room, "!email link jane@acme.com @ann:example.org")
        .await;
    assert!(answer.contains("can't be a customer"), "{answer}");
    desk.close().await;
}
