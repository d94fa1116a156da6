//! Mail comes in: whose room it is shown in, what is shown of it, and what becomes of the rest.

use std::time::Duration;

use serde_json::Value;

use crate::{
    desk::{BOT, Desk, JANE, codes, mail, typed},
    support::{
        fake_homeserver::TimelineEvent,
        world::{Options, World, header, reply_address},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn finds_the_conversation_by_token_or_id() {
    let desk = Desk::open(Options::default()).await;
    let (token, id) = (desk.token.as_str(), desk.letter_id.as_str());
    let (local, domain) = token.split_once('@').unwrap();
    let shouted = format!("{}@{domain}", local.to_uppercase());
    let mangled = format!("{}x@{domain}", &local[..local.len() - 1]);
    let us = "support@example.org";
    let named = |name: &str| format!("{name}: <{token}>\n");
    let answers = |ids: &str| format!("References: {ids}\n");
    let cases: &[(&str, &str, &str, String)] = &[
        ("in To", token, token, String::new()),
        ("in upper case", &shouted, &shouted, String::new()),
        ("in To but not in the envelope", us, token, String::new()),
        ("in Cc", us, us, named("Cc")),
        ("in X-Original-To", us, us, named("X-Original-To")),
        ("in Delivered-To", us, us, named("Delivered-To")),
        ("only in the envelope", token, us, String::new()),
        (
            "mangled, with an id",
            &mangled,
            &mangled,
            format!("In-Reply-To: {id}\n"),
        ),
        ("id in In-Reply-To", us, us, format!("In-Reply-To: {id}\n")),
        (
            "id in References",
            us,
            us,
            answers(&format!("{id} <unknown@acme.com>")),
        ),
        // Jane goes on with her own thread.
        ("her own earlier id", us, us, answers("<inTo@acme.com>")),
    ];
    for (text, envelope, to, headers) in cases {
        desk.take(envelope, &mail(JANE, to, headers, text)).await;
    }
    let expected: Vec<&str> = cases.iter().map(|(text, ..)| *text).collect();
    assert_eq!(desk.said(), expected);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_two_conversations_is_shown_once_in_each() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other_room = world
        .room("Boot time", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&other_room, "Hello again");
    let letters = world.mails_to("jane@acme.com", 2).await;
    let other = reply_address(&letters[1]).unwrap();
    assert_ne!(desk.token, other);

    let both = format!("{}, {other}", desk.token);
    // Mail servers hand such a mail over in one transaction or in one for each recipient.
    let raw = mail(JANE, &both, "", "One transaction");
    let replies = world
        .mail("jane@acme.com", &[&desk.token, &other], &raw)
        .await;
    assert_eq!(codes(&replies), [250, 250]);
    let raw = mail(JANE, &both, "", "Two transactions");
    desk.take(&desk.token, &raw).await;
    desk.take(&other, &raw).await;
    let expected = ["One transaction", "Two transactions"];
    assert_eq!(desk.said(), expected);
    assert_eq!(world.said_by(&other_room, &desk.jane), expected);
    assert_eq!(world.sink.count(), 2);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_is_shown_once() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());

    let first = mail(JANE, token, "", "Once");
    let replies = world
        .mail("jane@acme.com", &[token, "support@example.org"], &first)
        .await;
    assert_eq!(codes(&replies), [250, 250]);
    desk.take(token, &first).await;
    // On its second way it was marked by the servers in between.
    desk.take(token, &format!("Received: from elsewhere by here\n{first}"))
        .await;
    assert_eq!(desk.said(), ["Once"]);

    // The same id, but another date: a program that counts badly.
    let other_date = first
        .replace("Once", "Twice")
        .replace("10:00:00", "11:00:00");
    desk.take(token, &other_date).await;
    assert_eq!(desk.said(), ["Once", "Twice"]);

    let without_id = |text: &str| {
        let raw = mail(JANE, token, "", text);
        let lines = raw.split_inclusive('\n');
        lines
            .filter(|line| !line.starts_with("Message-ID"))
            .collect::<String>()
    };
    desk.take(token, &without_id("No id")).await;
    desk.take(token, &without_id("No id")).await;
    desk.take(token, &without_id("No id either")).await;
    assert_eq!(desk.said(), ["Once", "Twice", "No id", "No id either"]);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_from_another_member_is_another_mail() {
    let world = World::start(Options::default()).await;
    let room = world.ann.create_room("Kernel training");
    world.invite_bot(&room).await;
    world
        .ann
        .say(&room, "!email add jane@acme.com joe@acme.com");
    world
        .until("Joe's ghost", || world.ghost(&room, "joe").is_some())
        .await;
    world.ann.say(&room, "Hello both");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    let raw = mail("jane@acme.com", &token, "", "Hello");
    for from in ["jane@acme.com", "joe@acme.com"] {
        let raw = raw.replace("From: jane@acme.com", &format!("From: {from}"));
        assert_eq!(codes(&world.mail(from, &[&token], &raw).await), [250]);
    }
    world.quiet().await;
    for name in ["jane", "joe"] {
        let ghost = world.ghost(&room, name).unwrap();
        assert_eq!(world.said_by(&room, &ghost), ["Hello"], "{name}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_kept_out_and_reported() {
    let desk = Desk::open(Options::default()).await;
    let mallory = "Mallory <mallory@evil.example>";
    let us = "support@example.org";
    let cases = [
        (
            us,
            mail(mallory, us, "", "With nothing"),
            "belongs to no conversation",
        ),
        (
            "support+nonsense@example.org",
            mail(mallory, us, "", "To a strange detail"),
            "belongs to no",
        ),
    ];
    for (number, (to, raw, why)) in cases.iter().enumerate() {
        desk.take_from("mallory@evil.example", to, raw).await;
        let reports = desk.reports();
        assert_eq!(reports.len(), number + 1, "{reports:?}");
        assert!(reports[number].contains(why), "{}", reports[number]);
        assert!(
            reports[number].contains("“Kernel training”"),
            "{}",
            reports[number]
        );
    }
    assert!(desk.reports()[0].contains("mallory@evil.example"));
    assert_eq!(desk.said(), Vec::<String>::new());
    let said = desk.world.homeserver.messages(&desk.room);
    assert!(
        !said.iter().any(|(_, body)| body.contains("With")),
        "{said:?}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_are_kept_and_never_answered() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let daemon = "MAILER-DAEMON@acme.com (Mail Delivery System)";
    let report = format!(
        "From: {daemon}\nTo: {token}\nSubject: Undelivered Mail Returned to Sender\n\
         Message-ID: <report@acme.com>\nMIME-Version: 1.0\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.acme.com\n\nFinal-Recipient: rfc822; jane@acme.com\n\
         Action: failed\nStatus: 5.1.1\n\n--b--\n"
    );
    let cases = [
        ("", report.clone(), "delivery report"),
        // Not every server leaves the envelope sender empty.
        (
            "postmaster@acme.com",
            report.replace("<report@", "<again@"),
            "delivery report",
        ),
    ];
    for (number, (sender, raw, why)) in cases.iter().enumerate() {
        desk.take_from(sender, token, raw).await;
        let reports = desk.reports();
        assert_eq!(reports.len(), number + 1, "{reports:?}");
        assert!(reports[number].contains(why), "{}", reports[number]);
    }
    assert_eq!(desk.said(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_letter_comes_back_and_is_dropped() {
    let desk = Desk::open(Options::default()).await;
    for to in ["support@example.org", desk.token.as_str()] {
        let mut lmtp = desk.world.lmtp().await;
        let replies = lmtp
            .deliver("support@example.org", &[to], &desk.letter.raw)
            .await
            .unwrap();
        assert_eq!(codes(&replies), [250]);
    }
    desk.world.quiet().await;
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_is_made_harmless() {
    let desk = Desk::open(Options::default()).await;
    let body = "<html><head><style>p {color: red}</style><title>T</title></head><body>\
        <p onclick=\"steal()\">Our <b>prices</b>:</p><script>steal()</script>\
        <table><tr><th>Item</th><th>Price</th></tr><tr><td>Board</td><td>90</td></tr></table>\
        <img src=\"https://evil.example/pixel.gif\"><a href=\"javascript:steal()\">Click</a>\
        <a href=\"https://acme.com/\">Shop</a><iframe src=\"https://evil.example\"></iframe>\
        </body></html>";
    desk.take(
        &desk.token,
        &typed(&desk.token, "text/html; charset=utf-8", body),
    )
    .await;
    let events = desk.events();
    assert_eq!(events.len(), 1);
    let shown = events[0].content["formatted_body"].as_str().unwrap();
    for kept in [
        "<strong>prices</strong>",
        "<table>",
        "<td>Board</td>",
        "href=\"https://acme.com/\"",
    ] {
        assert!(shown.contains(kept), "{kept} is missing in {shown}");
    }
    for gone in [
        "steal",
        "script",
        "evil.example",
        "<img",
        "iframe",
        "style",
        "color",
    ] {
        assert!(!shown.contains(gone), "{gone} is left in {shown}");
    }
    let text = events[0].body();
    assert!(text.contains("Board") && text.contains("Shop"), "{text}");
    assert!(!text.contains("steal"), "{text}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_html_does_not_stop_the_next_mail() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let lines = |text: String| {
        // No mail server passes longer lines on.
        let bytes = text.as_bytes().chunks(900);
        let lines: Vec<_> = bytes.map(|line| String::from_utf8_lossy(line)).collect();
        lines.join("\n")
    };
    let hostile = [
        lines(format!(
            "{}Deep{}",
            "<div>".repeat(64_000),
            "</div>".repeat(64_000)
        )),
        lines(format!("<p>Large</p>{}", "<b>x</b><br>".repeat(180_000))),
        lines(format!("<p>Quoted</p>{}", "<blockquote>".repeat(30_000))),
        lines(format!("<p>Wide</p><table>{}", "<td>".repeat(200_000))),
        lines(format!("<p>Odd {}</p>", "&#1;\"".repeat(3_000))),
    ];
    for body in &hostile {
        let raw = typed(token, "text/html", body);
        let replies = desk.world.mail("jane@acme.com", &[token], &raw).await;
        assert_eq!(codes(&replies), [250]);
    }
    let last = mail(JANE, token, "", "All is well");
    assert_eq!(
        codes(&desk.world.mail("jane@acme.com", &[token], &last).await),
        [250]
    );
    desk.world
        .until("the last mail", || {
            desk.said().iter().any(|said| said == "All is well")
        })
        .await;
    let said = desk.said();
    for word in ["Quoted", "Odd"] {
        assert!(
            said.iter().any(|said| said.starts_with(word)),
            "{word} is missing"
        );
    }
    // What is too much for reading is a file.
    let events = desk.events();
    let files = events
        .iter()
        .filter(|event| event.content["filename"] == "text.html");
    assert_eq!(files.count(), 3);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shown_with_its_words() {
    let desk = Desk::open(Options::default()).await;
    let body = "--b\nContent-Type: text/plain\n\nHere it is.\n--b\n\
        Content-Type: application/pdf; name=\"plan.pdf\"\nContent-Transfer-Encoding: base64\n\
        Content-Disposition: attachment; filename=\"plan.pdf\"\n\nJVBERi0xLjQK\n--b--\n";
    desk.take(
        &desk.token,
        &typed(&desk.token, "multipart/mixed; boundary=b", body),
    )
    .await;
    let [words, file] = &desk.events()[..] else {
        panic!("{:?}", desk.events());
    };
    assert_eq!(words.body(), "Here it is.");
    assert_eq!(file.content["filename"], "plan.pdf");
    assert_eq!(file.content["msgtype"], "m.file");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_split_and_whole() {
    let desk = Desk::open(Options::default()).await;
    let text: String = (0..900).fold(String::new(), |text, n| {
        text + &format!("Line {n} with some “words” in it, and a \\ here.\n")
    });
    desk.take(
        &desk.token,
        &typed(&desk.token, "text/plain; charset=utf-8", &text),
    )
    .await;
    let said = desk.said();
    assert!(said.len() > 3, "{} events", said.len());
    assert_eq!(said.concat().trim_end(), text.trim_end());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_mails_are_shown_or_kept() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let mut lmtp = desk.world.lmtp().await;
    let mut deliver = async |raw: &[u8]| {
        let replies = lmtp.deliver("jane@acme.com", &[token], raw).await.unwrap();
        assert_eq!(codes(&replies), [250]);
        desk.world.quiet().await;
    };

    deliver(mail(JANE, token, "", "").replace('\n', "\r\n").as_bytes()).await;
    let said = desk.said();
    assert_eq!(said, ["(an empty mail)"]);

    // As it comes from the wire: the final line end is the protocol's.
    deliver(
        mail(JANE, token, "", "Only carriage returns")
            .replace('\n', "\r")
            .as_bytes(),
    )
    .await;
    assert_eq!(desk.said()[1..], ["Only carriage returns"]);

    // Neither of these says whom it is from.
    let noise: Vec<u8> = (0..20_000_u32).map(|n| (n * 7919 % 251) as u8).collect();
    deliver(&noise).await;
    deliver(b"").await;
    deliver(b"Subject: From nobody\r\n\r\nHello\r\n").await;
    let reports = desk.reports();
    assert_eq!(reports.len(), 3, "{reports:?}");
    assert!(
        reports.iter().all(|text| text.contains("is kept")),
        "{reports:?}"
    );

    deliver(
        mail(JANE, token, "", "And on it goes")
            .replace('\n', "\r\n")
            .as_bytes(),
    )
    .await;
    assert_eq!(desk.said()[2..], ["And on it goes"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_refuses_what_is_not_for_us_or_too_large() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    let raw = mail(JANE, token, "", "Partly for us");
    let to = ["sales@example.org", token, "support@elsewhere.example"];
    let replies = world.mail("jane@acme.com", &to, &raw).await;
    assert_eq!(codes(&replies), [550, 250, 550]);

    let line = format!("{}\n", "x".repeat(99));
    let huge = mail(JANE, token, "", &line.repeat(600_000));
    let replies = world.mail("jane@acme.com", &[token], &huge).await;
    assert_eq!(codes(&replies), [552]);
    world.quiet().await;
    assert_eq!(desk.said(), ["Partly for us"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_waits_in_the_blob_folder() {
    let desk = Desk::open(Options::default()).await;
    let line = format!("{}\n", "QUJD".repeat(19));
    let body = format!(
        "--b\nContent-Type: text/plain\n\nTen megabytes.\n--b\nContent-Type: application/zip\n\
         Content-Disposition: attachment; filename=\"logs.zip\"\n\
         Content-Transfer-Encoding: base64\n\n{}--b--\n",
        line.repeat(130_000)
    );
    desk.take(
        &desk.token,
        &typed(&desk.token, "multipart/mixed; boundary=b", &body),
    )
    .await;
    let shown = desk.events().remove(1).content;
    assert_eq!(desk.said()[0], "Ten megabytes.");
    assert_eq!(shown["filename"], "logs.zip");
    assert_eq!(shown["info"]["size"], 7_410_000);

    let files = std::fs::read_dir(desk.world.folder.join("blobs/mails")).unwrap();
    let sizes: Vec<u64> = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .collect();
    assert_eq!(sizes.len(), 1, "{sizes:?}");
    assert!(sizes[0] > 10_000_000, "{sizes:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_replies_to_the_event_that_it_answers() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let second = world.ann.say(&desk.room, "Is Tuesday fine?");
    let letters = world.mails_to("jane@acme.com", 2).await;
    world.ann.say(&desk.room, "By the way");
    world.mails_to("jane@acme.com", 3).await;
    world.quiet().await;

    let id = header(&letters[1].raw, "Message-ID").unwrap();
    let answers = format!("In-Reply-To: {id}\nReferences: {} {id}\n", desk.letter_id);
    desk.take(&desk.token, &mail(JANE, &desk.token, &answers, "It is"))
        .await;
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "Something else"))
        .await;
    // Jane answers herself.
    let own = "In-Reply-To: <Somethingelse@acme.com>\n";
    desk.take(&desk.token, &mail(JANE, &desk.token, own, "And one more"))
        .await;

    let events = desk.events();
    let answered = |event: &TimelineEvent| -> Option<String> {
        let target: &Value = &event.content["m.relates_to"]["m.in_reply_to"]["event_id"];
        target.as_str().map(str::to_owned)
    };
    let expected = [Some(second), None, Some(events[1].event_id.clone())];
    assert_eq!(events.iter().map(answered).collect::<Vec<_>>(), expected);
    assert_eq!(world.sink.count(), 3);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_follows_the_mails_unless_staff_gave_it() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world
        .ann
        .say(&desk.room, "!email add --share joe@beta.example");
    world
        .until("Joe's ghost", || world.ghost(&desk.room, "joe").is_some())
        .await;
    let joe = world.ghost(&desk.room, "joe").unwrap();
    world.ann.say(&desk.room, "Hello Joe");
    let letter = world.mails_to("joe@beta.example", 1).await.remove(0);
    let token = reply_address(&letter).unwrap();

    let shown = |user: &str| world.homeserver.profile(user).unwrap().displayname.unwrap();
    for name in ["Joe Bloggs", "Dr. Joe Bloggs"] {
        let from = format!("\"{name}\" <JOE@beta.example>");
        desk.take_from("joe@beta.example", &token, &mail(&from, &token, "", name))
            .await;
        assert_eq!(shown(&joe), name);
    }
    // A mail without a name takes none away.
    let raw = mail("joe@beta.example", &token, "", "No name");
    desk.take_from("joe@beta.example", &token, &raw).await;
    assert_eq!(shown(&joe), "Dr. Joe Bloggs");

    let raw = mail(
        "Jane of Acme <jane@acme.com>",
        &desk.token,
        "",
        "Staff named me",
    );
    desk.take(&desk.token, &raw).await;
    assert_eq!(desk.said(), ["Staff named me"]);
    assert_eq!(shown(&desk.jane), "Jane Doe");
    desk.world.finish().await;
}

/// Hands in a mail that takes a second to read, and ends Postroom ten times while it looks into who sent
/// it, or, if that is known already, while it reads it.
async fn end_while_working(desk: &mut Desk, is_checked: bool) {
    let mut database = desk.world.database().await;
    let html = "<p>Slow <b>mail</b></p>\n".repeat(80_000);
    let slow = typed(&desk.token, "text/html", &html);
    let replies = desk
        .world
        .mail("jane@acme.com", &[&desk.token], &slow)
        .await;
    assert_eq!(codes(&replies), [250]);
    for attempt in 1..=10 {
        loop {
            let sql = "SELECT attempts, state, verdict FROM mails ORDER BY id LIMIT 1";
            let (attempts, state, verdict): (i64, String, String) = database.row(sql).await;
            assert!(
                state == "waiting" && (is_checked || verdict.is_empty()),
                "attempt {attempt} was too quick to be interrupted"
            );
            if attempts == attempt && verdict.is_empty() != is_checked {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        desk.world.kill_postroom();
        desk.world.spawn_postroom();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_ends_postroom_every_time_is_set_aside() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    end_while_working(&mut desk, true).await;
    desk.world
        .until("the mail is set aside", || !desk.reports().is_empty())
        .await;
    assert!(
        desk.reports()[0].contains("was set aside"),
        "{:?}",
        desk.reports()
    );
    let next = mail(JANE, &token, "", "The next one");
    desk.take(&token, &next).await;
    assert_eq!(desk.said(), ["The next one"]);
    assert_eq!(desk.reports().len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_ends_postroom_while_it_is_checked_counts_as_forged() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    end_while_working(&mut desk, false).await;
    desk.world
        .until("the mail waits for staff", || {
            desk.world.bot_says(&desk.room, "nobody can tell for sure")
        })
        .await;
    let next = mail(JANE, &token, "", "The next one");
    desk.take(&token, &next).await;
    assert_eq!(desk.said(), ["The next one"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_file_is_missing_is_told_of_and_holds_up_nobody() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    let slow = typed(
        &token,
        "text/html",
        &"<p>Slow <b>mail</b></p>\n".repeat(80_000),
    );
    let replies = desk.world.mail("jane@acme.com", &[&token], &slow).await;
    assert_eq!(codes(&replies), [250]);
    desk.world.kill_postroom();
    std::fs::remove_dir_all(desk.world.folder.join("blobs/mails")).unwrap();
    desk.world.spawn_postroom();
    desk.world
        .until("it is told of", || !desk.reports().is_empty())
        .await;
    assert!(
        desk.reports()[0].contains("is missing"),
        "{:?}",
        desk.reports()
    );
    let next = mail(JANE, &token, "", "The next one");
    desk.take(&token, &next).await;
    assert_eq!(desk.said(), ["The next one"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_stored_comes_again() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    let large = typed(
        token,
        "text/plain",
        &format!("{}\n", "x".repeat(70)).repeat(2_000),
    );

    // A file where the folder should be: not even root can write into it.
    let folder = world.folder.join("blobs/mails");
    let _not_there_yet = std::fs::remove_dir_all(&folder);
    std::fs::write(&folder, "in the way").unwrap();
    let replies = world.mail("jane@acme.com", &[token], &large).await;
    assert_eq!(codes(&replies), [451]);
    // A small one needs no folder.
    desk.take(token, &mail(JANE, token, "", "Small")).await;
    assert_eq!(desk.said(), ["Small"]);
    std::fs::remove_file(&folder).unwrap();
    desk.take(token, &large).await;
    assert!(desk.said().len() > 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_makes_mail_come_again() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    let mut other = world.database().await;
    let lock = if other.is_postgres() {
        "BEGIN; LOCK TABLE mails IN EXCLUSIVE MODE"
    } else {
        "BEGIN IMMEDIATE"
    };
    other.execute(lock).await;
    let raw = mail(JANE, token, "", "Patience");
    let replies = world.mail("jane@acme.com", &[token], &raw).await;
    assert_eq!(codes(&replies), [451]);
    other.close().await;

    desk.take(token, &raw).await;
    assert_eq!(desk.said(), ["Patience"]);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_for_a_while_costs_nothing_but_time() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    let mut other = world.database().await;
    let (full, mended) = if other.is_postgres() {
        (
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
             CREATE TRIGGER disk_is_full BEFORE UPDATE OF state ON mails
                 FOR EACH ROW EXECUTE FUNCTION is_full()",
            "DROP TRIGGER disk_is_full ON mails",
        )
    } else {
        (
            "CREATE TRIGGER disk_is_full BEFORE UPDATE OF state ON mails
                 BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
            "DROP TRIGGER disk_is_full",
        )
    };
    other.execute(full).await;
    for text in ["One", "Two"] {
        let raw = mail(JANE, token, "", text);
        // Taking a mail may share the commit that fails; mail servers come again.
        loop {
            let replies = world.mail("jane@acme.com", &[token], &raw).await;
            if codes(&replies) != [451] {
                assert_eq!(codes(&replies), [250]);
                break;
            }
        }
    }
    // Time for more tries than a mail has that ends Postroom.
    tokio::time::sleep(Duration::from_secs(6)).await;
    other.execute(mended).await;
    other.close().await;
    world.quiet().await;
    assert_eq!(desk.said(), ["One", "Two"]);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_control_room_the_log_tells() {
    let desk = Desk::open(Options {
        control_room: false,
        ..Options::default()
    })
    .await;
    let us = "support@example.org";
    let raw = mail("mallory@evil.example", us, "", "Let me in");
    desk.take_from("mallory@evil.example", us, &raw).await;
    let log = desk.world.whole_log();
    let told = log
        .lines()
        .find(|line| line.contains("there is no control room"));
    let told = told.expect("a line in the log");
    assert!(told.contains("belongs to no conversation"), "{told}");
    assert!(!log.contains("mallory@evil"), "addresses are masked");
    assert_eq!(desk.said(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_a_room_that_put_the_bot_out_waits_and_is_told_of() {
    let desk = Desk::open(Options::default()).await;
    desk.world.ann.kick(&desk.room, BOT);
    desk.world.quiet().await;
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "Too late"))
        .await;
    assert_eq!(desk.said(), Vec::<String>::new());
    let world = &desk.world;
    let told = "✋ Mail from Jane Doe <jane@acme.com> in conversation #1 waits for you";
    assert!(world.bot_says(&world.control_room, told));
    assert!(world.bot_says(&world.control_room, "> Too late"));
    desk.close().await;
}
