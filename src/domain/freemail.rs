//! Domains at which anybody can have an address: that two people share one says nothing.

/// Whether the domain (in lower case) is that of a provider for everybody.
#[must_use]
pub fn is_freemail(domain: &str) -> bool {
    DOMAINS.contains(&domain)
        || FAMILIES.iter().any(|family| {
            domain
                .strip_prefix(family)
                .is_some_and(|rest| rest.len() <= 6)
        })
}

/// Providers with a domain for each of many countries.
const FAMILIES: &[&str] = &["yahoo.", "hotmail.", "outlook.", "live.", "gmx.", "yandex."];

const DOMAINS: &[&str] = &[
    "163.com",
    "aol.com",
    "bluewin.ch",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "googlemail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "mac.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "orange.fr",
    "pm.me",
    "posteo.de",
    "posteo.net",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "seznam.cz",
    "sfr.fr",
    "t-online.de",
    "tutanota.com",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "zoho.com",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("gmail.com", true)]
    #[case("yahoo.co.uk", true)]
    #[case("acme.com", false)]
    #[case("gmx.engineering", false)]
    fn tells_providers_for_everybody(#[case] domain: &str, #[case] expected: bool) {
        assert_eq!(is_freemail(domain), expected);
    }
}
