//! Logs: sentences for people or JSON lines for machines, on standard error.

use std::{
    fmt,
    io::{self, IsTerminal as _},
};

use tracing_subscriber::{EnvFilter, util::SubscriberInitExt};

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// What is logged: a level such as `info`, or directives such as `info,postroom::mail=debug`
/// (the syntax of `tracing_subscriber::EnvFilter`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// Reads a level or directives; `None` if they are not understood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let understood = text.split(',').all(|directive| {
            let level = directive
                .rsplit_once('=')
                .map_or(directive, |(_, level)| level);
            LEVELS.contains(&level.trim().to_ascii_lowercase().as_str())
        });
        (understood && EnvFilter::try_new(text).is_ok()).then(|| Self(text.to_owned()))
    }
}

/// The words for a level. The filter itself would take any other word for the name of a module.
pub const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

impl Default for LogLevel {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Begins to log, for the rest of the program's life.
///
/// # Errors
///
/// If something in this process logs already.
pub fn init(
    format: LogFormat,
    level: &LogLevel,
) -> Result<(), tracing_subscriber::util::TryInitError> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&level.0))
        // Told of on the very stream that failed, which would end the task that logs.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match format {
        LogFormat::Human => lines.finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("info", true)]
    #[case("WARN,postroom::mail=debug", true)]
    #[case("off", true)]
    #[case("verbose", false)]
    #[case("postroom=loud", false)]
    #[case("", false)]
    fn reads_levels(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(LogLevel::parse(text).is_some(), expected);
    }
}
