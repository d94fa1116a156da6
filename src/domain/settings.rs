//! What holds for one room: how its letters are made and what goes into them.

use std::time::Duration;

use jiff::civil::Time;

/// What is in force in a room: what staff have set there, and the configuration for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long the room must be quiet before a letter goes; zero sends every message at once.
    pub quiet: Duration,
    /// The longest that a message waits; not less than `quiet`.
    pub at_most: Duration,
    /// Where there are any, letters go at these times of the day (in the mailbox's time zone) and at
    /// no others, but for `!email now`. In order.
    pub digest: Vec<Time>,
    /// Whether what other machines say (`m.notice`) goes to customers.
    pub notices: bool,
    /// Whether customers are told who comes and goes, and what the room is called.
    pub changes: bool,
    /// One speaks to many: letters have List-Id and List-Unsubscribe, and can be left.
    pub broadcast: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(1),
            at_most: Duration::from_mins(5),
            digest: Vec::new(),
            notices: false,
            changes: false,
            broadcast: false,
        }
    }
}
