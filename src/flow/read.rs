//! A mail that was read.

use super::look::Looked;
use crate::domain::{bounce::Report, evidence::Judgement, ids::MailId, incoming::IncomingMail};

/// A mail that was read.
#[derive(Clone)]
pub struct Read {
    pub id: MailId,
    pub trace: String,
    pub source: String,
    /// SHA-256, for a mail without a Message-ID.
    pub digest: String,
    pub recipients: Vec<String>,
    pub null_sender: bool,
    /// Mail of this sender was shown before.
    pub knows_signature: bool,
    pub looked: Looked,
    /// What was found out about its sender.
    pub judgement: Judgement,
    pub mail: Result<IncomingMail, String>,
    /// What it reports.
    pub report: Option<Report>,
}
