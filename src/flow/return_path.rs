//! The envelope sender of letters: where bounces go.

use super::Context;
use crate::{
    config::{Mailbox, MailboxName, ReturnPath},
    domain::delivery::SendOutcome,
    mail::smtp::SmtpTransport,
    store::outbox::Claimed,
};

/// Attempts the delivery of the outbox's row with the mailbox's return address: one with a token
/// of its own (VERP); or the plain one, in the same attempt, where the server refuses that and the
/// configuration leaves it to us. `send` is given the address.
pub async fn attempt<A>(
    row: &Claimed,
    (name, mailbox): (&MailboxName, &Mailbox),
    transport: &SmtpTransport,
    context: &Context,
    send: impl Fn(String) -> A,
) -> SendOutcome
where
    A: Future<Output = SendOutcome>,
{
    let plain = || send(mailbox.address.as_str().to_owned());
    let with_token = || {
        // The effect's name is from chance.
        let token = context.keys.delivery_token(row.id, &row.effect_id);
        send(mailbox.reply_address.with_token(&token).as_str().to_owned())
    };
    match mailbox.return_path {
        ReturnPath::Plain => plain().await,
        ReturnPath::Verp => with_token().await,
        ReturnPath::Auto if transport.is_plain_only() => plain().await,
        ReturnPath::Auto => {
            let reason = match with_token().await {
                SendOutcome::SenderRefused { reason } => reason,
                other => return other,
            };
            let outcome = plain().await;
            // Only a mail that was taken proves that it was the address which was refused, and nothing
            // else: for the next one the token is tried again.
            if matches!(outcome, SendOutcome::Delivered { .. }) {
                transport.note_plain_only();
                tracing::warn!(
                    mailbox = name.as_str(),
                    reason,
                    "The mail server takes no return address with a token: for a day letters \
                     go out with the plain one, and a bounce may not tell which letter it is about. Let our user \
                     send from every address of `reply_address`; or set `return_path: plain`"
                );
            }
            outcome
        }
    }
}
