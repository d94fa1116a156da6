//! What follows from a bounce or a complaint: no more than it proves.
//!
//! Anybody who knows a Message-ID can write a bounce, and everybody who got the mail knows it. So a
//! report for which nothing vouches marks the message that it names, and that is all.

use super::{
    reason::Reason,
    report::{Action, FailedRecipient, FeedbackType},
    status::StatusCode,
};

/// What is known about the mail that a report names, and about the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BounceFacts {
    pub proof: Proof,
    /// The mail had gone to the address.
    pub was_recipient: bool,
    /// The message bears this mark already, by a report of no less proof: one failure is counted once,
    /// however often reported.
    pub is_marked: bool,
    pub standing: Standing,
}

/// How sure it is that the report is about the mail it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It names no mail of ours.
    None,
    /// It names a mail of ours by its Message-ID, which all who got the mail know.
    Named,
    /// It came to the signed return path of this very mail and address, which nobody but the servers
    /// on the way knows, or it names the mail and is by a server whose word counts for the address.
    Vouched,
}

/// How the address has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Points for earlier failures since the last mail that arrived, or since staff resumed it.
    Counting(u32),
    Suspended,
}

/// What to do about a report, for one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing failed, or it is known.
    Ignore,
    /// No mail of ours is named: the control room is told, and nothing else.
    Unplaced,
    /// The message is marked, with what the report says.
    Mark,
    /// Marked, and the address has so many points now.
    Count(u32),
    /// Marked, and no more mail goes to the address until staff say otherwise.
    Suspend,
}

/// What follows from what a bounce says of one address.
#[must_use]
pub fn on_failure(failed: &FailedRecipient, facts: BounceFacts) -> Verdict {
    if !failed.is_failure() {
        return Verdict::Ignore;
    }
    let may_count = failed.action == Action::Failed && facts.was_recipient;
    match (facts.proof, facts.standing) {
        (Proof::None, _) => Verdict::Unplaced,
        _ if facts.is_marked => Verdict::Ignore,
        (Proof::Vouched, Standing::Counting(points)) if may_count => {
            let points = points.saturating_add(weight(failed));
            if failed.is_hard() || points >= SUSPENDED_AT {
                Verdict::Suspend
            } else {
                Verdict::Count(points)
            }
        }
        (Proof::Named | Proof::Vouched, _) => Verdict::Mark,
    }
}

/// What follows from a complaint by the owner of one address.
#[must_use]
pub fn on_complaint(about: FeedbackType, facts: BounceFacts) -> Verdict {
    if !about.is_complaint() {
        return Verdict::Ignore;
    }
    match (facts.proof, facts.standing) {
        (Proof::None, _) => Verdict::Unplaced,
        _ if facts.is_marked => Verdict::Ignore,
        (Proof::Vouched, Standing::Counting(_)) if facts.was_recipient => Verdict::Suspend,
        (Proof::Named | Proof::Vouched, _) => Verdict::Mark,
    }
}

/// What follows when our own mail server refuses the recipient. What it says of its rules, or of us, says
/// nothing of the address.
#[must_use]
pub fn on_refusal(refused: &FailedRecipient, standing: Standing) -> Verdict {
    if !refused.reason.is_of_the_address() && refused.reason != Reason::MailboxFull {
        return Verdict::Mark;
    }
    on_failure(
        refused,
        BounceFacts {
            proof: Proof::Vouched,
            was_recipient: true,
            is_marked: false,
            standing,
        },
    )
}

/// What a failure that does not suspend by itself counts: twice, if the server will never take it.
fn weight(failed: &FailedRecipient) -> u32 {
    let is_permanent = failed.status.is_some_and(StatusCode::is_permanent);
    if is_permanent && !failed.reason.may_pass() {
        2
    } else {
        1
    }
}

/// Points at which an address is suspended.
const SUSPENDED_AT: u32 = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::address::EmailAddress;

    fn failed(action: Action, status: &str, reason: Reason) -> FailedRecipient {
        FailedRecipient {
            address: EmailAddress::parse("jane@acme.com").unwrap(),
            action,
            status: StatusCode::parse(status),
            reply: None,
            remote_mta: None,
            reason,
        }
    }

    fn facts(proof: Proof, points: u32) -> BounceFacts {
        BounceFacts {
            proof,
            was_recipient: true,
            is_marked: false,
            standing: Standing::Counting(points),
        }
    }

    fn hard() -> FailedRecipient {
        failed(Action::Failed, "5.1.1", Reason::UnknownUser)
    }

    fn full() -> FailedRecipient {
        failed(Action::Failed, "5.2.2", Reason::MailboxFull)
    }

    fn policy() -> FailedRecipient {
        failed(Action::Failed, "5.7.1", Reason::Policy)
    }

    #[rstest]
    #[case::hard_at_once(hard(), facts(Proof::Vouched, 0), Verdict::Suspend)]
    #[case::hard_in_words(
        failed(Action::Failed, "", Reason::Disabled),
        facts(Proof::Vouched, 0),
        Verdict::Suspend
    )]
    #[case::hard_for_now(
        failed(Action::Failed, "4.1.1", Reason::UnknownUser),
        facts(Proof::Vouched, 0),
        Verdict::Count(1)
    )]
    #[case::soft(full(), facts(Proof::Vouched, 0), Verdict::Count(1))]
    #[case::soft_again(full(), facts(Proof::Vouched, 2), Verdict::Count(3))]
    #[case::soft_too_often(full(), facts(Proof::Vouched, 3), Verdict::Suspend)]
    #[case::refused(policy(), facts(Proof::Vouched, 0), Verdict::Count(2))]
    #[case::refused_again(policy(), facts(Proof::Vouched, 2), Verdict::Suspend)]
    #[case::named_only(hard(), facts(Proof::Named, 3), Verdict::Mark)]
    #[case::not_ours(hard(), facts(Proof::None, 3), Verdict::Unplaced)]
    #[case::delayed(
        failed(Action::Delayed, "4.4.1", Reason::Network),
        facts(Proof::Vouched, 3),
        Verdict::Mark
    )]
    #[case::delivered(
        failed(Action::Delivered, "2.0.0", Reason::Unknown),
        facts(Proof::Vouched, 3),
        Verdict::Ignore
    )]
    #[case::somebody_else(
        hard(), BounceFacts { was_recipient: false, ..facts(Proof::Vouched, 3) }, Verdict::Mark)]
    #[case::reported_before(
        hard(), BounceFacts { is_marked: true, ..facts(Proof::Vouched, 3) }, Verdict::Ignore)]
    #[case::suspended(
        hard(), BounceFacts { standing: Standing::Suspended, ..facts(Proof::Vouched, 0) }, Verdict::Mark)]
    fn decides_on_failures(
        #[case] failed: FailedRecipient,
        #[case] facts: BounceFacts,
        #[case] verdict: Verdict,
    ) {
        assert_eq!(on_failure(&failed, facts), verdict);
    }

    #[rstest]
    #[case(FeedbackType::Abuse, facts(Proof::Vouched, 0), Verdict::Suspend)]
    #[case(FeedbackType::OptOut, facts(Proof::Vouched, 0), Verdict::Suspend)]
    #[case(FeedbackType::NotSpam, facts(Proof::Vouched, 0), Verdict::Ignore)]
    #[case(FeedbackType::AuthFailure, facts(Proof::Vouched, 0), Verdict::Ignore)]
    #[case(FeedbackType::Abuse, facts(Proof::Named, 0), Verdict::Mark)]
    #[case(FeedbackType::Abuse, facts(Proof::None, 0), Verdict::Unplaced)]
    fn decides_on_complaints(
        #[case] about: FeedbackType,
        #[case] facts: BounceFacts,
        #[case] verdict: Verdict,
    ) {
        assert_eq!(on_complaint(about, facts), verdict);
    }

    #[rstest]
    #[case::no_such_user(hard(), 0, Verdict::Suspend)]
    #[case::full(full(), 0, Verdict::Count(1))]
    #[case::full_again(full(), 3, Verdict::Suspend)]
    #[case::its_rules(policy(), 3, Verdict::Mark)]
    #[case::about_us(failed(Action::Failed, "5.7.1", Reason::Reputation), 3, Verdict::Mark)]
    #[case::says_nothing(failed(Action::Failed, "5.0.0", Reason::Refused), 3, Verdict::Mark)]
    fn decides_on_refusals(
        #[case] refused: FailedRecipient,
        #[case] points: u32,
        #[case] verdict: Verdict,
    ) {
        assert_eq!(on_refusal(&refused, Standing::Counting(points)), verdict);
    }

    proptest! {
        /// Whatever a report says: without a proof it does no more than mark a message.
        #[test]
        fn a_forged_report_marks_at_most(
            reason in proptest::sample::select(Reason::ALL),
            status in "([245]\\.[0-7]\\.[0-9]{1,2})?",
            is_named: bool, was_recipient: bool, is_marked: bool, points: u32,
        ) {
            let facts = BounceFacts {
                proof: if is_named { Proof::Named } else { Proof::None },
                was_recipient,
                is_marked,
                standing: Standing::Counting(points),
            };
            for action in [Action::Failed, Action::Delayed, Action::Delivered] {
                let verdict = on_failure(&failed(action, &status, reason), facts);
                prop_assert!(matches!(verdict, Verdict::Ignore | Verdict::Unplaced | Verdict::Mark));
                prop_assert!(is_named || verdict != Verdict::Mark);
            }
        }
    }
}
