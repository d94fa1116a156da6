//! Connections: used again, replaced, ended.

use super::*;

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
