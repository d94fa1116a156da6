//! What the server does, and what administrators do to it.

use std::{fs, time::Duration};

use super::desk::{self, Desk, SUPPORT, mail, mailbox};
use crate::support::{
    imap_client::ImapClient,
    proxy::Proxy,
    servers::{folder::Folder, imap_server::ImapOptions},
    world::Options,
};

/// What `/health/ready` says is missing.
async fn missing(desk: &Desk) -> String {
    let health = desk.world.health().await;
    health.map_or_else(String::new, |health| health["missing"].to_string())
}

async fn until_missing(desk: &Desk, part: &str) {
    let deadline = std::time::Instant::now() + crate::support::world::PATIENCE;
    while !missing(desk).await.contains(part) {
        assert!(
            std::time::Instant::now() < deadline,
            "nothing is missing\n{}",
            desk.world.log()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_ready(desk: &Desk) {
    until_missing(desk, "[]").await;
}

/// `imap` with its password in a file.
fn with_password_file(port: u16, folder: &Folder) -> String {
    fs::write(folder.join("password"), "secret\n").unwrap();
    let file = format!("password_file: \"{}\"", folder.join("password").display());
    desk::imap(port, "").replace("password: secret", &file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_once_and_a_mended_one_is_tried_at_once() {
    let server = mailbox(ImapOptions::default()).await;
    let secrets = Folder::create().unwrap();
    let port = server.port();
    let options = Options {
        imap: Some(
            with_password_file(port, &secrets)
                .replace("poll: 1s", "poll: 1s, folders: [INBOX, Junk]"),
        ),
        lmtp: false,
        ..Options::default()
    };
    let mut desk = Desk::open_with(options, server).await;

    desk.server.change_password("another").unwrap();
    desk.server.stop();
    desk.server.resume().await.unwrap();
    until_missing(&desk, "imap support/INBOX: the server doesn't accept").await;
    desk.world
        .until("staff are told", || !desk.reports().is_empty())
        .await;
    fs::write(secrets.join("password"), "another").unwrap();
    until_ready(&desk).await;
    desk.drop_mail(&mail(&desk.token, "In again"));
    desk.until_said(1).await;

    let reports = desk.reports();
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert!(
        reports[0].contains("doesn't accept user name and password"),
        "{reports:#?}"
    );
    assert!(
        reports[0].contains("`mailboxes.support.imap`"),
        "{reports:#?}"
    );
    assert_eq!(reports[1], "Mail comes out of the mailbox support again.");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_told_once_and_stops_no_other() {
    let mut desk = Desk::open("").await;
    let mut client = desk.client().await;
    client.must("CREATE Entw&APw-rfe").await.unwrap();
    desk.world.stop_postroom().await;
    let options = Options {
        imap: Some(desk::imap(desk.server.port(), "folders: [INBOX, Kunden]")),
        lmtp: false,
        ..Options::default()
    };
    desk.world.write_configuration(&options);
    desk.world.spawn_postroom();
    until_missing(&desk, "imap support/Kunden: there is no such folder").await;
    desk.drop_mail(&mail(&desk.token, "While the other is missing"));
    desk.until_said(1).await;

    let mut client = desk.client().await;
    client.must("CREATE Kunden").await.unwrap();
    until_ready(&desk).await;
    desk.drop_into(".Kunden", &mail(&desk.token, "And now from there"));
    desk.until_said(2).await;
    let reports = desk.reports();
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert!(
        reports[0].contains("there is no folder “Kunden”"),
        "{reports:#?}"
    );
    assert!(reports[0].contains("“Entwürfe”"), "{reports:#?}");
    assert_eq!(
        reports[1],
        "Mail comes out of the folder “Kunden” of the mailbox support again."
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_to_a_server_that_is_not_trusted() {
    let server = mailbox(ImapOptions::default()).await;
    let ca_file = server.ca_file();
    let (port, tls_port) = (server.port(), server.tls_port());
    let trusted = |scheme: &str, port: u16, ca: bool| {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let imap = desk::imap(port, "").replace(&format!("imap+insecure://127.0.0.1:{port}"), &url);
        if ca {
            imap.replace(
                "poll:",
                &format!("ca_file: \"{}\", poll:", ca_file.display()),
            )
        } else {
            imap
        }
    };
    let options = |imap: String| Options {
        imap: Some(imap),
        lmtp: false,
        ..Options::default()
    };
    // From the first byte, and after STARTTLS.
    let mut desk = Desk::open_with(options(trusted("imaps", tls_port, true)), server).await;
    desk.drop_mail(&mail(&desk.token, "With TLS"));
    desk.until_said(1).await;
    desk.world.stop_postroom().await;
    desk.world
        .write_configuration(&options(trusted("imap", port, true)));
    desk.world.start_postroom().await;
    desk.drop_mail(&mail(&desk.token, "With STARTTLS"));
    desk.until_said(2).await;

    for (scheme, port) in [("imaps", tls_port), ("imap", port)] {
        desk.world.stop_postroom().await;
        desk.world
            .write_configuration(&options(trusted(scheme, port, false)));
        desk.world.spawn_postroom();
        until_missing(&desk, "imap support/INBOX: TLS fails").await;
        desk.world.quiet().await;
    }
    let reports = desk.reports();
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert!(
        reports
            .iter()
            .all(|told| told.contains("`mailboxes.support.imap.ca_file`"))
    );
    assert!(!desk.world.whole_log().contains("secret"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_in_the_clear() {
    let server = mailbox(ImapOptions {
        tls: false,
        ..ImapOptions::default()
    })
    .await;
    let mut desk = Desk::open_at(server.port(), "", server).await;
    desk.world.stop_postroom().await;
    let port = desk.server.port();
    let imap = desk::imap(port, "").replace("imap+insecure", "imap");
    desk.world.write_configuration(&Options {
        imap: Some(imap),
        lmtp: false,
        ..Options::default()
    });
    desk.world.spawn_postroom();
    until_missing(&desk, "doesn't offer STARTTLS").await;
    desk.world
        .until("staff are told", || desk.reports().len() == 1)
        .await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_idle_is_asked_from_time_to_time() {
    let server = mailbox(ImapOptions {
        idle: false,
        ..ImapOptions::default()
    })
    .await;
    let desk = Desk::open_at(server.port(), "", server).await;
    for number in 1..=3 {
        desk.drop_mail(&mail(&desk.token, &format!("Number {number}")));
        desk.until_said(number).await;
    }
    desk.until_marked(3).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_is_found_again() {
    let mut desk = Desk::open("").await;
    desk.drop_mail(&mail(&desk.token, "Before"));
    desk.until_said(1).await;
    for number in 0..3 {
        desk.server.stop();
        desk.drop_mail(&mail(&desk.token, &format!("Away {number}")));
        until_missing(&desk, "imap support/INBOX").await;
        desk.server.resume().await.unwrap();
        until_ready(&desk).await;
        desk.until_said(2 + number).await;
    }
    // Minutes are nobody's business.
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_server_has_numbered_the_mails_anew_each_is_still_taken_once() {
    let server = mailbox(ImapOptions::default()).await;
    let year = Duration::from_hours(365 * 24);
    for number in 0..3 {
        let old = mail(SUPPORT, &format!("Old {number}")).replace('\n', "\r\n");
        server.drop_mail(SUPPORT, "", old.as_bytes(), year).unwrap();
    }
    let port = server.port();
    let mut desk = Desk::open_at(port, "", server).await;
    for number in 0..5 {
        desk.drop_mail(&mail(&desk.token, &format!("Known {number}")));
    }
    desk.until_said(5).await;
    desk.until_shown("INBOX", "marked", |mails| {
        mails.iter().filter(|mail| !mail.flags.is_empty()).count() == 5
    })
    .await;
    let validity = |shown: &str| shown.split_once("UIDVALIDITY ").unwrap().1[..10].to_owned();
    let before = validity(&desk.client().await.must("SELECT INBOX").await.unwrap());

    desk.world.stop_postroom().await;
    desk.server.stop();
    desk.server.forget_uids(SUPPORT, "").unwrap();
    // Keywords are kept by letter in the names of files; the names are gone with the list.
    desk.drop_mail(&mail(&desk.token, "New one"));
    // Dovecot takes the time in seconds for the number.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    desk.server.resume().await.unwrap();
    let after = validity(&desk.client().await.must("SELECT INBOX").await.unwrap());
    assert_ne!(before, after);
    desk.world.start_postroom().await;
    desk.until_said(6).await;
    assert_eq!(desk.said()[5], "New one");
    assert_eq!(desk.taken().await, 6);
    desk.until_shown("INBOX", "marked again", |mails| {
        let is_right = |mail: &crate::support::imap_client::Shown| {
            mail.flags.iter().any(|flag| flag == "$Postroom") != mail.subject.starts_with("Old")
        };
        mails.len() == 9 && mails.iter().all(is_right)
    })
    .await;
    // And it goes on.
    desk.drop_mail(&mail(&desk.token, "The next one"));
    desk.until_said(7).await;
    assert_eq!(desk.taken().await, 7);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_mail_programs_may_work_in_the_folder() {
    const MAILS: usize = 150;
    let server = mailbox(ImapOptions::default()).await;
    let options = Options {
        imap: Some(desk::imap(server.port(), "")),
        lmtp: false,
        more: desk::UNLIMITED,
        ..Options::default()
    };
    let desk = Desk::open_with(options, server).await;
    let server_port = desk.server.port();
    let busy = tokio::spawn(async move {
        let mut client = ImapClient::login(server_port, SUPPORT, "secret")
            .await
            .unwrap();
        client.must("SELECT INBOX").await.unwrap();
        loop {
            // Reads, flags, moves and deletes whatever is theirs.
            let _gone = client.must("STORE 1:* +FLAGS (\\Flagged)").await;
            let found = client.must("UID SEARCH SUBJECT Theirs").await.unwrap();
            let uids = found
                .trim()
                .trim_start_matches("* SEARCH")
                .trim()
                .replace(' ', ",");
            if !uids.is_empty() {
                let store = format!("UID STORE {uids} +FLAGS.SILENT (\\Deleted)");
                client.must(&store).await.unwrap();
                client.must("EXPUNGE").await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    });
    for number in 0..MAILS {
        desk.drop_mail(&mail(&desk.token, &format!("Ours {number}")));
        // In nobody's conversation: it is kept if it was there long enough.
        desk.drop_mail(&mail(SUPPORT, &format!("Theirs {number}")));
    }
    desk.until_said(MAILS).await;
    busy.abort();
    let expected: Vec<String> = (0..MAILS).map(|number| format!("Ours {number}")).collect();
    assert_eq!(desk.said(), expected);
    desk.until_shown("INBOX", "ours are marked", |mails| {
        let ours = mails.iter().filter(|mail| mail.subject.starts_with("Ours"));
        ours.clone().count() == MAILS
            && ours
                .clone()
                .all(|mail| mail.flags.iter().any(|flag| flag == "$Postroom"))
    })
    .await;
    let mut database = desk.world.database().await;
    let twice = "SELECT digest, count(*) FROM mails GROUP BY digest HAVING count(*) > 1";
    let twice: Vec<(String, i64)> = database.rows(twice).await;
    assert_eq!(twice, []);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_large_stays_there_and_stops_nothing() {
    let mut desk = Desk::open("max_size: 1MB").await;
    let large = mail(&desk.token, "All our plans") + &"0123456789abcdef\n".repeat(100_000);
    desk.drop_mail(&large);
    desk.drop_mail(&mail(&desk.token, "Behind it"));
    desk.until_said(1).await;
    desk.until_shown("INBOX", "the other is marked", |mails| {
        mails.len() == 2 && mails[0].flags.is_empty() && mails[1].flags == ["$Postroom"]
    })
    .await;
    desk.world.stop_postroom().await;
    desk.server.stop();
    desk.server.forget_uids(SUPPORT, "").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    desk.server.resume().await.unwrap();
    desk.world.start_postroom().await;
    desk.drop_mail(&mail(&desk.token, "Later"));
    desk.until_said(2).await;

    // Once, even though the server has numbered the mails anew.
    let reports = desk.reports();
    assert_eq!(reports.len(), 1, "{reports:#?}");
    for part in [
        "Jane Doe <jane@acme.com>",
        "“All our plans”",
        "1.8 MB",
        "“INBOX”",
        "1.0 MB",
    ] {
        assert!(reports[0].contains(part), "{part}: {reports:#?}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_200_megabytes_fills_no_memory() {
    let desk = Desk::open("").await;
    let before = desk.world.peak_memory();
    let head = mail(&desk.token, "All our films").replace('\n', "\r\n");
    desk.server
        .drop_huge(SUPPORT, head.as_bytes(), 200_000_000)
        .unwrap();
    desk.drop_mail(&mail(&desk.token, "Behind it"));
    desk.until_said(1).await;
    desk.world
        .until("staff are told", || desk.reports().len() == 1)
        .await;
    assert!(
        desk.reports()[0].contains("200.0 MB"),
        "{:?}",
        desk.reports()
    );
    let grown = desk.world.peak_memory() - before;
    println!("{before} bytes at the beginning, {grown} more");
    assert!(grown < 20_000_000, "{grown} bytes more");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_cannot_read_is_passed_over() {
    let desk = Desk::open("").await;
    desk.drop_mail(&mail(&desk.token, "Before it"));
    desk.until_said(1).await;
    desk.server
        .drop_unreadable(SUPPORT, b"Subject: Locked\r\n\r\n")
        .unwrap();
    desk.drop_mail(&mail(&desk.token, "Behind it"));
    // It is tried several times, ever more slowly.
    let deadline = std::time::Instant::now() + Duration::from_secs(80);
    while desk.said().len() < 2 {
        assert!(std::time::Instant::now() < deadline, "{}", desk.world.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.said(), ["Before it", "Behind it"]);
    desk.world.quiet().await;
    let reports = desk.reports();
    assert_eq!(reports.len(), 1, "{reports:#?}");
    assert!(reports[0].contains("can't be fetched"), "{reports:#?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_noticed() {
    let server = mailbox(ImapOptions::default()).await;
    let proxy = Proxy::start(server.port()).await;
    proxy.break_next(crate::support::proxy::Break::StallAfter(1500));
    let desk = Desk::open_at(proxy.port(), "idle: 1s, timeout: 2s", server).await;
    desk.world
        .until("the connection is silent", || proxy.broke())
        .await;
    desk.drop_mail(&mail(&desk.token, "Into the silence"));
    desk.until_said(1).await;
    desk.until_marked(1).await;
    desk.close().await;
}
