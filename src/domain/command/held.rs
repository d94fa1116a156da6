//! `!email held`, `!email release NUMBER [add]` and `!email drop NUMBER`

use super::answer;
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, held::Decision, ids::HeldId,
    wording::held as wording,
};

/// What staff want of a mail that waits for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decide {
    pub held: HeldId,
    pub decision: Decision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Of the command with this name.
    NoNumber(&'static str),
}

impl Decide {
    /// Reads `7`, `#7`, `7 add`.
    pub(super) fn release(arguments: &str) -> Result<Self, Fault> {
        let fault = Fault::NoNumber("release");
        let mut words = arguments.split_whitespace();
        let held = words.next().and_then(number).ok_or(fault)?;
        let decision = match words.next().map(str::to_lowercase).as_deref() {
            None => Decision::Release,
            Some("add" | "+" | "➕") => Decision::Admit,
            Some(_) => return Err(fault),
        };
        Ok(Self { held, decision })
    }

    pub(super) fn drop(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let held = words.next().and_then(number);
        match (held, words.next()) {
            (Some(held), None) => Ok(Self {
                held,
                decision: Decision::Drop,
            }),
            _ => Err(Fault::NoNumber("drop")),
        }
    }

    /// A mail is decided about in its own room, or in the control room.
    pub(super) fn apply(self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let found = facts.details.held.mails.iter().find(|mail| {
            mail.id == self.held && (mail.room == event.room.as_str() || is_control_room(facts))
        });
        if found.is_none() {
            return vec![answer(event, wording::no_such_held(self.held.0))];
        }
        vec![Effect::Decide {
            held: self.held,
            decision: self.decision,
            by: event.sender.clone(),
            room: event.room.clone(),
            asked: event.id.clone(),
            is_command: true,
        }]
    }
}

impl Fault {
    pub(super) fn sentence(self) -> String {
        let Self::NoNumber(command) = self;
        wording::which_held(command)
    }
}

fn number(word: &str) -> Option<HeldId> {
    let digits = word.trim_start_matches('#');
    digits.parse().ok().filter(|id| *id > 0).map(HeldId)
}

/// What waits; only where nobody but staff reads it.
pub(super) fn list(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let held = &facts.details.held;
    let text = if held.has_visitors {
        wording::shown_in_control_room(held.count)
    } else {
        wording::waiting(&held.mails, held.count, is_control_room(facts))
    };
    vec![answer(event, text)]
}

fn is_control_room(facts: &EventFacts) -> bool {
    facts.control_room.as_ref() == Some(&facts.room.id)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some((7, Decision::Release)))]
    #[case(" #7 ", Some((7, Decision::Release)))]
    #[case("7 add", Some((7, Decision::Admit)))]
    #[case("7 all", None)]
    #[case("", None)]
    #[case("x", None)]
    #[case("0", None)]
    #[case("99999999999999999999", None)]
    fn reads_what_to_release(#[case] text: &str, #[case] expected: Option<(i64, Decision)>) {
        let expected = expected.map(|(held, decision)| Decide {
            held: HeldId(held),
            decision,
        });
        assert_eq!(Decide::release(text).ok(), expected);
    }

    #[rstest]
    #[case("7", true)]
    #[case("7 8", false)]
    #[case("all", false)]
    fn reads_what_to_drop(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(Decide::drop(text).is_ok(), expected);
    }
}
