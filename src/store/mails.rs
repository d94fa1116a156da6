//! Mail that was handed over, and what became of it.

use super::{Connection, Queue, StoreError, Tx};
use crate::{
    domain::{
        address::EmailAddress,
        evidence::{Evidence, Judgement},
        ids::{ConversationId, MailId},
    },
    ports::Envelope,
};

statements! {
    INSERT = "
        INSERT INTO mails
            (source, peer, helo, sender, recipients, size, raw, blob, digest, trace, received_at,
             client, client_helo)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id";
    SELECT_WAITING = "
        SELECT id, source, sender, recipients, raw, blob, digest, trace, attempts, evidence, verdict
        FROM mails WHERE state = 'waiting' AND verdict <> '' AND id > $1 AND NOT EXISTS (
            SELECT 1 FROM mails AS earlier WHERE earlier.state = 'waiting' AND earlier.verdict = ''
            AND earlier.id < mails.id AND earlier.sender = mails.sender
            AND (earlier.not_before = 0 OR earlier.sender NOT IN ('', 'unknown')))
        ORDER BY id LIMIT $2";
    TAKE_UP_AGAIN = "
        UPDATE mails SET state = 'waiting', attempts = 0
        WHERE id = $1 AND state <> 'waiting' AND verdict <> ''";
    BEGIN = "UPDATE mails SET attempts = attempts + 1 WHERE id = $1 AND state = 'waiting'";
    FORGIVE = "UPDATE mails SET attempts = attempts - 1 WHERE id = $1 AND state = 'waiting'";
    FINISH = "
        UPDATE mails SET state = $2, outcome = $3, problem = $4, kind = $5, message_id = $6
        WHERE id = $1 AND state = 'waiting'";
    SELECT_POSTING = "
        SELECT mail_id FROM postings
        WHERE conversation_id = $1 AND message_id = $2 AND from_address = $3 AND date = $4";
    INSERT_POSTING = "
        INSERT INTO postings (conversation_id, message_id, from_address, date, mail_id)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    SELECT_POSTING_ANYWHERE = "
        SELECT mail_id FROM postings WHERE message_id = $1 AND from_address = $2 AND date = $3 LIMIT 1";
    SELECT_NEWEST = "SELECT coalesce(max(id), 0) FROM mails";
    SELECT_ARRIVED = "
        SELECT id, state, outcome, problem, raw FROM mails
        WHERE id > $1 AND (message_id = $2 OR recipients LIKE $3) ORDER BY id LIMIT 1";
    SELECT_KIND = "
        SELECT id FROM mails WHERE id > $1 AND kind = $2 ORDER BY id LIMIT 1";
    COUNT_WAITING = "SELECT count(*) FROM mails WHERE state = 'waiting'";
    SELECT_OLDEST_WAITING = "
        SELECT received_at FROM mails WHERE state = 'waiting' ORDER BY id LIMIT 1";
    SELECT_RECEIVED_AT = "SELECT received_at FROM mails WHERE id = $1";
    SELECT_RAW = "SELECT size, raw, blob FROM mails WHERE id = $1";
}

/// Where a raw mail, or a file for a letter, stands.
#[derive(Debug, Clone)]
pub enum RawMail {
    Inline(Vec<u8>),
    /// Name in the blob store.
    Blob(String),
}

/// A mail at the door.
#[derive(Debug, Clone)]
pub struct NewMail {
    pub envelope: Envelope,
    pub size: u64,
    pub raw: RawMail,
    /// SHA-256 of the raw mail, in hexadecimal.
    pub digest: String,
    pub trace: String,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Waiting {
    pub id: i64,
    /// Through which door it came.
    pub source: String,
    pub sender: String,
    pub recipients: String,
    raw: Option<Vec<u8>>,
    blob: String,
    pub digest: String,
    pub trace: String,
    pub attempts: i64,
    evidence: String,
    verdict: String,
}

impl Waiting {
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        serde_json::from_str(&self.recipients).unwrap_or_default()
    }

    /// What was found out about its sender.
    pub fn judgement(&self) -> Result<Judgement, StoreError> {
        let evidence: Evidence = serde_json::from_str(&self.evidence)?;
        Ok(Judgement {
            verdict: serde_json::from_value(self.verdict.as_str().into())?,
            ..evidence.judge()
        })
    }

    #[must_use]
    pub fn into_raw(self) -> RawMail {
        self.raw.map_or(RawMail::Blob(self.blob), RawMail::Inline)
    }
}

/// How work on a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    Done,
    /// Not shown anywhere; staff can be told.
    Kept,
    /// Could not be worked on.
    SetAside,
}

impl MailState {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Kept => "kept",
            Self::SetAside => "set_aside",
        }
    }
}

pub async fn insert(
    tx: &mut Tx,
    mail: &NewMail,
    source: &str,
    now: i64,
) -> Result<MailId, StoreError> {
    let (raw, blob) = match &mail.raw {
        RawMail::Inline(bytes) => (Some(bytes.as_slice()), ""),
        RawMail::Blob(name) => (None, name.as_str()),
    };
    let client = mail.envelope.client.as_ref();
    let (id,) = fetch_one!(
        tx.connection(),
        (i64,),
        INSERT,
        source,
        &mail.envelope.peer,
        &mail.envelope.helo,
        &mail.envelope.sender,
        serde_json::to_string(&mail.envelope.recipients)?,
        i64::try_from(mail.size).unwrap_or(i64::MAX),
        raw,
        blob,
        &mail.digest,
        &mail.trace,
        now,
        client.map_or_else(String::new, |client| client.address.to_string()),
        client.map_or("", |client| client.helo.as_str()),
    );
    tx.wake(Queue::Checks);
    Ok(MailId(id))
}

/// Mails after `after` that wait and whose sender was looked into, in the order in which they came: none
/// overtakes another of its sender. Those of nobody may, if the DNS doesn't answer about one.
pub async fn waiting(
    connection: &mut Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    Ok(fetch_all!(
        connection,
        Waiting,
        SELECT_WAITING,
        after,
        limit
    ))
}

pub async fn count_waiting(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_WAITING).0)
}

/// When the first mail that waits was taken over.
pub async fn oldest_waiting(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    let oldest = fetch_optional!(connection, (i64,), SELECT_OLDEST_WAITING);
    Ok(oldest.map(|(received_at,)| received_at))
}

/// When the mail was taken over; `None` if it isn't kept any more.
pub async fn received_at(
    connection: &mut Connection,
    mail: MailId,
) -> Result<Option<i64>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_RECEIVED_AT, mail.0);
    Ok(row.map(|(received_at,)| received_at))
}

/// Where the mail stands, and its size in octets; `None` if it isn't kept any more.
pub async fn raw(
    connection: &mut Connection,
    mail: MailId,
) -> Result<Option<(RawMail, u64)>, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64, Option<Vec<u8>>, String),
        SELECT_RAW,
        mail.0
    );
    Ok(row.map(|(size, raw, blob)| {
        let raw = raw.map_or(RawMail::Blob(blob), RawMail::Inline);
        (raw, u64::try_from(size).unwrap_or_default())
    }))
}

/// What is known of a mail that came.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Arrived {
    pub id: i64,
    /// `waiting` until somebody has decided about it.
    pub state: String,
    pub outcome: String,
    pub problem: String,
    /// The mail itself, if it is small.
    pub raw: Option<Vec<u8>>,
}

/// The number of the mail that came last, 0 if none has.
pub async fn newest(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), SELECT_NEWEST).0)
}

/// The first mail after `after` that bears the Message-ID, or came to an address with `token` in it.
pub async fn arrived(
    connection: &mut Connection,
    message_id: &str,
    token: &str,
    after: i64,
) -> Result<Option<Arrived>, StoreError> {
    Ok(fetch_optional!(
        connection,
        Arrived,
        SELECT_ARRIVED,
        after,
        message_id,
        format!("%{token}%")
    ))
}

/// The first mail after `after` that was found to be a delivery report.
pub async fn bounce_after(
    connection: &mut Connection,
    after: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_KIND, after, "bounce").map(|(id,)| id))
}

/// Notes that work on these mails begins.
pub async fn begin(tx: &mut Tx, mails: &[i64]) -> Result<(), StoreError> {
    for id in mails {
        execute!(tx.connection(), BEGIN, id);
    }
    Ok(())
}

/// Work on these mails ended for a reason that isn't their fault, and will be begun again.
pub async fn forgive(tx: &mut Tx, mails: &[i64]) -> Result<(), StoreError> {
    for id in mails {
        execute!(tx.connection(), FORGIVE, id);
    }
    Ok(())
}

/// What became of a mail: `false` if that was known before.
pub async fn finish(
    tx: &mut Tx,
    mail: MailId,
    state: MailState,
    outcome: &str,
    problem: &str,
    kind: &str,
    message_id: &str,
) -> Result<bool, StoreError> {
    Ok(execute!(
        tx.connection(),
        FINISH,
        mail.0,
        state.word(),
        outcome,
        problem,
        kind,
        message_id
    ) == 1)
}

/// A mail that was decided on is decided on once more, by what was found out about its sender then.
pub async fn take_up_again(tx: &mut Tx, mail: MailId) -> Result<(), StoreError> {
    execute!(tx.connection(), TAKE_UP_AGAIN, mail.0);
    tx.wake(Queue::Mails);
    Ok(())
}

/// Whether a mail with this id, sender and date has been posted in the conversation. A mail without
/// an id is known by its digest, which stands in the id's place.
pub async fn is_posted(
    connection: &mut Connection,
    conversation: ConversationId,
    message_id: &str,
    from: &EmailAddress,
    date: &str,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64,),
        SELECT_POSTING,
        conversation.0,
        message_id,
        from.key(),
        date
    );
    Ok(row.is_some())
}

/// As [`is_posted`], in whatever conversation.
pub async fn is_posted_anywhere(
    connection: &mut Connection,
    message_id: &str,
    from: &EmailAddress,
    date: &str,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64,),
        SELECT_POSTING_ANYWHERE,
        message_id,
        from.key(),
        date
    );
    Ok(row.is_some())
}

pub async fn remember_posting(
    tx: &mut Tx,
    conversation: ConversationId,
    message_id: &str,
    from: &EmailAddress,
    date: &str,
    mail: MailId,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT_POSTING,
        conversation.0,
        message_id,
        from.key(),
        date,
        mail.0
    );
    Ok(())
}
