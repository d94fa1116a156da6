//! What happens: staff write in a room, a customer gets a letter, her answer appears in the room.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::Message;
use lettre::message::SinglePart;
use mail_parser::MessageParser;
use serde_json::Value;

use crate::screen::Screen;
use crate::servers::matrix_client::MatrixClient;
use crate::stage::{CUSTOMER, SERVER, STAFF, STAFF_PASSWORD, Stage};

const ROOM: &str = "Kernel training Lyon";
const ANSWER: &str = "Tuesday suits us, and yes: please bring the boards.\n\nJane";
const SOON: Duration = Duration::from_secs(30);

pub async fn play(stage: &Stage, screen: &Screen) -> Result<()> {
    let logs = [stage.logs(), vec![stage.synapse.log()]].concat();
    let logs = logs.as_slice();

    let ann = screen.step("Ann registers", logs, register(stage)).await?;
    let bot = format!("@postroom:{SERVER}");
    let invited = [bot.as_str()];
    let create = ann.create_room(ROOM, &invited);
    let room = screen
        .step("Ann creates a room and invites Postroom", logs, create)
        .await?;
    screen
        .step("Postroom joins", logs, ann.wait_for_join(&bot, SOON, &room))
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
    show_mail(&letter, screen)?;

    let answer = answer(&letter)?;
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

/// A new text above the whole letter as quoted history, from the very headers that it had.
fn answer(letter: &[u8]) -> Result<Reply> {
    let letter = MessageParser::new()
        .parse(letter)
        .context("the letter is no mail")?;
    let reply_to = letter
        .reply_to()
        .or(letter.from())
        .and_then(|list| list.first()?.address())
        .context("the letter does not say where to answer")?;
    let id = format!(
        "<{}>",
        letter
            .message_id()
            .context("the letter has no Message-ID")?
    );
    let subject = letter.subject().unwrap_or_default();
    let date = letter
        .date()
        .map(mail_parser::DateTime::to_rfc822)
        .unwrap_or_default();
    let text = letter.body_text(0).unwrap_or_default();
    let history: Vec<String> = text.lines().map(|line| format!("> {line}\n")).collect();
    let history = history.concat();
    let mail = Message::builder()
        .from(format!("Jane Doe <{CUSTOMER}>").parse()?)
        .to(reply_to.parse()?)
        .subject(format!("Re: {subject}"))
        .in_reply_to(id.clone())
        .references(id)
        .message_id(Some("<answer-1@acme.com>".to_owned()))
        .singlepart(SinglePart::plain(format!(
            "{ANSWER}\n\nOn {date}, Bootlin wrote:\n{history}"
        )))?;
    Ok(Reply {
        to: reply_to.to_owned(),
        raw: mail.formatted(),
    })
}

#[derive(Debug)]
struct Reply {
    to: String,
    raw: Vec<u8>,
}

async fn send(answer: &Reply, stage: &Stage) -> Result<()> {
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

fn show_mail(raw: &[u8], screen: &Screen) -> Result<()> {
    let mail = MessageParser::new()
        .parse(raw)
        .context("the letter is no mail")?;
    let mut shown = Vec::new();
    for name in ["From", "To", "Reply-To", "Subject"] {
        if let Some(value) = mail.header_raw(name) {
            let unfolded = value.split_whitespace().collect::<Vec<_>>().join(" ");
            shown.push(format!("{name}: {unfolded}"));
        }
    }
    let text = mail.body_text(0).context("the letter has no text")?;
    shown.push(format!("\n{text}"));
    screen.framed("in Jane's mailbox", &shown.join("\n"));
    Ok(())
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
