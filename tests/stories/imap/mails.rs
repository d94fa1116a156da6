//! What becomes of mails in a mailbox: the same as of those that come by LMTP.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::desk::{self, BOT, Desk, JANE, SUPPORT, mail, mailbox};
use crate::support::{
    imap_client::ImapClient,
    servers::imap_server::ImapOptions,
    world::{Options, World, answer},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_mailbox_is_shown_under_the_customers_name() {
    let desk = Desk::open("").await;
    let (_, raw) = answer(&desk.letter, JANE, "Tuesday suits us", "answer@acme.com");
    desk.drop_mail(&raw);
    desk.until_said(1).await;
    assert!(desk.said()[0].starts_with("Tuesday suits us"));
    desk.until_marked(1).await;

    // And so it goes on, with the connection that is open.
    desk.drop_mail(&mail(&desk.token, "Or Wednesday"));
    desk.until_said(2).await;
    desk.until_marked(2).await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_to_which_a_mail_was_delivered_leads_to_its_conversation() {
    let desk = Desk::open("").await;
    for name in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        let raw = format!("{name}: {}\n{}", desk.token, mail(SUPPORT, name));
        desk.drop_mail(&raw);
    }
    desk.until_said(3).await;
    let mut database = desk.world.database().await;
    let first = "SELECT recipients FROM mails ORDER BY id LIMIT 1";
    let (recipients,): (String,) = database.row(first).await;
    assert_eq!(recipients, format!("[\"{}\",\"{SUPPORT}\"]", desk.token));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_customers_answer_is_kept_and_staff_are_told() {
    let desk = Desk::open("").await;
    let token = desk.token.clone();
    let stranger = mail(&token, "I am new here").replace("jane@acme.com", "eve@elsewhere.example");
    let bounce = "Return-Path: <>\nFrom: MAILER-DAEMON@acme.com\nTo: support@example.org\n\
                  Subject: Undelivered\nMIME-Version: 1.0\nMessage-ID: <bounce@acme.com>\n\
                  Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
                  --b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n\
                  Reporting-MTA: dns; acme.com\n\n\
                  Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.1.1\n\n--b--\n";
    let null = mail(&token, "From a machine").replace("<jane@acme.com>\nFrom", "<>\nFrom");
    desk.drop_mail(&stranger);
    desk.drop_mail(bounce);
    desk.drop_mail(&null);
    desk.drop_mail("no mail at all\n");
    desk.drop_mail("");
    desk.drop_mail(&mail(&token, "The last one"));
    desk.until_said(2).await;
    desk.until_marked(6).await;
    let said = desk.said();
    assert!(said[0].starts_with("🤖 Automatic reply"), "{said:?}");
    assert_eq!(said[1..], ["The last one"]);
    // The stranger's waits for staff, in the room.
    let held = desk.world.said_by(&desk.room, BOT);
    assert!(
        held.iter()
            .any(|text| text.contains("eve@elsewhere.example"))
    );
    // Who has no sender need not stand in line.
    let mut reports = desk.reports();
    reports.sort();
    assert_eq!(reports.len(), 3, "{reports:#?}");
    for (report, part) in reports.iter().zip([
        "delivery report",
        "doesn't say whom it is from",
        "doesn't say whom it is from",
    ]) {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(desk.world.sink.count(), 1, "nobody is answered");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_twice_our_own_and_one_by_both_doors_are_shown_once() {
    let server = mailbox(ImapOptions::default()).await;
    let options = Options {
        imap: Some(desk::imap(server.port(), "")),
        ..Options::default()
    };
    let desk = Desk::open_with(options, server).await;
    let raw = mail(&desk.token, "Only once");
    desk.drop_mail(&raw);
    desk.until_said(1).await;
    desk.drop_mail(&format!("X-Way: another\n{raw}"));
    let replies = desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    let own = String::from_utf8(desk.letter.raw.clone()).unwrap();
    desk.drop_mail(&own.replace("\r\n", "\n"));
    desk.until_marked(3).await;
    desk.world.quiet().await;
    assert_eq!(desk.said(), ["Only once"]);
    assert_eq!(desk.taken().await, 4);
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_mail_becomes_no_message_unless_it_is_asked_for() {
    for older in [false, true] {
        let server = mailbox(ImapOptions::default()).await;
        let old = mail(SUPPORT, "Long ago").replace('\n', "\r\n");
        let year = Duration::from_hours(365 * 24);
        for _ in 0..3 {
            server.drop_mail(SUPPORT, "", old.as_bytes(), year).unwrap();
        }
        let port = server.port();
        let desk = Desk::open_at(port, &format!("older: {older}"), server).await;
        desk.drop_mail(&mail(&desk.token, "Just now"));
        desk.until_said(1).await;
        assert_eq!(desk.taken().await, if older { 4 } else { 1 });
        desk.until_shown("INBOX", "marked", |mails| {
            let marked = mails.iter().filter(|mail| !mail.flags.is_empty());
            marked.count() == if older { 4 } else { 1 }
        })
        .await;
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_came_while_postroom_was_away_is_taken_in_order() {
    const MAILS: usize = 1000;
    let server = mailbox(ImapOptions::default()).await;
    let options = Options {
        imap: Some(desk::imap(server.port(), "")),
        lmtp: false,
        more: desk::UNLIMITED,
        ..Options::default()
    };
    let mut desk = Desk::open_with(options, server).await;
    desk.world.stop_postroom().await;
    for number in 0..MAILS {
        desk.drop_mail(&mail(&desk.token, &format!("Number {number}")));
    }
    let begun = Instant::now();
    desk.world.start_postroom().await;
    desk.until_marked(MAILS).await;
    println!(
        "{MAILS} waiting mails taken and marked in {:?}",
        begun.elapsed()
    );
    desk.until_said(MAILS).await;
    println!("… and shown in {:?}", begun.elapsed());
    let expected: Vec<String> = (0..MAILS)
        .map(|number| format!("Number {number}"))
        .collect();
    assert_eq!(desk.said(), expected);
    assert_eq!(desk.taken().await, i64::try_from(MAILS).unwrap());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_were_taken_are_marked_as_the_configuration_says() {
    let desk = Desk::open("processed: seen").await;
    desk.drop_mail(&mail(&desk.token, "Read by us"));
    desk.until_said(1).await;
    desk.until_shown("INBOX", "read", |mails| mails[0].flags == ["\\Seen"])
        .await;
    desk.close().await;

    let more = "processed: move, processed_folder: \"Erledigt/Büro & Co\"";
    let desk = Desk::open(more).await;
    for text in ["One", "Two", "Three"] {
        desk.drop_mail(&mail(&desk.token, text));
    }
    desk.until_said(3).await;
    desk.until_shown("Erledigt/B&APw-ro &- Co", "moved", |mails| mails.len() == 3)
        .await;
    assert_eq!(desk.shown("INBOX").await, []);
    desk.drop_mail(&mail(&desk.token, "Four"));
    desk.until_said(4).await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_folder_is_read_whatever_it_is_called() {
    let server = mailbox(ImapOptions::default()).await;
    let mut client = ImapClient::login(server.port(), SUPPORT, server.password())
        .await
        .unwrap();
    for name in ["Entw&APw-rfe/Kunden &- Co", "a \\\"b\\\" \\\\c"] {
        client.must(&format!("CREATE \"{name}\"")).await.unwrap();
    }
    let port = server.port();
    let more = r#"folders: [INBOX, Junk, "Entwürfe/Kunden & Co", "a \"b\" \\c"]"#;
    let desk = Desk::open_at(port, more, server).await;
    for (subfolder, text) in [
        ("", "In the inbox"),
        (".Junk", "In Junk"),
        (".Entw&APw-rfe.Kunden &- Co", "Among drafts"),
        (".a \"b\" \\c", "In quotes"),
    ] {
        desk.drop_into(subfolder, &mail(&desk.token, text));
    }
    desk.until_said(4).await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_found_on_servers_that_write_their_names_otherwise() {
    let server = mailbox(ImapOptions {
        separator: '.',
        prefix: "INBOX.",
        ..ImapOptions::default()
    })
    .await;
    let mut client = ImapClient::login(server.port(), SUPPORT, server.password())
        .await
        .unwrap();
    client.must("CREATE INBOX.Kunden.Acme").await.unwrap();
    let port = server.port();
    let more = "folders: [INBOX, Junk, Kunden/Acme], processed: move";
    let desk = Desk::open_at(port, more, server).await;
    desk.drop_into("", &mail(&desk.token, "In the inbox"));
    desk.drop_into(".Kunden.Acme", &mail(&desk.token, "From Acme"));
    desk.until_said(2).await;
    desk.until_shown("INBOX.Postroom", "moved", |mails| mails.len() == 2)
        .await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mailboxes_are_fetched_side_by_side() {
    let server = mailbox(ImapOptions::default()).await;
    let port = server.port();
    let other = "training@example.org";
    let mut client = ImapClient::login(port, other, server.password())
        .await
        .unwrap();
    client.must("SELECT INBOX").await.unwrap();
    let second = desk::imap(port, "").replace(SUPPORT, other);
    let options = Options {
        // The section stands right behind the first mailbox's keys.
        imap: Some(format!(
            "{}\n  training:\n    name: Bootlin Training\n    address: {other}\n    \
             reply_address: \"training+{{token}}@example.org\"\n    \
             smtp: {{url: \"smtp+insecure://127.0.0.1:25\"}}\n    imap: {second}",
            desk::imap(port, "")
        )),
        lmtp: false,
        ..Options::default()
    };
    let desk = Desk::open_with(options, server).await;
    desk.drop_mail(&mail(&desk.token, "To support"));
    let raw = mail(&desk.token, "To training").replace('\n', "\r\n");
    desk.server
        .drop_mail(other, "", raw.as_bytes(), Duration::ZERO)
        .unwrap();
    desk.until_said(2).await;
    assert_eq!(desk.taken().await, 2);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_many_pieces_arrives_whole() {
    let desk = Desk::open("").await;
    // Around the sizes at which pieces begin and end.
    for (number, size) in [
        65_535, 65_537, 262_143, 262_144, 262_145, 524_288, 3_000_000,
    ]
    .into_iter()
    .enumerate()
    {
        let head = mail(&desk.token, &format!("Large {number}")).replace('\n', "\r\n");
        let mut raw = head.into_bytes();
        let line = b"It goes on and on, as far as it has to, in lines of sixty letters.\r\n";
        while raw.len() < size {
            raw.extend_from_slice(&line[..line.len().min(size - raw.len())]);
        }
        raw.truncate(size);
        desk.server
            .drop_mail(SUPPORT, "", &raw, Duration::ZERO)
            .unwrap();
        desk.until_marked(number + 1).await;
        let mut database = desk.world.database().await;
        let last = "SELECT size, digest FROM mails ORDER BY id DESC LIMIT 1";
        let (stored, digest): (i64, String) = database.row(last).await;
        let expected = data_encoding::HEXLOWER.encode(&Sha256::digest(&raw));
        assert_eq!((stored, digest), (i64::try_from(size).unwrap(), expected));
    }
    desk.world.quiet().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_into_which_no_mail_comes_is_named_in_the_log() {
    let world = World::start(Options {
        lmtp: false,
        ..Options::default()
    })
    .await;
    assert!(
        world
            .whole_log()
            .contains("No mail comes in for this mailbox"),
        "{}",
        world.log()
    );
    world.finish().await;
}
