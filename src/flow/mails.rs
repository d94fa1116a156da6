//! Takes mail that was handed over: parse, find its conversation, decide, write.

use std::{sync::Arc, time::Duration};

use super::{
    Context, apply, guard, held,
    lanes::Origin,
    leads, locale,
    look::{self, Looked},
    mail_facts, notices, portraits,
    read::Read,
    worker::{Step, Worker},
};
use crate::{
    content::reply::{self, Known},
    domain::{
        guard::watch,
        ids::MailId,
        incoming::IncomingMail,
        notices::Stream,
        on_mail::{self, Outcome},
        wording,
    },
    mail::parse,
    store::{
        Queue, StoreError, Tx, endings,
        mails::{self, MailState, Waiting},
        sent,
    },
    telemetry::metrics::catalogue::MAILS,
};

/// Most mails that are worked on in one step.
const AT_ONCE: i64 = 16;
/// A mail on which work was begun this often without an end is set aside: it ends the process. So
/// many, because a process may be killed for other reasons while it works on an innocent one.
const MOST_ATTEMPTS: i64 = 10;
/// Of how many of our messages the words are looked for in an answer.
const WORDS_KNOWN: u32 = 40;
/// How long one mail may take to parse.
const PATIENCE: Duration = Duration::from_secs(30);

/// Works on incoming mail.
#[derive(Debug)]
pub struct Mails(pub Arc<Context>);

impl Worker for Mails {
    const NAME: &'static str = "mail in";
    const QUEUE: Queue = Queue::Mails;

    async fn step(&mut self) -> Result<Step, StoreError> {
        step(&self.0).await
    }
}

/// Works on the mails that wait, in the order in which they came.
async fn step(context: &Arc<Context>) -> Result<Step, StoreError> {
    let next = guard::keep_up(context).await?;
    let mut waiting = mails::waiting(&mut context.store.read().await?, 0, AT_ONCE).await?;
    // Work on one of these was begun before and did not end: alone, it can harm no other.
    if let Some(suspect) = waiting.iter().position(|mail| mail.attempts > 0) {
        waiting.truncate(if suspect == 0 { 1 } else { suspect });
    }
    if waiting.is_empty() {
        return Ok(Step::Idle { until: next });
    }
    let ids: Vec<i64> = waiting.iter().map(|mail| mail.id).collect();
    let begun = ids.clone();
    context
        .store
        .write(move |tx| Box::pin(async move { mails::begin(tx, &begun).await }))
        .await?;
    let outcome = work_on(waiting, context).await;
    if outcome.is_err() {
        // The store's fault, not theirs.
        context
            .store
            .write(move |tx| Box::pin(async move { mails::forgive(tx, &ids).await }))
            .await?;
    }
    outcome.map(|()| Step::Again)
}

async fn work_on(waiting: Vec<Waiting>, context: &Arc<Context>) -> Result<(), StoreError> {
    let read = waiting.into_iter().map(|mail| read(mail, context));
    let read = futures_util::future::try_join_all(read).await?;
    decide_all(read, context).await
}

async fn read(waiting: Waiting, context: &Arc<Context>) -> Result<Read, StoreError> {
    let mut read = Read {
        id: MailId(waiting.id),
        trace: waiting.trace.clone(),
        source: waiting.source.clone(),
        digest: waiting.digest.clone(),
        recipients: waiting.recipients(),
        null_sender: waiting.sender.is_empty(),
        knows_signature: false,
        looked: Looked::default(),
        judgement: waiting.judgement()?,
        mail: Err("work on it ended Postroom several times".to_owned()),
        report: None,
    };
    if waiting.attempts < MOST_ATTEMPTS {
        let raw = match context.blobs.read(waiting.into_raw()).await {
            // Trying again brings no lost file back, and others wait.
            Err(StoreError::Blob(object_store::Error::NotFound { path, .. })) => {
                read.mail = Err(format!("its file {path} is missing"));
                return Ok(read);
            }
            other => other?,
        };
        read.looked = look::look(&raw, &read.recipients, context).await;
        read.mail = match patiently(move || parse::open(&raw)).await {
            Ok(mut opened) => {
                read.report = opened.report.take();
                let known = known(&opened.mail, &read, context).await?;
                read.knows_signature = !known.endings.is_empty();
                let looked = read.looked.clone();
                patiently(move || {
                    let mut mail = opened.read(&known).mail;
                    looked.withhold(&mut mail);
                    mail
                })
                .await
            }
            Err(problem) => Err(problem),
        };
    }
    Ok(read)
}

/// Work on a mail that nobody knows, which must not hold up the others.
async fn patiently<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err("reading it failed by a fault in the program".to_owned()),
        Err(_) => Err("reading it took too long".to_owned()),
    }
}

/// What was said in the conversation and by the sender before.
async fn known(mail: &IncomingMail, read: &Read, context: &Context) -> Result<Known, StoreError> {
    let mut reading = context.store.read().await?;
    let candidates = leads::candidates(&mut reading, mail, read, context).await?;
    let sent = match candidates.first() {
        Some((conversation, _)) => sent::words(&mut reading, *conversation, WORDS_KNOWN).await?,
        None => Vec::new(),
    };
    let endings = match &mail.from {
        Some(from) => endings::of(&mut reading, &from.address).await?,
        None => Vec::new(),
    };
    Ok(Known { sent, endings })
}

/// Decides about several mails in one transaction; if that fails, about each in its own.
async fn decide_all(read: Vec<Read>, context: &Arc<Context>) -> Result<(), StoreError> {
    match decide_together(read.clone(), context).await {
        Err(StoreError::Panicked | StoreError::Value(_)) => {}
        other => return other,
    }
    for mut one in read {
        match decide_together(vec![one.clone()], context).await {
            Err(error @ (StoreError::Panicked | StoreError::Value(_))) => {
                one.mail = Err(error.to_string());
                decide_together(vec![one], context).await?;
            }
            other => other?,
        }
    }
    Ok(())
}

async fn decide_together(read: Vec<Read>, context: &Arc<Context>) -> Result<(), StoreError> {
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for one in read {
                    decide(tx, one, &context).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Facts, decision, effects and "done", all in one transaction.
async fn decide(tx: &mut Tx, read: Read, context: &Context) -> Result<(), StoreError> {
    let origin = Origin::without_event(read.trace.clone(), context.now_ms());
    if guard::waits_for_scanner(tx, &read, &origin, context).await? {
        return Ok(());
    }
    guard::remember(tx, &read).await?;
    let mail = match &read.mail {
        Ok(mail) => mail,
        Err(problem) => {
            tracing::error!(trace = %read.trace, mail = %read.id, problem, "Set a mail aside");
            if mails::finish(
                tx,
                read.id,
                MailState::SetAside,
                "set_aside",
                problem,
                "",
                "",
            )
            .await?
            {
                tally(tx, &read, "unreadable", "set_aside");
                let text = wording::mail_set_aside(read.id.0, problem);
                notices::tell(tx, Stream::Faulty, &text, &origin, context).await?;
                held::fail(tx, read.id, problem, &origin, context).await?;
            }
            return Ok(());
        }
    };
    let facts = mail_facts::of(tx.connection(), mail, &read, context).await?;
    let guarding = guard::facts(tx.connection(), mail, &read, &facts, context).await?;
    let ruled = on_mail::decide(read.id, mail, read.null_sender, &facts);
    let (outcome, effects) = watch(read.id, mail, &facts, &guarding, ruled);
    let (state, word) = match outcome {
        Outcome::Posted => (MailState::Done, "posted"),
        Outcome::Duplicate => (MailState::Done, "duplicate"),
        Outcome::Own => (MailState::Done, "own"),
        Outcome::Leave => (MailState::Done, "leave"),
        Outcome::Matched => (MailState::Done, "matched"),
        Outcome::PostedSmall => (MailState::Done, "posted_small"),
        Outcome::PassedOver => (MailState::Kept, "passed_over"),
        Outcome::Held => (MailState::Kept, "held"),
        Outcome::Kept(_) => (MailState::Kept, "kept"),
        Outcome::Requested => (MailState::Kept, "requested"),
        Outcome::Rejected => (MailState::Kept, "rejected"),
        Outcome::Blocked => (MailState::Kept, "blocked"),
        Outcome::Junk => (MailState::Kept, "junk"),
        Outcome::Loop => (MailState::Kept, "loop"),
        Outcome::Postponed => (MailState::Kept, "postponed"),
    };
    let kind = serde_json::to_value(mail.kind)?;
    let message_id = mail.message_id.as_ref().map_or("", |id| id.as_str());
    if !mails::finish(
        tx,
        read.id,
        state,
        word,
        "",
        kind.as_str().unwrap_or_default(),
        message_id,
    )
    .await?
    {
        return Ok(());
    }
    tracing::info!(trace = %read.trace, mail = %read.id, delivery = facts.delivery.as_ref().map(|delivery| delivery.row), outcome = word, "Decided about a mail");
    tally(tx, &read, kind.as_str().unwrap_or_default(), word);
    if let (Outcome::Posted, Some(from)) = (outcome, &mail.from) {
        let whole = [mail.text.as_str(), mail.signature.as_deref().unwrap_or("")];
        let ending = reply::ending(&whole.join("\n"));
        endings::remember(tx, &from.address, read.id, &ending).await?;
        portraits::remember(tx, mail, facts.judgement.verdict).await?;
        if let Some(route) = facts.routes.first() {
            locale::remember(tx, read.id, mail, route.conversation, context).await?;
        }
    }
    apply::all(tx, effects, &origin, context).await
}

fn tally(tx: &mut Tx, read: &Read, kind: &str, outcome: &str) {
    let values = [&read.source, kind, outcome].map(str::to_owned);
    tx.once_committed(|| MAILS.count(values));
}
