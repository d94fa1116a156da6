//! Stories about the whole program, with fakes at its doors.

#[path = "../support/mod.rs"]
mod support;

mod command_line;
mod conversation;
mod mail_in;
