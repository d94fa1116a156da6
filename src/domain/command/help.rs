//! `!email help [COMMAND]`

use super::{COMMANDS, EXAMPLES, answer, nearest};
use crate::domain::{effect::Effect, event::RoomEvent, wording};

/// All commands, or all about one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Help {
    /// As typed, without `!email`.
    pub about: Option<String>,
}

impl Help {
    pub(super) fn parse(arguments: &str) -> Self {
        let mut words = arguments
            .split_whitespace()
            .filter(|word| !word.eq_ignore_ascii_case("!email"));
        Self {
            about: words.next().map(str::to_lowercase),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent) -> Vec<Effect> {
        let Some(about) = &self.about else {
            return vec![answer(event, wording::help(COMMANDS))];
        };
        let found = COMMANDS.iter().find(|(name, _, _)| name == about);
        let text = match found {
            Some((name, usage, purpose)) => {
                let examples = EXAMPLES.iter().find(|(of, _)| of == name);
                let examples = examples.map_or(&[][..], |(_, examples)| examples);
                wording::help_about(usage, purpose, examples)
            }
            None => wording::unknown_command(about, nearest(about)),
        };
        vec![answer(event, text)]
    }
}
