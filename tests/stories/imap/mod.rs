//! Mail is fetched from a mailbox on a real Dovecot.

mod cuts;
pub mod desk;
mod mails;
mod odd;
mod server;
