//! What one client of the LMTP door may ask for.

use std::{net::IpAddr, time::Duration};

use crate::config::{Network, is_in};

/// The bounds of [`super::Lmtp`]; [`Limits::default`] suits one mail server on the same machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest mail, in octets as received without dot-stuffing. Default 50 MiB.
    pub mail_size: u64,
    /// Accepted recipients of one mail. Default 100, the least that RFC 5321 section 4.5.3.1.8
    /// asks for.
    pub recipients: usize,
    /// Longest command line with its line end, in octets. Default 2,048.
    pub line: usize,
    /// Connections at the same time; one more is told to come later. Default 200.
    pub connections: usize,
    /// The same for one peer, by its address. Default 100.
    pub connections_of_peer: usize,
    /// How long a client may take for a command, be silent within a mail, or leave our answers unread.
    /// Default 5 min (RFC 5321 section 4.5.3.2.7).
    pub idle: Duration,
    /// How long a client may take for a command while three quarters of the places are taken. Default
    /// 10 s.
    pub crowded: Duration,
    /// How long a connection may last without a mail, from its beginning or the last one. Default 15
    /// min.
    pub without_mail: Duration,
    /// How long one mail may take from DATA to its last line. Default 30 min.
    pub mail_time: Duration,
    /// Commands on one connection since the last mail that was taken over. Default 1,000.
    pub commands: usize,
    /// Malformed or misplaced commands on one connection; a refused recipient is none, nor what a
    /// pipelining client sends before it hears of a refusal.
    /// Default 20.
    pub errors: usize,
    /// After a stop, how long a mail that is being received may go on. Default 10 s.
    pub finish: Duration,
    /// Whose word counts for who handed a mail to them (XFORWARD, XCLIENT); and that of who comes by
    /// a socket. Default: nobody else's.
    pub trusted: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mail_size: 50 * 1024 * 1024,
            recipients: 100,
            line: 2048,
            connections: 200,
            connections_of_peer: 100,
            idle: Duration::from_mins(5),
            crowded: Duration::from_secs(10),
            without_mail: Duration::from_mins(15),
            mail_time: Duration::from_mins(30),
            commands: 1000,
            errors: 20,
            finish: Duration::from_secs(10),
            trusted: Vec::new(),
        }
    }
}

impl Limits {
    pub(super) fn trusts(&self, peer: &str) -> bool {
        let address = peer.parse::<IpAddr>();
        peer == "unix" || address.is_ok_and(|address| is_in(address, &self.trusted))
    }
}
