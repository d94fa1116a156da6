//! Mail that waits for staff: they are told, decide, and are reminded once a day.

use std::{sync::Arc, time::Duration};

use ruma::{OwnedEventId, OwnedRoomId, UserId};

use super::{
    Context, audience, intake,
    lanes::{self, Origin},
    worker::{Step, Worker},
};
use crate::{
    domain::{
        delivery::millis,
        effect::Holding,
        held::{Decision, MOST_LISTED, State},
        ids::{ConversationId, HeldId, MailId},
        outgoing::Offer,
        wording::held as wording,
    },
    store::{
        Queue, StoreError, Tx,
        held::{self, WaitingRoom},
    },
};

/// So many mails that wait in one room have a notice of their own.
const MOST_TOLD: usize = 10;
/// How long nobody is reminded of what waits.
const REMIND_AFTER: Duration = Duration::from_hours(24);

/// Reminds staff.
#[derive(Debug)]
pub struct Reminders(pub Arc<Context>);

impl Worker for Reminders {
    const NAME: &'static str = "reminders";
    const QUEUE: Queue = Queue::Held;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let context = &self.0;
        let now = context.now_ms();
        let rooms = held::rooms(&mut context.store.read().await?).await?;
        let due_at = |room: &WaitingRoom| room.told_at.saturating_add(millis(REMIND_AFTER));
        for room in rooms.iter().filter(|room| due_at(room) <= now) {
            let (room, context) = (room.room.clone(), Arc::clone(context));
            let store = context.store.clone();
            store
                .write(move |tx| Box::pin(async move { remind(tx, &room, &context).await }))
                .await?;
        }
        let next = rooms.iter().map(due_at).filter(|due| *due > now).min();
        let requests = intake::remind(context).await?;
        let until = next.into_iter().chain(requests).min();
        Ok(Step::Idle { until })
    }
}

async fn remind(tx: &mut Tx, room: &str, context: &Context) -> Result<(), StoreError> {
    let origin = Origin::without_event(context.new_effect_id(), context.now_ms());
    held::remind(tx, room, origin.now).await?;
    let (mails, count) = held::of_room(tx.connection(), room, MOST_LISTED).await?;
    let Ok(id) = OwnedRoomId::try_from(room) else {
        return Ok(());
    };
    let is_here = audience::is_bot_in(tx.connection(), &id).await?
        && !audience::has_visitors(tx.connection(), &id, context).await?;
    let text = wording::reminder(&mails, count, !is_here);
    if is_here {
        lanes::say(tx, id, &text, None, &origin, context).await
    } else {
        lanes::report(tx, &text, &origin, context).await
    }
}

/// The mail waits for staff from now on, who are told once; or not before they list or are reminded of
/// what waits, if so much waits in the room that one more notice helps nobody.
pub async fn hold(
    tx: &mut Tx,
    holding: &Holding,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(held) = held::insert(tx, holding, origin.now).await? else {
        return Ok(());
    };
    if holding.is_quiet {
        return Ok(());
    }
    let one_more = i64::try_from(MOST_TOLD + 1).unwrap_or(i64::MAX);
    let told = held::count_told(tx.connection(), holding.room.as_str(), one_more).await?;
    if told > MOST_TOLD {
        return Ok(());
    }
    let mut text = wording::notice(held, &holding.notice);
    if told == MOST_TOLD {
        text.push('\n');
        text.push_str(&wording::and_more_are_listed(told));
    }
    match &holding.told_in {
        Some(room) => {
            let offer = Offer::Held { held };
            lanes::make_offer(tx, room.clone(), &text, offer, origin, context).await
        }
        None => lanes::report(tx, &text, origin, context).await,
    }
}

/// The mail was set aside: where staff had released it, they are told that it can't be shown. `problem`
/// is a part of a sentence.
pub async fn fail(
    tx: &mut Tx,
    mail: MailId,
    problem: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for row in held::releasing(tx.connection(), mail).await? {
        let held = HeldId(row.id);
        let room = audience::room_of_staff(tx.connection(), &row.room_id, context).await?;
        let elsewhere = room
            .is_none()
            .then_some(ConversationId(row.conversation_id));
        let text = wording::failed(held, &row.sender, problem, elsewhere);
        match room.or_else(|| context.control_room()) {
            Some(room) => {
                let offer = Offer::Held { held };
                lanes::make_offer(tx, room, &text, offer, origin, context).await?;
            }
            None => lanes::report(tx, &text, origin, context).await?,
        }
    }
    Ok(())
}

/// By what staff have decided.
#[derive(Debug)]
pub struct Asked {
    pub room: OwnedRoomId,
    /// The notice that they reacted to, or the command.
    pub event: OwnedEventId,
    pub is_command: bool,
}

/// Carries out what staff have decided. To decide the same twice does nothing more.
pub async fn decide(
    tx: &mut Tx,
    id: HeldId,
    decision: Decision,
    by: &UserId,
    asked: Asked,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(before) = held::find(tx.connection(), id).await? else {
        return Ok(());
    };
    let text = if before.state.may_become(decision) {
        held::decide(tx, id, decision, by.as_str(), origin.now).await?;
        tracing::info!(trace = %origin.trace, held = %id, ?decision, "Staff have decided about a mail");
        // What is released is seen.
        if !asked.is_command && decision != Decision::Drop {
            return Ok(());
        }
        wording::decided(id, decision)
    } else {
        let is_same = matches!(
            (before.state, decision),
            (State::Dropped, Decision::Drop)
                | (
                    State::Releasing | State::Released,
                    Decision::Release | Decision::Admit
                )
        );
        if is_same && !asked.is_command {
            return Ok(());
        }
        wording::decided_before(&before)
    };
    lanes::say(tx, asked.room, &text, Some(&asked.event), origin, context).await
}
