//! Mails that are long on their way, and end before their end.

use super::*;

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
