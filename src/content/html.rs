//! HTML from strangers: bounded before any parser sees it, then made fit for Matrix, for mail, or
//! for reading as plain text.
//!
//! Everything here may take some hundred milliseconds on hostile input: run it on a blocking
//! thread.

mod bound;
mod escape;
mod sanitise;
mod tags;
mod text;

pub use bound::{BoundedHtml, TooComplex};
pub use escape::{escape, text_to_html};
pub use sanitise::{for_mail, to_matrix, to_matrix_with_images};
pub use text::to_text;
pub(in crate::content) use text::{Line, Piece, lines_of, render};
