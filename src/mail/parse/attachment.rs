//! A file in a mail, and how to come by its content.

use std::{borrow::Cow, ops::Range, sync::Arc};

use super::{cms, line_ends::with_line_feeds, transfer::Encoding};
use crate::domain::incoming::AttachmentInfo;

/// A file in a mail. Its content stays in the raw mail until it is asked for, so that no more than
/// one file at a time is in memory.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub info: AttachmentInfo,
    /// Content-ID without brackets, to which `cid:` links in the HTML refer. Made up where an image
    /// stands between texts and has none.
    pub content_id: Option<String>,
    /// Content-Location, to which HTML may refer as well (RFC 2557).
    pub(super) location: Option<String>,
    /// An image that shows nothing.
    pub(super) is_spacer: bool,
    pub(super) content: Content,
}

impl Attachment {
    /// The decoded content. `raw` must be what was given to [`parse`](super::parse); of other bytes
    /// something else or nothing comes out.
    #[must_use]
    pub fn bytes<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        self.content.bytes(raw)
    }
}

/// Where a content stands.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// In the raw mail: the steps lead from there inwards.
    Within(Vec<Step>),
    /// Nowhere: it was written from what the mail says.
    Made(Arc<str>),
}

/// From something to what is inside of it.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The old Macintosh's line ends replaced, octet by octet.
    LineFeeds,
    /// A range, and that decoded.
    Cut(Range<usize>, Encoding),
    /// What a signed message of S/MIME encloses.
    Signed,
}

impl Content {
    pub(super) fn bytes<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Self::Made(text) => Cow::Owned(text.as_bytes().to_vec()),
            Self::Within(steps) => {
                steps
                    .iter()
                    .fold(Cow::Borrowed(raw), |outer, step| match outer {
                        Cow::Borrowed(outer) => step.take(outer),
                        Cow::Owned(outer) => Cow::Owned(step.take(&outer).into_owned()),
                    })
            }
        }
    }
}

impl Step {
    fn take<'a>(&self, outer: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Self::LineFeeds => with_line_feeds(outer),
            Self::Cut(range, encoding) => {
                encoding.decode(outer.get(range.clone()).unwrap_or_default())
            }
            Self::Signed => Cow::Owned(cms::signed_content(outer).unwrap_or_default()),
        }
    }
}
