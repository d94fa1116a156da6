//! Whose word counts for who sent a mail.

use super::*;
use crate::config::Network;

#[rstest]
#[case::trusted("127.0.0.0/8", Some("192.0.2.1"))]
#[case::anybody("198.51.100.0/24", None)]
#[tokio::test]
async fn only_whom_we_trust_says_who_sent_a_mail(
    #[case] trusted: &str,
    #[case] expected: Option<&str>,
) {
    let limits = Limits {
        trusted: vec![Network::parse(trusted).unwrap()],
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client().await;
    let answer = if expected.is_some() { "250 " } else { "550 " };
    client
        .send("XFORWARD ADDR=192.0.2.1 HELO=mail.acme.com\r\n")
        .await;
    client.expect(answer).await;
    client
        .send("MAIL FROM:<ann@acme.com>\r\nRCPT TO:<one@here>\r\nXFORWARD ADDR=192.0.2.9\r\n")
        .await;
    client.expect("250 ").await;
    client.expect("250 ").await;
    client
        .expect(if expected.is_some() { "503 " } else { "550 " })
        .await;
    client.send("DATA\r\n").await;
    client.expect("354 ").await;
    client.send("Subject: hi\r\n\r\nhello\r\n.\r\n").await;
    client.expect("250 ").await;
    let (envelope, _) = world.sink.mails().remove(0);
    let said = envelope.client.map(|client| client.address.to_string());
    assert_eq!(said.as_deref(), expected);
}
