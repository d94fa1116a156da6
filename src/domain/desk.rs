//! What staff make of a conversation: how far it is, whose it is, and whether its customer waits for an
//! answer.
//!
//! This is work, not carriage: a conversation that is done carries mail both ways as before, and one in
//! which nobody takes part any more is closed for another reason (see decision 0023).

use std::time::Duration;

use jiff::Timestamp;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

use super::ids::ConversationId;

/// Of how many conversations of each state a list is made.
pub const MOST_LISTED: i64 = 400;

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    #[default]
    Open,
    /// Something has to happen first, elsewhere.
    Pending,
    /// Staff call it closed.
    Done,
}

impl Progress {
    pub const ALL: [Self; 3] = [Self::Open, Self::Pending, Self::Done];

    /// As the store has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Done => "done",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// How it stands with a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub progress: Progress,
    pub assignee: Option<OwnedUserId>,
    /// Since when its customer waits for an answer.
    pub waits_since: Option<Timestamp>,
}

/// An answer to what was closed for longer than that, and in which nothing was written since, begins a
/// conversation of its own.
pub const BEGINS_ANEW_AFTER: Duration = Duration::from_hours(90 * 24);

/// What begins a conversation answers another one, which was closed long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// The message that it answers, or the root of its thread, if one is known.
    pub event: Option<OwnedEventId>,
}

/// What follows from a customer's mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// It had been put aside, and is open again.
    pub reopens: bool,
    /// Staff are told, the assignee by name.
    pub is_told: bool,
}

/// A customer has written, not a machine of theirs. The assignee is called once for each time that it is
/// our turn, not by every mail.
#[must_use]
pub fn heard(before: &Standing) -> Heard {
    let reopens = before.progress != Progress::Open;
    Heard {
        reopens,
        is_told: reopens || before.assignee.is_some() && before.waits_since.is_none(),
    }
}

/// What staff change about a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Progress {
        conversation: ConversationId,
        progress: Progress,
    },
    Assign {
        conversation: ConversationId,
        to: Option<OwnedUserId>,
    },
    Title {
        conversation: ConversationId,
        title: String,
    },
    Note {
        conversation: ConversationId,
        by: OwnedUserId,
        text: String,
    },
    /// The conversation goes on in another room.
    Move {
        conversation: ConversationId,
        to: OwnedRoomId,
        by: String,
    },
    /// What comes for one goes on in the other.
    Merge {
        from: ConversationId,
        into: ConversationId,
        by: String,
    },
}

/// Of which conversations staff want a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Mine,
    Open,
    Waiting,
    Pending,
    Closed,
    All,
}

impl Filter {
    pub const ALL: [Self; 6] = [
        Self::Mine,
        Self::Open,
        Self::Waiting,
        Self::Pending,
        Self::Closed,
        Self::All,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Pending => "pending",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }
}

/// Staff are reminded of the same conversation no sooner than this.
pub const REMINDED_AGAIN: Duration = Duration::from_hours(24);
/// What becomes due within this time is told together.
pub const REMINDED_TOGETHER: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::owned_user_id;

    use super::*;

    fn standing(progress: Progress, is_assigned: bool, waits: bool) -> Standing {
        Standing {
            progress,
            assignee: is_assigned.then(|| owned_user_id!("@bo:example.org")),
            waits_since: waits.then_some(Timestamp::UNIX_EPOCH),
        }
    }

    #[rstest]
    #[case::nobodys(Progress::Open, false, false, false, false)]
    #[case::somebodys(Progress::Open, true, false, false, true)]
    #[case::the_second_mail(Progress::Open, true, true, false, false)]
    #[case::pending(Progress::Pending, false, false, true, true)]
    #[case::done(Progress::Done, true, false, true, true)]
    #[case::done_while_they_waited(Progress::Done, true, true, true, true)]
    fn a_customers_mail(
        #[case] progress: Progress,
        #[case] is_assigned: bool,
        #[case] waits: bool,
        #[case] reopens: bool,
        #[case] is_told: bool,
    ) {
        let heard = heard(&standing(progress, is_assigned, waits));
        assert_eq!(heard, Heard { reopens, is_told });
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for progress in Progress::ALL {
            assert_eq!(Progress::from_word(progress.word()), Some(progress));
        }
        assert_eq!(Progress::from_word("closed"), None);
    }
}
