//! What the real Postfix and Dovecot report of letters that did not arrive, and what Dovecot answers
//! for who is away.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::stage::Stage;
use crate::support::servers::mail_servers::{AWAY, FULL};
use crate::support::servers::postroom::BOT;

/// What the bot has said in answer to a message.
async fn told_at(stage: &Stage, message: &str, room: &str) -> Result<Vec<String>> {
    let timeline = stage.ann.timeline(100, room).await?;
    let answers = timeline.iter().filter(|event| {
        event["sender"] == BOT
            && event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == message
    });
    let words = |event: &Value| event["content"]["body"].as_str().map(str::to_owned);
    Ok(answers.filter_map(words).collect())
}

/// Waits for the one thing that the bot says at a message.
async fn told_once(stage: &Stage, message: &str, room: &str) -> Result<String> {
    stage
        .until("the message has an answer", async || {
            let told = told_at(stage, message, room).await;
            told.is_ok_and(|told| !told.is_empty())
        })
        .await?;
    stage.settled().await?;
    let mut told = told_at(stage, message, room).await?;
    assert_eq!(told.len(), 1, "{told:?}");
    told.pop().context("nothing")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_does_not_exist_stops_the_mail_until_staff_resume_it() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Lost touch").await?;
    let address = "nobody@beta.example";
    let ghost = stage
        .add(&format!("{address} Nobody"), "@_email_nobody", &room)
        .await?;
    let first = stage.ann.send_text("Are you there?", &room).await?;
    let told = told_once(&stage, &first, &room).await?;
    for part in [
        "Not delivered to Nobody (nobody@beta.example): there is no such mailbox.",
        "User unknown",
        "No more mail goes to nobody@beta.example from any room",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    // It came to the letter's own return address, and is nobody's answer.
    let log = stage.mail_log();
    let came_back = |line: &str| line.contains("/lmtp[") && line.contains("to=<support+");
    assert_eq!(log.lines().filter(|line| came_back(line)).count(), 1);
    assert_eq!(stage.said_by(&ghost, &room).await?, Vec::<String>::new());

    let second = stage.ann.send_text("Hello?", &room).await?;
    let told = told_once(&stage, &second, &room).await?;
    assert!(told.starts_with("This doesn't go to Nobody"), "{told}");
    let list = stage.ask("!email list", &room).await?;
    let line = "No mail goes to nobody@beta.example: mail to it failed";
    assert!(list.contains(line), "{list}");
    let tried = |stage: &Stage| stage.mail_log().matches("to=<nobody@beta.example>").count();
    assert_eq!(tried(&stage), 1);

    let resumed = stage
        .ask(&format!("!email resume {address}"), &room)
        .await?;
    for part in ["Mail goes to nobody@beta.example again", "- “Hello?”"] {
        assert!(resumed.contains(part), "{part} in {resumed}");
    }
    let third = stage.ann.send_text("Once more.", &room).await?;
    let told = told_once(&stage, &third, &room).await?;
    assert!(told.starts_with("Not delivered to Nobody"), "{told}");
    assert_eq!(tried(&stage), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_is_told_and_tried_again() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Large plans").await?;
    let whom = format!("{FULL} Jane Doe");
    stage.add(&whom, "@_email_jane", &room).await?;
    for text in ["The plan", "The next plan"] {
        let message = stage.ann.send_text(text, &room).await?;
        let told = told_once(&stage, &message, &room).await?;
        for part in ["Not delivered to Jane Doe", "the mailbox is full", "5.2.2"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("No more mail"), "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_one_line() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Kernel training").await?;
    let ghost = stage
        .add(&format!("{AWAY} Jane Doe"), "@_email_jane", &room)
        .await?;
    stage
        .ann
        .send_text("Would Tuesday suit you?", &room)
        .await?;
    stage.says(&ghost, "🤖", &room).await?;
    stage.ann.send_text("Or Wednesday?", &room).await?;
    stage.letters(AWAY, 2).await?;
    let said = stage.said_by(&ghost, &room).await?;
    assert_eq!(
        said,
        ["🤖 Absence note: I am hiking until Monday. · 🔍 shows all of it"]
    );
    let verdict = stage.verdict();
    assert!(verdict.starts_with("Verified"), "{verdict}");
    let told = stage.said_by(BOT, &stage.control_room).await?;
    assert_eq!(told.len(), 1, "only its introduction: {told:?}");
    Ok(())
}
