//! Lines over a stream, with a limit on every wait.

use std::{fmt, io, time::Duration};

use tokio::io::{AsyncWriteExt, BufReader};

use super::{
    connection::ConnectFault,
    reply::{self, Reply},
};
use crate::mail::dial::{Stream, Tls, within};

/// A stream on which commands and replies take turns.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    /// The longest wait for a reply.
    timeout: Duration,
    /// An answer is missing, wrong, or says that it was the last.
    broken: bool,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, timeout: Duration) -> Self {
        Self {
            stream: BufReader::new(stream),
            timeout,
            broken: false,
        }
    }

    /// Continues in TLS.
    pub(super) async fn encrypt(self, tls: &Tls) -> Result<Self, ConnectFault> {
        if !self.stream.buffer().is_empty() {
            return Err(ConnectFault::Injected);
        }
        let handshake = tls.begin(self.stream.into_inner());
        let stream = within(self.timeout, handshake)
            .await
            .map_err(ConnectFault::Tls)?;
        Ok(Self::new(stream, self.timeout))
    }

    /// Sends one command, which ends with CRLF, and reads the answer.
    pub(super) async fn command(&mut self, command: impl fmt::Display) -> io::Result<Reply> {
        if !self.stream.buffer().is_empty() {
            // An answer too many: from here on each would be taken for that to the next question.
            self.broken = true;
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the server spoke without being asked",
            ));
        }
        self.write(command.to_string().as_bytes()).await?;
        self.read().await
    }

    /// Whether another command may be sent.
    pub(super) fn is_sound(&self) -> bool {
        !self.broken
    }

    /// Sends no more: both sides disagree about what the next line is, or what was begun can't be
    /// ended.
    pub(super) fn give_up(&mut self) {
        self.broken = true;
    }

    /// The longest wait for anything.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Reads the answer to the mail itself, which takes its time.
    pub(super) async fn read_receipt(&mut self) -> io::Result<Reply> {
        self.read_within(self.timeout * 10).await
    }

    pub(super) async fn read(&mut self) -> io::Result<Reply> {
        self.read_within(self.timeout).await
    }

    async fn read_within(&mut self, patience: Duration) -> io::Result<Reply> {
        let reply = within(patience, reply::read(&mut self.stream)).await;
        self.broken |= reply.as_ref().map_or(true, Reply::closes);
        reply
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = Ok(());
        for piece in bytes.chunks(PIECE) {
            let stream = self.stream.get_mut();
            written = within(self.timeout, async {
                stream.write_all(piece).await?;
                stream.flush().await
            })
            .await;
            if written.is_err() {
                self.broken = true;
                break;
            }
        }
        written
    }
}

/// Octets that are written under one time limit.
pub(super) const PIECE: usize = 64 * 1024;
