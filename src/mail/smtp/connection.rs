//! One connection to a mail server, command by command (RFC 5321), so that it is always known how
//! far a mail had come when something went wrong.

use std::{io, time::Duration};

use data_encoding::BASE64;
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    reply::{self, Reply},
    settings::{Security, Server, Tls},
};
use crate::config::SmtpCredentials;

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
}

impl ConnectFault {
    /// Whether it may go away by itself.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) => true,
            Self::Unwelcome(reply) | Self::Auth(reply) => reply.is_passing(),
            Self::NoStartTls | Self::Injected | Self::Tls(_) | Self::NoAuth => false,
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
        let greeting = wire
            .read(server.timeout)
            .await
            .map_err(ConnectFault::Lost)?;
        if !greeting.is_done() {
            return Err(ConnectFault::Unwelcome(greeting));
        }
        let mut extensions = wire.hello(server).await?;
        if let Security::StartTls(tls) = &server.security {
            if !extensions.starttls {
                return Err(ConnectFault::NoStartTls);
            }
            expect_done(wire.command("STARTTLS").await).map_err(unwelcome)?;
            wire = wire.encrypt(tls).await?;
            // What was said in the clear counts no more (RFC 3207 section 4.2).
            extensions = wire.hello(server).await?;
        }
        if let Some(credentials) = &server.credentials {
            wire.authenticate(credentials, &extensions).await?;
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
        !self.wire.broken
    }

    /// Begins a transaction, after ending one that was broken off. `sender` may be empty.
    pub(super) async fn mail(&mut self, sender: &str, utf8: bool) -> Result<(), Trouble> {
        if self.dirty {
            expect_done(self.wire.command("RSET").await)?;
        }
        self.dirty = true;
        let parameter = if utf8 { " SMTPUTF8" } else { "" };
        let command = format!("MAIL FROM:<{sender}>{parameter}");
        expect_done(self.wire.command(&command).await).map(drop)
    }

    pub(super) async fn recipient(&mut self, recipient: &str) -> Result<(), Trouble> {
        let command = format!("RCPT TO:<{recipient}>");
        expect_done(self.wire.command(&command).await).map(drop)
    }

    /// Asks for leave to send the mail.
    pub(super) async fn data(&mut self) -> Result<(), Trouble> {
        let reply = self.wire.command("DATA").await.map_err(Trouble::Lost)?;
        if reply.wants_more() {
            return Ok(());
        }
        // After a yes that is none, both sides disagree about what the next line is.
        self.wire.broken |= reply.is_done();
        Err(Trouble::Answer(reply))
    }

    /// Sends the mail, all but the dot that ends it. An error means that the server hasn't got it.
    pub(super) async fn content(&mut self, mail: &[u8]) -> io::Result<()> {
        self.wire.write(&dot_stuffed(mail)).await
    }

    /// Ends the mail. Returns the server's receipt; `Lost` means that nobody knows.
    pub(super) async fn end(&mut self) -> Result<Reply, Trouble> {
        self.wire.write(b".\r\n").await.map_err(Trouble::Lost)?;
        let patience = self.wire.timeout * 10;
        let reply = expect_done(self.wire.read(patience).await)?;
        self.dirty = false;
        self.mails += 1;
        Ok(reply)
    }

    /// Says goodbye; nobody minds if that fails.
    pub(super) async fn quit(mut self) {
        if self.is_sound() {
            let _ = self.wire.command("QUIT").await;
        }
    }
}

async fn connect(server: &Server) -> Result<TcpStream, ConnectFault> {
    let attempt = async {
        let addresses = tokio::net::lookup_host((server.host.as_str(), server.port)).await?;
        let plain = matches!(server.security, Security::Plain);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        // Plain text never leaves the machine, even if `localhost` resolves to somewhere else.
        for address in addresses.filter(|address| !plain || address.ip().is_loopback()) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    within(server.timeout, attempt)
        .await
        .map_err(ConnectFault::Unreachable)
}

/// What the server can do (its answer to EHLO).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    starttls: bool,
    mechanism: Option<Mechanism>,
    /// Addresses and headers beyond ASCII (RFC 6531).
    pub(super) smtputf8: bool,
    /// Octets of the largest mail, where the server says so (RFC 1870).
    pub(super) size: Option<usize>,
}

/// How passwords are told; the better one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mechanism {
    /// Never standardised, and all that some servers offer.
    Login,
    /// RFC 4616.
    Plain,
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
                Some("SIZE") => {
                    let size = words.next().and_then(|size| size.parse().ok());
                    extensions.size = size.filter(|size| *size > 0);
                }
                Some("AUTH") => {
                    let offered = words.filter_map(|word| match word {
                        "LOGIN" => Some(Mechanism::Login),
                        "PLAIN" => Some(Mechanism::Plain),
                        _ => None,
                    });
                    extensions.mechanism = offered.max().max(extensions.mechanism);
                }
                _ => {}
            }
        }
        extensions
    }
}

/// Lines over a stream, with limits on every wait.
struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    timeout: Duration,
    /// An answer is missing, wrong, or says that it was the last.
    broken: bool,
}

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

impl Wire {
    fn new(stream: Box<dyn Stream>, timeout: Duration) -> Self {
        Self {
            stream: BufReader::new(stream),
            timeout,
            broken: false,
        }
    }

    async fn encrypt(self, tls: &Tls) -> Result<Self, ConnectFault> {
        if !self.stream.buffer().is_empty() {
            return Err(ConnectFault::Injected);
        }
        let handshake = TlsConnector::from(tls.config.clone())
            .connect(tls.name.clone(), self.stream.into_inner());
        let stream = within(self.timeout, handshake)
            .await
            .map_err(ConnectFault::Tls)?;
        Ok(Self::new(Box::new(stream), self.timeout))
    }

    async fn hello(&mut self, server: &Server) -> Result<Extensions, ConnectFault> {
        let command = format!("EHLO {}", server.hello_name);
        expect_done(self.command(&command).await)
            .map(|reply| Extensions::read(&reply))
            .map_err(unwelcome)
    }

    /// AUTH (RFC 4954).
    async fn authenticate(
        &mut self,
        credentials: &SmtpCredentials,
        extensions: &Extensions,
    ) -> Result<(), ConnectFault> {
        let SmtpCredentials { username, password } = credentials;
        let password = password.expose_secret();
        let said = match extensions.mechanism {
            Some(Mechanism::Plain) => {
                let both = BASE64.encode(format!("\0{username}\0{password}").as_bytes());
                vec![format!("AUTH PLAIN {both}")]
            }
            Some(Mechanism::Login) => {
                let username = BASE64.encode(username.as_bytes());
                let password = BASE64.encode(password.as_bytes());
                vec!["AUTH LOGIN".to_owned(), username, password]
            }
            None => return Err(ConnectFault::NoAuth),
        };
        let last = said.len() - 1;
        for (step, line) in said.iter().enumerate() {
            let reply = self.command(line).await.map_err(ConnectFault::Lost)?;
            let goes_on = if step == last {
                reply.is_done()
            } else {
                reply.wants_more()
            };
            if !goes_on {
                return Err(ConnectFault::Auth(reply));
            }
        }
        Ok(())
    }

    /// Sends one line and reads the answer.
    async fn command(&mut self, line: &str) -> io::Result<Reply> {
        if !self.stream.buffer().is_empty() {
            // An answer too many: from here on each would be taken for that to the next question.
            self.broken = true;
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the server spoke without being asked",
            ));
        }
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.read(self.timeout).await
    }

    async fn read(&mut self, patience: Duration) -> io::Result<Reply> {
        let reply = within(patience, reply::read(&mut self.stream)).await;
        self.broken |= reply.as_ref().map_or(true, Reply::closes);
        reply
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
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
const PIECE: usize = 64 * 1024;

async fn within<T>(limit: Duration, action: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, action)
        .await
        .unwrap_or_else(|_| {
            let waited = format!("no answer within {} s", limit.as_secs_f32());
            Err(io::Error::new(io::ErrorKind::TimedOut, waited))
        })
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

/// The mail with a second dot before each that begins a line (RFC 5321 section 4.5.2), every line
/// ended by CRLF: a bare CR or LF would let a mail smuggle in another one.
fn dot_stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 64 + 2);
    let mut at_start = true;
    let mut bytes = mail.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'\r' || byte == b'\n' {
            if byte == b'\r' {
                bytes.next_if_eq(&&b'\n');
            }
            out.extend_from_slice(b"\r\n");
            at_start = true;
            continue;
        }
        if at_start && byte == b'.' {
            out.push(b'.');
        }
        out.push(byte);
        at_start = false;
    }
    if !at_start {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a\r\n.\r\n..b\r\n", "a\r\n..\r\n...b\r\n")]
    #[case(".a", "..a\r\n")]
    #[case("a\n.\nb\r.\rc", "a\r\n..\r\nb\r\n..\r\nc\r\n")]
    #[case("", "")]
    fn stuffs_dots(#[case] mail: &str, #[case] expected: &str) {
        assert_eq!(dot_stuffed(mail.as_bytes()), expected.as_bytes());
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
            size: Some(1000),
        };
        assert_eq!(Extensions::read(&reply), expected);
    }
}
