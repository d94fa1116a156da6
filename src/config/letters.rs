//! `letters`: how long an outgoing mail collects messages.

use std::time::Duration;

use super::{
    section::Section,
    values::{duration, size},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// How long the room must have been quiet; zero sends every message at once.
    pub quiet: Duration,
    /// The longest that a message waits however lively the room is; not less than `quiet`.
    pub at_most: Duration,
    /// The largest mail that is sent, in octets: files that would make it larger travel as links.
    pub max_size: u64,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(1),
            at_most: Duration::from_mins(5),
            max_size: 20_000_000,
        }
    }
}

impl Letters {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let default = Self::default();
        let quiet = section.optional("quiet", "1m", duration);
        let quiet = quiet.unwrap_or(default.quiet);
        let at_most = section.optional("at_most", "5m", duration);
        // Whoever sets only `quiet` doesn't want to hear of the other.
        let at_most = at_most.unwrap_or(default.at_most.max(quiet));
        let max_size = section.optional("max_size", "20MB", size);
        if at_most < quiet {
            let quiet = humantime::format_duration(quiet);
            section.wrong(
                "at_most",
                format!("is shorter than quiet, which is {quiet}"),
                format!("write at least \"{quiet}\""),
            );
            return None;
        }
        Some(Self {
            quiet,
            at_most,
            max_size: max_size.unwrap_or(default.max_size),
        })
    }
}
