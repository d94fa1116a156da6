//! What staff do to their messages, as real clients send it.

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::support::servers::customer::body;

#[tokio::test(flavor = "multi_thread")]
async fn edits_redactions_and_notes_of_a_real_client() -> Result<()> {
    let stage = Stage::set("2s").await?;
    let ann = &stage.ann;
    let room = stage.room("Board review").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;

    // While the letter is open.
    let date = say("We meet on Tuseday.", &stage, &room).await?;
    edit(&date, "We meet on Tuesday.", &stage, &room).await?;
    let price = say("The price is 9000.", &stage, &room).await?;
    ann.redact(&price, &room).await?;
    let note = say("!! She pays late, mind.", &stage, &room).await?;
    let reply = json!({
        "msgtype": "m.text", "body": "Indeed she does.", "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": note}},
    });
    ann.send_event("m.room.message", &reply, &room).await?;
    let path = say("//server/share holds the plans.", &stage, &room).await?;

    let letters = stage.letters("jane@acme.com", 1).await?;
    let text = body(&letters[0]);
    assert!(text.contains("We meet on Tuesday."), "{text}");
    assert!(text.contains("//server/share"), "{text}");
    for gone in ["Tuseday", "9000", "pays late", "Indeed"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }

    // Once it has gone.
    edit(&date, "We meet on Wednesday.", &stage, &room).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    let text = body(&letters[1]);
    assert!(text.contains("Correction"), "{text}");
    assert!(text.contains("We meet on Wednesday."), "{text}");

    let redaction = ann.redact(&path, &room).await?;
    stage
        .bot_says("had already gone by email to Jane Doe", &room)
        .await?;
    let is_it = |event: &Value| event["event_id"] == redaction;
    let event = ann
        .wait_for_event("the redaction", is_it, crate::stage::SOON, &room)
        .await?;
    assert_eq!(event["content"]["redacts"], path, "room version 12");
    stage.letters("jane@acme.com", 2).await?;
    Ok(())
}

async fn say(text: &str, stage: &Stage, room: &str) -> Result<String> {
    let content = json!({"msgtype": "m.text", "body": text, "m.mentions": {}});
    stage.ann.send_event("m.room.message", &content, room).await
}

async fn edit(event: &str, text: &str, stage: &Stage, room: &str) -> Result<String> {
    let content = json!({
        "msgtype": "m.text", "body": format!("* {text}"), "m.mentions": {},
        "m.new_content": {"msgtype": "m.text", "body": text, "m.mentions": {}},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    });
    stage.ann.send_event("m.room.message", &content, room).await
}
