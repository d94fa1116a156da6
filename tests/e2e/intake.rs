//! Mail of somebody who is in no room, as the servers carry it.

use anyhow::{Context, Result};

use crate::stage::{SOON, Stage};
use crate::support::servers::customer::{body, header};
use crate::support::servers::postroom::SUPPORT;

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_mail_becomes_a_room_and_is_answered() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let raw = format!(
        "From: Jane Doe <jane@acme.com>\r\nTo: {SUPPORT}\r\nSubject: Printer\r\n\
         Message-ID: <first@acme.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n\
         My printer is broken.\r\n"
    );
    stage
        .mail
        .submit("jane@acme.com", SUPPORT, raw.as_bytes())
        .await?;
    let asked = stage.bot_says("Request #1:", &stage.control_room).await?;
    let words = asked["content"]["body"].as_str().unwrap_or_default();
    assert!(words.contains("> My printer is broken"), "{words}");
    let event = asked["event_id"].as_str().context("an event has an id")?;
    stage.ann.react("✅", event, &stage.control_room).await?;

    let opened = stage.bot_says("is in a room", &stage.control_room).await?;
    let words = opened["content"]["body"].as_str().unwrap_or_default();
    let (_, room) = words.split_once("matrix.to/#/").context("a link")?;
    // The invitation is on its way.
    stage
        .until("Ann can come in", async || {
            stage.ann.join(room).await.is_ok()
        })
        .await?;
    let ghost = stage.joined("@_email_jane", room).await?;
    stage.says(&ghost, "My printer is broken.", room).await?;

    stage.ann.send_text("Is it plugged in?", room).await?;
    let letters = stage.letters("jane@acme.com", 1).await?;
    let field = |name| header(&letters[0], name).unwrap_or_default();
    assert_eq!(field("Subject"), "Re: Printer");
    assert_eq!(field("In-Reply-To"), "<first@acme.com>");
    assert!(body(&letters[0]).contains("Is it plugged in?"));
    let jane = "Jane Doe <jane@acme.com>";
    stage
        .answer(&letters[0], jane, "It is now.", "second@acme.com")
        .await?;
    stage.says(&ghost, "It is now.", room).await?;

    // Nobody but staff and the two of ours is in the room, and ghosts can only talk.
    let members = stage.ann.members(room).await?;
    let joined = members.values().filter(|it| it.membership == "join");
    assert_eq!(joined.count(), 3);
    stage.ann.wait_for_join("@postroom", SOON, room).await?;
    Ok(())
}
