//! A server's process: started in the foreground, stopped with all its children.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::folder::Folder;

/// How long a server may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for a line. Told `stop`, it ends; if the pipe closes instead, the program that held it
/// is gone without having stopped its server, and the guard does so and removes the data.
const GUARD: &str = r#"
read -r word
[ "$word" = stop ] && exit
kill -TERM -- "-$1"
sleep 2
kill -KILL -- "-$1"
rm -rf -- "$2"
"#;

/// A running server. Dropping it stops it.
///
/// It leads a process group of its own, so that a Ctrl-C at the terminal reaches only the program
/// that started it, which then stops its servers in order.
#[derive(Debug)]
pub struct Process {
    child: Child,
    guard: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which must stay in the foreground; its output goes to `NAME.log` in the
    /// folder, after what an earlier start wrote there.
    pub fn start(name: &str, command: &mut Command, folder: &Folder) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("opening {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}: {}", command.get_program().display()))?;
        let guard = guard(child.id(), folder)?;
        Ok(Self { child, guard, log })
    }

    /// Whether the server is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The file with the server's output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last `lines` lines of its output.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }

    /// Its process id, and that of its group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server at once, without giving it a chance to finish anything.
    pub fn kill(self) {
        signal("KILL", &self.child);
    }

    /// Ends the server: softly, and firmly after five seconds.
    fn stop(&mut self) {
        signal("TERM", &self.child);
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Whoever is left of the group, be it the server itself or a child that it forgot.
        signal("KILL", &self.child);
        let _ = self.child.wait();
        if let Some(mut pipe) = self.guard.stdin.take() {
            let _ = pipe.write_all(b"stop\n");
        }
        let _ = self.guard.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last `lines` lines of a file; empty if there is none.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn guard(group: u32, folder: &Folder) -> Result<Child> {
    Command::new("sh")
        .args(["-c", GUARD, "guard"])
        .arg(group.to_string())
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("starting the guard of a server")
}

/// Sends a signal to the child's process group, through the shell: no `unsafe`, no crate.
fn signal(name: &str, child: &Child) {
    let _ = Command::new("sh")
        .args(["-c", r#"kill -s "$1" -- "-$2""#, "signal", name])
        .arg(child.id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
