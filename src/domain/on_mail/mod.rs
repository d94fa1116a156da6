//! What follows from an incoming mail.
//!
//! Whether it may be posted is the [trust rules'](super::trust) to say. What they don't let in waits
//! for staff; what leads to no conversation is kept and reported.

mod auto_replies;
mod bounces;
mod guests;
mod held;
mod intake;
mod keep;
mod onboarding;
mod several;

use std::collections::HashSet;

pub use auto_replies::{beginning as auto_reply_beginning, kind_of as auto_reply_kind};
pub use guests::will_be_told;
pub(super) use held::hold_as_spam;
pub(super) use keep::keep;
pub use onboarding::is_written;
use ruma::OwnedRoomId;
use several::{awaits, leads_somewhere, weightier};

use super::{
    address::NamedAddress,
    automatic::{self, Asked},
    effect::{Author, Effect, Folded, Post, PostPart},
    evidence::Verdict,
    facts::{LedBy, MailFacts, PersonFacts, Route},
    ids::{ConversationId, MailId},
    incoming::{Fate, IncomingMail, MailKind, Shown, Withheld},
    note::Note,
    outgoing::PostedFile,
    trust::{self, Ruling},
    wording::{self, KeptBecause},
};

/// What became of a mail; stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Posted,
    /// The same mail has been posted before.
    Duplicate,
    /// Our own mail came back.
    Own,
    /// Its sender leaves a broadcast.
    Leave,
    /// Staff decide.
    Held,
    /// A report about a letter of ours; what follows from it is done.
    Matched,
    /// An automatic reply, of which the room shows a line.
    PostedSmall,
    /// Kept, and nobody is told.
    PassedOver,
    Kept(KeptBecause),
    /// It belongs to no conversation, and is a request now.
    Requested,
    /// It belongs to no conversation, and its mailbox takes no such mail.
    Rejected,
    /// Its sender is blocked.
    Blocked,
    /// A filter calls it spam, and staff want to be told once a day.
    Junk,
    /// A machine answers our letters, and would go on.
    Loop,
    /// There is too much mail: it is decided about again later.
    Postponed,
}

/// Decides about one mail. `null_sender` says that its envelope sender was `<>`.
#[must_use]
pub fn decide(
    id: MailId,
    mail: &IncomingMail,
    null_sender: bool,
    facts: &MailFacts,
) -> (Outcome, Vec<Effect>) {
    // Staff have decided, whatever the mail looks like by now.
    if facts.routes.iter().any(Route::is_decided) {
        return by_routes(id, mail, facts);
    }
    // Another Postroom's letter only looks like ours: it is what somebody there wrote.
    if mail.kind == MailKind::Own && facts.is_ours || facts.is_probe {
        return (Outcome::Own, Vec::new());
    }
    // Mail programs write such mails by themselves when somebody presses the button.
    if let Some(subscription) = facts.leaving
        && !null_sender
    {
        let sender = mail.from.as_ref().filter(|_| !mail.from_is_substitute);
        let sender = sender.map(|from| &from.address);
        let asked = Asked {
            sender,
            is_by_machine: automatic::is_by_machine(mail, null_sender),
            verdict: facts.judgement.verdict,
            knows_secret: true,
            is_own: sender.is_some_and(|sender| facts.own_addresses.contain(sender)),
            answered: facts.machine.answered,
        };
        let end = Effect::EndSubscription {
            subscription,
            confirm: automatic::may_answer(asked),
            message_id: mail.message_id.clone(),
        };
        return (Outcome::Leave, vec![end]);
    }
    if matches!(mail.kind, MailKind::Bounce | MailKind::FeedbackReport) {
        return bounces::decide(id, mail, facts);
    }
    // People write by way of lists, too.
    let is_by_list = mail.kind == MailKind::List && !facts.routes.is_empty();
    let is_by_machine = mail.kind.is_by_machine() && mail.kind != MailKind::Own && !is_by_list;
    if is_by_machine || mail.auto_submitted || null_sender {
        let kind = if is_by_machine {
            mail.kind
        } else {
            MailKind::AutoReply
        };
        if kind == MailKind::AutoReply {
            return auto_replies::decide(id, mail, facts);
        }
        if kind == MailKind::List && rule_of_nowhere(kind, facts) == Ruling::SetAside {
            return (Outcome::PassedOver, Vec::new());
        }
        return keep(id, mail, facts, KeptBecause::ByMachine(kind));
    }
    // Who another header names proves nothing.
    if mail.from.is_none() || mail.from_is_substitute {
        return keep(id, mail, facts, KeptBecause::NoSender);
    }
    if facts.routes.is_empty() {
        return match rule_of_nowhere(mail.kind, facts) {
            // There is no conversation to release it into.
            Ruling::Hold(_) => keep(id, mail, facts, KeptBecause::Forged),
            Ruling::Intake(_) => intake::decide(id, mail, null_sender, facts),
            _ => keep(id, mail, facts, KeptBecause::NoConversation),
        };
    }
    if !facts.routes.iter().any(leads_somewhere) {
        return keep(id, mail, facts, KeptBecause::BotNotInRoom);
    }
    by_routes(id, mail, facts)
}

/// What follows in all the conversations to which the mail leads.
fn by_routes(id: MailId, mail: &IncomingMail, facts: &MailFacts) -> (Outcome, Vec<Effect>) {
    let is_there = |route: &&Route| leads_somewhere(route) || route.is_decided();
    let mut outcome = Outcome::Duplicate;
    let mut effects = Vec::new();
    for route in facts.routes.iter().filter(is_there) {
        let (found, follows) = by_route(id, mail, facts, route);
        outcome = weightier(outcome, found);
        effects.extend(follows);
    }
    match outcome {
        Outcome::Kept(why) => keep(id, mail, facts, why),
        other => (other, effects),
    }
}

/// What follows in one of the conversations to which the mail leads.
fn by_route(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
) -> (Outcome, Vec<Effect>) {
    if let Some(release) = route.release.as_ref().filter(|it| !it.is_automatic) {
        let effects = held::release(id, mail, facts, route, release);
        let is_post = |effect: &Effect| matches!(effect, Effect::Post { .. });
        let is_held = |effect: &Effect| matches!(effect, Effect::HoldAgain { .. });
        let outcome = if effects.iter().any(is_post) {
            Outcome::Posted
        } else if effects.iter().any(is_held) {
            Outcome::Held
        } else {
            Outcome::Duplicate
        };
        return (outcome, effects);
    }
    if route.by == LedBy::Intake && !route.known {
        let is_proven = facts.judgement.verdict == Verdict::Verified;
        let mark = (!is_proven).then(wording::held::unverified_mark);
        let effects = post(id, mail, facts, route, mark.into_iter().collect());
        return (Outcome::Posted, effects);
    }
    let ruling = ruling(mail, facts, route);
    let is_posted = matches!(
        ruling,
        Ruling::Post | Ruling::PostMarked | Ruling::PostOffered
    );
    let done = route
        .release
        .as_ref()
        .map(|release| Effect::Released { held: release.id });
    let marks = match ruling {
        _ if route.known => return (Outcome::Duplicate, done.into_iter().collect()),
        // It waited for somebody to come back, and has to wait for something else.
        Ruling::Hold(_) if route.release.is_some() => {
            return (Outcome::Held, held::hold_again(route));
        }
        _ if is_posted && route.release.is_some() && awaits(route).is_some() => {
            return (Outcome::Held, held::hold_again(route));
        }
        _ if is_posted && route.is_held && route.release.is_none() && awaits(route).is_some() => {
            return (Outcome::Duplicate, Vec::new());
        }
        _ if is_posted && let Some(why) = awaits(route) => {
            let hold = held::hold(id, mail, facts, route, why);
            return (Outcome::Held, hold.into_iter().collect());
        }
        Ruling::Hold(_) if route.is_held => return (Outcome::Duplicate, Vec::new()),
        Ruling::Hold(why) => {
            let hold = held::hold(id, mail, facts, route, why);
            return (Outcome::Held, hold.into_iter().collect());
        }
        Ruling::Post => Vec::new(),
        Ruling::PostMarked => vec![wording::held::unverified_mark()],
        Ruling::PostOffered => vec![wording::people::colleague_mark()],
        Ruling::Intake(_) => return (Outcome::Kept(KeptBecause::NoConversation), Vec::new()),
        Ruling::SetAside => return (Outcome::PassedOver, Vec::new()),
        Ruling::PostSmall { .. } | Ruling::Bulk | Ruling::Match => {
            return (Outcome::Kept(KeptBecause::ByMachine(mail.kind)), Vec::new());
        }
    };
    let begins = intake::begin(id, mail, route);
    let route = &intake::place(route, begins.is_some());
    let mut effects: Vec<Effect> = begins.into_iter().collect();
    effects.extend(post(id, mail, facts, route, marks));
    if ruling == Ruling::PostOffered {
        effects.extend(guests::offer(id, mail, facts, route));
    }
    effects.extend(done);
    (Outcome::Posted, effects)
}

/// What the trust rules have for the mail in the route's conversation.
#[must_use]
pub fn ruling(mail: &IncomingMail, facts: &MailFacts, route: &Route) -> Ruling {
    ruling_as(mail.kind, facts, route)
}

/// The same for a mail that was found to be of this kind.
fn ruling_as(kind: MailKind, facts: &MailFacts, route: &Route) -> Ruling {
    trust::rule(trust::Case {
        verdict: facts.judgement.verdict,
        standing: match &route.member {
            Some(person) if person.is_guest => trust::Standing::Guest,
            Some(_) => trust::Standing::Member,
            None => route.standing,
        },
        lead: route.by.lead(),
        kind: as_written(kind),
        intake: trust::Intake::default(),
        policy: route.policy,
    })
}

/// The same for a mail that leads to no conversation.
fn rule_of_nowhere(kind: MailKind, facts: &MailFacts) -> Ruling {
    trust::rule(trust::Case {
        verdict: facts.judgement.verdict,
        standing: trust::Standing::Stranger,
        lead: trust::Lead::Nothing,
        kind: as_written(kind),
        intake: trust::Intake::default(),
        policy: trust::TrustPolicy::default(),
    })
}

/// A letter of another Postroom is what somebody there wrote.
fn as_written(kind: MailKind) -> MailKind {
    match kind {
        MailKind::Own => MailKind::Reply,
        kind => kind,
    }
}

/// Where staff, and nobody else, are told something of the route's conversation; with the
/// conversation, where that place doesn't say which is meant.
fn place_for_staff(
    route: &Route,
    facts: &MailFacts,
) -> (Option<OwnedRoomId>, Option<ConversationId>) {
    if route.has_visitors || !route.bot_joined || route.is_deserted {
        (facts.control_room.clone(), Some(route.conversation))
    } else {
        (Some(route.room.clone()), None)
    }
}

fn post(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    mut marks: Vec<String>,
) -> Vec<Effect> {
    let (Some(author), Some(from)) = (held::author(mail, route), &mail.from) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    if let Some(person) = &route.member {
        effects.extend(renamed(person, from, facts));
        if let Some(by) = &route.copied_by {
            marks.insert(0, wording::people::guest_mark(&person.name, by));
        }
    }
    let (parts, left) = parts(mail);
    let mut notes = mail.notes.clone();
    if !left.is_empty() {
        let names = left.iter().map(|file| wording::excerpt(&file.filename));
        notes.push(Note::OnlyInOriginal {
            names: names.take(wording::MOST_TOLD).collect(),
            count: left.len(),
        });
    }
    effects.push(Effect::Post {
        conversation: route.conversation,
        author: author.clone(),
        mail: id,
        post: Post {
            parts,
            notes,
            folded: Folded {
                history: mail.folded.is_some(),
                signature: mail.signature.is_some() && !facts.knows_signature,
            },
            marks,
            reply_to: route.reply_to.clone(),
            thread_root: route.thread_root.clone(),
            message_id: mail.message_id.clone(),
            identity: facts.identity.clone(),
            from: from.address.clone(),
            date: mail.date.clone().unwrap_or_default(),
        },
    });
    effects.extend(loose_end(mail, route));
    let name = match &route.member {
        Some(person) => person.name.clone(),
        None => from.shown_name(),
    };
    if !mail.is_told {
        effects.push(Effect::RememberLastMail {
            conversation: route.conversation,
            mail: id,
            author: from.name.clone().unwrap_or_else(|| name.clone()),
            written_at: mail.date.clone().unwrap_or_default(),
            text: beginning(mail.text.trim_end()),
        });
    }
    effects.extend(guests::effects(id, route, facts));
    effects.extend(withheld(id, mail, facts, route, (author, &name)));
    effects.extend(bounces::works_again(route, facts));
    effects.extend(onboarding::effects(mail, facts, route));
    effects
}

/// What somebody calls themselves, unless their domain says that it isn't them.
fn renamed(person: &PersonFacts, from: &NamedAddress, facts: &MailFacts) -> Option<Effect> {
    let name = from.name.as_ref().filter(|name| **name != person.name)?;
    (facts.judgement.verdict != Verdict::Failed).then(|| Effect::RenameContact {
        contact: person.contact,
        name: name.clone(),
    })
}

/// On top of a mail that names none of the conversation's others programs put the first that it names,
/// if any.
fn loose_end(mail: &IncomingMail, route: &Route) -> Option<Effect> {
    let named = mail.references.first().or(mail.in_reply_to.first());
    let end = named.or(mail.message_id.as_ref());
    end.filter(|_| route.is_loose)
        .map(|end| Effect::RememberLooseEnd {
            conversation: route.conversation,
            end: end.clone(),
        })
}

/// As much of a mail as letters quote.
fn beginning(text: &str) -> String {
    if text.len() <= MOST_QUOTED {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MOST_QUOTED);
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}\n[…]", text[..end].trim_end())
}

/// What is shown, in its order: the words with the images within them, then the other files; and the
/// files that would be too many for a room.
fn parts(mail: &IncomingMail) -> (Vec<PostPart>, Vec<PostedFile>) {
    let placed: HashSet<usize> = mail.shown.iter().filter_map(Shown::image).collect();
    let is_other =
        |index: &usize| mail.attachments[*index].fate == Fate::Shown && !placed.contains(index);
    let mut others: Vec<usize> = (0..mail.attachments.len()).filter(is_other).collect();
    // What somebody attached comes before the pictures of a newsletter.
    let too_many = others.split_off(others.len().min(MOST_FILES));
    let mut places = MOST_FILES - others.len();
    let mut left = Vec::new();
    let mut parts: Vec<PostPart> = Vec::new();
    for shown in &mail.shown {
        match shown {
            Shown::Words(words) => match parts.last_mut() {
                Some(PostPart::Words(last)) => last.append(words),
                _ => parts.push(PostPart::Words(words.clone())),
            },
            Shown::Image(index) if places == 0 => left.push(file(mail, *index)),
            Shown::Image(index) => {
                places -= 1;
                parts.push(part(mail, *index));
            }
        }
    }
    left.extend(too_many.into_iter().map(|index| file(mail, index)));
    parts.extend(others.into_iter().map(|index| part(mail, index)));
    (parts, left)
}

fn part(mail: &IncomingMail, index: usize) -> PostPart {
    let kind = mail.attachments.get(index).map(|one| &one.content_type);
    let is_seen = |kind: &String| {
        ["image/", "video/", "audio/"]
            .iter()
            .any(|one| kind.starts_with(one))
    };
    if kind.is_some_and(is_seen) {
        PostPart::Picture(file(mail, index))
    } else {
        PostPart::File(file(mail, index))
    }
}

fn file(mail: &IncomingMail, index: usize) -> PostedFile {
    let name = mail
        .attachments
        .get(index)
        .and_then(|one| one.filename.clone());
    PostedFile {
        index,
        filename: name.unwrap_or_else(|| wording::NAMELESS_FILE.to_owned()),
    }
}

/// Tells staff, and nobody else, which files are not shown; they may release them.
fn withheld(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
    (author, name): (Author, &str),
) -> Option<Effect> {
    let mut files = Vec::new();
    let mut told = Vec::new();
    for (index, one) in mail.attachments.iter().enumerate() {
        if let Fate::Withheld(why) = one.fate {
            let file = file(mail, index);
            told.push((file.filename.clone(), one.size, why));
            if why != Withheld::Infected {
                files.push(file);
            }
        }
    }
    if told.is_empty() {
        return None;
    }
    let text = wording::withheld(name, &told);
    let (room, _) = place_for_staff(route, facts);
    let Some(room) = room else {
        // Nobody must be able to release a file where customers read along.
        return Some(Effect::Report { text });
    };
    if files.is_empty() {
        let reply_to = None;
        return Some(Effect::Say {
            room,
            reply_to,
            text,
        });
    }
    Some(Effect::OfferFiles {
        conversation: route.conversation,
        author,
        mail: id,
        files,
        room,
        text,
    })
}

/// Octets of a mail that the letters after it quote.
const MOST_QUOTED: usize = 20_000;

/// Files of one mail in a room.
const MOST_FILES: usize = 50;

#[cfg(test)]
mod tests;
