//! Mail is fetched from a mailbox on a real Dovecot.

mod desk;
mod mails;
