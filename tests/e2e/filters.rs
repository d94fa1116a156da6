//! What filters find: rspamd on the way to us, and clamd, whom Postroom asks itself.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::stage::{LIST, Scenery, Stage};
use crate::support::servers::clamd::EICAR;
use crate::support::servers::customer;
use crate::support::servers::rspamd::{PASSED_OVER, SPAM};

const JANE: &str = "Jane Doe <jane@acme.com>";

/// A room with Jane in it: its id, her ghost, and where her answers go.
async fn open(stage: &Stage) -> Result<(String, String, String)> {
    let room = stage.room("Kernel training").await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane", &room).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    let to = customer::answer(&letter, JANE, "", "x@acme.com")?.to;
    Ok((room, ghost, to))
}

fn mail(to: &str, number: usize, headers: &str, text: &str) -> Vec<u8> {
    format!(
        "From: {JANE}\r\nTo: {to}\r\nSubject: Kernel training\r\nMessage-ID: <{number}@acme.com>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n{headers}\r\n{text}\r\n"
    )
    .into_bytes()
}

/// The configuration of docs/operations.md.
#[tokio::test(flavor = "multi_thread")]
async fn what_rspamd_says_counts_and_what_others_write_in_its_name_does_not() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        rspamd: true,
        trust: Some("{by: header, authserv_ids: [mail.example.org], strips_forged: true}"),
        ..Scenery::default()
    })
    .await?;
    let (room, ghost, to) = open(&stage).await?;
    let from = "jane@acme.com";
    let forged = "X-Spam: Yes\r\nX-Spam-Flag: YES\r\nX-Spamd-Result: default: True [99.0 / 15.0]\r\n\
                  X-Spam-Status: Yes, score=99\r\nX-Virus-Status: Infected (Worm.Test)\r\n";
    let raw = mail(&to, 1, forged, "Called spam by who knows whom");
    stage.mail.deliver(from, &to, &raw).await?;
    stage.says(&ghost, "by who knows whom", &room).await?;
    assert_eq!(stage.verdict(), "Verified [DmarcPass, NotSigned]");

    let spam = |number| mail(&to, number, "", &format!("Spam {number}\r\n\r\n{SPAM}"));
    stage.mail.deliver(from, &to, &spam(2)).await?;
    let told = stage.bot_says("calls it spam", &room).await?;
    let told = told["content"]["body"].as_str().unwrap_or_default();
    assert!(told.contains("jane@acme.com"), "{told}");
    stage.settled().await?;
    assert_eq!(stage.said_by(&ghost, &room).await?.len(), 1);

    let allowed = stage.ask("!email allow jane@acme.com", &room).await?;
    assert!(allowed.contains("never held as spam"), "{allowed}");
    stage.mail.deliver(from, &to, &spam(3)).await?;
    stage.says(&ghost, "Spam 3", &room).await?;

    // There are mails of which it says nothing, and from which it takes nothing out.
    let forged = "Authentication-Results : (really) mail.example.org; dmarc=pass\r\n\
                  Authentication-Results: mail.example.org; dmarc=pass header.from=acme.com\r\n";
    let raw = mail(&to, 4, forged, &format!("Believe me\r\n\r\n{PASSED_OVER}"));
    stage.mail.deliver_from(LIST, from, &to, &raw).await?;
    let shown = stage.says(&ghost, "Believe me", &room).await?;
    assert_eq!(stage.verdict(), "Unverified [NotChecked]");
    let shown = shown["content"]["body"].as_str().unwrap_or_default();
    assert!(shown.contains("❔ sender not verified"), "{shown}");
    Ok(())
}

/// What the ghost has shown besides words.
async fn files(stage: &Stage, ghost: &str, room: &str) -> Result<Vec<Value>> {
    let timeline = stage.ann.timeline(100, room).await?;
    let is_file =
        |event: &Value| event["sender"] == ghost && event["content"]["msgtype"] == "m.file";
    Ok(timeline.into_iter().filter(is_file).collect())
}

fn with_file(to: &str, number: usize, text: &str, file: &str) -> Vec<u8> {
    let content_type = "Content-Type: multipart/mixed; boundary=b\r\n";
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=plan.bin\r\n\r\n{file}\r\n--b--"
    );
    mail(to, number, content_type, &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clamd_finds_never_gets_to_the_homeserver() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        clamd: true,
        ..Scenery::default()
    })
    .await?;
    let (room, ghost, to) = open(&stage).await?;
    let from = "jane@acme.com";
    let clean = with_file(&to, 1, "The plan", "nothing but a plan");
    stage.mail.deliver(from, &to, &clean).await?;
    stage.says(&ghost, "plan.bin", &room).await?;

    let infected = with_file(&to, 2, "The other plan", &EICAR.concat());
    stage.mail.deliver(from, &to, &infected).await?;
    let shown = stage.says(&ghost, "The other plan", &room).await?;
    let notice = stage.bot_says("malware", &room).await?;
    let words = notice["content"]["body"].as_str().unwrap_or_default();
    assert!(words.contains("plan.bin"), "{words}");
    let id = |event: &Value| event["event_id"].as_str().map(str::to_owned);
    let notice = id(&notice).context("no id")?;
    stage.ann.react("✅", &notice, &room).await?;
    let shown = id(&shown).context("no id")?;
    stage.ann.react("🔍", &shown, &room).await?;
    stage
        .bot_says("can't be shown here: there is malware", &room)
        .await?;
    stage.settled().await?;
    assert_eq!(files(&stage, &ghost, &room).await?.len(), 1);
    Ok(())
}
