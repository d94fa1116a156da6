//! `lmtp`: where a mail server on this machine or network hands mail over (RFC 2033).

use std::net::SocketAddr;

use super::{section::Section, values::size};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lmtp {
    pub listen: SocketAddr,
    /// The largest mail that is taken, in octets.
    pub max_size: u64,
}

impl Lmtp {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let listen = section.listen("listen", "127.0.0.1:2424");
        let max_size = section.optional("max_size", "50MB", size);
        Some(Self {
            listen: listen?,
            max_size: max_size.unwrap_or(DEFAULT_MAX_SIZE),
        })
    }
}

/// What large providers let their users send, and the base64 around it.
const DEFAULT_MAX_SIZE: u64 = 50_000_000;
