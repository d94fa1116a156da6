//! Stories about the whole program, with fakes at its doors.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "../support/mod.rs"]
mod support;

mod appservice_api;
mod command_line;
mod commands;
mod conversation;
mod delivery;
mod edits;
mod homeserver;
mod letters;
mod mail_in;
mod running;
mod servers;
