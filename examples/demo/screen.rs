//! What the demo prints: a line per step, mails and rooms in frames.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Error, Result};

use crate::servers::process;

/// Lines of a log that are shown when a step fails.
const TAIL: usize = 25;

#[derive(Debug)]
pub struct Screen {
    started: Instant,
    /// Colours, and a line that is there before the step ends.
    terminal: bool,
}

impl Screen {
    pub fn new(terminal: bool) -> Self {
        Self {
            started: Instant::now(),
            terminal,
        }
    }

    /// Does one step and says so, with the time it took. If it fails, the end of `logs` is shown.
    pub async fn step<T>(
        &self,
        what: &str,
        logs: &[PathBuf],
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        if self.terminal {
            print(&format!("  {what} …"));
        }
        let result = work.await;
        let seconds = started.elapsed().as_secs_f64();
        let again = if self.terminal { "\r\x1b[K" } else { "" };
        let tick = match &result {
            Ok(_) => self.coloured("32", "✓"),
            Err(_) => self.coloured("31", "✗"),
        };
        print(&format!("{again}{tick} {what:<64} {seconds:>6.2} s\n"));
        if result.is_err() {
            for log in logs {
                let name = log.file_name().unwrap_or_default().to_string_lossy();
                self.framed(&format!("end of {name}"), &process::tail(log, TAIL));
            }
        }
        result
    }

    /// Text under a title, set off from what is around it.
    pub fn framed(&self, title: &str, text: &str) {
        let bar = self.coloured("2", "│");
        let title = self.coloured("1", title);
        let lines: Vec<String> = text
            .trim_end()
            .lines()
            .map(|line| format!("  {bar} {line}\n"))
            .collect();
        print(&format!("\n  {title}\n{}\n", lines.concat()));
    }

    pub fn paragraph(text: &str) {
        print(&format!("\n{}\n", text.trim()));
    }

    /// The time since the start of the demo.
    pub fn total(&self) {
        print(&format!(
            "all steps done in {:.2} s\n",
            self.started.elapsed().as_secs_f64()
        ));
    }

    pub fn fail(&self, failure: &Error) {
        print(&format!(
            "{} {failure:#}\n",
            self.coloured("31", "The demo failed:")
        ));
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        if self.terminal {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A closed pipe is no reason to leave the servers running.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
