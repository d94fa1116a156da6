//! `!email open|close|pending [NUMBER]`

use super::{answer, which};
use crate::domain::{
    desk::{Change, Progress},
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    ids::ConversationId,
    wording::desk as wording,
};

/// Staff say how far a conversation is.
#[derive(Debug, Clone, PartialEq)]
pub struct SetProgress {
    pub number: Option<ConversationId>,
    pub progress: Progress,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What stands where a number should.
    pub text: String,
    pub command: &'static str,
}

impl SetProgress {
    pub(super) fn parse(arguments: &str, progress: Progress) -> Result<Self, Fault> {
        let (number, rest) = which::number_first(arguments, false);
        if !rest.is_empty() {
            return Err(Fault {
                text: rest.to_owned(),
                command: wording::verb(progress),
            });
        }
        Ok(Self { number, progress })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let command = wording::verb(self.progress);
        let case = match which::meant(self.number, command, event, facts) {
            Ok(case) => case,
            Err(text) => return vec![answer(event, text)],
        };
        if case.standing.progress == self.progress {
            return vec![answer(event, wording::is_so_already(case))];
        }
        vec![
            Effect::Desk(Change::Progress {
                conversation: case.id,
                progress: self.progress,
            }),
            answer(event, wording::progress_set(case, self.progress)),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        wording::not_a_number(&self.text, self.command)
    }
}
