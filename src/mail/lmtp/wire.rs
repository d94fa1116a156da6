//! The octets of one connection: command lines in, answers out, both bounded in size and time.

use std::{fmt::Display, fmt::Write, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use crate::telemetry::metrics::catalogue::LMTP_ANSWERS;

/// Why a conversation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goodbye {
    /// The client has said QUIT.
    Quit,
    /// The client is gone; nobody hears an answer.
    Gone,
    /// The client was silent, or slow, for too long.
    Slow,
    Stopping,
    /// Others want the place in which the client is silent.
    Crowded,
    TooManyCommands,
    TooManyErrors,
    /// The client began with what is no command.
    NotLmtp,
}

impl Goodbye {
    /// The last answer, if anybody is there to hear it.
    pub(super) fn answer(self) -> Option<&'static str> {
        match self {
            Self::Quit => Some("221 2.0.0 Bye"),
            Self::Gone => None,
            Self::Slow => Some("421 4.4.2 Waited too long for you"),
            Self::Stopping => Some("421 4.3.2 Shutting down; come again later"),
            Self::Crowded => {
                Some("421 4.3.2 Others want this place; come again when you have mail")
            }
            Self::TooManyCommands => Some("421 4.7.0 Too many commands without a mail"),
            Self::TooManyErrors => Some("421 4.7.0 Too many errors"),
            Self::NotLmtp => Some("421 4.7.0 Begin with LHLO"),
        }
    }
}

/// One line of the client's.
#[derive(Debug)]
pub(super) enum Line {
    /// Without its line end.
    Whole(BytesMut),
    /// It was longer than allowed and has been thrown away.
    TooLong,
}

/// A connection with what was read but not yet looked at, and what was said but not yet sent.
#[derive(Debug)]
pub(super) struct Wire<C> {
    stream: C,
    /// Read ahead: with pipelining (RFC 2920) several commands come at once.
    pub(super) input: BytesMut,
    output: BytesMut,
    idle: Duration,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Wire<C> {
    pub(super) fn new(stream: C, idle: Duration) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            idle,
        }
    }

    /// Adds one answer line; it is sent when nothing is left to read.
    pub(super) fn say(&mut self, answer: impl Display) {
        let begin = self.output.len();
        // Writing to memory can't fail.
        let _ = write!(self.output, "{answer}\r\n");
        tally(&self.output[begin..]);
    }

    /// The next command line, of at most `max` octets with its end. A bare LF ends one too, which
    /// is safe here and only here: people type commands by hand. One that drips in is late, too.
    pub(super) async fn line(&mut self, max: usize) -> Result<Line, Goodbye> {
        let late = Instant::now() + self.idle;
        let mut too_long = false;
        loop {
            let end = self.input.iter().position(|b| *b == b'\n');
            too_long |= end.map_or(self.input.len(), |end| end + 1) > max;
            match end {
                Some(end) if too_long => {
                    self.input.advance(end + 1);
                    return Ok(Line::TooLong);
                }
                Some(end) => {
                    let mut line = self.input.split_to(end + 1);
                    line.truncate(end);
                    if line.ends_with(b"\r") {
                        line.truncate(end - 1);
                    }
                    return Ok(Line::Whole(line));
                }
                None if too_long => self.input.clear(),
                None => {}
            }
            let filled = timeout_at(late, self.fill()).await;
            filled.unwrap_or(Err(Goodbye::Slow))?;
        }
    }

    /// Sends what is still to be said, then waits for at least one octet more.
    pub(super) async fn fill(&mut self) -> Result<(), Goodbye> {
        self.flush().await?;
        self.input.reserve(READ_AHEAD);
        match timeout(self.idle, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(0) | Err(_)) => Err(Goodbye::Gone),
            Ok(Ok(_)) => Ok(()),
            Err(_) => Err(Goodbye::Slow),
        }
    }

    /// May be cut off and called again: what was sent is remembered.
    async fn flush(&mut self) -> Result<(), Goodbye> {
        match timeout(self.idle, self.stream.write_all_buf(&mut self.output)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Goodbye::Gone),
            Err(_) => Err(Goodbye::Slow),
        }
    }

    /// Says the last answer and closes. Whoever doesn't read it in a second misses it.
    pub(super) async fn close(mut self, goodbye: Goodbye) {
        if let Some(answer) = goodbye.answer() {
            self.say(answer);
            self.idle = self.idle.min(Duration::from_secs(1));
            if self.flush().await.is_ok() {
                let _ = self.stream.shutdown().await;
            }
        }
    }
}

/// Counts an answer by its first digit; of one of several lines the last.
fn tally(answer: &[u8]) {
    let class = match answer {
        [_, _, _, b'-', ..] => return,
        [b'2', ..] => "2xx",
        [b'3', ..] => "3xx",
        [b'4', ..] => "4xx",
        _ => "5xx",
    };
    LMTP_ANSWERS.count([class]);
}

/// Octets asked for at once: a mail of usual size in a few reads, and little enough for each of
/// some hundred connections.
const READ_AHEAD: usize = 32 * 1024;
