//! Reminds staff of conversations that have waited for them too long: those that have become due are told
//! together in the control room, the same one at most once a day.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use ruma::OwnedUserId;

use super::{
    Context,
    desk::name_assignee,
    lanes::{self, Origin},
    locale,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        delivery::millis,
        desk::{REMINDED_AGAIN, REMINDED_TOGETHER},
        facts::Case,
        outgoing::Puppet,
        wording::desk as wording,
    },
    matrix::encode,
    store::{
        Queue, StoreError, Tx, conversations,
        desk::{self, Found},
    },
};

/// Conversations in one reminder.
const MOST_TOLD: usize = 20;
/// Among so many of those that wait longest the due ones are looked for.
const MOST_LOOKED_AT: i64 = 500;
/// How often it is looked.
const PAUSE: Duration = Duration::from_secs(20);

/// Reminds staff of what waits for them.
#[derive(Debug)]
pub struct Overdue(pub Arc<Context>);

impl Worker for Overdue {
    const NAME: &'static str = "reminders of the desk";
    const QUEUE: Queue = Queue::Desk;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let context = &self.0;
        let Some(after) = context.desk.remind_after else {
            return Ok(Step::Idle { until: None });
        };
        let now = context.now();
        let due = due(after, now, context).await?;
        if !due.is_empty() {
            let context = Arc::clone(context);
            let store = context.store.clone();
            store
                .write(move |tx| Box::pin(async move { remind(tx, due, now, &context).await }))
                .await?;
        }
        Ok(Step::Idle {
            until: Some(now.as_millisecond().saturating_add(millis(PAUSE))),
        })
    }
}

/// What staff are to be told of now.
async fn due(after: Duration, now: Timestamp, context: &Context) -> Result<Vec<Found>, StoreError> {
    let now_ms = now.as_millisecond();
    let mut reading = context.store.read().await?;
    // What becomes due soon after the last reminder is told with the next one.
    let recently = now_ms.saturating_sub(millis(REMINDED_TOGETHER));
    if desk::was_reminded(&mut reading, recently).await? {
        return Ok(Vec::new());
    }
    let since = now_ms.saturating_sub(millis(after));
    let told_before = now_ms.saturating_sub(millis(REMINDED_AGAIN));
    let found = desk::overdue(&mut reading, since, told_before, MOST_LOOKED_AT).await?;
    Ok(found
        .into_iter()
        .filter(|one| is_due(one, after, now, context))
        .collect())
}

/// Nobody is reminded while the desk is closed, and only the time counts in which it was open.
fn is_due(found: &Found, after: Duration, now: Timestamp, context: &Context) -> bool {
    let Some(since) = found.case.standing.waits_since else {
        return false;
    };
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let (hours, zone) = (context.hours(mailbox), locale::of_mailbox(mailbox));
    hours.is_open(now, &zone) && hours.open_between(since, now, &zone) >= after
}

async fn remind(
    tx: &mut Tx,
    due: Vec<Found>,
    now: Timestamp,
    context: &Context,
) -> Result<(), StoreError> {
    let has_more = due.len() > MOST_TOLD;
    let mut cases: Vec<Case> = Vec::new();
    for Found { mut case, .. } in due {
        // Who reads the list that it points to sees the others.
        desk::set_reminded(tx, case.id, now.as_millisecond()).await?;
        if cases.len() < MOST_TOLD {
            let server = context.server_name.as_str();
            let people = conversations::people(tx.connection(), case.id, server).await?;
            case.names = people.into_iter().map(|person| person.name).collect();
            name_assignee(tx.connection(), &mut case, context).await?;
            cases.push(case);
        }
    }
    let origin = Origin::without_event(context.chance.base32(12), now.as_millisecond());
    let text = wording::reminder(&cases, has_more, now);
    let Some(room) = context.control_room() else {
        return lanes::report(tx, &text, &origin, context).await;
    };
    let called: Vec<(OwnedUserId, String)> = cases
        .into_iter()
        .filter_map(|case| Some((case.standing.assignee?, case.assignee_name)))
        .collect();
    let content = encode::calling(&text, &called);
    let (puppet, kind) = (Puppet::Bot, "m.room.message");
    lanes::send(tx, room, puppet, kind, content, None, &origin, context).await
}
