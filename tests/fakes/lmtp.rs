//! The LMTP client.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::lmtp_client::LmtpClient;

/// A server that says its lines, whatever comes, and returns what came.
async fn scripted(
    replies: &'static [&'static str],
) -> (std::net::SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let session = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        for reply in replies {
            stream.write_all(reply.as_bytes()).await.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            heard.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8(heard).unwrap()
    });
    (address, session)
}

#[tokio::test]
async fn the_client_reads_a_reply_for_each_recipient() {
    let (address, session) = scripted(&[
        "220 hi\r\n",
        "250-me\r\n250 PIPELINING\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "550 5.1.1 Nobody\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 taken\r\n452 4.2.2 Full\r\n",
    ])
    .await;
    let mut client = LmtpClient::connect(address).await.unwrap();
    assert_eq!(client.extensions, ["me", "PIPELINING"]);
    let replies = client
        .deliver("s@x.example", &["a@x", "b@x", "c@x"], b"A: b\r\n\r\n.dot")
        .await;
    let codes: Vec<u16> = replies.unwrap().iter().map(|reply| reply.code).collect();
    assert_eq!(codes, [250, 550, 452]);
    drop(client);
    let heard = session.await.unwrap();
    assert!(
        heard.ends_with("DATA\r\nA: b\r\n\r\n..dot\r\n.\r\n"),
        "{heard}"
    );
    assert!(
        heard.starts_with("LHLO client.invalid\r\nMAIL FROM:<s@x.example>\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn the_client_pipelines() {
    let (address, session) = scripted(&[
        "220 hi\r\n",
        "250 me\r\n",
        "250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n",
        "250 taken\r\n",
        "250 ok\r\n550 no\r\n503 none\r\n",
    ])
    .await;
    let mut client = LmtpClient::connect(address).await.unwrap();
    let replies = client
        .deliver_pipelined("", &["a@x", "b@x"], b"A: b\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(
        replies.iter().map(|reply| reply.code).collect::<Vec<_>>(),
        [550, 250]
    );
    let replies = client
        .deliver_pipelined("", &["a@x"], b"A: b\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(replies[0].code, 550);
    drop(client);
    assert!(
        session
            .await
            .unwrap()
            .contains("RCPT TO:<b@x>\r\nDATA\r\nA: b")
    );
}
