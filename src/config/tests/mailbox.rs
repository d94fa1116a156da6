//! What a mailbox has of its own: keys that sign, and the return path.

use super::*;
use crate::domain::trust::Leniency;

/// [`GOOD`] with one more line in its first mailbox.
fn with(line: &str) -> String {
    but(
        "    language: en\n",
        &format!("    language: en\n    {line}\n"),
    )
}

#[test]
fn reads_one_key_or_several() {
    let folder = folder();
    fs::write(folder.path().join("dkim.pem"), "the key\n").unwrap();
    let one = with("dkim: {selector: Post, key_file: dkim.pem}");
    let config = read(&folder, &one, &[]).unwrap();
    let [dkim] = config.mailboxes[0].dkim.as_slice() else {
        panic!("{:?}", config.mailboxes[0].dkim);
    };
    assert_eq!(dkim.selector, "post");
    assert_eq!(dkim.domain, None);
    assert_eq!(dkim.key.expose_secret(), "the key");
    assert!(!format!("{dkim:?}").contains("the key"));
    assert!(config.mailboxes[1].dkim.is_empty());

    let two = with(
        "dkim: [{selector: a, domain: Example.com, key: secret}, {selector: b.c, key_file: dkim.pem}]",
    );
    let config = read(&folder, &two, &[]).unwrap();
    let [first, second] = config.mailboxes[0].dkim.as_slice() else {
        panic!("{:?}", config.mailboxes[0].dkim);
    };
    assert_eq!(first.domain.as_deref(), Some("example.com"));
    assert_eq!(first.key.expose_secret(), "secret");
    assert_eq!(second.selector, "b.c");
}

#[rstest]
#[case("dkim: yes", "mailboxes.support.dkim must be a section")]
#[case("dkim: {key: x}", "missing key \"selector\" in mailboxes.support.dkim")]
#[case(
    "dkim: {selector: a}",
    "missing key \"key_file\" in mailboxes.support.dkim"
)]
#[case("dkim: {selector: a b, key: x}", "\"a …\" can't stand in the DNS")]
#[case("dkim: {selector: a, domain: a b, key: x}", "\"a …\" is not a domain")]
#[case(
    "dkim: {selector: a, key_file: none.pem}",
    "mailboxes.support.dkim.key_file: cannot read none.pem"
)]
#[case("dkim: [{selector: a, kee: x}]", "did you mean \"key\"?")]
#[case("time_zone: Europe/Berln", "did you mean \"Europe/Berlin\"?")]
#[case(
    "return_path: bounce@example.org",
    "write \"auto\", \"verp\" or \"plain\""
)]
fn says_what_is_wrong_with_it(#[case] line: &str, #[case] part: &str) {
    let told = complaints(&with(line), &[]);
    assert!(told.contains(part), "{told}");
}

#[rstest]
#[case("return_path: verp", ReturnPath::Verp)]
#[case("return_path: plain", ReturnPath::Plain)]
#[case("return_path: auto", ReturnPath::Auto)]
#[case("", ReturnPath::Auto)]
fn reads_the_return_path(#[case] line: &str, #[case] expected: ReturnPath) {
    let config = read(&folder(), &with(line), &[]).unwrap();
    assert_eq!(config.mailboxes[0].return_path, expected);
}

#[test]
fn checks_mail_itself_unless_told_otherwise() {
    let config = read(&folder(), GOOD, &[]).unwrap();
    assert_eq!(config.mailboxes[0].trust, Trust::default());
    let source = with(
        "trust: {by: header, authserv_ids: [MX.example.org, other], strips_forged: true, \
         relays: [192.0.2.0/24], sealers: [Lists.example.org], unverified: hold}",
    );
    let trust = &read(&folder(), &source, &[]).unwrap().mailboxes[0].trust;
    let expected = TrustBy::Header {
        authserv_ids: vec!["mx.example.org".to_owned(), "other".to_owned()],
        strips_forged: true,
    };
    assert_eq!(trust.by, expected);
    assert_eq!(trust.sealers, ["lists.example.org"]);
    assert_eq!(trust.policy.unverified, Leniency::Hold);
    assert_eq!(trust.policy.colleagues, Leniency::Mark);
    let source = with("trust: {by: microsoft365}");
    let trust = &read(&folder(), &source, &[]).unwrap().mailboxes[0].trust;
    assert_eq!(trust.by, TrustBy::Microsoft365);
}

#[rstest]
#[case("{by: me}", "write \"own\", \"header\" or \"microsoft365\"")]
#[case(
    "{by: header}",
    "missing key \"authserv_ids\" in mailboxes.support.trust"
)]
#[case("{by: header, authserv_ids: []}", "authserv_ids: is empty")]
#[case("{by: header, authserv_ids: [a b]}", "the word that follows")]
#[case("{authserv_ids: [mx.example.org]}", "add \"by: header\"")]
#[case("{by: microsoft365, strips_forged: true}", "add \"by: header\"")]
#[case(
    "{relays: [mx.example.org]}",
    "such as \"192.0.2.1\" or \"192.0.2.0/24\""
)]
#[case("{sealers: [a b]}", "of its ARC-Seal")]
#[case("{unverified: post}", "write \"mark\" or \"hold\"")]
#[case("{colleges: hold}", "did you mean \"colleagues\"?")]
fn says_what_is_wrong_with_trust(#[case] value: &str, #[case] part: &str) {
    let told = complaints(&with(&format!("trust: {value}")), &[]);
    assert!(told.contains(part), "{told}");
}
