//! What stands between a ruling and a room: blocked senders, spam, loops and floods.
//!
//! It comes after the ruling and can only make it stricter, so that nothing here lets a mail in. A mail
//! that is stopped is kept: out of sight ([`Outcome::Blocked`], [`Outcome::Junk`]), told once
//! ([`Outcome::Loop`]), or decided about again later ([`Outcome::Postponed`]).

use super::{
    address::EmailAddress,
    effect::{Effect, Holding},
    facts::{MailFacts, Route},
    flood::{Limits, Measure, SPAM_TOLD, Scope, Tally},
    freemail::is_freemail,
    ids::{ConversationId, MailId},
    incoming::{IncomingMail, MailKind},
    marks::Marks,
    on_mail::{Outcome, hold_as_spam, keep},
    rhythm::Rhythm,
    senders::{self, List, Listing},
    wording::{self, KeptBecause},
};

/// What is done with what a filter calls spam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpamRule {
    /// It waits for staff in the conversation to which it leads; where it leads to none it is kept. They
    /// are told of the first of a day.
    #[default]
    Hold,
    /// It is kept, and staff are told of all of a day together.
    Junk,
    /// Nothing.
    Ignore,
}

/// What is known of a mail besides its [`MailFacts`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardFacts {
    /// Milliseconds since 1970.
    pub now: i64,
    /// When the mail was taken over.
    pub received_at: i64,
    pub limits: Limits,
    pub spam: SpamRule,
    pub marks: Marks,
    pub listing: Option<Listing>,
    /// Of [`scopes_of_shown`].
    pub shown: Vec<Tally>,
    /// Of [`scopes_of_unknown`].
    pub unknown: Vec<Tally>,
    /// Of [`scopes_of_spam`].
    pub spam_told: Vec<Tally>,
    /// How the sender answers, of each conversation in which they are.
    pub rhythms: Vec<(ConversationId, Rhythm)>,
}

/// What counts a mail that is shown in rooms.
#[must_use]
pub fn scopes_of_shown(mail: &IncomingMail, facts: &MailFacts) -> Vec<Scope> {
    let members = facts.routes.iter().filter(|route| route.member.is_some());
    let mut scopes: Vec<Scope> = members
        .map(|route| Scope::Conversation(route.conversation))
        .collect();
    if let Some(from) = &mail.from {
        let address = senders::canonical(&from.address);
        if let Some((_, domain)) = address
            .rsplit_once('@')
            .filter(|(_, own)| !is_freemail(own))
        {
            scopes.push(Scope::Domain(domain.to_owned()));
        }
        scopes.insert(0, Scope::Contact(address));
    }
    scopes.push(Scope::Everything);
    scopes
}

/// What counts a mail of which only staff are told. Anybody can write a member's address into From:
/// what is shown of them is counted apart.
#[must_use]
pub fn scopes_of_unknown(mail: &IncomingMail) -> Vec<Scope> {
    let of = |address: &EmailAddress| Scope::Unknown(senders::canonical(address));
    let from = mail.from.as_ref().map(|from| of(&from.address));
    from.into_iter().chain([Scope::Unknowns]).collect()
}

/// What counts the mails of which staff are told that they are spam; nothing if this is none.
#[must_use]
pub fn scopes_of_spam(facts: &MailFacts, marks: &Marks) -> Vec<Scope> {
    if marks.spam.is_none() {
        return Vec::new();
    }
    let mut scopes = vec![Scope::Spam(None)];
    for route in &facts.routes {
        let scope = Scope::Spam(Some(route.room.clone()));
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// Stops the mail on which `ruled` was ruled, or lets it pass.
#[must_use]
pub fn watch(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    guard: &GuardFacts,
    ruled: (Outcome, Vec<Effect>),
) -> (Outcome, Vec<Effect>) {
    // What is about our own mail is never too much, and leads to no answer.
    let is_report = matches!(mail.kind, MailKind::Bounce | MailKind::FeedbackReport);
    let is_unplaced = matches!(
        ruled.0,
        Outcome::Kept(_) | Outcome::Requested | Outcome::Rejected
    );
    let is_seen = is_unplaced || matches!(ruled.0, Outcome::Posted | Outcome::Held);
    // Staff have decided.
    let is_released = facts.routes.iter().any(Route::is_decided);
    if is_report || is_released || !is_seen {
        return ruled;
    }
    let listed = guard.listing.as_ref();
    if let Some(blocked) = listed.filter(|listing| listing.list == List::Block) {
        let pattern = blocked.pattern.clone();
        return (
            Outcome::Blocked,
            vec![Effect::Guard(Measure::CountBlocked { pattern })],
        );
    }
    let is_allowed = listed.is_some();
    let ruled = match &guard.marks.spam {
        Some(why) if !is_allowed && guard.spam == SpamRule::Junk => {
            return junk(id, mail, why);
        }
        _ if guard.marks.hops > Marks::MOST_HOPS => keep(id, mail, facts, KeptBecause::TooManyHops),
        Some(why) if !is_allowed && guard.spam == SpamRule::Hold => {
            if !is_unplaced {
                hold(hold_as_spam(id, mail, facts), guard)
            } else if is_full(&Scope::Spam(None), guard) {
                return junk(id, mail, why);
            } else {
                told_of_spam(keep(id, mail, facts, KeptBecause::Spam))
            }
        }
        _ => ruled,
    };
    if ruled.0 == Outcome::Duplicate {
        return ruled;
    }
    let is_shown = ruled.0 == Outcome::Posted;
    let mut measures = Vec::new();
    if is_shown && let Some(looped) = hear(mail, facts, guard, &mut measures) {
        return looped;
    }
    let tallies = if is_shown {
        &guard.shown
    } else {
        &guard.unknown
    };
    let full = tallies
        .iter()
        .filter_map(|tally| Some((tally, tally.wait(&guard.limits, guard.now)?)));
    if let Some((tally, until)) = full.max_by_key(|(_, until)| *until)
        && !is_allowed
    {
        return postponed(id, facts, guard, (tally, until), is_shown);
    }
    let scopes = tallies.iter().map(|tally| tally.scope.clone()).collect();
    measures.push(Measure::Count(scopes));
    let (outcome, mut effects) = ruled;
    effects.extend(measures.into_iter().map(Effect::Guard));
    (outcome, effects)
}

/// Spam waits for staff, who are told of the first in each room.
fn hold(held: Vec<Holding>, guard: &GuardFacts) -> (Outcome, Vec<Effect>) {
    if held.is_empty() {
        return (Outcome::Duplicate, Vec::new());
    }
    let mut effects = Vec::new();
    for mut held in held {
        let scope = Scope::Spam(Some(held.room.clone()));
        if is_full(&scope, guard) {
            held.is_quiet = true;
            let tally = guard.spam_told.iter().find(|tally| tally.scope == scope);
            let is_told =
                |effect: &Effect| *effect == Effect::Guard(Measure::SetTold(scope.clone()));
            if tally.is_some_and(|tally| tally.is_news(guard.now)) && !effects.iter().any(is_told) {
                let text = wording::held::more_spam(SPAM_TOLD, held.notice.elsewhere);
                let room = Some(held.room.clone());
                effects.push(Effect::Guard(Measure::Tell { room, text }));
                effects.push(Effect::Guard(Measure::SetTold(scope)));
            }
        } else {
            effects.push(Effect::Guard(Measure::Count(vec![scope])));
        }
        effects.push(Effect::Hold(Box::new(held)));
    }
    (Outcome::Held, effects)
}

fn told_of_spam((outcome, mut effects): (Outcome, Vec<Effect>)) -> (Outcome, Vec<Effect>) {
    effects.push(Effect::Guard(Measure::Count(vec![Scope::Spam(None)])));
    (outcome, effects)
}

/// Whether staff have heard enough of the day's spam.
fn is_full(scope: &Scope, guard: &GuardFacts) -> bool {
    let mut told = guard.spam_told.iter();
    let tally = told.find(|tally| tally.scope == *scope);
    tally.is_some_and(|tally| tally.wait(&guard.limits, guard.now).is_some())
}

fn junk(id: MailId, mail: &IncomingMail, why: &str) -> (Outcome, Vec<Effect>) {
    let from = mail.from.as_ref().map(|from| from.address.to_string());
    let junk = Measure::RememberJunk {
        mail: id,
        from: from.unwrap_or_default(),
        why: why.to_owned(),
    };
    (Outcome::Junk, vec![Effect::Guard(junk)])
}

/// Hears how the mail answers, and what follows if it answers as a machine does.
fn hear(
    mail: &IncomingMail,
    facts: &MailFacts,
    guard: &GuardFacts,
    measures: &mut Vec<Measure>,
) -> Option<(Outcome, Vec<Effect>)> {
    let from = mail.from.as_ref()?;
    let mut found = None;
    for (conversation, rhythm) in &guard.rhythms {
        let mut rhythm = rhythm.clone();
        let mechanical = rhythm.hear(&mail.text, guard.received_at);
        if let Some(mechanical) = mechanical
            && rhythm.is_news(guard.now)
        {
            measures.push(Measure::Tell {
                room: room_of(facts, *conversation),
                text: wording::guard::answers_as_a_machine(
                    &from.address,
                    mechanical,
                    *conversation,
                ),
            });
        }
        found = found.or(mechanical);
        measures.push(Measure::RememberRhythm {
            conversation: *conversation,
            address: from.address.key().to_owned(),
            rhythm,
        });
    }
    found.map(|_| {
        let measures = std::mem::take(measures);
        (
            Outcome::Loop,
            measures.into_iter().map(Effect::Guard).collect(),
        )
    })
}

fn room_of(facts: &MailFacts, conversation: ConversationId) -> Option<ruma::OwnedRoomId> {
    let is_it = |route: &&Route| route.conversation == conversation && route.bot_joined;
    let route = facts.routes.iter().find(is_it);
    route.map(|route| route.room.clone())
}

/// How long that is, as people are told; both in milliseconds since 1970.
#[must_use]
pub fn minutes(until: i64, now: i64) -> i64 {
    until.saturating_sub(now).max(0).div_euclid(60_000) + 1
}

fn postponed(
    mail: MailId,
    facts: &MailFacts,
    guard: &GuardFacts,
    (tally, until): (&Tally, i64),
    is_shown: bool,
) -> (Outcome, Vec<Effect>) {
    let scope = tally.scope.clone();
    let is_news = tally.is_news(guard.now);
    let mut measures = Vec::new();
    if is_news {
        let conversation = match &scope {
            Scope::Conversation(id) => Some(*id),
            // A contact's mails concern the rooms that they are in.
            Scope::Contact(_) if is_shown => facts
                .routes
                .iter()
                .find(|route| route.member.is_some())
                .map(|route| route.conversation),
            _ => None,
        };
        measures.push(Measure::Tell {
            room: conversation.and_then(|id| room_of(facts, id)),
            text: wording::guard::too_many(&scope, &guard.limits, minutes(until, guard.now)),
        });
    }
    measures.push(Measure::Postpone {
        mail,
        scope,
        until,
        is_news,
    });
    let effects = measures.into_iter().map(Effect::Guard).collect();
    (Outcome::Postponed, effects)
}

#[cfg(test)]
mod tests;
