//! What follows from how an attempt to hand a mail over ended, for the letter and the room.

use std::time::Duration;

use ruma::OwnedRoomId;

use super::{
    Context, audience, bounces, lanes,
    lanes::Origin,
    seal,
    statuses::{self, Fate},
};
use crate::{
    domain::{
        delivery::{GIVE_UP_AFTER, LONGEST_WAIT_FOR_MAIL, SendOutcome, backoff, millis},
        ids::LetterId,
        outgoing::MailAction,
        wording,
    },
    store::{
        StoreError, Tx, floods, letters, outbox,
        outbox::{Claimed, Settled, Way},
        rooms,
    },
    telemetry::metrics::catalogue::{EVENT_TO_MAIL, LETTERS, NO_LABELS},
};

/// After this many attempts, nine to seventeen minutes, the room is told that it takes longer.
const TELL_AFTER: i64 = 10;
/// Until it is known whether the others of a letter have it.
const UNTIL_OTHERS_END: Duration = Duration::from_secs(5);

/// Writes how the attempt ended, and what follows for the letter and the room.
pub async fn settle(
    tx: &mut Tx,
    row: &Claimed,
    action: &MailAction,
    letter: LetterId,
    outcome: SendOutcome,
    context: &Context,
) -> Result<(), StoreError> {
    let now = context.now_ms();
    let origin = Origin::without_event(row.trace.clone(), now);
    let address = action.recipient.address.as_str();
    let name = action.recipient.name.as_deref().unwrap_or(address);
    let is_too_old = now.saturating_sub(row.created_at) > millis(GIVE_UP_AFTER);
    let outcome = match outcome {
        SendOutcome::TooLarge { reason, most } => smaller(tx, row, letter, reason, most).await?,
        other => other,
    };
    let (mut refusal, mut is_given_up) = (None, false);
    let (settled, notice) = match outcome {
        SendOutcome::RecipientRefused { reason, reply } => {
            refusal = Some(reply);
            let notice = wording::mail_refused(name, address, &reason);
            (Settled::Refused { reason }, Some(notice))
        }
        SendOutcome::Delivered { answer } => (Settled::Delivered { answer }, None),
        SendOutcome::Withdrawn => (Settled::Withdrawn, None),
        SendOutcome::Refused { reason }
        | SendOutcome::SenderRefused { reason }
        | SendOutcome::TooLarge { reason, .. } => {
            let notice = wording::mail_refused(name, address, &reason);
            (Settled::Refused { reason }, Some(notice))
        }
        SendOutcome::RetryLater { reason, .. } | SendOutcome::Uncertain { reason }
            if is_too_old =>
        {
            let notice = wording::mail_given_up(name, address, &reason);
            is_given_up = true;
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
        floods::note_letter(tx, letter, action.recipient.address.key(), now).await?;
        let received = letters::received_at(tx.connection(), letter).await?;
        tx.once_committed(move || {
            for received_at in received {
                EVENT_TO_MAIL.observe_millis(now.saturating_sub(received_at), NO_LABELS);
            }
        });
    }
    let (room, event) = letters::place_of(tx.connection(), letter).await?;
    if let Some(mut text) = notice {
        if let Settled::Refused { reason } = &settled {
            let fate = Fate::of_refusal(reason, is_given_up);
            statuses::tell(tx, letter, fate, &origin, context).await?;
        }
        if let Some(reply) = refusal {
            let recipient = &action.recipient;
            let more = bounces::refused(tx, recipient, &reply, letter, &origin, context).await?;
            text.push_str(&more);
        }
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
        if progress.delivered > 0 {
            statuses::tell(tx, letter, Fate::Settled, &origin, context).await?;
        }
        seal::advance_receipt(tx, &room, &origin, context).await?;
    }
    Ok(())
}

/// The mail server doesn't take the letter with all of its files: it is tried again with fewer, if nobody
/// can have it yet.
async fn smaller(
    tx: &mut Tx,
    row: &Claimed,
    letter: LetterId,
    reason: String,
    most: u64,
) -> Result<SendOutcome, StoreError> {
    let reach = outbox::reach_of_letter(tx.connection(), letter, row.id).await?;
    if reach.reached > 0 {
        return Ok(SendOutcome::Refused { reason });
    }
    if reach.under_way > 0 {
        let after = Some(UNTIL_OTHERS_END);
        return Ok(SendOutcome::RetryLater { reason, after });
    }
    Ok(if letters::decide_again(tx, letter, most).await? {
        tracing::info!(trace = %row.trace, letter = %letter, most, reason, "A letter goes with fewer files");
        let after = Some(Duration::ZERO);
        SendOutcome::RetryLater { reason, after }
    } else {
        SendOutcome::Refused { reason }
    })
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
        statuses::tell(tx, letter, Fate::Late(reason), origin, context).await?;
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

/// What an attempt has brought to its recipient: the events of the messages in it.
#[derive(Debug, Clone)]
pub enum Arrived {
    No,
    Perhaps(Vec<String>),
    Surely(Vec<String>),
    /// Perhaps something: nobody wrote down how the attempt ended.
    WhoKnows,
}

/// Whoever took a message back while it was being handed over was told nothing, as nothing was known
/// yet; now it has gone after all, or may have. Once that is written down, who takes back more is told
/// at once.
pub async fn tell_of_what_was_struck(
    tx: &mut Tx,
    row: &Claimed,
    action: &MailAction,
    arrived: &Arrived,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(letter) = row.letter_id.map(LetterId) else {
        return Ok(());
    };
    let mut struck = match arrived {
        Arrived::No => return Ok(()),
        _ => letters::struck_since(tx.connection(), letter, row.spared).await?,
    };
    struck.retain(|message| match (arrived, action.contact) {
        (Arrived::Perhaps(events) | Arrived::Surely(events), _) => events.contains(&message.event),
        (_, Some(contact)) => !message.had_by.contains(&contact),
        (_, None) => true,
    });
    let is_sure = matches!(arrived, Arrived::Surely(_));
    // What was delivered says so itself.
    if (is_sure && struck.is_empty()) || !outbox::doubt(tx, row.id).await? {
        return Ok(());
    }
    let origin = Origin::without_event(row.trace.clone(), context.now_ms());
    let (room, _) = letters::place_of(tx.connection(), letter).await?;
    let people = [action.recipient.shown_name()];
    for message in struck {
        let text = if is_sure {
            wording::taken_back_too_late(&message.author, &people)
        } else {
            wording::taken_back_perhaps_too_late(&message.author, &people)
        };
        tell_author(tx, &room, &text, &origin, context).await?;
    }
    Ok(())
}

/// Tells staff: in the room, as a reply to the last message that the letter holds, as long as nobody
/// else reads it there.
async fn tell(
    tx: &mut Tx,
    room: &str,
    event: Option<String>,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match audience::room_of_staff(tx.connection(), room, context).await? {
        Some(room) => {
            let event = event.and_then(|id| id.try_into().ok());
            lanes::say(tx, room, text, event.as_ref(), origin, context).await
        }
        None => lanes::report(tx, text, origin, context).await,
    }
}

/// Tells who had written a message, whoever that is: in the room, as long as the bot is there.
async fn tell_author(
    tx: &mut Tx,
    room: &str,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match place_of_bot(tx, room).await? {
        Some(room) => lanes::say(tx, room, text, None, origin, context).await,
        None => lanes::report(tx, text, origin, context).await,
    }
}

/// The room, if the bot is in it.
async fn place_of_bot(tx: &mut Tx, room: &str) -> Result<Option<OwnedRoomId>, StoreError> {
    let known = rooms::find(tx.connection(), room).await?;
    let is_there = known.is_some_and(|known| known.bot_joined == 1);
    Ok(OwnedRoomId::try_from(room).ok().filter(|_| is_there))
}
