//! Hands letters to the mail server, each recipient's in a transaction of its own.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures_util::StreamExt as _;
use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

use super::{
    Context, automatic, contents,
    enclose::{self, NotYet},
    locale, return_path, settle,
    subscriptions::{self, Copy},
    worker::{Slots, Step, Worker, write_down},
};
use crate::{
    domain::{
        delivery::{SendOutcome, millis},
        effect::ItemKind,
        ids::LetterId,
        letter::{Entry, EntryBody, Language, SealedLetter, gather_reactions},
        outgoing::MailAction,
        sharing::Shared,
    },
    mail::{
        compose::{self, Composed},
        dkim::{SignFault, Signer},
        smtp::{MOST_CONNECTIONS, Message},
    },
    store::{
        Connection, Queue, StoreError, conversations, last_mails, letters,
        outbox::{self, Claimed, Way},
    },
};

/// After this time in one attempt no mail is completed any more. A slow connection takes 40 MB in it.
const PATIENCE: Duration = Duration::from_mins(15);
/// An attempt is over after this, whatever happened to who began it. Leaves time for the receipt, ten
/// minutes, and for writing it down.
const LEASE: Duration = PATIENCE.saturating_add(Duration::from_mins(20));

/// Hands mails over.
#[derive(Debug)]
pub struct Deliver {
    context: Arc<Context>,
    slots: Slots,
}

impl Deliver {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            slots: Slots::new(MOST_CONNECTIONS),
        }
    }
}

impl Worker for Deliver {
    const NAME: &'static str = "mail out";
    const QUEUE: Queue = Queue::MailOut;

    async fn step(&mut self) -> Result<Step, StoreError> {
        self.slots
            .attempt_due(Way::Mail, LEASE, &self.context, attempt)
            .await
    }

    async fn finish(&mut self) {
        self.slots.finish().await;
    }
}

async fn attempt(row: Claimed, context: Arc<Context>) -> Result<(), StoreError> {
    let action: MailAction = serde_json::from_str(&row.payload)?;
    let letter = LetterId(row.letter_id.unwrap_or_default());
    let carried = Carried::default();
    let deadline = Instant::now() + PATIENCE;
    let handed_over = match enclose::ready(letter, &context).await {
        Ok(Some(not_yet)) => return put_off(row, not_yet, &context).await,
        Ok(None) => hand_over(row.id, &action, letter, deadline, &carried, &context).await,
        Err(error) => Err(error),
    };
    let outcome = match handed_over {
        // Nothing has been sent yet.
        Err(error) if error.may_pass() => SendOutcome::RetryLater {
            reason: error.to_string(),
            after: None,
        },
        other => other?,
    };
    let carried = match &outcome {
        SendOutcome::Delivered { .. } => carried.into_inner().unwrap_or_default(),
        _ => Vec::new(),
    };
    tracing::info!(
        trace = %row.trace, letter = %letter, attempt = row.attempts, to = %action.recipient.address.masked(),
        outcome = outcome_word(&outcome), "Tried to hand a mail over"
    );
    let store = context.store.clone();
    let ended = (row, action, outcome, carried, context);
    write_down(
        ended,
        &store,
        move |tx, (row, action, outcome, carried, context)| {
            Box::pin(async move {
                settle::settle(tx, &row, &action, letter, outcome, &context).await?;
                settle::tell_of_what_was_struck(tx, &row, &action, &carried, &context).await
            })
        },
    )
    .await
}

/// The letter's files aren't there yet: that is no attempt, and nobody's fault who takes mail.
async fn put_off(row: Claimed, not_yet: NotYet, context: &Context) -> Result<(), StoreError> {
    tracing::debug!(trace = %row.trace, reason = not_yet.reason, "A letter waits for its files");
    let next_at = context.now_ms().saturating_add(millis(not_yet.after));
    let place = (row.id, row.attempts);
    context
        .store
        .write(move |tx| {
            Box::pin(async move {
                outbox::put_off(tx, place, Way::Mail, next_at, &not_yet.reason).await
            })
        })
        .await
}

/// The messages that the mail held when it was handed over.
type Carried = OnceLock<Vec<String>>;

async fn hand_over(
    row: i64,
    action: &MailAction,
    letter: LetterId,
    deadline: Instant,
    carried: &Carried,
    context: &Arc<Context>,
) -> Result<SendOutcome, StoreError> {
    let mut reading = context.store.read().await?;
    let sealed = letters::sealed(&mut reading, letter).await?;
    let mailbox = conversations::find(&mut reading, sealed.conversation)
        .await?
        .map(|found| found.mailbox);
    drop(reading);
    let (name, mailbox) = context.mailbox(mailbox.as_deref().unwrap_or_default());
    let Some(transport) = context.transports.get(name) else {
        return Ok(SendOutcome::RetryLater {
            reason: "the mailbox has no mail server".to_owned(),
            after: None,
        });
    };
    let signer = context.signers.get(name);
    // Called right before DATA: a message that was taken back a moment ago does not go.
    let failure = Arc::new(Mutex::new(None));
    let message = || {
        let failure = Arc::clone(&failure);
        async move {
            compose_now(letter, action, carried, signer, context)
                .await
                .unwrap_or_else(|outcome| {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                    None
                })
        }
    };
    let recipient = &action.recipient.address;
    let send =
        |sender: String| async move { transport.send(&sender, recipient, deadline, message).await };
    let outcome = return_path::attempt(row, (name, mailbox), transport, context, send).await;
    // "Withdrawn" is the truth only if nothing was left to say.
    let failure = failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(failure.unwrap_or(outcome))
}

/// The mail as the letter stands now, for this recipient; `None` if nothing is left of it.
///
/// # Errors
///
/// What a failure means for the attempt: one of the store's passes, a letter that can't be composed
/// never can.
async fn compose_now(
    letter: LetterId,
    action: &MailAction,
    carried: &Carried,
    signer: Option<&Arc<Signer>>,
    context: &Context,
) -> Result<Option<Message>, SendOutcome> {
    let later = |error: StoreError| SendOutcome::RetryLater {
        reason: error.to_string(),
        after: None,
    };
    let Some((mut sealed, events)) = load(letter, action, context).await.map_err(later)? else {
        return Ok(None);
    };
    contents::leave_out_what_is_gone(&mut sealed, &context.store, &context.blobs)
        .await
        .map_err(later)?;
    carried.get_or_init(|| events);
    let refused = |fault: &dyn std::fmt::Display| SendOutcome::Refused {
        reason: format!("it can't be written: {fault}"),
    };
    let composing = tokio::task::spawn_blocking(move || compose::compose(&sealed));
    let mut mail = match composing.await {
        Ok(Ok(mail)) => mail,
        Ok(Err(fault)) => return Err(refused(&fault)),
        Err(_) => return Err(refused(&"by a fault in Postroom")),
    };
    if let Some(signer) = signer {
        let signature = signature(signer, &mail, context).await?;
        mail.prepend(&signature.map_err(|fault| refused(&fault))?);
    }
    Ok(Some(Message {
        size: mail.size(),
        content: mail.stream(contents::opener(&context.store, &context.blobs)),
    }))
}

/// The header fields that sign the mail, whose files are read for that once more.
async fn signature(
    signer: &Signer,
    mail: &Composed,
    context: &Context,
) -> Result<Result<String, SignFault>, SendOutcome> {
    let mut signing = signer.begin();
    let mut content = mail.stream(contents::opener(&context.store, &context.blobs));
    while let Some(chunk) = content.next().await {
        let chunk = chunk.map_err(|error| SendOutcome::RetryLater {
            reason: format!("a file of the letter can't be read: {error}"),
            after: None,
        })?;
        signing.write(&chunk);
    }
    Ok(signing.finish())
}

/// The letter as this recipient gets it, without what they have already, and the events of the messages
/// in it.
async fn load(
    letter: LetterId,
    action: &MailAction,
    context: &Context,
) -> Result<Option<(SealedLetter, Vec<String>)>, StoreError> {
    let mut reading = context.store.read().await?;
    let mut sealed = letters::sealed(&mut reading, letter).await?;
    let mut items = letters::items(&mut reading, letter).await?;
    items.retain(|item| {
        let contact = action.contact.as_ref();
        contact.is_none_or(|contact| !item.had_by.contains(contact))
    });
    if items.is_empty() && sealed.seal.automatic.is_none() {
        return Ok(None);
    }
    let copy = subscriptions::copy_for(&mut reading, action, &mut sealed.seal, context);
    let list = match copy.await? {
        Copy::Everybodys => None,
        Copy::Own(list) => Some(list),
        Copy::Nobodys => return Ok(None),
    };
    let found = conversations::find(&mut reading, sealed.conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    let events = items.iter().map(|item| item.event.clone()).collect();
    let mut seal = sealed.seal;
    if let Some(mail) = seal.quoted
        && last_mails::is_taken_back(&mut reading, mail).await?
    {
        seal.quote = None;
    }
    let zone = locale::time_zone(&seal.time_zone);
    let language = Language::from_tag(&seal.language).unwrap_or(mailbox.language);
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        entries.push(entry(item, &zone, &mut reading, context).await?);
    }
    if let Some(automatic) = &seal.automatic {
        let words = automatic::words(automatic, &action.recipient, language, context);
        entries.push(Entry {
            author: mailbox.name.clone(),
            at: zoned(sealed.sealed_at, &zone),
            quote: None,
            body: EntryBody::Text(words),
        });
    }
    let letter = SealedLetter {
        message_id: sealed.message_id,
        date: zoned(sealed.sealed_at, &zone),
        from: seal.from,
        reply_to: seal.reply_to,
        to: seal.to,
        cc: seal.cc,
        subject: seal.subject,
        in_reply_to: seal.in_reply_to,
        references: seal.references,
        entries: gather_reactions(entries),
        how_to: seal.how_to,
        readers: seal.readers,
        quote: seal.quote,
        footer: mailbox.footer.clone(),
        organisation: mailbox.name.clone(),
        look: mailbox.look.clone(),
        language,
        list,
        automatic: seal.automatic.is_some(),
        utf8: !action.recipient.address.local_part().is_ascii(),
    };
    Ok(Some((letter, events)))
}

async fn entry(
    item: letters::Item,
    zone: &TimeZone,
    reading: &mut Connection,
    context: &Context,
) -> Result<Entry, StoreError> {
    let (words, mut quote) = (item.words, item.quote);
    let body = match (item.kind, item.shared) {
        (ItemKind::Shared, Some(Shared::File(file))) => {
            let fate = item.fate.as_ref();
            let enclosed = enclose::enclosed(reading, &item.event, &file, fate, context).await?;
            let caption = Some(words).filter(|words| !words.body.is_empty());
            EntryBody::File {
                file,
                caption,
                enclosed,
            }
        }
        (ItemKind::Shared, Some(Shared::Place(place))) => EntryBody::Place(place),
        (ItemKind::Shared, Some(Shared::Poll(poll))) => EntryBody::Poll(poll),
        (ItemKind::Shared, Some(Shared::PollResult(result))) => EntryBody::PollResult(result),
        (ItemKind::Text, Some(Shared::Notes { notes })) => EntryBody::Mail { words, notes },
        (ItemKind::NotCarried, Some(Shared::Opaque { what, name })) => {
            EntryBody::NotCarried { what, name }
        }
        (ItemKind::Remark, Some(Shared::Change { change })) => EntryBody::Remark(change),
        (ItemKind::Emote, _) => EntryBody::Emote(words),
        (ItemKind::Correction, _) => EntryBody::Correct {
            earlier: item.earlier,
            words,
        },
        (ItemKind::Reaction, _) => EntryBody::React {
            sign: words.body,
            to: quote.take(),
        },
        (ItemKind::Text | ItemKind::Shared | ItemKind::NotCarried | ItemKind::Remark, _) => {
            EntryBody::Text(words)
        }
    };
    Ok(Entry {
        author: item.author,
        at: zoned(item.sent_at, zone),
        quote,
        body,
    })
}

fn zoned(millis: i64, zone: &TimeZone) -> jiff::Zoned {
    Timestamp::from_millisecond(millis)
        .unwrap_or_default()
        .to_zoned(zone.clone())
}

fn outcome_word(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Delivered { .. } => "delivered",
        SendOutcome::RetryLater { .. } => "retry later",
        SendOutcome::Refused { .. } | SendOutcome::SenderRefused { .. } => "refused",
        SendOutcome::Withdrawn => "withdrawn",
        SendOutcome::Uncertain { .. } => "uncertain",
    }
}
