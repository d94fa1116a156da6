//! The SMTP sink.

use std::time::{Duration, Instant};

use crate::scene::SOON;
use crate::support::lmtp_client::LmtpClient;
use crate::support::smtp_sink::{SmtpSink, Stage, Trouble};

async fn smtp(sink: &SmtpSink) -> LmtpClient {
    // Speaks SMTP as well: it only has to greet otherwise.
    LmtpClient::connect_smtp(sink.address()).await.unwrap()
}

#[tokio::test]
async fn the_sink_keeps_what_it_takes() {
    let sink = SmtpSink::start().await;
    let mut client = smtp(&sink).await;
    let mail = b"Subject: Hi\r\n\r\nOne\r\n.two\r\n..\r\n";
    let reply = client.deliver_smtp("a@example.org", &["Jane@acme.example", "b@x.example"], mail);
    assert_eq!(reply.await.unwrap().code, 250);
    assert!(sink.wait_for(1, SOON).await);
    let taken = sink.mails_to("jane@acme.example").pop().unwrap();
    assert_eq!(
        (taken.sender.as_str(), &taken.raw[..]),
        ("a@example.org", &mail[..])
    );
    assert_eq!(taken.recipients, ["Jane@acme.example", "b@x.example"]);
    assert!(sink.violations().is_empty());
    assert_eq!(client.command("DATA").await.unwrap().code, 554);
    assert_eq!(
        client.command("RCPT TO:<a@x.example>").await.unwrap().code,
        503
    );
    assert!(!sink.wait_for(2, Duration::from_millis(20)).await);
}

#[tokio::test]
async fn the_sink_makes_trouble_where_told() {
    let sink = SmtpSink::start().await;
    let greylisting = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").for_address("jane@");
    let greylisting = sink.trouble(greylisting.times(1));
    let mut client = smtp(&sink).await;
    let mail = b"Subject: Hi\r\n\r\nHi\r\n";
    let codes =
        async |client: &mut LmtpClient, to| client.deliver_smtp("a@x.example", &[to], mail).await;
    assert_eq!(
        codes(&mut client, "max@acme.example").await.unwrap().code,
        250
    );
    let refused = codes(&mut client, "jane@acme.example").await.unwrap();
    assert_eq!(
        (refused.code, refused.text().as_str()),
        (451, "4.7.1 Greylisted")
    );
    client.command("RSET").await.unwrap();
    assert_eq!(
        codes(&mut client, "jane@acme.example").await.unwrap().code,
        250
    );
    assert_eq!((sink.count(), sink.hits(greylisting)), (2, 1));

    for stage in [Stage::Mail, Stage::Data, Stage::Message] {
        sink.trouble(Trouble::answer(stage, 550, "5.7.1 No").times(1));
        assert_eq!(
            codes(&mut client, "jane@acme.example").await.unwrap().code,
            550,
            "{stage:?}"
        );
        client.command("RSET").await.unwrap();
        sink.trouble(Trouble::close(stage).times(1));
        assert!(
            codes(&mut client, "jane@acme.example").await.is_err(),
            "{stage:?}"
        );
        client = smtp(&sink).await;
    }
    assert_eq!(sink.count(), 2);
    sink.trouble(Trouble::take_then_close().times(1));
    assert!(codes(&mut client, "jane@acme.example").await.is_err());
    assert_eq!((sink.count(), sink.mails()[2].answered), (3, false));

    sink.trouble(Trouble::answer(Stage::Connect, 421, "4.3.2 Busy").times(1));
    assert!(LmtpClient::connect_smtp(sink.address()).await.is_err());
    sink.trouble(Trouble::close(Stage::Connect).times(1));
    assert!(LmtpClient::connect_smtp(sink.address()).await.is_err());
    let begun = Instant::now();
    sink.trouble(Trouble::delay(Stage::Hello, Duration::from_millis(100)).times(1));
    let mut client = smtp(&sink).await;
    assert!(begun.elapsed() >= Duration::from_millis(100));
    sink.cut_connections();
    assert!(client.command("NOOP").await.is_err());
}

#[tokio::test]
async fn the_sink_sees_what_breaks_the_rules() {
    let sink = SmtpSink::start().await;
    let mut client = smtp(&sink).await;
    let mail = "Subject: Hi\r\n\r\nbare\nümlaut\r\n".as_bytes();
    client
        .deliver_smtp("", &["a@x.example"], mail)
        .await
        .unwrap();
    assert_eq!(sink.mails()[0].sender, "");
    assert_eq!(sink.violations().len(), 2);
}

#[tokio::test]
async fn the_sink_speaks_with_a_real_client() {
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
    let sink = SmtpSink::start().await;
    let client = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .credentials(Credentials::new("user".into(), "password".into()))
        .build();
    let address = |text: &str| text.parse::<lettre::Address>().unwrap();
    let to = vec![address("jane@acme.example")];
    let envelope = lettre::address::Envelope::new(Some(address("a@x.example")), to).unwrap();
    for _ in 0..3 {
        client
            .send_raw(&envelope, b"Subject: Hi\r\n\r\nHi\r\n")
            .await
            .unwrap();
    }
    assert_eq!(sink.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sink_counts_fast() {
    let sink = SmtpSink::start().await;
    sink.count_only();
    let n: u32 = 5000;
    let one = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n";
    let content = format!(
        "Subject: Hi\r\n\r\n{}.\r\n",
        "A line of text.\r\n".repeat(20)
    );
    let begun = Instant::now();
    let sending = (0..4).map(|_| {
        let (sink, content) = (sink.clone(), content.clone());
        tokio::spawn(async move {
            let mut client = smtp(&sink).await;
            for _ in 0..n / 4 {
                client.write(one.as_bytes()).await.unwrap();
                for _ in 0..3 {
                    client.read_reply().await.unwrap();
                }
                client.write(content.as_bytes()).await.unwrap();
                assert_eq!(client.read_reply().await.unwrap().code, 250);
            }
        })
    });
    for sender in sending.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    println!(
        "took {:.0} mails/s",
        f64::from(n) / begun.elapsed().as_secs_f64()
    );
    assert_eq!((sink.count(), sink.mails().len()), (5000, 0));
}
