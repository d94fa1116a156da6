//! A mail program, as far as tests need one: it says what it is told to, and reads the answers.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

pub struct ImapClient {
    stream: BufReader<TcpStream>,
    tags: u32,
}

/// A mail as the server shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub uid: u32,
    /// In order, without `\Recent`.
    pub flags: Vec<String>,
    pub subject: String,
}

impl ImapClient {
    /// Connects in the clear and logs in.
    pub async fn login(port: u16, user: &str, password: &str) -> io::Result<Self> {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
        let mut greeting = String::new();
        stream.read_line(&mut greeting).await?;
        let mut client = Self { stream, tags: 0 };
        client
            .must(&format!("LOGIN \"{user}\" \"{password}\""))
            .await?;
        Ok(client)
    }

    /// Gives a command; everything that is answered, if it ends with OK.
    pub async fn must(&mut self, command: &str) -> io::Result<String> {
        let tag = self.begin(command).await?;
        self.end(&tag).await
    }

    /// Puts a mail into a folder.
    pub async fn append(&mut self, folder: &str, raw: &[u8]) -> io::Result<()> {
        let size = raw.len();
        let tag = self
            .begin(&format!("APPEND \"{folder}\" {{{size}+}}"))
            .await?;
        self.stream.get_mut().write_all(raw).await?;
        self.stream.get_mut().write_all(b"\r\n").await?;
        self.end(&tag).await.map(drop)
    }

    /// What is in a folder.
    pub async fn mails(&mut self, folder: &str) -> io::Result<Vec<Shown>> {
        self.must(&format!("EXAMINE \"{folder}\"")).await?;
        let answer = self
            .must("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            .await;
        // In an empty folder there is no 1.
        let answer = answer.unwrap_or_default();
        let mut mails: Vec<Shown> = Vec::new();
        for line in answer.lines() {
            if let Some(rest) = line.strip_prefix("* ")
                && rest.contains(" FETCH (")
            {
                mails.push(shown(rest));
            } else if let Some(subject) = line.strip_prefix("Subject: ")
                && let Some(last) = mails.last_mut()
            {
                subject.clone_into(&mut last.subject);
            }
        }
        Ok(mails)
    }

    async fn begin(&mut self, command: &str) -> io::Result<String> {
        self.tags += 1;
        let tag = format!("c{}", self.tags);
        let line = format!("{tag} {command}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).await?;
        Ok(tag)
    }

    async fn end(&mut self, tag: &str) -> io::Result<String> {
        let mut answer = String::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(rest) = line.strip_prefix(&format!("{tag} ")) {
                let ok = rest.starts_with("OK");
                return ok.then_some(answer).ok_or_else(|| io::Error::other(line));
            }
            answer.push_str(&line);
            let literal = line.trim_end().strip_suffix('}');
            if let Some(size) = literal.and_then(|line| line.rsplit_once('{')?.1.parse().ok()) {
                let mut bytes = vec![0; size];
                self.stream.read_exact(&mut bytes).await?;
                answer.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
}

fn shown(line: &str) -> Shown {
    let number = |after: &str| {
        let rest = line.split_once(after)?.1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let flags = line
        .split_once("FLAGS (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(flags, _)| flags.split_whitespace().map(str::to_owned))
        .into_iter()
        .flatten()
        .filter(|flag| flag != "\\Recent")
        .collect();
    Shown {
        uid: number("UID ").unwrap_or_default(),
        flags,
        subject: String::new(),
    }
}
