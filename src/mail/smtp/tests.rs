//! The transport against a server that does what a test tells it, over real TCP.

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

#[rstest]
#[case("greeting", Say("450 busy"), "retry")]
#[case("greeting", Say("554 go away"), "retry")]
#[case("greeting", Say("SSH-2.0"), "retry")]
#[case("greeting", Close, "retry")]
#[case("greeting", KeepSilent, "retry")]
#[case("EHLO", Say("451 later"), "retry")]
#[case("EHLO", Say("550 bad name"), "retry")]
#[case("EHLO", Close, "retry")]
#[case("EHLO", KeepSilent, "retry")]
#[case("MAIL", Say("451 later"), "retry")]
#[case("MAIL", Say("421 closing"), "retry")]
#[case("MAIL", Say("550 no such sender"), "sender")]
#[case("MAIL", Say("530 authenticate first"), "retry")]
#[case("MAIL", Say("354 what"), "retry")]
#[case("MAIL", Close, "retry")]
#[case("MAIL", KeepSilent, "retry")]
#[case("RCPT", Say("450 greylisted"), "retry")]
#[case("RCPT", Say("452 4.2.2 mailbox full"), "retry")]
#[case("RCPT", Say("421 closing"), "retry")]
#[case("RCPT", Say("550 5.1.1 no such user"), "refused")]
#[case("RCPT", Say("552 5.2.2 mailbox full"), "refused")]
#[case("RCPT", Say("571 no"), "refused")]
#[case(
    "RCPT",
    Say("553 5.7.1 <a@b>: Sender address rejected: not owned by user a"),
    "sender"
)]
#[case(
    "RCPT",
    Say("450 4.7.1 <a@b>: Sender address rejected: try again"),
    "retry"
)]
#[case("RCPT", Close, "retry")]
#[case("RCPT", KeepSilent, "retry")]
#[case("DATA", Say("451 later"), "retry")]
#[case("DATA", Say("554 no"), "refused")]
#[case("DATA", SayAndClose("250 what"), "retry")]
#[case("DATA", Close, "retry")]
#[case("DATA", KeepSilent, "retry")]
#[case(".", Say("451 later"), "retry")]
#[case(".", Say("421 closing"), "retry")]
#[case(".", Say("554 5.7.1 spam"), "refused")]
#[case(".", Say("552 too large"), "too large")]
#[case(".", Say("354 what"), "uncertain")]
#[case(".", Say("what"), "uncertain")]
#[case(".", Close, "uncertain")]
#[case(".", KeepSilent, "uncertain")]
#[case(".", Say("250 queued"), "delivered")]
#[case(
    ".",
    Say("550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    "sender"
)]
#[case(".", Say("250"), "delivered")]
#[tokio::test]
async fn the_outcome_of_each_stage(
    #[case] stage: &'static str,
    #[case] act: Act,
    #[case] expected: &str,
) {
    let server = TestServer::start(&[(0, stage, act)]).await;
    let outcome = send(&server.transport()).await;
    assert_eq!(kind(&outcome), expected, "{outcome:?}");
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_composed() {
    let server = TestServer::start(&[]).await;
    let outcome = send(&server.transport()).await;
    let answer = "250 queued as 1".to_owned();
    assert_eq!(outcome, SendOutcome::Delivered { answer });
    assert_eq!(
        server.log(),
        [
            "connect",
            "EHLO post.example.org",
            "MAIL FROM:<bounce@example.org>",
            "RCPT TO:<jane@acme.example>",
            "DATA",
            "Subject: x\r\n\r\nHello\r\n..\r\n...\r\n.\r\n",
        ]
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_the_servers_words() {
    let rule = (
        0,
        "RCPT",
        Say("550-5.1.1 Nobody here\r\n550 5.1.1 \x1b[31mof that name"),
    );
    let server = TestServer::start(&[rule]).await;
    assert_eq!(
        reason(send(&server.transport()).await),
        "the mail server refuses the recipient: 550 5.1.1 Nobody here 5.1.1 [31mof that name"
    );
}

#[tokio::test]
async fn the_mail_is_asked_for_when_the_recipient_was_accepted() {
    let server = TestServer::start(&[(1, "RCPT", Say("550 no"))]).await;
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let never = async || panic!("asked too early");
    let outcome = server.transport().send("", &jane, soon(), never).await;
    assert_eq!(kind(&outcome), "refused");
    assert!(server.log().contains(&"MAIL FROM:<>".to_owned()));
}

#[tokio::test]
async fn a_withdrawn_mail_is_not_sent_and_stops_nothing() {
    let server = TestServer::start(&[]).await;
    let transport = server.transport();
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let outcome = transport.send("", &jane, soon(), async || None).await;
    assert_eq!(outcome, SendOutcome::Withdrawn);
    assert!(!server.log().contains(&"DATA".to_owned()));
    assert_eq!(kind(&send(&transport).await), "delivered");
    let after: Vec<_> = server.log()[4..7].to_vec();
    assert_eq!(after[0], "RSET");
    assert_eq!(after[1], "MAIL FROM:<bounce@example.org>");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = TestServer::start(&[(0, "RCPT TO:<nobody@", Say("550 no"))]).await;
    let transport = server.transport();
    assert_eq!(kind(&send(&transport).await), "delivered");
    assert_eq!(
        kind(&send_to(&transport, "nobody@acme.example").await),
        "refused"
    );
    assert_eq!(kind(&send(&transport).await), "delivered");
    let log = server.log();
    assert_eq!(log.iter().filter(|line| *line == "connect").count(), 1);
    assert_eq!(log.iter().filter(|line| *line == "RSET").count(), 1);
}

#[rstest]
#[case(SayAndClose("250 queued"))]
#[case(Say("250 queued\r\n421 idle for too long"))]
#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced(#[case] act: Act) {
    let server = TestServer::start(&[(1, ".", act)]).await;
    let transport = server.transport();
    assert_eq!(kind(&send(&transport).await), "delivered");
    assert_eq!(kind(&send(&transport).await), "delivered");
    let log = server.log();
    assert_eq!(log.iter().filter(|line| *line == "connect").count(), 2);
}

#[tokio::test]
async fn a_connection_that_fails_after_mail_is_not_replaced() {
    let server = TestServer::start(&[(0, "RCPT TO:<gone@", Close)]).await;
    let transport = server.transport();
    assert_eq!(kind(&send(&transport).await), "delivered");
    assert_eq!(
        kind(&send_to(&transport, "gone@acme.example").await),
        "retry"
    );
    let log = server.log();
    assert_eq!(log.iter().filter(|line| *line == "connect").count(), 1);
}

#[tokio::test]
async fn many_mails_go_over_few_connections() {
    let server = TestServer::start(&[]).await;
    let transport = server.transport();
    let sent = futures_util::future::join_all((0..60).map(|_| send(&transport))).await;
    assert!(sent.iter().all(|outcome| kind(outcome) == "delivered"));
    let log = server.log();
    let connections = log.iter().filter(|line| *line == "connect").count();
    assert!(connections <= MOST_CONNECTIONS, "{connections}");
}

#[tokio::test]
async fn a_connection_ends_after_fifty_mails() {
    let server = TestServer::start(&[]).await;
    let transport = server.transport();
    for _ in 0..51 {
        assert_eq!(kind(&send(&transport).await), "delivered");
    }
    let log = server.log();
    assert_eq!(log.iter().filter(|line| *line == "connect").count(), 2);
    assert_eq!(log.iter().filter(|line| *line == "QUIT").count(), 1);
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server = TestServer::start(&[]).await;
    let mut transport = server.transport();
    transport.pool = Pool::new(Duration::from_millis(50));
    assert_eq!(kind(&send(&transport).await), "delivered");
    while !server.log().contains(&"QUIT".to_owned()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(transport.pool.take().is_none());
}

#[tokio::test]
async fn a_connection_lost_within_the_mail_is_no_uncertainty() {
    let server = TestServer::start(&[(0, "DATA", SayAndClose("354 go"))]).await;
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let large = async || Some(large(1000));
    let outcome = server.transport().send("", &jane, soon(), large).await;
    assert_eq!(kind(&outcome), "retry", "{outcome:?}");
}

#[tokio::test]
async fn a_mail_above_the_servers_limit_is_too_large() {
    let server = TestServer::start(&[(0, "EHLO", Say("250-mx\r\n250 SIZE 10"))]).await;
    let outcome = send(&server.transport()).await;
    assert_eq!(kind(&outcome), "too large", "{outcome:?}");
    assert!(reason(outcome).contains("takes at most 10"));
    assert!(!server.log().contains(&"DATA".to_owned()));
}

/// What comes after the chunks of a mail.
fn followed_by(
    rest: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Message {
    let mail = large(10);
    Message {
        size: mail.size,
        content: mail.content.chain(rest).boxed(),
    }
}

fn unreadable() -> Message {
    let fault = io::Error::other("the disk is on fire");
    followed_by(stream::once(future::ready(Err(fault))))
}

fn never_ending() -> Message {
    followed_by(stream::pending())
}

/// The server has got no dot, and nothing else goes over that connection.
#[rstest]
#[case::unreadable(unreadable(), "could not be read to its end: the disk is on fire")]
#[case::stalled(never_ending(), "could not be read to its end: no answer within 0.3 s")]
#[tokio::test]
async fn a_mail_that_fails_in_the_middle_is_broken_off(#[case] mail: Message, #[case] says: &str) {
    let server = TestServer::start(&[]).await;
    let transport = server.transport();
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let outcome = transport.send("", &jane, soon(), async || Some(mail)).await;
    assert_eq!(kind(&outcome), "retry", "{outcome:?}");
    let reason = reason(outcome);
    assert!(reason.contains(says), "{reason}");
    assert_eq!(server.log().last().unwrap(), "DATA");

    assert_eq!(kind(&send(&transport).await), "delivered");
    let log = server.log();
    let mails = log.iter().filter(|line| line.ends_with("\r\n.\r\n"));
    assert_eq!(
        mails.collect::<Vec<_>>(),
        ["Subject: x\r\n\r\nHello\r\n..\r\n...\r\n.\r\n"]
    );
    let connections = log.iter().filter(|line| *line == "connect").count();
    assert_eq!(connections, 2);
}

/// Sends a mail of 64 MB to a server that does with it what `act` says.
async fn send_large_to(act: Act, deadline: Instant) -> (SendOutcome, usize) {
    let server = TestServer::start(&[(0, "EHLO", Say("250 mx")), (0, IN_MAIL, act)]).await;
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let mut mail = large(4000);
    mail.content = mail
        .content
        .inspect(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .boxed();
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let transport = server.transport();
    let outcome = transport
        .send("", &jane, deadline, async || Some(mail))
        .await;
    (outcome, read.load(Ordering::Relaxed))
}

#[rstest]
#[case(Close, "lost")]
#[case(Say("452 disk full"), "lost")]
#[case(SayAndClose("552 too large"), "lost")]
#[case(KeepSilent, "lost: no answer within 0.3 s")]
#[tokio::test]
async fn a_server_that_stops_in_the_middle(#[case] act: Act, #[case] says: &str) {
    let (outcome, _) = send_large_to(act, soon()).await;
    assert_eq!(kind(&outcome), "retry", "{outcome:?}");
    let reason = reason(outcome);
    assert!(reason.contains(says), "{reason}");
}

/// Whoever waits for the server holds nothing but what is on its way already: the buffers of the
/// sockets, and a few chunks here.
#[tokio::test]
async fn no_more_is_read_than_the_server_takes() {
    let (_, read) = send_large_to(KeepSilent, soon()).await;
    let octets = read * 16_000;
    assert!(
        octets < 16_000_000,
        "{octets} of 64,000,000 octets were read"
    );
}

#[tokio::test]
async fn a_mail_that_takes_too_long_is_broken_off() {
    let server = TestServer::start(&[]).await;
    let transport = server.transport();
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let slow = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok(Bytes::from_static(b"slow\r\n")), ()))
    });
    let mail = followed_by(slow);
    let deadline = Instant::now() + Duration::from_millis(400);
    let outcome = transport
        .send("", &jane, deadline, async || Some(mail))
        .await;
    assert_eq!(kind(&outcome), "retry", "{outcome:?}");
    assert!(reason(outcome).contains("too slowly"));
    assert_eq!(server.log().last().unwrap(), "DATA");

    let past = Instant::now();
    let mail = async || Some(MAIL.as_bytes().to_vec().into());
    let outcome = transport.send("", &jane, past, mail).await;
    assert_eq!(kind(&outcome), "retry", "{outcome:?}");
    assert!(!server.log().iter().any(|line| line.contains("Hello")));
}

#[tokio::test]
async fn nothing_of_a_mail_above_the_limit_is_read() {
    let server = TestServer::start(&[(0, "EHLO", Say("250-mx\r\n250 SIZE 159999"))]).await;
    let mut mail = large(10);
    mail.content = stream::poll_fn(|_| panic!("read for nothing")).boxed();
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let transport = server.transport();
    let outcome = transport.send("", &jane, soon(), async || Some(mail)).await;
    assert_eq!(
        reason(outcome),
        "the mail has 160000 bytes, and our mail server takes at most 159999"
    );
}

#[tokio::test]
async fn nothing_listens() {
    let server = TestServer::start(&[]).await;
    let transport = connect_to(1, Encryption::Insecure, None, &server.certificate);
    let outcome = send(&transport).await;
    assert!(reason(outcome).contains("it can't be reached"));
}

#[rstest]
#[case("jürgen@acme.example", "250 mx", "refused", None)]
#[case(
    "jürgen@müller.example",
    "250-mx\r\n250 SMTPUTF8",
    "delivered",
    Some("RCPT TO:<jürgen@xn--mller-kva.example>")
)]
#[case(
    "jane@müller.example",
    "250 mx",
    "delivered",
    Some("RCPT TO:<jane@xn--mller-kva.example>")
)]
#[tokio::test]
async fn addresses_beyond_ascii(
    #[case] recipient: &str,
    #[case] hello: &'static str,
    #[case] expected: &str,
    #[case] line: Option<&str>,
) {
    let server = TestServer::start(&[(0, "EHLO", Say(hello))]).await;
    let outcome = send_to(&server.transport(), recipient).await;
    assert_eq!(kind(&outcome), expected, "{outcome:?}");
    let log = server.log();
    assert!(
        line.is_none_or(|line| log.iter().any(|logged| logged == line)),
        "{log:?}"
    );
    let utf8 = log.iter().any(|line| line.ends_with(" SMTPUTF8"));
    assert_eq!(utf8, hello.contains("SMTPUTF8"));
}

#[tokio::test]
async fn no_command_hides_in_the_sender() {
    let server = TestServer::start(&[]).await;
    let jane = EmailAddress::parse("jane@acme.example").unwrap();
    let sender = "a@x.example>\r\nRCPT TO:<evil@x.example";
    let outcome = server
        .transport()
        .send(sender, &jane, soon(), async || {
            Some(MAIL.as_bytes().to_vec().into())
        })
        .await;
    assert_eq!(kind(&outcome), "refused");
    assert!(server.log().is_empty());
}

#[rstest]
#[case(None, "delivered", "")]
#[case(
    Some("535 5.7.8 wrong"),
    "retry",
    "user name and password: 535 5.7.8 wrong;"
)]
#[case(Some("454 not now"), "retry", "user name and password: 454 not now")]
#[tokio::test]
async fn authenticates(
    #[case] answer: Option<&'static str>,
    #[case] expected: &str,
    #[case] says: &str,
) {
    let rules: Vec<Rule> = answer
        .map(|answer| (0, "AUTH", Say(answer)))
        .into_iter()
        .collect();
    let server = TestServer::start(&rules).await;
    let transport = server.transport_with(Encryption::Insecure, Some(password()));
    let outcome = send(&transport).await;
    assert_eq!(kind(&outcome), expected, "{outcome:?}");
    assert_eq!(server.log()[2], "AUTH PLAIN AGFubmEAczNjcmV0");
    assert!(expected == "delivered" || reason(outcome).contains(says));
}

#[tokio::test]
async fn authenticates_with_login_where_there_is_nothing_else() {
    let server = TestServer::start(&[
        (0, "EHLO", Say("250-mx\r\n250 AUTH LOGIN")),
        (0, "AUTH LOGIN", Say("334 VXNlcm5hbWU6")),
        (0, "YW5uYQ==", Say("334 UGFzc3dvcmQ6")),
        (0, "czNjcmV0", Say("235 welcome")),
    ])
    .await;
    let transport = server.transport_with(Encryption::Insecure, Some(password()));
    assert_eq!(kind(&send(&transport).await), "delivered");
}

#[tokio::test]
async fn encrypts_before_anything_is_told() {
    let server = TestServer::start(&[]).await;
    let transport = server.transport_with(Encryption::StartTls, Some(password()));
    let outcome = send(&transport).await;
    assert_eq!(kind(&outcome), "delivered", "{outcome:?}");
    assert_eq!(
        server.log()[1..5],
        [
            "EHLO post.example.org",
            "STARTTLS",
            "EHLO post.example.org",
            "AUTH PLAIN AGFubmEAczNjcmV0"
        ]
    );
}

#[tokio::test]
async fn encrypts_from_the_start() {
    let server = TestServer::start(&[(0, IMPLICIT_TLS, Close)]).await;
    let transport = server.transport_with(Encryption::Tls, None);
    let outcome = send(&transport).await;
    assert_eq!(kind(&outcome), "delivered", "{outcome:?}");
    assert!(!server.log().contains(&"STARTTLS".to_owned()));
}

#[rstest]
#[case("EHLO", "250 mx", "doesn't offer STARTTLS")]
#[case("STARTTLS", "454 no TLS now", "454 no TLS now")]
#[case("STARTTLS", "554 no", "has to be mended")]
#[case("STARTTLS", "220 go\r\n250 injected", "somebody may be in between")]
#[tokio::test]
async fn nothing_goes_in_the_clear(
    #[case] stage: &'static str,
    #[case] answer: &'static str,
    #[case] says: &str,
) {
    let server = TestServer::start(&[(0, stage, Say(answer))]).await;
    let transport = server.transport_with(Encryption::StartTls, Some(password()));
    let outcome = send(&transport).await;
    assert_eq!(kind(&outcome), "retry");
    let reason = reason(outcome);
    assert!(reason.contains(says), "{reason}");
    let log = server.log();
    assert!(!log.iter().any(|line| line.starts_with("AUTH")), "{log:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_our_own_affair() {
    let server = TestServer::start(&[]).await;
    let other = TestServer::start(&[]).await;
    let transport = connect_to(server.port, Encryption::StartTls, None, &other.certificate);
    let outcome = send(&transport).await;
    assert_eq!(kind(&outcome), "retry");
    let reason = reason(outcome);
    assert!(reason.contains("TLS fails"), "{reason}");
    assert!(reason.contains("has to be mended"), "{reason}");
}

#[tokio::test]
async fn a_server_may_take_tokens_again_after_a_while() {
    let transport = TestServer::start(&[]).await.transport();
    assert!(!transport.is_plain_only());
    transport.note_plain_only();
    assert!(transport.is_plain_only());
    *transport.plain_only() = Some(Instant::now());
    assert!(!transport.is_plain_only());
}
