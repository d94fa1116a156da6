//! Who is in a room by email.

use anyhow::{Context, Result};
use serde_json::json;

use crate::stage::{LIST, Stage};
use crate::support::servers::customer::{self, body, header};
use crate::support::servers::mail_servers::BEYOND_ASCII;
use crate::support::servers::postroom::BOT;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_invites_an_address_as_a_ghost() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Site visit").await?;

    stage
        .ann
        .invite("@_email_bob=40acme.com:example.org", &room)
        .await?;
    let ghost = stage.joined("@_email_bob.", &room).await?;
    stage.bot_says("Added bob@acme.com", &room).await?;
    let placeholder = "@_email_bob=40acme.com:example.org";
    stage
        .until("the placeholder has made way", async || {
            let members = stage.ann.members(&room).await.unwrap_or_default();
            members
                .get(placeholder)
                .is_some_and(|it| it.membership == "leave")
        })
        .await?;

    stage.ann.send_text("Welcome, Bob.", &room).await?;
    let letters = stage.letters("bob@acme.com", 1).await?;
    assert!(body(&letters[0]).contains("Welcome, Bob."));
    stage
        .answer(
            &letters[0],
            "Bob <bob@acme.com>",
            "Thank you!",
            "b1@acme.com",
        )
        .await?;
    stage.says(&ghost, "Thank you!", &room).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_in_a_room_read_each_other_once_staff_say_so() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Joint test").await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;

    stage
        .ann
        .send_text("!email add joe@beta.example Joe", &room)
        .await?;
    stage.bot_says("Nobody was added.", &room).await?;
    stage
        .add("--share joe@beta.example Joe", "@_email_joe", &room)
        .await?;

    stage.ann.send_text("Hello both.", &room).await?;
    let to_jane = stage.letters("jane@acme.com", 1).await?;
    let to_joe = stage.letters("joe@beta.example", 1).await?;
    let to = |letter: &[u8]| header(letter, "To").unwrap_or_default();
    assert!(!to(&to_jane[0]).contains("joe@"), "addresses stay apart");
    assert!(!to(&to_joe[0]).contains("jane@"), "addresses stay apart");
    assert_ne!(
        header(&to_jane[0], "Reply-To"),
        header(&to_joe[0], "Reply-To")
    );
    assert!(body(&to_jane[0]).contains("read by: Joe"));
    assert!(body(&to_joe[0]).contains("read by: Jane Doe"));

    stage
        .answer(
            &to_jane[0],
            "Jane Doe <jane@acme.com>",
            "We are ready.",
            "j1@acme.com",
        )
        .await?;
    stage.says(&jane, "We are ready.", &room).await?;
    let to_joe = stage.letters("joe@beta.example", 2).await?;
    assert!(body(&to_joe[1]).contains("We are ready."));
    assert!(
        !header(&to_joe[1], "From")
            .unwrap_or_default()
            .contains("Jane")
    );
    stage.letters("jane@acme.com", 1).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_room_is_refused_at_once() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let encryption = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    let state = json!([{"type": "m.room.encryption", "content": encryption}]);
    let options = json!({
        "name": "Secret", "preset": "private_chat", "invite": [BOT], "initial_state": state,
    });
    let room = stage.ann.create_room_with(&options).await?;
    stage.joined(BOT, &room).await?;
    stage.bot_says("This room is encrypted", &room).await?;

    // A client that can't encrypt may still write.
    let command = "!email add jane@acme.com Jane";
    let command = stage.ann.send_text(command, &room).await?;
    let refusal = stage
        .ann
        .wait_for_event(
            "the refusal",
            |event| event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == command,
            crate::stage::SOON,
            &room,
        )
        .await?;
    let words = refusal["content"]["body"].as_str().unwrap_or_default();
    assert!(words.contains("encrypted"), "{words}");

    // Encryption that is switched on later is noticed, too.
    let open = stage.room("Open at first").await?;
    stage
        .add("jane@acme.com Jane", "@_email_jane", &open)
        .await?;
    stage
        .ann
        .send_state("m.room.encryption", "", &encryption, &open)
        .await?;
    stage.bot_says("This room is encrypted", &open).await?;

    let members = stage.ann.members(&room).await?;
    assert!(!members.keys().any(|it| it.starts_with("@_email_")));
    stage.letters("jane@acme.com", 0).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_beyond_ascii_gets_letters_and_answers_them() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Schulung").await?;
    let address = format!("jürgen.größe@{BEYOND_ASCII}");
    let ghost = stage
        .add(&format!("{address} Jürgen Größe"), "@_email_", &room)
        .await?;
    stage.ann.send_text("Passt Dienstag?", &room).await?;
    let mailbox = format!("everybody@{BEYOND_ASCII}");
    let letter = stage.letters(&mailbox, 1).await?.remove(0);
    assert!(body(&letter).contains("Passt Dienstag?"));
    let raw = String::from_utf8(letter.clone())?;
    assert!(
        raw.contains(&format!("<{address}>\r\n")) || raw.contains(&format!("<{address}>\n")),
        "{raw}"
    );

    let from = format!("Jürgen Größe <{address}>");
    let answer = customer::answer(&letter, &from, "Dienstag passt.", "1@accents.example")?;
    stage
        .mail
        .deliver(&address, &answer.to, &answer.raw)
        .await?;
    stage.says(&ghost, "Dienstag passt.", &room).await?;
    stage.ann.send_text("Bis Dienstag!", &room).await?;
    let letters = stage.letters(&mailbox, 2).await?;
    let answers: Vec<_> = letters
        .iter()
        .filter_map(|it| header(it, "In-Reply-To"))
        .collect();
    assert_eq!(answers, ["<1@accents.example>"]);
    let refused = stage.said_by(BOT, &room).await?;
    assert!(
        !refused.iter().any(|it| it.contains("can't")),
        "{refused:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_in_without_proof_gets_nothing_until_staff_say_so() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Board review").await?;
    let jane = stage
        .add("jane@small.example Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Who builds the boards?", &room).await?;
    let letter = stage.letters("jane@small.example", 1).await?.remove(0);

    let from = "Jane Doe <jane@small.example>";
    let mut answer = customer::answer(&letter, from, "Carl does.", "carl-does@small.example")?;
    let raw = String::from_utf8(answer.raw)?;
    let copied_in = "Cc: Carl Cox <carl@beta.example>\r\nSubject: ";
    answer.raw = raw.replacen("Subject: ", copied_in, 1).into_bytes();
    // It goes to both, by a server of which her domain knows nothing.
    for to in [answer.to.as_str(), "carl@beta.example"] {
        let mail = &stage.mail;
        mail.deliver_from(LIST, "jane@list.example", to, &answer.raw)
            .await?;
    }
    stage.says(&jane, "Carl does.", &room).await?;
    let copied_in = "copied in Carl Cox <carl@beta.example>";
    let offer = stage.bot_says(copied_in, &room).await?;
    stage.ann.send_text("Good to know.", &room).await?;
    let letters = stage.letters("jane@small.example", 2).await?;
    assert_eq!(header(&letters[1], "Cc"), None);
    let carls = stage.letters("carl@beta.example", 1).await?;
    let by = header(&carls[0], "From").unwrap_or_default();
    assert!(by.contains("jane@small.example"), "only hers: {by}");

    let offer = offer["event_id"].as_str().context("no id")?;
    stage.ann.react("➕", offer, &room).await?;
    stage
        .bot_says("is one of the people here now", &room)
        .await?;
    stage.ann.send_text("Welcome, Carl.", &room).await?;
    let letters = stage.letters("jane@small.example", 3).await?;
    let carls = stage.letters("carl@beta.example", 2).await?;
    for letter in [&letters[2], &carls[1]] {
        assert!(body(letter).contains("Welcome, Carl."));
        let to = header(letter, "To").unwrap_or_default();
        assert!(
            to.contains("jane@small.example") && to.contains("carl@beta.example"),
            "{to}"
        );
    }
    assert!(
        !body(&carls[1]).contains("Good to know."),
        "before his time"
    );
    let answer = stage
        .answer(
            &carls[1],
            "Carl Cox <carl@beta.example>",
            "Hello both.",
            "c1@beta.example",
        )
        .await?;
    assert!(answer.to.starts_with("support+"));
    stage.says("@_email_carl", "Hello both.", &room).await?;
    let letters = stage.letters("jane@small.example", 4).await?;
    assert!(
        body(&letters[3]).contains("Hello both."),
        "he wrote to us alone"
    );
    Ok(())
}
