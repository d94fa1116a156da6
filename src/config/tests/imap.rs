//! Where mail is fetched.

use super::*;

fn with_imap(url: &str, more: &str) -> String {
    let smtp = r#"    smtp: {url: "smtp+insecure://localhost:2500"}"#;
    but(
        smtp,
        &format!("{smtp}\n    imap: {{url: \"{url}\", {more}}}"),
    )
}

const LOGIN: &str = "username: t@example.org, password_file: smtp-password";

#[test]
fn reads_where_mail_is_fetched() {
    let folder = folder();
    let config = read(&folder, &with_imap("imaps://mail.example.org", LOGIN), &[]).unwrap();
    assert!(config.mailboxes[0].imap.is_none());
    let imap = config.mailboxes[1].imap.as_ref().unwrap();
    assert_eq!(
        (imap.server.port, imap.server.encryption),
        (993, Encryption::Tls)
    );
    assert_eq!(imap.username(), "t@example.org");
    assert_eq!(imap.folders, ["INBOX"]);
    assert_eq!((&imap.processed, imap.older), (&Processed::Keyword, false));
    assert_eq!(imap.max_size, 50_000_000);
    let credentials = imap.server.credentials.as_ref().unwrap();
    fs::write(folder.path().join("smtp-password"), "mended\n").unwrap();
    assert_eq!(credentials.current_password().expose_secret(), "mended");
    fs::remove_file(folder.path().join("smtp-password")).unwrap();
    assert_eq!(credentials.current_password().expose_secret(), "hush hush");

    let more = format!(
        "{LOGIN}, folders: [INBOX, \"Entwürfe/Kunden & Co\"], processed: move, processed_folder: \
         Done, older: true, poll: 2m, idle: 4m, timeout: 30s, max_size: 1GiB"
    );
    fs::write(folder.path().join("smtp-password"), "hush").unwrap();
    let config = read(&folder, &with_imap("imap://mail.example.org", &more), &[]).unwrap();
    let imap = config.mailboxes[1].imap.as_ref().unwrap();
    assert_eq!(
        (imap.server.port, imap.server.encryption),
        (143, Encryption::StartTls)
    );
    assert_eq!(imap.folders, ["INBOX", "Entwürfe/Kunden & Co"]);
    assert_eq!(imap.processed, Processed::Move("Done".to_owned()));
    assert!(imap.older);
}

#[rstest]
#[case::scheme(
    "smtp://mail.example.org",
    LOGIN,
    "neither \"imap://\" nor \"imaps://\""
)]
#[case::in_the_clear("imap+insecure://mail.example.org", LOGIN, "unencrypted")]
#[case::nobody(
    "imaps://mail.example.org",
    "folders: [INBOX]",
    "missing key \"username\""
)]
#[case::no_folder("imaps://mail.example.org", "folders: []", "imap.folders: is empty")]
#[case::twice(
    "imaps://mail.example.org",
    "folders: [INBOX, inbox]",
    "names a folder twice"
)]
#[case::a_letter("imaps://mail.example.org", "folders: INBOX", "must be a list")]
#[case::mark(
    "imaps://mail.example.org",
    "processed: delete",
    "\"move\" or \"seen\""
)]
#[case::target("imaps://mail.example.org", "processed_folder: Done", "add that")]
#[case::circle(
    "imaps://mail.example.org",
    "processed: move, folders: [INBOX, Postroom]",
    "where mail is moved to"
)]
#[case::older("imaps://mail.example.org", "older: perhaps", "neither true nor false")]
#[case::idle("imaps://mail.example.org", "idle: 20m", "at most \"9m\"")]
#[case::poll("imaps://mail.example.org", "poll: 0", "shorter than a second")]
#[case::unknown(
    "imaps://mail.example.org",
    "folder: INBOX",
    "did you mean \"folders\""
)]
fn says_what_is_wrong_with_imap(#[case] url: &str, #[case] keys: &str, #[case] part: &str) {
    let told = complaints(&with_imap(url, keys), &[]);
    assert!(told.contains(part), "{part}: {told}");
}

#[test]
fn no_two_mailboxes_read_the_same_folder() {
    let section = |keys: &str| format!("imap: {{url: \"imaps://mail.example.org\", {keys}}}");
    let both = |keys: &str| {
        let smtp = r#"    smtp: {url: "smtp+insecure://localhost:2500"}"#;
        but(smtp, &format!("{smtp}\n    {}", section(LOGIN))).replace(
            "  support:\n",
            &format!("  support:\n    {}\n", section(keys)),
        )
    };
    let told = complaints(&both(&format!("{LOGIN}, folders: [Junk, inbox]")), &[]);
    assert!(
        told.contains("mailboxes.training.imap.folders: mailboxes.support"),
        "{told}"
    );
    let folder = folder();
    let elsewhere = both(&format!("{LOGIN}, folders: [Junk]"));
    read(&folder, &elsewhere, &[]).unwrap();
    let another = both("username: s@example.org, password: hush");
    read(&folder, &another, &[]).unwrap();
}
