//! `operations`: the listener for health checks, apart from the one the homeserver uses.

use std::net::SocketAddr;

use super::section::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations {
    pub listen: SocketAddr,
}

impl Operations {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let listen = section.listen("listen", "127.0.0.1:9381")?;
        Some(Self { listen })
    }
}
