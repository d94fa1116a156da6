//! Mail that fails, and whom it is sent to then.

use rstest::rstest;

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        smtp_sink::{SinkMail, Stage, Trouble},
        world::{Options, World, header, letter_text, reply_address},
    },
};

const ADDRESS: &str = "jane@acme.com";
const NO_MAILBOX: &str = "Not delivered to Jane Doe (jane@acme.com): there is no such mailbox.";
const SUSPENDED: &str =
    "No more mail goes to jane@acme.com from any room: `!email resume jane@acme.com`";

fn id_of(letter: &SinkMail) -> String {
    header(&letter.raw, "Message-ID").unwrap()
}

/// RFC 3464: `fields` of each recipient, with the headers of the letter.
pub fn status(letter: &SinkMail, fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: support@example.org\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <b{}@mx.example>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example\n\n{fields}\n\
         --b\nContent-Type: text/rfc822-headers\n\nFrom: support@example.org\n\
         To: jane@acme.com\nSubject: Kernel training\nMessage-ID: {}\n\n--b--\n",
        fields.len(),
        id_of(letter)
    )
}

pub const GONE: &str = "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.1.1\n\
                    Remote-MTA: dns; mx.acme.com\n\
                    Diagnostic-Code: smtp; 550 5.1.1 <jane@acme.com>: User unknown\n";
pub const FULL: &str = "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.2.2\n\
                    Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n";

/// A notice in words, as servers write them that know no such format.
fn notice(from: &str, subject: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: support@example.org\nSubject: {subject}\nMessage-ID: <n{}@mx.example>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{text}",
        text.len()
    )
}

/// Hands a mail in from nobody.
async fn from_nobody(world: &World, to: &str, raw: &str) {
    let replies = world.mail("", &[to], raw).await;
    assert_eq!(replies[0].code, 250, "{replies:?}");
    world.quiet().await;
}

/// Ann's last message in the room, which the first letter held.
fn told_at(world: &World, room: &str, said: &str) -> Vec<String> {
    let timeline = world.homeserver.timeline(room).into_iter();
    let mut events = timeline.filter(|event| event.body() == said);
    let event = events.next().expect("Ann has said so").event_id;
    world.answers_to(room, &event)
}

fn hello(desk: &Desk) -> Vec<String> {
    told_at(&desk.world, &desk.room, "Hello Jane")
}

/// Whatever format a server reports in: it is told at the message, and no mail goes there any more.
#[rstest]
#[case::rfc_3464(|letter: &SinkMail| status(letter, GONE), "mx.acme.com said: “550 5.1.1 <jane@acme.com>: User unknown”")]
#[case::qmail(
    |letter: &SinkMail| notice(
        "MAILER-DAEMON@mx.example",
        "failure notice",
        &format!(
            "Hi. This is the qmail-send program at mx.example.\n\
             I'm afraid I wasn't able to deliver your message to the following addresses.\n\
             This is a permanent error; I've given up. Sorry it didn't work out.\n\n\
             <jane@acme.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n\
             --- Below this line is a copy of the message.\n\nFrom: support@example.org\n\
             To: jane@acme.com\nMessage-ID: {}\n\nHello Jane\n", id_of(letter))),
    "no mailbox here by that name"
)]
#[case::exim(
    |letter: &SinkMail| notice(
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        &format!(
            "This message was created automatically by mail delivery software.\n\n\
             A message that you sent could not be delivered to one or more of its\n\
             recipients. This is a permanent error. The following address(es) failed:\n\n  \
             jane@acme.com\n    host mx.acme.com [192.0.2.7]\n    SMTP error from remote mail server \
             after RCPT TO:<jane@acme.com>:\n    550 5.1.1 no such user here\n\n\
             ------ This is a copy of the message, including all the headers. ------\n\n\
             From: support@example.org\nTo: jane@acme.com\nMessage-ID: {}\n\nHello Jane\n",
            id_of(letter))),
    "550 5.1.1 no such user here"
)]
#[case::exchange(
    |letter: &SinkMail| format!(
        "From: Microsoft Exchange <postmaster@acme.com>\nTo: support@example.org\n\
         Subject: Undeliverable: Kernel training\nMessage-ID: <x1@acme.com>\nIn-Reply-To: {}\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n\
         Delivery has failed to these recipients or groups:\n\njane@acme.com\n\
         The email address you entered couldn't be found.\n\n\
         Diagnostic information for administrators:\n\nGenerating server: ex.acme.com\n\n\
         jane@acme.com\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", id_of(letter)),
    "5.1.1 RESOLVER.ADR.RecipNotFound"
)]
#[case::gmail(
    |letter: &SinkMail| format!(
        "From: Mail Delivery Subsystem <mailer-daemon@gmail.example>\nTo: support@example.org\n\
         Subject: Delivery Status Notification (Failure)\nMessage-ID: <g1@gmail.example>\n\
         X-Failed-Recipients: jane@acme.com\nReferences: {}\nAuto-Submitted: auto-replied\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n\
         Delivery to the following recipient failed permanently:\n\n     jane@acme.com\n\n\
         Technical details of permanent failure:\nThe response from the remote server was:\n\
         550 5.1.1 The email account that you tried to reach does not exist.\n", id_of(letter)),
    "does not exist"
)]
#[case::names_nobody(
    |_: &SinkMail| notice("postmaster@acme.com", "failure notice", "No such user\n"),
    "No such user"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_is_told_at_the_message_and_suspends(
    #[case] bounce: fn(&SinkMail) -> String,
    #[case] words: &str,
) {
    let desk = Desk::open(Options::default()).await;
    let raw = bounce(&desk.letter);
    // Twice, as servers do that got no answer in time.
    for raw in [raw.clone(), raw.replace("<n", "<again")] {
        from_nobody(&desk.world, &desk.letter.sender, &raw).await;
    }
    let told = hello(&desk);
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [NO_MAILBOX, words, SUSPENDED] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
    assert_eq!(desk.reports(), Vec::<String>::new());
    assert_eq!(desk.said(), Vec::<String>::new(), "a bounce is no answer");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_a_suspended_address_until_staff_resume_it() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Second project", &[(ADDRESS, "Jane Doe")]).await;
    world.add(&desk.room, "bob@acme.com", "Bob").await;
    from_nobody(world, &desk.letter.sender, &status(&desk.letter, GONE)).await;
    assert_eq!(hello(&desk).len(), 1);
    let notices = world.said_by(&other, BOT);
    let told = notices.iter().filter(|text| text.contains("No more mail"));
    assert_eq!(told.count(), 1, "{notices:?}");

    // The first one tells, and the neighbour gets both.
    let first = world.tell(&desk.room, "One").await;
    let second = world.tell(&desk.room, "Two").await;
    world.settled().await;
    let told = world.answers_to(&desk.room, &first);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("This doesn't go to Jane Doe (jane@acme.com)"));
    assert_eq!(world.answers_to(&desk.room, &second), Vec::<String>::new());
    // Bob, who answers, sees that he alone reads it.
    for letter in world.mails_to("bob@acme.com", 2).await {
        assert_eq!(header(&letter.raw, "To").unwrap(), "Bob <bob@acme.com>");
        assert_eq!(header(&letter.raw, "Cc"), None);
        let text = letter_text(&letter);
        assert!(!text.contains("Jane Doe"), "{text}");
    }
    let third = world.tell(&other, "Three").await;
    world.settled().await;
    assert_eq!(world.answers_to(&other, &third).len(), 1);
    assert_eq!(world.sink.mails_to(ADDRESS).len(), 1);
    for command in ["!email list", "!email status"] {
        let shown = world.ask(&desk.room, command).await;
        let line = "No mail goes to jane@acme.com: mail to it failed, as there is no such mailbox.";
        assert!(shown.contains(line), "{shown}");
    }

    let resumed = world.ask(&desk.room, "!email resume jane@acme.com").await;
    for part in [
        "Mail goes to jane@acme.com again",
        "- “One”",
        "- “Two”",
        "other room",
    ] {
        assert!(resumed.contains(part), "{resumed}");
    }
    assert!(!resumed.contains("Three"), "{resumed}");
    let is_told = || world.bot_says(&other, "- “Three”");
    world.until("the other room is told", is_told).await;
    let again = world.ask(&desk.room, "!email resume jane@acme.com").await;
    assert!(again.contains("is not suspended"), "{again}");
    let shown = world.ask(&desk.room, "!email list").await;
    assert!(!shown.contains("No mail goes"), "{shown}");
    world.tell(&desk.room, "Four").await;
    let letters = world.mails_to(ADDRESS, 2).await;
    assert!(letter_text(&letters[1]).contains("Four"));
    assert!(!letter_text(&letters[1]).contains("One"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_from_a_suspended_address_offers_to_resume_it() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    from_nobody(world, &desk.letter.sender, &status(&desk.letter, GONE)).await;
    for text in ["I am back.", "Do you read me?"] {
        desk.take(&desk.token, &mail(JANE, &desk.token, "", text))
            .await;
    }
    assert_eq!(desk.said().len(), 2);
    let timeline = world.homeserver.timeline(&desk.room).into_iter();
    let offers: Vec<_> = timeline
        .filter(|event| event.sender == BOT && event.body().contains("seems to work"))
        .collect();
    assert_eq!(offers.len(), 1, "once");
    for _ in 0..2 {
        world.ann.react(&desk.room, &offers[0].event_id, "✅");
        world.quiet().await;
    }
    let told = world.answers_to(&desk.room, &offers[0].event_id);
    assert_eq!(told.len(), 1, "{told:?}");
    world.tell(&desk.room, "Now we do.").await;
    world.mails_to(ADDRESS, 2).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_failures_count_until_a_mail_comes() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let mut letters = vec![desk.letter.clone()];
    let mut said = vec!["Hello Jane".to_owned()];
    for number in 2..=8 {
        let text = format!("Message {number}");
        world.tell(&desk.room, &text).await;
        letters = world.mails_to(ADDRESS, number).await;
        said.push(text);
    }
    let fail = async |number: usize| {
        let letter = &letters[number];
        from_nobody(world, &letter.sender, &status(letter, FULL)).await;
        let told = told_at(world, &desk.room, &said[number]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("the mailbox is full"), "{told:?}");
        told[0].contains(SUSPENDED)
    };
    for number in 0..3 {
        assert!(!fail(number).await, "{number}");
    }
    // It works after all.
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "I made room."))
        .await;
    for number in 3..6 {
        assert!(!fail(number).await, "{number}");
    }
    assert!(fail(6).await);
    desk.world.finish().await;
}

/// Everybody who got the letter knows its Message-ID.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_bounce_marks_the_message_that_it_names_and_no_more() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let forged = status(&desk.letter, GONE);
    // To the address that everybody knows, and to another conversation's.
    let other = world.room("Other", &[("bob@beta.com", "Bob")]).await;
    world.tell(&other, "Hello Bob").await;
    let to_bob = world.mails_to("bob@beta.com", 1).await.remove(0);
    for to in ["support@example.org", &reply_address(&to_bob).unwrap()] {
        from_nobody(world, to, &forged).await;
    }
    let told = hello(&desk);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Reported as not delivered to Jane Doe (jane@acme.com)"));
    // Addresses to which the letter hadn't gone, many of them.
    for name in ["bob@beta.com", "eve@evil.example", "zoe@evil.example"] {
        let forged = status(&desk.letter, &GONE.replace(ADDRESS, name));
        from_nobody(world, "support@example.org", &forged).await;
    }
    assert_eq!(hello(&desk).len(), 2, "{:?}", hello(&desk));
    assert_eq!(told_at(world, &other, "Hello Bob"), Vec::<String>::new());
    world.tell(&desk.room, "Still there?").await;
    world.tell(&other, "And you?").await;
    world.mails_to(ADDRESS, 2).await;
    world.mails_to("bob@beta.com", 2).await;

    // Some rewrite the Message-ID of what they pass on; ours stands in a header of its own too.
    let anew = format!(
        "Message-ID: <7@list.example>\nX-Postroom-Id: {}",
        desk.letter_id
    );
    let known = status(&to_bob, &GONE.replace(ADDRESS, "bob@beta.com"));
    let known = known.replace(
        &format!("Message-ID: {}", id_of(&to_bob)),
        &anew.replace(&desk.letter_id, &id_of(&to_bob)),
    );
    let made_up = anew.replace(&desk.letter_id, "<a.b.c@example.org>");
    let made_up =
        status(&desk.letter, FULL).replace(&format!("Message-ID: {}", desk.letter_id), &made_up);
    for raw in [known, made_up] {
        from_nobody(world, "support@example.org", &raw).await;
    }
    let told = told_at(world, &other, "Hello Bob");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Reported as not delivered to Bob (bob@beta.com)"));
    assert_eq!(desk.reports().len(), 1, "{:?}", desk.reports());
    world.tell(&other, "Still there?").await;
    world.mails_to("bob@beta.com", 3).await;

    // What then comes to the return address counts, and isn't told once more as news.
    from_nobody(world, &desk.letter.sender, &status(&desk.letter, GONE)).await;
    assert_eq!(hello(&desk).len(), 2);
    assert!(world.bot_says(&desk.room, "No more mail goes to Jane Doe"));
    // One that names nothing of ours is told in the control room, as any mail that belongs nowhere.
    let nowhere = status(&desk.letter, GONE).replace(&desk.letter_id, "<1@elsewhere.example>");
    from_nobody(world, "support@example.org", &nowhere).await;
    assert_eq!(desk.reports().len(), 2, "{:?}", desk.reports());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_on_several_is_told_of_each() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com bob@acme.com carl@acme.com")
        .await;
    let said = world.tell(&room, "Hello all").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let fields = "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.2.2\n\n\
                  Final-Recipient: rfc822; bob@acme.com\nAction: delivered\nStatus: 2.0.0\n\n\
                  Final-Recipient: rfc822; carl@acme.com\nAction: delayed\nStatus: 4.4.1\n";
    from_nobody(&world, "support@example.org", &status(&letter, fields)).await;
    let told = world.answer_to(&room, &said).await;
    assert!(told.contains("Reported as not delivered to jane@acme.com: the mailbox is full"));
    assert!(
        told.contains("Not yet delivered to carl@acme.com"),
        "{told}"
    );
    assert!(!told.contains("bob@"), "{told}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_is_told_once_and_what_has_arrived_is_nothing() {
    let desk = Desk::open(Options::default()).await;
    let report = |action: &str, status: &str| {
        let fields =
            format!("Final-Recipient: rfc822; jane@acme.com\nAction: {action}\nStatus: {status}\n");
        self::status(&desk.letter, &fields)
    };
    for action in ["delivered", "relayed", "expanded"] {
        from_nobody(&desk.world, &desk.letter.sender, &report(action, "2.0.0")).await;
    }
    assert_eq!(hello(&desk), Vec::<String>::new());
    for _ in 0..2 {
        from_nobody(
            &desk.world,
            &desk.letter.sender,
            &report("delayed", "4.4.1"),
        )
        .await;
    }
    let told = hello(&desk);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Not yet delivered to Jane Doe (jane@acme.com)"));
    assert_eq!(desk.reports(), Vec::<String>::new());
    // Then it fails, which is news, and after that a delay is none.
    from_nobody(&desk.world, &desk.letter.sender, &report("failed", "4.4.7")).await;
    from_nobody(
        &desk.world,
        &desk.letter.sender,
        &report("delayed", "4.4.2"),
    )
    .await;
    assert_eq!(hello(&desk).len(), 2, "{:?}", hello(&desk));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_address_that_fails_is_told_and_not_suspended() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let raw = status(&desk.letter, &GONE.replace(ADDRESS, "jane@home.example"));
    from_nobody(world, &desk.letter.sender, &raw).await;
    let told = hello(&desk);
    assert!(
        told[0].contains("Jane Doe (jane@acme.com) (it had been led to jane@home.example)"),
        "{told:?}"
    );
    world.tell(&desk.room, "Still there?").await;
    world.mails_to(ADDRESS, 2).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_servers_refusal_counts_in_the_same_book() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[(ADDRESS, "Jane Doe")]).await;
    let refusal = |code, text| {
        let refusal = Trouble::answer(Stage::Rcpt, code, text).for_address("jane@");
        world.sink.trouble(refusal.times(1));
    };
    // What it says of its rules says nothing of the address.
    for _ in 0..3 {
        refusal(554, "5.7.1 Relay access denied");
        let said = world.tell(&room, "Hello").await;
        let told = world.answer_to(&room, &said).await;
        assert!(!told.contains("No more mail"), "{told}");
    }
    refusal(550, "5.1.1 <jane@acme.com>: user unknown");
    let said = world.tell(&room, "Hello again").await;
    let told = world.answer_to(&room, &said).await;
    assert!(
        told.contains("user unknown") && told.contains(SUSPENDED),
        "{told}"
    );
    let said = world.tell(&room, "And again").await;
    let told = world.answer_to(&room, &said).await;
    assert!(told.starts_with("This doesn't go to Jane Doe"), "{told}");
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_read_along_the_control_room_is_told() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    world.quiet().await;
    let before = world.said_by(&desk.room, BOT);
    from_nobody(world, &desk.letter.sender, &status(&desk.letter, GONE)).await;
    world.tell(&desk.room, "Still there?").await;
    world.settled().await;
    assert_eq!(world.said_by(&desk.room, BOT), before);
    let told = world.said_by(&world.control_room, BOT);
    let is_told = |words: &str| told.iter().any(|text| text.contains(words));
    assert!(
        is_told("In conversation #1, of “Hello Jane”: Not delivered to Jane Doe"),
        "{told:?}"
    );
    assert!(
        is_told("In conversation #1, of “Still there?”: This doesn't go to"),
        "{told:?}"
    );
    // There it can be resumed, too.
    let resumed = world
        .ask(&world.control_room, "!email resume jane@acme.com")
        .await;
    assert!(
        resumed.contains("Mail goes to jane@acme.com again"),
        "{resumed}"
    );
    desk.world.finish().await;
}

/// RFC 5965, with the return path by which it proves what it is about, or without.
fn complaint(letter: &SinkMail, kind: &str, return_path: &str) -> String {
    format!(
        "From: fbl@isp.example\nTo: abuse@example.org\nSubject: complaint\n\
         Message-ID: <c{}@isp.example>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
         --b\n\nSomebody complains.\n--b\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\n{return_path}\n\
         --b\nContent-Type: message/rfc822\n\nFrom: support@example.org\nTo: jane@acme.com\n\
         Message-ID: {}\n\nHello Jane\n--b--\n",
        return_path.len(),
        id_of(letter)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_suspends_if_it_knows_the_return_path() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let harmless = complaint(&desk.letter, "not-spam", "");
    world
        .mail("fbl@isp.example", &["support@example.org"], &harmless)
        .await;
    world.quiet().await;
    assert_eq!(hello(&desk), Vec::<String>::new());
    let forged = complaint(&desk.letter, "abuse", "");
    world
        .mail("fbl@isp.example", &["support@example.org"], &forged)
        .await;
    world.quiet().await;
    let told = hello(&desk);
    assert!(
        told[0].contains("Nothing proves that the report is their provider's"),
        "{told:?}"
    );
    world.tell(&desk.room, "Was that meant?").await;
    world.mails_to(ADDRESS, 2).await;

    let path = format!("Original-Mail-From: <{}>\n", desk.letter.sender);
    let proven = complaint(&desk.letter, "abuse", &path);
    world
        .mail("fbl@isp.example", &["support@example.org"], &proven)
        .await;
    world.quiet().await;
    assert!(
        world.bot_says(&desk.room, "its owner called our mail unwanted"),
        "{:?}",
        world.said_by(&desk.room, BOT)
    );
    world.tell(&desk.room, "We are sorry.").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to(ADDRESS).len(), 2);
    desk.world.finish().await;
}
