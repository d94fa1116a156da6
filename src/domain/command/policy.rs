//! `!email policy [apply] [ROOM]`, `!email space add [ROOM]`

use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    room_policy::{Job, Wish},
    room_reference::RoomReference,
    wording::policy as wording,
};

/// Holds a room against the policy, or does something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    wish: Wish,
    /// `None`: the room in which it is asked.
    target: Option<RoomReference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    NoRoom(String),
    NotAdd,
}

impl Ask {
    pub(super) fn parse_policy(arguments: &str) -> Result<Self, Fault> {
        let arguments = arguments.trim();
        let (first, rest) = arguments
            .split_once(char::is_whitespace)
            .unwrap_or((arguments, ""));
        if first.eq_ignore_ascii_case("apply") {
            Self::about(Wish::Apply, rest)
        } else {
            Self::about(Wish::Audit, arguments)
        }
    }

    pub(super) fn parse_space(arguments: &str) -> Result<Self, Fault> {
        let arguments = arguments.trim();
        let (first, rest) = arguments
            .split_once(char::is_whitespace)
            .unwrap_or((arguments, ""));
        if first.eq_ignore_ascii_case("add") {
            Self::about(Wish::AddToSpace, rest)
        } else {
            Err(Fault::NotAdd)
        }
    }

    /// Whether it is about more than a room: all see what is in the Space.
    pub(super) fn changes_space(&self) -> bool {
        matches!(self.wish, Wish::AddToSpace)
    }

    fn about(wish: Wish, room: &str) -> Result<Self, Fault> {
        let room = room.trim();
        let target = match room {
            "" => None,
            text => {
                let named = RoomReference::parse(text);
                Some(named.ok_or_else(|| Fault::NoRoom(text.to_owned()))?)
            }
        };
        Ok(Self { wish, target })
    }

    pub(super) fn apply(&self, event: &RoomEvent) -> Vec<Effect> {
        vec![Effect::LookAtRoom(Job {
            wish: self.wish,
            target: self.target.clone(),
            room: event.room.clone(),
            asked: event.id.clone(),
            by: event.sender.clone(),
        })]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoRoom(text) => wording::which_room(text),
            Self::NotAdd => wording::space_does_what(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::command::Command;

    #[rstest]
    #[case("policy", Wish::Audit, None)]
    #[case("Policy Apply", Wish::Apply, None)]
    #[case("policy #lyon:example.org", Wish::Audit, Some("#lyon:example.org"))]
    #[case(
        "policy apply https://matrix.to/#/#lyon:example.org",
        Wish::Apply,
        Some("#lyon:example.org")
    )]
    #[case("space add", Wish::AddToSpace, None)]
    #[case(
        "space add !abcd:example.org",
        Wish::AddToSpace,
        Some("!abcd:example.org")
    )]
    fn reads_what_is_asked(#[case] text: &str, #[case] wish: Wish, #[case] target: Option<&str>) {
        let command = Command::parse(&format!("!email {text}"));
        let Some(Command::Policy(Ok(ask))) = command else {
            panic!("{command:?}");
        };
        assert_eq!(ask.wish, wish);
        let named = ask.target.as_ref().map(RoomReference::as_str);
        assert_eq!(named, target);
    }

    #[rstest]
    #[case("policy lyon", Fault::NoRoom("lyon".to_owned()))]
    #[case("policy applly", Fault::NoRoom("applly".to_owned()))]
    #[case("policy apply lyon paris", Fault::NoRoom("lyon paris".to_owned()))]
    #[case("space", Fault::NotAdd)]
    #[case("space remove", Fault::NotAdd)]
    #[case("space add lyon", Fault::NoRoom("lyon".to_owned()))]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: Fault) {
        let command = Command::parse(&format!("!email {text}"));
        assert_eq!(command, Some(Command::Policy(Err(expected))));
    }
}
