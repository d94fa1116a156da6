//! From what a server said to the reason.

use super::{
    reason::Reason,
    status::{StatusCode, reply_code},
    words,
};

impl Reason {
    /// The reason, from what was said about the address, from the best source to the worst; what
    /// the server said to us goes before what the report says around it.
    #[must_use]
    pub fn find(said: &[&str], status: Option<StatusCode>) -> Self {
        let said: Vec<String> = said.iter().map(|text| words::fold(text)).collect();
        let (first, rest) = said.split_at(said.len().min(1));
        let find = |said: &[String], list| said.iter().find_map(|text| words::look(text, list));
        let tells = |reason: &Self| *reason != Self::Refused;
        let status = status.or_else(|| said.iter().find_map(|text| StatusCode::find(text)));
        let code = |said: &[String]| said.iter().find_map(|text| reply_code(text)).map(by_code);
        find(first, words::CLEAR)
            .or_else(|| by_directory(first, status?))
            .or_else(|| by_status(status.filter(|status| !status.is_vague())?))
            .or_else(|| find(first, words::VAGUE).filter(tells))
            .or_else(|| find(rest, words::CLEAR))
            .or_else(|| code(first).filter(tells))
            .or_else(|| find(rest, words::VAGUE).filter(tells))
            .or_else(|| by_status(status?))
            .or_else(|| find(&said, words::VAGUE))
            .or_else(|| code(&said))
            .or_else(|| status.map(|_| Self::Refused))
            .unwrap_or(Self::Unknown)
    }
}

/// Microsoft's servers say so where an organisation's directory lacks the address.
fn by_directory(said: &[String], status: StatusCode) -> Option<Reason> {
    let is_code = (status.class, status.subject, status.detail) == (5, 4, 1);
    let is_said = said.iter().any(|text| text.contains("access denied"));
    (is_code && is_said).then_some(Reason::UnknownUser)
}

/// RFC 3463 section 3, RFC 5248 and its registry.
fn by_status(status: StatusCode) -> Option<Reason> {
    let reason = match (status.subject, status.detail) {
        // Other address status (0) is what servers write that look no further.
        (1, 0 | 1 | 3) => Reason::UnknownUser,
        (1, 6) => Reason::Moved,
        (1, 2 | 10) | (4, 4) => Reason::UnknownDomain,
        (2, 1) | (7, 13) => Reason::Disabled,
        (2, 2) => Reason::MailboxFull,
        (2, 3) | (3, 4) => Reason::TooLarge,
        (2, 4) | (3, _) => Reason::ServerFault,
        (2, 0) => Reason::Refused,
        (4, 6) => Reason::Loop,
        (4, 7) => Reason::Expired,
        (4, _) => Reason::Network,
        (5, 3) => Reason::RateLimited,
        (5, _) => Reason::Protocol,
        (6, _) => Reason::Content,
        (7, 20..=27 | 30..=31 | 509 | 515) => Reason::Authentication,
        (1, 7..=9) | (7, _) => Reason::Policy,
        _ => return None,
    };
    Some(reason)
}

/// RFC 5321 section 4.2.3.
fn by_code(code: u16) -> Reason {
    match code {
        552 => Reason::MailboxFull,
        400..=499 => Reason::ServerFault,
        500..=504 => Reason::Protocol,
        551 => Reason::Moved,
        553 => Reason::UnknownUser,
        _ => Reason::Refused,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "550 5.1.1 <jane@acme.com>: Recipient address rejected: User unknown",
        Reason::UnknownUser
    )]
    #[case(
        "550 5.7.1 <jane@acme.com>: Recipient address rejected: Access denied",
        Reason::Policy
    )]
    #[case(
        "550 5.4.1 All recipient addresses rejected : Access denied",
        Reason::UnknownUser
    )]
    #[case("551 5.1.6 Mailbox has moved", Reason::Moved)]
    #[case("550 5.2.1 This account has been disabled", Reason::Disabled)]
    #[case("452 4.2.2 Jane is over quota", Reason::MailboxFull)]
    #[case(
        "552 5.2.3 Message size exceeds fixed maximum message size (100)",
        Reason::TooLarge
    )]
    #[case(
        "Host or domain name not found. Name service error for name=acme.example",
        Reason::UnknownDomain
    )]
    #[case(
        "Name service error for acme.com: Host not found, try again",
        Reason::Network
    )]
    #[case(
        "connect to mx.acme.com[192.0.2.1]:25: Connection timed out",
        Reason::Network
    )]
    #[case("554 5.4.6 Too many hops", Reason::Loop)]
    #[case(
        "550-5.7.26 Unauthenticated email from us.example is not\n550 5.7.26 accepted",
        Reason::Authentication
    )]
    #[case(
        "554 5.7.1 Client host rejected: cannot find your reverse hostname",
        Reason::Reputation
    )]
    #[case("421 4.7.0 Too many messages from you", Reason::RateLimited)]
    #[case("554 5.7.1 This looks like spam", Reason::Spam)]
    #[case("552-5.7.0 an illegal attachment", Reason::Content)]
    #[case("delivery time expired", Reason::Expired)]
    #[case("452 4.3.1 Insufficient system resources", Reason::ServerFault)]
    #[case("503 Bad sequence of commands", Reason::Protocol)]
    #[case("550 No", Reason::Refused)]
    #[case("552 No", Reason::MailboxFull)]
    #[case("Empfänger unbekannt", Reason::UnknownUser)]
    #[case("", Reason::Unknown)]
    fn understands(#[case] said: &str, #[case] reason: Reason) {
        assert_eq!(Reason::find(&[said], None), reason);
    }

    #[rstest]
    #[case::names_decide_nothing(
        &["550 5.7.1 <spam@full.example>: see https://acme.com/user-unknown"], "5.7.1", Reason::Policy)]
    #[case::codes_before_vague_words(&["550 Rejected"], "5.1.1", Reason::UnknownUser)]
    #[case::vague_codes_after_vague_words(&["550 Access denied"], "5.0.0", Reason::Policy)]
    #[case::first_source_first(&["Mailbox full", "User unknown"], "5.0.0", Reason::MailboxFull)]
    #[case::second_source_if_need_be(&["550 5.0.0", "User unknown"], "5.0.0", Reason::UnknownUser)]
    #[case::code_alone(&[], "4.4.1", Reason::Network)]
    #[case::class_alone(&[], "5.0.0", Reason::Refused)]
    fn weighs(#[case] said: &[&str], #[case] status: &str, #[case] reason: Reason) {
        assert_eq!(Reason::find(said, StatusCode::parse(status)), reason);
    }

    #[test]
    fn every_phrase_is_one_that_can_be_found() {
        for (_, phrases) in words::CLEAR.iter().chain(words::VAGUE) {
            for phrase in phrases.split('|') {
                // With letters around it, as some begin or end with a blank.
                let text = format!("a{phrase}a");
                assert!(words::fold(&text).contains(phrase), "{phrase:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn reads_whatever_comes(said: String, status in "[245]\\.[0-9]\\.[0-9]{1,3}") {
            let reason = Reason::find(&[&said], StatusCode::parse(&status));
            prop_assert!(reason != Reason::Unknown);
        }
    }
}
