//! `mailboxes.NAME.smtp`: the server that takes a mailbox's outgoing mail.

use super::{
    section::Section,
    server::{MailServer, Schemes},
};

/// Without credentials it takes mail without a login.
pub type Smtp = MailServer;

const SCHEMES: Schemes = Schemes {
    starttls: ("smtp", 587),
    tls: ("smtps", 465),
    insecure: ("smtp+insecure", 25),
};

pub(super) fn read(section: &mut Section) -> Option<Smtp> {
    MailServer::read(section, &SCHEMES, "smtp://mail.example.org:587")
}
