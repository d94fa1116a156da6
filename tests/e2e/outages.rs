//! Nothing is lost or doubled, whoever is away.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::stage::Stage;
use crate::support::servers::customer::{body, header};

const JANE: &str = "Jane Doe <jane@acme.com>";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_while_the_homeserver_is_away() -> Result<()> {
    let mut stage = Stage::set("0s").await?;
    let (room, ghost, letter) = beginning(&stage).await?;

    stage.synapse.stop();
    stage
        .answer(&letter, JANE, "Nine o'clock.", "a1@acme.com")
        .await?;
    let outcome = |log: &str| {
        let mut lines = log.lines();
        let line = lines.find(|it| it.contains("/lmtp[") && it.contains("to=<support+"));
        line.map(str::to_owned)
    };
    stage
        .until("Postfix has handed it over", async || {
            outcome(&stage.mail_log()).is_some()
        })
        .await?;
    let outcome = outcome(&stage.mail_log()).unwrap_or_default();
    assert!(outcome.contains("status=sent (250"), "{outcome}");

    stage.synapse.resume().await?;
    stage.says(&ghost, "Nine o'clock.", &room).await?;
    stage.settled().await?;
    assert_eq!(stage.said_by(&ghost, &room).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_sides_write_while_postroom_is_away_arrives_once() -> Result<()> {
    let mut stage = Stage::set("0s").await?;
    let (room, ghost, letter) = beginning(&stage).await?;

    stage.postroom.stop();
    write_on_both_sides(3, &letter, &stage, &room).await?;
    stage
        .until("Postfix has tried in vain", async || {
            stage.mail.deferred() == 3
        })
        .await?;

    stage.postroom.start().await?;
    all_arrived_once(3, &ghost, &stage, &room).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_still_carries_everything_once() -> Result<()> {
    const SURVIVED: [u64; 5] = [60, 120, 180, 250, 400];
    let mut stage = Stage::set("0s").await?;
    let (room, ghost, letter) = beginning(&stage).await?;

    stage.postroom.stop();
    write_on_both_sides(8, &letter, &stage, &room).await?;
    for millis in SURVIVED {
        stage.postroom.spawn()?;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        stage.postroom.kill();
    }

    stage.postroom.start().await?;
    all_arrived_once(8, &ghost, &stage, &room).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_counts_anew_after_a_restart_loses_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set("0s").await?;
    let (room, ghost, letter) = beginning(&stage).await?;

    for number in 0..4 {
        let text = format!("Staff message {number}.");
        stage.ann.send_text(&text, &room).await?;
    }
    // A transaction that is under way when Synapse ends stays in its database until a later push
    // fails; so wait until Postroom has these.
    stage.letters("jane@acme.com", 5).await?;
    stage.synapse.resume().await?;
    for number in 4..8 {
        let text = format!("Staff message {number}.");
        stage.ann.send_text(&text, &room).await?;
    }
    for number in 0..8 {
        answer(number, &letter, &stage).await?;
    }
    all_arrived_once(8, &ghost, &stage, &room).await
}

/// A room with Jane in it, her ghost, and a letter that she can answer.
async fn beginning(stage: &Stage) -> Result<(String, String, Vec<u8>)> {
    let room = stage.room("Night shift").await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("When do we begin?", &room).await?;
    let letters = stage.letters("jane@acme.com", 1).await?;
    let letter = letters.into_iter().next().context("no letter")?;
    Ok((room, ghost, letter))
}

async fn write_on_both_sides(count: usize, letter: &[u8], stage: &Stage, room: &str) -> Result<()> {
    for number in 0..count {
        let text = format!("Staff message {number}.");
        stage.ann.send_text(&text, room).await?;
        answer(number, letter, stage).await?;
    }
    Ok(())
}

async fn answer(number: usize, letter: &[u8], stage: &Stage) -> Result<()> {
    let text = format!("Answer {number}.");
    let id = format!("answer-{number}@acme.com");
    stage.answer(letter, JANE, &text, &id).await.map(drop)
}

/// Jane shows every answer once in the room, and every message of staff's is in one of her mails:
/// in order, and twice only as the very same mail.
async fn all_arrived_once(count: usize, ghost: &str, stage: &Stage, room: &str) -> Result<()> {
    for number in 0..count {
        stage
            .says(ghost, &format!("Answer {number}."), room)
            .await?;
    }
    let carried = || -> Result<Vec<usize>> {
        let mut ids = BTreeSet::new();
        let mails = stage.mail.mailbox("jane@acme.com")?.mails()?;
        let first = |mail: &&Vec<u8>| ids.insert(header(mail, "Message-ID"));
        let numbers = |mail: &Vec<u8>| staff_messages(&body(mail));
        Ok(mails.iter().filter(first).flat_map(numbers).collect())
    };
    let came = stage
        .until("all letters are there", async || {
            carried().is_ok_and(|it| it.len() >= count)
        })
        .await;
    came.with_context(|| format!("letters carry {:?}", carried()))?;
    stage.settled().await?;

    let mut answers = stage.said_by(ghost, room).await?;
    answers.sort();
    assert_eq!(answers.len(), count, "{answers:?}");
    for (number, shown) in answers.iter().enumerate() {
        assert!(shown.contains(&format!("Answer {number}.")), "{answers:?}");
    }

    let all: Vec<usize> = (0..count).collect();
    assert_eq!(carried()?, all, "in order, each once");
    Ok(())
}

/// The numbers of staff's messages that a letter carries.
fn staff_messages(text: &str) -> Vec<usize> {
    let own = text.lines().filter(|line| !line.starts_with('>'));
    own.filter_map(|line| {
        let number = line.trim().strip_prefix("Staff message ")?;
        number.strip_suffix('.')?.parse().ok()
    })
    .collect()
}
