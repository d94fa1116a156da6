//! What the bot says about mails that are shown in rooms.

use super::{bytes, excerpt};
use crate::domain::{effect::Folded, incoming::Withheld, letter::Language};

/// A file whose mail gives it no name.
pub const NAMELESS_FILE: &str = "unnamed file";

/// The hint below a mail that not all of it is shown.
pub fn folded(what: Folded) -> Option<&'static str> {
    match (what.history, what.signature) {
        (true, true) => Some(HINTS[0]),
        (true, false) => Some(HINTS[1]),
        (false, true) => Some(HINTS[2]),
        (false, false) => None,
    }
}

pub fn is_hint(line: &str) -> bool {
    HINTS.contains(&line) || super::people::is_guest_mark(line) || super::held::is_mark(line)
}

const HINTS: [&str; 3] = [
    "🔍 history and signature folded",
    "🔍 history folded",
    "🔍 signature folded",
];

/// What a mail too long for the room is called as a file.
pub const WHOLE_TEXT: &str = "message.txt";

/// To staff: files that wait for them. Each with its name, size in bytes, and why.
pub fn withheld(sender: &str, files: &[(String, u64, Withheld)]) -> String {
    let mut lines = vec![format!("{sender} sent what I don't show by myself:")];
    for (name, size, why) in files.iter().take(MOST_TOLD) {
        let why = match why {
            Withheld::Launchable => "Windows would run it when somebody opens it",
            Withheld::Damaged => "its content is damaged",
            Withheld::Infected => "there is malware in the mail",
            Withheld::NotScanned => "the virus scanner could not look at it",
        };
        lines.push(format!("- “{}” ({}): {why}", excerpt(name), bytes(*size)));
    }
    if let Some(more @ 1..) = files.len().checked_sub(MOST_TOLD) {
        lines.push(format!("- and {more} more"));
    }
    let is_infected = |(_, _, why): &(String, u64, Withheld)| *why == Withheld::Infected;
    lines.push(if files.iter().all(is_infected) {
        "It is kept on the machine that I run on, and shown to nobody.".to_owned()
    } else {
        "It is kept. React to this with ✅ to show it in the room all the same.".to_owned()
    });
    lines.join("\n")
}

/// Below a mail with more files than a room shows: the names of the first of the others.
pub fn files_left(names: &[String], count: usize) -> String {
    let told = listed_files(names, count, Language::English);
    let count = match count {
        1 => "1 more file is".to_owned(),
        count => format!("{count} more files are"),
    };
    format!("({count} only in the original, 🔍: {told})")
}

/// The names of the first of `count` files.
pub fn listed_files(names: &[String], count: usize, language: Language) -> String {
    let mut told = names.to_vec();
    if let Some(more @ 1..) = count.checked_sub(names.len()) {
        told.push(match language {
            Language::English => format!("and {more} more"),
            Language::French => format!("et {more} autres"),
            Language::German => format!("und {more} weitere"),
        });
    }
    told.join(", ")
}

/// Files in one sentence.
pub const MOST_TOLD: usize = 20;

pub fn original_of_what() -> String {
    "Which mail? Reply with `!email original` to the message that shows it, or react to that \
     message with 🔍."
        .to_owned()
}

pub fn original_is_private() -> String {
    "There are people in this room who aren't staff, so I don't show the whole mail here; and there \
     is no control room to show it in (`control_room` in the configuration)."
        .to_owned()
}

pub fn original_in_control_room() -> String {
    "There are people in this room who aren't staff, so I show the whole mail in the control room."
        .to_owned()
}

/// What the file with a whole mail is called, by its number: as text for reading, or as it came.
pub fn original_file(mail: i64, is_text: bool) -> String {
    let extension = if is_text { "txt" } else { "eml" };
    format!("mail-{mail}.{extension}")
}
