//! The way from mail to Matrix, and back: who is invited, when staff are asked first, and what follows
//! when somebody comes, declines or goes.
//!
//! The rule is in [`plan`]. Whoever asks to be invited is somebody whom staff have added to the room: they
//! read by mail what is said there. What they would read besides in Matrix is for staff to say, so the
//! bot tells it first, and asks where it is more than what is said from then on.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

use super::{
    event::{Access, Membership},
    ids::{ContactId, ConversationId, MessageId},
    matrix_id::ServerPattern,
    outgoing::Offer,
};

/// How far somebody is on the way from mail to Matrix, in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Their server isn't allowed yet.
    Waiting,
    /// The homeserver is asked to invite them.
    Inviting,
    /// They have an invitation.
    Invited,
    /// The homeserver doesn't invite them.
    Refused,
    /// They had an invitation, and don't want it, or it was taken back.
    Declined,
    /// They are in the room.
    Joined,
    /// They were, and have gone by themselves.
    Left,
    /// They were, and somebody has put them out.
    PutOut,
}

impl State {
    /// As it is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Inviting => "inviting",
            Self::Invited => "invited",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::PutOut => "put_out",
        }
    }

    /// They read in Matrix, or have left there: they get no mail unless they want it besides.
    #[must_use]
    pub fn is_moved(self) -> bool {
        match self {
            Self::Joined | Self::Left | Self::PutOut => true,
            Self::Waiting | Self::Inviting | Self::Invited | Self::Refused | Self::Declined => {
                false
            }
        }
    }

    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [
            Self::Waiting,
            Self::Inviting,
            Self::Invited,
            Self::Refused,
            Self::Declined,
            Self::Joined,
            Self::Left,
            Self::PutOut,
        ];
        all.into_iter().find(|state| state.word() == word)
    }
}

/// One contact's way in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub room: OwnedRoomId,
    pub contact: ContactId,
    pub user: OwnedUserId,
    pub state: State,
    /// They want mail besides.
    pub keeps_mail: bool,
}

/// What somebody who comes in reads of what was said before (client-server API, Room History Visibility).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    /// All of it.
    Shared,
    /// What is said from the invitation on.
    Invited,
    /// What is said from their coming on.
    Joined,
    /// Nobody has looked: perhaps all of it.
    #[default]
    Unknown,
}

impl History {
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word {
            "shared" | "world_readable" => Self::Shared,
            "invited" => Self::Invited,
            "joined" => Self::Joined,
            _ => Self::Unknown,
        }
    }

    /// Whether they may read what was said before anybody thought of them.
    #[must_use]
    pub fn tells_of_before(self) -> bool {
        match self {
            Self::Shared | Self::Unknown => true,
            Self::Invited | Self::Joined => false,
        }
    }
}

/// How somebody comes into a room by its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// Whoever has the link.
    Open,
    /// They ask, and are let in.
    Knock,
    /// Whoever is in another room, such as the Space.
    Restricted,
    /// By invitation only, or nobody has looked.
    #[default]
    Closed,
}

impl Door {
    /// By the join rule of a room.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word {
            "public" => Self::Open,
            "knock" | "knock_restricted" => Self::Knock,
            "restricted" => Self::Restricted,
            _ => Self::Closed,
        }
    }
}

/// When staff are asked before somebody is invited who has asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ask {
    Never,
    /// Where they could read what was said before.
    #[default]
    History,
    Always,
}

/// The rules of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Whether customers get a welcome mail when they are added.
    pub welcome: bool,
    /// From which servers people are invited; empty: from all.
    pub allowed_servers: Vec<ServerPattern>,
    pub ask: Ask,
}

/// A Matrix user, as seen from a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFacts {
    pub user: OwnedUserId,
    /// In the room.
    pub membership: Option<Membership>,
    /// Their server is one of those that are allowed.
    pub is_allowed: bool,
    pub is_staff: bool,
    /// The bot, or a ghost.
    pub is_ours: bool,
    /// What they are called, of who is in the room.
    pub name: String,
}

/// What decides about an invitation besides who it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomFacts {
    pub history: History,
    /// When staff are asked.
    pub ask: Ask,
    /// What people call the others who take part in the room by mail.
    pub others: Vec<String>,
}

/// What is done about somebody who is to come into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// They are invited, after staff have read what that means.
    Invite,
    /// They are invited once staff have agreed.
    Ask,
    /// They have an invitation already.
    IsInvited,
    /// They are there already: staff say whether it is them.
    IsThere,
    /// Their server has to be allowed first.
    Wait,
    /// Staff, or one of us: nobody who could be a customer.
    Never,
}

/// What is done about somebody who is to come into the room. `vouched`: staff have named them, or a mail
/// that proves who sent it says this and nothing else.
#[must_use]
pub fn plan(user: &UserFacts, vouched: bool, room: &RoomFacts) -> Plan {
    if user.is_ours || user.is_staff {
        return Plan::Never;
    }
    match user.membership {
        Some(Membership::Join) => return Plan::IsThere,
        Some(Membership::Invite) => return Plan::IsInvited,
        Some(Membership::Knock | Membership::Leave | Membership::Ban) | None => {}
    }
    if !user.is_allowed {
        return Plan::Wait;
    }
    let asks = match room.ask {
        Ask::Never => false,
        Ask::History => room.history.tells_of_before(),
        Ask::Always => true,
    };
    if vouched && !asks {
        Plan::Invite
    } else {
        Plan::Ask
    }
}

/// Why a mail with an id doesn't lead to an invitation, as its sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotNow {
    Unusable(super::matrix_id::Unusable),
    /// Staff will look at this server.
    Server(String),
}

/// Something that is done on somebody's way from mail to Matrix. A part of
/// [`Effect`](super::effect::Effect), written by `flow::onboarding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    RememberAccess {
        room: OwnedRoomId,
        access: Access,
    },
    /// Staff, and nobody else, are told something of the room; where that isn't in the room, they are
    /// told which one is meant.
    Tell {
        room: OwnedRoomId,
        text: String,
        /// What a reaction does.
        offer: Option<Offer>,
    },
    /// The homeserver is asked to invite somebody, after staff have read `text`.
    Invite {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
        text: Option<String>,
    },
    /// Somebody is so far.
    Note {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
        state: State,
    },
    /// Contact and user are linked: who is in the room now is written to no more, unless they want to.
    Arrive {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
    },
    /// They are written to by mail again.
    Return {
        room: OwnedRoomId,
        contact: ContactId,
    },
    Unlink {
        contact: ContactId,
    },
    KeepMail {
        room: OwnedRoomId,
        contact: ContactId,
        keeps: bool,
    },
    /// These people of a conversation get the welcome mail.
    Welcome {
        conversation: ConversationId,
        contacts: Vec<ContactId>,
    },
    /// Somebody's mail is answered by what is wrong with the id in it.
    Explain {
        conversation: ConversationId,
        contact: ContactId,
        answered: Option<MessageId>,
        why: NotNow,
    },
    /// The server is allowed from now on, and whoever waits for that, or was refused, is invited. The
    /// answer to the command tells how many.
    Allow {
        server: ServerPattern,
        by: OwnedUserId,
        room: OwnedRoomId,
        event: OwnedEventId,
    },
    /// Nobody more is invited from there, as far as staff had allowed it.
    Disallow {
        server: ServerPattern,
    },
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn user() -> UserFacts {
        UserFacts {
            user: ruma::owned_user_id!("@jane:matrix.org"),
            membership: None,
            is_allowed: true,
            is_staff: false,
            is_ours: false,
            name: "Jane".to_owned(),
        }
    }

    #[rstest]
    #[case(true, Ask::History, History::Invited, Plan::Invite)]
    #[case(true, Ask::History, History::Joined, Plan::Invite)]
    #[case(true, Ask::History, History::Shared, Plan::Ask)]
    #[case(true, Ask::History, History::Unknown, Plan::Ask)]
    #[case(true, Ask::Never, History::Shared, Plan::Invite)]
    #[case(true, Ask::Always, History::Joined, Plan::Ask)]
    #[case(false, Ask::Never, History::Joined, Plan::Ask)]
    #[case(false, Ask::History, History::Invited, Plan::Ask)]
    fn staff_are_asked_where_more_is_read_than_what_is_to_come(
        #[case] vouched: bool,
        #[case] ask: Ask,
        #[case] history: History,
        #[case] expected: Plan,
    ) {
        let others = Vec::new();
        let room = RoomFacts {
            history,
            ask,
            others,
        };
        assert_eq!(plan(&user(), vouched, &room), expected);
    }

    #[rstest]
    #[case::there(UserFacts { membership: Some(Membership::Join), ..user() }, Plan::IsThere)]
    #[case::invited(UserFacts { membership: Some(Membership::Invite), ..user() }, Plan::IsInvited)]
    #[case::left(UserFacts { membership: Some(Membership::Leave), ..user() }, Plan::Invite)]
    #[case::server(UserFacts { is_allowed: false, ..user() }, Plan::Wait)]
    #[case::there_from_elsewhere(
        UserFacts { is_allowed: false, membership: Some(Membership::Join), ..user() },
        Plan::IsThere
    )]
    #[case::staff(UserFacts { is_staff: true, ..user() }, Plan::Never)]
    #[case::ours(UserFacts { is_ours: true, membership: Some(Membership::Join), ..user() }, Plan::Never)]
    fn not_everybody_is_invited(#[case] user: UserFacts, #[case] expected: Plan) {
        let room = RoomFacts {
            ask: Ask::Never,
            ..RoomFacts::default()
        };
        assert_eq!(plan(&user, true, &room), expected);
    }

    #[test]
    fn states_are_known_by_their_words() {
        for word in [
            "waiting", "inviting", "invited", "refused", "declined", "joined", "left", "put_out",
        ] {
            assert_eq!(State::of_word(word).unwrap().word(), word);
        }
    }
}
