//! `dns`: who is asked about names. Optional; by default the system's resolver.

use std::net::SocketAddr;

use super::section::Section;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dns {
    /// `None`: the servers in `/etc/resolv.conf`.
    pub server: Option<SocketAddr>,
}

impl Dns {
    pub(super) fn read(section: &mut Section) -> Self {
        let server = section.optional("server", "127.0.0.1:53", |text| {
            text.parse()
                .map_err(|_| format!("\"{text}\" is not an IP address with a port").into())
        });
        Self { server }
    }
}
