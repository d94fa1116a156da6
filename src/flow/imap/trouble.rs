//! Why a visit to a mailbox ended.

use std::io;

use crate::{
    domain::wording::mailbox::Unreadable,
    mail::imap::{Fault, NotSelected},
    store::StoreError,
};

#[derive(Debug)]
pub(super) enum Trouble {
    Server(Fault),
    /// There are only these.
    NoFolder(Vec<String>),
    Store(StoreError),
    /// A mail is refused, and tried again on another connection.
    Mail(String),
    /// Another Postroom has read on.
    Overtaken,
    Panicked,
}

impl Trouble {
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Self::Server(Fault::Login(_)))
    }

    /// What staff are to know of it; `host` is the server's. Nothing if it isn't the mailbox's fault.
    pub(super) fn unreadable(&self, host: &str) -> Option<Unreadable> {
        let fault = match self {
            Self::Server(fault) => fault,
            Self::NoFolder(folders) => return Some(Unreadable::NoFolder(folders.clone())),
            Self::Panicked => return Some(Unreadable::OwnFault),
            Self::Mail(_) | Self::Store(_) | Self::Overtaken => return None,
        };
        Some(match fault {
            Fault::Login(answer) => Unreadable::Login(answer.clone()),
            Fault::UnknownHost(_) => Unreadable::UnknownHost(host.to_owned()),
            // Others are of the network.
            Fault::Tls(error) if error.kind() == io::ErrorKind::InvalidData => {
                Unreadable::Certificate(error.to_string())
            }
            Fault::NoStartTls => Unreadable::NoStartTls(host.to_owned()),
            Fault::Tls(_)
            | Fault::Unreachable(_)
            | Fault::Unwelcome(_)
            | Fault::Lost(_)
            | Fault::Nonsense(_)
            | Fault::Refused { .. } => Unreadable::Unreachable(fault.to_string()),
        })
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(fault) => fault.fmt(f),
            Self::NoFolder(_) => f.write_str("there is no such folder"),
            Self::Store(error) => error.fmt(f),
            Self::Mail(reason) => write!(f, "a mail can't be fetched: {reason}"),
            Self::Overtaken => f.write_str("another Postroom reads this folder"),
            Self::Panicked => f.write_str("a fault in the program"),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Server(fault)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotSelected> for Trouble {
    fn from(why: NotSelected) -> Self {
        match why {
            NotSelected::Missing(folders) => Self::NoFolder(folders),
            NotSelected::Fault(fault) => Self::Server(fault),
        }
    }
}
