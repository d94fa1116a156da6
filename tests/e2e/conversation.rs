//! The main job: staff and a customer write to each other.

use anyhow::{Context, Result};

use crate::stage::Stage;
use crate::support::servers::customer::{body, header};
use crate::threads::{self, Threads};

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
    let threads = Threads::of(&all)?;
    assert_eq!(threads.count(), 1);
    assert_eq!(
        threads.parent("<answer-1@acme.com>"),
        Some(first_id.as_str())
    );
    assert_eq!(threads.parent(&second_id), Some("<answer-1@acme.com>"));
    if let Some(count) = threads::count_by_notmuch(&all)? {
        assert_eq!(count, 1, "threads by notmuch");
    }
    Ok(())
}
