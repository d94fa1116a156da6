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
    sharing::{Change, FileKind, Missing},
};

/// The sentences of one language. Names of people, files and rooms come as they are to be shown.
pub trait Sentences: std::fmt::Debug + Sync {
    fn subject_of_nameless_room(&self, organisation: &str) -> String;

    /// Above the new words of a message that had been mailed; `earlier` is a few words of it.
    fn correction(&self, earlier: Option<&str>) -> String;

    /// What somebody answered with a sign, and to what.
    fn reaction(&self, author: &str, sign: &str, to: Option<&str>) -> String;

    /// What happened in the room.
    fn remark(&self, author: &str, change: &Change) -> String;

    /// In place of something that a letter can't carry; `what` as [`opaque`](super::opaque) has it.
    fn not_carried(&self, author: &str, what: &str) -> String;

    /// In place of the words of a correction, where a file has lost its caption.
    fn no_caption(&self) -> &'static str;

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
