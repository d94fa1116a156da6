//! Mail that waits for staff, and what they have released.

use super::{place_for_staff, post, ruling};
use crate::domain::{
    effect::{Author, Effect, Holding},
    evidence::{Reason, Verdict},
    facts::{MailFacts, Route},
    held::{Notice, Obstacle, Release},
    ids::MailId,
    incoming::{Fate, IncomingMail},
    outgoing::Offer,
    trust::{Held, Ruling},
    wording::held as wording,
};

/// The mail waits for staff in the route's conversation.
pub(super) fn hold(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    why: Held,
) -> Option<Effect> {
    holding(id, mail, facts, route, why).map(|held| Effect::Hold(Box::new(held)))
}

fn holding(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    why: Held,
) -> Option<Holding> {
    let from = mail.from.clone()?;
    let (told_in, elsewhere) = place_for_staff(route, facts);
    Some(Holding {
        mail: id,
        conversation: route.conversation,
        room: route.room.clone(),
        is_member: route.member.is_some(),
        identity: facts.identity.clone(),
        from: from.address.clone(),
        date: mail.date.clone().unwrap_or_default(),
        told_in,
        notice: Notice {
            sender: from,
            subject: mail.subject.clone().unwrap_or_default(),
            why,
            reason: reason(facts),
            text: beginning(&mail.text),
            files: shown_files(mail),
            may_join: route.member.is_none(),
            is_spam: false,
            elsewhere,
        },
        is_quiet: false,
    })
}

/// The mail, which a filter calls spam, waits for staff wherever it would have been posted or held.
pub fn hold_as_spam(id: MailId, mail: &IncomingMail, facts: &MailFacts) -> Vec<Holding> {
    let is_there = |route: &&Route| route.bot_joined && !route.known && !route.is_held;
    let routes = facts.routes.iter().filter(is_there);
    let held = routes.filter_map(|route| {
        let why = match ruling(mail, facts, route) {
            Ruling::Post | Ruling::PostMarked | Ruling::PostOffered => Held::Spam,
            Ruling::Hold(why) => why,
            Ruling::PostSmall { .. }
            | Ruling::Intake(_)
            | Ruling::Bulk
            | Ruling::Match
            | Ruling::SetAside => return None,
        };
        let mut held = holding(id, mail, facts, route, why)?;
        held.notice.is_spam = true;
        Some(held)
    });
    held.collect()
}

/// What speaks against the sender, if anything does.
fn reason(facts: &MailFacts) -> Option<Reason> {
    let judged = &facts.judgement;
    let decided = judged.reasons.first().copied();
    decided.filter(|_| judged.verdict != Verdict::Verified)
}

fn shown_files(mail: &IncomingMail) -> usize {
    let is_shown = |fate: &Fate| matches!(fate, Fate::Shown | Fate::Withheld(_));
    let files = mail.attachments.iter();
    files.filter(|file| is_shown(&file.fate)).count()
}

/// More than a notice shows.
fn beginning(text: &str) -> String {
    text.chars().take(MOST_TOLD).collect()
}

const MOST_TOLD: usize = 2_000;

/// Staff have released the mail: it is posted as it would have been, unless that can't be.
pub(super) fn release(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    release: &Release,
) -> Vec<Effect> {
    let held = release.id;
    if route.known {
        return vec![Effect::Released { held }];
    }
    if let Some(obstacle) = obstacle(route, release) {
        return wait_again(mail, facts, route, release, obstacle);
    }
    let mark = wording::released_mark(&release.by);
    let mut effects = post(id, mail, facts, route, vec![mark]);
    if let (true, None, Some(from)) = (release.admits, &route.member, &mail.from) {
        effects.push(Effect::LetIn {
            conversation: route.conversation,
            person: from.clone(),
        });
    }
    effects.push(Effect::Released { held });
    effects
}

/// A mail that had waited for somebody to come back waits on.
pub(super) fn hold_again(route: &Route) -> Vec<Effect> {
    let is_member = route.member.is_some();
    let again = route.release.as_ref().map(|release| Effect::HoldAgain {
        held: release.id,
        is_member,
    });
    again.into_iter().collect()
}

fn obstacle(route: &Route, release: &Release) -> Option<Obstacle> {
    if !route.bot_joined {
        return Some(Obstacle::BotGone);
    }
    if route.is_closed {
        return Some(Obstacle::Closed);
    }
    // Who wants them back says so with ➕.
    let is_removed = release.was_member && route.member.is_none() && !release.admits;
    is_removed.then_some(Obstacle::SenderRemoved)
}

fn wait_again(
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    release: &Release,
    obstacle: Obstacle,
) -> Vec<Effect> {
    let held = release.id;
    let sender = mail.from.as_ref().map(ToString::to_string);
    let (room, elsewhere) = place_for_staff(route, facts);
    let text = wording::not_released(held, &sender.unwrap_or_default(), obstacle, elsewhere);
    let told = match room {
        Some(room) => Effect::MakeOffer {
            room,
            text,
            offer: Offer::Held { held },
        },
        None => Effect::Report { text },
    };
    let is_member = route.member.is_some();
    vec![Effect::HoldAgain { held, is_member }, told]
}

/// Whose mail it is that the route leads to a conversation.
pub(super) fn author(mail: &IncomingMail, route: &Route) -> Option<Author> {
    match (&route.member, &mail.from) {
        (Some(person), _) => Some(Author::Contact(person.contact)),
        (None, Some(from)) => Some(Author::Other(from.clone())),
        (None, None) => None,
    }
}
