//! Mail is fetched from a mailbox on a real Dovecot.

mod cuts;
mod desk;
mod mails;
mod server;
