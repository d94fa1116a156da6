//! What speaks for and against the sender of each mail: looked for once, and stored with the mail, so
//! that whoever reads it again decides by the same.

use super::{Connection, Queue, StoreError, Tx, mails::RawMail};
use crate::{
    domain::{evidence::Evidence, ids::MailId},
    ports::{Client, Envelope},
};

statements! {
    SELECT_UNCHECKED = "
        SELECT id, peer, helo, sender, recipients, client, client_helo, raw, blob, trace, attempts, checks
        FROM mails WHERE state = 'waiting' AND verdict = '' AND not_before <= $1
        ORDER BY not_before, id LIMIT $2";
    SELECT_NEXT = "
        SELECT not_before FROM mails WHERE state = 'waiting' AND verdict = '' AND not_before > $1
        ORDER BY not_before LIMIT 1";
    PUT_OFF = "
        UPDATE mails SET not_before = $2, checks = checks + 1, attempts = 0
        WHERE id = $1 AND state = 'waiting' AND verdict = ''";
    FINISH = "
        UPDATE mails SET evidence = $2, verdict = $3, attempts = 0
        WHERE id = $1 AND state = 'waiting' AND verdict = ''";
}

/// A mail whose sender nobody has looked into.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Unchecked {
    pub id: i64,
    peer: String,
    helo: String,
    sender: String,
    recipients: String,
    client: String,
    client_helo: String,
    raw: Option<Vec<u8>>,
    blob: String,
    pub trace: String,
    /// How often work on it was begun and did not end.
    pub attempts: i64,
    /// How often the DNS gave no answer.
    pub checks: i64,
}

impl Unchecked {
    /// What was known at the door.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        Envelope {
            peer: self.peer.clone(),
            helo: self.helo.clone(),
            sender: self.sender.clone(),
            recipients: serde_json::from_str(&self.recipients).unwrap_or_default(),
            client: self.client.parse().ok().map(|address| Client {
                address,
                helo: self.client_helo.clone(),
            }),
        }
    }

    #[must_use]
    pub fn into_raw(self) -> RawMail {
        self.raw.map_or(RawMail::Blob(self.blob), RawMail::Inline)
    }
}

/// Mails that wait for it now: first those that came, in their order, then those that are to be asked
/// for once more.
pub async fn unchecked(
    connection: &mut Connection,
    now: i64,
    limit: i64,
) -> Result<Vec<Unchecked>, StoreError> {
    Ok(fetch_all!(
        connection,
        Unchecked,
        SELECT_UNCHECKED,
        now,
        limit
    ))
}

/// When the next one is to be asked for once more.
pub async fn next(connection: &mut Connection, now: i64) -> Result<Option<i64>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_NEXT, now);
    Ok(row.map(|(at,)| at))
}

/// The DNS gave no answer: it is asked again, not before this time.
pub async fn put_off(tx: &mut Tx, mail: MailId, until: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), PUT_OFF, mail.0, until);
    tx.wake(Queue::Checks);
    tx.wake(Queue::Mails);
    Ok(())
}

/// This is what there is to know: now the mail can be decided on.
pub async fn finish(tx: &mut Tx, mail: MailId, evidence: &Evidence) -> Result<(), StoreError> {
    let verdict = serde_json::to_value(evidence.judge().verdict)?;
    let found = serde_json::to_string(evidence)?;
    execute!(
        tx.connection(),
        FINISH,
        mail.0,
        found,
        verdict.as_str().unwrap_or_default()
    );
    tx.wake(Queue::Mails);
    Ok(())
}
