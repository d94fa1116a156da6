//! `!email settings mailbox [NAME]`: to which mailbox a room belongs.

use super::answer;
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, intake::Action, wording::intake as wording,
};

/// The mailbox that is wanted; `None`: it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox(pub Option<String>);

impl Mailbox {
    /// Reads what follows `settings`, if it is about the mailbox: `mailbox`, `mailbox sales`,
    /// `mailbox=sales`.
    #[must_use]
    pub fn parse(arguments: &str) -> Option<Self> {
        let (word, rest) = arguments
            .trim()
            .split_once(|c: char| c.is_whitespace() || "=:".contains(c))
            .unwrap_or((arguments.trim(), ""));
        if !word.eq_ignore_ascii_case("mailbox") {
            return None;
        }
        let name = rest.trim_matches(|c: char| c.is_whitespace() || "=:".contains(c));
        Some(Self((!name.is_empty()).then(|| name.to_lowercase())))
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let mailboxes = &facts.details.mailboxes;
        let own = mailboxes.first().map_or("", |(name, _)| name.as_str());
        let theirs: Vec<&str> = mailboxes
            .iter()
            .filter(|(_, is_staff)| *is_staff)
            .map(|(name, _)| name.as_str())
            .collect();
        let Some(wanted) = &self.0 else {
            let others = theirs.into_iter().filter(|name| *name != own);
            let others: Vec<&str> = others.collect();
            return vec![answer(event, wording::mailbox_of_room(own, &others))];
        };
        if !theirs.contains(&wanted.as_str()) {
            return vec![answer(event, wording::no_such_mailbox(wanted, &theirs))];
        }
        if wanted != own && facts.details.was_written_from {
            return vec![answer(event, wording::mailbox_is_fixed(own))];
        }
        let set = Effect::Intake(Box::new(Action::SetMailbox {
            room: event.room.clone(),
            mailbox: wanted.clone(),
        }));
        vec![set, answer(event, wording::mailbox_is_set(wanted))]
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Empty: it is asked which it is.
    #[rstest]
    #[case("mailbox", Some(""))]
    #[case("mailbox sales", Some("sales"))]
    #[case("Mailbox = Sales", Some("sales"))]
    #[case("mailbox:sales", Some("sales"))]
    #[case("quiet 5m", None)]
    #[case("", None)]
    fn reads_what_is_about_the_mailbox(#[case] text: &str, #[case] expected: Option<&str>) {
        let expected = expected.map(|name| Mailbox((!name.is_empty()).then(|| name.to_owned())));
        assert_eq!(Mailbox::parse(text), expected);
    }
}
