//! For `!email erase`.

/// What is known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonKnown {
    pub is_contact: bool,
    /// In which they are or were.
    pub conversations: i64,
    /// Which they wrote.
    pub mails: i64,
}
