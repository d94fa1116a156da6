//! `!email move [NUMBER] ROOM [--share]`

use super::{
    answer,
    which::{self, share_in},
};
use crate::domain::{
    desk::Change,
    effect::Effect,
    elsewhere::Place,
    event::RoomEvent,
    facts::EventFacts,
    ids::ConversationId,
    wording::{desk as wording, transfers},
};

/// The conversation goes on in another room: letters go from there, and answers come there.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    pub number: Option<ConversationId>,
    pub to: Place,
    /// Staff know that others read there.
    pub share: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoRoom,
    NotARoom(String),
}

impl Move {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (share, mut words) = share_in(arguments.split_whitespace());
        words.retain(|word| !word.eq_ignore_ascii_case("to"));
        let (number, room) = match words[..] {
            [] => return Err(Fault::NoRoom),
            [room] => (None, room),
            [first, room] => match crate::domain::elsewhere::number(first) {
                Some(number) => (Some(number), room),
                None => return Err(Fault::NotARoom(words.join(" "))),
            },
            _ => return Err(Fault::NotARoom(words.join(" "))),
        };
        match Place::parse(room) {
            Some(to @ (Place::Room(_) | Place::Alias(_))) => Ok(Self { number, to, share }),
            _ => Err(Fault::NotARoom(room.to_owned())),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let case = match which::meant(self.number, "move", event, facts) {
            Ok(case) if case.is_over => return vec![answer(event, transfers::moves_no_more(case))],
            Ok(case) => case,
            Err(text) => return vec![answer(event, text)],
        };
        let Some(target) = facts.details.desk.target.as_ref() else {
            return vec![answer(event, wording::unknown_place(&self.to))];
        };
        let Some(room) = target.room.clone().filter(|_| target.bot_joined) else {
            return vec![answer(event, wording::bot_is_out(&self.to))];
        };
        // Whoever reads along here learns nothing of other rooms.
        let has_visitors = facts.details.desk.has_visitors;
        let refusal = if !target.is_staff {
            Some(wording::not_staff_there(&self.to))
        } else if room == case.room {
            Some(transfers::is_there_already(case))
        } else if target.encrypted {
            Some(transfers::target_is_encrypted())
        } else if target.is_for_staff {
            Some(transfers::target_is_for_staff())
        } else if let Some(own) = target.own {
            Some(transfers::has_one_there(case, own))
        } else if !target.threads.is_empty() {
            Some(transfers::has_threads(case, &target.threads))
        } else {
            let readers: Vec<String> = target
                .others
                .iter()
                .chain(&target.visitors)
                .cloned()
                .collect();
            let readers = transfers::readers(&readers, has_visitors);
            (!self.share && !readers.is_empty()).then(|| transfers::others_would_read(&readers))
        };
        if let Some(text) = refusal {
            return vec![answer(event, text)];
        }
        let name = if has_visitors { "" } else { &target.name };
        vec![
            Effect::Desk(Change::Move {
                conversation: case.id,
                to: room,
                by: facts.sender_name.clone(),
            }),
            answer(event, transfers::moved(case, name)),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoRoom => transfers::move_needs_a_room(),
            Self::NotARoom(text) => transfers::not_a_room(text),
        }
    }
}
