//! One outgoing letter as it is sealed: everything that its composition needs, and nothing else.

use std::sync::Arc;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use super::{
    address::{EmailAddress, NamedAddress},
    event::Words,
    ids::MessageId,
    shared::{Missing, Place, Poll, PollResult, SharedFile},
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
    /// The References header, see [`references_for`].
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
    /// This copy goes to somebody whose address is not ASCII: its header may hold such addresses.
    pub utf8: bool,
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
    /// New words for a message that an earlier letter has carried.
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
    /// What happened in the room, as a sentence without its author: "joined the room".
    Remark {
        what: String,
    },
    /// Something that a letter can't carry, named such that it follows a verb:
    /// "a file named “plan.pdf”".
    NotCarried {
        what: String,
    },
    /// A sign, and what it answers: "👍 (to “See you at nine”)".
    React {
        what: String,
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
}

impl Language {
    /// The language of a tag such as `en` or `en-GB` (BCP 47); `None` if letters can't be written in it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        primary.eq_ignore_ascii_case("en").then_some(Self::English)
    }

    /// The tag of BCP 47, as the `lang` attribute of HTML takes it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }
}

/// The ids for the References header of the next mail in `chain` (oldest first): all while they
/// fit into [`LONGEST_REFERENCES`], else the first, which holds the thread together, and as many
/// of the newest as fit. Ids that no header can carry are left out.
#[must_use]
pub fn references_for(chain: &[MessageId]) -> Vec<MessageId> {
    let cost = |id: &MessageId| id.as_str().len() + "<> ".len();
    let mut usable = chain
        .iter()
        .filter(|id| id.as_str().is_ascii() && cost(id) <= LONGEST_REFERENCE);
    let Some(first) = usable.next() else {
        return Vec::new();
    };
    let mut left = LONGEST_REFERENCES - cost(first);
    let mut kept: Vec<MessageId> = usable
        .rev()
        .take_while(|id| match left.checked_sub(cost(id)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .cloned()
        .collect();
    kept.push(first.clone());
    kept.reverse();
    kept
}

/// Octets of a References header; several providers cut or refuse what is longer than a line.
pub const LONGEST_REFERENCES: usize = 900;
/// Octets of one id in it, with brackets and a space. Real ones stay below 200.
const LONGEST_REFERENCE: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(texts: &[&str]) -> Vec<MessageId> {
        texts
            .iter()
            .map(|text| MessageId::parse(text).unwrap())
            .collect()
    }

    #[test]
    fn a_short_chain_is_kept_whole() {
        let chain = ids(&["a@x", "b@x", "c@x"]);
        assert_eq!(references_for(&chain), chain);
        assert_eq!(references_for(&[]), []);
    }

    #[test]
    fn a_long_chain_keeps_the_first_and_the_newest() {
        let texts: Vec<String> = (0..200).map(|n| format!("{n:030}@x.example")).collect();
        let chain = ids(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let kept = references_for(&chain);
        assert_eq!(kept[0], chain[0]);
        assert_eq!(kept[1..], chain[200 - (kept.len() - 1)..]);
        let octets: usize = kept.iter().map(|id| id.as_str().len() + 3).sum();
        assert!((850..=LONGEST_REFERENCES).contains(&octets), "{octets}");
    }

    #[test]
    fn ids_that_no_header_can_carry_are_left_out() {
        let chain = ids(&["a@x", "é@x", &format!("{}@x", "b".repeat(500)), "c@x"]);
        assert_eq!(references_for(&chain), ids(&["a@x", "c@x"]));
    }
}
