//! What follows from an absence note, or another automatic reply: a line in the room, once.
//!
//! It is nobody's answer: the next letter neither quotes nor answers it, no conversation opens again, and
//! nothing is sent.

use std::time::Duration;

use super::{Outcome, ruling_as};
use crate::{
    content::subject,
    domain::{
        effect::{AutoReply, Effect},
        facts::{MailFacts, Route},
        ids::MailId,
        incoming::{IncomingMail, MailKind},
        machine::{ReplyKind, ShownBefore},
        trust::Ruling,
        wording::auto_replies as wording,
    },
};

/// Decides about an automatic reply. Those of people who are in the conversation to which it leads
/// are shown; others are kept, and nobody is told: they are noise.
pub(super) fn decide(id: MailId, mail: &IncomingMail, facts: &MailFacts) -> (Outcome, Vec<Effect>) {
    // Who has opened our mail is nobody's business here.
    if mail.read_receipt || mail.from.is_none() || mail.from_is_substitute {
        return (Outcome::PassedOver, Vec::new());
    }
    let effects: Vec<Effect> = facts
        .routes
        .iter()
        .filter(|route| route.bot_joined && !is_repeated(route, facts))
        .filter_map(|route| show(id, mail, facts, route))
        .collect();
    if effects.is_empty() {
        (Outcome::PassedOver, effects)
    } else {
        (Outcome::PostedSmall, effects)
    }
}

/// What kind of automatic reply it is.
#[must_use]
pub fn kind_of(mail: &IncomingMail) -> ReplyKind {
    let subject = mail.subject.as_deref().unwrap_or_default();
    if subject::is_absence_note(subject) {
        ReplyKind::Absence
    } else {
        ReplyKind::Other
    }
}

/// How it begins, whatever its subject and the numbers in it: at most 100 characters.
#[must_use]
pub fn beginning(mail: &IncomingMail) -> String {
    let letters = mail.text.chars().map(|c| {
        if c.is_alphabetic() {
            c.to_lowercase().next().unwrap_or(c)
        } else {
            ' '
        }
    });
    let letters: String = letters.take(1000).collect();
    let words: Vec<&str> = letters.split_whitespace().collect();
    words.join(" ").chars().take(100).collect()
}

fn show(id: MailId, mail: &IncomingMail, facts: &MailFacts, route: &Route) -> Option<Effect> {
    let person = route.member.as_ref()?;
    let Ruling::PostSmall { marked } = ruling_as(MailKind::AutoReply, facts, route) else {
        return None;
    };
    let kind = kind_of(mail);
    let subject = mail.subject.as_deref().unwrap_or_default();
    Some(Effect::PostAutoReply(AutoReply {
        conversation: route.conversation,
        contact: person.contact,
        mail: id,
        kind,
        beginning: beginning(mail),
        text: wording::auto_reply(kind, subject, &mail.text, marked),
        room: route.room.clone(),
        reply_to: route.reply_to.clone(),
        thread_root: route.thread_root.clone(),
        name: person.name.clone(),
    }))
}

fn is_repeated(route: &Route, facts: &MailFacts) -> bool {
    let mut shown = facts.machine.shown.iter();
    let before = shown.find(|shown| shown.conversation == route.conversation);
    before.is_some_and(|before| {
        let ShownBefore {
            same_kind,
            same_beginning,
            ..
        } = before;
        same_kind.is_some_and(|ago| ago < SAME_KIND)
            || same_beginning.is_some_and(|ago| ago < SAME_BEGINNING)
    })
}

/// Of one kind no more than one is shown in this time, whatever it says.
const SAME_KIND: Duration = Duration::from_hours(24);
/// What begins alike is shown again after this time: it is another absence then.
const SAME_BEGINNING: Duration = Duration::from_hours(30 * 24);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::tests::mail_of, *};
    use crate::domain::incoming::MailKind;

    #[rstest]
    #[case("Ticket 17: we have got it.", "Ticket 18: we have got it!", true)]
    #[case("Away\r\nuntil 7/12", "AWAY until 9/1", true)]
    #[case("I am away", "I am here", false)]
    #[case("", "17", true)]
    fn tells_what_begins_alike(#[case] one: &str, #[case] other: &str, #[case] is_alike: bool) {
        let beginning = |text: &str| {
            let mut mail = mail_of(MailKind::AutoReply);
            mail.text = text.to_owned();
            beginning(&mail)
        };
        assert_eq!(beginning(one) == beginning(other), is_alike);
    }

    #[test]
    fn a_beginning_is_short() {
        let mut mail = mail_of(MailKind::AutoReply);
        mail.text = "ß long ".repeat(100_000);
        assert_eq!(beginning(&mail).chars().count(), 100);
    }
}
