//! Why a mail did not arrive.

use serde::{Deserialize, Serialize};

/// Why a mail did not arrive, as far as the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is no such mailbox.
    UnknownUser,
    /// There was one.
    Moved,
    /// There is one, but it takes no mail: closed, suspended, locked.
    Disabled,
    /// There is no such domain, or it takes no mail.
    UnknownDomain,
    MailboxFull,
    TooLarge,
    /// Taken for spam.
    Spam,
    /// A virus, a forbidden file, or a form that the server does not like.
    Content,
    /// SPF, DKIM or DMARC.
    Authentication,
    /// Of the sending server: a block list, no name for its address.
    Reputation,
    /// Too many mails, recipients or connections.
    RateLimited,
    /// The server's rules: relaying, members only, a sender it does not like.
    Policy,
    /// No connection, or it broke.
    Network,
    /// Tried for too long.
    Expired,
    Loop,
    /// The other server's own trouble: its disk, its configuration.
    ServerFault,
    /// The servers do not understand each other.
    Protocol,
    /// Refused; the server gives a code but no reason that we know.
    Refused,
    /// The report does not say, or we do not understand it.
    Unknown,
}

impl Reason {
    #[cfg(test)]
    pub(crate) const ALL: &[Self] = &[
        Self::UnknownUser,
        Self::Moved,
        Self::Disabled,
        Self::UnknownDomain,
        Self::MailboxFull,
        Self::TooLarge,
        Self::Spam,
        Self::Content,
        Self::Authentication,
        Self::Reputation,
        Self::RateLimited,
        Self::Policy,
        Self::Network,
        Self::Expired,
        Self::Loop,
        Self::ServerFault,
        Self::Protocol,
        Self::Refused,
        Self::Unknown,
    ];

    /// The address itself is the cause: whoever writes to it fares the same.
    #[must_use]
    pub fn is_of_the_address(self) -> bool {
        match self {
            Self::UnknownUser | Self::Moved | Self::Disabled | Self::UnknownDomain => true,
            Self::MailboxFull
            | Self::TooLarge
            | Self::Spam
            | Self::Content
            | Self::Authentication
            | Self::Reputation
            | Self::RateLimited
            | Self::Policy
            | Self::Network
            | Self::Expired
            | Self::Loop
            | Self::ServerFault
            | Self::Protocol
            | Self::Refused
            | Self::Unknown => false,
        }
    }

    /// Time alone may mend it, whatever the code says.
    #[must_use]
    pub fn may_pass(self) -> bool {
        match self {
            Self::MailboxFull
            | Self::RateLimited
            | Self::Network
            | Self::Expired
            | Self::ServerFault => true,
            Self::UnknownUser
            | Self::Moved
            | Self::Disabled
            | Self::UnknownDomain
            | Self::TooLarge
            | Self::Spam
            | Self::Content
            | Self::Authentication
            | Self::Reputation
            | Self::Policy
            | Self::Loop
            | Self::Protocol
            | Self::Refused
            | Self::Unknown => false,
        }
    }
}
