//! Logs: sentences for people or JSON lines for machines, on standard error.

use std::{
    fmt,
    io::{self, IsTerminal as _},
};

use tracing_subscriber::{
    EnvFilter,
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
    util::SubscriberInitExt,
};

use super::panics;

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

/// Begins to log, panics too, for the rest of the program's life.
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
        LogFormat::Human => lines.fmt_fields(OneLine::default()).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }?;
    panics::log();
    Ok(())
}

/// Whatever somebody else said, an event is one line, and commands no terminal.
#[derive(Debug, Default)]
struct OneLine(DefaultFields);

impl<'writer> FormatFields<'writer> for OneLine {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut text = String::new();
        self.0.format_fields(Writer::new(&mut text), fields)?;
        text.chars().try_for_each(|c| {
            if c.is_control() {
                write!(writer, "{}", c.escape_default())
            } else {
                writer.write_char(c)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use rstest::rstest;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_writes_a_line_of_their_own_into_the_log() {
        let paper = Paper::default();
        let writer = paper.clone();
        let lines = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .fmt_fields(OneLine::default())
            .finish();
        tracing::subscriber::with_default(lines, || {
            let said = "no\r\n2026-01-01 ERROR all is lost \u{1b}[2J\u{9b}1m\u{7}";
            tracing::warn!(%said, said, "The server says {said}");
        });
        let written = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
        assert!(!written.trim_end().contains(char::is_control), "{written}");
        assert_eq!(written.matches("all is lost").count(), 3, "{written}");
    }

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
