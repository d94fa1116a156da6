//! What is known of a conversation before a mail of it is read.

/// Helps to tell what is new in a mail from what was said before. All of it is only a hint: without
/// it a mail is read by its marks alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What had been sent to the sender in this conversation, as text, newest first: what of it comes
    /// back is history, whatever marks it bears or has lost.
    pub sent: Vec<String>,
    /// The last lines of earlier mails of the same sender, newest first, each in the order in which
    /// they stood: what comes again is a signature.
    pub endings: Vec<Vec<String>>,
}
