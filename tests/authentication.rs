//! Who sent a mail: real signatures and a DNS of our own on one side, the verdict on the other. Each
//! case that matters is judged twice, by checks of our own and by what a mail server has written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "support/dns_server.rs"]
mod dns_server;
#[path = "authentication/headers.rs"]
mod headers;
#[path = "authentication/own.rs"]
mod own;
#[path = "authentication/scene.rs"]
mod scene;
