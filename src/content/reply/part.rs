//! The three parts of a mail.

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Shown,
    Signature,
    History,
}
