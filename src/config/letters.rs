//! `letters`: how long an outgoing mail collects messages.

use std::time::Duration;

use jiff::civil::Time;

use super::{
    section::Section,
    values::{duration, size, yes_or_no},
    wrong::Wrong,
};
use crate::domain::settings::{self, Key, Settings};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// How long the room must have been quiet; zero sends every message at once.
    pub quiet: Duration,
    /// The longest that a message waits however lively the room is; not less than `quiet`.
    pub at_most: Duration,
    /// The largest mail that is sent, in octets: files that would make it larger travel as links.
    pub max_size: u64,
    /// Where there are any, letters go at these times of the day only. In order.
    pub digest: Vec<Time>,
    /// Whether what other machines say goes out.
    pub notices: bool,
    /// Whether customers are told who comes and goes.
    pub changes: bool,
    /// Whether clients are told how each message fares, by events beside the messages.
    pub status_events: bool,
    /// What of this stands in the configuration, and can be set for a room.
    pub given: Vec<Key>,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(1),
            at_most: Duration::from_mins(5),
            max_size: 20_000_000,
            digest: Vec::new(),
            notices: false,
            changes: false,
            status_events: false,
            given: Vec::new(),
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
        let digest = section.optional_list("digest", "[\"08:00\"]", time_of_day);
        let notices = section.optional("notices", "false", yes_or_no);
        let changes = section.optional("changes", "false", yes_or_no);
        let status_events = section.optional("status_events", "false", yes_or_no);
        let given = Key::ALL.into_iter().filter(|key| section.has(key.word()));
        let given = given.collect();
        if at_most < quiet {
            let quiet = humantime::format_duration(quiet);
            section.wrong(
                "at_most",
                format!("is shorter than quiet, which is {quiet}"),
                format!("write at least \"{quiet}\""),
            );
            return None;
        }
        let Ok(digest) = settings::in_order(digest.unwrap_or_default()) else {
            let most = settings::MOST_TIMES;
            section.wrong(
                "digest",
                format!("has more than {most} times"),
                "leave some out",
            );
            return None;
        };
        Some(Self {
            quiet,
            at_most,
            max_size: max_size.unwrap_or(default.max_size),
            digest,
            notices: notices.unwrap_or(default.notices),
            changes: changes.unwrap_or(default.changes),
            status_events: status_events.unwrap_or(default.status_events),
            given,
        })
    }

    /// What holds in a room where staff have set nothing else.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            quiet: self.quiet,
            at_most: self.at_most,
            digest: self.digest.clone(),
            notices: self.notices,
            changes: self.changes,
            ..Settings::default()
        }
    }
}

fn time_of_day(text: &str) -> Result<Time, Wrong> {
    settings::time_of_day(text).ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is not a time of the day"),
            "write times from \"00:00\" to \"23:59\", such as [\"08:00\", \"16:30\"]",
        )
    })
}
