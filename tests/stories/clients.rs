//! Customers answer with all kinds of mail programs, and the room shows what they wrote.
//!
//! `tests/fixtures/clients` holds an answer of each, to the letter of this story. What stands in
//! them is ours. `thunderbird-*` were written by the real Thunderbird (scripts/pictures.d/answers.py),
//! the others by hand, with the structure and the headers of their program.

use rstest::rstest;

use crate::{
    desk::{BOT, Desk},
    support::{fake_homeserver::TimelineEvent, world::Options},
};

/// What the letter carries. The fixtures quote it, and what Postroom sets below it.
const SAID: &str = "Hello Jane,\n\nwould Tuesday suit you for the kernel training?\n\n\
                    And shall we bring the boards?";
const BELOW: [&str; 2] = [
    "Ann · Bootlin",
    "Just answer this mail: your answer appears in the chat of the team at Bootlin.",
];
/// What letters have said besides since the fixtures were made.
const SINCE: &str = "That chat is open to you, too: tell us if you would like to join it.";

const HISTORY: &str = "🔍 history folded";
const BOTH: &str = "🔍 history and signature folded";

/// Fixtures whose mail is not shown as it should be yet. One that is has to be taken out of here.
const NOT_YET: &[&str] = &[
    // The logo of a signature that nothing marks is shown.
    "outlook-desktop",
    // What introduces the folded quote is left.
    "thunderbird-between-table",
];

/// `shown` are the events of the ghost in their order: the words of a text; the type and the name of a
/// file, and after a colon the words that stand with it. `hint` stands below the last words; empty if nothing is folded.
#[rstest]
#[case::apple_iphone(
    "apple-iphone",
    &["Tuesday is fine. This is how it looks here:", "m.image IMG_0042.jpeg", "The boards can stay there."],
    BOTH
)]
#[case::apple_mac(
    "apple-mac",
    &["Hello Ann,\n\nTuesday suits us. This is the room:", "m.image room.png", "The screen hangs on the left.\n\nJane"],
    HISTORY
)]
#[case::apple_mac_plain(
    "apple-mac-plain",
    &["Hello Ann,\n\nthis is the room:", "m.image room.png", "Tuesday suits us."],
    HISTORY
)]
#[case::exchange_plain(
    "exchange-plain",
    &["Hello Ann,\n\nTuesday suits us.\nWe are ten people.\n\nRegards,\nJane"],
    HISTORY
)]
#[case::french_gmail("french-gmail", &["Bonjour Ann,\n\nmardi nous convient."], HISTORY)]
#[case::french_roundcube(
    "french-roundcube",
    &["Bonjour Ann,\n\nmardi nous convient très bien. Nous serons dix.\n\nJane"],
    HISTORY
)]
#[case::german_outlook(
    "german-outlook",
    &["Hallo Ann,\n\nDienstag passt. Wir brauchen zwei Bildschirme für den Kurs.\n\nViele Grüße\nJane"],
    HISTORY
)]
#[case::german_outlook_html(
    "german-outlook-html",
    &["Hallo Ann,\n\nDienstag passt. Wir brauchen:\n- zwei Bildschirme\n- zehn Stühle\n\n\
       Viele Grüße\nJane"],
    HISTORY
)]
#[case::gmail_app(
    "gmail-app",
    &["Tuesday is fine for all of us. 👍\n\nSee you in Lyon!"],
    HISTORY
)]
#[case::gmail_between(
    "gmail-between",
    &["On Sun, Nov 22, 2026 at 2:53 PM Ann, Bootlin <support@example.org> wrote:\n\n\
       > Hello Jane,\n>\n> would Tuesday suit you for the kernel training?\n\n\
       Wednesday would be better.\n\n> And shall we bring the boards?\n\nYes please, two of them."],
    ""
)]
#[case::gmail_web(
    "gmail-web",
    &["Hello Ann,\n\nTuesday suits us very well. The way is described here <https://acme.com/way>."],
    BOTH
)]
#[case::gmx(
    "gmx",
    &["Guten Tag Ann,\n\nDienstag passt uns gut. Bringen Sie bitte zwei Platinen mit.\n\nViele Grüße\nJane Doe"],
    HISTORY
)]
#[case::japanese(
    "japanese",
    &["アン様\n\n火曜日で大丈夫です。\nボードを二枚お願いします。\n\nジェーン"],
    HISTORY
)]
#[case::k9("k9", &["Hello Ann,\n\nTuesday suits us."], BOTH)]
#[case::launchable("launchable", &["Please try both.", "m.file 0001-reset.patch"], HISTORY)]
#[case::notes("notes", &["Hello Ann,\n\nTuesday suits us.\n\nKind regards\nJane"], HISTORY)]
#[case::outlook_desktop(
    "outlook-desktop",
    &["Hello Ann,\n\nTuesday suits us. This is what we have in the room:\n\n\
       - two screens\n- ten chairs\n\nThe list of people is attached.\n\n\
       Kind regards\nJane Doe\nAcme Instruments", "m.file People.xlsx"],
    HISTORY
)]
#[case::outlook_mobile(
    "outlook-mobile",
    &["Tuesday is fine. Details follow once I am at my desk."],
    BOTH
)]
#[case::outlook_web(
    "outlook-web",
    &["Hello Ann,\n\nTuesday suits us. The days would be:\n\n\
       Day       | Room\nTuesday   | Lumière\nWednesday | Ampère\n\nThis is the second one:",
      "m.image Outlook-room.png", "Jane", "m.file Way to the rooms.pdf"],
    HISTORY
)]
#[case::outlook_winmail(
    "outlook-winmail",
    &["Hello Ann,\n\nTuesday suits us. The plan and the log are attached.\n\nJane",
      "m.file Room plan.pdf", "m.file boot.log"],
    HISTORY
)]
#[case::phone_photos(
    "phone-photos",
    &["Both rooms, as promised.", "m.image 20261122_143012.jpg", "m.file IMG_0043.HEIC"],
    HISTORY
)]
#[case::proton("proton", &["Hello Ann,\n\nTuesday suits us."], BOTH)]
#[case::thunderbird_between(
    "thunderbird-between",
    &["On 11/22/26 13:53, Ann, Bootlin wrote:\n\n> Hello Jane,\n>\n\
       > would Tuesday suit you for the kernel training?\n\nWednesday would be better.\n\n\
       > And shall we bring the boards?\n\nYes please, two of them."],
    BOTH
)]
#[case::samsung("samsung", &["Tuesday is fine."], BOTH)]
// Thunderbird can't split a quote within a table: both answers stand above the whole letter.
#[case::thunderbird_between_table(
    "thunderbird-between-table",
    &["Wednesday would be better.Yes please, two of them."],
    BOTH
)]
#[case::thunderbird_html(
    "thunderbird-html",
    &["Hello Ann,\n\nTuesday suits us well. This is how the room looks:", "m.image ExampleImageName.png",
      "The plan of the house is attached.", "m.file plan.pdf"],
    BOTH
)]
// Above the history Thunderbird sets no mark before the signature.
#[case::thunderbird_plain(
    "thunderbird-plain",
    &["Hello Ann,\n\nTuesday suits us well, but please come early, as the room is only ours until \
       five o'clock and the caretaker is strict.\n\nJane\n\nJane Doe\nAcme Instruments"],
    HISTORY
)]
#[case::yahoo(
    "yahoo",
    &["Hello Ann,\n\nTuesday suits us, and two boards are enough."],
    HISTORY
)]
#[case::zimbra("zimbra", &["Hello Ann,\n\nTuesday suits us."], BOTH)]
#[tokio::test(flavor = "multi_thread")]
async fn the_room_shows_what_they_wrote(
    #[case] name: &str,
    #[case] shown: &[&str],
    #[case] hint: &str,
) {
    let desk = open().await;
    take(name, &desk).await;
    let events = desk.events();
    let first = events.first().map(TimelineEvent::body);
    assert!(first.is_some(), "nothing is shown\n{}", desk.world.log());
    let mut expected: Vec<String> = shown.iter().map(|&it| it.to_owned()).collect();
    let is_file = |it: &str| it.starts_with("m.image ") || it.starts_with("m.file ");
    let has_words = |it: &&mut String| !is_file(it) || it.contains(": ");
    let words = expected.iter_mut().rev().find(has_words);
    if let (Some(words), false) = (words, hint.is_empty()) {
        *words = format!("{words}\n\n{hint}");
    }
    let seen: Vec<String> = events.iter().map(summary).collect();
    let is_not_yet = NOT_YET.contains(&name);
    assert!(
        is_not_yet || seen == expected,
        "{name} shows\n{seen:#?}\ninstead of\n{expected:#?}"
    );
    assert!(
        !is_not_yet || seen != expected,
        "{name} is fine now: take it out of NOT_YET"
    );
    desk.close().await;
}

/// What is said of a mail besides its words: below them by the ghost, or by the bot.
#[rstest]
#[case::invitation(
    "invitation",
    &["Let us look at the room together.", "Look at the training room", "1 December 2026", "14:00", "Room Lumière"]
)]
#[case::smime_signed("smime-signed", &["Tuesday suits us.\n\nJane", "signed with S/MIME"])]
#[case::launchable("launchable", &["“setup.exe” (64 B)", "Windows would run it"])]
#[tokio::test(flavor = "multi_thread")]
async fn the_room_is_told_what_words_do_not_say(#[case] name: &str, #[case] told: &[&str]) {
    let desk = open().await;
    take(name, &desk).await;
    let said = [desk.said(), desk.world.said_by(&desk.room, BOT)]
        .concat()
        .join("\n");
    let missing: Vec<&&str> = told.iter().filter(|it| !said.contains(**it)).collect();
    let key = format!("{name} told");
    let is_not_yet = NOT_YET.contains(&key.as_str());
    assert!(
        is_not_yet || missing.is_empty(),
        "{missing:?} is missing in\n{said}"
    );
    assert!(
        !is_not_yet || !missing.is_empty(),
        "{key} is fine now: take it out of NOT_YET"
    );
    desk.close().await;
}

/// The room with the letter that the fixtures answer.
async fn open() -> Desk {
    let desk = Desk::open_with(Options::default(), "Kernel training Lyon", SAID).await;
    let text = mail_text(&desk.letter.raw);
    let expected = [SAID, BELOW[0], BELOW[1]].join("\n\n");
    let quoted = text.trim_end().strip_suffix(SINCE).map(str::trim_end);
    assert_eq!(quoted, Some(&*expected), "the fixtures quote other words");
    desk
}

/// Jane's program answers the letter.
async fn take(name: &str, desk: &Desk) {
    let path = format!(
        "{}/tests/fixtures/clients/{name}.eml",
        env!("CARGO_MANIFEST_DIR")
    );
    let mail = std::fs::read_to_string(path).unwrap();
    let mail = mail
        .replace("{{reply-address}}", &desk.token)
        .replace("{{letter-id}}", desk.letter_id.trim_matches(['<', '>']));
    desk.take(&desk.token, &mail).await;
    for event in desk.events() {
        let (text, html) = (event.body(), event.content["formatted_body"].as_str());
        // An answer between our lines stands below them.
        if text.contains("\n> ") {
            continue;
        }
        let ours = SAID.lines().chain(BELOW).filter(|line| !line.is_empty());
        for line in ours {
            let is_shown = text.contains(line) || html.is_some_and(|html| html.contains(line));
            assert!(!is_shown, "{name} shows our own words:\n{text}\n{html:?}");
        }
    }
}

fn summary(event: &TimelineEvent) -> String {
    match event.content["msgtype"].as_str().unwrap_or_default() {
        "m.text" => event.body().to_owned(),
        kind => {
            let name = event.content["filename"].as_str().unwrap_or_default();
            let words = Some(event.body()).filter(|body| *body != name);
            let words = words.map_or_else(String::new, |words| format!(": {words}"));
            format!("{kind} {name}{words}")
        }
    }
}

fn mail_text(raw: &[u8]) -> String {
    let mail = mail_parser::MessageParser::new().parse(raw).unwrap();
    mail.body_text(0).unwrap().replace("\r\n", "\n")
}
