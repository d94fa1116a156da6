//! What happens: staff write in a room, a customer gets a letter, her answer appears in the room.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::screen::Screen;
use crate::servers::customer::{self, Mail};
use crate::servers::matrix_client::MatrixClient;
use crate::servers::postroom::BOT;
use crate::stage::{CUSTOMER, STAFF, STAFF_PASSWORD, Stage};

const ROOM: &str = "Kernel training Lyon";
const ANSWER: &str = "Tuesday suits us, and yes: please bring the boards.\n\nJane";
const SOON: Duration = Duration::from_secs(30);

pub async fn play(stage: &Stage, screen: &Screen) -> Result<()> {
    let logs = [stage.logs(), vec![stage.synapse.log()]].concat();
    let logs = logs.as_slice();

    let ann = screen.step("Ann registers", logs, register(stage)).await?;
    let create = ann.create_room(ROOM, &[BOT]);
    let room = screen
        .step("Ann creates a room and invites Postroom", logs, create)
        .await?;
    screen
        .step("Postroom joins", logs, ann.wait_for_join(BOT, SOON, &room))
        .await?;

    screen
        .step(
            "Ann adds jane@acme.com, who joins as a ghost",
            logs,
            add_jane(&ann, &room),
        )
        .await?;
    screen
        .step("Ann writes two messages", logs, write(&ann, &room))
        .await?;

    let letter = screen
        .step("Jane gets one letter", logs, letter(stage))
        .await?;
    show_mail(&letter, screen);

    let jane = format!("Jane Doe <{CUSTOMER}>");
    let answer = customer::answer(&letter, &jane, ANSWER, "answer-1@acme.com")?;
    screen
        .step(
            "Jane answers, as mail programs do",
            logs,
            send(&answer, stage),
        )
        .await?;
    screen
        .step("Her answer appears in the room", logs, arrival(&ann, &room))
        .await?;
    show_room(&ann, &room, screen).await
}

async fn register(stage: &Stage) -> Result<MatrixClient> {
    let ann = stage.synapse.register_user(STAFF, STAFF_PASSWORD).await?;
    ann.set_name("Ann").await?;
    Ok(ann)
}

async fn add_jane(ann: &MatrixClient, room: &str) -> Result<String> {
    ann.send_text(&format!("!email add {CUSTOMER} Jane Doe"), room)
        .await?;
    ann.wait_for_join("@_email_", SOON, room).await
}

async fn write(ann: &MatrixClient, room: &str) -> Result<()> {
    ann.send_text(
        "Hello Jane, would Tuesday the 14th suit you for the first day?",
        room,
    )
    .await?;
    ann.send_text(
        "And shall we bring the boards, or do you have your own?",
        room,
    )
    .await?;
    Ok(())
}

async fn letter(stage: &Stage) -> Result<Vec<u8>> {
    let mails = stage.mail.mailbox(CUSTOMER)?.wait_for_mail(1, SOON).await?;
    mails.into_iter().next().context("an empty mailbox")
}

async fn send(answer: &Mail, stage: &Stage) -> Result<()> {
    stage.mail.submit(CUSTOMER, &answer.to, &answer.raw).await
}

async fn arrival(ann: &MatrixClient, room: &str) -> Result<()> {
    let is_answer = |event: &Value| {
        let sender = event["sender"].as_str().unwrap_or_default();
        let body = event["content"]["body"].as_str().unwrap_or_default();
        sender.starts_with("@_email_") && body.contains("Tuesday suits us")
    };
    ann.wait_for_event("Jane's answer", is_answer, SOON, room)
        .await
        .map(drop)
}

fn show_mail(raw: &[u8], screen: &Screen) {
    let mut shown = Vec::new();
    for name in ["From", "To", "Reply-To", "Subject"] {
        if let Some(value) = customer::header(raw, name) {
            shown.push(format!("{name}: {value}"));
        }
    }
    shown.push(format!("\n{}", customer::body(raw)));
    screen.framed("in Jane's mailbox", &shown.join("\n"));
}

async fn show_room(ann: &MatrixClient, room: &str, screen: &Screen) -> Result<()> {
    let members = ann.members(room).await?;
    let mut shown = Vec::new();
    for event in ann.timeline(100, room).await? {
        let sender = event["sender"].as_str().unwrap_or_default();
        let name = members
            .get(sender)
            .and_then(|it| it.name.as_deref())
            .unwrap_or(sender);
        match event["type"].as_str() {
            Some("m.room.message") => {
                let body = event["content"]["body"].as_str().unwrap_or_default();
                shown.push(format!("{name}: {}", body.replace('\n', "\n    ")));
            }
            Some("m.room.member") if event["content"]["membership"] == "join" => {
                shown.push(format!("({name} joined)"));
            }
            _ => {}
        }
    }
    screen.framed(&format!("in the room “{ROOM}”"), &shown.join("\n"));
    Ok(())
}
