//! A type for each id, so that no two can be confused.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number_ids! {
    /// A person known by an email address.
    ContactId;
    /// One contact or several who are treated as one party.
    CustomerId;
    /// One email thread; people see it as the conversation's number.
    ConversationId;
    /// One outgoing email.
    LetterId;
    /// One incoming email.
    MailId;
    /// A contact's part in a broadcast.
    SubscriptionId;
    /// A mail that waits for staff in one conversation; people see it as its number.
    HeldId;
    /// What somebody wants whose mail belongs to no conversation; people see it as its number.
    RequestId;
}

/// A Message-ID without its angle brackets (RFC 5322 section 3.6.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// Reads one id, with or without angle brackets; `None` if nothing is left, if it holds white
    /// space or control characters, or if it is longer than 998 octets (the limit of a line).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = text.trim().trim_start_matches('<').trim_end_matches('>');
        let sound = !id.is_empty()
            && id.len() <= 998
            && !id.contains(|c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '>');
        sound.then(|| Self(id.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as headers show it: `<id>`.
    #[must_use]
    pub fn bracketed(&self) -> String {
        format!("<{}>", self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
