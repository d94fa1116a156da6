//! How an attempt ends.

use super::*;

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
async fn a_mail_above_the_servers_limit_is_too_large() {
    let server = TestServer::start(&[(0, "EHLO", Say("250-mx\r\n250 SIZE 10"))]).await;
    let outcome = send(&server.transport()).await;
    assert_eq!(kind(&outcome), "too large", "{outcome:?}");
    assert!(reason(outcome).contains("takes at most 10"));
    assert!(!server.log().contains(&"DATA".to_owned()));
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

#[tokio::test]
async fn a_server_may_take_tokens_again_after_a_while() {
    let transport = TestServer::start(&[]).await.transport();
    assert!(!transport.is_plain_only());
    transport.note_plain_only();
    assert!(transport.is_plain_only());
    *transport.plain_only() = Some(Instant::now());
    assert!(!transport.is_plain_only());
}
