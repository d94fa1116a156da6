//! `!email block PATTERN`, `!email allow PATTERN`, `!email unblock PATTERN`

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    flood::Measure,
    senders::{List, PatternFault, SenderPattern, fitting},
    wording::guard as wording,
};

/// Puts senders on a list, or takes them off whichever they are on.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub pattern: SenderPattern,
    /// `None`: off every list.
    pub list: Option<List>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoPattern(&'static str),
    NotAPattern { text: String, fault: PatternFault },
}

impl Change {
    /// `list` is what the command `word` puts a pattern on.
    pub(super) fn parse(
        arguments: &str,
        word: &'static str,
        list: Option<List>,
    ) -> Result<Self, Fault> {
        let text = arguments
            .split_whitespace()
            .next()
            .ok_or(Fault::NoPattern(word))?;
        SenderPattern::parse(text)
            .map(|pattern| Self { pattern, list })
            .map_err(|fault| Fault::NotAPattern {
                text: text.to_owned(),
                fault,
            })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let pattern = self.pattern.as_str();
        let senders = &facts.details.senders;
        let text = match self.list {
            None if senders.on.is_none() => {
                let text = wording::was_not_listed(pattern, senders.is_configured);
                return vec![answer(event, text)];
            }
            None => wording::unlisted(pattern),
            Some(List::Block) if self.is_ours(facts) => {
                return vec![answer(event, wording::is_own_pattern(pattern))];
            }
            Some(list) => wording::listed(list, pattern),
        };
        let change = Measure::ListSender {
            pattern: pattern.to_owned(),
            list: self.list,
            by: event.sender.clone(),
        };
        vec![Effect::Guard(change), answer(event, text)]
    }

    /// Whether it would block our own mail.
    fn is_ours(&self, facts: &EventFacts) -> bool {
        let own = facts.own_addresses.addresses.iter();
        own.flat_map(fitting)
            .any(|pattern| pattern == self.pattern.as_str())
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoPattern(word) => wording::senders_need_a_pattern(word),
            Self::NotAPattern { text, fault } => wording::not_a_pattern(text, *fault),
        }
    }
}
