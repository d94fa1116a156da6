//! Counterparts for tests: a homeserver, an SMTP server and an LMTP client, all within the test
//! process and on loopback.
#![allow(
    dead_code,
    reason = "each test binary uses only a part of what is here"
)]

pub mod fake_homeserver;
pub mod lmtp_client;
pub mod smtp_sink;
