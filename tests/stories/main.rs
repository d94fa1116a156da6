//! Stories about the whole program, with fakes at its doors.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "../support/mod.rs"]
mod support;

mod appservice_api;
mod broadcasts;
mod clients;
mod command_line;
mod commands;
mod conversation;
mod delivery;
mod desk;
mod doctor;
mod doctor_imap;
mod doctor_mail;
mod doctor_matrix;
mod doctor_postgres;
mod edits;
mod envelopes;
mod files;
mod homeserver;
mod imap;
mod letters;
mod mail_in;
mod metrics;
mod originals;
mod replies;
mod running;
mod servers;
