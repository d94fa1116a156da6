//! Text in, text out: sanitising, HTML to text and back, quote and signature detection, subjects,
//! character sets, file names; and what a file is. Pure, and linear in the size of the input.
//!
//! May be imported by every floor; imports nothing of this crate. A new kind of text is one file
//! here, with its public function at the top and a table of examples at its end.

pub mod charset;
pub mod colour;
pub mod days;
pub mod face;
pub mod flowed;
pub mod html;
pub mod initials;
pub mod language;
pub mod media_type;
pub mod name;
pub mod picture;
pub mod pieces;
pub mod reply;
pub mod subject;
