//! What Postroom tells of itself to whoever watches it: logs as lines, metrics as numbers.
//!
//! A leaf: every floor but `domain` and `content` may use it, it imports nothing of this crate. A new
//! metric is a `static` in `metrics/catalogue.rs`, a row in `docs/metrics.md` and the one place
//! where it is counted.

mod logs;
pub mod metrics;
mod panics;

pub use self::logs::{LEVELS, LogFormat, LogLevel, init};
