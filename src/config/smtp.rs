//! `mailboxes.NAME.smtp`: the server that takes a mailbox's outgoing mail.

use std::path::PathBuf;

use secrecy::SecretString;

#[derive(Debug, Clone)]
pub struct Smtp {
    /// A host name or an IP address (an IPv6 one without brackets).
    pub host: String,
    pub port: u16,
    pub encryption: SmtpEncryption,
    pub credentials: Option<SmtpCredentials>,
    /// PEM certificates that are trusted besides the system's; the file was readable when the
    /// configuration was read.
    pub ca_file: Option<PathBuf>,
}

/// How the connection is protected, by the scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// `smtp://`, port 587 by default: STARTTLS, and nothing is sent without it.
    StartTls,
    /// `smtps://`, port 465 by default: TLS from the first byte.
    Tls,
    /// `smtp+insecure://`, port 25 by default: none; only to this very machine.
    Insecure,
}

#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    pub username: String,
    pub password: SecretString,
}
