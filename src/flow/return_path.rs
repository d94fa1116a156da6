//! The envelope sender of letters: where bounces go.

use super::Context;
use crate::{
    config::{Mailbox, MailboxName, ReturnPath},
    domain::delivery::SendOutcome,
    mail::smtp::SmtpTransport,
};

/// Attempts the delivery of the outbox's row `id` with the mailbox's return address: one with a token
/// of its own (VERP); or the plain one, in the same attempt, where the server refuses that and the
/// configuration leaves it to us. `send` is given the address.
pub async fn attempt<A>(
    id: i64,
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
        let token = context.keys.delivery_token(id);
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
            // A server that refuses both has nothing against the token.
            if !matches!(outcome, SendOutcome::SenderRefused { .. }) && transport.note_plain_only()
            {
                tracing::warn!(
                    mailbox = name.as_str(),
                    reason,
                    "The mail server takes no return address with a token: letters go out with the \
                     plain one, and a bounce may not tell which letter it is about. Let our user \
                     send from every address of `reply_address`; or set `return_path: plain`"
                );
            }
            outcome
        }
    }
}
