//! What follows from a report that a mail of ours failed or is unwanted, and from a mail of somebody
//! to whom mail had failed.

use super::{Outcome, keep};
use crate::domain::{
    address::NamedAddress,
    bounce::{
        Action, Cause, Consequence, Mark, MarkKind, Proof, Standing, Verdict, on_complaint,
        on_failure,
    },
    effect::Effect,
    evidence,
    facts::{LedBy, MailFacts, Route},
    ids::MailId,
    incoming::IncomingMail,
    machine::{About, What},
    wording::{KeptBecause, bounces as wording},
};

/// Decides about a bounce or a complaint. It does no more than its proof allows, opens nothing and
/// posts nothing; staff are told of each failure once.
pub(super) fn decide(id: MailId, mail: &IncomingMail, facts: &MailFacts) -> (Outcome, Vec<Effect>) {
    let unplaced = || keep(id, mail, facts, KeptBecause::ByMachine(mail.kind));
    let Some(reported) = &facts.machine.reported else {
        return unplaced();
    };
    if reported.about.is_empty() {
        return unplaced();
    }
    let verdicts: Vec<(&About, Verdict)> = reported
        .about
        .iter()
        .map(|about| (about, verdict(about)))
        .collect();
    let Some(letter) = reported.letter else {
        let says_nothing = verdicts.iter().all(|(_, it)| *it == Verdict::Ignore);
        return if says_nothing {
            (Outcome::Matched, Vec::new())
        } else {
            unplaced()
        };
    };
    let (mut marks, mut news, mut then) = (Vec::new(), Vec::new(), Vec::new());
    for (about, verdict) in verdicts {
        if matches!(verdict, Verdict::Ignore | Verdict::Unplaced) {
            continue;
        }
        marks.push(mark(about));
        let suspends = verdict == Verdict::Suspend;
        if !about.is_told {
            let mut text = sentence(about);
            if suspends {
                text.push_str(&wording::and_suspended(&about.person.address));
            }
            news.push(text);
        }
        if let Verdict::Count(points) = verdict {
            then.push(Consequence::Count {
                address: about.person.address.clone(),
                points,
            });
        }
        if suspends {
            then.push(Consequence::Suspend {
                person: about.person.clone(),
                cause: cause(about),
                told_at: (!about.is_told).then_some(letter),
            });
        }
    }
    if marks.is_empty() {
        return (Outcome::Matched, Vec::new());
    }
    let marked = Consequence::Mark {
        letter,
        marks,
        news: (!news.is_empty()).then(|| news.join("\n")),
    };
    let effects = std::iter::once(marked).chain(then).map(Effect::Bounce);
    (Outcome::Matched, effects.collect())
}

/// What follows for the sender's own address from a mail of theirs that is posted: it works.
pub(super) fn works_again(route: &Route, facts: &MailFacts) -> Option<Effect> {
    let person = route.member.as_ref()?;
    let standing = facts.machine.sender?;
    let proves = match facts.judgement.verdict {
        evidence::Verdict::Verified => true,
        evidence::Verdict::Unverified => route.by == LedBy::Token,
        evidence::Verdict::Failed => false,
    };
    match standing {
        _ if !proves => None,
        Standing::Suspended => Some(Effect::Bounce(Consequence::OfferResume {
            person: NamedAddress {
                name: Some(person.name.clone()),
                address: person.address.clone(),
            },
            room: route.room.clone(),
        })),
        Standing::Counting(0) => None,
        Standing::Counting(_) => Some(Effect::Bounce(Consequence::Forget {
            address: person.address.clone(),
        })),
    }
}

fn verdict(about: &About) -> Verdict {
    match &about.what {
        What::Failure(failed) => on_failure(failed, about.facts),
        What::Complaint(kind) => on_complaint(*kind, about.facts),
    }
}

fn is_vouched(about: &About) -> bool {
    about.facts.proof == Proof::Vouched
}

fn mark(about: &About) -> Mark {
    let address = Some(about.person.address.clone());
    Mark {
        address: address.filter(|_| about.is_known),
        kind: match &about.what {
            What::Failure(failed) if failed.action == Action::Delayed => MarkKind::Delayed,
            What::Failure(_) => MarkKind::Failed,
            What::Complaint(_) => MarkKind::Complaint,
        },
        vouched: is_vouched(about),
    }
}

fn cause(about: &About) -> Cause {
    match &about.what {
        What::Failure(failed) => Cause::Failed(failed.reason),
        What::Complaint(_) => Cause::Complained,
    }
}

fn sentence(about: &About) -> String {
    match &about.what {
        What::Failure(failed) => wording::failed(&about.person, failed, is_vouched(about)),
        What::Complaint(_) => wording::complained(&about.person, is_vouched(about)),
    }
}

#[cfg(test)]
mod tests;
