//! Stories about the whole program, with fakes at its doors.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

#[path = "../support/mod.rs"]
mod support;

mod appservice_api;
mod commands;
mod conversation;
mod delivery;
mod edits;
mod homeserver;
mod letters;
mod running;
