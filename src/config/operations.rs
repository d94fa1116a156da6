//! `operations`: the listener for health checks, apart from the one the homeserver uses.

use std::net::SocketAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations {
    pub listen: SocketAddr,
}
