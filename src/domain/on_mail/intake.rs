//! Mail that belongs to no conversation: staff are asked, it opens a room, or it gets a polite answer.

use super::{Outcome, keep};
use crate::content::subject;
use crate::domain::{
    address::NamedAddress,
    automatic::{self, Asked, Kind},
    desk::Former,
    effect::Effect,
    evidence::Verdict,
    facts::{IntakeFacts, LedBy, MailFacts, Route, SharedRoom, SpaceWish},
    ids::MailId,
    incoming::{Fate, IncomingMail},
    intake::{Acknowledge, Action, Answer, NoRule, Notice, Request, Way},
    role_address,
    trust::Intake,
    wording::{self, KeptBecause},
};

/// Decides about a mail by a person that leads nowhere. What is forged never comes here. Each mailbox to
/// which it came does with it what its rule says.
pub(super) fn decide(
    id: MailId,
    mail: &IncomingMail,
    null_sender: bool,
    facts: &MailFacts,
) -> (Outcome, Vec<Effect>) {
    let each = facts.intake.iter();
    let each = each.map(|intake| of_mailbox(id, mail, null_sender, intake, facts));
    let mut decided: Vec<(Outcome, Vec<Effect>)> = each.collect();
    let is_taken = |(outcome, _): &(Outcome, Vec<Effect>)| *outcome == Outcome::Requested;
    if !decided.iter().any(is_taken) {
        let mut outcomes = decided.iter();
        let known = outcomes.position(|(outcome, _)| *outcome == Outcome::Duplicate);
        return if decided.is_empty() {
            keep(id, mail, facts, KeptBecause::NoConversation)
        } else {
            decided.swap_remove(known.unwrap_or_default())
        };
    }
    decided.retain(is_taken);
    let mut effects: Vec<Effect> = Vec::new();
    for effect in decided.into_iter().flat_map(|(_, effects)| effects) {
        // Whoever asks several is told once that it has come.
        if !is_answer(&effect) || !effects.iter().any(is_answer) {
            effects.push(effect);
        }
    }
    (Outcome::Requested, effects)
}

fn is_answer(effect: &Effect) -> bool {
    matches!(effect, Effect::Intake(action) if matches!(**action, Action::Answer(_)))
}

fn of_mailbox(
    id: MailId,
    mail: &IncomingMail,
    null_sender: bool,
    intake: &IntakeFacts,
    facts: &MailFacts,
) -> (Outcome, Vec<Effect>) {
    let kept = || keep(id, mail, facts, KeptBecause::NoConversation);
    let Some(from) = &mail.from else {
        return kept();
    };
    if intake.is_known {
        return (Outcome::Duplicate, Vec::new());
    }
    // A copy of our own mail asks for nothing.
    if facts.own_addresses.contain(&from.address) {
        return kept();
    }
    let space = space_wish(from, intake, facts.judgement.verdict);
    let found = match space {
        Some(wish) => Some((wish.pending.map_or(Way::Ask, Way::Join), None)),
        None => way(from, intake, facts.judgement.verdict),
    };
    let (way, no_rule) = match found {
        Some(found) => found,
        None if intake.rule == Intake::Reject && intake.former.is_none() => {
            let answer = answer(Kind::Rejected, mail, null_sender, intake, facts);
            if answer.is_none() && !automatic::is_of_late(intake.answered.rejected) {
                // Whoever it is doesn't learn that nobody reads it: staff do.
                return kept();
            }
            return (Outcome::Rejected, answer.into_iter().collect());
        }
        None => return kept(),
    };
    let is_new = !matches!(way, Way::Join(_));
    let request = Request {
        mailbox: intake.mailbox.clone(),
        mail: id,
        sender: from.clone(),
        subject: mail.subject.clone().unwrap_or_default(),
        space: space.map(|wish| wish.room.clone()),
        language: intake.language,
        identity: facts.identity.clone(),
        date: mail.date.clone().unwrap_or_default(),
        way,
    };
    let notice = Notice {
        sender: from.clone(),
        mailbox: intake.address.to_string(),
        verdict: facts.judgement.verdict,
        reason: facts.judgement.reasons.first().copied(),
        subject: request.subject.clone(),
        space: request.space.clone(),
        former: intake.former,
        text: mail.text.chars().take(MOST_TOLD).collect(),
        files: files(mail),
        rooms: intake.rooms.clone(),
        no_rule,
    };
    let mut effects = vec![Effect::Intake(Box::new(Action::Request {
        request,
        notice: Box::new(notice),
    }))];
    let is_due = match intake.acknowledge {
        Acknowledge::Closed => intake.is_closed,
        Acknowledge::Always => true,
        Acknowledge::Never => false,
    };
    if is_new && is_due {
        effects.extend(answer(Kind::Acknowledged, mail, null_sender, intake, facts));
    }
    (Outcome::Requested, effects)
}

/// The room that is to come into the Space, if somebody who is known by their domain asks for that and
/// there are staff to confirm it.
fn space_wish<'f>(
    from: &NamedAddress,
    intake: &'f IntakeFacts,
    verdict: Verdict,
) -> Option<&'f SpaceWish> {
    let is_taken = matches!(intake.rule, Intake::Triage | Intake::Room) && intake.can_ask;
    let is_proven = verdict == Verdict::Verified && !is_nobody(from);
    intake.space.as_ref().filter(|_| is_taken && is_proven)
}

/// Whether nobody reads what they are answered.
fn is_nobody(from: &NamedAddress) -> bool {
    role_address::is_nobody(&from.address) || role_address::is_list(&from.address)
}

/// What is done with it, and why that isn't what the rule says; `None`: it asks for nothing.
fn way(
    from: &NamedAddress,
    intake: &IntakeFacts,
    verdict: Verdict,
) -> Option<(Way, Option<NoRule>)> {
    if let Some(request) = intake.pending {
        return Some((Way::Join(request), None));
    }
    let ask = |why: Option<NoRule>| intake.can_ask.then_some((Way::Ask, why));
    // It answers something: no rule for strangers is for it.
    if intake.former.is_some() {
        return ask(None);
    }
    match (&intake.shared, intake.rule) {
        // Which of them is meant nobody knows.
        _ if !intake.rooms.is_empty() => ask(None),
        // That is for strangers alone.
        (None, Intake::Keep | Intake::Reject) => None,
        _ if is_nobody(from) => ask(Some(NoRule::Nobody)),
        (Some(_), _) if verdict != Verdict::Verified => ask(Some(NoRule::Unverified)),
        (Some(shared), _) if shared.is_out => ask(Some(NoRule::IsOut)),
        (Some(shared), _) if !shared.is_ready => ask(Some(NoRule::RoomIsNotReady)),
        (Some(SharedRoom { room, .. }), _) => Some((Way::Into(room.clone()), None)),
        (None, Intake::Room) if !intake.can_invite => ask(Some(NoRule::NobodyToInvite)),
        (None, Intake::Room) if intake.is_full => ask(Some(NoRule::TooManyRooms)),
        (None, Intake::Room) => Some((Way::NewRoom, None)),
        (None, _) => ask(None),
    }
}

/// A member's fresh mail about something else is a conversation of its own in their room: answers go out
/// under its subject. So is what a member answers to a conversation that was closed long ago.
pub(super) fn begin(id: MailId, mail: &IncomingMail, route: &Route) -> Option<Effect> {
    let subject = subject::base(mail.subject.as_deref().unwrap_or_default());
    let is_other = subject.to_lowercase() != subject::base(&route.subject).to_lowercase();
    let is_fresh = mail.in_reply_to.is_empty() && mail.references.is_empty();
    let is_news = route.by == LedBy::Sender && is_fresh && is_other && !subject.is_empty();
    let is_member = route.member.as_ref().is_some_and(|person| !person.is_guest);
    let answers = (!is_news && is_member && route.rests_for_long).then(|| Former {
        event: route.reply_to.clone().or_else(|| route.thread_root.clone()),
    });
    (is_news || answers.is_some()).then(|| Effect::Begin {
        conversation: route.conversation,
        mail: id,
        subject: Some(subject)
            .filter(|subject| !subject.is_empty())
            .unwrap_or_else(|| route.subject.clone()),
        answers,
    })
}

/// Where the mail appears: one that begins a conversation is the root of its thread.
pub(super) fn place(route: &Route, begins: bool) -> Route {
    let mut route = route.clone();
    route.thread_root = route.thread_root.filter(|_| !begins);
    route
}

fn answer(
    kind: Kind,
    mail: &IncomingMail,
    null_sender: bool,
    intake: &IntakeFacts,
    facts: &MailFacts,
) -> Option<Effect> {
    let from = mail.from.as_ref().filter(|_| !mail.from_is_substitute)?;
    let asked = Asked {
        sender: Some(&from.address),
        is_by_machine: automatic::is_by_machine(mail, null_sender),
        verdict: facts.judgement.verdict,
        knows_secret: false,
        is_own: facts.own_addresses.contain(&from.address),
        answered: match kind {
            Kind::Rejected => intake.answered.rejected,
            _ => intake.answered.acknowledged,
        },
    };
    automatic::may_answer(asked).then(|| {
        Effect::Intake(Box::new(Action::Answer(Answer {
            mailbox: intake.mailbox.clone(),
            to: from.clone(),
            answered: mail.message_id.clone(),
            subject: mail.subject.clone().unwrap_or_default(),
            language: intake.language,
            kind,
        })))
    })
}

fn files(mail: &IncomingMail) -> Vec<String> {
    let shown = mail
        .attachments
        .iter()
        .filter(|file| matches!(file.fate, Fate::Shown | Fate::Withheld(_)));
    let named = shown.map(|file| {
        let name = file.filename.as_deref();
        wording::excerpt(name.unwrap_or(wording::NAMELESS_FILE))
    });
    named.collect()
}

/// More than a notice shows.
const MOST_TOLD: usize = 2_000;

#[cfg(test)]
mod tests;
