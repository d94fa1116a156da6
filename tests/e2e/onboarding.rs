//! From mail to Matrix.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::stage::{SOON, Scenery, Stage};
use crate::support::servers::customer::{self, body, header};

const JANE: &str = "Jane Doe <jane@acme.com>";

#[tokio::test(flavor = "multi_thread")]
async fn from_the_welcome_mail_to_the_last_one() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        onboarding: Some("{welcome: true}"),
        ..Scenery::default()
    })
    .await?;
    let jane = stage.synapse.register_user("jane.d", "jane-secret").await?;
    jane.set_name("Jane").await?;
    let room = stage.room("Kernel training Lyon").await?;
    let history = json!({"history_visibility": "invited"});
    stage
        .ann
        .send_state("m.room.history_visibility", "", &history, &room)
        .await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let welcome = stage.letters("jane@acme.com", 1).await?.remove(0);
    let text = body(&welcome);
    assert!(text.contains("Just answer our mails"), "{text}");
    assert!(text.contains("@your.name:matrix.org"), "{text}");
    assert!(
        !text.contains("matrix.to"),
        "only who is invited comes in: {text}"
    );
    assert_eq!(
        header(&welcome, "Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    stage.ann.send_text("Hello Jane.", &room).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;

    // She reads the guide, and answers as people do.
    let id = " Jane.D : Example.org ";
    stage.answer(&letters[0], JANE, id, "id@acme.com").await?;
    stage.says(&ghost, "Jane.D : Example.org", &room).await?;
    stage
        .bot_says("asks by mail to come into this room", &room)
        .await?;
    stage
        .until("she is invited", async || {
            let members = stage.ann.members(&room).await.unwrap_or_default();
            members
                .get("@jane.d:example.org")
                .is_some_and(|it| it.membership == "invite")
        })
        .await?;
    stage.ann.send_text("See you in the chat.", &room).await?;
    stage.letters("jane@acme.com", 3).await?;
    jane.join(&room).await?;
    let letters = stage.letters("jane@acme.com", 4).await?;
    let last = body(&letters[3]);
    assert!(
        last.contains("you are in the chat now, as @jane.d:example.org"),
        "{last}"
    );
    let subject = header(&letters[3], "Subject");
    assert_eq!(subject.as_deref(), Some("Re: Kernel training Lyon"));
    stage
        .bot_says("Jane Doe is here as", &stage.control_room)
        .await?;

    // Both are in the chat now, and no mail goes.
    stage.ann.send_text("Welcome!", &room).await?;
    jane.send_text("Thank you, this is better.", &room).await?;
    stage.settled().await?;
    stage.letters("jane@acme.com", 4).await?;
    // An old letter is answered all the same.
    stage
        .answer(&letters[1], JANE, "One more by mail.", "late@acme.com")
        .await?;
    stage.says(&ghost, "One more by mail.", &room).await?;

    // She would rather have mail.
    jane.leave(&room).await?;
    let told = stage.bot_says("has left the room as", &room).await?;
    let event = told["event_id"].as_str().context("an event id")?;
    stage.ann.react("✅", event, &room).await?;
    stage
        .bot_says("gets mail from this room again", &room)
        .await?;
    stage.ann.send_text("By mail again.", &room).await?;
    let letters = stage.letters("jane@acme.com", 5).await?;
    assert!(body(&letters[4]).contains("By mail again."));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_history_is_open_staff_are_asked_and_unusable_ids_explained() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        onboarding: Some("{allowed_servers: [acme.com]}"),
        ..Scenery::default()
    })
    .await?;
    let jane = stage.synapse.register_user("jane.d", "jane-secret").await?;
    let room = stage.room("Site visit").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane.", &room).await?;
    let letters = stage.letters("jane@acme.com", 1).await?;
    stage
        .answer(&letters[0], JANE, "My Matrix ID is jane.d", "no@acme.com")
        .await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    let text = body(&letters[1]);
    assert!(text.contains("The server is missing"), "{text}");
    assert!(text.contains("@your.name:acme.com"), "{text}");

    let elsewhere = customer::answer(&letters[0], JANE, "@jane:nowhere.example", "x@acme.com")?;
    stage
        .mail
        .submit("jane@acme.com", &elsewhere.to, &elsewhere.raw)
        .await?;
    stage
        .bot_says("nowhere.example is not allowed", &room)
        .await?;
    stage.letters("jane@acme.com", 3).await?;

    stage
        .answer(&letters[0], JANE, "@jane.d:example.org", "id@acme.com")
        .await?;
    let told = stage.bot_says("✅ invites them", &room).await?;
    let event = told["event_id"].as_str().context("an event id")?;
    stage.ann.react("✅", event, &room).await?;
    stage
        .until("she can come in", async || jane.join(&room).await.is_ok())
        .await?;
    stage.letters("jane@acme.com", 4).await?;

    // A server that isn't there: Synapse can't invite, staff are told, and the room goes on meanwhile.
    let control_room = &stage.control_room;
    stage.add("bob@acme.com Bob", "@_email_bob", &room).await?;
    let answer = stage.ask("!email allowed nowhere.example", &room).await?;
    assert!(answer.contains("Nobody waits"), "{answer}");
    stage
        .ann
        .send_text("!email link bob@acme.com @bob:nowhere.example", &room)
        .await?;
    let told = stage
        .bot_says("Bob is to come into this room", control_room)
        .await?;
    let event = told["event_id"].as_str().context("an event id")?;
    stage.ann.react("✅", event, control_room).await?;
    let list = stage.ask("!email list", &room).await?;
    assert!(list.contains("bob@acme.com"), "{list}");
    let is_told = |event: &Value| {
        event["content"]["body"]
            .as_str()
            .is_some_and(|it| it.contains("could not be invited as @bob:nowhere.example"))
    };
    let patience = SOON * 4;
    let told = stage
        .ann
        .wait_for_event("staff are told", is_told, patience, control_room)
        .await;
    told.with_context(|| stage.log())?;
    Ok(())
}
