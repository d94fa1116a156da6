//! `!email requests`, `!email take NUMBER [ROOM]` and `!email dismiss NUMBER`

use ruma::OwnedRoomId;

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    ids::RequestId,
    intake::{Action, Decision},
    wording::intake as wording,
};

/// What staff want of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decide {
    pub request: RequestId,
    pub asked: Asked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Into this room; `None`: into that in which it is said, or a new one.
    Take(Option<OwnedRoomId>),
    Dismiss,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Of the command with this name.
    NoNumber(&'static str),
    NoRoom(String),
}

impl Decide {
    /// Reads `7`, `#7`, `7 !abc:example.org`.
    pub(super) fn take(arguments: &str) -> Result<Self, Fault> {
        let fault = || Fault::NoNumber("take");
        let mut words = arguments.split_whitespace();
        let request = words.next().and_then(number).ok_or_else(fault)?;
        let room = words.next().map(|word| {
            let id = OwnedRoomId::try_from(word.trim_matches('`'));
            id.map_err(|_| Fault::NoRoom(word.to_owned()))
        });
        if words.next().is_some() {
            return Err(fault());
        }
        Ok(Self {
            request,
            asked: Asked::Take(room.transpose()?),
        })
    }

    pub(super) fn dismiss(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let request = words.next().and_then(number);
        match (request, words.next()) {
            (Some(request), None) => Ok(Self {
                request,
                asked: Asked::Dismiss,
            }),
            _ => Err(Fault::NoNumber("dismiss")),
        }
    }

    /// The room into which the request would go, if the command is said in `here`.
    #[must_use]
    pub fn target(&self, here: &OwnedRoomId) -> Option<OwnedRoomId> {
        match &self.asked {
            Asked::Take(room) => Some(room.clone().unwrap_or_else(|| here.clone())),
            Asked::Dismiss => None,
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let requests = &facts.details.requests;
        if requests.listed.iter().all(|known| known.id != self.request) {
            return vec![answer(event, wording::no_such_request(self.request.0))];
        }
        let decision = match &self.asked {
            Asked::Dismiss => Decision::Dismiss,
            Asked::Take(None) if requests.is_place => Decision::Open,
            Asked::Take(room) => {
                let room = room.clone().unwrap_or_else(|| event.room.clone());
                if !requests.target_is_ready {
                    return vec![answer(event, wording::room_is_not_ready(&room))];
                }
                Decision::Into(room)
            }
        };
        vec![Effect::Intake(Box::new(Action::Decide {
            request: self.request,
            decision,
            by: event.sender.clone(),
            room: event.room.clone(),
            asked: event.id.clone(),
            is_command: true,
        }))]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoNumber(command) => wording::which_request(command),
            Self::NoRoom(text) => wording::no_such_room(text),
        }
    }
}

fn number(word: &str) -> Option<RequestId> {
    let digits = word.trim_start_matches('#');
    digits.parse().ok().filter(|id| *id > 0).map(RequestId)
}

/// What waits; only where requests are told of.
pub(super) fn list(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let requests = &facts.details.requests;
    let text = if requests.is_place {
        wording::waiting(&requests.listed, requests.count)
    } else {
        wording::shown_elsewhere(requests.count)
    };
    vec![answer(event, text)]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::owned_room_id;

    use super::*;

    #[rstest]
    #[case("7", Some((7, None)))]
    #[case("#7", Some((7, None)))]
    #[case(" 7 !abc:example.org ", Some((7, Some(owned_room_id!("!abc:example.org")))))]
    #[case("7 `!abc:example.org`", Some((7, Some(owned_room_id!("!abc:example.org")))))]
    #[case("7 #alias:example.org", None)]
    #[case("7 !abc:example.org now", None)]
    #[case("", None)]
    #[case("seven", None)]
    #[case("-7", None)]
    #[case("0", None)]
    fn reads_what_is_taken(
        #[case] text: &str,
        #[case] expected: Option<(i64, Option<OwnedRoomId>)>,
    ) {
        let read = Decide::take(text).ok().map(|decide| match decide.asked {
            Asked::Take(room) => (decide.request.0, room),
            Asked::Dismiss => unreachable!(),
        });
        assert_eq!(read, expected);
    }

    #[rstest]
    #[case("7", true)]
    #[case("#7", true)]
    #[case("7 8", false)]
    #[case("", false)]
    fn reads_what_is_put_aside(#[case] text: &str, #[case] is_read: bool) {
        assert_eq!(Decide::dismiss(text).is_ok(), is_read);
    }
}
