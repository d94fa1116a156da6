//! Mail as the room shows it: words, and images in their place.

use super::{
    bound::BoundedHtml,
    document::{Block, Kind},
    formatted,
    read::{Origin, read},
    text::{lines, render},
};

/// A stretch of a mail as the room shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Words {
        body: String,
        /// What Matrix allows.
        html: String,
    },
    /// Index among the attachments.
    Image(usize),
}

/// What Matrix allows (client-server API, `m.room.message` msgtypes), without any image: to load one
/// from the web would tell the sender who reads.
pub fn to_matrix(html: &BoundedHtml) -> String {
    formatted::write(&read(&html.parse().root(), Origin::Mail, &|_| None))
}

/// Cuts HTML at the images that are shown in their place, each of them once. `image` tells which of
/// the attachments an image is, by its Content-ID without `cid:` or its Content-Location; `None` if
/// it isn't shown.
///
/// Where words can't be cut, in a list, table, quote or preformatted text, `[image: …]` stands in
/// place of the image, and the image follows after the whole block. In HTML without anything to see
/// there is no segment.
pub fn segments(html: &BoundedHtml, image: &dyn Fn(&str) -> Option<usize>) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut stretch = Vec::new();
    for block in read(&html.parse().root(), Origin::Mail, image) {
        if let Kind::Image(index) = block.kind {
            segments.extend(words(&std::mem::take(&mut stretch)));
            segments.push(Segment::Image(index));
        } else {
            stretch.push(block);
        }
    }
    segments.extend(words(&stretch));
    segments
}

fn words(blocks: &[Block]) -> Option<Segment> {
    let body = render(&lines(blocks));
    (!body.is_empty()).then(|| Segment::Words {
        body,
        html: formatted::write(blocks),
    })
}

#[cfg(test)]
mod tests;
