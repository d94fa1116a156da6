//! What isn't taken, by them or by us.

use anyhow::Result;

use crate::stage::Stage;
use crate::support::lmtp_client::LmtpClient;
use crate::support::servers::customer::body;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_recipient_is_told_as_a_reply_and_the_neighbour_gets_the_letter() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Quotation").await?;
    stage
        .add("jane@acme.com gone@acme.com", "@_email_gone", &room)
        .await?;

    let message = stage.ann.send_text("Here is our offer.", &room).await?;
    let notice = stage.bot_says("Not delivered to", &room).await?;
    let words = notice["content"]["body"].as_str().unwrap_or_default();
    assert!(words.contains("gone@acme.com"), "{words}");
    assert!(words.contains("No such mailbox here"), "{words}");
    let replied_to = &notice["content"]["m.relates_to"]["m.in_reply_to"]["event_id"];
    assert_eq!(replied_to, &message);

    let letters = stage.letters("jane@acme.com", 1).await?;
    assert!(body(&letters[0]).contains("Here is our offer."));
    let notices = stage.said_by("@postroom:", &room).await?;
    let told = notices.iter().filter(|it| it.contains("Not delivered"));
    assert_eq!(told.count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_no_address_of_ours_is_refused_and_a_bounce_is_told_at_its_message() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let raw = b"From: Joe <joe@beta.example>\r\nTo: nobody@example.org\r\nSubject: Hello\r\n\
        Message-ID: <n1@beta.example>\r\n\r\nAnybody there?\r\n";

    // Postfix knows its own addresses, and Postroom those of its mailboxes.
    let refused = stage
        .mail
        .deliver("joe@beta.example", "nobody@example.org", raw)
        .await
        .expect_err("Postfix takes it");
    assert!(format!("{refused:#}").contains("550"), "{refused:#}");
    let door = ([127, 0, 0, 1], stage.postroom.lmtp_port());
    let mut lmtp = LmtpClient::connect(door.into()).await?;
    let replies = lmtp
        .deliver("joe@beta.example", &["nobody@rooms.example.org"], raw)
        .await?;
    assert_eq!(replies[0].code, 550, "{replies:?}");

    // Submission takes everybody else, and the bounce comes from the null sender.
    let room = stage.room("Lost touch").await?;
    let ghost = stage
        .add("old@elsewhere.example Old", "@_email_old", &room)
        .await?;
    let message = stage.ann.send_text("Are you still there?", &room).await?;
    let told = "Not delivered to Old (old@elsewhere.example)";
    let notice = stage.bot_says(told, &room).await?;
    let replied_to = &notice["content"]["m.relates_to"]["m.in_reply_to"]["event_id"];
    assert_eq!(replied_to, &message);
    stage.settled().await?;
    let notices = stage.said_by("@postroom:", &room).await?;
    let told = notices.iter().filter(|it| it.contains("Not delivered"));
    assert_eq!(told.count(), 1, "{notices:?}");
    assert!(stage.mail_log().contains("from=<>"), "the null sender");
    assert_eq!(stage.said_by(&ghost, &room).await?, Vec::<String>::new());
    Ok(())
}
