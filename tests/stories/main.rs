//! Stories about the whole program, with fakes at its doors.

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
mod support;

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

#[path = "../support/mod.rs"]
