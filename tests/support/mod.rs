//! Counterparts for tests: a homeserver, an SMTP server and an LMTP client, all within the test
//! process and on loopback.

pub mod fake_homeserver;
pub mod lmtp_client;
pub mod smtp_sink;
