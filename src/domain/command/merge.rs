//! `!email merge NUMBER NUMBER [--share]`

use super::{answer, which::share_in};
use crate::domain::{
    desk::Change,
    effect::Effect,
    elsewhere::Place,
    event::RoomEvent,
    facts::{Case, EventFacts, TargetRoom},
    ids::ConversationId,
    wording::{desk as wording, transfers},
};

/// The first conversation goes on in the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    pub from: ConversationId,
    pub into: ConversationId,
    /// Staff know that others read there.
    pub share: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NotTwo,
    Same(ConversationId),
    NotANumber(String),
}

impl Merge {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (share, words) = share_in(arguments.split([' ', '\t', '\n', ',']));
        let words = words
            .into_iter()
            .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("into"));
        let numbers: Vec<ConversationId> = words
            .map(|word| {
                crate::domain::elsewhere::number(word)
                    .ok_or_else(|| Fault::NotANumber(word.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [from, into] if from == into => Err(Fault::Same(from)),
            [from, into] => Ok(Self { from, into, share }),
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
        let unknown = TargetRoom::default();
        let target = desk.target.as_ref().unwrap_or(&unknown);
        if !target.is_asked_here {
            return vec![answer(event, wording::not_here())];
        }
        if let Some(text) = obstacle(from, into, self.share, facts) {
            return vec![answer(event, text)];
        }
        let put_out = transfers::readers(&target.put_out, desk.has_visitors);
        vec![
            Effect::Desk(Change::Merge {
                from: from.id,
                into: into.id,
                by: facts.sender_name.clone(),
            }),
            answer(event, transfers::merged(from, into, &put_out)),
        ]
    }
}

/// Why the two can't become one.
fn obstacle(from: &Case, into: &Case, share: bool, facts: &EventFacts) -> Option<String> {
    let desk = &facts.details.desk;
    let target = desk.target.as_ref();
    if from.customer != into.customer {
        return Some(transfers::other_customers(from, into));
    }
    if into.is_over {
        return Some(transfers::is_over(into));
    }
    if !target.is_some_and(|target| target.is_staff) {
        return Some(transfers::not_both_yours(from, into));
    }
    if !target.is_some_and(|target| target.bot_joined) {
        return Some(wording::bot_is_out(&Place::Conversation(into.id)));
    }
    let is_main_into_thread =
        from.room == into.room && from.thread_root.is_none() && into.thread_root.is_some();
    if is_main_into_thread {
        return Some(transfers::main_into_thread(from, into));
    }
    let threads = target
        .map(|target| target.threads.as_slice())
        .unwrap_or_default();
    if from.room != into.room && !threads.is_empty() {
        let mut from = from.clone();
        from.names.retain(|_| !desk.has_visitors);
        return Some(transfers::has_threads(&from, threads));
    }
    let target = target.filter(|_| !share)?;
    // Whoever reads along here learns nothing of other rooms.
    let named = |names: &[String]| transfers::readers(names, desk.has_visitors);
    let readers = named(&[target.others.as_slice(), &target.visitors].concat());
    let (members, guests) = (named(&target.members), named(&target.guests));
    if readers.is_empty() && members.is_empty() && guests.is_empty() {
        return None;
    }
    Some(transfers::would_read_more(
        from, into, &readers, &members, &guests,
    ))
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
