//! Seals letters whose time has come.

use std::sync::Arc;

use ruma::{RoomId, UserId};

use super::{
    Context, audience, guard, lanes,
    lanes::Origin,
    seal, settings,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        ids::{ConversationId, LetterId},
        wording,
    },
    store::{Queue, StoreError, departures, departures::Due},
};

/// Most letters that are sealed in one step.
const AT_ONCE: i64 = 100;

/// Seals letters.
#[derive(Debug)]
pub struct Letters {
    context: Arc<Context>,
    /// The time of the last step, in milliseconds since 1970.
    last: i64,
}

impl Letters {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        // Nobody knows what the clock did before the start.
        let last = i64::MAX;
        Self { context, last }
    }
}

impl Worker for Letters {
    const NAME: &'static str = "letters";
    const QUEUE: Queue = Queue::Letters;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let now = self.context.now_ms();
        if now < self.last {
            set_right_after_the_clock(now, &self.context).await?;
        }
        self.last = now;
        step(now, &self.context).await
    }
}

/// Seals what is due, unless staff are typing there.
async fn step(now: i64, context: &Arc<Context>) -> Result<Step, StoreError> {
    let mut reading = context.store.read().await?;
    let due = departures::due(&mut reading, now, AT_ONCE).await?;
    if due.is_empty() {
        return Ok(Step::Idle {
            until: departures::next_due(&mut reading).await?,
        });
    }
    drop(reading);
    let work = due.into_iter().map(|letter| async {
        let outcome = seal_or_put_off(letter.clone(), now, context).await;
        (letter, outcome)
    });
    for (letter, outcome) in futures_util::future::join_all(work).await {
        match outcome {
            Err(fault @ (StoreError::Value(_) | StoreError::Panicked)) => {
                report(letter, &fault, now, context).await?;
            }
            other => other?,
        }
    }
    Ok(Step::Again)
}

async fn set_right_after_the_clock(now: i64, context: &Arc<Context>) -> Result<(), StoreError> {
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move { settings::set_right_after_the_clock(tx, now, &context).await })
        })
        .await
}

/// A letter that can't be sealed is told of and tried again later; the others go on.
async fn report(
    due: Due,
    fault: &StoreError,
    now: i64,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    tracing::error!(trace = %due.trace, letter = due.id, %fault, "Could not seal a letter");
    let text = wording::letter_not_sealed(due.conversation_id, &fault.to_string());
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let until = now.saturating_add(AFTER_FAULT);
                departures::put_off(tx, LetterId(due.id), until).await?;
                let origin = Origin::without_event(due.trace, now);
                lanes::report(tx, &text, &origin, &context).await
            })
        })
        .await
}

/// How much later a letter that could not be sealed is tried again, in milliseconds.
const AFTER_FAULT: i64 = 60 * 60 * 1000;

async fn seal_or_put_off(due: Due, now: i64, context: &Arc<Context>) -> Result<(), StoreError> {
    let letter = LetterId(due.id);
    let latest = due.latest_at.unwrap_or(now);
    let until = latest.min(now.saturating_add(AFTER_TYPING));
    if now < latest && staff_are_typing(&due.room_id, context).await? {
        return context
            .store
            .write(move |tx| Box::pin(async move { departures::put_off(tx, letter, until).await }))
            .await;
    }
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let origin = Origin::without_event(due.trace, now);
                let conversation = ConversationId(due.conversation_id);
                match guard::letter_waits(tx, conversation, &origin, &context).await? {
                    Some(until) => departures::put_off(tx, letter, until).await,
                    None => seal::seal(tx, letter, conversation, &origin, &context).await,
                }
            })
        })
        .await
}

/// How much later a letter is looked at again while somebody types, in milliseconds.
const AFTER_TYPING: i64 = 5_000;

async fn staff_are_typing(room: &str, context: &Context) -> Result<bool, StoreError> {
    let typing = context.store.typing().users(room, context.now());
    let Ok(room) = <&RoomId>::try_from(room) else {
        return Ok(false);
    };
    if typing.is_empty() {
        return Ok(false);
    }
    let staff = audience::staff(&mut context.store.read().await?, room, context).await?;
    let is_one =
        |user: &String| <&UserId>::try_from(user.as_str()).is_ok_and(|user| staff.is_staff(user));
    Ok(typing.iter().any(is_one))
}
