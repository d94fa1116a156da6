//! A room in which one speaks to many, and a reader whose mail program has a button to leave it.

use anyhow::{Context, Result};
use reqwest::StatusCode;

use crate::stage::{Scenery, Stage};
use crate::support::servers::customer::{body, header};
use crate::support::servers::http;

#[tokio::test(flavor = "multi_thread")]
async fn one_click_leaves_a_broadcast_and_a_link_leads_back() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        pages: Some("20MB"),
        ..Scenery::default()
    })
    .await?;
    let room = stage.room("Training news").await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage
        .add("--share joe@beta.example Joe", "@_email_joe", &room)
        .await?;
    stage.ask("!email settings broadcast on", &room).await?;
    stage.ann.send_text("Two places are left.", &room).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    let to_joe = stage.letters("joe@beta.example", 1).await?.remove(0);
    for (letter, other) in [(&letter, "joe"), (&to_joe, "jane")] {
        let whole = String::from_utf8_lossy(letter).to_lowercase();
        assert!(!whole.contains(other), "{whole}");
        assert_eq!(
            header(letter, "List-Unsubscribe-Post").as_deref(),
            Some("List-Unsubscribe=One-Click")
        );
    }

    // As RFC 8058 has it: a POST, no cookies, no redirection.
    let field = header(&letter, "List-Unsubscribe").context("no way out")?;
    let url = field.split(['<', '>']).nth(1).context("no URL")?;
    let leave = stage.postroom.page(url);
    let client = http::client()?;
    let click = client
        .post(&leave)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    let answer = click.send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().get("set-cookie").is_none());
    stage.bot_says("Jane Doe has left", &room).await?;
    stage
        .until("her ghost has left", async || {
            let members = stage.ann.members(&room).await.unwrap_or_default();
            members
                .get(&jane)
                .is_some_and(|it| it.membership == "leave")
        })
        .await?;
    stage.ann.send_text("One place is left.", &room).await?;
    stage.letters("joe@beta.example", 2).await?;
    stage.letters("jane@acme.com", 1).await?;

    let stay = leave.replace("/leave/", "/stay/");
    let answer = client.post(&stay).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    stage.joined(&jane, &room).await?;
    stage.ann.send_text("No place is left.", &room).await?;
    stage.letters("joe@beta.example", 3).await?;
    let letters = stage.letters("jane@acme.com", 2).await?;
    assert!(body(&letters[1]).contains("No place is left."));
    assert!(!body(&letters[1]).contains("One place"));
    Ok(())
}
