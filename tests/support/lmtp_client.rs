//! A small LMTP client (RFC 2033) for tests.
#![allow(
    dead_code,
    reason = "each test binary uses only a part of what is here"
)]

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One reply, its lines without codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the code is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The lines in one.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// A connection on which LHLO has been said. Errors are those of the network: a reply, whatever
/// its code, is none.
pub struct LmtpClient {
    stream: BufReader<Box<dyn Stream>>,
    /// The server's answer to LHLO: its extensions.
    pub extensions: Vec<String>,
}

impl LmtpClient {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::greet(Box::new(stream), "LHLO").await
    }

    pub async fn connect_unix(path: &Path) -> Result<Self> {
        Self::greet(Box::new(UnixStream::connect(path).await?), "LHLO").await
    }

    /// Connects to an SMTP server instead, with EHLO; [`Self::deliver_smtp`] then delivers.
    pub async fn connect_smtp(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::greet(Box::new(stream), "EHLO").await
    }

    /// Delivers one mail by SMTP, which answers once for all recipients. Returns the first
    /// refusal, or the reply to the final dot.
    pub async fn deliver_smtp(&mut self, from: &str, to: &[&str], mail: &[u8]) -> Result<Reply> {
        let mut commands = vec![format!("MAIL FROM:<{from}>")];
        commands.extend(to.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
        for command in commands {
            let reply = self.command(&command).await?;
            if !reply.is_success() {
                return Ok(reply);
            }
        }
        let data = self.command("DATA").await?;
        if data.code != 354 {
            return Ok(data);
        }
        self.write(&dotted(mail)).await?;
        self.read_reply().await
    }

    /// Delivers one mail, command by command. Returns one reply per recipient: the refusal of
    /// `MAIL`, `RCPT` or `DATA`, or what the server said of this recipient after the final dot.
    pub async fn deliver(&mut self, from: &str, to: &[&str], mail: &[u8]) -> Result<Vec<Reply>> {
        let sender = self.command(&format!("MAIL FROM:<{from}>")).await?;
        if !sender.is_success() {
            return Ok(vec![sender; to.len()]);
        }
        let mut replies = Vec::new();
        for recipient in to {
            replies.push(self.command(&format!("RCPT TO:<{recipient}>")).await?);
        }
        if replies.iter().any(Reply::is_success) {
            let data = self.command("DATA").await?;
            self.finish(&data, &mut replies, mail).await?;
        } else {
            self.command("RSET").await?;
        }
        Ok(replies)
    }

    /// As [`Self::deliver`], with `MAIL`, every `RCPT` and `DATA` in one write (RFC 2920).
    pub async fn deliver_pipelined(
        &mut self,
        from: &str,
        to: &[&str],
        mail: &[u8],
    ) -> Result<Vec<Reply>> {
        let mut commands = format!("MAIL FROM:<{from}>\r\n");
        for recipient in to {
            commands.extend(["RCPT TO:<", recipient, ">\r\n"]);
        }
        commands.push_str("DATA\r\n");
        self.write(commands.as_bytes()).await?;

        let sender = self.read_reply().await?;
        let mut replies = Vec::new();
        for _ in to {
            replies.push(self.read_reply().await?);
        }
        let data = self.read_reply().await?;
        if data.code == 354 && !replies.iter().any(Reply::is_success) {
            // RFC 2920 section 3.1: the server asks although nobody is left to get it.
            self.write(b".\r\n").await?;
            self.read_reply().await?;
        } else {
            self.finish(&data, &mut replies, mail).await?;
        }
        if !sender.is_success() {
            replies.fill(sender);
        }
        Ok(replies)
    }

    /// Says one line and reads its reply.
    pub async fn command(&mut self, line: &str) -> Result<Reply> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.read_reply().await
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads one reply, of one line or several.
    pub async fn read_reply(&mut self) -> Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
            let line = line.trim_end();
            let malformed = || Error::new(ErrorKind::InvalidData, format!("no reply: {line:?}"));
            let (code, text) = line.split_at_checked(3).ok_or_else(malformed)?;
            let code = code.parse().map_err(|_| malformed())?;
            let (more, text) = match text.strip_prefix('-') {
                Some(text) => (true, text),
                None => (false, text.trim_start()),
            };
            lines.push(text.to_owned());
            if !more {
                return Ok(Reply { code, lines });
            }
        }
    }

    /// Says goodbye.
    pub async fn quit(mut self) -> Result<Reply> {
        self.command("QUIT").await
    }

    async fn greet(stream: Box<dyn Stream>, hello: &str) -> Result<Self> {
        let mut client = Self {
            stream: BufReader::new(stream),
            extensions: Vec::new(),
        };
        let greeting = client.read_reply().await?;
        if !greeting.is_success() {
            return Err(Error::new(ErrorKind::ConnectionRefused, greeting.text()));
        }
        client.extensions = client
            .command(&format!("{hello} client.invalid"))
            .await?
            .lines;
        Ok(client)
    }

    /// Sends the mail if the server asked for it, and puts the replies in their places.
    async fn finish(&mut self, data: &Reply, replies: &mut [Reply], mail: &[u8]) -> Result<()> {
        let accepted = replies.iter_mut().filter(|reply| reply.is_success());
        if data.code != 354 {
            accepted.for_each(|reply| *reply = data.clone());
            return Ok(());
        }
        self.write(&dotted(mail)).await?;
        for reply in accepted {
            *reply = self.read_reply().await?;
        }
        Ok(())
    }
}

/// The mail as DATA carries it: dots stuffed, a final line break and the final dot added.
fn dotted(mail: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            data.push(b'.');
        }
        data.extend_from_slice(line);
    }
    if !data.is_empty() && !data.ends_with(b"\r\n") {
        data.extend_from_slice(b"\r\n");
    }
    data.extend_from_slice(b".\r\n");
    data
}
