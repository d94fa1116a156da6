//! Hands letters to the mail server, each recipient's in a transaction of its own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{
    Context, bounces, contents, copies,
    enclose::{self, NotYet, Wait},
    lanes::Origin,
    return_path,
    settle::{self, Arrived},
    worker::{Slots, Step, Worker, write_down},
};
use crate::{
    domain::{
        delivery::{SendOutcome, millis},
        ids::LetterId,
        letter::SealedLetter,
        outgoing::MailAction,
    },
    mail::{
        compose::{self, Composed},
        dkim::{SignFault, Signer},
        smtp::{MOST_CONNECTIONS, Message},
    },
    store::{
        Queue, StoreError, conversations, files, letters,
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
    if row.uncertain == outbox::LOST {
        tell_of_a_lost_attempt(&row, &action, &context).await?;
    }
    let recipient = &action.recipient.address;
    if bounces::is_suspended(&mut context.store.read().await?, recipient).await? {
        return leave_out(row, action, letter, context).await;
    }
    let carried = Carried::default();
    let deadline = Instant::now() + PATIENCE;
    let handed_over = match get_ready(&row, &action, letter, &context).await {
        Ok(Some(Wait::ForFiles(not_yet))) => return put_off(row, not_yet, &context).await,
        Ok(Some(Wait::ForServer(outcome))) => Ok(outcome),
        Ok(None) => hand_over(&row, &action, letter, deadline, &carried, &context).await,
        Err(error) => Err(error),
    };
    // Nothing has been sent yet. An error that doesn't pass is told and given up as any other.
    let outcome = handed_over.unwrap_or_else(later);
    let carried = carried.into_inner().unwrap_or_else(PoisonError::into_inner);
    let arrived = match &outcome {
        SendOutcome::Delivered { .. } => Arrived::Surely(carried),
        SendOutcome::Uncertain { .. } => Arrived::Perhaps(carried),
        _ => Arrived::No,
    };
    tracing::info!(
        trace = %row.trace, letter = %letter, attempt = row.attempts, to = %action.recipient.address.masked(),
        outcome = outcome_word(&outcome), "Tried to hand a mail over"
    );
    let store = context.store.clone();
    let ended = (row, action, outcome, arrived, context);
    write_down(
        ended,
        &store,
        move |tx, (row, action, outcome, arrived, context)| {
            Box::pin(async move {
                settle::tell_of_what_was_struck(tx, &row, &action, &arrived, &context).await?;
                settle::settle(tx, &row, &action, letter, outcome, &context).await
            })
        },
    )
    .await
}

/// No mail goes to this recipient: nothing is sent, and staff know.
async fn leave_out(
    row: Claimed,
    action: MailAction,
    letter: LetterId,
    context: Arc<Context>,
) -> Result<(), StoreError> {
    tracing::info!(trace = %row.trace, letter = %letter, to = %action.recipient.address.masked(), "Left a suspended address out");
    let store = context.store.clone();
    let left_out = (row, action, context);
    write_down(left_out, &store, move |tx, (row, action, context)| {
        Box::pin(async move {
            let origin = Origin::without_event(row.trace.clone(), context.now_ms());
            let recipient = &action.recipient;
            if !bounces::leave_out(tx, letter, recipient, &origin, &context).await? {
                let place = (row.id, row.attempts);
                return outbox::put_off(tx, place, Way::Mail, origin.now, "").await;
            }
            let outcome = SendOutcome::Withdrawn;
            settle::settle(tx, &row, &action, letter, outcome, &context).await
        })
    })
    .await
}

/// Sees to the letter's files. `Some`: it can't be sent now.
async fn get_ready(
    row: &Claimed,
    action: &MailAction,
    letter: LetterId,
    context: &Arc<Context>,
) -> Result<Option<Wait>, StoreError> {
    if enclose::is_ready(&mut context.store.read().await?, letter).await? {
        return Ok(None);
    }
    let place = (row.id, row.attempts);
    let store = &context.store;
    let prepare = store.write(move |tx| Box::pin(outbox::prepare(tx, place, true)));
    prepare.await?;
    let words = Box::pin(measure(letter, action, context));
    if let Some(wait) = enclose::ready(letter, words, context).await? {
        return Ok(Some(wait));
    }
    // From the commit on an edit doesn't change the letter; before it may have.
    let begin = store.write(move |tx| {
        Box::pin(async move {
            outbox::prepare(tx, place, false).await?;
            enclose::is_ready(tx.connection(), letter).await
        })
    });
    let is_ready = begin.await?;
    Ok((!is_ready).then(|| Wait::ForFiles(NotYet::others_go_first())))
}

/// An earlier attempt was broken off, and nobody has told yet of what it may have carried.
async fn tell_of_a_lost_attempt(
    row: &Claimed,
    action: &MailAction,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    let lost = (row.clone(), action.clone(), Arc::clone(context));
    write_down(lost, &context.store, |tx, (row, action, context)| {
        Box::pin(async move {
            let arrived = Arrived::WhoKnows;
            settle::tell_of_what_was_struck(tx, &row, &action, &arrived, &context).await
        })
    })
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

/// The messages that the mail held as it was composed last.
type Carried = Mutex<Vec<String>>;

async fn hand_over(
    row: &Claimed,
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
    let copy = copies::of(letter, action, context).await.map_err(later)?;
    let (sealed, events) = copy.map_or((None, Vec::new()), |(sealed, events)| {
        (Some(sealed), events)
    });
    *carried.lock().unwrap_or_else(PoisonError::into_inner) = events;
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    fetch_again_what_is_lost(&sealed, context).await?;
    let mut mail = composed(sealed).await?;
    if let Some(signer) = signer {
        let signature = signature(signer, &mail, context).await?;
        mail.prepend(&signature.map_err(|fault| refused(&fault))?);
    }
    Ok(Some(Message {
        size: mail.size(),
        content: mail.stream(contents::opener(&context.store, &context.blobs)),
    }))
}

/// A file that was fetched and isn't there any more, or not as it was, is fetched again with the next
/// attempt, or given up as any other.
async fn fetch_again_what_is_lost(
    letter: &SealedLetter,
    context: &Context,
) -> Result<(), SendOutcome> {
    let lost = contents::lost(letter, &context.store, &context.blobs).await;
    let lost = lost.map_err(later)?;
    if lost.is_empty() {
        return Ok(());
    }
    let now = context.now_ms();
    let lose = context.store.write(move |tx| {
        Box::pin(async move {
            for file in lost {
                files::lose(tx, &file, now).await?;
            }
            Ok(())
        })
    });
    lose.await.map_err(later)?;
    Err(SendOutcome::RetryLater {
        reason: "a file of the letter was lost here and has to be fetched again".to_owned(),
        after: None,
    })
}

/// What the letter takes without its files, in octets, for who gets all of it.
async fn measure(
    letter: LetterId,
    action: &MailAction,
    context: &Context,
) -> Result<u64, SendOutcome> {
    let whole = copies::whole(letter, action, context);
    match whole.await.map_err(later)? {
        Some(letter) => Ok(composed(letter).await?.size()),
        None => Ok(0),
    }
}

async fn composed(letter: SealedLetter) -> Result<Composed, SendOutcome> {
    let composing = tokio::task::spawn_blocking(move || compose::compose(&letter));
    match composing.await {
        Ok(Ok(mail)) => Ok(mail),
        Ok(Err(fault)) => Err(refused(&fault)),
        Err(_) => Err(refused(&"by a fault in Postroom")),
    }
}

fn refused(fault: &dyn std::fmt::Display) -> SendOutcome {
    SendOutcome::Refused {
        reason: format!("it can't be written: {fault}"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as an error is mapped")]
fn later(error: StoreError) -> SendOutcome {
    SendOutcome::RetryLater {
        reason: error.to_string(),
        after: None,
    }
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

fn outcome_word(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Delivered { .. } => "delivered",
        SendOutcome::RetryLater { .. } => "retry later",
        SendOutcome::Refused { .. }
        | SendOutcome::RecipientRefused { .. }
        | SendOutcome::SenderRefused { .. } => "refused",
        SendOutcome::TooLarge { .. } => "too large",
        SendOutcome::Withdrawn => "withdrawn",
        SendOutcome::Uncertain { .. } => "uncertain",
    }
}
