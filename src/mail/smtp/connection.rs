//! One connection to a mail server, command by command (RFC 5321), so that it is always known how
//! far a mail had come when something went wrong.

use std::io;

use bytes::Bytes;
use data_encoding::BASE64;
use futures_util::{StreamExt as _, stream::BoxStream};
use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls},
        extension::MailParameter,
    },
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::{
    reply::Reply,
    settings::{Security, Server},
    stuffing::Stuffing,
    wire::{PIECE, Wire},
};
use crate::mail::dial::{self, within};

/// A connection over which mails can be sent, one after the other.
pub(super) struct Connection {
    wire: Wire,
    extensions: Extensions,
    /// A transaction was begun and not finished.
    dirty: bool,
    /// Mails that the server has taken over this connection.
    mails: u32,
}

/// What went wrong with a command.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server answered, and not what was hoped for.
    Answer(Reply),
    /// There was no answer, or none that can be understood.
    Lost(io::Error),
}

/// Why a mail was broken off before its end. The server can't have taken it.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection is gone, or stands still.
    Lost(io::Error),
    /// The rest of the mail could not be read.
    Unreadable(io::Error),
    /// It goes on, but too slowly.
    TooLong,
}

/// Why there is no connection. None of it is the fault of the mail that waits.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFault {
    #[error("it can't be reached: {0}")]
    Unreachable(io::Error),
    #[error("the connection was lost: {0}")]
    Lost(io::Error),
    #[error("it doesn't want to talk to us: {0}")]
    Unwelcome(Reply),
    #[error("it doesn't offer STARTTLS, and nothing is sent in the clear")]
    NoStartTls,
    #[error("it sent something before TLS had begun; somebody may be in between")]
    Injected,
    #[error("TLS fails: {0}")]
    Tls(io::Error),
    #[error("it offers neither AUTH PLAIN nor AUTH LOGIN")]
    NoAuth,
    #[error("it doesn't accept our user name and password: {0}")]
    Auth(Reply),
    #[error("it asks for something else than user name and password: {0}")]
    Question(lettre::transport::smtp::Error),
}

impl ConnectFault {
    /// Whether it may go away by itself.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) => true,
            Self::Unwelcome(reply) | Self::Auth(reply) => reply.is_passing(),
            Self::NoStartTls | Self::Injected | Self::Tls(_) | Self::NoAuth | Self::Question(_) => {
                false
            }
        }
    }
}

impl Connection {
    /// Connects, greets, encrypts and authenticates.
    pub(super) async fn open(server: &Server) -> Result<Self, ConnectFault> {
        let stream = connect(server).await?;
        let mut wire = Wire::new(Box::new(stream), server.timeout);
        if let Security::Tls(tls) = &server.security {
            wire = wire.encrypt(tls).await?;
        }
        let greeting = wire.read().await.map_err(ConnectFault::Lost)?;
        if !greeting.is_done() {
            return Err(ConnectFault::Unwelcome(greeting));
        }
        let mut extensions = hello(&mut wire, server).await?;
        if let Security::StartTls(tls) = &server.security {
            if !extensions.starttls {
                return Err(ConnectFault::NoStartTls);
            }
            expect_done(wire.command(Starttls).await).map_err(unwelcome)?;
            wire = wire.encrypt(tls).await?;
            // What was said in the clear counts no more (RFC 3207 section 4.2).
            extensions = hello(&mut wire, server).await?;
        }
        if let Some(credentials) = &server.credentials {
            authenticate(&mut wire, credentials, &extensions).await?;
        }
        Ok(Self {
            wire,
            extensions,
            dirty: false,
            mails: 0,
        })
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    pub(super) fn mails(&self) -> u32 {
        self.mails
    }

    /// Whether another mail can be tried over it.
    pub(super) fn is_sound(&self) -> bool {
        self.wire.is_sound()
    }

    /// Begins a transaction, after ending one that was broken off. No sender: `<>`.
    pub(super) async fn mail(
        &mut self,
        sender: Option<Address>,
        utf8: bool,
    ) -> Result<(), Trouble> {
        if self.dirty {
            expect_done(self.wire.command(Rset).await)?;
        }
        self.dirty = true;
        let parameters = utf8.then_some(MailParameter::SmtpUtfEight);
        let command = Mail::new(sender, parameters.into_iter().collect());
        expect_done(self.wire.command(command).await).map(drop)
    }

    pub(super) async fn recipient(&mut self, recipient: Address) -> Result<(), Trouble> {
        let command = Rcpt::new(recipient, Vec::new());
        expect_done(self.wire.command(command).await).map(drop)
    }

    /// Asks for leave to send the mail.
    pub(super) async fn data(&mut self) -> Result<(), Trouble> {
        let reply = self.wire.command(Data).await.map_err(Trouble::Lost)?;
        if reply.wants_more() {
            return Ok(());
        }
        // A yes to a question that was not asked.
        if reply.is_done() {
            self.wire.give_up();
        }
        Err(Trouble::Answer(reply))
    }

    /// Sends the mail, all but the dot that ends it, and all of that before `deadline`. After an error
    /// the connection can only be closed: another word would count as one of the mail's.
    pub(super) async fn content(
        &mut self,
        mail: BoxStream<'static, io::Result<Bytes>>,
        deadline: Instant,
    ) -> Result<(), Broken> {
        let sent = if Instant::now() < deadline {
            let sent = timeout_at(deadline, self.copy(mail)).await;
            sent.unwrap_or(Err(Broken::TooLong))
        } else {
            Err(Broken::TooLong)
        };
        if sent.is_err() {
            self.wire.give_up();
        }
        sent
    }

    /// Has one chunk of the mail in hand, and at most three pieces of what is made of it.
    async fn copy(
        &mut self,
        mut mail: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<(), Broken> {
        let mut stuffing = Stuffing::new();
        let mut ready = Vec::new();
        loop {
            let next = async { mail.next().await.transpose() };
            let Some(chunk) = within(self.wire.timeout(), next)
                .await
                .map_err(Broken::Unreadable)?
            else {
                break;
            };
            for piece in chunk.chunks(PIECE) {
                stuffing.write(piece, &mut ready);
                if ready.len() >= PIECE {
                    self.wire.write(&ready).await.map_err(Broken::Lost)?;
                    ready.clear();
                }
            }
        }
        stuffing.finish(&mut ready);
        self.wire.write(&ready).await.map_err(Broken::Lost)
    }

    /// Ends the mail. Returns the server's receipt; `Lost` means that nobody knows.
    pub(super) async fn end(&mut self) -> Result<Reply, Trouble> {
        self.wire.write(b".\r\n").await.map_err(Trouble::Lost)?;
        let reply = expect_done(self.wire.read_receipt().await)?;
        self.dirty = false;
        self.mails += 1;
        Ok(reply)
    }

    /// Says goodbye; nobody minds if that fails.
    pub(super) async fn quit(mut self) {
        if self.is_sound() {
            let _ = self.wire.command(Quit).await;
        }
    }
}

async fn connect(server: &Server) -> Result<TcpStream, ConnectFault> {
    let loopback_only = matches!(server.security, Security::Plain);
    let attempt = dial::connect(&server.host, server.port, loopback_only);
    within(server.timeout, attempt)
        .await
        .map_err(ConnectFault::Unreachable)
}

/// What the server can do (its answer to EHLO).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    starttls: bool,
    /// How the password is told: LOGIN, which was never standardised, only where there is no PLAIN.
    mechanism: Option<Mechanism>,
    /// Addresses and headers beyond ASCII (RFC 6531).
    pub(super) smtputf8: bool,
    /// Bodies beyond ASCII (RFC 6152).
    pub(super) eight_bit: bool,
    /// Octets of the largest mail, where the server says so (RFC 1870).
    pub(super) size: Option<u64>,
}

impl Extensions {
    fn read(reply: &Reply) -> Self {
        let mut extensions = Self::default();
        // The first line is a greeting. `AUTH=` is an old spelling that still occurs.
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase().replace('=', " ");
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => extensions.starttls = true,
                Some("SMTPUTF8") => extensions.smtputf8 = true,
                Some("8BITMIME") => extensions.eight_bit = true,
                Some("SIZE") => {
                    let size = words.next().and_then(|size| size.parse().ok());
                    extensions.size = size.filter(|size| *size > 0);
                }
                Some("AUTH") => {
                    for word in words {
                        match word {
                            "PLAIN" => extensions.mechanism = Some(Mechanism::Plain),
                            "LOGIN" => {
                                extensions.mechanism.get_or_insert(Mechanism::Login);
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        extensions
    }
}

async fn hello(wire: &mut Wire, server: &Server) -> Result<Extensions, ConnectFault> {
    let command = Ehlo::new(server.hello_name.clone());
    expect_done(wire.command(command).await)
        .map(|reply| Extensions::read(&reply))
        .map_err(unwelcome)
}

/// AUTH (RFC 4954), answering what the server asks.
async fn authenticate(
    wire: &mut Wire,
    credentials: &Credentials,
    extensions: &Extensions,
) -> Result<(), ConnectFault> {
    let mechanism = extensions.mechanism.ok_or(ConnectFault::NoAuth)?;
    let mut question = None;
    let mut questions = 0;
    loop {
        let command =
            Auth::new(mechanism, credentials.clone(), question).map_err(ConnectFault::Question)?;
        let reply = wire.command(command).await.map_err(ConnectFault::Lost)?;
        if reply.is_done() {
            return Ok(());
        }
        if !reply.wants_more() || questions == MOST_QUESTIONS {
            return Err(ConnectFault::Auth(reply));
        }
        questions += 1;
        question = Some(question_in(&reply));
    }
}

/// LOGIN asks for the user name, then for the password.
const MOST_QUESTIONS: u32 = 2;

fn question_in(reply: &Reply) -> String {
    let line = reply.lines.first().map_or("", |line| line.trim());
    let question = BASE64.decode(line.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&question).into_owned()
}

fn expect_done(reply: io::Result<Reply>) -> Result<Reply, Trouble> {
    let reply = reply.map_err(Trouble::Lost)?;
    if reply.is_done() {
        Ok(reply)
    } else {
        Err(Trouble::Answer(reply))
    }
}

fn unwelcome(trouble: Trouble) -> ConnectFault {
    match trouble {
        Trouble::Answer(reply) => ConnectFault::Unwelcome(reply),
        Trouble::Lost(error) => ConnectFault::Lost(error),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use futures_util::stream;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Of 64 MB that a slow server takes, a chunk and a few pieces at most wait here.
    #[tokio::test]
    async fn little_is_held() {
        const CHUNK: usize = 40_000;
        const BETWEEN: usize = 16 * 1024;
        let (ours, mut theirs) = tokio::io::duplex(BETWEEN);
        let mut connection = Connection {
            wire: Wire::new(Box::new(ours), Duration::from_mins(1)),
            extensions: Extensions::default(),
            dirty: true,
            mails: 0,
        };
        let given = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&given);
        let line = b"As many words as stand in a line.....\r\n";
        let chunk = Bytes::from(line.repeat(CHUNK / line.len()));
        let size = 1600 * chunk.len();
        let mail = stream::repeat(chunk).take(1600).map(move |chunk| {
            counted.fetch_add(chunk.len(), Ordering::Relaxed);
            Ok(chunk)
        });
        let server = tokio::spawn(async move {
            let (mut taken, mut most) = (0, 0);
            let mut buffer = [0; 8 * 1024];
            loop {
                let read = theirs.read(&mut buffer).await.unwrap();
                if read == 0 {
                    return (taken, most);
                }
                taken += read;
                most = most.max(given.load(Ordering::Relaxed).saturating_sub(taken));
            }
        });
        let deadline = Instant::now() + Duration::from_mins(5);
        connection.content(mail.boxed(), deadline).await.unwrap();
        drop(connection);
        let (taken, most) = server.await.unwrap();
        assert_eq!(taken, size);
        assert!(most <= 2 * CHUNK + PIECE + BETWEEN, "{most}");
    }

    #[test]
    fn reads_extensions() {
        let reply = Reply {
            code: 250,
            lines: [
                "mx STARTTLS",
                "size 1000",
                "AUTH=LOGIN PLAIN",
                "SMTPUTF8",
                "8BITMIME",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let expected = Extensions {
            starttls: false,
            mechanism: Some(Mechanism::Plain),
            smtputf8: true,
            eight_bit: true,
            size: Some(1000),
        };
        assert_eq!(Extensions::read(&reply), expected);
    }
}
