//! The transport against a server that does what a test tells it, over real TCP.

mod connections;
mod large;
mod login;
mod outcomes;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rstest::rstest;
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::{Credentials, Encryption};

/// What the server does in place of its usual answer.
#[derive(Debug, Clone, Copy)]
enum Act {
    Say(&'static str),
    SayAndClose(&'static str),
    Close,
    KeepSilent,
}
use Act::{Close, KeepSilent, Say, SayAndClose};

/// A mail server on a port of its own.
struct TestServer {
    port: u16,
    /// Every line it got but the lines of mails, `connect` for each connection, and each mail
    /// whole, as it came over the wire.
    log: Arc<Mutex<Vec<String>>>,
    certificate: NamedTempFile,
}

/// A rule for the n-th connection (from 1; 0 for all): what happens when a line begins like this.
/// `greeting` and `.` stand for the begin of the connection and the end of a mail.
type Rule = (usize, &'static str, Act);

/// A rule that begins like this is for what happens a megabyte into a mail.
const IN_MAIL: &str = "in the mail";
/// A rule that begins like this makes the server encrypt before it greets.
const IMPLICIT_TLS: &str = "implicit TLS";

impl TestServer {
    async fn start(rules: &[Rule]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = NamedTempFile::new().unwrap();
        std::fs::write(certificate.path(), issued.cert.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key.unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let (rules, shared) = (rules.to_vec(), log.clone());
        tokio::spawn(async move {
            for number in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                let session = Session {
                    rules: rules
                        .iter()
                        .filter(|rule| rule.0 == 0 || rule.0 == number)
                        .copied()
                        .collect(),
                    log: shared.clone(),
                };
                tokio::spawn(session.run(stream, acceptor.clone()));
            }
        });
        Self {
            port,
            log,
            certificate,
        }
    }

    fn transport(&self) -> SmtpTransport {
        self.transport_with(Encryption::Insecure, None)
    }

    fn transport_with(
        &self,
        encryption: Encryption,
        credentials: Option<Credentials>,
    ) -> SmtpTransport {
        connect_to(self.port, encryption, credentials, &self.certificate)
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

fn connect_to(
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    trusted: &NamedTempFile,
) -> SmtpTransport {
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        encryption,
        credentials,
        ca_file: Some(trusted.path().to_owned()),
    };
    let timeout = Duration::from_millis(300);
    SmtpTransport::new(smtp, "post.example.org".to_owned(), timeout).unwrap()
}

fn password() -> Credentials {
    Credentials {
        username: "anna".to_owned(),
        password: "s3cret".to_owned().into(),
        password_file: None,
    }
}

struct Session {
    rules: Vec<Rule>,
    log: Arc<Mutex<Vec<String>>>,
}

enum Next {
    GoOn,
    Encrypt,
    End,
}

impl Session {
    async fn run(self, stream: TcpStream, acceptor: TlsAcceptor) {
        self.note("connect");
        if self.rules.iter().any(|rule| rule.1 == IMPLICIT_TLS) {
            if let Ok(stream) = acceptor.accept(stream).await {
                self.greet(BufReader::new(stream)).await;
            }
            return;
        }
        if let Some(stream) = self.greet(BufReader::new(stream)).await
            && let Ok(stream) = acceptor.accept(stream.into_inner()).await
        {
            self.talk(&mut BufReader::new(stream)).await;
        }
    }

    /// Greets and talks; returns the stream if it is to be encrypted.
    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufReader<S>,
    ) -> Option<BufReader<S>> {
        if let Next::End = self.answer(&mut stream, "greeting", "220 mx").await {
            return None;
        }
        matches!(self.talk(&mut stream).await, Next::Encrypt).then_some(stream)
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> Next {
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return Next::End;
            }
            let line = line.trim_end();
            self.note(line);
            let usual = match line.split(' ').next().unwrap() {
                "EHLO" => "250-mx\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 SIZE 20000000",
                "STARTTLS" => "220 go",
                "AUTH" => "235 welcome",
                "DATA" => "354 go",
                _ => "250 ok",
            };
            match self.answer(stream, line, usual).await {
                Next::GoOn if line == "STARTTLS" => return Next::Encrypt,
                Next::GoOn if line == "DATA" => {
                    let mut mail = String::new();
                    while !mail.ends_with("\r\n.\r\n") {
                        if stream.read_line(&mut mail).await.unwrap_or(0) == 0 {
                            return Next::End;
                        }
                        if mail.len() > 1_000_000 && self.rules.iter().any(|rule| rule.1 == IN_MAIL)
                        {
                            self.answer(stream, IN_MAIL, "").await;
                            return Next::End;
                        }
                    }
                    self.note(&mail);
                    if let Next::End = self.answer(stream, ".", "250 queued as 1").await {
                        return Next::End;
                    }
                }
                Next::GoOn => {}
                end => return end,
            }
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, to: &str, usual: &str) -> Next {
        let rule = self.rules.iter().find(|rule| to.starts_with(rule.1));
        let (say, next) = match rule.map(|rule| rule.2) {
            None => (usual, Next::GoOn),
            // A refused DATA is followed by no mail.
            Some(Say(say)) if to == "DATA" && !say.starts_with('3') => {
                stream
                    .write_all(format!("{say}\r\n").as_bytes())
                    .await
                    .unwrap();
                future::pending().await
            }
            Some(Say(say)) => (say, Next::GoOn),
            Some(SayAndClose(say)) => (say, Next::End),
            Some(Close) => return Next::End,
            Some(KeepSilent) => future::pending().await,
        };
        stream
            .write_all(format!("{say}\r\n").as_bytes())
            .await
            .unwrap();
        next
    }

    fn note(&self, line: &str) {
        self.log.lock().unwrap().push(line.to_owned());
    }
}

const MAIL: &str = "Subject: x\r\n\r\nHello\r\n.\r\n..\r\n";

async fn send(transport: &SmtpTransport) -> SendOutcome {
    send_to(transport, "jane@acme.example").await
}

async fn send_to(transport: &SmtpTransport, recipient: &str) -> SendOutcome {
    let recipient = EmailAddress::parse(recipient).unwrap();
    let mail = async || Some(MAIL.as_bytes().to_vec().into());
    transport
        .send("bounce@example.org", &recipient, soon(), mail)
        .await
}

/// Later than anything that a test waits for.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// A mail in chunks of 16,000 octets.
fn large(chunks: usize) -> Message {
    let chunk = Bytes::from(b"0123456789abcde\n".repeat(1000));
    Message {
        size: (chunks * chunk.len()) as u64,
        content: stream::iter(vec![chunk; chunks]).map(Ok).boxed(),
    }
}

fn kind(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Delivered { .. } => "delivered",
        SendOutcome::RetryLater { .. } => "retry",
        SendOutcome::Refused { .. } | SendOutcome::RecipientRefused { .. } => "refused",
        SendOutcome::SenderRefused { .. } => "sender",
        SendOutcome::TooLarge { .. } => "too large",
        SendOutcome::Withdrawn => "withdrawn",
        SendOutcome::Uncertain { .. } => "uncertain",
    }
}

fn reason(outcome: SendOutcome) -> String {
    match outcome {
        SendOutcome::RetryLater { reason, .. }
        | SendOutcome::Refused { reason }
        | SendOutcome::RecipientRefused { reason, .. }
        | SendOutcome::SenderRefused { reason }
        | SendOutcome::TooLarge { reason, .. }
        | SendOutcome::Uncertain { reason } => reason,
        other => panic!("{other:?}"),
    }
}
