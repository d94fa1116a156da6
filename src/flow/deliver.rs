//! Hands letters to the mail server, each recipient's in a transaction of its own.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Context, enclose, lanes,
    lanes::Origin,
    return_path, seal, subscriptions,
    subscriptions::Copy,
    worker::{Slots, Step, Worker, write_down},
};
use crate::{
    domain::{
        delivery::{GIVE_UP_AFTER, LONGEST_WAIT_FOR_MAIL, SendOutcome, backoff, millis},
        effect::ItemKind,
        ids::{ConversationId, LetterId},
        letter::{Entry, EntryBody, Language, SealedLetter},
        outgoing::MailAction,
        shared::Shared,
        wording,
    },
    mail::{compose, dkim::Signer, smtp::MOST_CONNECTIONS},
    store::{
        Connection, Queue, StoreError, Tx, conversations, letters, outbox,
        outbox::{Claimed, Settled, Way},
    },
    telemetry::metrics::catalogue::{EVENT_TO_MAIL, LETTERS, NO_LABELS},
};

/// An attempt is over after this, whatever happened to who began it; the transport's own limits are
/// shorter.
const LEASE: Duration = Duration::from_mins(15);
/// After this many attempts, nine to seventeen minutes, the room is told that it takes longer.
const TELL_AFTER: i64 = 10;

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
    let outcome = match hand_over(row.id, &action, letter, &carried, &context).await {
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
                settle(tx, &row, &action, letter, outcome, &context).await?;
                tell_of_what_was_struck(tx, &row, &action, &carried, &context).await
            })
        },
    )
    .await
}

/// The messages that the mail held when it was handed over.
type Carried = OnceLock<Vec<String>>;

async fn hand_over(
    row: i64,
    action: &MailAction,
    letter: LetterId,
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
    if let Err(outcome) = enclose::ready(letter, context).await? {
        return Ok(outcome);
    }
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
    let send = |sender: String| async move { transport.send(&sender, recipient, message).await };
    let outcome = return_path::attempt(row, (name, mailbox), transport, context, send).await;
    // "Withdrawn" is the truth only if nothing was left to say.
    let failure = failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(failure.unwrap_or(outcome))
}

/// The mail as the letter stands now; `None` if nothing is left of it.
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
) -> Result<Option<Vec<u8>>, SendOutcome> {
    let later = |reason: String| SendOutcome::RetryLater {
        reason,
        after: None,
    };
    let Some((sealed, events)) = load(letter, action, context)
        .await
        .map_err(|error| later(error.to_string()))?
    else {
        return Ok(None);
    };
    carried.get_or_init(|| events);
    let signer = signer.cloned();
    let composing = tokio::task::spawn_blocking(move || {
        let mail = compose::compose(&sealed).map_err(|fault| fault.to_string())?;
        match signer {
            Some(signer) => signer.sign(mail).map_err(|fault| fault.to_string()),
            None => Ok(mail),
        }
    });
    match composing.await {
        Ok(Ok(mail)) => Ok(Some(mail)),
        Ok(Err(fault)) => Err(SendOutcome::Refused {
            reason: format!("it can't be written: {fault}"),
        }),
        Err(_) => Err(SendOutcome::Refused {
            reason: "writing it failed by a fault in Postroom".to_owned(),
        }),
    }
}

/// The letter as this recipient gets it, and the events of the messages in it.
async fn load(
    letter: LetterId,
    action: &MailAction,
    context: &Context,
) -> Result<Option<(SealedLetter, Vec<String>)>, StoreError> {
    let mut reading = context.store.read().await?;
    let mut sealed = letters::sealed(&mut reading, letter).await?;
    let items = letters::items(&mut reading, letter).await?;
    if items.is_empty() {
        return Ok(None);
    }
    let copy = subscriptions::copy_for(&mut reading, action, &mut sealed.seal, context);
    let list = match copy.await? {
        Copy::Everybodys => None,
        Copy::Own(list) => Some(list),
        Copy::Nobodys => return Ok(None),
    };
    let conversation = sealed.conversation;
    let found = conversations::find(&mut reading, conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    let events = items.iter().map(|item| item.event.clone()).collect();
    let seal = sealed.seal;
    let zone = time_zone(&seal.time_zone);
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        entries.push(entry(item, conversation, &zone, &mut reading, context).await?);
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
        entries,
        how_to: seal.how_to,
        readers: seal.readers,
        quote: seal.quote,
        footer: mailbox.footer.clone(),
        organisation: mailbox.name.clone(),
        look: mailbox.look.clone(),
        language: Language::from_tag(&seal.language).unwrap_or(mailbox.language),
        list,
        utf8: !action.recipient.address.local_part().is_ascii(),
    };
    Ok(Some((letter, events)))
}

async fn entry(
    item: letters::Item,
    conversation: ConversationId,
    zone: &TimeZone,
    reading: &mut Connection,
    context: &Context,
) -> Result<Entry, StoreError> {
    let words = item.words;
    let body = match (item.kind, item.shared) {
        (ItemKind::Shared, Some(Shared::File(file))) => {
            let fate = item.fate.as_ref();
            let enclosed =
                enclose::enclosed(reading, &item.event, &file, fate, conversation, context).await?;
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
        (ItemKind::Text | ItemKind::Shared, _) => EntryBody::Text(words),
        (ItemKind::Emote, _) => EntryBody::Emote(words),
        (ItemKind::Correction, _) => EntryBody::Correct {
            earlier: item.earlier,
            words,
        },
        (ItemKind::NotCarried, _) => EntryBody::NotCarried { what: words.body },
        (ItemKind::Reaction, _) => EntryBody::React { what: words.body },
        (ItemKind::Remark, _) => EntryBody::Remark { what: words.body },
    };
    Ok(Entry {
        author: item.author,
        at: zoned(item.sent_at, zone),
        quote: item.quote,
        body,
    })
}

fn zoned(millis: i64, zone: &TimeZone) -> jiff::Zoned {
    Timestamp::from_millisecond(millis)
        .unwrap_or_default()
        .to_zoned(zone.clone())
}

/// The zone of this name or offset; the system's where there is no such zone.
fn time_zone(name: &str) -> TimeZone {
    let offset = || {
        let parsed = jiff::fmt::strtime::parse("%:z", name).ok()?;
        parsed.offset().map(TimeZone::fixed)
    };
    TimeZone::get(name)
        .ok()
        .or_else(offset)
        .unwrap_or_else(TimeZone::system)
}

/// Writes how the attempt ended, and what follows for the letter and the room.
async fn settle(
    tx: &mut Tx,
    row: &Claimed,
    action: &MailAction,
    letter: LetterId,
    outcome: SendOutcome,
    context: &Context,
) -> Result<(), StoreError> {
    let now = context.now_ms();
    let origin = Origin {
        inbox_seq: 0,
        trace: row.trace.clone(),
        now,
    };
    let address = action.recipient.address.as_str();
    let name = action.recipient.name.as_deref().unwrap_or(address);
    let is_too_old = now.saturating_sub(row.created_at) > millis(GIVE_UP_AFTER);
    let (settled, notice) = match outcome {
        SendOutcome::Delivered { answer } => (Settled::Delivered { answer }, None),
        SendOutcome::Withdrawn => (Settled::Withdrawn, None),
        SendOutcome::Refused { reason } | SendOutcome::SenderRefused { reason } => {
            let notice = wording::mail_refused(name, address, &reason);
            (Settled::Refused { reason }, Some(notice))
        }
        SendOutcome::RetryLater { reason, .. } | SendOutcome::Uncertain { reason }
            if is_too_old =>
        {
            let notice = wording::mail_given_up(name, address, &reason);
            (Settled::Refused { reason }, Some(notice))
        }
        SendOutcome::RetryLater { reason, after } => {
            return retry(
                tx,
                row,
                action,
                letter,
                (&reason, after, false),
                &origin,
                context,
            )
            .await;
        }
        SendOutcome::Uncertain { reason } => {
            return retry(
                tx,
                row,
                action,
                letter,
                (&reason, None, true),
                &origin,
                context,
            )
            .await;
        }
    };
    if !outbox::settle(tx, row.id, &row.lane, Way::Mail, &settled, now).await? {
        return Ok(());
    }
    if matches!(settled, Settled::Delivered { .. }) {
        let received = letters::received_at(tx.connection(), letter).await?;
        tx.once_committed(move || {
            for received_at in received {
                EVENT_TO_MAIL.observe_millis(now.saturating_sub(received_at), NO_LABELS);
            }
        });
    }
    let (room, event) = letters::place_of(tx.connection(), letter).await?;
    if let Some(text) = notice {
        tell(tx, &room, event, &text, &origin, context).await?;
    }
    let progress = outbox::progress_of_letter(tx.connection(), letter).await?;
    if progress.unsettled == 0 {
        letters::settle(tx, letter).await?;
        let outcome = if progress.delivered > 0 {
            "sent"
        } else {
            "not_sent"
        };
        tx.once_committed(move || LETTERS.count([outcome]));
        seal::advance_receipt(tx, &room, &origin, context).await?;
    }
    Ok(())
}

async fn retry(
    tx: &mut Tx,
    row: &Claimed,
    action: &MailAction,
    letter: LetterId,
    (reason, after, uncertain): (&str, Option<Duration>, bool),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let wait = after
        .unwrap_or_else(|| backoff(attempts, context.chance.fraction(), LONGEST_WAIT_FOR_MAIL));
    outbox::retry(
        tx,
        (row.id, row.attempts),
        Way::Mail,
        origin.now.saturating_add(millis(wait)),
        reason,
        uncertain,
    )
    .await?;
    if row.attempts == TELL_AFTER {
        let address = action.recipient.address.as_str();
        let name = action.recipient.name.as_deref().unwrap_or(address);
        let (room, event) = letters::place_of(tx.connection(), letter).await?;
        tell(
            tx,
            &room,
            event,
            &wording::mail_delayed(name, address, reason),
            origin,
            context,
        )
        .await?;
    }
    Ok(())
}

/// Whoever took a message back while it was being handed over was told nothing, as nothing was known
/// yet; now it has gone after all.
async fn tell_of_what_was_struck(
    tx: &mut Tx,
    row: &Claimed,
    action: &MailAction,
    carried: &[String],
    context: &Context,
) -> Result<(), StoreError> {
    let Some(letter) = row.letter_id.map(LetterId).filter(|_| !carried.is_empty()) else {
        return Ok(());
    };
    let origin = Origin {
        inbox_seq: 0,
        trace: row.trace.clone(),
        now: context.now_ms(),
    };
    for (event, author) in letters::struck(tx.connection(), letter).await? {
        if carried.contains(&event) {
            let (room, _) = letters::place_of(tx.connection(), letter).await?;
            let text = wording::taken_back_too_late(&author, &[&action.recipient.shown_name()]);
            tell(tx, &room, None, &text, &origin, context).await?;
        }
    }
    Ok(())
}

/// Says it in the room, as a reply to the last message that the letter holds.
async fn tell(
    tx: &mut Tx,
    room: &str,
    event: Option<String>,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Ok(room) = ruma::OwnedRoomId::try_from(room) else {
        return lanes::report(tx, text, origin, context).await;
    };
    let event = event.and_then(|id| id.try_into().ok());
    lanes::say(tx, room, text, event.as_ref(), origin, context).await
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
