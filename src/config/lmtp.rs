//! `lmtp`: where a mail server on this machine or network hands mail over (RFC 2033).

use std::net::SocketAddr;

use super::{
    section::Section,
    trust::{Network, network, this_machine},
    values::size,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lmtp {
    pub listen: SocketAddr,
    /// The largest mail that is taken, in octets.
    pub max_size: u64,
    /// Whose word counts for who handed a mail to them. `None`: this machine's.
    pub trusted: Option<Vec<Network>>,
}

impl Lmtp {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let listen = section.listen("listen", "127.0.0.1:2424");
        let max_size = section.optional("max_size", "50MB", size);
        let trusted = section.optional_list("trusted", "[\"192.0.2.1\"]", network);
        Some(Self {
            listen: listen?,
            max_size: max_size.unwrap_or(DEFAULT_MAX_SIZE),
            trusted,
        })
    }

    #[must_use]
    pub fn trusted(&self) -> Vec<Network> {
        self.trusted.clone().unwrap_or_else(this_machine)
    }
}

/// What large providers let their users send, and the base64 around it.
const DEFAULT_MAX_SIZE: u64 = 50_000_000;
