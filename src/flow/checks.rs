//! Finds out who sent the mails that were taken over, before anything is decided on them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use indexmap::IndexMap;
use tokio::{task::JoinSet, time::timeout};

use super::{
    Context,
    context::is_address_of,
    worker::{Step, Worker},
};
use crate::{
    config::{Mailbox, MailboxName, Trust},
    domain::{
        delivery::{backoff, millis},
        evidence::Evidence,
        ids::MailId,
    },
    store::{
        Queue, StoreError,
        checks::{self, Unchecked},
        mails,
    },
};

/// Mails that are looked into side by side: who has a slow DNS holds up nobody else.
const AT_ONCE: usize = 32;
/// With fewer than so many others begin, several in one commit.
const MOST_BUSY: usize = 3 * AT_ONCE / 4;
/// A mail that was looked into so often without an end has ended the process each time: whoever sent
/// it counts as forged.
const MOST_ATTEMPTS: i64 = 10;
/// So often a DNS that doesn't answer is asked again, with 2, 4, 8, … seconds in between, at most four
/// minutes: nine to eighteen minutes in all.
const MOST_CHECKS: i64 = 10;
const LONGEST_WAIT: Duration = Duration::from_mins(4);
/// How long what is under way may take when Postroom stops.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Looks into mails.
#[derive(Debug)]
pub struct Checks {
    context: Arc<Context>,
    running: JoinSet<i64>,
    in_hand: HashSet<i64>,
}

impl Checks {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            running: JoinSet::new(),
            in_hand: HashSet::new(),
        }
    }

    /// Forgets those that have ended; waits until some more may begin, or for all.
    async fn reap(&mut self, wait_for_all: bool) {
        while let Some(ended) = self.running.try_join_next() {
            self.forget(ended.ok());
        }
        while !self.running.is_empty() && (wait_for_all || self.running.len() > MOST_BUSY) {
            let ended = self.running.join_next().await;
            self.forget(ended.and_then(Result::ok));
        }
        // One that broke didn't tell which it was.
        if self.running.is_empty() {
            self.in_hand.clear();
        }
    }

    fn forget(&mut self, id: Option<i64>) {
        if let Some(id) = id {
            self.in_hand.remove(&id);
        }
    }

    fn begin(&mut self, mail: Unchecked) {
        let context = Arc::clone(&self.context);
        let id = mail.id;
        self.in_hand.insert(id);
        self.running.spawn(async move {
            let trace = mail.trace.clone();
            if let Err(error) = check(mail, &context).await {
                tracing::error!(trace, mail = id, %error, "Could not write down who sent a mail");
            }
            id
        });
    }
}

impl Worker for Checks {
    const NAME: &'static str = "checks";
    const QUEUE: Queue = Queue::Checks;

    async fn step(&mut self) -> Result<Step, StoreError> {
        self.reap(false).await;
        let now = self.context.now_ms();
        let limit = i64::try_from(2 * AT_ONCE).unwrap_or(i64::MAX);
        let mut reading = self.context.store.read().await?;
        let mut found = checks::unchecked(&mut reading, now, limit).await?;
        found.retain(|mail| !self.in_hand.contains(&mail.id));
        if found.is_empty() {
            let until = checks::next(&mut reading, now).await?;
            return Ok(Step::Idle { until });
        }
        drop(reading);
        found.truncate(AT_ONCE - self.running.len());
        // Work on one of these was begun before and did not end: alone, it can harm no other.
        let suspect = found.iter().position(|mail| mail.attempts > 0);
        match suspect {
            Some(0) => {
                self.reap(true).await;
                found.truncate(1);
            }
            Some(at) => found.truncate(at),
            None => {}
        }
        let begun: Vec<i64> = found.iter().map(|mail| mail.id).collect();
        self.context
            .store
            .write(move |tx| Box::pin(async move { mails::begin(tx, &begun).await }))
            .await?;
        for mail in found {
            self.begin(mail);
        }
        if suspect == Some(0) {
            self.reap(true).await;
        }
        Ok(Step::Again)
    }

    async fn finish(&mut self) {
        if timeout(LAST_PATIENCE, self.reap(true)).await.is_err() {
            self.running.abort_all();
        }
    }
}

/// Looks into one mail, and writes down what was found.
async fn check(mail: Unchecked, context: &Context) -> Result<(), StoreError> {
    let (id, checks) = (MailId(mail.id), mail.checks);
    let trace = mail.trace.clone();
    let evidence = evidence(mail, context).await?;
    if evidence.may_change() && checks < MOST_CHECKS {
        let attempts = u32::try_from(checks + 1).unwrap_or(u32::MAX);
        let wait = backoff(attempts, context.chance.fraction(), LONGEST_WAIT);
        let until = context.now_ms().saturating_add(millis(wait));
        tracing::info!(trace, mail = %id, checks, ?wait, "The DNS doesn't tell who sent a mail; asking again");
        return context
            .store
            .write(move |tx| Box::pin(async move { checks::put_off(tx, id, until).await }))
            .await;
    }
    let judged = evidence.judge();
    tracing::info!(trace, mail = %id, verdict = ?judged.verdict, reasons = ?judged.reasons, "Looked into who sent a mail");
    context
        .store
        .write(move |tx| Box::pin(async move { checks::finish(tx, id, &evidence).await }))
        .await
}

/// As each mailbox that the mail came to wants it to be looked into; the worst counts.
async fn evidence(mail: Unchecked, context: &Context) -> Result<Evidence, StoreError> {
    if mail.attempts >= MOST_ATTEMPTS {
        tracing::error!(trace = %mail.trace, mail = mail.id, "Looking into a mail has ended Postroom several times; it counts as forged");
        return Ok(Evidence::default());
    }
    let envelope = mail.envelope();
    let raw = match context.blobs.read(mail.into_raw()).await {
        // Whoever reads the mail tells of that.
        Err(StoreError::Blob(object_store::Error::NotFound { .. })) => {
            return Ok(Evidence::default());
        }
        other => other?,
    };
    let mut worst: Option<Evidence> = None;
    for trust in ways(&envelope.recipients, &context.mailboxes) {
        let found = context
            .authenticator
            .evidence(raw.clone(), &envelope, trust)
            .await;
        let is_worse = |known: &Evidence| found.judge().verdict > known.judge().verdict;
        if worst.as_ref().is_none_or(is_worse) {
            worst = Some(found);
        }
    }
    Ok(worst.unwrap_or_default())
}

/// How to look, each way once; that of the first mailbox if the mail came to none.
pub fn ways<'c>(
    recipients: &[String],
    mailboxes: &'c IndexMap<MailboxName, Mailbox>,
) -> Vec<&'c Trust> {
    let mut ways: Vec<&Trust> = Vec::new();
    for mailbox in mailboxes.values() {
        let is_to = |recipient: &String| is_address_of(mailbox, recipient);
        if recipients.iter().any(is_to) && !ways.contains(&&mailbox.trust) {
            ways.push(&mailbox.trust);
        }
    }
    if ways.is_empty() {
        ways.extend(mailboxes.values().next().map(|first| &first.trust));
    }
    ways
}
