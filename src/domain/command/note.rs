//! `!email note [#NUMBER] TEXT`

use super::{answer, which};
use crate::domain::{
    desk::Change, effect::Effect, event::RoomEvent, facts::EventFacts, ids::ConversationId,
    wording::desk as wording,
};

/// Something to remember with a conversation: it goes to nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub number: Option<ConversationId>,
    pub text: String,
}

/// Characters of a note.
const LONGEST: usize = 2_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoText,
    TooLong,
}

impl Note {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (number, text) = which::number_first(arguments, true);
        match text.chars().count() {
            0 => Err(Fault::NoText),
            length if length > LONGEST => Err(Fault::TooLong),
            _ => Ok(Self {
                number,
                text: text.to_owned(),
            }),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let case = match which::meant(self.number, "note", event, facts) {
            Ok(case) => case,
            Err(text) => return vec![answer(event, text)],
        };
        vec![
            Effect::Desk(Change::Note {
                conversation: case.id,
                by: event.sender.clone(),
                text: self.text.clone(),
            }),
            answer(event, wording::noted(case)),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoText => wording::note_needs_a_text(),
            Self::TooLong => wording::note_is_too_long(LONGEST),
        }
    }
}
