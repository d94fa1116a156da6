//! One outgoing letter as it is sealed: everything that its composition needs, and nothing else.

use std::{collections::HashMap, sync::Arc};

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use super::{
    address::{EmailAddress, NamedAddress},
    event::Words,
    ids::MessageId,
    note::Note,
    sharing::{Change, Missing, Opaque, Place, Poll, PollResult, SharedFile},
};

/// A letter that collects no more. The same letter is always composed to the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedLetter {
    /// Minted and stored when the letter was sealed; every attempt and every recipient share it.
    pub message_id: MessageId,
    /// When it was sealed, in the customer's time zone; the zone of every time in the letter.
    pub date: Zoned,
    /// The organisation, or "Name, Organisation" for a letter by one member of staff.
    pub from: NamedAddress,
    /// The conversation's address with its token.
    pub reply_to: EmailAddress,
    pub to: Vec<NamedAddress>,
    pub cc: Vec<NamedAddress>,
    pub subject: String,
    pub in_reply_to: Option<MessageId>,
    /// The References header, see [`of_letter`](super::threading::of_letter).
    pub references: Vec<MessageId>,
    /// What people wrote, oldest first.
    pub entries: Vec<Entry>,
    /// Whether the letter explains how to answer: the first one to a customer does.
    pub how_to: bool,
    /// Names of all who will read the answer; empty where it goes without saying.
    pub readers: Vec<String>,
    /// The customer's last mail.
    pub quote: Option<Quote>,
    /// The legal footer, plain text.
    pub footer: Option<String>,
    pub organisation: String,
    pub look: Look,
    pub language: Language,
    /// Of a room in broadcast mode.
    pub list: Option<List>,
    /// We write by ourselves: no machine is to answer that.
    pub automatic: Option<Automatically>,
    /// This copy goes to somebody whose address is not ASCII: its header may hold such addresses.
    pub utf8: bool,
}

/// Why we write by ourselves (RFC 3834 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatically {
    /// In answer to a mail.
    Replied,
    /// For another reason.
    Generated,
}

/// What letters of a mailbox look like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// `#rrggbb`.
    pub colour: Option<String>,
    pub logo: Option<Arc<Logo>>,
}

/// A small picture above every letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    pub content: Vec<u8>,
    /// `image/png`, `image/jpeg` or `image/gif`.
    pub content_type: &'static str,
    /// As it is shown, in pixels.
    pub width: u32,
    pub height: u32,
}

/// The header of a letter that goes to many (RFC 2919, RFC 2369, RFC 8058). The same for all of a
/// room's customers, but for the way out, which is each recipient's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Without its angle brackets.
    pub id: String,
    /// The room's name.
    pub name: String,
    /// The page by which this recipient leaves; `None` without a public address.
    pub leave_url: Option<String>,
    /// To which this recipient writes in order to leave.
    pub leave_address: EmailAddress,
}

/// One message of the room.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The display name under which the letter shows the author.
    pub author: String,
    pub at: Zoned,
    /// The beginning of the message that this one replies to.
    pub quote: Option<String>,
    pub body: EntryBody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EntryBody {
    Text(Words),
    /// What the author does, without their name: "waves".
    Emote(Words),
    /// New words for a message that an earlier letter has carried; none for a file that has lost its
    /// caption.
    Correct {
        /// The text as it was mailed.
        earlier: Option<String>,
        words: Words,
    },
    File {
        file: SharedFile,
        caption: Option<Words>,
        enclosed: Enclosed,
    },
    Place(Place),
    Poll(Poll),
    PollResult(PollResult),
    /// The words of a mail, which may be none, with what is told of it below them.
    Mail {
        words: Words,
        notes: Vec<Note>,
    },
    /// What happened in the room.
    Remark(Change),
    /// Something that a letter can't carry; `name` may be empty.
    NotCarried {
        what: Opaque,
        name: String,
    },
    /// A sign, and the beginning of what it answers.
    React {
        sign: String,
        to: Option<String>,
    },
}

/// How a file travels in this letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enclosed {
    Attached(Attached),
    /// Too large for the mail.
    Linked {
        url: String,
        /// In octets.
        size: u64,
        until: Zoned,
    },
    Missing(Missing),
}

/// A file in the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// By which the sender of the mail asks for the content.
    pub key: String,
    /// In octets, as it is, not as it is encoded.
    pub size: u64,
    /// By its bytes.
    pub content_type: String,
    /// What the letter shows of it, if it is a picture.
    pub picture: Option<Inline>,
}

/// A picture within the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// `None`: the file itself is shown, and not attached besides.
    pub preview: Option<Preview>,
    /// As it is shown, in pixels.
    pub width: u32,
    pub height: u32,
}

/// A picture made small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub content: bytes::Bytes,
    /// `image/png` or `image/jpeg`.
    pub content_type: String,
}

/// Words of an earlier mail, repeated below the letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    pub author: String,
    /// When it was written, by its author's clock.
    pub at: Option<Zoned>,
    pub text: String,
}

/// The languages in which Postroom writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    French,
    German,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::English, Self::French, Self::German];

    /// The language of a tag such as `en` or `en-GB` (BCP 47); `None` if letters can't be written in it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The tag of BCP 47, as the `lang` attribute of HTML takes it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
        }
    }

    /// What it is called in English.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "French",
            Self::German => "German",
        }
    }
}

/// How many of the first entries go into one mail, at least one, by about how many octets each takes in
/// its HTML. Programs show the first 102 kB of that, and some of it is for what stands around.
#[must_use]
pub fn fitting(weights: impl Iterator<Item = usize>) -> usize {
    const MOST: usize = 60_000;
    let mut sum = 0_usize;
    let fit = weights.take_while(|weight| {
        let is_first = sum == 0;
        sum = sum.saturating_add(*weight);
        is_first || sum <= MOST
    });
    fit.count().max(1)
}

/// One entry for all who answered the same message by the same sign, where the first of them did.
#[must_use]
pub fn gather_reactions(entries: Vec<Entry>) -> Vec<Entry> {
    let mut gathered: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut places: HashMap<(String, Option<String>), usize> = HashMap::new();
    for entry in entries {
        if let EntryBody::React { sign, to } = &entry.body {
            let reaction = (sign.clone(), to.clone());
            let place = places.get(&reaction);
            if let Some(first) = place.and_then(|place| gathered.get_mut(*place)) {
                first.author.push_str(", ");
                first.author.push_str(&entry.author);
                continue;
            }
            places.insert(reaction, gathered.len());
        }
        gathered.push(entry);
    }
    gathered
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], 1)]
    #[case(&[700, 700], 2)]
    #[case(&[700; 200], 85)]
    #[case(&[70_000, 700], 1)]
    #[case(&[700, 70_000], 1)]
    fn a_mail_holds_what_programs_show(#[case] weights: &[usize], #[case] expected: usize) {
        assert_eq!(fitting(weights.iter().copied()), expected);
    }
}
