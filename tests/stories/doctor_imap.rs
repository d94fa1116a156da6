//! `postroom doctor` and the mailboxes from which mail is fetched, on the real Dovecot.

use crate::{
    doctor::{change, doctor},
    imap::desk::{Desk, SUPPORT, imap, mailbox},
    support::servers::imap_server::ImapOptions,
};

const ONLY: [&str; 3] = ["--only", "imap", "lmtp"];

/// With TLS, and with `more` keys.
async fn desk_with_tls(more: &str) -> Desk {
    let server = mailbox(ImapOptions::default()).await;
    let authority = server.ca_file().display().to_string();
    let more = format!("{more}ca_file: \"{authority}\"");
    let port = server.tls_port();
    let options = crate::support::world::Options {
        imap: Some(imap(port, &more).replace("imap+insecure://127.0.0.1", "imaps://localhost")),
        lmtp: false,
        ..Default::default()
    };
    Desk::open_with(options, server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_works_has_nothing_against_it() {
    let desk = desk_with_tls("").await;
    let found = doctor(&desk.world, &ONLY).await;
    assert_eq!(found.ill(), [""; 0], "{:#?}", found.checks);
    found.says("imap/support: certificate", "ok", &["more days"]);
    found.says("imap/support: login", "ok", &[SUPPORT]);
    found.says("imap/support: new mail", "ok", &["IDLE"]);
    found.says("imap/support: folder INBOX", "ok", &["keyword"]);
    found.says("lmtp/door", "ok", &["fetched by IMAP"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_what_is_wrong_with_a_mailbox() {
    let mut desk = desk_with_tls("").await;
    let world = &desk.world;
    let broken = async |from: &str, to: &str| {
        change(world, "config.yaml", from, to);
        let found = doctor(world, &ONLY).await;
        change(world, "config.yaml", to, from);
        assert_eq!(found.code, 2, "{:#?}", found.checks);
        found
    };

    let found = broken("password: secret", "password: hunter2-of-the-story").await;
    let remedy = ["mailboxes.support.imap.password_file", "apps"];
    found.says("imap/support: login", "fault", &remedy);
    found.says("imap/support: server", "ok", &[]);
    found.says("imap/support: folders", "skipped", &["that far"]);

    let authority = format!(", ca_file: \"{}\"", desk.server.ca_file().display());
    let found = broken(&authority, ", poll: 2s").await;
    let remedy = ["mailboxes.support.imap.ca_file", "nobody whom this machine"];
    found.says("imap/support: certificate", "fault", &remedy);
    found.says("imap/support: login", "skipped", &[]);

    let found = broken("imaps://localhost", "imap://localhost").await;
    let remedy = ["wrong scheme", "993"];
    found.says("imap/support: server", "fault", &remedy);

    let found = broken("imaps://localhost", "imaps://mail.no-such-name.invalid").await;
    found.says("imap/support: server", "fault", &["getent hosts"]);

    let found = broken("password: secret", "folders: [Jumk], password: secret").await;
    let remedy = ["no such folder", "INBOX", "mailboxes.support.imap.folders"];
    found.says("imap/support: folder Jumk", "fault", &remedy);

    desk.server.stop();
    let found = doctor(&desk.world, &ONLY).await;
    found.says(
        "imap/support: server",
        "fault",
        &["nc -vz", "waits on the server"],
    );
    desk.server.resume().await.unwrap();
    desk.close().await;
}
