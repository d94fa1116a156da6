//! What a letter shows of one message, in its language: whole in the text and in the HTML.

use std::collections::HashSet;

use super::cid::{CidOf, content_id};
use crate::{
    content::{
        html::{BoundedHtml, for_mail, text_for_mail, to_text},
        name,
    },
    domain::{
        event::Words,
        letter::{Attached, Enclosed, Entry, EntryBody, Inline, Language, SealedLetter},
        sharing::{Change, FileKind, Missing, Place, Poll, PollResult, SharedFile},
        wording::{
            excerpt, icon,
            letter::{Sentences, sentences},
            mail::in_letter,
            numbers, opaque,
        },
    },
};

#[derive(Debug)]
pub(super) enum Said {
    Words(Written),
    Mail {
        words: Option<Written>,
        /// Sentences of ours.
        notes: Vec<String>,
    },
    Emote {
        author: String,
        words: Written,
    },
    /// A sentence of ours about what somebody did.
    Note(String),
    File(FileView),
    Place(PlaceView),
    Poll(PollView),
    PollResult(PollResultView),
}

/// The same words twice.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: String,
    /// Fit to stand in the letter.
    pub(super) html: String,
}

#[derive(Debug)]
pub(super) struct FileView {
    pub(super) picture: Option<PictureView>,
    /// In the text: all that is to be said about the file.
    pub(super) line: String,
    /// In the HTML, where a picture says some of it.
    pub(super) html_line: Option<String>,
    pub(super) link: Option<FileLink>,
    pub(super) caption: Option<Written>,
}

#[derive(Debug)]
pub(super) struct PictureView {
    pub(super) cid: String,
    pub(super) alt: String,
    /// In pixels.
    pub(super) width: u32,
    pub(super) height: u32,
}

#[derive(Debug)]
pub(super) struct FileLink {
    pub(super) url: String,
    pub(super) button: String,
    /// Size and end.
    pub(super) details: String,
}

#[derive(Debug)]
pub(super) struct PlaceView {
    pub(super) line: String,
    pub(super) link: Option<(String, &'static str)>,
}

#[derive(Debug)]
pub(super) struct PollView {
    pub(super) question: String,
    pub(super) answers: Vec<String>,
    pub(super) how_to: String,
}

#[derive(Debug)]
pub(super) struct PollResultView {
    pub(super) title: String,
    /// Each answer with its votes, and a bar for them.
    pub(super) votes: Vec<(String, String)>,
}

impl Said {
    /// What the letter's entry number `at` shows.
    pub(super) fn of(entry: &Entry, at: usize, letter: &SealedLetter) -> Self {
        let says = sentences(letter.language);
        let author = || name::shown(&entry.author);
        match &entry.body {
            EntryBody::Correct { words, .. } if words.body.is_empty() => {
                Self::Note(says.no_caption().to_owned())
            }
            EntryBody::Text(words) | EntryBody::Correct { words, .. } => {
                Self::Words(Written::of(words))
            }
            EntryBody::Mail { words, notes } => {
                let notes = notes.iter().map(|note| in_letter(note, letter.language));
                Self::Mail {
                    words: (!words.body.trim().is_empty()).then(|| Written::of(words)),
                    notes: notes.map(|note| name::shown(&note)).collect(),
                }
            }
            EntryBody::Emote(words) => Self::Emote {
                author: author(),
                words: Written::of(words),
            },
            EntryBody::File {
                file,
                caption,
                enclosed,
            } => Self::File(FileView {
                caption: caption.as_ref().map(Written::of),
                ..FileView::of(file, enclosed, at, letter)
            }),
            EntryBody::Place(place) => Self::Place(PlaceView::of(place, says)),
            EntryBody::Poll(poll) => Self::Poll(PollView::of(poll, says)),
            EntryBody::PollResult(result) => Self::PollResult(PollResultView::of(result, says)),
            EntryBody::Remark(change) => {
                let change = match change {
                    Change::NamedRoom(name) => Change::NamedRoom(name::shown(&excerpt(name))),
                    Change::ChangedTopic(topic) => {
                        Change::ChangedTopic(name::shown(&excerpt(topic)))
                    }
                    Change::Came | Change::Went | Change::WasPutOut => change.clone(),
                };
                Self::Note(says.remark(&author(), &change))
            }
            EntryBody::NotCarried { what, name } => {
                let what = opaque(*what, &name::shown(name), letter.language);
                Self::Note(says.not_carried(&author(), &what))
            }
            EntryBody::React { sign, to } => {
                let to = to.as_deref().map(name::shown);
                Self::Note(says.reaction(&author(), &name::shown(sign), to.as_deref()))
            }
        }
    }
}

impl Said {
    pub(super) fn written_mut(&mut self) -> Option<&mut Written> {
        match self {
            Self::Words(words) | Self::Emote { words, .. } => Some(words),
            Self::Mail { words, .. } => words.as_mut(),
            Self::File(file) => file.caption.as_mut(),
            Self::Note(_) | Self::Place(_) | Self::Poll(_) | Self::PollResult(_) => None,
        }
    }
}

impl Written {
    /// The author's own HTML where there is some that can be tamed, else the text. The text part says
    /// what the HTML says: in the author's own form if that is the same, which for most is Markdown.
    pub(super) fn of(words: &Words) -> Self {
        let tamed = words.html.as_deref().and_then(|html| {
            let html = for_mail(&BoundedHtml::new(html).ok()?);
            let text = to_text(&BoundedHtml::new(&html).ok()?);
            (!text.is_empty()).then_some((html, text))
        });
        match tamed {
            Some((html, text)) if says_the_same(&words.body, &text) => Self {
                text: words.body.clone(),
                html,
            },
            Some((html, text)) => Self { text, html },
            None => Self {
                text: words.body.clone(),
                html: text_for_mail(&words.body),
            },
        }
    }
}

/// Whether two texts have the same words, whatever marks stand around them.
fn says_the_same(one: &str, other: &str) -> bool {
    fn words(text: &str) -> HashSet<&str> {
        text.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation())
            .filter(|word| !word.is_empty())
            .collect()
    }
    words(one) == words(other)
}

impl FileView {
    fn of(file: &SharedFile, enclosed: &Enclosed, at: usize, letter: &SealedLetter) -> Self {
        let says = sentences(letter.language);
        let shown_name = shown_name(file, says);
        let described = |size| describe(file, &shown_name, size, letter.language);
        let mut view = Self {
            picture: None,
            line: String::new(),
            html_line: None,
            link: None,
            caption: None,
        };
        match enclosed {
            Enclosed::Attached(Attached { size, picture, .. }) => {
                view.line = if file.kind == FileKind::Sticker && picture.is_some() {
                    format!("[{shown_name} ({})]", says.kind(file.kind))
                } else {
                    says.attached(&described(Some(*size)))
                };
                view.html_line = match picture {
                    Some(_) if file.kind == FileKind::Sticker => None,
                    // What is shown is the file itself.
                    Some(Inline { preview: None, .. }) => Some(described(Some(*size))),
                    Some(_) | None => Some(view.line.clone()),
                };
                view.picture = picture.as_ref().map(|picture| {
                    PictureView::of(picture, shown_name.clone(), CidOf::Entry(at), letter)
                });
            }
            Enclosed::Linked { url, size, until } => {
                let until = until.with_time_zone(letter.date.time_zone().clone());
                let line = says.linked(&described(Some(*size)), &until);
                view.line = format!("{line}\n{url}");
                view.link = Some(FileLink {
                    url: url.clone(),
                    button: says.download(&shown_name),
                    details: says.available(&numbers::size(*size, letter.language), &until),
                });
            }
            Enclosed::Missing(missing) => {
                let size = match missing {
                    Missing::TooLarge { size } => Some(*size),
                    Missing::Gone { .. } | Missing::Encrypted => file.size,
                };
                view.line = says.missing(&described(size), missing);
                view.html_line = Some(view.line.clone());
            }
        }
        view
    }
}

fn shown_name(file: &SharedFile, says: &dyn Sentences) -> String {
    let shown = name::shown(&file.filename);
    if shown.is_empty() {
        let kind = says.kind(file.kind);
        let (first, rest) = kind.split_at(kind.ceil_char_boundary(1));
        first.to_uppercase() + rest
    } else {
        shown
    }
}

/// A file with what there is to know of it: "🎤 memo.ogg (voice message, 0:42, 80 kB)".
fn describe(file: &SharedFile, shown_name: &str, size: Option<u64>, language: Language) -> String {
    let icon = icon(file.kind);
    let is_told = !matches!(file.kind, FileKind::Image | FileKind::File);
    let kind = sentences(language).kind(file.kind);
    let details = [
        (is_told && !file.filename.is_empty()).then(|| kind.to_owned()),
        file.duration.map(numbers::duration),
        size.map(|size| numbers::size(size, language)),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    if details.is_empty() {
        format!("{icon} {shown_name}")
    } else {
        format!("{icon} {shown_name} ({})", details.join(", "))
    }
}

impl PictureView {
    /// As large as it is to be shown, but not wider than the letter.
    fn of(picture: &Inline, alt: String, what: CidOf, letter: &SealedLetter) -> Self {
        let (mut width, mut height) = (picture.width.max(1), picture.height.max(1));
        if width > WIDEST {
            let scaled = u64::from(height) * u64::from(WIDEST) / u64::from(width);
            height = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
            width = WIDEST;
        }
        Self {
            cid: content_id(letter, what),
            alt,
            width,
            height,
        }
    }
}

impl PlaceView {
    fn of(place: &Place, says: &dyn Sentences) -> Self {
        let (north, east) = (place.latitude, place.longitude);
        let mut description = name::shown(&place.description);
        if description.is_empty() {
            says.place().clone_into(&mut description);
        }
        if !(-90.0..=90.0).contains(&north) || !(-180.0..=180.0).contains(&east) {
            return Self {
                line: format!("📍 {description}"),
                link: None,
            };
        }
        // Five digits are a metre.
        let (north, east) = (format!("{north:.5}"), format!("{east:.5}"));
        Self {
            line: format!("📍 {description} ({north}, {east})"),
            link: Some((
                format!(
                    "https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=17/{north}/{east}"
                ),
                says.show_map(),
            )),
        }
    }
}

impl PollView {
    fn of(poll: &Poll, says: &dyn Sentences) -> Self {
        let answers = poll.answers.iter().enumerate();
        Self {
            question: format!("📊 {}", name::shown(&poll.question)),
            answers: answers
                .map(|(at, (_, text))| format!("{}) {}", letter_of(at), name::shown(text)))
                .collect(),
            how_to: says.how_to_vote(poll.most_choices.min(poll.answers.len())),
        }
    }
}

/// A to Z, then figures.
fn letter_of(at: usize) -> String {
    u8::try_from(at)
        .ok()
        .filter(|at| *at < 26)
        .map_or_else(|| (at + 1).to_string(), |at| char::from(b'A' + at).into())
}

impl PollResultView {
    fn of(result: &PollResult, says: &dyn Sentences) -> Self {
        let most = result.votes.iter().map(|(_, votes)| *votes).max();
        let most = most.unwrap_or_default().max(LONGEST_BAR);
        let bar = |votes: usize| "█".repeat(votes.saturating_mul(LONGEST_BAR).div_ceil(most));
        let votes = result.votes.iter();
        Self {
            title: format!("📊 {}", says.poll_result(&name::shown(&result.question))),
            votes: votes
                .map(|(answer, votes)| {
                    let line = format!("{} – {}", name::shown(answer), says.votes(*votes));
                    (line, bar(*votes))
                })
                .collect(),
        }
    }
}

/// In pixels; the letter's width.
const WIDEST: u32 = 640;
/// In blocks, each as wide as a letter or two. One for each vote while that is enough.
const LONGEST_BAR: usize = 12;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn written(body: &str, html: &str) -> Written {
        Written::of(&Words {
            body: body.to_owned(),
            html: Some(html.to_owned()),
        })
    }

    #[rstest]
    #[case::markdown(
        "*now*, see [the guide](https://x.example/a)",
        "<em>now</em>, see <a href='https://x.example/a'>the guide</a>",
        "*now*, see [the guide](https://x.example/a)"
    )]
    #[case::target_untold(
        "see the guide",
        "see <a href='https://x.example/a'>the guide</a>",
        "see the guide <https://x.example/a>"
    )]
    #[case::mention(
        "[Ann](https://matrix.to/#/@ann:x.example): hi",
        "<a href='https://matrix.to/#/@ann:x.example'>Ann</a>: hi",
        "Ann: hi"
    )]
    #[case::more("see the HTML", "<p>All of it</p>", "All of it")]
    #[case::sign("ok", "👍", "👍")]
    #[case::nothing("the words", "<script>x</script>", "the words")]
    #[case::spoiler(
        "it works",
        "<span data-mx-spoiler>it works</span>",
        "[spoiler] it works"
    )]
    fn the_text_says_what_the_html_says(
        #[case] body: &str,
        #[case] html: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(written(body, html).text, expected);
    }

    #[rstest]
    #[case(0, "A")]
    #[case(25, "Z")]
    #[case(26, "27")]
    #[case(1000, "1001")]
    fn answers_have_letters(#[case] at: usize, #[case] expected: &str) {
        assert_eq!(letter_of(at), expected);
    }

    #[rstest]
    #[case(f64::NAN, 4.0)]
    #[case(45.0, f64::INFINITY)]
    #[case(91.0, 4.0)]
    fn places_that_are_nowhere_have_no_map(#[case] latitude: f64, #[case] longitude: f64) {
        let place = Place {
            description: "\n".to_owned(),
            latitude,
            longitude,
        };
        let view = PlaceView::of(&place, sentences(Language::German));
        assert_eq!((view.line.as_str(), view.link), ("📍 Standort", None));
    }

    #[rstest]
    #[case(&[3, 1, 0], &[3, 1, 0])]
    #[case(&[24, 12, 1], &[12, 6, 1])]
    #[case(&[usize::MAX, 0], &[1, 0])]
    #[case(&[], &[])]
    fn bars_are_short(#[case] votes: &[usize], #[case] blocks: &[usize]) {
        let result = PollResult {
            question: "When?".to_owned(),
            votes: votes.iter().map(|votes| ("x".to_owned(), *votes)).collect(),
        };
        let view = PollResultView::of(&result, sentences(Language::English));
        let drawn: Vec<usize> = view
            .votes
            .iter()
            .map(|(_, bar)| bar.chars().count())
            .collect();
        assert_eq!(drawn, blocks);
    }
}
