//! `letters`: how long an outgoing mail collects messages.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// How long the room must have been quiet; zero sends every message at once.
    pub quiet: Duration,
    /// The longest that a message waits however lively the room is; not less than `quiet`.
    pub at_most: Duration,
}
