//! Absence notes and other answers by machines.

use rstest::rstest;

use crate::{
    desk::{Desk, JANE, codes, mail},
    support::{
        lmtp_client::LmtpClient,
        world::{Options, header, letter_text},
    },
};

const AWAY: &str = "I am away until 7 December. Ask Bob, please.";

/// An absence note of Jane's.
fn absence(desk: &Desk, subject: &str, text: &str) -> String {
    format!(
        "From: {JANE}\nTo: {}\nSubject: {subject}\nMessage-ID: <{}-{}@acme.com>\n\
         In-Reply-To: {}\nAuto-Submitted: auto-replied\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\n\
         {text}\n",
        desk.letter.sender,
        subject.len(),
        text.len(),
        desk.letter_id
    )
}

/// Lets time pass: what was shown was shown so long ago.
async fn hours_pass(desk: &Desk, hours: u32) {
    let passed = i64::from(hours) * 3_600_000;
    let pass = format!("UPDATE auto_replies SET shown_at = shown_at - {passed}");
    desk.world.database().await.execute(&pass).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_note_is_a_line_in_the_room_and_no_answer() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    desk.take_from(
        "",
        &desk.letter.sender,
        &absence(&desk, "Automatic reply: Training", AWAY),
    )
    .await;
    let events = desk.events();
    assert_eq!(events.len(), 1);
    let note = &events[0];
    assert_eq!(note.content["msgtype"], "m.notice");
    assert_eq!(
        note.body(),
        format!("🤖 Absence note (sender not verified): {AWAY} · 🔍 shows all of it")
    );
    assert!(note.content["m.relates_to"]["m.in_reply_to"].is_object());
    assert_eq!(desk.reports(), Vec::<String>::new());

    // All of it is one step away.
    world.ann.react(&desk.room, &note.event_id, "🔍");
    world
        .until("it is shown", || {
            world.bot_says(&desk.room, "Automatic reply: Training")
        })
        .await;

    // The next letter neither quotes nor answers it.
    world.tell(&desk.room, "Then we ask Bob.").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert!(
        !letter_text(&letter).contains("away"),
        "{}",
        letter_text(&letter)
    );
    assert_eq!(
        header(&letter.raw, "In-Reply-To").as_deref(),
        Some(&*desk.letter_id)
    );
    let references = header(&letter.raw, "References").unwrap_or_default();
    assert!(!references.contains("acme.com"), "{references}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_note_is_shown_once_whatever_its_subject() {
    let desk = Desk::open(Options::default()).await;
    let note = |subject: &str, text: &str| absence(&desk, subject, text);
    let show = async |raw: String, expected: usize| {
        desk.take_from("", &desk.letter.sender, &raw).await;
        assert_eq!(desk.said().len(), expected, "{:?}", desk.said());
    };
    show(note("Automatic reply: One", AWAY), 1).await;
    show(note("Automatic reply: Another", AWAY), 1).await;
    // Within a day one of a kind is enough.
    show(
        note("Automatic reply: One", "Something else altogether."),
        1,
    )
    .await;
    // A ticket system is another kind, and says another number each time.
    show(
        note("Ticket 17 was opened", "We have got your mail: ticket 17."),
        2,
    )
    .await;
    show(
        note("Ticket 18 was opened", "We have got your mail: ticket 18."),
        2,
    )
    .await;
    hours_pass(&desk, 25).await;
    show(note("Automatic reply: Two", AWAY), 2).await;
    show(
        note("Ticket 19 was opened", "We have got your mail: ticket 19."),
        2,
    )
    .await;
    show(note("Automatic reply: Two", "Now I am at a fair."), 3).await;
    hours_pass(&desk, 24 * 31).await;
    show(note("Automatic reply: Three", AWAY), 4).await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}

#[rstest]
#[case::without_an_id_to_the_return_address(|desk: &Desk| (
    desk.letter.sender.clone(),
    absence(desk, "Away", AWAY).replace(&format!("In-Reply-To: {}\n", desk.letter_id), ""),
))]
#[case::null_sender_alone(|desk: &Desk| (
    desk.token.clone(),
    mail(JANE, &desk.token, "", AWAY),
))]
#[case::by_another_mark(|desk: &Desk| (
    desk.token.clone(),
    mail(JANE, &desk.token, "X-Autoreply: yes\n", AWAY),
))]
#[tokio::test(flavor = "multi_thread")]
async fn is_known_by_whatever_marks_it(#[case] note: fn(&Desk) -> (String, String)) {
    let desk = Desk::open(Options::default()).await;
    let (to, raw) = note(&desk);
    desk.take_from("", &to, &raw).await;
    let said = desk.said();
    assert_eq!(said.len(), 1, "{said:?} {:?}", desk.reports());
    assert!(
        said[0].starts_with("🤖") && said[0].contains(AWAY),
        "{said:?}"
    );
    desk.close().await;
}

/// One that its domain disowns would be a lie about a customer; and nobody waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_note_is_kept_and_nobody_is_told() {
    let desk = Desk::open(Options::default()).await;
    let mut client = LmtpClient::connect(desk.world.lmtp_address())
        .await
        .unwrap();
    desk.world.speak_for(&mut client, "198.51.100.66").await;
    let raw = absence(&desk, "Automatic reply: Training", AWAY).replace('\n', "\r\n");
    let to = [desk.token.as_str()];
    let replies = client.deliver("jane@acme.com", &to, raw.as_bytes()).await;
    assert_eq!(codes(&replies.unwrap()), [250]);
    desk.world.quiet().await;
    let kept = "SELECT verdict, outcome, state FROM mails";
    let (verdict, outcome, state): (String, String, String) =
        desk.world.database().await.row(kept).await;
    assert_eq!([verdict, outcome, state], ["failed", "passed_over", "kept"]);
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(desk.reports(), Vec::<String>::new());
    assert!(!desk.world.bot_says(&desk.room, "✋"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_notes_and_read_receipts_are_kept_and_nobody_is_told() {
    let desk = Desk::open(Options::default()).await;
    let stranger = absence(&desk, "Away", AWAY).replace(JANE, "Eve <eve@elsewhere.example>");
    let nowhere = mail(
        JANE,
        "support@example.org",
        "Auto-Submitted: auto-replied\n",
        AWAY,
    );
    let receipt = format!(
        "From: {JANE}\nTo: {}\nSubject: Read: Kernel training\nMessage-ID: <r1@acme.com>\n\
         In-Reply-To: {}\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n\
         --b\n\nIt was read.\n--b\nContent-Type: message/disposition-notification\n\n\
         Final-Recipient: rfc822; jane@acme.com\n\
         Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n",
        desk.token, desk.letter_id
    );
    for (to, raw) in [
        (desk.letter.sender.as_str(), &stranger),
        ("support@example.org", &nowhere),
        (desk.token.as_str(), &receipt),
    ] {
        desk.take_from("", to, raw).await;
    }
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(desk.reports(), Vec::<String>::new());
    let kept = "SELECT count(*) FROM mails WHERE outcome = 'passed_over' AND state = 'kept'";
    let (kept,): (i64,) = desk.world.database().await.row(kept).await;
    assert_eq!(kept, 3);
    desk.close().await;
}

/// Many servers send absence notes to the return address: what is a bounce is told by what it says.
#[tokio::test(flavor = "multi_thread")]
async fn an_absence_note_at_the_return_address_suspends_nobody() {
    let desk = Desk::open(Options::default()).await;
    let note = absence(
        &desk,
        "Out of office",
        "My old mailbox is disabled: 550 5.1.1 user unknown. Write to jane@new.example.",
    );
    desk.take_from("", &desk.letter.sender, &note).await;
    assert_eq!(desk.said().len(), 1);
    desk.world.tell(&desk.room, "Noted.").await;
    desk.world.mails_to("jane@acme.com", 2).await;
    desk.world.finish().await;
}
