//! What an answer repeats is known by what was said before, whatever marks it bears or has lost.

use crate::{
    desk::{Desk, JANE, mail},
    support::world::Options,
};

/// What was written to Jane after the first letter.
const ASKED: &str = "The training begins on Tuesday at nine in the large hall.\n\
    Please bring a computer with sixteen gigabytes of memory and the board that we have sent you.\n\
    Does anybody of your team need vegetarian food?";

async fn asked() -> Desk {
    let desk = Desk::open(Options::default()).await;
    desk.world.ann.say(&desk.room, ASKED);
    desk.world.mails_to("jane@acme.com", 2).await;
    desk.world.quiet().await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_words_are_folded_without_any_mark() {
    let desk = asked().await;
    let repeated =
        format!("Two of us do.\n\nÞann 3. mars 2026 kl. 09:12 skrifaði Ann:\n\n{ASKED}\n");
    desk.take(&desk.token, &mail(JANE, &desk.token, "", &repeated))
        .await;
    assert_eq!(desk.said(), ["Two of us do.\n\n🔍 history folded"]);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_elsewhere_is_shown() {
    let desk = Desk::open(Options::default()).await;
    let other = desk
        .world
        .room("Audit", &[("bob@beta.example", "Bob")])
        .await;
    desk.world.ann.say(&other, ASKED);
    desk.world.mails_to("bob@beta.example", 1).await;
    desk.world.quiet().await;
    let repeated = format!("Bob got this:\n\n{ASKED}\n");
    desk.take(&desk.token, &mail(JANE, &desk.token, "", &repeated))
        .await;
    let said = desk.said();
    assert!(said[0].contains("vegetarian food"), "{said:?}");
    desk.world.quiet().await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_closes_every_mail_of_a_sender_is_a_signature() {
    let desk = Desk::open(Options::default()).await;
    let closing = "Jane Doe\nAcme Industries, 12 Harbour Street\nPhone 0123 456789";
    for text in ["We come with six people.", "Is there parking?"] {
        let text = format!("{text}\n\n{closing}\n");
        desk.take(&desk.token, &mail(JANE, &desk.token, "", &text))
            .await;
    }
    let text = format!("And a projector?\n\n{closing}\n");
    desk.take(&desk.token, &mail(JANE, &desk.token, "", &text))
        .await;
    let said = desk.said();
    assert!(
        said[0].contains("Harbour Street"),
        "a first time is no sign: {said:?}"
    );
    assert_eq!(said[2], "And a projector?");
    desk.close().await;
}
