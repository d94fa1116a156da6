//! The envelope sender of letters: where bounces go.

use crate::config::Mailbox;

/// The return address of one delivery, the outbox's row `id`.
#[must_use]
pub fn of(_id: i64, mailbox: &Mailbox) -> String {
    mailbox.address.as_str().to_owned()
}
