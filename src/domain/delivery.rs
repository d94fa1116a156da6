//! How an attempt to hand something over ended, and when to try again.

use std::time::Duration;

/// What an attempt came to. Decided where the counterpart's answer is known, acted on elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The other side has taken it: the final `250` of DATA, or the event id.
    Delivered { answer: String },
    /// It has not, and may later; `after` is the other side's own wish (`Retry-After`).
    RetryLater {
        reason: String,
        after: Option<Duration>,
    },
    /// It will not, however often it is asked.
    Refused { reason: String },
    /// It will not take mail for this recipient. `reply` is what it said, on one line.
    RecipientRefused { reason: String, reply: String },
    /// It takes nothing from this return address, whatever the mail and whoever gets it.
    SenderRefused { reason: String },
    /// It takes no mail that is so large; nothing was taken over. One of at most `most` octets may pass.
    TooLarge { reason: String, most: u64 },
    /// We took it back before it was handed over; nothing has left.
    Withdrawn,
    /// The connection ended between the last byte and the answer: it may have or not.
    Uncertain { reason: String },
}

/// How long to wait after the `attempts`-th failed attempt (from 1): 2, 4, 8, … seconds, at most
/// `longest`, spread by `chance` (0 ≤ `chance` < 1) over the upper half of that, so that
/// neighbours who failed together don't come back together.
#[must_use]
pub fn backoff(attempts: u32, chance: f64, longest: Duration) -> Duration {
    let full = FIRST_WAIT
        .saturating_mul(1 << attempts.saturating_sub(1).min(16))
        .min(longest);
    full.mul_f64(0.5 + chance / 2.0)
}

const FIRST_WAIT: Duration = Duration::from_secs(2);
/// For mail: a greylisting server answers within minutes; asking one that is down every half hour is
/// polite.
pub const LONGEST_WAIT_FOR_MAIL: Duration = Duration::from_mins(30);
/// For Matrix: there is one homeserver, ours, and everybody waits for it.
pub const LONGEST_WAIT_FOR_MATRIX: Duration = Duration::from_secs(30);
/// After this time a mail that nobody takes is given up (RFC 5321 section 4.5.4.1: four to five days).
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(5 * 24);

/// A span of time as the store counts it.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
