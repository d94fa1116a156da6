//! Too much mail at a time waits, and nothing of it is lost; and what a virus scanner finds is shown to
//! nobody.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::world::{Options, PATIENCE},
};

/// Lets so much time pass for what waits, while Postroom is stopped.
async fn hours_later(desk: &mut Desk) {
    desk.world.stop_postroom().await;
    let mut database = desk.world.database().await;
    for sql in [
        "UPDATE tallies SET began_at = began_at - 3600000",
        "UPDATE postponed SET due_at = due_at - 3600000",
    ] {
        database.execute(sql).await;
    }
    desk.world.start_postroom().await;
    // Postroom says that it is ready before it has looked at what waits for its time.
    let deadline = Instant::now() + PATIENCE;
    #[expect(
        clippy::disallowed_methods,
        reason = "the story has Postroom's own clock"
    )]
    let now = jiff::Timestamp::now().as_millisecond();
    let due = format!("SELECT count(*) FROM postponed WHERE due_at <= {now}");
    while database.row::<(i64,)>(&due).await != (0,) {
        assert!(Instant::now() < deadline, "{}", desk.world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    database.close().await;
    desk.world.quiet().await;
}

async fn waiting(desk: &Desk) -> i64 {
    let mut database = desk.world.database().await;
    let (waiting,) = database
        .row::<(i64,)>("SELECT count(*) FROM postponed")
        .await;
    waiting
}

fn notices(desk: &Desk) -> Vec<String> {
    let rooms = [&desk.room, &desk.world.control_room];
    let said = rooms
        .map(|room| desk.world.said_by(room, BOT))
        .into_iter()
        .flatten();
    said.filter(|text| text.starts_with("More than ")).collect()
}

fn numbered(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("Mail {number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_mails_in_an_hour_pass_and_of_two_hundred_the_rest_waits() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    let mut door = desk.world.lmtp().await;
    let send = async |door: &mut crate::support::lmtp_client::LmtpClient, number: usize| {
        let raw = mail(JANE, &token, "", &format!("Mail {number}")).replace('\n', "\r\n");
        let replies = door
            .deliver("jane@acme.com", &[&token], raw.as_bytes())
            .await
            .unwrap();
        assert_eq!(replies[0].code, 250);
    };
    for number in 0..30 {
        send(&mut door, number).await;
    }
    desk.world.quiet().await;
    assert_eq!(desk.said(), numbered(0..30));
    assert_eq!(notices(&desk), Vec::<String>::new());

    for number in 30..200 {
        send(&mut door, number).await;
    }
    drop(door);
    desk.world.quiet().await;
    assert_eq!(desk.said(), numbered(0..60));
    assert_eq!(waiting(&desk).await, 140);
    let [notice] = notices(&desk).try_into().unwrap();
    assert!(
        notice.contains("60 mails from jane@acme.com within an hour"),
        "{notice}"
    );
    assert!(notice.contains("`guard.contact`"), "{notice}");

    // A restart forgets nothing; others are not held up.
    desk.world.stop_postroom().await;
    desk.world.start_postroom().await;
    desk.world.quiet().await;
    assert_eq!(desk.said().len(), 60);
    let stranger = "bob@beta.example";
    let us = "support@example.org";
    desk.take_from(stranger, us, &mail(stranger, us, "", "Bob"))
        .await;
    assert_eq!(desk.reports().len(), 1);

    // It goes on by itself, in order, and nobody is told again.
    for until in [120, 180, 200] {
        hours_later(&mut desk).await;
        assert_eq!(desk.said(), numbered(0..until));
    }
    assert_eq!(waiting(&desk).await, 0);
    assert_eq!(notices(&desk).len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_let_a_flood_through_or_put_it_out_of_sight() {
    let desk = Desk::open(Options {
        more: "guard: {contact: 2, unknown: 1}",
        ..Options::default()
    })
    .await;
    let token = desk.token.as_str();
    for text in ["One", "Two", "Three", "Four"] {
        desk.take(token, &mail(JANE, token, "", text)).await;
    }
    assert_eq!(desk.said(), ["One", "Two"]);
    desk.world
        .ask(&desk.room, "!email allow jane@acme.com")
        .await;
    desk.world.quiet().await;
    assert_eq!(desk.said(), ["One", "Two", "Three", "Four"]);

    let (stranger, us) = ("noise@spam.example", "support@example.org");
    for text in ["A", "B", "C"] {
        desk.take_from(stranger, us, &mail(stranger, us, "", text))
            .await;
    }
    assert_eq!(desk.reports().len(), 1);
    assert_eq!(waiting(&desk).await, 2);
    desk.world
        .ask(&desk.room, "!email block noise@spam.example")
        .await;
    desk.world.quiet().await;
    assert_eq!(waiting(&desk).await, 0);
    assert_eq!(desk.reports().len(), 1);
    let said = desk.world.ask(&desk.room, "!email blocked").await;
    assert!(said.contains("; 2 mails)"), "{said}");
    assert_eq!(notices(&desk).len(), 2);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_was_raised_holds_from_the_next_start_on() {
    let options = |more| Options {
        more,
        ..Options::default()
    };
    let mut desk = Desk::open(options("guard: {conversation: 1}")).await;
    let token = desk.token.clone();
    for text in ["One", "Two", "Three"] {
        desk.take(&token, &mail(JANE, &token, "", text)).await;
    }
    assert_eq!(desk.said(), ["One"]);
    desk.world.stop_postroom().await;
    desk.world
        .write_configuration(&options("guard: {conversation: 0}"));
    desk.world.start_postroom().await;
    desk.world.quiet().await;
    assert_eq!(desk.said(), ["One", "Two", "Three"]);
    desk.close().await;
}

/// Staff who want a letter to go now are told when it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_has_to_wait_says_so_to_who_sends_it_now() {
    let mut desk = Desk::open(Options {
        more: "guard: {letters: 2}",
        ..Options::default()
    })
    .await;
    desk.world.tell(&desk.room, "Two").await;
    desk.world.mails_to("jane@acme.com", 2).await;
    let three = desk.world.ann.say(&desk.room, "Three");
    let is_told = |desk: &Desk| notices(desk).len() == 1;
    desk.world.until("staff are told", || is_told(&desk)).await;
    let said = desk.world.ask(&desk.room, "!email now").await;
    assert!(
        said.starts_with("Not yet: more letters of conversation #"),
        "{said}"
    );
    assert!(said.contains("in about 60 minutes"), "{said}");
    desk.world.ann.react(&desk.room, &three, "📨");
    let told = desk.world.answer_to(&desk.room, &three).await;
    assert!(told.starts_with("Not yet: "), "{told}");
    desk.world.quiet().await;
    assert_eq!(desk.world.sink.count(), 2);

    // And when the hour is over, it goes.
    desk.world.stop_postroom().await;
    let mut database = desk.world.database().await;
    for sql in [
        "UPDATE tallies SET began_at = began_at - 3600000",
        "UPDATE letters SET due_at = due_at - 3600000 WHERE state = 'open'",
    ] {
        database.execute(sql).await;
    }
    database.close().await;
    desk.world.start_postroom().await;
    desk.world.mails_to("jane@acme.com", 3).await;
    desk.world.tell(&desk.room, "Four").await;
    desk.world.mails_to("jane@acme.com", 4).await;
    desk.world.finish().await;
}

/// The test file of the European Institute for Computer Antivirus Research, in two parts so that no
/// scanner finds it here.
const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*",
];

fn with_file(token: &str, text: &str, content: &str) -> String {
    format!(
        "From: {JANE}\nTo: {token}\nSubject: Kernel training\nMessage-ID: <{text}@acme.com>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{text}\n--b\n\
         Content-Type: application/octet-stream\n\
         Content-Disposition: attachment; filename=plan.bin\n\n{content}\n--b--\n"
    )
}

/// Speaks clamd's protocol and finds the test file only.
async fn scanner(listener: TcpListener) {
    let eicar = EICAR.concat();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut command = [0; 10];
        stream.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        let mut raw = Vec::new();
        loop {
            let length = stream.read_u32().await.unwrap();
            if length == 0 {
                break;
            }
            let mut chunk = vec![0; length as usize];
            stream.read_exact(&mut chunk).await.unwrap();
            raw.extend(chunk);
        }
        let answer: &[u8] = if String::from_utf8_lossy(&raw).contains(&eicar) {
            b"stream: Eicar-Test-Signature FOUND\0"
        } else if raw.windows(4).any(|four| four == b"HUGE") {
            b"INSTREAM size limit exceeded. ERROR\0"
        } else {
            b"stream: OK\0"
        };
        stream.write_all(answer).await.unwrap();
    }
}

fn files(desk: &Desk) -> usize {
    let events = desk.world.homeserver.timeline(&desk.room).into_iter();
    events
        .filter(|event| event.content["url"].as_str().is_some())
        .count()
}

fn withheld(desk: &Desk) -> Vec<String> {
    let said = desk.world.said_by(&desk.room, BOT).into_iter();
    said.filter(|text| text.contains("what I don't show by myself"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_scanner_finds_never_goes_to_the_homeserver() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let scanner = tokio::spawn(scanner(listener));
    let more = format!("guard: {{clamd: \"{address}\"}}");
    let desk = Desk::open(Options {
        more: more.leak(),
        ..Options::default()
    })
    .await;
    let token = desk.token.as_str();
    desk.take(token, &with_file(token, "Clean", "a plan")).await;
    assert_eq!(files(&desk), 1);
    desk.take(token, &with_file(token, "Infected", &EICAR.concat()))
        .await;
    assert_eq!(files(&desk), 1);
    let [notice] = withheld(&desk).try_into().unwrap();
    assert!(
        notice.contains("malware") && notice.contains("shown to nobody"),
        "{notice}"
    );
    assert!(
        desk.said().iter().any(|text| text == "Infected"),
        "its words are"
    );

    // Not by a reaction to the notice, and not with the whole mail.
    let events = desk.world.homeserver.timeline(&desk.room);
    let event = |text: &str| {
        let found = events.iter().find(|event| event.body().contains(text));
        found.unwrap().event_id.clone()
    };
    desk.world
        .ann
        .react(&desk.room, &event("what I don't show"), "✅");
    desk.world.ann.react(&desk.room, &event("Infected"), "🔍");
    desk.world
        .until("staff are told", || {
            desk.world.bot_says(
                &desk.room,
                "can't be shown here: there is malware in the mail",
            )
        })
        .await;
    desk.world.quiet().await;
    assert_eq!(files(&desk), 1);

    // What it won't look at staff may release.
    desk.take(token, &with_file(token, "Large", "HUGE")).await;
    assert_eq!(files(&desk), 1);
    let notice = withheld(&desk).pop().unwrap();
    assert!(
        notice.contains("could not look at it") && notice.contains('✅'),
        "{notice}"
    );
    scanner.abort();
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_scanner_is_away_mail_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let more = format!("guard: {{clamd: \"{address}\"}}");
    let mut desk = Desk::open(Options {
        more: more.leak(),
        ..Options::default()
    })
    .await;
    let token = desk.token.clone();
    desk.take(&token, &mail(JANE, &token, "", "Patience")).await;
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(waiting(&desk).await, 1);
    hours_later(&mut desk).await;
    let away = |desk: &Desk| {
        desk.world
            .bot_says(&desk.world.control_room, "has not answered")
    };
    desk.world.until("staff are told", || away(&desk)).await;
    assert_eq!(desk.said(), Vec::<String>::new());

    let scanner = tokio::spawn(scanner(TcpListener::bind(address).await.unwrap()));
    hours_later(&mut desk).await;
    desk.world
        .until("it is shown", || desk.said() == ["Patience"])
        .await;
    let back = || {
        desk.world
            .bot_says(&desk.world.control_room, "answers again")
    };
    desk.world.until("staff are told", back).await;
    assert_eq!(waiting(&desk).await, 0);
    scanner.abort();
    desk.close().await;
}

/// The mail server has looked itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_of_our_server_counts_as_the_scanners() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let ours = "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org\n";
    let mark = "X-Virus-Status: Infected (Worm.Test)\n";
    let forged = format!("{ours}{mark}{}", with_file(token, "Forged", "a plan"));
    desk.take(token, &forged).await;
    assert_eq!(files(&desk), 1);
    let marked = format!("{mark}{ours}{}", with_file(token, "Infected", "a plan"));
    desk.take(token, &marked).await;
    assert_eq!(files(&desk), 1);
    assert_eq!(withheld(&desk).len(), 1);
    desk.close().await;
}
