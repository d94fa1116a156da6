//! Reads mailboxes on an IMAP server (RFC 3501, with IDLE, MOVE and what UIDs are for).
//!
//! The dialogue is our own and every answer is bounded; answers are parsed by `imap-proto`. Why, is
//! told in `docs/decisions/0009-imap-dialogue.md`. What has been taken over and what comes next is
//! for `flow` to know.
//!
//! `wire` reads whole answers; `connect` comes as far as the login; `session` gives commands;
//! `folder` finds and selects, `fetch` lists and reads mails, `mark` marks them, `idle` waits;
//! `name` writes folders' names as the wire wants them. A new command is a function of [`Session`].

mod connect;
mod fault;
mod fetch;
mod folder;
mod idle;
mod mark;
mod name;
mod session;
#[cfg(test)]
mod tests;
mod wire;

pub use self::{
    connect::Account,
    fault::Fault,
    fetch::{Listed, PIECE, Piece},
    folder::{Folder, NotSelected},
    session::Session,
};
