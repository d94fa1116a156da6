//! A second room: an answer with a table, a list and files, one of which is withheld, and an
//! invitation. The mails are files beside this one, as Outlook writes them.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::scene::SOON;
use crate::screen::Screen;
use crate::servers::customer::header;
use crate::servers::matrix_client::MatrixClient;
use crate::servers::postroom::BOT;
use crate::stage::{CUSTOMER, Stage};

const ROOM: &str = "Carrier board, first series";
const RESULTS: &str = include_str!("results.eml");
const INVITATION: &str = include_str!("invitation.eml");

/// `ann` is logged in; the first letter here is number `first` in Jane's mailbox.
pub async fn play(first: usize, ann: &MatrixClient, stage: &Stage, screen: &Screen) -> Result<()> {
    let logs = stage.logs();
    screen
        .step("Jane sends files", &logs, relay(first, ann, stage))
        .await
}

async fn relay(first: usize, ann: &MatrixClient, stage: &Stage) -> Result<()> {
    let room = ann.create_room(ROOM, &[BOT]).await?;
    ann.wait_for_join(BOT, SOON, &room).await?;
    ann.send_text(&format!("!email add {CUSTOMER} Jane Doe"), &room)
        .await?;
    ann.wait_for_join("@_email_", SOON, &room).await?;
    said("Added Jane Doe", ann, &room).await?;
    ann.send_text(
        "Hello Jane, how did the test of the first series go?",
        &room,
    )
    .await?;
    let mailbox = stage.mail.mailbox(CUSTOMER)?;
    let mails = mailbox.wait_for_mail(first, SOON).await?;
    let letter = mails.into_iter().nth(first - 1).context("too few mails")?;

    answer(RESULTS, &letter, stage).await?;
    said("the first run is through", ann, &room).await?;
    said("setup.exe", ann, &room).await?;
    answer(INVITATION, &letter, stage).await?;
    let invitation = said("look at board 7", ann, &room).await?;
    ann.send_text("Gladly. We bring the logic analyser.", &room)
        .await?;
    let sign = json!({"m.relates_to": {
        "rel_type": "m.annotation", "event_id": invitation, "key": "🔍",
    }});
    ann.send_event("m.reaction", &sign, &room).await?;
    said("From: Jane Doe", ann, &room).await?;
    // Whoever looks into the mailbox finds all of it.
    mailbox.wait_for_mail(first + 1, SOON).await.map(drop)
}

/// Jane's program sends `mail` as her answer to `letter`.
async fn answer(mail: &str, letter: &[u8], stage: &Stage) -> Result<()> {
    let reply_to = header(letter, "Reply-To").context("the letter has no Reply-To")?;
    let to = reply_to.rsplit('<').next().unwrap_or_default();
    let to = to.trim_end_matches('>');
    let id = header(letter, "Message-ID").context("the letter has no Message-ID")?;
    let mail = mail
        .replace("{{reply-address}}", to)
        .replace("{{letter-id}}", id.trim_matches(['<', '>']))
        .replace('\n', "\r\n");
    stage.mail.submit(CUSTOMER, to, mail.as_bytes()).await
}

/// Waits until somebody has said `words`, and returns the id of the event.
async fn said(words: &str, reader: &MatrixClient, room: &str) -> Result<String> {
    let is_it = |event: &Value| {
        let body = event["content"]["body"].as_str().unwrap_or_default();
        body.contains(words)
    };
    let event = reader.wait_for_event(words, is_it, SOON, room).await?;
    let id = event["event_id"].as_str().context("an event without id")?;
    Ok(id.to_owned())
}
