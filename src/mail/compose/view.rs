//! What a letter shows, in order and in its language; the text and the HTML part both draw it.

use crate::domain::{
    event::Words,
    letter::{Entry, EntryBody, SealedLetter},
    wording::letter as wording,
};

/// The whole content of a letter.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// Only where one person speaks; where several do, their names stand above their words.
    pub(super) sign_off: Option<String>,
    /// Small sentences about the letter itself.
    pub(super) hints: Vec<String>,
    pub(super) quote: Option<QuoteView<'a>>,
    pub(super) footer: Option<&'a str>,
}

/// What one author wrote without anybody else in between.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) heading: Option<String>,
    pub(super) pieces: Vec<Piece<'a>>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// The beginning of the message that it replies to.
    pub(super) quote: Option<String>,
    pub(super) label: Option<String>,
    pub(super) said: Said<'a>,
}

#[derive(Debug)]
pub(super) enum Said<'a> {
    Words(&'a Words),
    Emote {
        author: &'a str,
        words: &'a Words,
    },
    /// A sentence of ours about what somebody did.
    Note(String),
}

#[derive(Debug)]
pub(super) struct QuoteView<'a> {
    pub(super) attribution: String,
    pub(super) text: &'a str,
}

impl<'a> View<'a> {
    pub(super) fn of(letter: &'a SealedLetter) -> Self {
        let language = letter.language;
        let mut hints = Vec::new();
        if !letter.readers.is_empty() {
            hints.push(wording::readers(&letter.readers, language));
        }
        if letter.how_to {
            hints.push(wording::how_to_answer(&letter.organisation, language));
        }
        if let Some(url) = letter
            .list
            .as_ref()
            .and_then(|list| list.leave_url.as_deref())
        {
            hints.push(wording::leave_broadcast(url, language));
        }
        Self {
            groups: groups(letter),
            sign_off: single_author(letter)
                .map(|author| wording::sign_off(author, &letter.organisation)),
            hints,
            quote: letter.quote.as_ref().map(|quote| QuoteView {
                attribution: wording::attribution(&quote.author, quote.at.as_ref(), language),
                text: &quote.text,
            }),
            footer: letter
                .footer
                .as_deref()
                .filter(|text| !text.trim().is_empty()),
        }
    }
}

fn single_author(letter: &SealedLetter) -> Option<&str> {
    let author = letter.entries.first()?.author.as_str();
    let alone = letter.entries.iter().all(|entry| entry.author == author);
    alone.then_some(author)
}

fn groups(letter: &SealedLetter) -> Vec<Group<'_>> {
    let alone = single_author(letter).is_some();
    letter
        .entries
        .chunk_by(|one, next| one.author == next.author)
        .map(|entries| Group {
            heading: entries
                .first()
                .filter(|_| !alone)
                .map(|entry| heading(entry, letter)),
            pieces: entries.iter().map(|entry| piece(entry, letter)).collect(),
        })
        .collect()
}

fn heading(entry: &Entry, letter: &SealedLetter) -> String {
    let time = wording::entry_time(&entry.at, &letter.date, letter.language);
    wording::author_line(&entry.author, &time)
}

fn piece<'a>(entry: &'a Entry, letter: &SealedLetter) -> Piece<'a> {
    let (author, language) = (entry.author.as_str(), letter.language);
    let mut label = None;
    let said = match &entry.body {
        EntryBody::Text(words) => Said::Words(words),
        EntryBody::Emote(words) => Said::Emote { author, words },
        EntryBody::Correct { earlier, words } => {
            let earlier = earlier.as_deref().map(excerpt);
            label = Some(wording::correction(earlier.as_deref(), language));
            Said::Words(words)
        }
        EntryBody::NotCarried { what } => {
            Said::Note(wording::missing_in_letter(author, what, language))
        }
        EntryBody::File { file, .. } => {
            Said::Note(wording::missing_in_letter(author, &file.filename, language))
        }
        EntryBody::Place(_) | EntryBody::Poll(_) | EntryBody::PollResult(_) => {
            Said::Note(String::new())
        }
        EntryBody::Remark { what } => Said::Note(format!("{author} {what}")),
        EntryBody::React { what } => Said::Note(wording::reaction(author, what, language)),
    };
    Piece {
        quote: entry.quote.as_deref().map(excerpt),
        label,
        said,
    }
}

/// The first words of a text, on one line.
fn excerpt(text: &str) -> String {
    let mut excerpt = String::new();
    for word in text.split_whitespace() {
        if excerpt.len() + word.len() > EXCERPT {
            if excerpt.is_empty() {
                excerpt.push_str(&word[..word.floor_char_boundary(EXCERPT)]);
            }
            let end = excerpt.trim_end_matches(['.', ',', ':', ';']).len();
            excerpt.truncate(end);
            excerpt.push('…');
            break;
        }
        if !excerpt.is_empty() {
            excerpt.push(' ');
        }
        excerpt.push_str(word);
    }
    excerpt
}

/// Octets; enough to know one's own sentence again.
const EXCERPT: usize = 80;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("The meeting\nis on Tuesday", "The meeting is on Tuesday")]
    #[case(&"word ".repeat(20), &format!("{}word…", "word ".repeat(15)))]
    #[case(&format!("{}stop: and more", "word ".repeat(15)), &format!("{}stop…", "word ".repeat(15)))]
    #[case(&"é".repeat(100), &format!("{}…", "é".repeat(40)))]
    fn excerpts_are_short(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(excerpt(text), expected);
    }
}
