//! The main job: staff and a customer write to each other.

use anyhow::{Context, Result};
use serde_json::json;

use crate::stage::Stage;
use crate::support::servers::customer::{self, Mail, body, header};
use crate::threads;

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_one_thread_for_both_sides() -> Result<()> {
    let stage = Stage::set("1s").await?;
    let room = stage.room("Kernel training Lyon").await?;
    let ghost = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;

    stage
        .ann
        .send_text("Hello Jane, would Tuesday suit you?", &room)
        .await?;
    let question = stage
        .ann
        .send_text("And shall we bring the boards?", &room)
        .await?;
    let letters = stage.letters("jane@acme.com", 1).await?;
    let first = &letters[0];
    assert!(body(first).contains("would Tuesday suit you?"));
    assert!(body(first).contains("bring the boards?"));
    assert_eq!(
        header(first, "Subject").as_deref(),
        Some("Kernel training Lyon")
    );
    let from = header(first, "From").unwrap_or_default();
    assert!(from.contains("Ann, Bootlin"), "{from}");
    assert_eq!(header(first, "In-Reply-To"), None);

    let answer = stage
        .answer(
            first,
            "Jane Doe <jane@acme.com>",
            "Tuesday suits us.",
            "answer-1@acme.com",
        )
        .await?;
    let shown = stage.says(&ghost, "Tuesday suits us.", &room).await?;
    let words = shown["content"]["body"].as_str().unwrap_or_default();
    assert!(
        !words.contains("bring the boards"),
        "history is folded: {words}"
    );
    let replied_to = &shown["content"]["m.relates_to"]["m.in_reply_to"]["event_id"];
    assert_eq!(replied_to, &question);
    let members = stage.ann.members(&room).await?;
    assert_eq!(members[&ghost].name.as_deref(), Some("Jane Doe"));

    stage.ann.send_text("Then Tuesday it is.", &room).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    let (first, second) = (&letters[0], &letters[1]);
    let first_id = header(first, "Message-ID").context("no Message-ID")?;
    let second_id = header(second, "Message-ID").context("no Message-ID")?;
    assert_eq!(
        header(second, "References"),
        Some(format!("{first_id} <answer-1@acme.com>"))
    );

    let all = [first.as_slice(), &answer.raw, second];
    let threads = threads::of(&all)?;
    assert_eq!(threads.all().len(), 1);
    assert_eq!(
        threads.parent("<answer-1@acme.com>"),
        Some(first_id.as_str())
    );
    assert_eq!(threads.parent(&second_id), Some("<answer-1@acme.com>"));
    assert_eq!(threads::count_by_notmuch(&all)?, 1, "threads by notmuch");
    Ok(())
}

/// Sends what Jane wrote to the conversation's address under a subject of its own, naming nothing.
async fn begin_anew(stage: &Stage, to: &str, number: usize) -> Result<Vec<u8>> {
    let raw = format!(
        "From: Jane Doe <jane@acme.com>\r\nTo: {to}\r\nSubject: Something else {number}\r\n\
         Message-ID: <anew-{number}@acme.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n\
         Another question, number {number}.\r\n"
    );
    let raw = raw.into_bytes();
    stage.mail.submit("jane@acme.com", to, &raw).await?;
    Ok(raw)
}

/// An answer that says it is about something else.
fn renamed(mail: Mail, number: usize) -> Mail {
    let text = String::from_utf8_lossy(&mail.raw).replace(
        "Subject: Re: Kernel training Lyon",
        &format!("Subject: Lunch on day {number}"),
    );
    Mail {
        raw: text.into_bytes(),
        ..mail
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_is_one_thread_in_every_program() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Kernel training Lyon").await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let (mut hers, mut anew) = (Vec::new(), Vec::new());
    let from = "Jane Doe <jane@acme.com>";
    for number in 1..=12 {
        let said = format!("Message {number} of ours");
        stage.ann.send_text(&said, &room).await?;
        let letters = stage.letters("jane@acme.com", number).await?;
        let newest = &letters[number - 1];
        let to = customer::answer(newest, from, "", "x@acme.com")?.to;
        // She answers the newest letter, or an old one, twice, or under another subject; or begins anew.
        let answered = if number % 4 == 0 { &letters[0] } else { newest };
        let text = format!("Answer {number} of hers.");
        let id = format!("answer-{number}@acme.com");
        let mut answer = customer::answer(answered, from, &text, &id)?;
        if number % 5 == 0 {
            answer = renamed(answer, number);
        }
        stage.mail.submit("jane@acme.com", &to, &answer.raw).await?;
        stage.says(&jane, &text, &room).await?;
        hers.push(answer.raw);
        if number % 3 == 0 {
            let id = format!("again-{number}@acme.com");
            let again = format!("And again, {number}.");
            hers.push(stage.answer(newest, from, &again, &id).await?.raw);
            anew.push(begin_anew(&stage, &to, number).await?);
            let told = format!("question, number {number}.");
            stage.says(&jane, &told, &room).await?;
        }
    }
    stage.ann.send_text("That is all.", &room).await?;
    let letters = stage.letters("jane@acme.com", 13).await?;
    for letter in &letters[1..] {
        let subject = header(letter, "Subject");
        assert_eq!(subject.as_deref(), Some("Re: Kernel training Lyon"));
    }
    let inbox: Vec<&[u8]> = letters.iter().map(Vec::as_slice).collect();
    let answers: Vec<&[u8]> = hers.iter().map(Vec::as_slice).collect();
    let begun: Vec<&[u8]> = anew.iter().map(Vec::as_slice).collect();
    let with_answers = [inbox.clone(), answers].concat();
    let all = [with_answers.clone(), begun].concat();
    assert!(all.len() > 30, "{}", all.len());
    for (what, mails) in [("inbox", &inbox), ("answers", &with_answers), ("all", &all)] {
        assert_eq!(threads::of(mails)?.all().len(), 1, "{what}");
        assert_eq!(threads::count_by_notmuch(mails)?, 1, "{what} by notmuch");
    }
    // It shows a mail without References at the top, whoever refers to it.
    for mails in [&inbox, &with_answers] {
        assert_eq!(threads::count_by_neomutt(mails)?, 1, "by neomutt");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matrix_thread_is_a_conversation_of_its_own() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Kernel training").await?;
    let root = stage.ann.send_text("Who brings the boards?", &room).await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane.", &room).await?;
    stage.letters("jane@acme.com", 1).await?;
    say_in_thread(&root, "Jane, have you any?", &stage, &room).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    let subject = |letter: &[u8]| header(letter, "Subject").unwrap_or_default();
    assert_eq!(subject(&letters[0]), "Kernel training");
    assert_eq!(subject(&letters[1]), "Kernel training (2)");
    for name in ["References", "In-Reply-To"] {
        assert_eq!(header(&letters[1], name), None, "{name}");
    }
    assert!(!body(&letters[1]).contains("Hello Jane"));
    assert!(!body(&letters[1]).contains("Who brings"), "before her time");

    let from = "Jane Doe <jane@acme.com>";
    let two = stage
        .answer(&letters[1], from, "I have two.", "two@acme.com")
        .await?;
    let shown = stage.says(&jane, "I have two.", &room).await?;
    let relates = &shown["content"]["m.relates_to"];
    assert_eq!(relates["rel_type"], "m.thread", "{relates}");
    assert_eq!(relates["event_id"], root, "{relates}");
    let hello = stage
        .answer(&letters[0], from, "Hello Ann.", "hello@acme.com")
        .await?;
    let shown = stage.says(&jane, "Hello Ann.", &room).await?;
    let relates = &shown["content"]["m.relates_to"];
    assert_ne!(relates["rel_type"], "m.thread", "{relates}");

    say_in_thread(&root, "Two will do.", &stage, &room).await?;
    stage.letters("jane@acme.com", 3).await?;
    stage.ann.send_text("See you on Monday.", &room).await?;
    let letters = stage.letters("jane@acme.com", 4).await?;
    for (letter, subject_is, answers, quotes) in [
        (
            &letters[2],
            "Re: Kernel training (2)",
            "<two@acme.com>",
            "> I have two.",
        ),
        (
            &letters[3],
            "Re: Kernel training",
            "<hello@acme.com>",
            "> Hello Ann.",
        ),
    ] {
        assert_eq!(subject(letter), subject_is);
        assert_eq!(header(letter, "In-Reply-To").as_deref(), Some(answers));
        let text = body(letter);
        assert!(text.contains(quotes), "{text}");
        assert_eq!(
            text.matches("> I have").count() + text.matches("> Hello").count(),
            1
        );
    }
    let mut all: Vec<&[u8]> = letters.iter().map(Vec::as_slice).collect();
    all.extend([two.raw.as_slice(), hello.raw.as_slice()]);
    let found = threads::of(&all)?.all();
    assert_eq!(found, [vec![0, 3, 5], vec![1, 2, 4]]);
    assert_eq!(threads::count_by_notmuch(&all)?, 2, "by notmuch");
    assert_eq!(threads::count_by_neomutt(&all)?, 2, "by neomutt");
    Ok(())
}

/// As Element sends it.
async fn say_in_thread(root: &str, text: &str, stage: &Stage, room: &str) -> Result<String> {
    let content = json!({
        "msgtype": "m.text", "body": text, "m.mentions": {},
        "m.relates_to": {
            "rel_type": "m.thread", "event_id": root, "is_falling_back": true,
            "m.in_reply_to": {"event_id": root},
        },
    });
    stage.ann.send_event("m.room.message", &content, room).await
}
