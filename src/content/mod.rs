//! Text in, text out: sanitising, HTML to text and back, quote and signature detection, subjects,
//! file names. Pure, and linear in the size of the input.
//!
//! May be imported by every floor; imports nothing of this crate.

pub mod html;
pub mod reply;
pub mod subject;
