//! What happens before somebody is a customer: a stranger writes, staff open a room, and he is welcome.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::scene::{self, SOON};
use crate::screen::Screen;
use crate::servers::customer;
use crate::servers::matrix_client::MatrixClient;
use crate::servers::postroom::{BOT, SUPPORT};
use crate::stage::{STAFF, STAFF_PASSWORD, Stage};

/// Who writes to us for the first time.
pub const STRANGER: &str = "paul@beta.example";
const NAMED: &str = "Paul Stone <paul@beta.example>";
const REQUEST: &str = "Hello,\r\n\r\ndo you give your Yocto training on site, too? We would be six, \
     in Lyon, and the second week of September suits us best.\r\n\r\nBest regards\r\nPaul Stone\r\n";
const ANSWER: &str = "Hello Paul, we do, and that week is free. Do all of you know Git already?";
const THANKS: &str = "Wonderful! All but one do, and she learns quickly.";

pub async fn play(stage: &mut Stage, screen: &Screen) -> Result<()> {
    let ann = MatrixClient::log_in(&stage.synapse.url(), STAFF, STAFF_PASSWORD).await?;
    let desk = ann.create_room("Desk", &[BOT]).await?;
    let mut settings = stage.settings();
    scene::adapt(&mut settings);
    settings.control_room = Some(desk.clone());
    settings.rooms = Some("{prefix: \"EE: \"}".to_owned());
    stage.postroom.stop();
    stage.postroom.configure(&settings)?;
    stage.postroom.start().await?;
    let logs = stage.logs();
    let steps = request(&ann, &desk, stage);
    screen
        .step("Paul writes, and Ann takes it up", &logs, steps)
        .await
}

async fn request(ann: &MatrixClient, desk: &str, stage: &Stage) -> Result<()> {
    ann.wait_for_join(BOT, SOON, desk).await?;
    let raw = format!(
        "From: {NAMED}\r\nTo: {SUPPORT}\r\nSubject: Yocto training in Lyon\r\n\
         Message-ID: <yocto@beta.example>\r\nDate: Mon, 23 Nov 2026 09:12:00 +0100\r\n\r\n{REQUEST}"
    );
    stage.mail.submit(STRANGER, SUPPORT, raw.as_bytes()).await?;
    let asked = said("Request #1:", desk, ann).await?;
    let asked = asked["event_id"].as_str().context("an event has an id")?;
    ann.react("✅", asked, desk).await?;
    let opened = said("is in a room", desk, ann).await?;
    let words = opened["content"]["body"].as_str().unwrap_or_default();
    let (_, room) = words.split_once("matrix.to/#/").context("a link")?;
    // The invitation is on its way.
    let deadline = Instant::now() + SOON;
    while let Err(fault) = ann.join(room).await {
        ensure!(Instant::now() < deadline, fault);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    said("second week of September", room, ann).await?;

    ann.send_text(ANSWER, room).await?;
    let mailbox = stage.mail.mailbox(STRANGER)?;
    let letter = mailbox.wait_for_mail(1, SOON).await?.remove(0);
    let answer = customer::answer(&letter, NAMED, THANKS, "git@beta.example")?;
    stage.mail.submit(STRANGER, &answer.to, &answer.raw).await?;
    said(THANKS, room, ann).await?;
    ann.send_text("!email welcome", room).await?;
    mailbox.wait_for_mail(2, SOON).await.map(drop)
}

/// Waits until somebody has said `words`.
async fn said(words: &str, room: &str, ann: &MatrixClient) -> Result<Value> {
    let is_it = |event: &Value| {
        let body = event["content"]["body"].as_str().unwrap_or_default();
        body.contains(words)
    };
    ann.wait_for_event(words, is_it, SOON, room).await
}
