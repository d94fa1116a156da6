//! Rooms live on: replaced, left by the bot and entered again, deleted; direct chats with ghosts.

use anyhow::{Context, Result};
use rstest::rstest;
use serde_json::json;

use crate::stage::{SOON, Stage};
use crate::support::servers::customer::{body, header};
use crate::support::servers::postroom::BOT;

const JANE: &str = "Jane Doe <jane@acme.com>";

#[rstest]
#[case("11", "12")]
#[case("12", "12")]
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_upgraded_takes_everybody_along(
    #[case] from: &str,
    #[case] to: &str,
) -> Result<()> {
    let stage = Stage::set("0s").await?;
    let options = json!({
        "name": "Training", "preset": "private_chat", "invite": [BOT], "room_version": from,
    });
    let old = stage.ann.create_room_with(&options).await?;
    stage.bot_says("I let people take part here", &old).await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &old)
        .await?;
    stage.ann.send_text("Hello Jane.", &old).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);

    let new = stage.ann.upgrade(&old, to).await?;
    // Nobody is invited yet: staff are told, and mail waits.
    let control_room = stage.control_room.clone();
    stage.bot_says("and I can't get in", &control_room).await?;
    stage
        .answer(&letter, JANE, "Are you there?", "j1@acme.com")
        .await?;
    stage.bot_says("> Are you there?", &control_room).await?;
    // As Element does.
    stage.ann.invite(&ghost, &new).await?;
    stage.ann.invite(BOT, &new).await?;
    stage
        .bot_says("This room goes on from the one that it replaces", &new)
        .await?;
    stage.joined(&ghost, &new).await?;
    stage.says(&ghost, "Are you there?", &new).await?;
    stage.ann.send_text("Yes, here.", &new).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    assert!(body(&letters[1]).contains("Yes, here."));
    assert_eq!(header(&letter, "Reply-To"), header(&letters[1], "Reply-To"));
    stage
        .until("ours have left the old room", async || {
            let members = stage.ann.members(&old).await.unwrap_or_default();
            let left = |user: &str| members.get(user).is_some_and(|it| it.membership == "leave");
            left(BOT) && left(&ghost)
        })
        .await?;
    assert_eq!(stage.said_by(&ghost, &old).await?, [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_kicked_returns_to_what_waited() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Training").await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane.", &room).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    stage.ann.kick(BOT, "too loud", &room).await?;
    let control_room = stage.control_room.clone();
    stage
        .bot_says("Their reason: “too loud”.", &control_room)
        .await?;
    stage
        .answer(&letter, JANE, "Hello Ann.", "j1@acme.com")
        .await?;
    stage.bot_says("> Hello Ann.", &control_room).await?;
    stage.ann.invite(BOT, &room).await?;
    stage.bot_says("I am back", &room).await?;
    stage.says(&ghost, "Hello Ann.", &room).await?;
    stage.ann.send_text("And on.", &room).await?;
    stage.letters("jane@acme.com", 2).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_an_administrator_deletes_is_told_of_once() -> Result<()> {
    let mut stage = Stage::set("0s").await?;
    let room = stage.room("Training").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane.", &room).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    stage.synapse.make_admin("@ann:example.org").await?;
    stage.ann.delete_room(&room).await?;
    let control_room = stage.control_room.clone();
    stage
        .bot_says(
            "The homeserver has taken me out of “Training”",
            &control_room,
        )
        .await?;
    stage
        .answer(&letter, JANE, "Too late?", "j1@acme.com")
        .await?;
    stage.bot_says("jane@acme.com", &control_room).await?;
    stage.settled().await?;
    let told = stage.said_by(BOT, &control_room).await?;
    let told = told.iter().filter(|line| line.contains("has taken me out"));
    assert_eq!(told.count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_with_whom_a_look_up_finds_is_a_private_conversation() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let found = stage
        .ann
        .look_up("email", ("email", "bob@acme.com"))
        .await?;
    let user = found[0]["userid"].as_str().context("nobody is found")?;
    assert_eq!(user, "@_email_bob=40acme.com:example.org");
    let protocols = stage
        .ann
        .request(reqwest::Method::GET, &["thirdparty", "protocols"], None)
        .await?;
    assert_eq!(protocols["email"]["user_fields"], json!(["email"]));

    let direct = json!({"preset": "trusted_private_chat", "is_direct": true, "invite": [user]});
    let chat = stage.ann.create_room_with(&direct).await?;
    stage
        .bot_says("This is a private conversation", &chat)
        .await?;
    let ghost = stage.ann.wait_for_join("@_email_bob.", SOON, &chat).await?;
    stage.ann.send_text("Only you.", &chat).await?;
    let letter = stage.letters("bob@acme.com", 1).await?.remove(0);
    assert!(body(&letter).contains("Only you."));
    stage
        .answer(&letter, "Bob <bob@acme.com>", "Thanks.", "b1@acme.com")
        .await?;
    stage.says(&ghost, "Thanks.", &chat).await?;

    // The same with the ghost itself; others than staff are declined.
    let direct = json!({"preset": "trusted_private_chat", "is_direct": true, "invite": [ghost]});
    let second = stage.ann.create_room_with(&direct).await?;
    stage
        .bot_says("This is a private conversation", &second)
        .await?;
    stage.settled().await?;
    Ok(())
}
