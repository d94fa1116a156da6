//! Passwords and encryption.

use super::*;

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
