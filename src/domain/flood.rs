//! How much mail is taken in, of whom: what is over a limit waits until its window has passed.

use ruma::{OwnedRoomId, OwnedUserId};

use super::{
    ids::{ConversationId, MailId},
    notices::Stream,
    rhythm::Rhythm,
    senders::List,
};

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Mails that are shown in a conversation.
    Conversation(ConversationId),
    /// Mails of an address that are shown.
    Contact(String),
    /// Mails of a domain that are shown; of none at which everybody has an address.
    Domain(String),
    /// All mails that are shown.
    Everything,
    /// Mails of an address that only staff are told of.
    Unknown(String),
    /// All mails that only staff are told of.
    Unknowns,
    /// Letters of a conversation.
    Letters(ConversationId),
    /// Mails that a filter calls spam, of which staff are told one by one: those for this room, or for
    /// none.
    Spam(Option<OwnedRoomId>),
}

impl Scope {
    /// Under which it is stored.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Conversation(id) => format!("conversation:{id}"),
            Self::Contact(address) => format!("contact:{address}"),
            Self::Domain(domain) => format!("domain:{domain}"),
            Self::Everything => "everything".to_owned(),
            Self::Unknown(address) => format!("unknown:{address}"),
            Self::Unknowns => "unknowns".to_owned(),
            Self::Letters(id) => format!("letters:{id}"),
            Self::Spam(room) => format!("spam:{}", room.as_ref().map_or("", |room| room.as_str())),
        }
    }

    /// The key of `guard` in the configuration that limits it.
    #[must_use]
    pub fn limited_by(&self) -> &'static str {
        match self {
            Self::Conversation(_) => "conversation",
            Self::Contact(_) => "contact",
            Self::Domain(_) => "domain",
            Self::Everything => "everything",
            Self::Unknown(_) => "unknown",
            Self::Unknowns => "unknowns",
            Self::Letters(_) => "letters",
            Self::Spam(_) => "spam",
        }
    }
}

/// The most of each scope in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// In milliseconds.
    pub window: i64,
    pub conversation: u32,
    pub contact: u32,
    pub domain: u32,
    pub everything: u32,
    pub unknown: u32,
    pub unknowns: u32,
    pub letters: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 60 * 60 * 1000,
            conversation: 100,
            contact: 60,
            domain: 300,
            everything: 2000,
            unknown: 20,
            unknowns: 200,
            letters: 120,
        }
    }
}

impl Limits {
    /// Zero is no limit.
    #[must_use]
    pub fn of(&self, scope: &Scope) -> u32 {
        match scope {
            Scope::Conversation(_) => self.conversation,
            Scope::Contact(_) => self.contact,
            Scope::Domain(_) => self.domain,
            Scope::Everything => self.everything,
            Scope::Unknown(_) => self.unknown,
            Scope::Unknowns => self.unknowns,
            Scope::Letters(_) => self.letters,
            Scope::Spam(_) => SPAM_TOLD,
        }
    }

    /// How long the window of a scope is, in milliseconds.
    #[must_use]
    pub fn window_of(&self, scope: &Scope) -> i64 {
        match scope {
            Scope::Spam(_) => A_DAY,
            Scope::Conversation(_)
            | Scope::Contact(_)
            | Scope::Domain(_)
            | Scope::Everything
            | Scope::Unknown(_)
            | Scope::Unknowns
            | Scope::Letters(_) => self.window,
        }
    }
}

/// What has been counted. A window begins with the first that is counted; what comes after its end
/// begins the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub scope: Scope,
    /// In the window that began last.
    pub count: u32,
    /// Milliseconds since 1970.
    pub began_at: i64,
    /// When staff were last told that it is full; zero: never.
    pub told_at: i64,
    /// Mails that came earlier wait for it.
    pub has_queue: bool,
}

impl Tally {
    /// Until when the next one has to wait; `None` if it need not.
    #[must_use]
    pub fn wait(&self, limits: &Limits, now: i64) -> Option<i64> {
        let limit = limits.of(&self.scope);
        if limit == 0 {
            return None;
        }
        let ends_at = self.began_at.saturating_add(limits.window_of(&self.scope));
        // A window that begins in the future is one before the clock was set back.
        let is_over = now >= ends_at || now < self.began_at;
        if is_over {
            // Those who wait go first, in a moment.
            return self.has_queue.then(|| now.saturating_add(A_MOMENT));
        }
        (self.has_queue || self.count >= limit).then_some(ends_at)
    }

    /// Whether staff have not been told of late.
    #[must_use]
    pub fn is_news(&self, now: i64) -> bool {
        self.told_at == 0 || now.saturating_sub(self.told_at) > TOLD_AGAIN_AFTER
    }
}

/// In milliseconds. Not at once: where the clock was set back the others wait for long.
const A_MOMENT: i64 = 10_000;
/// In milliseconds.
const TOLD_AGAIN_AFTER: i64 = A_DAY;
const A_DAY: i64 = 24 * 60 * 60 * 1000;
/// Of so many mails a day that are spam staff are told one by one: a few may be none, a wave is.
pub const SPAM_TOLD: u32 = 5;

/// What the guard does besides what is done with mail anyway.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// One more of each.
    Count(Vec<Scope>),
    /// The mail is decided about again then (milliseconds since 1970).
    Postpone {
        mail: MailId,
        scope: Scope,
        until: i64,
        /// Staff are told now.
        is_news: bool,
    },
    /// How somebody answers, with this mail.
    RememberRhythm {
        conversation: ConversationId,
        address: String,
        rhythm: Rhythm,
    },
    /// Staff have heard that there is more than they are told of.
    SetTold(Scope),
    /// One more mail that this pattern blocks.
    CountBlocked { pattern: String },
    /// The mail is spam: staff are told how many there were, once a day.
    RememberJunk {
        mail: MailId,
        from: String,
        why: String,
    },
    /// Staff put senders on a list; `None`: off both.
    ListSender {
        pattern: String,
        list: Option<List>,
        by: OwnedUserId,
    },
    /// Staff are told in the control room, unless they were told of many like it within an hour.
    Notice { stream: Stream, text: String },
    /// Staff are told: in the room if nobody else reads there, else in the control room.
    Tell {
        room: Option<OwnedRoomId>,
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    #[rstest]
    #[case::nothing_yet(0, 0, false, 0, None)]
    #[case::the_last(59, 0, false, 1000, None)]
    #[case::full(60, 0, false, 1000, Some(HOUR))]
    #[case::at_the_end(60, 0, false, HOUR - 1, Some(HOUR))]
    #[case::over(60, 0, false, HOUR, None)]
    #[case::others_wait(0, 0, true, 1000, Some(HOUR))]
    #[case::others_go_first(60, 0, true, HOUR, Some(HOUR + A_MOMENT))]
    #[case::clock_set_back(60, 2 * HOUR, false, HOUR, None)]
    fn waits(
        #[case] count: u32,
        #[case] began_at: i64,
        #[case] has_queue: bool,
        #[case] now: i64,
        #[case] expected: Option<i64>,
    ) {
        let tally = Tally {
            scope: Scope::Contact("jane@acme.com".to_owned()),
            count,
            began_at,
            told_at: 0,
            has_queue,
        };
        assert_eq!(tally.wait(&Limits::default(), now), expected);
        let unlimited = Limits {
            contact: 0,
            ..Limits::default()
        };
        assert_eq!(tally.wait(&unlimited, now), None);
    }
}
