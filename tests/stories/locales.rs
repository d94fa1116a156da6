//! In which language, and by which clock, letters are written.

use postroom::domain::letter::Language;

use crate::{
    support::world::{Options, World, header},
    training::JANE,
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

const FRENCH: &str = "Bonjour, merci beaucoup pour votre message. Nous sommes d'accord avec la \
                      proposition et nous vous attendons mardi prochain dans nos bureaux.";

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_mail_tells_their_language_and_their_clock() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let shown = world.ask(&room, "!email language").await;
    assert!(
        shown.contains(
            "- to Jane Doe: in English (as the mailbox has it), times in the server's time \
             (as the mailbox has it)"
        ),
        "{shown}"
    );
    world.ann.say(&room, "Hello");
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    world.answer(&letter, JANE.0, FRENCH, "a1@acme.com").await;
    world.settled().await;
    let known = "SELECT language, time_zone FROM contacts";
    let known = world.database().await.row::<(String, String)>(known).await;
    assert_eq!(known, ("fr".to_owned(), "+01:00".to_owned()));
    let shown = world.ask(&room, "!email language").await;
    let language = match Language::from_tag("fr") {
        Some(french) => format!("in {} (as in their last mail)", french.name()),
        None => "in English (as the mailbox has it)".to_owned(),
    };
    assert!(shown.contains(&language), "{shown}");
    assert!(
        shown.contains("times in +01:00 (as in their last mail)"),
        "{shown}"
    );

    // Too short to tell, and without a clock of its own: what is known stays.
    let to = crate::support::world::reply_address(&letter).unwrap();
    let short = format!(
        "From: {}\nTo: {to}\nSubject: Re: Training\nMessage-ID: <a2@acme.com>\n\
         Date: Sun, 22 Nov 2026 11:00:00 +0000\n\nThanks!\n",
        JANE.0
    );
    assert_eq!(world.mail(JANE.0, &[&to], &short).await[0].code, 250);
    world.settled().await;
    let shown_again = world.ask(&room, "!email timezone").await;
    assert_eq!(shown_again, shown);

    world.ann.say(&room, "In your time");
    let letters = world.mails_to(JANE.0, 2).await;
    let date = header(&letters[1].raw, "Date").unwrap();
    assert!(date.ends_with("+0100"), "{date}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_set_language_and_clock_for_the_customer_whom_they_name() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE, BOB]).await;
    let said = world.ask(&room, "!email language English").await;
    assert!(said.starts_with("For whom?"), "{said}");
    let said = world
        .ask(&room, "!email language bob@beta.com anglais")
        .await;
    assert_eq!(said, "Letters to Bob are in English from now on.");
    let said = world
        .ask(&room, "!email timezone Bob@Beta.com america/new york")
        .await;
    assert_eq!(
        said,
        "Times in letters to Bob are those of America/New_York from now on."
    );
    let shown = world.ask(&room, "!email timezone").await;
    for line in [
        "- to Jane Doe: in English (as the mailbox has it), times in the server's time (as the \
         mailbox has it)",
        "- to Bob: in English (set by staff), times in America/New_York (set by staff)",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line}\n{shown}");
    }
    world.ann.say(&room, "Hello both");
    let letter = &world.mails_to(BOB.0, 1).await[0];
    let date = header(&letter.raw, "Date").unwrap();
    assert!(date.ends_with("-0500") || date.ends_with("-0400"), "{date}");

    world
        .ask(&room, "!email timezone bob@beta.com +05:30")
        .await;
    world.ann.say(&room, "Further east");
    let letter = world.mails_to(BOB.0, 2).await.remove(1);
    assert!(header(&letter.raw, "Date").unwrap().ends_with("+0530"));

    world
        .ask(&room, "!email timezone bob@beta.com default")
        .await;
    world
        .ask(&room, "!email language bob@beta.com default")
        .await;
    let shown = world.ask(&room, "!email language").await;
    assert!(!shown.contains("set by staff"), "{shown}");
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_language_or_zone_is_answered_with_what_is_one() {
    let world = World::start(Options::default()).await;
    let nobody = world.room("Nobody", &[]).await;
    for typed in [
        "language",
        "language en",
        "timezone",
        "timezone Europe/Paris",
    ] {
        let said = world.ask(&nobody, &format!("!email {typed}")).await;
        assert!(said.starts_with("Nobody takes part"), "{typed}: {said}");
    }
    let room = world.room("Training", &[JANE]).await;
    for (typed, named) in [
        ("language klingon", "I know English (`en`)"),
        ("language Englsh", "Did you mean `!email language en`?"),
        ("language jane@acme..com en", "is not an email address"),
        (
            "language bob@beta.com en",
            "bob@beta.com is not in this room",
        ),
        (
            "language jane@acme.com bob@beta.com en",
            "One address at a time",
        ),
        ("timezone Europe/Pari", "Did you mean `Europe/Paris`?"),
        ("timezone paris", "Did you mean `Europe/Paris`?"),
        (
            "timezone the moon",
            "Write it as `Europe/Paris` or `+02:00`",
        ),
    ] {
        let said = world.ask(&room, &format!("!email {typed}")).await;
        assert!(said.contains(named), "{typed}: {said}");
    }
    let shown = world.ask(&room, "!email language").await;
    assert!(!shown.contains("set by staff"), "{shown}");
    world.finish().await;
}
