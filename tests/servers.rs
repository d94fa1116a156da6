//! The real servers that tests and the demo stand on do start, and do what is expected of them.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::State;
use axum::routing::put;
use axum::{Json, Router};
use serde_json::{Value, json};
use support::servers::mail_servers::{MailOptions, MailServers};
use support::servers::ports;
use support::servers::synapse::{Synapse, SynapseOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn mail_flows_from_submission_to_a_mailbox() -> Result<()> {
    let servers = MailServers::start(&MailOptions::default()).await?;
    let jane = servers.mailbox("jane@acme.com")?;

    servers
        .submit("joe@beta.example", "jane@acme.com", &mail("First"))
        .await?;
    let first = jane.wait_for_mail(1, SOON).await?;
    servers
        .submit("joe@beta.example", "jane@acme.com", &mail("Second"))
        .await?;
    let both = jane.wait_for_mail(2, SOON).await?;

    assert!(
        text(&both[1]).contains("Subject: Second"),
        "{}",
        text(&both[1])
    );
    assert_eq!(both[0], first[0]);
    Ok(())
}

#[tokio::test]
async fn own_mail_goes_to_the_lmtp_listener_with_its_detail() -> Result<()> {
    let (listener, mut arrivals) = lmtp_listener().await?;
    let options = MailOptions {
        lmtp_port: Some(listener),
        ..MailOptions::default()
    };
    let servers = MailServers::start(&options).await?;

    for to in ["support+k7f3@example.org", "anybody@rooms.example.org"] {
        servers.submit("jane@acme.com", to, &mail("Hello")).await?;
        let (recipient, raw) = arrivals.recv().await.context("the listener ended")?;
        assert_eq!(recipient, format!("RCPT TO:<{to}>"));
        assert!(raw.contains("Subject: Hello"), "{raw}");
    }
    Ok(())
}

#[tokio::test]
async fn mail_without_a_login_is_taken_for_known_recipients_only() -> Result<()> {
    let servers = MailServers::start(&MailOptions::default()).await?;

    servers
        .deliver("", "support@example.org", &mail("From a server"))
        .await?;
    servers
        .mailbox("support@example.org")?
        .wait_for_mail(1, SOON)
        .await?;

    for to in ["nobody@example.org", "somebody@elsewhere.example"] {
        let refused = servers.deliver("joe@beta.example", to, &mail("No")).await;
        assert!(refused.is_err(), "{to} was accepted");
    }
    Ok(())
}

#[tokio::test]
async fn mail_to_the_outside_bounces_and_never_leaves() -> Result<()> {
    let servers = MailServers::start(&MailOptions::default()).await?;

    servers
        .submit("jane@acme.com", "joe@elsewhere.example", &mail("Away"))
        .await?;

    let bounces = servers
        .mailbox("jane@acme.com")?
        .wait_for_mail(1, SOON)
        .await?;
    let bounce = text(&bounces[0]);
    assert!(bounce.contains("report-type=delivery-status"), "{bounce}");
    assert!(bounce.contains("No mail leaves this machine"), "{bounce}");
    Ok(())
}

#[tokio::test]
async fn imap_lets_a_mail_program_in() -> Result<()> {
    let servers = MailServers::start(&MailOptions::default()).await?;
    servers
        .submit("joe@beta.example", "jane@acme.com", &mail("Hello"))
        .await?;
    servers
        .mailbox("jane@acme.com")?
        .wait_for_mail(1, SOON)
        .await?;

    let mut imap =
        BufReader::new(tokio::net::TcpStream::connect(("127.0.0.1", servers.imap_port())).await?);
    imap.write_all(b"a LOGIN jane@acme.com secret\r\nb STATUS INBOX (MESSAGES)\r\nc LOGOUT\r\n")
        .await?;
    let mut dialogue = String::new();
    while imap.read_line(&mut dialogue).await? > 0 {}

    assert!(dialogue.contains("STATUS INBOX (MESSAGES 1)"), "{dialogue}");
    Ok(())
}

#[tokio::test]
async fn synapse_pushes_to_an_appservice_and_users_talk() -> Result<()> {
    let pushed = Arc::new(Mutex::new(Vec::new()));
    let appservice = appservice(Arc::clone(&pushed)).await?;
    let registration = format!(
        r"
id: listener
url: http://127.0.0.1:{appservice}
as_token: as
hs_token: hs
sender_localpart: listener
rate_limited: false
receive_ephemeral: true
de.sorunome.msc2409.push_ephemeral: true
namespaces: {{users: [{{exclusive: false, regex: '@.*'}}]}}
"
    );
    let options = SynapseOptions {
        registration: Some(registration),
        ..SynapseOptions::default()
    };
    let mut synapse = Synapse::start(&options).await?;
    let ann = synapse.register_user("ann", "secret").await?;
    let bob = synapse.register_user("bob", "secret").await?;
    assert_eq!(ann.user_id(), "@ann:example.org");

    let room = ann.create_room("Kernel training", &[]).await?;
    ann.invite(bob.user_id(), &room).await?;
    bob.join(&room).await?;
    bob.wait_for_join("@ann", SOON, &room).await?;
    bob.set_typing(true, &room).await?;
    let question = ann.send_text("Are you there?", &room).await?;
    bob.react("👍", &question, &room).await?;
    let file = ann
        .upload(b"agenda".to_vec(), "text/plain", "agenda.txt")
        .await?;
    assert_eq!(bob.download(&file).await?, b"agenda");

    let is_question = |event: &Value| event["event_id"] == question.as_str();
    let seen = bob
        .wait_for_event("the question", is_question, SOON, &room)
        .await?;
    assert_eq!(seen["content"]["body"], "Are you there?");
    wait_until("the question was pushed", || {
        pushed
            .lock()
            .is_ok_and(|events| events.iter().any(is_question))
    })
    .await?;

    ann.redact(&question, &room).await?;
    synapse.resume().await?;
    let redacted = bob
        .wait_for_event("the question", is_question, SOON, &room)
        .await?;
    assert_eq!(redacted["content"], json!({}));
    Ok(())
}

#[test]
fn ports_are_reserved_once() -> Result<()> {
    let all = (0..50).map(|_| ports::free()).collect::<Result<Vec<_>>>()?;
    let mut numbers: Vec<u16> = all.iter().map(ports::Port::number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 50);
    Ok(())
}

fn mail(subject: &str) -> Vec<u8> {
    format!(
        "From: Somebody <somebody@beta.example>\r\nTo: undisclosed-recipients:;\r\n\
         Subject: {subject}\r\n\r\nGood morning.\r\n"
    )
    .into_bytes()
}

fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}

async fn wait_until(what: &str, reached: impl Fn() -> bool) -> Result<()> {
    tokio::time::timeout(SOON, async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .with_context(|| format!("never happened: {what}"))
}

/// Takes transactions and keeps their events; returns its port.
async fn appservice(events: Arc<Mutex<Vec<Value>>>) -> Result<u16> {
    type Events = State<Arc<Mutex<Vec<Value>>>>;
    async fn take(State(events): Events, Json(mut body): Json<Value>) -> Json<Value> {
        if let (Ok(mut events), Value::Array(new)) = (events.lock(), body["events"].take()) {
            events.extend(new);
        }
        Json(json!({}))
    }
    let routes = Router::new()
        .route("/_matrix/app/v1/transactions/{id}", put(take))
        .with_state(events);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(port)
}

/// A listener that says yes to everything and passes on each `RCPT` line with its mail.
async fn lmtp_listener() -> Result<(u16, mpsc::UnboundedReceiver<(String, String)>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(lmtp_session(BufReader::new(stream), sender.clone()));
        }
    });
    Ok((port, receiver))
}

async fn lmtp_session(
    mut stream: BufReader<tokio::net::TcpStream>,
    arrivals: mpsc::UnboundedSender<(String, String)>,
) -> Result<()> {
    let mut recipient = String::new();
    stream.write_all(b"220 listener LMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        if command == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            let mut raw = String::new();
            while !raw.ends_with("\r\n.\r\n") {
                stream.read_line(&mut raw).await?;
            }
            arrivals.send((std::mem::take(&mut recipient), raw))?;
        } else if command.starts_with("RCPT") {
            command.clone_into(&mut recipient);
        }
        stream.write_all(b"250 yes\r\n").await?;
    }
}
