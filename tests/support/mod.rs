//! Counterparts for tests: fakes within the test process, and real servers on loopback.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]
#![allow(
    dead_code,
    reason = "each test program is compiled with all of it and uses its own part"
)]

pub mod database;
pub mod dns_server;
pub mod doctor;
pub mod fake_homeserver;
pub mod imap_client;
pub mod jwz;
pub mod lmtp_client;
pub mod mail_rules;
pub mod odd_imap;
pub mod proxy;
pub mod samples;
pub mod servers;
pub mod smtp_sink;
pub mod tls_smtp;
pub mod tls_trap;
pub mod world;
