//! `lmtp`: where a mail server on this machine or network hands mail over (RFC 2033).

use std::net::SocketAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lmtp {
    pub listen: SocketAddr,
    /// The largest mail that is taken, in octets.
    pub max_size: u64,
}
