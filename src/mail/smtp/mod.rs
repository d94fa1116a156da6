//! Hands mails over to a mail server: one transaction per mail and recipient, so that one refused
//! recipient stops nobody else and the outcome is that of this one alone.
//!
//! Commands, addresses and authentication are lettre's; why the dialogue itself is not, is told in
//! `docs/decisions/0003-smtp-dialogue.md`.
//!
//! `settings` is what the configuration says, checked; `connection` speaks SMTP over a `wire`, and writes
//! the mail with `stuffing`; `reply` reads what the server says and `judge` says what it means for the mail; `pool` keeps
//! connections for the next one; `probe` tries a server out without sending anything.

mod connection;
mod judge;
mod pool;
pub mod probe;
mod reply;
mod settings;
mod stuffing;
mod wire;

use std::{
    fmt, future, io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use lettre::Address;
use tokio::{sync::Semaphore, time::Instant};

pub use self::settings::SettingsFault;
use self::{
    connection::{Connection, Trouble},
    judge::{Stage, broken_off, connect_failed, judge, judge_mail},
    pool::Pool,
    settings::Server,
};
use crate::{
    config::Smtp,
    domain::{address::EmailAddress, delivery::SendOutcome},
    mail::punycode::ascii_domain,
};

/// The way out of one mailbox. Many mails may be sent at once.
pub struct SmtpTransport {
    server: Server,
    /// One for each connection that may be open.
    slots: Semaphore,
    pool: Pool,
    /// What the server takes at most, in octets; zero until it was asked.
    limit: AtomicU64,
    /// Until when the server is held to take mail from the mailbox's plain address only.
    plain_only: Mutex<Option<Instant>>,
}

/// A mail that is about to be sent: seven bits, whose lines end with CRLF.
pub struct Message {
    /// In octets, of all of `content`.
    pub size: u64,
    /// Read while it is sent, never faster than the server takes it. An error in it breaks the mail off.
    pub content: BoxStream<'static, io::Result<Bytes>>,
}

/// Connections at once; Postfix and the large providers allow more than twice as many.
pub const MOST_CONNECTIONS: usize = 8;
/// How long a connection stays open without a mail; servers begin to hang up after minutes.
const LONGEST_IDLE: Duration = Duration::from_mins(1);
/// How long no return address with a token is offered to a server that refused one.
const PLAIN_ONLY_FOR: Duration = Duration::from_hours(24);
/// How long a server may take for a reply, or for 64 KiB of a mail.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

impl SmtpTransport {
    /// Reads the CA file, if there is one; connects only when there is a mail.
    ///
    /// `hello_name` is said in EHLO: a domain of ours, or an address literal such as
    /// `[192.0.2.1]`. `timeout` (usually [`DEFAULT_TIMEOUT`]) limits the wait for the connection,
    /// for every reply and for every piece of a mail, and ten times as long the wait for the reply to
    /// the mail itself, whose content servers check (RFC 5321 section 4.5.3.2.6 asks for 10 minutes):
    /// who hangs up too early sends twice.
    pub fn new(smtp: Smtp, hello_name: String, timeout: Duration) -> Result<Self, SettingsFault> {
        Ok(Self {
            server: Server::new(smtp, hello_name, timeout)?,
            slots: Semaphore::new(MOST_CONNECTIONS),
            pool: Pool::new(LONGEST_IDLE),
            limit: AtomicU64::new(0),
            plain_only: Mutex::default(),
        })
    }

    /// The largest mail that the server takes, in octets (RFC 1870 section 4). Connects if it was never
    /// asked, and may have changed since.
    ///
    /// # Errors
    ///
    /// It can't be asked: what that means for the mail that waits.
    pub async fn size_limit(&self) -> Result<u64, SendOutcome> {
        if self.limit.load(Ordering::Relaxed) == 0 {
            let _slot = self.slots.acquire().await.ok();
            let connection = Connection::open(&self.server)
                .await
                .map_err(|fault| connect_failed(&self.server, &fault))?;
            self.note_limit(&connection);
            self.pool.put(connection);
        }
        Ok(self.limit.load(Ordering::Relaxed))
    }

    /// A server that says nothing of a limit has none, as far as we know.
    fn note_limit(&self, connection: &Connection) {
        let limit = match connection.extensions().size {
            Some(limit) if limit > 0 => limit,
            _ => u64::MAX,
        };
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Whether the server was seen to refuse return addresses with a token.
    pub fn is_plain_only(&self) -> bool {
        self.plain_only()
            .is_some_and(|until| Instant::now() < until)
    }

    /// The server refuses return addresses with a token: it took a mail from the plain one a moment after
    /// it had refused it from another. Forgotten after a day, as servers change their minds.
    pub fn note_plain_only(&self) {
        *self.plain_only() = Some(Instant::now() + PLAIN_ONLY_FOR);
    }

    fn plain_only(&self) -> MutexGuard<'_, Option<Instant>> {
        self.plain_only
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers one mail to the server for one recipient.
    ///
    /// `sender` is the envelope's, empty for `<>`. `message` is asked for the mail (seven bits,
    /// see [`compose`](super::compose::compose)) only after the server has accepted sender and
    /// recipient, right before DATA: whatever was redacted until then is not in it. Where it
    /// returns `None` nothing is sent and the outcome is [`SendOutcome::Withdrawn`].
    ///
    /// After `deadline` no mail is completed any more: one that is still on its way is broken off. Its
    /// receipt may come up to ten timeouts later. A mail that was broken off, for whatever reason, was
    /// not taken: the outcome is [`SendOutcome::RetryLater`].
    ///
    /// A future that is dropped before the end leaves the outcome unknown.
    pub async fn send<F, M>(
        &self,
        sender: &str,
        recipient: &EmailAddress,
        deadline: Instant,
        message: F,
    ) -> SendOutcome
    where
        F: FnOnce() -> M + Send,
        M: Future<Output = Option<Message>> + Send,
    {
        // The semaphore is never closed; without a slot there would only be one connection more.
        let _slot = self.slots.acquire().await.ok();
        let attempt = async {
            let envelope = Envelope::new(sender, recipient)?;
            let mut connection = self.begin(&envelope).await?;
            let outcome = deliver(&mut connection, &envelope, deadline, message).await;
            self.pool.put(connection);
            outcome
        };
        let (Ok(outcome) | Err(outcome)) = attempt.await;
        outcome
    }

    /// A connection on which the server has accepted the sender.
    ///
    /// One that has waited may have been closed by the server in the meantime, which shows only
    /// now: then it is replaced, once, by a new one.
    async fn begin(&self, envelope: &Envelope) -> Result<Connection, SendOutcome> {
        if let Some(mut waiting) = self.pool.take() {
            let begun = mail(&mut waiting, envelope).await;
            if begun.is_ok() || waiting.is_sound() {
                return self.begun(waiting, begun);
            }
        }
        let mut fresh = Connection::open(&self.server)
            .await
            .map_err(|fault| connect_failed(&self.server, &fault))?;
        self.note_limit(&fresh);
        let begun = mail(&mut fresh, envelope).await;
        self.begun(fresh, begun)
    }

    fn begun(
        &self,
        connection: Connection,
        begun: Result<(), SendOutcome>,
    ) -> Result<Connection, SendOutcome> {
        match begun {
            Ok(()) => Ok(connection),
            Err(outcome) => {
                self.pool.put(connection);
                Err(outcome)
            }
        }
    }
}

impl From<Vec<u8>> for Message {
    /// A mail that is small enough to be in memory.
    fn from(mail: Vec<u8>) -> Self {
        Self {
            size: mail.len() as u64,
            content: stream::once(future::ready(Ok(mail.into()))).boxed(),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpTransport")
            .field("server", &self.server.to_string())
            .finish_non_exhaustive()
    }
}

/// Both addresses as the commands take them.
struct Envelope {
    /// `None` for `<>`.
    sender: Option<Address>,
    recipient: Address,
    /// One of them can't be said in ASCII.
    needs_utf8: bool,
}

impl Envelope {
    fn new(sender: &str, recipient: &EmailAddress) -> Result<Self, SendOutcome> {
        let mut needs_utf8 = false;
        let mut said = |address: &EmailAddress| {
            let local = address.local_part();
            needs_utf8 |= !local.is_ascii();
            // Both are sound: the one was parsed, the other is what the DNS knows.
            ascii_domain(address.domain())
                .map(|domain| Address::new_dangerous(local, domain))
                .ok_or_else(|| SendOutcome::Refused {
                    reason: format!("no mail server can be found for {address}"),
                })
        };
        let recipient = said(recipient)?;
        let sender = if sender.is_empty() {
            None
        } else {
            let sender = EmailAddress::parse(sender).map_err(|fault| SendOutcome::Refused {
                reason: format!("our own return address is not an email address: {fault}"),
            })?;
            Some(said(&sender)?)
        };
        Ok(Self {
            sender,
            recipient,
            needs_utf8,
        })
    }
}

async fn mail(connection: &mut Connection, envelope: &Envelope) -> Result<(), SendOutcome> {
    if envelope.needs_utf8 && !connection.extensions().smtputf8 {
        return Err(SendOutcome::Refused {
            reason: format!(
                "the address {} is not written in ASCII, and our mail server can't send to such \
                 addresses (it doesn't offer SMTPUTF8)",
                envelope.recipient
            ),
        });
    }
    connection
        .mail(envelope.sender.clone(), envelope.needs_utf8)
        .await
        .map_err(|trouble| judge(Stage::Sender, trouble))
}

async fn deliver<F, M>(
    connection: &mut Connection,
    envelope: &Envelope,
    deadline: Instant,
    message: F,
) -> Result<SendOutcome, SendOutcome>
where
    F: FnOnce() -> M + Send,
    M: Future<Output = Option<Message>> + Send,
{
    connection
        .recipient(envelope.recipient.clone())
        .await
        .map_err(|trouble| judge(Stage::Recipient, trouble))?;
    let Some(message) = message().await else {
        return Ok(SendOutcome::Withdrawn);
    };
    if let Some(limit) = connection.extensions().size
        && message.size > limit
    {
        return Err(SendOutcome::TooLarge {
            reason: format!(
                "the mail has {} bytes, and our mail server takes at most {limit}",
                message.size
            ),
            most: limit,
        });
    }
    connection
        .data()
        .await
        .map_err(|trouble| judge_mail(Stage::Data, trouble, message.size))?;
    connection
        .content(message.content, deadline)
        .await
        .map_err(|broken| broken_off(&broken))?;
    match connection.end().await {
        Ok(receipt) => Ok(SendOutcome::Delivered {
            answer: receipt.to_string(),
        }),
        Err(trouble @ Trouble::Answer(_)) => Err(judge_mail(Stage::Mail, trouble, message.size)),
        Err(Trouble::Lost(error)) => Err(SendOutcome::Uncertain {
            reason: format!("the mail was sent, but the server's receipt did not come: {error}"),
        }),
    }
}

#[cfg(test)]
mod tests;
