//! `!email assign [NUMBER] [@user|me]`, `!email unassign [NUMBER]`

use ruma::OwnedUserId;

use super::{answer, which};
use crate::domain::{
    desk::Change, effect::Effect, event::RoomEvent, facts::EventFacts, ids::ConversationId,
    wording::desk as wording,
};

/// Whose a conversation is from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Assign {
    pub number: Option<ConversationId>,
    pub whom: Whom,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Whom {
    /// Who asks.
    Me,
    User(OwnedUserId),
    Nobody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NotAUser(String),
    NotANumber(String),
}

impl Assign {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        // In either order.
        let (mut number, mut rest) = which::number_first(arguments, false);
        if number.is_none()
            && let Some((before, last)) = rest.rsplit_once(char::is_whitespace)
            && let Some(found) = crate::domain::elsewhere::number(last)
        {
            (number, rest) = (Some(found), before.trim());
        }
        let whom = match rest.trim_end_matches([',', ':']) {
            "" => Whom::Me,
            me if me.eq_ignore_ascii_case("me") => Whom::Me,
            user => match OwnedUserId::try_from(user) {
                Ok(user) => Whom::User(user),
                Err(_) => return Err(Fault::NotAUser(user.to_owned())),
            },
        };
        Ok(Self { number, whom })
    }

    pub(super) fn parse_unassign(arguments: &str) -> Result<Self, Fault> {
        let (number, rest) = which::number_first(arguments, false);
        if !rest.is_empty() {
            return Err(Fault::NotANumber(rest.to_owned()));
        }
        Ok(Self {
            number,
            whom: Whom::Nobody,
        })
    }

    /// Who that is, if the command is given by `sender`.
    #[must_use]
    pub fn user(&self, sender: &OwnedUserId) -> Option<OwnedUserId> {
        match &self.whom {
            Whom::Me => Some(sender.clone()),
            Whom::User(user) => Some(user.clone()),
            Whom::Nobody => None,
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let command = match self.whom {
            Whom::Nobody => "unassign",
            Whom::Me | Whom::User(_) => "assign",
        };
        let case = match which::meant(self.number, command, event, facts) {
            Ok(case) => case,
            Err(text) => return vec![answer(event, text)],
        };
        let change = |to: Option<OwnedUserId>| {
            Effect::Desk(Change::Assign {
                conversation: case.id,
                to,
            })
        };
        let Some(user) = self.user(&event.sender) else {
            if case.standing.assignee.is_none() {
                return vec![answer(event, wording::is_nobodys(case))];
            }
            return vec![change(None), answer(event, wording::unassigned(case))];
        };
        match &facts.details.desk.assignee {
            Some(found) if found.user == user && found.is_staff => vec![
                change(Some(user)),
                answer(event, wording::assigned(case, found)),
            ],
            _ => vec![answer(event, wording::cannot_be_assigned(&user))],
        }
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NotAUser(text) => wording::not_a_user(text),
            Self::NotANumber(text) => wording::not_a_number(text, "unassign"),
        }
    }
}
