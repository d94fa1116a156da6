//! Who may write into a room: what happens to a mail by its verdict, who sent it, what leads to the
//! conversation, and what kind of mail it is.
//!
//! A token proves only that somebody once got a mail: it leads to the conversation, and where nothing
//! is known of the sender it is what tells a member from somebody who uses a member's name; it never
//! makes good what has failed.

use serde::{Deserialize, Serialize};

use super::{evidence::Verdict, incoming::MailKind};

/// One mail and one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub verdict: Verdict,
    pub standing: Standing,
    pub lead: Lead,
    pub kind: MailKind,
    pub intake: Intake,
    pub policy: TrustPolicy,
}

/// What the sender is to the conversation to which the mail leads; or, if it leads nowhere, to the
/// only conversation that they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Member,
    /// Copied in by a member.
    Guest,
    /// Of the same domain as a member, and it isn't one at which everybody has an address.
    Colleague,
    Stranger,
}

/// What leads to the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    Token,
    /// A Message-ID of ours, or one that we know.
    KnownId,
    Nothing,
}

/// What a mailbox does with mail that belongs to no conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    /// It is posted to a room where staff decide.
    #[default]
    Triage,
    /// It opens a room.
    Room,
    /// It gets one polite answer.
    Reject,
    /// It is kept, and the control room is told.
    Keep,
}

impl Intake {
    pub const ALL: [Self; 4] = [Self::Triage, Self::Room, Self::Reject, Self::Keep];

    /// As it stands in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Room => "room",
            Self::Reject => "reject",
            Self::Keep => "keep",
        }
    }
}

/// What a mailbox or a room may want stricter than usual. There is nothing more lenient than the usual:
/// nobody can set that what is forged, or what a stranger writes, is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrustPolicy {
    /// Members' mail with a token of which nothing is known.
    pub unverified: Leniency,
    /// Verified answers by members' colleagues.
    pub colleagues: Leniency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leniency {
    /// It is posted with a mark.
    #[default]
    Mark,
    /// It is held for staff.
    Hold,
}

impl Leniency {
    /// As it stands in the configuration, in commands and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Hold => "hold",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let mut all = [Self::Mark, Self::Hold].into_iter();
        all.find(|one| one.word() == word)
    }
}

/// What happens to the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    Post,
    /// Posted with a mark that nobody vouches for who sent it.
    PostMarked,
    /// Posted with a mark that the sender is new, and offered to be added.
    PostOffered,
    /// A machine's answer: posted folded and small, once, and never answered. `marked` as in
    /// [`Ruling::PostMarked`].
    PostSmall {
        marked: bool,
    },
    /// Kept until staff decide. Where there is no conversation to release it into, staff are told of it
    /// and no more.
    Hold(Held),
    /// It belongs to no conversation.
    Intake(Intake),
    /// Lists and bulk mail that belong to no conversation: intake's rule for them.
    Bulk,
    /// Held against what we have sent: it does what [its proof](super::bounce) allows, whatever is
    /// known of its sender. Servers write bounces in anybody's name, and few prove anything.
    Match,
    /// Kept and counted; nobody is told.
    SetAside,
}

/// Why staff have to decide; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The domain in From says that it isn't its mail.
    Failed,
    /// Whoever sent it is neither member nor guest.
    Stranger,
    /// As [`Held::Stranger`], but of a member's domain.
    Colleague,
    /// Nobody vouches for the sender, and the mail has no token.
    WithoutToken,
    /// Nobody vouches for the sender, and the token alone is not enough.
    Unverified,
    /// The rules would post it, but a filter of ours calls it spam: the [guard](super::guard) says so,
    /// and no rule here.
    Spam,
    /// The rules would post it, but the bot was put out of the room.
    Away,
    /// The same, but nobody of staff is left in the room.
    Deserted,
}

/// Decides.
#[must_use]
pub fn rule(case: Case) -> Ruling {
    match case.kind {
        MailKind::Bounce | MailKind::FeedbackReport => Ruling::Match,
        MailKind::Own => Ruling::SetAside,
        MailKind::AutoReply => auto_reply(case),
        MailKind::List => list(case),
        MailKind::Forward | MailKind::Reply | MailKind::New => by_person(case),
    }
}

fn by_person(case: Case) -> Ruling {
    let leads = case.lead != Lead::Nothing;
    match (case.verdict, case.standing) {
        (Verdict::Failed, _) => Ruling::Hold(Held::Failed),
        (Verdict::Unverified, Standing::Member) if !leads => Ruling::Hold(Held::WithoutToken),
        // A guest is one in the conversation to which the mail leads.
        (_, Standing::Guest | Standing::Colleague | Standing::Stranger) if !leads => {
            Ruling::Intake(case.intake)
        }
        (Verdict::Verified, Standing::Member | Standing::Guest) => Ruling::Post,
        (Verdict::Verified, Standing::Colleague) => match case.policy.colleagues {
            Leniency::Mark => Ruling::PostOffered,
            Leniency::Hold => Ruling::Hold(Held::Colleague),
        },
        (Verdict::Unverified, Standing::Member) => match case.policy.unverified {
            Leniency::Mark => Ruling::PostMarked,
            Leniency::Hold => Ruling::Hold(Held::Unverified),
        },
        (Verdict::Unverified, Standing::Guest) => Ruling::Hold(Held::Unverified),
        (Verdict::Unverified, Standing::Colleague) => Ruling::Hold(Held::Colleague),
        (Verdict::Verified | Verdict::Unverified, Standing::Stranger) => {
            Ruling::Hold(Held::Stranger)
        }
    }
}

/// An absence note of somebody who is in the conversation is worth a line; of anybody else, or of
/// nothing that we have sent, it is noise. One that is forged would be a lie about a customer, and staff
/// are not asked: nobody waits for an absence note, and machines send one after the other.
fn auto_reply(case: Case) -> Ruling {
    let belongs = matches!(case.standing, Standing::Member | Standing::Guest);
    match case.verdict {
        _ if !belongs || case.lead == Lead::Nothing => Ruling::SetAside,
        Verdict::Verified => Ruling::PostSmall { marked: false },
        Verdict::Unverified => Ruling::PostSmall { marked: true },
        Verdict::Failed => Ruling::SetAside,
    }
}

/// People write by way of lists, too: what leads to a conversation is taken as theirs.
fn list(case: Case) -> Ruling {
    match (case.lead, case.verdict) {
        (Lead::Token | Lead::KnownId, _) => by_person(case),
        (Lead::Nothing, Verdict::Verified | Verdict::Unverified) => Ruling::Bulk,
        // Lists break signatures; to show each of those to staff would bury what matters.
        (Lead::Nothing, Verdict::Failed) => Ruling::SetAside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, verdict, standing, lead: what happens. The words before the colon stand for what they
    /// begin with, `*` for anything.
    const TABLE: &str = "
        person verified   member    *       : Post
        person verified   guest     lead    : Post
        person verified   guest     nothing : Intake
        person verified   colleague lead    : PostOffered
        person verified   colleague nothing : Intake
        person verified   stranger  lead    : Hold(Stranger)
        person verified   stranger  nothing : Intake
        person unverified member    lead    : PostMarked
        person unverified member    nothing : Hold(WithoutToken)
        person unverified guest     lead    : Hold(Unverified)
        person unverified guest     nothing : Intake
        person unverified colleague lead    : Hold(Colleague)
        person unverified colleague nothing : Intake
        person unverified stranger  lead    : Hold(Stranger)
        person unverified stranger  nothing : Intake
        person failed     *         *       : Hold(Failed)
        auto   verified   member    lead    : PostSmall { marked: false }
        auto   verified   guest     lead    : PostSmall { marked: false }
        auto   unverified member    lead    : PostSmall { marked: true }
        auto   unverified guest     lead    : PostSmall { marked: true }
        auto   failed     member    lead    : SetAside
        auto   failed     guest     lead    : SetAside
        auto   *          colleague lead    : SetAside
        auto   *          stranger  lead    : SetAside
        auto   *          *         nothing : SetAside
        list   verified   member    lead    : Post
        list   verified   guest     lead    : Post
        list   verified   colleague lead    : PostOffered
        list   verified   stranger  lead    : Hold(Stranger)
        list   unverified member    lead    : PostMarked
        list   unverified guest     lead    : Hold(Unverified)
        list   unverified colleague lead    : Hold(Colleague)
        list   unverified stranger  lead    : Hold(Stranger)
        list   failed     *         lead    : Hold(Failed)
        list   verified   *         nothing : Bulk
        list   unverified *         nothing : Bulk
        list   failed     *         nothing : SetAside
        report *          *         *       : Match
        own    *          *         *       : SetAside
    ";

    const KINDS: [(MailKind, &str); 8] = [
        (MailKind::Bounce, "report"),
        (MailKind::FeedbackReport, "report"),
        (MailKind::Own, "own"),
        (MailKind::AutoReply, "auto"),
        (MailKind::List, "list"),
        (MailKind::Forward, "person"),
        (MailKind::Reply, "person"),
        (MailKind::New, "person"),
    ];
    const VERDICTS: [(Verdict, &str); 3] = [
        (Verdict::Verified, "verified"),
        (Verdict::Unverified, "unverified"),
        (Verdict::Failed, "failed"),
    ];
    const STANDINGS: [(Standing, &str); 4] = [
        (Standing::Member, "member"),
        (Standing::Guest, "guest"),
        (Standing::Colleague, "colleague"),
        (Standing::Stranger, "stranger"),
    ];
    const LEADS: [(Lead, &str); 3] = [
        (Lead::Token, "lead"),
        (Lead::KnownId, "lead"),
        (Lead::Nothing, "nothing"),
    ];

    /// Every combination there is, with its words.
    fn cases() -> Vec<(Case, [&'static str; 4])> {
        let mut cases = Vec::new();
        for (kind, of_kind) in KINDS {
            for (verdict, of_verdict) in VERDICTS {
                for (standing, of_standing) in STANDINGS {
                    for (lead, of_lead) in LEADS {
                        for intake in Intake::ALL {
                            let case = Case {
                                verdict,
                                standing,
                                lead,
                                kind,
                                intake,
                                policy: TrustPolicy::default(),
                            };
                            cases.push((case, [of_kind, of_verdict, of_standing, of_lead]));
                        }
                    }
                }
            }
        }
        cases
    }

    #[test]
    fn every_combination_has_the_outcome_of_the_table() {
        let rows: Vec<(Vec<&str>, &str)> = TABLE
            .lines()
            .filter_map(|line| line.split_once(" : "))
            .map(|(when, then)| (when.split_whitespace().collect(), then.trim()))
            .collect();
        let cases = cases();
        assert_eq!(cases.len(), 8 * 3 * 4 * 3 * 4);
        let mut used = vec![0; rows.len()];
        for (case, words) in cases {
            let fits = |row: &[&str]| {
                row.iter()
                    .zip(words)
                    .all(|(want, is)| *want == "*" || *want == is)
            };
            let fitting: Vec<usize> = (0..rows.len()).filter(|at| fits(&rows[*at].0)).collect();
            let [at] = fitting.as_slice() else {
                panic!("{words:?} stands in rows {fitting:?}");
            };
            used[*at] += 1;
            let expected = match rows[*at].1 {
                "Intake" => format!("Intake({:?})", case.intake),
                other => other.to_owned(),
            };
            assert_eq!(format!("{:?}", rule(case)), expected, "{case:?}");
        }
        assert!(!used.contains(&0), "every row is about something: {used:?}");
    }

    /// The promises of the trust rules, of each combination.
    #[test]
    fn no_combination_lets_a_stranger_in() {
        for (case, _) in cases() {
            let ruling = rule(case);
            let posted = matches!(
                ruling,
                Ruling::Post | Ruling::PostMarked | Ruling::PostOffered | Ruling::PostSmall { .. }
            );
            let is_unknown = case.standing == Standing::Stranger;
            let is_failed = case.verdict == Verdict::Failed;
            assert!(!posted || !is_unknown && !is_failed, "{case:?}");
            // Nobody writes to a forged sender, and nothing forged opens a room.
            assert!(
                !is_failed || !matches!(ruling, Ruling::Intake(_)),
                "{case:?}"
            );
            if posted && case.verdict == Verdict::Unverified {
                assert_ne!(case.lead, Lead::Nothing, "{case:?}");
            }
            let is_by_person = !case.kind.is_by_machine();
            assert!(
                !is_by_person || ruling != Ruling::SetAside,
                "what people write is never put aside unseen: {case:?}"
            );
        }
    }

    #[test]
    fn a_stricter_policy_holds_and_changes_nothing_else() {
        let both = [Leniency::Mark, Leniency::Hold];
        for (unverified, colleagues) in both.map(|one| both.map(|other| (one, other))).concat() {
            let policy = TrustPolicy {
                unverified,
                colleagues,
            };
            for (case, _) in cases() {
                let expected = match rule(case) {
                    Ruling::PostMarked if unverified == Leniency::Hold => {
                        Ruling::Hold(Held::Unverified)
                    }
                    Ruling::PostOffered if colleagues == Leniency::Hold => {
                        Ruling::Hold(Held::Colleague)
                    }
                    usual => usual,
                };
                assert_eq!(
                    rule(Case { policy, ..case }),
                    expected,
                    "{policy:?} {case:?}"
                );
            }
        }
    }
}
