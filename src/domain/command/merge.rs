//! `!email merge NUMBER NUMBER`

use super::answer;
use crate::domain::{
    desk::Change,
    effect::Effect,
    event::RoomEvent,
    facts::{Case, EventFacts},
    ids::ConversationId,
    wording::{desk as wording, transfers},
};

/// The first conversation goes on in the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    pub from: ConversationId,
    pub into: ConversationId,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NotTwo,
    Same(ConversationId),
    NotANumber(String),
}

impl Merge {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let words = arguments
            .split([' ', '\t', '\n', ','])
            .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("into"));
        let numbers: Vec<ConversationId> = words
            .map(|word| {
                crate::domain::elsewhere::number(word)
                    .ok_or_else(|| Fault::NotANumber(word.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [from, into] if from == into => Err(Fault::Same(from)),
            [from, into] => Ok(Self { from, into }),
            _ => Err(Fault::NotTwo),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let desk = &facts.details.desk;
        let find = |id: ConversationId| desk.pair.iter().find(|case| case.id == id);
        let (from, into) = match (find(self.from), find(self.into)) {
            (Some(from), Some(into)) => (from, into),
            (None, _) => return vec![answer(event, wording::no_such(self.from))],
            (_, None) => return vec![answer(event, wording::no_such(self.into))],
        };
        if let Some(text) = obstacle(from, into, facts) {
            return vec![answer(event, text)];
        }
        vec![
            Effect::Desk(Change::Merge {
                from: from.id,
                into: into.id,
                by: facts.sender_name.clone(),
            }),
            answer(event, transfers::merged(from, into)),
        ]
    }
}

/// Why the two can't become one.
fn obstacle(from: &Case, into: &Case, facts: &EventFacts) -> Option<String> {
    let target = facts.details.desk.target.as_ref();
    if from.customer != into.customer {
        return Some(transfers::other_customers(from, into));
    }
    if into.is_over {
        return Some(transfers::is_over(into));
    }
    if !target.is_some_and(|target| target.is_staff) {
        return Some(transfers::not_both_yours(from, into));
    }
    let is_main_into_thread =
        from.room == into.room && from.thread_root.is_none() && into.thread_root.is_some();
    if is_main_into_thread {
        return Some(transfers::main_into_thread(from, into));
    }
    let threads = target
        .map(|target| target.threads.as_slice())
        .unwrap_or_default();
    (from.room != into.room && !threads.is_empty()).then(|| transfers::has_threads(from, threads))
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NotTwo => transfers::merge_needs_two(),
            Self::Same(id) => transfers::merge_of_one(*id),
            Self::NotANumber(text) => wording::not_a_number(text, "merge"),
        }
    }
}
