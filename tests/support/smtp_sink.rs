//! An SMTP server that takes every mail and keeps it in memory, and that can be told to refuse,
//! to wait or to hang up at any stage (RFC 5321; plain text, AUTH accepts everybody).
#![allow(
    dead_code,
    reason = "each test binary uses only a part of what is here"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::mail_rules;

/// One mail that was taken over with a final 250, or taken and left unanswered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkMail {
    /// The name in EHLO.
    pub helo: String,
    /// `MAIL FROM` without brackets; empty for `<>`.
    pub sender: String,
    /// What followed the address in `MAIL FROM`, such as `BODY=8BITMIME`.
    pub parameters: String,
    /// The accepted recipients, in order.
    pub recipients: Vec<String>,
    /// As sent, dots unstuffed, without the final dot.
    pub raw: Vec<u8>,
    pub received: Instant,
    /// Whether the client was told so.
    pub answered: bool,
}

impl SinkMail {
    /// The raw mail as text, for looking into it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Hello,
    Mail,
    Rcpt,
    /// The `DATA` command.
    Data,
    /// The final dot.
    Message,
}

/// Something that goes wrong at one stage, `n` times or until it is cleared.
///
/// ```ignore
/// sink.trouble(Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").for_address("jane@").times(2));
/// sink.trouble(Trouble::take_then_close().times(1));
/// ```
#[derive(Debug, Clone)]
pub struct Trouble {
    stage: Stage,
    address: Option<String>,
    left: Option<u32>,
    wait: Duration,
    deed: Deed,
}

#[derive(Debug, Clone)]
enum Deed {
    Answer(String),
    Close,
    TakeThenClose,
    Accept,
}

impl Trouble {
    /// Answers `code text` instead of success. A 421 closes the connection as well.
    pub fn answer(stage: Stage, code: u16, text: &str) -> Self {
        Self::new(stage, Deed::Answer(format!("{code} {text}")))
    }

    /// Closes the connection without an answer.
    pub fn close(stage: Stage) -> Self {
        Self::new(stage, Deed::Close)
    }

    /// Takes the mail after the final dot and closes the connection without an answer.
    pub fn take_then_close() -> Self {
        Self::new(Stage::Message, Deed::TakeThenClose)
    }

    /// Waits, then goes on as usual.
    pub fn delay(stage: Stage, wait: Duration) -> Self {
        Self::new(stage, Deed::Accept).after(wait)
    }

    fn new(stage: Stage, deed: Deed) -> Self {
        Self {
            stage,
            address: None,
            left: None,
            wait: Duration::ZERO,
            deed,
        }
    }

    /// Only if an address contains `text`: at [`Stage::Mail`] the sender, later the recipient or
    /// one of the accepted recipients.
    pub fn for_address(mut self, text: &str) -> Self {
        self.address = Some(text.to_ascii_lowercase());
        self
    }

    pub fn times(mut self, n: u32) -> Self {
        self.left = Some(n);
        self
    }

    /// Waits before doing what it does.
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// Names a trouble, to clear it and to ask how often it struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TroubleId(usize);

/// A running server. Clones are handles of the same one; it stops with the last of them.
#[derive(Clone)]
pub struct SmtpSink {
    shared: Arc<Shared>,
    address: SocketAddr,
    _stop: Arc<DropGuard>,
}

struct Shared {
    state: Mutex<State>,
    count: watch::Sender<usize>,
    /// Cancelled to close every connection.
    connections: Mutex<CancellationToken>,
}

struct State {
    mails: Vec<SinkMail>,
    troubles: Vec<(Trouble, u64, bool)>,
    violations: Vec<String>,
    connections: u64,
    counts_only: bool,
    /// The largest mail that is taken, in octets, and whether EHLO says so.
    size: (usize, bool),
}

impl Default for State {
    fn default() -> Self {
        Self {
            mails: Vec::new(),
            troubles: Vec::new(),
            violations: Vec::new(),
            connections: 0,
            counts_only: false,
            size: (104_857_600, true),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, CancellationToken> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, stage: Stage, addresses: &[String]) -> (Duration, Deed) {
        for (trouble, hits, on) in &mut self.state().troubles {
            let named = |pattern: &String| {
                addresses
                    .iter()
                    .any(|address| address.to_ascii_lowercase().contains(pattern))
            };
            if *on
                && trouble.stage == stage
                && trouble.left != Some(0)
                && trouble.address.as_ref().is_none_or(named)
            {
                *hits += 1;
                if let Some(left) = &mut trouble.left {
                    *left -= 1;
                }
                return (trouble.wait, trouble.deed.clone());
            }
        }
        (Duration::ZERO, Deed::Accept)
    }

    fn take(&self, mail: SinkMail) {
        let mut state = self.state();
        if !state.counts_only {
            state.mails.push(mail);
        }
        drop(state);
        self.count.send_modify(|count| *count += 1);
    }
}

impl SmtpSink {
    /// Listens on a free port of 127.0.0.1. Runs on the caller's runtime.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            count: watch::Sender::new(0),
            connections: Mutex::default(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, shared.clone(), stop.clone()));
        Self {
            shared,
            address,
            _stop: Arc::new(stop.drop_guard()),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on mails are only counted.
    pub fn count_only(&self) {
        self.shared.state().counts_only = true;
    }

    /// From now on larger mails are refused, at their end as Postfix does it where nobody has said how
    /// large they are; EHLO announces the limit, or says nothing of one.
    pub fn limit_size(&self, size: usize, is_announced: bool) {
        self.shared.state().size = (size, is_announced);
    }

    /// Mails taken so far, whether answered or not.
    pub fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// Every mail so far, in the order of their final dots.
    pub fn mails(&self) -> Vec<SinkMail> {
        self.shared.state().mails.clone()
    }

    /// The mails of which `address` was a recipient (ASCII case ignored).
    pub fn mails_to(&self, address: &str) -> Vec<SinkMail> {
        let mut mails = self.mails();
        mails.retain(|mail| {
            mail.recipients
                .iter()
                .any(|to| to.eq_ignore_ascii_case(address))
        });
        mails
    }

    /// Waits until at least `n` mails have been taken; false after `timeout`.
    pub async fn wait_for(&self, n: usize, timeout: Duration) -> bool {
        let mut count = self.shared.count.subscribe();
        let reached = count.wait_for(|count| *count >= n);
        tokio::time::timeout(timeout, reached).await.is_ok()
    }

    /// What clients did against RFC 5321 and 5322: bare line feeds, lines over 998 octets, 8-bit
    /// content that was not announced.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }

    /// What the standards ask of mails and those that were taken do not keep.
    pub fn broken_rules(&self) -> Vec<String> {
        let mails = self.mails();
        let broken = mails.iter().flat_map(|mail| {
            let utf8 = mail.parameters.to_ascii_uppercase().contains("SMTPUTF8");
            let broken = mail_rules::broken(&mail.raw, utf8).into_iter();
            broken.map(|rule| format!("{rule} in {:.2000}", mail.text()))
        });
        broken.collect()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// Closes every connection without a word; new ones are accepted.
    pub fn cut_connections(&self) {
        let mut connections = self.shared.connections();
        connections.cancel();
        *connections = CancellationToken::new();
    }

    pub fn trouble(&self, trouble: Trouble) -> TroubleId {
        let mut state = self.shared.state();
        state.troubles.push((trouble, 0, true));
        TroubleId(state.troubles.len() - 1)
    }

    pub fn clear_trouble(&self, id: TroubleId) {
        self.shared.state().troubles[id.0].2 = false;
    }

    pub fn clear_troubles(&self) {
        for (_, _, on) in &mut self.shared.state().troubles {
            *on = false;
        }
    }

    /// How often a trouble has struck.
    pub fn hits(&self, id: TroubleId) -> u64 {
        self.shared.state().troubles[id.0].1
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        shared.state().connections += 1;
        let cut = shared.connections().child_token();
        let session = Session::new(stream, shared.clone());
        tokio::spawn(async move {
            tokio::select! {
                // An error means that the client has gone: nothing is left to do.
                _ = session.run() => {}
                () = cut.cancelled() => {}
            }
        });
    }
    shared.connections().cancel();
}

/// Whether the session goes on.
type Next = std::io::Result<bool>;

struct Session {
    shared: Arc<Shared>,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    replies: Vec<u8>,
    helo: String,
    /// Address and parameters of `MAIL FROM`.
    sender: Option<(String, String)>,
    recipients: Vec<String>,
}

impl Session {
    fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            shared,
            reader: BufReader::with_capacity(64 * 1024, reader),
            writer,
            replies: Vec::new(),
            helo: String::new(),
            sender: None,
            recipients: Vec::new(),
        }
    }

    async fn run(mut self) -> std::io::Result<()> {
        let mut goes_on = self
            .pass(Stage::Connect, &[], "220 sink.invalid ESMTP")
            .await?;
        let mut line = Vec::new();
        while goes_on {
            // Replies to pipelined commands go out together.
            if self.reader.buffer().is_empty() {
                self.flush().await?;
            }
            line.clear();
            if self.reader.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let command = String::from_utf8_lossy(&line);
            goes_on = self.command(command.trim_end()).await?;
        }
        self.flush().await
    }

    async fn command(&mut self, line: &str) -> Next {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                rest.clone_into(&mut self.helo);
                let size = match self.shared.state().size {
                    (size, true) => format!("250-SIZE {size}\r\n"),
                    (_, false) => String::new(),
                };
                let reply = format!(
                    "250-sink.invalid\r\n250-PIPELINING\r\n{size}250-8BITMIME\r\n\
                    250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN"
                );
                self.pass(Stage::Hello, &[], &reply).await
            }
            "HELO" => {
                rest.clone_into(&mut self.helo);
                self.pass(Stage::Hello, &[], "250 sink.invalid").await
            }
            "AUTH" => self.authenticate(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.recipient(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                Ok(self.reply("250 2.0.0 Ok"))
            }
            "NOOP" => Ok(self.reply("250 2.0.0 Ok")),
            "QUIT" => {
                self.reply("221 2.0.0 Bye");
                Ok(false)
            }
            _ => Ok(self.reply("502 5.5.1 Not implemented")),
        }
    }

    /// Takes any name and password.
    async fn authenticate(&mut self, rest: &str) -> Next {
        let (method, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let questions: &[&str] = match (method.to_ascii_uppercase().as_str(), initial) {
            ("PLAIN", "") => &["334 "],
            ("LOGIN", "") => &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"],
            ("LOGIN", _) => &["334 UGFzc3dvcmQ6"],
            _ => &[],
        };
        for question in questions {
            self.reply(question);
            self.flush().await?;
            if self.reader.read_until(b'\n', &mut Vec::new()).await? == 0 {
                return Ok(false);
            }
        }
        Ok(self.reply("235 2.7.0 Accepted"))
    }

    async fn mail(&mut self, rest: &str) -> Next {
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return Ok(self.reply("501 5.5.4 Syntax: MAIL FROM:<address>"));
        };
        if self.helo.is_empty() || self.sender.is_some() {
            return Ok(self.reply("503 5.5.1 Bad sequence of commands"));
        }
        let addresses = [address.clone()];
        let goes_on = self.pass(Stage::Mail, &addresses, "250 2.1.0 Ok").await?;
        if self.was_accepted() {
            self.sender = Some((address, parameters));
        }
        Ok(goes_on)
    }

    async fn recipient(&mut self, rest: &str) -> Next {
        let Some((address, _)) = path(rest, "TO:") else {
            return Ok(self.reply("501 5.5.4 Syntax: RCPT TO:<address>"));
        };
        if self.sender.is_none() {
            return Ok(self.reply("503 5.5.1 Bad sequence of commands"));
        }
        let addresses = [address.clone()];
        let goes_on = self.pass(Stage::Rcpt, &addresses, "250 2.1.5 Ok").await?;
        if self.was_accepted() {
            self.recipients.push(address);
        }
        Ok(goes_on)
    }

    async fn data(&mut self) -> Next {
        if self.recipients.is_empty() {
            return Ok(self.reply("554 5.5.1 No valid recipients"));
        }
        let recipients = self.recipients.clone();
        let goes_on = self
            .pass(Stage::Data, &recipients, "354 End with a dot")
            .await?;
        if !goes_on || !self.was_accepted() {
            return Ok(goes_on);
        }
        self.flush().await?;
        let Some(raw) = self.content().await? else {
            return Ok(false);
        };

        let (wait, deed) = self.shared.meet(Stage::Message, &recipients);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let (sender, parameters) = self.sender.take().unwrap_or_default();
        self.look_for_violations(&raw, &parameters);
        let mail = SinkMail {
            helo: self.helo.clone(),
            sender,
            parameters,
            recipients,
            raw,
            received: Instant::now(),
            answered: matches!(deed, Deed::Accept),
        };
        self.forget();
        match deed {
            Deed::Accept if mail.raw.len() > self.shared.state().size.0 => {
                Ok(self.reply("552 5.3.4 Error: message file too big"))
            }
            Deed::Accept => {
                self.shared.take(mail);
                Ok(self.reply("250 2.0.0 Ok: taken"))
            }
            Deed::TakeThenClose => {
                self.shared.take(mail);
                Ok(false)
            }
            Deed::Close => Ok(false),
            Deed::Answer(answer) => {
                self.reply(&answer);
                Ok(!answer.starts_with("421"))
            }
        }
    }

    /// Reads up to the final dot; `None` if the client hangs up before.
    async fn content(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        loop {
            let begin = raw.len();
            if self.reader.read_until(b'\n', &mut raw).await? == 0 {
                return Ok(None);
            }
            if raw[begin] == b'.' {
                if &raw[begin..] == b".\r\n" {
                    raw.truncate(begin);
                    return Ok(Some(raw));
                }
                raw.remove(begin);
            }
        }
    }

    fn look_for_violations(&self, raw: &[u8], parameters: &str) {
        let mut found = Vec::new();
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\r\n");
            if text.is_none_or(|text| text.contains(&b'\r')) {
                found.push("bare line feed or carriage return");
            }
            if line.len() > 1000 {
                found.push("line of more than 998 octets");
            }
        }
        if !raw.is_ascii() && !parameters.to_ascii_uppercase().contains("BODY=8BITMIME") {
            found.push("8-bit content without BODY=8BITMIME");
        }
        if !found.is_empty() {
            found.dedup();
            self.shared
                .state()
                .violations
                .extend(found.into_iter().map(str::to_owned));
        }
    }

    /// Replies `success` unless there is trouble at this stage.
    async fn pass(&mut self, stage: Stage, addresses: &[String], success: &str) -> Next {
        let (wait, deed) = self.shared.meet(stage, addresses);
        if !wait.is_zero() {
            self.flush().await?;
            tokio::time::sleep(wait).await;
        }
        match deed {
            Deed::Accept => Ok(self.reply(success)),
            Deed::Answer(answer) => {
                self.reply(&answer);
                let goes_on = !answer.starts_with("421")
                    && (stage != Stage::Connect || answer.starts_with('2'));
                Ok(goes_on)
            }
            Deed::Close | Deed::TakeThenClose => {
                // Not even the replies to earlier commands of the pipeline.
                self.replies.clear();
                Ok(false)
            }
        }
    }

    /// Whether the last reply was a success or the invitation to send the mail.
    fn was_accepted(&self) -> bool {
        let replies = self.replies.strip_suffix(b"\r\n").unwrap_or_default();
        let last = replies
            .rsplit(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        matches!(last.first(), Some(b'2' | b'3'))
    }

    /// Returns true: a session goes on after a reply.
    fn reply(&mut self, text: &str) -> bool {
        self.replies.extend_from_slice(text.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
        true
    }

    fn forget(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if !self.replies.is_empty() {
            self.writer.write_all(&self.replies).await?;
            self.replies.clear();
        }
        Ok(())
    }
}

/// Address and parameters of `FROM:<address> parameters`.
fn path(rest: &str, keyword: &str) -> Option<(String, String)> {
    let (found, rest) = rest.split_at_checked(keyword.len())?;
    if !found.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    Some((address.to_owned(), parameters.trim().to_owned()))
}
