//! A customer's real mail program: neomutt, with IMAP and submission, in a terminal of its own.
//!
//! It is driven as a person drives it, by keys; what the person types stands in for the editor.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::folder::Folder;
use super::mail_servers::MailServers;

/// How long it may take to read the mailbox and to send an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What somebody types into an answer that has the letter quoted in it.
#[derive(Clone, Copy, Debug)]
pub enum Typed<'a> {
    /// Above everything.
    Above(&'a str),
    /// Below the line in which `line` stands.
    Below { line: &'a str, text: &'a str },
}

/// A mail program that is set up for one address.
#[derive(Debug)]
pub struct Neomutt {
    folder: Folder,
}

impl Neomutt {
    /// `address` has a mailbox on the servers; `more` are lines of configuration.
    pub fn set_up(
        address: &str,
        name: &str,
        signature: &str,
        more: &str,
        mail: &MailServers,
    ) -> Result<Self> {
        let folder = Folder::create()?;
        let place = folder.path().display();
        let (imap, submission) = (mail.imap_port(), mail.customers_port());
        let user = address.replace('@', "%40");
        let domain = address.rsplit('@').next().unwrap_or_default();
        let (password, authority) = (mail.password(), mail.ca_file());
        folder.write("signature", format!("{signature}\n"))?;
        folder.write(
            "neomuttrc",
            format!(
                r#"set from="{address}" real_name="{name}" hostname="{domain}" signature="{place}/signature"
set folder="imap://{user}@127.0.0.1:{imap}/" spool_file="+INBOX" record="+Sent" imap_pass="{password}"
set smtp_url="smtp://{user}@127.0.0.1:{submission}/" smtp_pass="{password}"
set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file="{}" certificate_file="{place}/trusted"
set editor="sh {place}/editor" tmpdir="{place}" charset="utf-8" send_charset="us-ascii:utf-8"
set fast_reply=yes include=yes reply_to=yes abort_unmodified=no quit=yes mime_forward=no
set wait_key=no beep=no sleep_time=0 help=no sort=date
{more}
"#,
                authority.display()
            ),
        )?;
        Ok(Self { folder })
    }

    /// Reads the newest mail of the inbox and answers it; the files are attached in their order.
    pub async fn answer(&self, typed: &[Typed<'_>], files: &[PathBuf]) -> Result<()> {
        self.write_editor(typed)?;
        let mut keys = "<last-entry><display-message><reply>".to_owned();
        for file in files {
            write!(keys, "<attach-file>{}<enter>", file.display())?;
        }
        keys.push_str("<send-message><exit><quit>");
        // Should the test itself be killed, it still ends.
        let program = format!(
            r#"exec timeout --foreground 60 neomutt -n -F "{}" -e 'push "{keys}"'"#,
            self.folder.join("neomuttrc").display()
        );
        self.run(&program).await
    }

    /// `script` gives it the terminal that it wants.
    async fn run(&self, program: &str) -> Result<()> {
        let screen = self.folder.join("screen");
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", program])
            .arg(&screen)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.folder.path())
            // Nobody is at the keyboard, but it is not unplugged either.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting neomutt by script")?;
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match child.try_wait()? {
                None if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                status => break status,
            }
        };
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        ensure!(
            status.is_some_and(|status| status.success()),
            "neomutt did not end well ({status:?}):\n{}",
            readable(&screen)
        );
        Ok(())
    }

    /// What stands in for the editor is called with the file of the answer.
    fn write_editor(&self, typed: &[Typed<'_>]) -> Result<()> {
        let mut script = "set -e\n".to_owned();
        for (number, typed) in typed.iter().enumerate() {
            let (Typed::Above(text) | Typed::Below { text, .. }) = typed;
            let path = self.folder.write(&format!("typed-{number}"), text)?;
            let path = path.display();
            match typed {
                Typed::Above(_) => {
                    writeln!(
                        script,
                        r#"cat "{path}" "$1" > "$1.new"; cat "$1.new" > "$1""#
                    )?;
                }
                Typed::Below { line, .. } => {
                    // A line that isn't there is a mistake of the story.
                    writeln!(
                        script,
                        r#"grep -q "{line}" "$1"; sed -i "/{line}/r {path}" "$1""#
                    )?;
                }
            }
        }
        script.push_str("rm -f \"$1.new\"\n");
        self.folder.write("editor", script)?;
        Ok(())
    }
}

/// What was on the screen, without the codes that paint it.
fn readable(screen: &Path) -> String {
    let text = std::fs::read(screen).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut words = String::new();
    for piece in text.split('\u{1b}') {
        let code = piece.find(|c: char| c.is_ascii_alphabetic());
        words.push_str(code.map_or(piece, |end| &piece[end + 1..]));
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
