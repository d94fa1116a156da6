//! Addresses that are no person's, as far as that can be told from how they are written.

use super::address::EmailAddress;

/// Whether machines write from there and nobody reads what comes.
#[must_use]
pub fn is_nobody(address: &EmailAddress) -> bool {
    let local: String = address
        .local_part()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    MACHINES.iter().any(|name| local == *name)
        || MACHINES_BEGIN.iter().any(|start| local.starts_with(start))
        || local.ends_with("noreply")
}

const MACHINES: &[&str] = &[
    "postmaster",
    "hostmaster",
    "abuse",
    "root",
    "daemon",
    "nobody",
    "listserv",
    "majordomo",
    "autoreply",
    "notification",
    "notifications",
    "notify",
    "bounce",
    "bounces",
];

const MACHINES_BEGIN: &[&str] = &[
    "mailerdaemon",
    "maildaemon",
    "noreply",
    "donotreply",
    "noresponse",
    "nepasrepondre",
    "keineantwort",
    "nichtantworten",
    "bounces",
    "unsubscribe",
];

/// Whether what is written there goes to many, who are not all known.
#[must_use]
pub fn is_list(address: &EmailAddress) -> bool {
    let local = address.local_part().to_lowercase();
    let host = address.domain().split('.').next().unwrap_or_default();
    matches!(host, "lists" | "list" | "listes" | "listen" | "groups")
        || address.domain() == "googlegroups.com"
        || ["-list", "-request", "-owner", "-bounces", "-subscribe"]
            .iter()
            .any(|end| local.ends_with(end))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("carl@acme.com", false, false)]
    #[case("norah@acme.com", false, false)]
    #[case("no-reply@acme.com", true, false)]
    #[case("orders.noreply@acme.com", true, false)]
    #[case("MAILER-DAEMON@acme.com", true, false)]
    #[case("do_not_reply@acme.com", true, false)]
    #[case("notifications@acme.com", true, false)]
    #[case("kernel@lists.acme.com", false, true)]
    #[case("kernel-list@acme.com", false, true)]
    #[case("kernel-bounces@acme.com", false, true)]
    fn are_told_from_people(#[case] text: &str, #[case] nobody: bool, #[case] list: bool) {
        let address = EmailAddress::parse(text).unwrap();
        assert_eq!((is_nobody(&address), is_list(&address)), (nobody, list));
    }
}
