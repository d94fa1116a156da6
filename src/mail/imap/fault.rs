//! What can go wrong between us and the server.

use std::io;

/// Why a connection to the server is over, or never was.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("its name can't be found: {0}")]
    UnknownHost(io::Error),
    #[error("it can't be reached: {0}")]
    Unreachable(io::Error),
    #[error("TLS fails: {0}")]
    Tls(io::Error),
    #[error("it doesn't offer STARTTLS, and nothing is told in the clear")]
    NoStartTls,
    /// It said so itself, before the login or in place of it: another time it may let us in.
    #[error("it doesn't want to talk to us now: {0}")]
    Unwelcome(String),
    #[error("it doesn't accept user name and password: {0}")]
    Login(String),
    #[error("the connection was lost: {0}")]
    Lost(#[from] io::Error),
    /// What it says isn't IMAP, or more than anybody needs.
    #[error("it isn't understood: {0}")]
    Nonsense(&'static str),
    /// NO or BAD to a command that every server knows.
    #[error("it refuses {command}: {answer}")]
    Refused {
        command: &'static str,
        answer: String,
    },
}
