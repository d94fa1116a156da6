//! What happens to mail that belongs to no conversation.

use super::*;

/// [`GOOD`] with `domains` in its first mailbox.
fn with(domains: &str) -> String {
    but(
        "    language: en\n",
        &format!("    domains: {{{domains}}}\n"),
    )
}

/// As a mail has it, an international domain may stand in either form.
#[test]
fn customers_of_a_domain_share_a_room() {
    let source = with("ACME.com: \"!acme:example.org\", Müller.example: \"!mueller:example.org\"");
    let config = read(&folder(), &source, &[]).unwrap();
    let domains = &config.mailboxes[0].intake.domains;
    let mut found: Vec<(&str, &str)> = domains
        .iter()
        .map(|(domain, room)| (domain.as_str(), room.as_str()))
        .collect();
    found.sort_unstable();
    let mueller = "!mueller:example.org";
    let expected = [
        ("acme.com", "!acme:example.org"),
        ("müller.example", mueller),
        ("xn--mller-kva.example", mueller),
    ];
    assert_eq!(found, expected);
}

#[rstest]
#[case("gmail.com", "everybody can have an address there")]
#[case("GMX.net", "name a customer's own domain")]
#[case("Example.org", "mailboxes.support.domains: example.org is your own")]
#[case("acme", "\"acme\" is not a domain")]
#[case("\"*.acme.com\"", "is not a domain")]
fn says_which_domains_no_customers_share(#[case] domain: &str, #[case] part: &str) {
    let told = complaints(&with(&format!("{domain}: \"!abc:example.org\"")), &[]);
    assert!(told.contains(part), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
