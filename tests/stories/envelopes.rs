//! What stands around a letter: its return address, and its signature.

use crate::{
    support::{
        smtp_sink::{Stage, Trouble},
        world::{Options, World, header, reply_address},
    },
    training::JANE,
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

fn mailbox(line: &'static str) -> Options {
    Options {
        mailbox: line,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_tells_what_it_is_about() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    world.tell(&room, "Hello").await;
    let jane = world.mails_to(JANE.0, 1).await.remove(0);
    let bob = world.mails_to(BOB.0, 1).await.remove(0);
    let reply = reply_address(&jane).unwrap();
    for letter in [&jane, &bob] {
        let sender = &letter.sender;
        assert!(sender.starts_with("support+") && sender.ends_with("@example.org"));
        assert_ne!(*sender, reply);
        assert!(
            !letter.text().contains(sender.as_str()),
            "only the envelope has it"
        );
    }
    assert_ne!(jane.sender, bob.sender);

    // A server that knows no better format: the address tells which letter it is, and to whom.
    let bounce = "From: postmaster@beta.com\nTo: <>\nSubject: failure notice\n\
                  Date: Sun, 22 Nov 2026 10:00:00 +0100\n\nMailbox full\n";
    let replies = world.mail("", &[&bob.sender], bounce).await;
    assert_eq!(replies[0].code, 250, "{replies:?}");
    world
        .until("the room is told", || {
            world.bot_says(
                &room,
                "Not delivered to Bob (bob@beta.com): the mailbox is full.",
            )
        })
        .await;
    // Not yet a reason to write no more.
    world.tell(&room, "Still there?").await;
    world.mails_to(BOB.0, 2).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_answers_to_the_return_address_is_heard() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let id = header(&letter.raw, "Message-ID").unwrap();
    let raw = format!(
        "From: Jane Doe <jane@acme.com>\nTo: {}\nSubject: Re: Training\nIn-Reply-To: {id}\n\
         Message-ID: <1@acme.com>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\nHere I am\n",
        letter.sender
    );
    world.mail(JANE.0, &[&letter.sender], &raw).await;
    let jane = world.ghost(&room, JANE.1).unwrap();
    world
        .until("it is shown", || {
            world.said_by(&room, &jane) == ["Here I am"]
        })
        .await;
    world.finish().await;
}

/// As Microsoft's, Postfix's and others' servers say it.
const REFUSALS: [(Stage, u16, &str); 3] = [
    (Stage::Mail, 553, "5.7.1 Sender not allowed"),
    (
        Stage::Rcpt,
        553,
        "5.7.1 <x>: Sender address rejected: not owned by user support",
    ),
    (
        Stage::Message,
        550,
        "5.7.60 SMTP; Client does not have permissions to send as this sender",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn where_the_server_takes_no_token_the_plain_address_does() {
    for (stage, code, text) in REFUSALS {
        let world = World::start(Options::default()).await;
        let room = world.room("Training", &[JANE]).await;
        let mut refusal = Trouble::answer(stage, code, text).times(1);
        if stage == Stage::Mail {
            refusal = refusal.for_address("support+");
        }
        let refusal = world.sink.trouble(refusal);
        for text in ["First", "Second"] {
            world.tell(&room, text).await;
        }
        let letters = world.mails_to(JANE.0, 2).await;
        for letter in &letters {
            assert_eq!(letter.sender, "support@example.org", "{stage:?}");
        }
        world.settled().await;
        assert_eq!(world.sink.hits(refusal), 1);
        let attempts = "SELECT attempts FROM outbox WHERE way = 'mail' ORDER BY id";
        let attempts: Vec<(i64,)> = world.database().await.rows(attempts).await;
        assert_eq!(attempts, [(1,), (1,)], "none of them failed");
        let warnings = world.whole_log().matches("takes no return address").count();
        assert_eq!(warnings, 1);
        assert!(!world.bot_says(&room, "refuse"));
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_mailbox_itself_is_told_of() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let refusal = world
        .sink
        .trouble(Trouble::answer(Stage::Mail, 550, "5.7.1 Sender unknown"));
    let said = world.ann.say(&room, "Hello");
    let told = world.answer_to(&room, &said).await;
    assert!(told.contains("Sender unknown"), "{told}");
    world.sink.clear_trouble(refusal);
    world.tell(&room, "Again").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    assert!(
        letter.sender.starts_with("support+"),
        "it had nothing against the token"
    );
    world.finish().await;
}

/// The server has something against the mail, whatever its reason, and says so at the sender.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_mail_that_was_taken_proves_that_it_was_the_token() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let refusal = Trouble::answer(Stage::Mail, 550, "5.7.1 Not now").for_address("support+");
    let refusal = world.sink.trouble(refusal.times(1));
    let other = Trouble::answer(Stage::Rcpt, 450, "4.2.0 later").times(1);
    world.sink.trouble(other);
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    assert_eq!(world.sink.hits(refusal), 1);
    assert!(letter.sender.starts_with("support+"), "it was tried again");
    assert!(!world.whole_log().contains("takes no return address"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_path_may_be_fixed() {
    let world = World::start(mailbox("return_path: plain")).await;
    let room = world.room("Training", &[JANE]).await;
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    assert_eq!(letter.sender, "support@example.org");
    world.finish().await;

    let world = World::start(mailbox("return_path: verp")).await;
    let room = world.room("Training", &[JANE]).await;
    let refusal = Trouble::answer(Stage::Mail, 550, "5.7.1 No token here").for_address("support+");
    world.sink.trouble(refusal);
    let said = world.ann.say(&room, "Hello");
    let told = world.answer_to(&room, &said).await;
    assert!(told.contains("No token here"), "{told}");
    world.finish().await;
}

const RSA: &str = include_str!("../fixtures/dkim/rsa-pkcs1.pem");
const ED25519: &str = include_str!("../fixtures/dkim/ed25519.pem");

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_signed_with_every_key() {
    let mut world = World::start(Options::default()).await;
    world.folder.write("rsa.pem", RSA).unwrap();
    world.folder.write("ed25519.pem", ED25519).unwrap();
    world.write_configuration(&mailbox(
        "dkim: [{selector: r1, key_file: rsa.pem}, {selector: e1, key_file: ed25519.pem}]",
    ));
    world.stop_postroom().await;
    world.start_postroom().await;
    let room = world.room("Training", &[JANE]).await;
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let text = letter.text().replace("\r\n\t", " ");
    let signatures: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with("DKIM-Signature: "))
        .collect();
    let [rsa, ed25519] = signatures.as_slice() else {
        panic!("{text}");
    };
    assert!(rsa.contains("a=rsa-sha256; s=r1; d=example.org"), "{rsa}");
    assert!(
        ed25519.contains("a=ed25519-sha256; s=e1; d=example.org"),
        "{ed25519}"
    );
    let log = world.whole_log();
    for key in [RSA, ED25519] {
        let secret = key.lines().nth(1).unwrap();
        assert!(!log.contains(secret), "the key is in the log");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postroom_does_not_start_with_a_key_that_cannot_sign() {
    let mut world = World::start(Options::default()).await;
    world
        .folder
        .write("short.pem", include_str!("../fixtures/dkim/rsa-1024.pem"))
        .unwrap();
    world.write_configuration(&mailbox("dkim: {selector: s, key_file: short.pem}"));
    world.stop_postroom().await;
    world.spawn_postroom();
    world.until_ended().await;
    let log = world.log();
    assert!(
        log.contains("mailboxes.support.dkim") && log.contains("2048"),
        "{log}"
    );
    world.finish_stopped();
}
