//! Whose mail is kept out of sight, and whose goes through: by the configuration and by command; spam.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::world::Options,
};

#[tokio::test(flavor = "multi_thread")]
async fn staff_block_a_sender_and_let_them_in_again() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    let control = world.control_room.clone();
    let empty = world.ask(&control, "!email blocked").await;
    assert!(empty.starts_with("Nobody is blocked"), "{empty}");

    let said = world.ask(&desk.room, "!email block Jane@ACME.com").await;
    assert!(said.contains("Mail from jane@acme.com is kept"), "{said}");
    desk.take(token, &mail(JANE, token, "", "Blocked")).await;
    let other = "Jane <jane+news@acme.com>";
    desk.take(token, &mail(other, token, "", "With a detail"))
        .await;
    let us = "support@example.org";
    desk.take(us, &mail(JANE, us, "", "To nobody")).await;
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(desk.reports(), Vec::<String>::new());

    let blocked = world.ask(&control, "!email blocked").await;
    let is_line = |line: &str| {
        line.starts_with("- jane@acme.com (by @ann:example.org on ") && line.ends_with("; 3 mails)")
    };
    assert!(blocked.lines().any(is_line), "{blocked}");

    // From any room; by a domain, and narrower.
    world.ask(&desk.room, "!email block *@acme.com").await;
    world.ask(&desk.room, "!email allow jane@acme.com").await;
    desk.take(token, &mail(JANE, token, "", "Allowed")).await;
    let bob = "Bob <bob@acme.com>";
    desk.take(us, &mail(bob, us, "", "Of the domain")).await;
    assert_eq!(desk.said(), ["Allowed"]);
    assert_eq!(desk.reports(), Vec::<String>::new());

    world.ask(&desk.room, "!email unblock *@acme.com").await;
    desk.take(us, &mail(bob, us, "", "A stranger again")).await;
    assert_eq!(desk.reports().len(), 1);
    let said = world.ask(&desk.room, "!email unblock *@acme.com").await;
    assert!(said.contains("is on no list. `!email blocked`"), "{said}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_pattern_or_ours_is_said_and_changes_nothing() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    for (command, answer) in [
        ("!email block", "Whose mail?"),
        ("!email block *", "neither an address nor a pattern"),
        (
            "!email block ja*@acme.com",
            "neither an address nor a pattern",
        ),
        ("!email block support@example.org", "is ours"),
        ("!email block *@example.org", "is ours"),
        ("!email block *.org", "is ours"),
    ] {
        let said = world.ask(&desk.room, command).await;
        assert!(said.contains(answer), "{command}: {said}");
    }
    let said = world.ask(&desk.room, "!email blocked").await;
    assert!(said.starts_with("Nobody is blocked"), "{said}");

    // A customer commands nobody.
    desk.take(
        &desk.token,
        &mail(JANE, &desk.token, "", "!email block *@beta.example"),
    )
    .await;
    let said = world.ask(&desk.room, "!email blocked").await;
    assert!(said.starts_with("Nobody is blocked"), "{said}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_lists_senders_for_a_mailbox_and_for_all() {
    let desk = Desk::open(Options {
        more: "senders: {block: [\"*@spam.example\"], allow: [\"good@spam.example\"]}",
        mailbox: "senders: {block: [\"*.example\"]}",
        ..Options::default()
    })
    .await;
    let (world, us) = (&desk.world, "support@example.org");
    for (from, is_told) in [
        ("x@spam.example", false),
        ("x@deep.other.example", false),
        ("good@spam.example", true),
        ("x@elsewhere.test", true),
    ] {
        let before = desk.reports().len();
        desk.take_from(from, us, &mail(from, us, "", from)).await;
        assert_eq!(desk.reports().len() > before, is_told, "{from}");
    }
    let said = world.ask(&desk.room, "!email blocked").await;
    for line in [
        "- *@spam.example (in my configuration; 1 mail)",
        "- *.example (in my configuration; 1 mail)",
        "- good@spam.example (in my configuration)",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}\n{said}");
    }
    let said = world.ask(&desk.room, "!email unblock *.example").await;
    assert!(said.contains("can be changed only there"), "{said}");
    assert_eq!(desk.said(), Vec::<String>::new());
    desk.close().await;
}

const OUR_SERVER: &str =
    "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org with ESMTP\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_our_server_calls_spam_is_held_and_what_others_write_counts_for_nothing() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let marked = |text: &str| mail(JANE, token, "", text);
    let mark = "X-Spam-Flag: YES\n";
    desk.take(token, &format!("{OUR_SERVER}{mark}{}", marked("Forged")))
        .await;
    desk.take(token, &format!("{mark}{}", marked("From nowhere")))
        .await;
    assert_eq!(desk.said(), ["Forged", "From nowhere"]);

    desk.take(token, &format!("{mark}{OUR_SERVER}{}", marked("Spam")))
        .await;
    assert_eq!(desk.said().len(), 2);
    assert_eq!(desk.reports(), Vec::<String>::new());
    let why = "our mail server calls it spam";
    assert!(desk.world.bot_says(&desk.room, why));

    let said = desk.world.ask(&desk.room, "!email allow *@acme.com").await;
    assert!(said.contains("never held as spam"), "{said}");
    desk.take(token, &format!("{mark}{OUR_SERVER}{}", marked("Allowed")))
        .await;
    assert_eq!(desk.said().len(), 3);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_told_of_once_a_day() {
    let mut desk = Desk::open(Options {
        more: "guard: {spam: junk}",
        ..Options::default()
    })
    .await;
    let token = desk.token.clone();
    let spam = |text: &str| {
        let raw = mail(JANE, &token, "", text);
        format!("X-Spam-Status: Yes, score=9\n{OUR_SERVER}{raw}")
    };
    for text in ["One", "Two", "Three"] {
        desk.take(&token, &spam(text)).await;
    }
    assert_eq!(desk.said(), Vec::<String>::new());
    let told = |desk: &Desk| {
        let said = desk
            .world
            .said_by(&desk.world.control_room, BOT)
            .into_iter();
        said.filter(|text| text.contains("kept as spam since"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&desk), Vec::<String>::new());

    desk.world.stop_postroom().await;
    let mut database = desk.world.database().await;
    database
        .execute("UPDATE junk SET kept_at = kept_at - 86400000")
        .await;
    database.close().await;
    desk.world.start_postroom().await;
    desk.world
        .until("staff are told", || !told(&desk).is_empty())
        .await;
    desk.take(&token, &spam("Four")).await;
    let [line] = told(&desk).try_into().unwrap();
    assert!(line.starts_with("3 mails kept as spam"), "{line}");
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}
