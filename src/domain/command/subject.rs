//! `!email subject [#NUMBER] TEXT`

use super::{answer, which};
use crate::domain::{
    desk::Change, effect::Effect, event::RoomEvent, facts::EventFacts, ids::ConversationId,
    wording::desk as wording,
};

/// What staff call a conversation; without a text: as its letters do.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub number: Option<ConversationId>,
    pub text: String,
}

/// Characters of a subject.
const LONGEST: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoText,
    TooLong,
}

impl Subject {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (number, text) = which::number_first(arguments, true);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.chars().count() {
            0 => Err(Fault::NoText),
            length if length > LONGEST => Err(Fault::TooLong),
            _ => Ok(Self { number, text }),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let case = match which::meant(self.number, "subject", event, facts) {
            Ok(case) => case,
            Err(text) => return vec![answer(event, text)],
        };
        vec![
            Effect::Desk(Change::Title {
                conversation: case.id,
                title: self.text.clone(),
            }),
            answer(event, wording::titled(case, &self.text)),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoText => wording::subject_needs_a_text(),
            Self::TooLong => wording::subject_is_too_long(LONGEST),
        }
    }
}
