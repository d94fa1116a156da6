//! `!email find TEXT`

use super::answer;
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, wording::desk as wording,
};

/// Looks for conversations: by number, subject, names, addresses, and the customer's last mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoText,
    /// Nearly everything would be found.
    TooShort,
}

impl Find {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let text = arguments.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_number = crate::domain::elsewhere::number(&text).is_some();
        match text.chars().count() {
            0 => Err(Fault::NoText),
            1 if !is_number => Err(Fault::TooShort),
            _ => Ok(Self {
                text: text.chars().take(LONGEST).collect(),
            }),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let desk = &facts.details.desk;
        let text = wording::found(&self.text, &desk.cases, desk.has_more, desk.now);
        vec![answer(event, text)]
    }

    /// Whether all words occur in what is known of a conversation, in whatever order and case.
    #[must_use]
    pub fn fits(&self, known: &str) -> bool {
        let known = known.to_lowercase();
        self.text
            .to_lowercase()
            .split_whitespace()
            .all(|word| known.contains(word))
    }
}

/// Characters that are looked for.
const LONGEST: usize = 200;

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoText => wording::find_needs_a_text(),
            Self::TooShort => wording::find_needs_more(),
        }
    }
}
