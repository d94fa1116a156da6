//! `!email revoke [NUMBER]`

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::{ConversationFacts, EventFacts},
    ids::ConversationId,
    wording,
};

/// Gives conversations of the room new reply addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoke {
    /// `None`: all of the room.
    pub conversation: Option<ConversationId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    NotANumber,
}

impl Revoke {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let arguments = arguments.trim();
        if arguments.is_empty() {
            return Ok(Self { conversation: None });
        }
        let number = arguments.trim_start_matches('#').parse();
        number
            .map(|number| Self {
                conversation: Some(ConversationId(number)),
            })
            .map_err(|_| Fault::NotANumber)
    }

    pub(super) fn apply(self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let is_meant =
            |one: &&ConversationFacts| self.conversation.is_none_or(|number| one.id == number);
        let meant: Vec<ConversationId> = facts
            .room
            .conversations
            .iter()
            .filter(is_meant)
            .map(|one| one.id)
            .collect();
        if meant.is_empty() {
            return vec![answer(event, wording::held::nothing_to_revoke())];
        }
        let text = wording::held::revoked(&meant);
        vec![
            Effect::RevokeAddresses {
                conversations: meant,
            },
            answer(event, text),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(self) -> String {
        let Self::NotANumber = self;
        wording::held::nothing_to_revoke()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Ok(None))]
    #[case(" #3 ", Ok(Some(ConversationId(3))))]
    #[case("3", Ok(Some(ConversationId(3))))]
    #[case("jane@acme.com", Err(Fault::NotANumber))]
    fn reads(#[case] text: &str, #[case] expected: Result<Option<ConversationId>, Fault>) {
        assert_eq!(Revoke::parse(text).map(|it| it.conversation), expected);
    }
}
