//! What a letter shows, in order and in its language; the text and the HTML part both draw it.

use std::borrow::Cow;

use super::{
    cid::{CidOf, content_id},
    said::{Said, Written},
};
use crate::{
    content::{
        colour::Colour,
        name::{self, initials},
    },
    domain::{
        letter::{Entry, EntryBody, Language, List, Quote, SealedLetter},
        wording::{
            letter::{self as wording, sentences},
            numbers,
        },
    },
};

/// The whole content of a letter.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) language: Language,
    /// Above everything in the HTML, where the organisation has a logo or a colour.
    pub(super) head: Option<Head<'a>>,
    /// Of buttons and bars.
    pub(super) accent: Colour,
    pub(super) groups: Vec<Group>,
    /// Only where one person speaks; where several do, their names stand above their words.
    pub(super) sign_off: Option<String>,
    /// Small sentences about the letter itself.
    pub(super) hints: Vec<String>,
    pub(super) leave: Option<Leave<'a>>,
    pub(super) quote: Option<QuoteView<'a>>,
    pub(super) footer: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) organisation: &'a str,
    pub(super) logo: Option<LogoView>,
    pub(super) colour: Option<Colour>,
}

#[derive(Debug)]
pub(super) struct LogoView {
    pub(super) cid: String,
    /// In pixels.
    pub(super) width: u32,
    pub(super) height: u32,
}

/// What one author wrote without anybody else in between.
#[derive(Debug)]
pub(super) struct Group {
    /// Where several people speak.
    pub(super) heading: Option<Heading>,
    pub(super) pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(super) struct Heading {
    pub(super) author: String,
    pub(super) time: String,
    pub(super) initials: String,
    /// Of the disc with the initials, which are white.
    pub(super) colour: Colour,
}

impl Heading {
    pub(super) fn line(&self) -> String {
        wording::author_line(&self.author, &self.time)
    }
}

/// One message.
#[derive(Debug)]
pub(super) struct Piece {
    /// The beginning of the message that it replies to.
    pub(super) quote: Option<String>,
    pub(super) label: Option<String>,
    pub(super) said: Said,
}

/// How a recipient of a list leaves it.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    pub(super) sentence: String,
    /// Address and words of a link.
    pub(super) link: Option<(&'a str, &'static str)>,
    pub(super) by_mail: Option<String>,
}

#[derive(Debug)]
pub(super) struct QuoteView<'a> {
    pub(super) attribution: String,
    pub(super) text: Cow<'a, str>,
}

impl<'a> View<'a> {
    pub(super) fn of(letter: &'a SealedLetter) -> Self {
        let language = letter.language;
        let colour = letter.look.colour.as_deref().and_then(Colour::parse);
        Self {
            language,
            head: head(letter, colour),
            accent: colour.unwrap_or(ACCENT),
            groups: groups(letter),
            sign_off: single_author(letter)
                .map(|author| wording::sign_off(&name::shown(author), &letter.organisation)),
            hints: hints(letter),
            leave: letter.list.as_ref().map(|list| leave(list, language)),
            quote: letter.quote.as_ref().map(|quote| QuoteView {
                attribution: attribution(quote, letter),
                text: cut(quote.text.trim_end()),
            }),
            footer: letter
                .footer
                .as_deref()
                .filter(|text| !text.trim().is_empty()),
        }
    }
}

impl View<'_> {
    /// What people wrote.
    pub(super) fn written_mut(&mut self) -> impl Iterator<Item = &mut Written> {
        let pieces = self.groups.iter_mut().flat_map(|group| &mut group.pieces);
        pieces.filter_map(|piece| piece.said.written_mut())
    }
}

fn head(letter: &SealedLetter, colour: Option<Colour>) -> Option<Head<'_>> {
    let logo = letter.look.logo.as_ref().map(|logo| LogoView {
        cid: content_id(letter, CidOf::Logo),
        width: logo.width,
        height: logo.height,
    });
    (logo.is_some() || colour.is_some()).then_some(Head {
        organisation: &letter.organisation,
        logo,
        colour,
    })
}

fn single_author(letter: &SealedLetter) -> Option<&str> {
    let mut speaking = letter.entries.iter().filter(|entry| !is_aside(entry));
    let author = speaking.next()?.author.as_str();
    speaking
        .all(|entry| entry.author == author)
        .then_some(author)
}

/// Told in a sentence that names its author.
fn is_aside(entry: &Entry) -> bool {
    matches!(entry.body, EntryBody::Remark(_) | EntryBody::React { .. })
}

fn groups(letter: &SealedLetter) -> Vec<Group> {
    let alone = single_author(letter).is_some();
    let entries: Vec<(usize, &Entry)> = letter.entries.iter().enumerate().collect();
    entries
        .chunk_by(|(_, one), (_, next)| {
            one.author == next.author && is_aside(one) == is_aside(next)
        })
        .map(|entries| Group {
            heading: entries
                .first()
                .filter(|(_, entry)| !alone && !is_aside(entry))
                .map(|(_, entry)| heading(entry, letter)),
            pieces: entries
                .iter()
                .map(|(at, entry)| piece(entry, *at, letter))
                .collect(),
        })
        .collect()
}

fn heading(entry: &Entry, letter: &SealedLetter) -> Heading {
    Heading {
        author: name::shown(&entry.author),
        time: numbers::entry_time(&entry.at, &letter.date, letter.language),
        initials: initials(&name::shown(&entry.author)),
        colour: disc(&entry.author),
    }
}

fn piece(entry: &Entry, at: usize, letter: &SealedLetter) -> Piece {
    let label = match &entry.body {
        EntryBody::Correct { earlier, .. } => {
            let earlier = earlier.as_deref().map(excerpt);
            Some(sentences(letter.language).correction(earlier.as_deref()))
        }
        EntryBody::Text(_)
        | EntryBody::Emote(_)
        | EntryBody::File { .. }
        | EntryBody::Place(_)
        | EntryBody::Poll(_)
        | EntryBody::PollResult(_)
        | EntryBody::Mail { .. }
        | EntryBody::Remark(_)
        | EntryBody::NotCarried { .. }
        | EntryBody::React { .. } => None,
    };
    Piece {
        quote: entry.quote.as_deref().map(excerpt),
        label,
        said: Said::of(entry, at, letter),
    }
}

fn hints(letter: &SealedLetter) -> Vec<String> {
    let says = sentences(letter.language);
    let mut hints = Vec::new();
    if !letter.readers.is_empty() {
        let names: Vec<String> = letter.readers.iter().map(|n| name::shown(n)).collect();
        hints.push(says.readers(&names));
    }
    if letter.how_to {
        hints.push(says.how_to_answer(&letter.organisation));
        hints.push(says.how_to_join().to_owned());
    }
    hints
}

fn leave(list: &List, language: Language) -> Leave<'_> {
    let says = sentences(language);
    let link = list.leave_url.as_deref();
    Leave {
        sentence: says.leave(&name::shown(&list.name)),
        link: link.map(|url| (url, says.leave_link())),
        by_mail: link
            .is_none()
            .then(|| says.leave_by_mail(&list.leave_address.to_string())),
    }
}

fn attribution(quote: &Quote, letter: &SealedLetter) -> String {
    let zone = letter.date.time_zone();
    let at = quote.at.as_ref().map(|at| at.with_time_zone(zone.clone()));
    sentences(letter.language).attribution(&name::shown(&quote.author), at.as_ref())
}

/// The colour of an author's disc: the same in every letter.
fn disc(author: &str) -> Colour {
    // Fowler, Noll and Vo's hash, FNV-1a.
    let hash = author
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let many = u64::try_from(DISCS.len()).unwrap_or(1);
    // The lower bits of neighbouring names are alike.
    let at = (hash >> 32) % many;
    DISCS[usize::try_from(at).unwrap_or_default()]
}

/// The beginning of a long text, with a line that says that there is more.
fn cut(text: &str) -> Cow<'_, str> {
    let lines = text.match_indices('\n').nth(LONGEST_QUOTE_LINES - 1);
    let mut end = lines.map_or(text.len(), |(at, _)| at);
    if end > LONGEST_QUOTE {
        end = text.floor_char_boundary(LONGEST_QUOTE);
        // Not within a word, unless it is one without end.
        let word = text[..end].rfind(char::is_whitespace);
        end = word.filter(|at| end - at < 200).unwrap_or(end);
    }
    if end == text.len() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{}\n…", text[..end].trim_end()))
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
    name::shown(&excerpt)
}

/// Octets; enough to know one's own sentence again.
const EXCERPT: usize = 80;
/// What is quoted below a letter is there for whoever it is forwarded to; all of it is in the mail
/// that it answers.
const LONGEST_QUOTE_LINES: usize = 200;
/// In octets.
const LONGEST_QUOTE: usize = 12_000;
const ACCENT: Colour = Colour::new(0x1d_5f_a8);
/// Dark enough for white letters, light enough to be seen on a dark ground.
const DISCS: [Colour; 10] = [
    Colour::new(0x1d_5f_a8),
    Colour::new(0x0f_76_6e),
    Colour::new(0x7c_3a_ed),
    Colour::new(0xb4_23_2f),
    Colour::new(0x9a_5b_00),
    Colour::new(0x2f_75_38),
    Colour::new(0xa8_32_6b),
    Colour::new(0x4f_5b_c4),
    Colour::new(0x5f_66_70),
    Colour::new(0x8a_4b_2a),
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::content::colour::{BLACK, WHITE};

    #[rstest]
    #[case("The meeting\nis on Tuesday", "The meeting is on Tuesday")]
    #[case(&"word ".repeat(20), &format!("{}word…", "word ".repeat(15)))]
    #[case(&format!("{}stop: and more", "word ".repeat(15)), &format!("{}stop…", "word ".repeat(15)))]
    #[case(&"é".repeat(100), &format!("{}…", "é".repeat(40)))]
    #[case("a \u{202e}b", "a b")]
    fn excerpts_are_short(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(excerpt(text), expected);
    }

    #[rstest]
    #[case::short("a\nb", "a\nb")]
    #[case::lines(&"x\n".repeat(1000), &format!("{}…", "x\n".repeat(200)))]
    #[case::words(&"word ".repeat(10_000), &format!("{}\n…", "word ".repeat(2400).trim_end()))]
    #[case::no_words(&"é".repeat(10_000), &format!("{}\n…", "é".repeat(6000)))]
    fn long_quotes_are_cut(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(cut(text), expected);
    }

    #[test]
    fn initials_can_be_read_and_discs_be_seen() {
        for colour in DISCS {
            assert!(colour.contrast(WHITE) >= 4.5, "{colour}");
            assert!(colour.contrast(BLACK) >= 3.0, "{colour}");
        }
    }

    #[test]
    fn people_have_different_colours() {
        let names = [
            "Ann",
            "Bob",
            "Carla",
            "Dora",
            "Eve",
            "Anna Léger",
            "Béla",
            "Jane Doe",
        ];
        let mut colours: Vec<String> = names.iter().map(|name| disc(name).to_string()).collect();
        colours.sort();
        colours.dedup();
        assert!(colours.len() > 4, "{colours:?}");
    }
}
