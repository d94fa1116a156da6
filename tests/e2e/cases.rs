//! A day at the desk.

use anyhow::Result;
use reqwest::Method;

use crate::stage::Stage;
use crate::support::servers::customer::body;
use crate::support::servers::postroom::BOT;

const JANE: &str = "Jane Doe <jane@acme.com>";

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_the_desk() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Board bring-up").await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let bo = stage.synapse.register_user("bo", "bo-secret").await?;
    bo.set_name("Bo").await?;
    stage.ann.invite(bo.user_id(), &room).await?;
    bo.join(&room).await?;

    let assign = format!("!email assign {}", bo.user_id());
    let said = stage.ask(&assign, &room).await?;
    assert!(said.contains("is for Bo from now on"), "{said}");
    stage.ann.send_text("Which board is it?", &room).await?;
    let letters = stage.letters("jane@acme.com", 1).await?;
    assert!(body(&letters[0]).contains("Which board is it?"));
    let said = stage.ask("!email pending", &room).await?;
    assert!(said.contains("#1 (Jane Doe) is pending."), "{said}");

    stage
        .answer(&letters[0], JANE, "Revision C.", "c1@acme.com")
        .await?;
    stage.says(&jane, "Revision C.", &room).await?;
    stage
        .bot_says("Bo: Jane Doe has written, so #1 is open again.", &room)
        .await?;
    // Synapse tells Bo, and says that it is for him.
    stage
        .until("Bo is told", async || {
            let path = ["notifications"];
            let told = bo.request(Method::GET, &path, None).await;
            let told = told.unwrap_or_default();
            let mut told = told["notifications"].as_array().into_iter().flatten();
            told.any(|one| {
                let event = &one["event"];
                let is_call = event["sender"] == BOT
                    && event["content"]["m.mentions"]["user_ids"][0] == bo.user_id();
                let actions = one["actions"].to_string();
                is_call && actions.contains("highlight")
            })
        })
        .await?;
    let list = stage.ask("!email list", &room).await?;
    assert!(list.contains("· waits for us"), "{list}");

    stage.ann.send_text("Then it is the clock.", &room).await?;
    stage.letters("jane@acme.com", 2).await?;
    let said = stage.ask("!email close", &room).await?;
    assert!(said.contains("#1 (Jane Doe) is closed."), "{said}");
    let list = stage.ask("!email list closed", &stage.control_room).await?;
    assert!(
        list.contains("- #1 Jane Doe · Board bring-up · closed · Bo"),
        "{list}"
    );
    let list = stage.ask("!email list", &stage.control_room).await?;
    assert!(
        list.contains("No conversation is open or pending."),
        "{list}"
    );
    stage.settled().await
}
