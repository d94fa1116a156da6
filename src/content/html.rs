//! HTML from strangers: bounded before any parser sees it, then made fit for Matrix, for mail, or
//! for reading as plain text.
//!
//! What comes from mail is read to a document of its own (`document`), from which both Matrix HTML
//! (`formatted`) and plain text (`text`) are written.
//!
//! Everything here may take some hundred milliseconds on hostile input: run it on a blocking
//! thread.

mod bound;
mod cited;
mod code;
mod columns;
mod composer;
mod document;
mod escape;
mod formatted;
mod letter;
mod line;
mod links;
mod read;
mod segments;
mod split;
mod style;
mod tables;
mod tags;
mod text;

pub use bound::{BoundedHtml, TooComplex};
pub use cited::cited_for_mail;
pub use escape::{escape, text_to_html};
pub use letter::{for_mail, text_for_mail};
pub(in crate::content) use line::{Line, Piece};
pub use segments::{Segment, segments, to_matrix};
pub use split::split_words;
pub use text::to_text;
pub(in crate::content) use text::{lines_of, render};
