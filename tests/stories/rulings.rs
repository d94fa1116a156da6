//! What the trust rules come to for each who may write, and what a room, the mailbox and the mail server
//! have to say in it.

use rstest::rstest;

use crate::{
    desk::{BOT, Desk, JANE, codes, mail},
    support::world::{Options, World, reply_address},
};

const US: &str = "support@example.org";
const JIM: &str = "Jim Doe <jim@acme.com>";
const CARL: &str = "Carl Cox <carl@partner.example>";
const MALLORY: &str = "Mallory <mallory@evil.example>";

/// What staff are told in the room of mail that waits.
fn held(world: &World, room: &str) -> Vec<String> {
    let said = world.said_by(room, BOT).into_iter();
    said.filter(|body| body.starts_with("✋ Mail from"))
        .collect()
}

/// Hands in a mail that proves nothing.
async fn unproven(desk: &Desk, from: &str, to: &str, raw: &str) {
    let replies = desk.world.unproven_mail(from, &[to], raw).await;
    assert_eq!(codes(&replies), [250]);
    desk.world.quiet().await;
}

async fn forged(desk: &Desk, from: &str, to: &str, raw: &str) {
    let replies = desk.world.forged_mail(from, &[to], raw).await;
    assert_eq!(codes(&replies), [250]);
    desk.world.quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_can_be_stricter_than_its_mailbox() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    let shown = desk
        .world
        .ask(&desk.room, "!email settings unverified")
        .await;
    let usual = "- `unverified mark` mail of the people here that doesn't prove who sent it is shown, \
                 with a mark (the default)";
    assert!(shown.contains(usual), "{shown}");
    // Who isn't staff sets nothing.
    let zoe = desk.world.homeserver.user("@zoe:other.org");
    desk.world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    zoe.say(&desk.room, "!email settings unverified hold");
    desk.world.quiet().await;
    zoe.leave(&desk.room);
    unproven(
        &desk,
        "jane@acme.com",
        &token,
        &mail(JANE, &token, "", "Shown"),
    )
    .await;
    assert_eq!(desk.said(), ["Shown\n\n❔ sender not verified"]);

    let command = "!email settings unverified hold colleagues=hold";
    let said = desk.world.ask(&desk.room, command).await;
    let strict = "- `unverified hold` mail of the people here that doesn't prove who sent it waits for \
                  you (set here by @ann:example.org)";
    assert!(
        said.contains(strict) && said.contains("`colleagues hold`"),
        "{said}"
    );
    // It outlives a crash.
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    unproven(
        &desk,
        "jane@acme.com",
        &token,
        &mail(JANE, &token, "", "Waits"),
    )
    .await;
    desk.take_from("jim@acme.com", &token, &mail(JIM, &token, "", "Waits, too"))
        .await;
    desk.take(&token, &mail(JANE, &token, "", "Proven")).await;
    assert_eq!(desk.said().len(), 2, "{:?}", desk.said());
    let told = held(&desk.world, &desk.room);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("nothing proves who sent it"), "{told:?}");
    assert!(told[1].contains("of the domain of one"), "{told:?}");
    assert!(desk.world.ghost(&desk.room, "Jim Doe").is_none());

    // Another room goes on as before.
    let other = desk
        .world
        .room("Audit", &[("bob@beta.example", "Bob")])
        .await;
    desk.world.tell(&other, "Hello Bob").await;
    let letter = desk.world.mails_to("bob@beta.example", 1).await.remove(0);
    let to = reply_address(&letter).unwrap();
    let raw = mail("Bob <bob@beta.example>", &to, "", "There");
    unproven(&desk, "bob@beta.example", &to, &raw).await;
    let bob = desk.world.ghost(&other, "Bob").unwrap();
    let said = desk.world.said_by(&other, &bob);
    assert_eq!(said, ["There\n\n❔ sender not verified"]);

    desk.world
        .ask(&desk.room, "!email settings unverified default")
        .await;
    unproven(
        &desk,
        "jane@acme.com",
        &token,
        &mail(JANE, &token, "", "As before"),
    )
    .await;
    assert_eq!(desk.said().len(), 3);
    let waits = desk.world.ask(&desk.room, "!email held").await;
    assert!(
        waits.contains("2 mails wait"),
        "what waits goes on waiting: {waits}"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_lets_no_stranger_in_whatever_is_set() {
    let desk = Desk::open(Options {
        mailbox: "trust: {unverified: hold}",
        ..Options::default()
    })
    .await;
    let token = desk.token.as_str();
    let shown = desk
        .world
        .ask(&desk.room, "!email settings unverified")
        .await;
    assert!(shown.contains("`unverified hold`"), "{shown}");
    assert!(shown.contains("(from the configuration)"), "{shown}");
    unproven(
        &desk,
        "jane@acme.com",
        token,
        &mail(JANE, token, "", "Held"),
    )
    .await;
    assert_eq!(held(&desk.world, &desk.room).len(), 1);

    for word in ["post", "on", "release"] {
        let said = desk
            .world
            .ask(&desk.room, &format!("!email settings unverified {word}"))
            .await;
        assert!(said.contains("is neither `mark` nor `hold`"), "{said}");
    }
    desk.world
        .ask(&desk.room, "!email settings unverified mark")
        .await;
    unproven(
        &desk,
        "jane@acme.com",
        token,
        &mail(JANE, token, "", "Shown"),
    )
    .await;
    assert_eq!(desk.said(), ["Shown\n\n❔ sender not verified"]);
    forged(
        &desk,
        "jane@acme.com",
        token,
        &mail(JANE, token, "", "Forged"),
    )
    .await;
    unproven(
        &desk,
        "mallory@evil.example",
        token,
        &mail(MALLORY, token, "", "A stranger"),
    )
    .await;
    unproven(
        &desk,
        "jane@acme.com",
        US,
        &mail(JANE, US, "", "Without a token"),
    )
    .await;
    unproven(
        &desk,
        "jim@acme.com",
        token,
        &mail(JIM, token, "", "A colleague"),
    )
    .await;
    assert_eq!(desk.said().len(), 1);
    assert_eq!(held(&desk.world, &desk.room).len(), 5);
    desk.world.finish().await;
}

/// Proven by a known id as well as by a token.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_known_mail_leads_as_a_token_does() {
    let desk = Desk::open(Options::default()).await;
    let by_id = format!("In-Reply-To: {}\n", desk.letter_id);
    unproven(
        &desk,
        "jane@acme.com",
        US,
        &mail(JANE, US, &by_id, "By the letter"),
    )
    .await;
    assert_eq!(desk.said(), ["By the letter\n\n❔ sender not verified"]);
    let raw = mail(JIM, US, &by_id, "I can help");
    desk.take_from("jim@acme.com", US, &raw).await;
    let jim = desk.world.ghost(&desk.room, "Jim Doe").expect("his ghost");
    let said = desk.world.said_by(&desk.room, &jim);
    assert!(
        said[0].contains("➕ not one of the people here"),
        "{said:?}"
    );
    desk.world.finish().await;
}

/// Everybody can have an address at a freemail domain, so it makes nobody a colleague.
#[tokio::test(flavor = "multi_thread")]
async fn who_shares_a_freemail_domain_is_a_stranger() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[("jane@gmail.com", "Jane")]).await;
    world.tell(&room, "Hello Jane").await;
    let letter = world.mails_to("jane@gmail.com", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    let raw = mail("Jim <jim@gmail.com>", &token, "", "Her namesake");
    world.mail("jim@gmail.com", &[&token], &raw).await;
    world.quiet().await;
    assert!(world.ghost(&room, "Jim").is_none());
    let told = held(&world, &room);
    assert!(told[0].contains("isn't one of the people"), "{told:?}");
    assert!(!told[0].contains("of the domain of one"), "{told:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_proves_nothing_waits() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let cc = format!("Cc: {CARL}\n");
    desk.take(token, &mail(JANE, token, &cc, "Carl builds the boards."))
        .await;
    let from = "carl@partner.example";
    desk.take_from(from, token, &mail(CARL, token, "", "Proven"))
        .await;
    let carl = desk.world.ghost(&desk.room, "Carl Cox").expect("his ghost");
    unproven(&desk, from, token, &mail(CARL, token, "", "Not proven")).await;
    forged(&desk, from, token, &mail(CARL, token, "", "Forged")).await;
    let said = desk.world.said_by(&desk.room, &carl);
    assert_eq!(said, ["Proven\n\n➕ Carl Cox, copied in by Jane Doe"]);
    assert_eq!(held(&desk.world, &desk.room).len(), 2);
    desk.world.finish().await;
}

/// Intake has no room yet: staff are told of each, and nobody is answered.
#[tokio::test(flavor = "multi_thread")]
async fn mail_of_strangers_that_leads_nowhere_is_told_to_staff() {
    let desk = Desk::open(Options::default()).await;
    let from = "mallory@evil.example";
    desk.take_from(from, US, &mail(MALLORY, US, "", "Proven"))
        .await;
    unproven(&desk, from, US, &mail(MALLORY, US, "", "Not proven")).await;
    forged(&desk, from, US, &mail(MALLORY, US, "", "Forged")).await;
    let told = desk.reports();
    assert_eq!(told.len(), 3, "{told:?}");
    for told in &told[..2] {
        assert!(told.ends_with("it belongs to no conversation."), "{told}");
    }
    assert!(
        told[2].ends_with("belongs to no conversation, and may be forged."),
        "{told:?}"
    );

    // Of newsletters that fail, as lists break signatures, nobody is told.
    let list = "List-Id: <offers.evil.example>\n";
    forged(&desk, from, US, &mail(MALLORY, US, list, "A newsletter")).await;
    assert_eq!(desk.reports().len(), 3);
    desk.take_from(from, US, &mail(MALLORY, US, list, "A proven newsletter"))
        .await;
    assert!(
        desk.reports()[3].contains("from a mailing list"),
        "{:?}",
        desk.reports()
    );
    assert_eq!(desk.said(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_two_rooms_may_be_shown_in_one_and_wait_in_the_other() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Audit", &[("bob@beta.example", "Bob")]).await;
    world.tell(&other, "Hello Bob").await;
    let letter = world.mails_to("bob@beta.example", 1).await.remove(0);
    let to_bob = reply_address(&letter).unwrap();
    let both = format!("{}, {to_bob}", desk.token);
    let raw = mail(JANE, &both, "", "To both rooms");
    // One copy for each, as some servers do.
    desk.take(&desk.token, &raw).await;
    desk.take(&to_bob, &raw).await;
    assert_eq!(desk.said(), ["To both rooms"]);
    assert_eq!(held(world, &desk.room), Vec::<String>::new());
    let told = held(world, &other);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(world.ghost(&other, "Jane Doe").is_none());

    let timeline = world.homeserver.timeline(&other);
    let notice = timeline
        .iter()
        .find(|event| event.body() == told[0])
        .unwrap();
    world.ann.react(&other, &notice.event_id, "✅");
    world.quiet().await;
    let jane = world.ghost(&other, "Jane Doe").expect("her ghost");
    let shown = ["To both rooms\n\n✅ held, then released by Ann"];
    assert_eq!(world.said_by(&other, &jane), shown);
    assert_eq!(desk.said(), ["To both rooms"], "and there no second time");
    desk.take(&to_bob, &raw).await;
    assert_eq!(world.said_by(&other, &jane), shown);
    assert_eq!(held(world, &other).len(), 1);
    desk.world.finish().await;
}

/// What the mailbox's server has found counts, if it stands where only that server can have written it.
#[rstest]
#[case::pass("dmarc=pass header.from=acme.com", true, "Words")]
#[case::fail("dmarc=fail (p=none) header.from=acme.com", true, "")]
#[case::nothing(
    "dmarc=none header.from=acme.com",
    true,
    "Words\n\n❔ sender not verified"
)]
#[case::forged(
    "dmarc=pass header.from=acme.com",
    false,
    "Words\n\n❔ sender not verified"
)]
#[tokio::test(flavor = "multi_thread")]
async fn the_mail_servers_own_checks_count(
    #[case] found: &str,
    #[case] is_ours: bool,
    #[case] shown: &str,
) {
    let desk = Desk::open(Options {
        mailbox: "trust: {by: header, authserv_ids: [mx.example.org]}",
        ..Options::default()
    })
    .await;
    let received = "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org\n";
    let results = format!("Authentication-Results: mx.example.org; {found}\n");
    let raw = mail(JANE, &desk.token, "", "Words");
    let raw = if is_ours {
        format!("{results}{received}{raw}")
    } else {
        format!("{received}{results}{raw}")
    };
    desk.take(&desk.token, &raw).await;
    let expected: &[&str] = if shown.is_empty() { &[] } else { &[shown] };
    assert_eq!(desk.said(), expected);
    assert_eq!(
        held(&desk.world, &desk.room).len(),
        usize::from(shown.is_empty())
    );
    desk.world.finish().await;
}
