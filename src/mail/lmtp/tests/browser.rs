//! A browser can be made to send what somebody likes to an address of its own machine, below a header of
//! HTTP.

use super::*;

#[rstest]
#[case::a_request("POST / HTTP/1.1\r\n")]
#[case::with_a_long_path(&format!("POST /{} HTTP/1.1\r\n", "a".repeat(9000)))]
#[case::of_another_kind("\x16\x03\x01\x02\r\n")]
#[case::nothing("\r\n")]
#[tokio::test]
async fn no_mail_comes_in_below_what_is_no_command(#[case] begins: &str) {
    let world = World::with(MemorySink::default(), Limits::default()).await;
    let mut client = world.connect().await;
    client.expect("220 ").await;
    let rest = "Host: localhost:24\r\n\r\nLHLO x\r\nMAIL FROM:<ann@acme.com>\r\n\
                RCPT TO:<one@here>\r\nDATA\r\n.\r\n";
    client.send(format!("{begins}{rest}")).await;
    client.expect_all(&["500 ", "421 "]).await;
    client.expect_end().await;
    assert!(world.sink.mails().is_empty());

    // Who only takes it for another protocol of mail may begin anew.
    let mut client = world.connect().await;
    client.expect("220 ").await;
    client
        .send("EHLO mx.acme.com\r\nLHLO mx.acme.com\r\n")
        .await;
    client.expect_all(&["500 ", "250-postroom"]).await;
}
