//! The door over real TCP, with a sink that keeps mails in memory.

mod browser;
mod slow;
mod stop;
mod trusted;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use proptest::prelude::*;
use rstest::rstest;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Limits, Lmtp};
use crate::ports::{Envelope, MailDraft, MailSink, SinkFault};

type Stored = (Envelope, Vec<u8>);

/// Takes mail for `@here`, and fails where it is told to.
#[derive(Debug, Clone, Default)]
struct MemorySink {
    fails_at: Option<Stage>,
    mails: Arc<Mutex<Vec<Stored>>>,
    open_drafts: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begin,
    Write,
    Commit,
}

#[derive(Debug)]
struct MemoryDraft {
    sink: MemorySink,
    envelope: Envelope,
    mail: Vec<u8>,
}

impl MemorySink {
    fn fault_at(&self, stage: Stage) -> Result<(), SinkFault> {
        if self.fails_at == Some(stage) {
            Err(SinkFault("the disk is full".to_owned()))
        } else {
            Ok(())
        }
    }

    fn open_drafts(&self) -> usize {
        self.open_drafts.load(Ordering::SeqCst)
    }

    fn mails(&self) -> Vec<Stored> {
        self.mails.lock().unwrap().clone()
    }

    fn bodies(&self) -> Vec<String> {
        let text = |(_, mail): Stored| String::from_utf8(mail).unwrap();
        self.mails().into_iter().map(text).collect()
    }
}

impl MailSink for MemorySink {
    type Draft = MemoryDraft;

    fn accepts(&self, recipient: &str) -> bool {
        recipient.ends_with("@here")
    }

    async fn begin(&self, envelope: Envelope) -> Result<MemoryDraft, SinkFault> {
        self.fault_at(Stage::Begin)?;
        self.open_drafts.fetch_add(1, Ordering::SeqCst);
        Ok(MemoryDraft {
            sink: self.clone(),
            envelope,
            mail: Vec::new(),
        })
    }
}

impl MailDraft for MemoryDraft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), SinkFault> {
        self.mail.extend_from_slice(&bytes);
        self.sink.fault_at(Stage::Write)
    }

    async fn commit(mut self) -> Result<(), SinkFault> {
        self.sink.fault_at(Stage::Commit)?;
        let mail = std::mem::take(&mut self.mail);
        let mut mails = self.sink.mails.lock().unwrap();
        mails.push((self.envelope.clone(), mail));
        Ok(())
    }
}

impl Drop for MemoryDraft {
    fn drop(&mut self) {
        self.sink.open_drafts.fetch_sub(1, Ordering::SeqCst);
    }
}

struct World {
    sink: MemorySink,
    address: std::net::SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl World {
    async fn new() -> Self {
        Self::with(MemorySink::default(), Limits::default()).await
    }

    async fn with(sink: MemorySink, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn(Lmtp::new(sink.clone(), limits).serve(listener, stop.clone()));
        Self {
            sink,
            address,
            stop,
            server,
        }
    }

    async fn connect(&self) -> Client {
        Client(BufReader::new(
            TcpStream::connect(self.address).await.unwrap(),
        ))
    }

    /// A client that has been greeted and has said LHLO.
    async fn client(&self) -> Client {
        let mut client = self.connect().await;
        client.expect("220 ").await;
        client.send("LHLO mx.acme.com\r\n").await;
        while client.answer().await.starts_with("250-") {}
        client
    }

    /// A client whose mail has been asked for.
    async fn client_in_data(&self) -> Client {
        let mut client = self.client().await;
        client
            .send(
                "MAIL FROM:<ann@acme.com>\r\nRCPT TO:<one@here>\r\nRCPT TO:<two@here>\r\nDATA\r\n",
            )
            .await;
        for code in ["250 2.1.0", "250 2.1.5", "250 2.1.5", "354 "] {
            client.expect(code).await;
        }
        client
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next line; empty when the server has closed.
    async fn answer(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line
    }

    async fn expect(&mut self, start: &str) {
        let answer = self.answer().await;
        assert!(answer.starts_with(start), "{answer:?} for {start:?}");
    }

    async fn expect_all(&mut self, starts: &[&str]) {
        for start in starts {
            self.expect(start).await;
        }
    }

    async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _ = self.0.read_to_end(&mut rest).await;
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

/// `mail` with its dots doubled, as a client sends it.
pub(super) fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut at_line_start = true;
    for (at, octet) in mail.iter().enumerate() {
        if at_line_start && *octet == b'.' {
            wire.push(b'.');
        }
        wire.push(*octet);
        at_line_start = mail[..=at].ends_with(b"\r\n");
    }
    wire
}

async fn until(condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(5), "never happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn takes_a_mail_for_several_recipients() {
    let world = World::new().await;
    let mut client = world.client().await;
    client
        .send("MAIL FROM:<ann@acme.com> SIZE=100 BODY=8BITMIME\r\n")
        .await;
    client.expect("250 2.1.0").await;
    client
        .send("RCPT TO:<one@here>\r\nRCPT TO:<x@there>\r\nRCPT TO:<two@here>\r\nDATA\r\n")
        .await;
    client
        .expect_all(&["250 2.1.5", "550 5.1.1 No such mailbox", "250 2.1.5", "354"])
        .await;
    client.send("Subject: hi\r\n\r\nhello\r\n.\r\n").await;
    client
        .expect_all(&["250 2.0.0 <one@here>", "250 2.0.0 <two@here>"])
        .await;
    client.send("QUIT\r\n").await;
    client.expect("221 ").await;
    client.expect_end().await;

    let envelope = Envelope {
        peer: "127.0.0.1".to_owned(),
        helo: "mx.acme.com".to_owned(),
        sender: "ann@acme.com".to_owned(),
        recipients: vec!["one@here".to_owned(), "two@here".to_owned()],
        client: None,
    };
    let mail = b"Subject: hi\r\n\r\nhello\r\n".to_vec();
    assert_eq!(world.sink.mails(), [(envelope, mail)]);
}

#[tokio::test]
async fn tells_what_it_can_do() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.expect("220 ").await;
    client.send("EHLO mx.acme.com\r\n").await;
    client.expect("500 5.5.1 This is LMTP").await;
    client.send("MAIL FROM:<ann@acme.com>\r\nlhlo mx\r\n").await;
    client
        .expect_all(&[
            "503 5.5.1 Begin with LHLO",
            "250-",
            "250-PIPELINING",
            "250-SIZE 52428800",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250 ENHANCEDSTATUSCODES",
        ])
        .await;
}

#[tokio::test]
async fn answers_two_mails_that_are_sent_in_one_breath() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client
        .send(
            "LHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<one@here>\r\nDATA\r\nfirst\r\n.\r\n\
             MAIL FROM:<bob@acme.com>\r\nRCPT TO:<two@here>\r\nDATA\r\nsecond\r\n.\r\nQUIT\r\n",
        )
        .await;
    let mut answers = String::new();
    client.0.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("\r\n250 2.0.0 <").count(), 2, "{answers}");
    assert!(answers.ends_with("221 2.0.0 Bye\r\n"), "{answers}");

    let mails = world.sink.mails();
    assert_eq!(world.sink.bodies(), ["first\r\n", "second\r\n"]);
    assert_eq!(mails[0].0.sender, "");
    assert_eq!(mails[1].0.sender, "bob@acme.com");
    assert_eq!(mails[1].0.recipients, ["two@here"]);
}

#[rstest]
#[case("DATA\r\n", "503 ")]
#[case("RCPT TO:<one@here>\r\n", "503 ")]
#[case("MAIL FROM:<ann@acme.com> SIZE=60000000\r\n", "552 5.3.4")]
#[case("MAIL FROM:<ann@acme.com> X=1\r\n", "555 ")]
#[case("VRFY ann\r\n", "252 ")]
#[case("NOOP\r\n", "250 ")]
#[case("TURN\r\n", "500 ")]
#[tokio::test]
async fn answers_a_command(#[case] command: &str, #[case] answer: &str) {
    let world = World::new().await;
    let mut client = world.client().await;
    client.send(command).await;
    client.expect(answer).await;
    client.send("NOOP\r\n").await;
    client.expect("250 ").await;
}

#[tokio::test]
async fn keeps_mails_apart() {
    let world = World::new().await;
    let mut client = world.client().await;
    client
        .send("MAIL FROM:<a@b>\r\nMAIL FROM:<c@d>\r\nRCPT TO:<one@here>\r\nRSET\r\nDATA\r\n")
        .await;
    client
        .expect_all(&["250", "503", "250", "250 2.0.0", "503"])
        .await;
    client
        .send("MAIL FROM:<a@b>\r\nRCPT TO:<x@there>\r\nDATA\r\n")
        .await;
    client.expect_all(&["250", "550", "503"]).await;
}

#[tokio::test]
async fn takes_dots_out_wherever_the_chunks_end() {
    let world = World::new().await;
    let mut client = world.client_in_data().await;
    for piece in ["..one\r\n", ".", ".\r", "\n..", "two\r\n.", "\r", "\n"] {
        client.send(piece).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client.expect_all(&["250", "250"]).await;
    assert_eq!(world.sink.bodies(), [".one\r\n.\r\n.two\r\n"]);
}

#[rstest]
#[case("a\n.\n", "a\n.\n")]
#[case("a\r\n.\n", "a\r\n\n")]
#[case("a\n.\r\n", "a\n.\r\n")]
#[tokio::test]
async fn lets_nobody_smuggle_a_second_mail(#[case] end: &str, #[case] arrives: &str) {
    let world = World::new().await;
    let mut client = world.client_in_data().await;
    let smuggled = "MAIL FROM:<boss@acme.com>\r\nRCPT TO:<one@here>\r\nDATA\r\nfalse\r\n";
    client.send(format!("{end}{smuggled}.\r\n")).await;
    client.expect_all(&["250", "250"]).await;
    assert_eq!(world.sink.bodies(), [format!("{arrives}{smuggled}")]);
}

#[tokio::test]
async fn refuses_what_is_too_large_and_goes_on() {
    let limits = Limits {
        mail_size: 1000,
        recipients: 2,
        line: 64,
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client_in_data().await;
    client.send("0123456789".repeat(20_000)).await;
    client.send("\r\n.\r\n").await;
    client.expect_all(&["552 5.3.4", "552 5.3.4"]).await;
    assert_eq!(world.sink.open_drafts(), 0);

    client
        .send(format!("NOOP {}\r\nNOOP\r\n", "x".repeat(5000)))
        .await;
    client.expect_all(&["500 5.5.2", "250"]).await;

    client
        .send("MAIL FROM:<a@b>\r\nRCPT TO:<1@here>\r\nRCPT TO:<2@here>\r\nRCPT TO:<3@here>\r\n")
        .await;
    client.expect_all(&["250", "250", "250", "452 4.5.3"]).await;
    // Exactly as large as allowed.
    client
        .send(format!("DATA\r\n{}\r\n.\r\n", "x".repeat(998)))
        .await;
    client.expect_all(&["354", "250", "250"]).await;
    assert_eq!(world.sink.bodies().len(), 1);
}

#[rstest]
#[case(Stage::Begin, &["451 4.3.0"])]
#[case(Stage::Write, &["354", "451 4.3.0", "451 4.3.0"])]
#[case(Stage::Commit, &["354", "451 4.3.0", "451 4.3.0"])]
#[tokio::test]
async fn never_acknowledges_what_is_not_stored(#[case] stage: Stage, #[case] answers: &[&str]) {
    let sink = MemorySink {
        fails_at: Some(stage),
        ..MemorySink::default()
    };
    let world = World::with(sink, Limits::default()).await;
    let mut client = world.client().await;
    client
        .send("MAIL FROM:<a@b>\r\nRCPT TO:<one@here>\r\nRCPT TO:<two@here>\r\n")
        .await;
    client.expect_all(&["250", "250", "250"]).await;
    client.send("DATA\r\n").await;
    client.expect(answers[0]).await;
    if answers.len() > 1 {
        client.send("hello\r\n.\r\n").await;
        client.expect_all(&answers[1..]).await;
    }
    client.send("NOOP\r\n").await;
    client.expect("250").await;
    assert_eq!(world.sink.bodies().len(), 0);
    assert_eq!(world.sink.open_drafts(), 0);
}

#[tokio::test]
async fn drops_a_mail_whose_connection_is_cut() {
    let world = World::new().await;
    let mut client = world.client_in_data().await;
    client.send("half a mail\r\n.").await;
    until(|| world.sink.open_drafts() == 1).await;
    drop(client);
    until(|| world.sink.open_drafts() == 0).await;
    assert_eq!(world.sink.bodies().len(), 0);
}

#[tokio::test]
async fn waits_for_nobody_for_ever() {
    let limits = Limits {
        idle: Duration::from_millis(100),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut silent = world.client().await;
    let mut within_data = world.client_in_data().await;
    within_data.send("half").await;
    for client in [&mut silent, &mut within_data] {
        client.expect("421 4.4.2").await;
        client.expect_end().await;
    }
    assert_eq!(world.sink.open_drafts(), 0);
}

#[tokio::test]
async fn a_mail_that_only_drips_has_an_end() {
    let limits = Limits {
        mail_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client_in_data().await;
    client.send("half").await;
    client.expect("421 4.4.2").await;
}

#[tokio::test]
async fn has_room_for_so_many() {
    let limits = Limits {
        connections: 1,
        errors: 2,
        commands: 10,
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut first = world.client().await;
    let mut second = world.connect().await;
    second.expect("421 4.3.2").await;
    second.expect_end().await;

    first.send("A\r\nB\r\nC\r\n").await;
    first.expect_all(&["500", "500", "500", "421 4.7.0"]).await;
    first.expect_end().await;
    // Its place is free again once the server has noticed.
    let mut third = loop {
        let mut third = world.connect().await;
        if third.answer().await.starts_with("220") {
            break third;
        }
    };
    third.send("NOOP\r\n".repeat(11)).await;
    for _ in 0..10 {
        third.expect("250").await;
    }
    third.expect("421 4.7.0").await;
}
