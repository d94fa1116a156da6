//! When letters go: as typing, a reaction or the clock have it.

use std::time::Duration;

use anyhow::Result;
use jiff::{RoundMode, SignedDuration, Timestamp, ToSpan, Unit, Zoned, ZonedRound, tz::TimeZone};
use postroom::lifecycle::Clock;

use crate::stage::Stage;
use crate::support::servers::customer::body;

/// Longer than the quiet time of the story, by what a busy machine may need.
const LONGER: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread")]
async fn who_types_holds_a_letter_and_reactions_send_it_or_ride() -> Result<()> {
    let stage = Stage::set("1s").await?;
    let ann = &stage.ann;

    let typing = stage.room("Typing").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &typing)
        .await?;
    ann.set_typing(true, &typing).await?;
    ann.send_text("I am looking for the plan.", &typing).await?;

    let waiting = stage.room("Waiting").await?;
    stage
        .add("joe@beta.example Joe", "@_email_joe", &waiting)
        .await?;
    stage.ask("!email settings quiet 10m", &waiting).await?;
    let first = ann.send_text("The board boots.", &waiting).await?;
    tokio::time::sleep(LONGER).await;
    for address in ["jane@acme.com", "joe@beta.example"] {
        assert_eq!(stage.mail.mailbox(address)?.mails()?.len(), 0, "{address}");
    }

    ann.send_text("Here it is.", &typing).await?;
    ann.set_typing(false, &typing).await?;
    let letter = stage.arrived("jane@acme.com", 1).await?.remove(0);
    for words in ["I am looking for the plan.", "Here it is."] {
        assert!(body(&letter).contains(words), "{words}");
    }

    ann.react("📨", &first, &waiting).await?;
    let letter = stage.letters("joe@beta.example", 1).await?.remove(0);
    assert!(body(&letter).contains("The board boots."));
    // It alone is no reason for a mail.
    stage.ask("!email settings quiet 0", &waiting).await?;
    ann.react("🎉", &first, &waiting).await?;
    tokio::time::sleep(LONGER).await;
    let to_joe = stage.mail.mailbox("joe@beta.example")?;
    assert_eq!(to_joe.mails()?.len(), 1);
    ann.send_text("Even twice.", &waiting).await?;
    let letter = stage.letters("joe@beta.example", 2).await?.remove(1);
    let text = body(&letter);
    assert!(text.contains("Even twice."), "{text}");
    let reaction = "Ann reacted: 🎉 (to “The board boots.”)";
    assert!(text.contains(reaction), "{text}");
    stage.letters("jane@acme.com", 1).await?;
    Ok(())
}

/// Takes up to a minute, as a digest's times are in whole ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_goes_at_its_time_and_at_no_other() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let room = stage.room("Digest").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let time = next_minute(now())?;
    let command = format!("!email settings digest {}", time.strftime("%H:%M"));
    let told = stage.ask(&command, &room).await?;
    assert!(told.contains("`digest "), "{told}");
    stage.ann.send_text("First report", &room).await?;
    stage.ann.send_text("Second report", &room).await?;
    let jane = stage.mail.mailbox("jane@acme.com")?;
    while now() < time.timestamp() {
        assert!(jane.mails()?.is_empty(), "{} is too early", now());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let letters = stage.letters("jane@acme.com", 1).await?;
    let late = now().duration_since(time.timestamp());
    assert!(late < SignedDuration::from_secs(10), "{late} too late");
    let text = body(&letters[0]);
    assert!(
        text.contains("First report") && text.contains("Second report"),
        "{text}"
    );
    Ok(())
}

/// The next whole minute that is far enough away for what has to be said before.
fn next_minute(now: Timestamp) -> Result<Zoned> {
    let then = now.to_zoned(TimeZone::system()) + 20.seconds();
    let up = ZonedRound::new()
        .smallest(Unit::Minute)
        .mode(RoundMode::Ceil);
    Ok(then.round(up)?)
}

fn now() -> Timestamp {
    Clock::System.now()
}
