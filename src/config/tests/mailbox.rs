//! What a mailbox has of its own: keys that sign, and the return path.

use super::*;

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
#[case("dkim: {selector: a b, key: x}", "\"a b\" can't stand in the DNS")]
#[case("dkim: {selector: a, domain: a b, key: x}", "\"a b\" is not a domain")]
#[case(
    "dkim: {selector: a, key_file: none.pem}",
    "mailboxes.support.dkim.key_file: cannot read none.pem"
)]
#[case("dkim: [{selector: a, kee: x}]", "did you mean \"key\"?")]
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
