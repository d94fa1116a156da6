//! Which mails are answered by one that we write ourselves: the rule for all of them.
//!
//! Whoever gets such an answer has written to us, is a person, and gets no second one of the kind for a
//! day. Anybody can write a stranger's address into From:, and a machine's answer to an answer has no
//! end; so where it is in doubt who wrote, nobody is answered (RFC 3834 section 2).

use std::time::Duration;

use super::{
    address::EmailAddress,
    evidence::Verdict,
    incoming::{IncomingMail, MailKind},
    role_address,
};

/// What such a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// That its reader has left a broadcast.
    Left,
    /// That a mail has come, and somebody will read it.
    Acknowledged,
    /// That mail to this address opens nothing.
    Rejected,
    /// That what they call their Matrix id is none.
    Unusable,
    /// That staff will look at the server of their Matrix id.
    Server,
    /// What came of a room that they wanted in the Space.
    Space,
}

impl Kind {
    /// Under which it is stored when one went to an address.
    #[must_use]
    pub fn key(self, to: &EmailAddress) -> String {
        let kind = match self {
            Self::Left => "left",
            Self::Acknowledged => "acknowledged",
            Self::Rejected => "rejected",
            Self::Unusable => "unusable_id",
            Self::Server => "server",
            Self::Space => "space",
        };
        format!("automatic:{kind}:{}", to.key())
    }
}

/// A mail that would be answered.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// As its From: says; `None` if that names nobody.
    pub sender: Option<&'a EmailAddress>,
    pub is_by_machine: bool,
    /// What its sender's domain says of it.
    pub verdict: Verdict,
    /// It came to a signed address that only its sender has been told.
    pub knows_secret: bool,
    /// Its sender is one of us.
    pub is_own: bool,
    /// Since the last answer of the kind to its sender.
    pub answered: Option<Duration>,
}

/// Whether it may be answered.
#[must_use]
pub fn may_answer(asked: Asked<'_>) -> bool {
    let Some(sender) = asked.sender else {
        return false;
    };
    let is_theirs = match asked.verdict {
        Verdict::Verified => true,
        Verdict::Unverified => asked.knows_secret,
        Verdict::Failed => false,
    };
    let is_person = !role_address::is_nobody(sender) && !role_address::is_list(sender);
    let is_new = !is_of_late(asked.answered);
    is_theirs && is_person && is_new && !asked.is_by_machine && !asked.is_own
}

/// Whether an answer that went so long ago is one of the last day.
#[must_use]
pub fn is_of_late(answered: Option<Duration>) -> bool {
    answered.is_some_and(|ago| ago < AGAIN_AFTER)
}

/// Whether a machine wrote the mail, or passed it on to many. `null_sender` says that its envelope
/// sender is `<>`.
#[must_use]
pub fn is_by_machine(mail: &IncomingMail, null_sender: bool) -> bool {
    let is_by_person = match mail.kind {
        MailKind::Reply | MailKind::New | MailKind::Forward => true,
        MailKind::Own
        | MailKind::AutoReply
        | MailKind::Bounce
        | MailKind::FeedbackReport
        | MailKind::List => false,
    };
    !is_by_person || mail.auto_submitted || mail.read_receipt || null_sender
}

/// Since the last one of the kind.
pub const AGAIN_AFTER: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Every combination of verdict, secret, machine, own and an earlier answer.
    #[test]
    fn whoever_may_be_answered_is_a_person_who_wrote_and_was_not_answered_of_late() {
        let jane = EmailAddress::parse("jane@acme.com").unwrap();
        let hours = |hours| Some(Duration::from_hours(hours));
        for verdict in [Verdict::Verified, Verdict::Unverified, Verdict::Failed] {
            for bits in 0..8 {
                for (answered, is_new) in [(None, true), (hours(24), true), (hours(23), false)] {
                    let [knows_secret, is_by_machine, is_own] =
                        [1, 2, 4].map(|bit| bits & bit != 0);
                    let asked = Asked {
                        sender: Some(&jane),
                        is_by_machine,
                        verdict,
                        knows_secret,
                        is_own,
                        answered,
                    };
                    let is_theirs = verdict == Verdict::Verified
                        || verdict == Verdict::Unverified && knows_secret;
                    let expected = is_theirs && is_new && !is_by_machine && !is_own;
                    assert_eq!(may_answer(asked), expected, "{asked:?}");
                }
            }
        }
    }

    #[rstest]
    #[case(Some("jane@acme.com"), true)]
    #[case(None, false)]
    #[case(Some("mailer-daemon@acme.com"), false)]
    #[case(Some("no-reply@acme.com"), false)]
    #[case(Some("users@lists.acme.com"), false)]
    fn nobody_and_everybody_get_none(#[case] sender: Option<&str>, #[case] expected: bool) {
        let sender = sender.map(|text| EmailAddress::parse(text).unwrap());
        let asked = Asked {
            sender: sender.as_ref(),
            is_by_machine: false,
            verdict: Verdict::Verified,
            knows_secret: true,
            is_own: false,
            answered: None,
        };
        assert_eq!(may_answer(asked), expected);
    }
}
