//! Takes events from the inbox, in order per room: enrich, decide, write.

use std::{collections::HashMap, sync::Arc};

use super::{
    Context, apply, audience, elsewhere, facts, lanes,
    lanes::Origin,
    new_rooms,
    not_now::NotNow,
    notices, puppets, room_state,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        delivery::{LONGEST_WAIT_FOR_MATRIX, backoff, millis},
        effect::Effect,
        event::{EventKind, Membership, RoomEvent},
        notices::Stream,
        on_matrix,
        outgoing::MatrixAction,
        wording,
    },
    matrix::decode,
    store::{
        Queue, StoreError, Tx,
        inbox::{self, Waiting},
        lives, named_rooms, outbox, rooms,
    },
};

/// Most events that are looked at in one step.
const AT_ONCE: i64 = 256;
/// Most events of a room that are decided about in one transaction.
const LARGEST_RUN: usize = 32;

/// After so many tries to learn what has to be known of a room staff are told; several minutes.
const TELL_AFTER: u32 = 12;

/// After how many milliseconds a command that waits for another room is looked at again.
const LOOK_AGAIN: i64 = 50;

/// Rooms whose next event can't be decided about now, with the time of the next try in
/// milliseconds since 1970 and the number of tries. In memory: after a restart all are tried.
#[derive(Debug, Default)]
struct Blocked(HashMap<String, (i64, u32)>);

/// Decides about events.
#[derive(Debug)]
pub struct Events {
    context: Arc<Context>,
    blocked: Blocked,
}

impl Events {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            blocked: Blocked::default(),
        }
    }
}

impl Worker for Events {
    const NAME: &'static str = "events";
    const QUEUE: Queue = Queue::Events;

    async fn step(&mut self) -> Result<Step, StoreError> {
        step(&mut self.blocked, &self.context).await
    }
}

/// Decides about the events that wait, room by room.
async fn step(blocked: &mut Blocked, context: &Arc<Context>) -> Result<Step, StoreError> {
    let now = context.now_ms();
    let rooms = next_by_room(blocked, now, context).await?;
    if rooms.is_empty() {
        return Ok(Step::Idle {
            until: blocked.0.values().map(|(until, _)| *until).min(),
        });
    }
    let work = rooms
        .into_iter()
        .map(|(room, events)| async { (room, work_through(events, context).await) });
    for (room, outcome) in futures_util::future::join_all(work).await {
        match outcome {
            Ok(Worked::Through) => {
                blocked.0.remove(&room);
            }
            Ok(Worked::UpToACommand) => {
                blocked.0.insert(room, (now.saturating_add(LOOK_AGAIN), 0));
            }
            Err(NotNow::Store(error)) => return Err(error),
            Err(NotNow::Homeserver(fault)) => {
                let tries = blocked.0.get(&room).map_or(0, |(_, tries)| *tries) + 1;
                let wait = backoff(tries, context.chance.fraction(), LONGEST_WAIT_FOR_MATRIX);
                tracing::warn!(%fault, "A room's events wait for the homeserver");
                if tries == TELL_AFTER {
                    tell_that_it_waits(room.clone(), fault.to_string(), context).await?;
                }
                // Counted from now: the attempt itself may have taken long.
                let until = context.now_ms().saturating_add(millis(wait));
                blocked.0.insert(room, (until, tries));
            }
        }
    }
    Ok(Step::Again)
}

/// Staff learn that what is said in a room isn't read.
async fn tell_that_it_waits(
    room: String,
    fault: String,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    let (store, context) = (context.store.clone(), Arc::clone(context));
    store
        .write(move |tx| {
            Box::pin(async move {
                let known = rooms::find(tx.connection(), &room).await?;
                let name = known.map(|known| known.name).unwrap_or_default();
                let text = wording::living::events_wait(&name, &room, &fault);
                let origin = Origin::without_event(context.new_effect_id(), context.now_ms());
                lanes::report(tx, &text, &origin, &context).await
            })
        })
        .await
}

/// The first events that can be decided about now, by room.
async fn next_by_room(
    blocked: &Blocked,
    now: i64,
    context: &Context,
) -> Result<Vec<(String, Vec<Waiting>)>, StoreError> {
    let mut rooms: Vec<(String, Vec<Waiting>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut reading = context.store.read().await?;
    let mut after = 0;
    // A room that waits for the homeserver, however much there is of it, must not hide the others.
    while rooms.is_empty() {
        let page = inbox::waiting(&mut reading, after, AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for event in page {
            if blocked
                .0
                .get(&event.room_id)
                .is_some_and(|(until, _)| *until > now)
            {
                continue;
            }
            let place = *places.entry(event.room_id.clone()).or_insert_with(|| {
                rooms.push((event.room_id.clone(), Vec::new()));
                rooms.len() - 1
            });
            rooms[place].1.push(event);
        }
    }
    Ok(rooms)
}

/// How far a room's events were worked on.
enum Worked {
    Through,
    /// What comes next is about another room, and must not overtake what waits there.
    UpToACommand,
}

/// Decides about a room's events one after the other.
async fn work_through(events: Vec<Waiting>, context: &Arc<Context>) -> Result<Worked, NotNow> {
    let mut run: Vec<(Waiting, RoomEvent)> = Vec::new();
    for waiting in events {
        match decode::decode(&waiting.body) {
            Ok(_) if waiting.room_id.is_empty() => {
                set_aside(
                    waiting,
                    "its id, room or sender is missing or stands there twice".to_owned(),
                    context,
                )
                .await?;
            }
            Err(problem) => {
                decide_run(std::mem::take(&mut run), context).await?;
                set_aside(waiting, problem, context).await?;
            }
            Ok(event) => {
                // What was decided before may change what has to be fetched.
                if matches!(event.kind, EventKind::Membership { .. }) || run.len() >= LARGEST_RUN {
                    decide_run(std::mem::take(&mut run), context).await?;
                }
                match may_come_next(&waiting, &event, context).await {
                    Ok(true) => run.push((waiting, event)),
                    Ok(false) => {
                        decide_run(run, context).await?;
                        return Ok(Worked::UpToACommand);
                    }
                    Err(NotNow::Store(error @ (StoreError::Panicked | StoreError::Value(_)))) => {
                        decide_run(std::mem::take(&mut run), context).await?;
                        set_aside(waiting, error.to_string(), context).await?;
                    }
                    Err(not_now) => {
                        // What came before it is not held up.
                        decide_run(run, context).await?;
                        return Err(not_now);
                    }
                }
            }
        }
    }
    decide_run(run, context).await?;
    Ok(Worked::Through)
}

/// Fetches what a decision about the event needs; `false` if something in another room comes first.
async fn may_come_next(
    waiting: &Waiting,
    event: &RoomEvent,
    context: &Arc<Context>,
) -> Result<bool, NotNow> {
    room_state::ensure_known(event, &origin_of(waiting, context), context).await?;
    elsewhere::look_up(event, context).await?;
    Ok(!elsewhere::overtakes(waiting.seq, event, context).await?)
}

/// Decides about several events in one transaction; if that fails, about each in its own, so that
/// one that can't be decided about is found and set aside.
async fn decide_run(
    run: Vec<(Waiting, RoomEvent)>,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    if run.is_empty() {
        return Ok(());
    }
    match decide_together(run.clone(), context).await {
        Err(StoreError::Panicked | StoreError::Value(_)) => {}
        other => return other,
    }
    for (waiting, event) in run {
        match decide_together(vec![(waiting.clone(), event)], context).await {
            Err(error @ (StoreError::Panicked | StoreError::Value(_))) => {
                set_aside(waiting, error.to_string(), context).await?;
            }
            other => other?,
        }
    }
    Ok(())
}

async fn decide_together(
    run: Vec<(Waiting, RoomEvent)>,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for (waiting, event) in run {
                    decide(tx, &waiting, &event, &context).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Facts, decision, effects and "done", all in one transaction.
async fn decide(
    tx: &mut Tx,
    waiting: &Waiting,
    event: &RoomEvent,
    context: &Context,
) -> Result<(), StoreError> {
    if !inbox::finish(tx, waiting.seq).await? {
        return Ok(());
    }
    rooms::ensure(
        tx,
        event.room.as_str(),
        room_state::mailbox_of(event, context),
    )
    .await?;
    if let Some(effect) = event
        .effect
        .as_ref()
        .filter(|_| context.is_ours(&event.sender))
    {
        let origin = origin_of(waiting, context);
        settle_echo(tx, effect, event, &origin, context).await?;
    }
    let is_direct = begin_direct_chat(tx, waiting, event, context).await?;
    let mut facts = facts::of(tx.connection(), event, context).await?;
    elsewhere::add(&mut facts, tx.connection(), event, context).await?;
    let effects = on_matrix::decide(event, &facts);
    tracing::debug!(trace = %waiting.trace, event = %event.id, effects = effects.len(), "Decided about an event");
    let joins = |effect: &Effect| matches!(effect, Effect::BotJoins { .. });
    if is_invitation_of_bot(event, context) && !(is_direct && effects.iter().any(joins)) {
        named_rooms::forget_direct(tx, event.room.as_str()).await?;
    }
    apply::all(tx, effects, &origin_of(waiting, context), context).await
}

/// Whether the event asks the bot into a direct chat, which is remembered. A room that was one is none any
/// more once somebody else is in it.
async fn begin_direct_chat(
    tx: &mut Tx,
    waiting: &Waiting,
    event: &RoomEvent,
    context: &Context,
) -> Result<bool, StoreError> {
    let room = event.room.as_str();
    // A ghost that was invited besides makes it a private conversation with somebody.
    if decode::is_direct_invitation(&waiting.body)
        && is_of_bot(event, context)
        && lives::bids(tx.connection(), room).await?.is_empty()
    {
        named_rooms::set_direct(tx, room).await?;
        return Ok(true);
    }
    if named_rooms::is_direct(tx.connection(), room).await? {
        let connection = tx.connection();
        let others = audience::others_than_ours(connection, &event.room, context).await?;
        if others.len() > 1 {
            named_rooms::forget_direct(tx, room).await?;
        }
    }
    Ok(false)
}

fn is_invitation_of_bot(event: &RoomEvent, context: &Context) -> bool {
    let is_invitation = matches!(
        event.kind,
        EventKind::Membership {
            membership: Membership::Invite,
            ..
        }
    );
    is_invitation && is_of_bot(event, context)
}

/// Whether it is about the bot that somebody who isn't one of ours asks in.
fn is_of_bot(event: &RoomEvent, context: &Context) -> bool {
    let is_it = matches!(&event.kind, EventKind::Membership { user, .. } if *user == context.bot);
    is_it && !context.is_ours(&event.sender)
}

/// Our own event came back before the answer to its sending, or instead of it.
async fn settle_echo(
    tx: &mut Tx,
    effect: &str,
    event: &RoomEvent,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if let Some((id, lane, payload)) = outbox::by_effect(tx.connection(), effect).await? {
        let action: MatrixAction = serde_json::from_str(&payload)?;
        if let MatrixAction::CreateRoom { request, plan } = &action {
            let room = event.room.as_str();
            let place = (id, lane.as_str());
            return new_rooms::made(tx, place, (*request, plan), room, origin, context).await;
        }
        let answer = event.id.to_string();
        return puppets::delivered(tx, (id, &lane), &action, answer, origin.now).await;
    }
    if matches!(event.kind, EventKind::Created(_)) {
        new_rooms::leave_double(tx, effect, &event.room, origin, context).await?;
    }
    Ok(())
}

async fn set_aside(
    waiting: Waiting,
    problem: String,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    tracing::error!(trace = %waiting.trace, event = waiting.id, problem, "Set an event aside");
    let origin = origin_of(&waiting, context);
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                inbox::set_aside(tx, waiting.seq, &problem).await?;
                let text = wording::event_set_aside(&waiting.id, &problem);
                notices::tell(tx, Stream::Events, &text, &origin, &context).await
            })
        })
        .await
}

fn origin_of(waiting: &Waiting, context: &Context) -> Origin {
    Origin {
        inbox_seq: waiting.seq,
        trace: waiting.trace.clone(),
        now: context.now_ms(),
    }
}
