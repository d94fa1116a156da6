//! Letters in English.

use jiff::Zoned;

use super::Sentences;
use crate::domain::{
    letter::Language,
    sharing::{Change, FileKind, Missing},
    wording::numbers,
};

#[derive(Debug)]
pub(super) struct English;

impl Sentences for English {
    fn subject_of_nameless_room(&self, organisation: &str) -> String {
        format!("Conversation with {organisation}")
    }

    fn correction(&self, earlier: Option<&str>) -> String {
        match earlier {
            Some(earlier) => format!("Correction of “{earlier}”:"),
            None => "Correction:".to_owned(),
        }
    }

    fn reaction(&self, author: &str, sign: &str, to: Option<&str>) -> String {
        match to {
            Some(to) => format!("{author} reacted: {sign} (to “{to}”)"),
            None => format!("{author} reacted: {sign}"),
        }
    }

    fn remark(&self, author: &str, change: &Change) -> String {
        match change {
            Change::Came => format!("{author} joined the room"),
            Change::Went => format!("{author} left the room"),
            Change::WasPutOut => format!("{author} was removed from the room"),
            Change::NamedRoom(name) if name.is_empty() => {
                format!("{author} removed the room's name")
            }
            Change::NamedRoom(name) => format!("{author} named the room “{name}”"),
            Change::ChangedTopic(topic) if topic.is_empty() => {
                format!("{author} removed the room's topic")
            }
            Change::ChangedTopic(topic) => {
                format!("{author} changed the room's topic to “{topic}”")
            }
        }
    }

    fn not_carried(&self, author: &str, what: &str) -> String {
        format!("{author} shared {what}, which can't be sent by email. Just ask if you need it.")
    }

    fn no_caption(&self) -> &'static str {
        "no words with it any more"
    }

    fn kind(&self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Image => "picture",
            FileKind::Sticker => "sticker",
            FileKind::Video => "video",
            FileKind::Audio => "audio",
            FileKind::Voice => "voice message",
            FileKind::File => "file",
        }
    }

    fn attached(&self, what: &str) -> String {
        format!("{what}, attached")
    }

    fn linked(&self, what: &str, until: &Zoned) -> String {
        let until = numbers::date(until, Language::English);
        format!("{what}, too large for an email. You can download it until {until}:")
    }

    fn download(&self, name: &str) -> String {
        format!("Download {name}")
    }

    fn available(&self, size: &str, until: &Zoned) -> String {
        format!("{size}, until {}", numbers::date(until, Language::English))
    }

    fn missing(&self, what: &str, why: &Missing) -> String {
        let why = match why {
            Missing::TooLarge { .. } => "it is too large for an email",
            Missing::Gone { .. } => "it could not be fetched from our chat",
            Missing::Encrypted => "it is encrypted, and only the chat's members can open it",
        };
        format!("{what} is missing here: {why}. Just ask if you need it.")
    }

    fn place(&self) -> &'static str {
        "Location"
    }

    fn show_map(&self) -> &'static str {
        "Show on a map"
    }

    fn how_to_vote(&self, most_choices: usize) -> String {
        match most_choices {
            0 | 1 => "Just write which you choose.".to_owned(),
            _ => format!("Just write which you choose, at most {most_choices}."),
        }
    }

    fn poll_result(&self, question: &str) -> String {
        format!("Result: {question}")
    }

    fn votes(&self, number: usize) -> String {
        match number {
            1 => "1 vote".to_owned(),
            _ => format!("{number} votes"),
        }
    }

    fn readers(&self, names: &[String]) -> String {
        format!("Your answer is read by: {}.", names.join(", "))
    }

    fn how_to_answer(&self, organisation: &str) -> String {
        if organisation.is_empty() {
            return "Just answer this mail: your answer appears in our team's chat.".to_owned();
        }
        format!(
            "Just answer this mail: your answer appears in the chat of the team at {organisation}."
        )
    }

    fn how_to_join(&self) -> &'static str {
        "That chat is open to you, too: tell us if you would like to join it."
    }

    fn leave(&self, list: &str) -> String {
        format!("You get this mail because you are subscribed to “{list}”.")
    }

    fn leave_link(&self) -> &'static str {
        "Unsubscribe"
    }

    fn leave_by_mail(&self, address: &str) -> String {
        format!("To unsubscribe, write to {address}.")
    }

    fn attribution(&self, author: &str, at: Option<&Zoned>) -> String {
        match at {
            Some(at) => {
                let date = numbers::date(at, Language::English);
                format!("On {date} at {}, {author} wrote:", numbers::time(at))
            }
            None => format!("{author} wrote:"),
        }
    }
}
