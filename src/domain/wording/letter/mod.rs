//! What stands in letters besides people's own words, in the language of the customer.
//!
//! A new language is a file here with every sentence of [`Sentences`], a variant of [`Language`],
//! and what the compiler asks for then.

mod english;
mod french;
mod german;

use jiff::Zoned;

use crate::domain::{
    letter::Language,
    sharing::{FileKind, Missing},
};

/// The sentences of one language. Names of people, files and rooms come as they are to be shown.
pub trait Sentences: std::fmt::Debug + Sync {
    fn subject_of_nameless_room(&self, organisation: &str) -> String;

    /// Above the new words of a message that had been mailed; `earlier` is a few words of it.
    fn correction(&self, earlier: Option<&str>) -> String;

    /// What somebody answered with a sign, and to what.
    fn reaction(&self, author: &str, sign: &str, to: Option<&str>) -> String;

    /// What happened in the room.
    fn remark(&self, author: &str, what: Remark<'_>) -> String;

    /// In place of something that a letter can't carry; `what` is its English description.
    fn not_carried(&self, author: &str, what: &str) -> String;

    /// A file without a name, and what a named one is where its name may not tell.
    fn kind(&self, kind: FileKind) -> &'static str;

    /// `what` is a file with its size.
    fn attached(&self, what: &str) -> String;

    /// Above the address of a file that is too large for the mail.
    fn linked(&self, what: &str, until: &Zoned) -> String;

    /// The button that fetches such a file.
    fn download(&self, name: &str) -> String;

    /// Below the button: the file's size, and until when it can be fetched.
    fn available(&self, size: &str, until: &Zoned) -> String;

    /// In place of a file, and what to do.
    fn missing(&self, what: &str, why: &Missing) -> String;

    /// A place without a description.
    fn place(&self) -> &'static str;

    /// The link to a map.
    fn show_map(&self) -> &'static str;

    /// Below a poll's answers.
    fn how_to_vote(&self, most_choices: usize) -> String;

    fn poll_result(&self, question: &str) -> String;

    fn votes(&self, number: usize) -> String;

    /// Who reads the answer, where that is more than the author.
    fn readers(&self, names: &[String]) -> String;

    /// How to answer, in the first letter.
    fn how_to_answer(&self, organisation: &str) -> String;

    /// That one may come to the chat, in the first letter.
    fn how_to_join(&self) -> &'static str;

    /// Before the address of the page, or of the mailbox, by which a recipient of the list leaves.
    fn leave(&self, list: &str) -> String;

    /// The link to that page.
    fn leave_link(&self) -> &'static str;

    /// Where there is no such page.
    fn leave_by_mail(&self, address: &str) -> String;

    /// Above the customer's last mail, such that mail programs know it for what it is.
    fn attribution(&self, author: &str, at: Option<&Zoned>) -> String;
}

/// What happened in a room, as stored sentences tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark<'a> {
    Came,
    Went,
    WasPutOut,
    NamedRoom(&'a str),
    RemovedName,
    ChangedTopic(&'a str),
    RemovedTopic,
    /// In English, to follow the author's name.
    Other(&'a str),
}

impl<'a> Remark<'a> {
    /// Reads a stored sentence: items of letters hold English, whoever reads them then.
    #[must_use]
    pub fn read(what: &'a str) -> Self {
        let quoted = |start: &str| what.strip_prefix(start)?.strip_suffix('”');
        match what {
            "joined the room" => Self::Came,
            "left the room" => Self::Went,
            "was removed from the room" => Self::WasPutOut,
            "removed the room's name" => Self::RemovedName,
            "removed the room's topic" => Self::RemovedTopic,
            _ => quoted("named the room “")
                .map(Self::NamedRoom)
                .or_else(|| quoted("changed the room's topic to “").map(Self::ChangedTopic))
                .unwrap_or(Self::Other(what)),
        }
    }
}

/// The sentences of `language`.
#[must_use]
pub fn sentences(language: Language) -> &'static dyn Sentences {
    match language {
        Language::English => &english::English,
        Language::French => &french::French,
        Language::German => &german::German,
    }
}

/// Above the words of one of several authors.
#[must_use]
pub fn author_line(author: &str, time: &str) -> String {
    format!("{author} · {time}")
}

/// Below the words of a letter by a single author.
#[must_use]
pub fn sign_off(author: &str, organisation: &str) -> String {
    if author == organisation || organisation.is_empty() {
        return author.to_owned();
    }
    format!("{author} · {organisation}")
}

/// The sign and what it answers, of what [`reacted`](super::reacted) has put together.
#[must_use]
pub fn reacted_to(what: &str) -> (&str, Option<&str>) {
    let parts = what
        .strip_suffix("”)")
        .and_then(|what| what.split_once(" (to “"));
    parts.map_or((what, None), |(sign, to)| (sign, Some(to)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::wording::reacted;

    #[rstest]
    #[case("joined the room", "Ann hat den Raum betreten")]
    #[case("left the room", "Ann hat den Raum verlassen")]
    #[case("was removed from the room", "Ann wurde aus dem Raum entfernt")]
    #[case("named the room “B”", "Ann hat den Raum „B“ genannt")]
    #[case("removed the room's name", "Ann hat den Namen des Raums entfernt")]
    #[case(
        "changed the room's topic to “T”",
        "Ann hat das Thema des Raums geändert: „T“"
    )]
    #[case("removed the room's topic", "Ann hat das Thema des Raums entfernt")]
    #[case("did something", "Ann did something")]
    fn remarks_are_translated(#[case] stored: &str, #[case] expected: &str) {
        let remark = |language| sentences(language).remark("Ann", Remark::read(stored));
        assert_eq!(remark(Language::English), format!("Ann {stored}"));
        assert_eq!(remark(Language::German), expected);
    }

    #[rstest]
    #[case("👍", "")]
    #[case("👍", "See you at nine")]
    #[case("👍", "so (to “speak”)")]
    fn reactions_come_apart_again(#[case] sign: &str, #[case] excerpt: &str) {
        let to = (!excerpt.is_empty()).then_some(excerpt);
        assert_eq!(reacted_to(&reacted(sign, excerpt)), (sign, to));
    }
}
