//! Stories about the whole program, with fakes at its doors.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "../support/mod.rs"]
mod support;

mod command_line;
mod conversation;
mod mail_in;
