//! Holds rooms against the policy, mends them, and takes them into the Space, as staff ask for it.
//!
//! A job is stored with the command that asks for it. Each attempt looks at the rooms anew and does what
//! is still to be done, one request at a time, each of which can be repeated: so a job that was cut off
//! anywhere goes on with the next attempt. The answer is one message, edited while work goes on.

use std::sync::Arc;

use ruma::{OwnedEventId, OwnedRoomId, RoomId};
use serde_json::Value;

use super::{
    Context, answers, audience,
    lanes::{self, Origin},
    logo,
    not_now::NotNow,
    scene::Scene,
    space_requests,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        delivery::{LONGEST_WAIT_FOR_MATRIX, backoff, millis},
        elsewhere::Place,
        ids::RequestId,
        room_policy::{
            Audit, Change, Job, Progress, RoomState, Rule, SpaceFault, SpaceSight, Subject, Wish,
            audit,
        },
        room_reference::RoomReference,
        space_request::Answer,
        wording::{desk, policy as wording},
    },
    matrix::client::Fault,
    store::{
        Queue, StoreError, Tx,
        policy_jobs::{self, Hopeless, Row},
        requests, rooms,
    },
};

/// After so many attempts, some ten minutes, a job is given up.
const MOST_ATTEMPTS: u32 = 30;
/// Why a job is set aside whose attempts have no end.
const ENDS_POSTROOM: &str = "work on it ended Postroom several times";
/// After so many, staff are told that it takes longer.
const TOLD_AFTER: u32 = 3;
/// Most changes of one room in one attempt; there are rules by the dozen.
const MOST_CHANGES: usize = 100;

/// Does what staff ask for about rooms, one job after the other.
#[derive(Debug)]
pub struct Policies(pub Arc<Context>);

impl Worker for Policies {
    const NAME: &'static str = "policies";
    const QUEUE: Queue = Queue::Policy;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let context = &self.0;
        let due = policy_jobs::due(&mut context.store.read().await?, context.now_ms()).await?;
        let row = match due {
            Some(Ok(row)) if row.attempts < MOST_ATTEMPTS => row,
            Some(Ok(row)) => {
                set_aside(row.hopeless(ENDS_POSTROOM), context).await?;
                return Ok(Step::Again);
            }
            Some(Err(hopeless)) => {
                set_aside(hopeless, context).await?;
                return Ok(Step::Again);
            }
            None => {
                let until = policy_jobs::next_at(&mut context.store.read().await?).await?;
                return Ok(Step::Idle { until });
            }
        };
        let id = row.id;
        context
            .store
            .write(move |tx| Box::pin(async move { policy_jobs::begin(tx, id).await }))
            .await?;
        Attempt::of(row, context).run().await?;
        Ok(Step::Again)
    }
}

/// Stores a job; what takes longer than a look is answered at once. With the request of somebody who asks
/// for it by mail, they are told what came of it.
pub async fn add(
    tx: &mut Tx,
    job: &Job,
    request: Option<RequestId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let is_new = policy_jobs::add(tx, job, request, &origin.trace, origin.now).await?;
    if is_new && job.wish != Wish::Audit {
        let (room, text) = (job.room.clone(), wording::at_work(job.wish));
        answers::say(tx, room, &job.asked, &text, origin, context).await?;
    }
    Ok(())
}

/// Nobody can read what is to be done, of an earlier version or of none: those who asked are told.
async fn set_aside(job: Hopeless, context: &Arc<Context>) -> Result<(), StoreError> {
    tracing::error!(trace = %job.trace, problem = job.problem, "Set aside what staff ask for about a room");
    let (store, context) = (context.store.clone(), Arc::clone(context));
    store
        .write(move |tx| {
            Box::pin(async move {
                policy_jobs::set_aside(tx, job.id, &job.problem).await?;
                let origin = Origin::without_event(job.trace, context.now_ms());
                if let Some(request) = job.request {
                    space_requests::drop_job(tx, request, &origin, &context).await?;
                }
                let text = wording::set_aside(&job.problem);
                let place = OwnedRoomId::try_from(job.room);
                match (place, OwnedEventId::try_from(job.asked)) {
                    (Ok(room), Ok(asked)) => {
                        answers::say(tx, room, &asked, &text, &origin, &context).await
                    }
                    _ => lanes::report(tx, &text, &origin, &context).await,
                }
            })
        })
        .await
}

/// One attempt at a job.
struct Attempt<'a> {
    row: Row,
    context: &'a Arc<Context>,
}

/// What there is to say in the end, or why there is nothing yet.
enum End {
    Told(Told),
    NotNow(Fault),
}

struct Told {
    /// To staff.
    text: String,
    /// To somebody who asked by mail; `None` where staff have something to do first.
    answer: Option<Answer>,
}

impl Told {
    fn staff(text: String) -> Self {
        Self { text, answer: None }
    }

    fn all(text: String, answer: Answer) -> Self {
        let answer = Some(answer);
        Self { text, answer }
    }
}

impl<'a> Attempt<'a> {
    fn of(row: Row, context: &'a Arc<Context>) -> Self {
        Self { row, context }
    }

    async fn run(mut self) -> Result<(), StoreError> {
        let end = match self.work().await {
            Ok(told) => End::Told(told),
            Err(NotNow::Homeserver(fault)) => End::NotNow(fault),
            Err(NotNow::Store(error)) => return Err(error),
        };
        match end {
            End::Told(told) => self.finish(told).await,
            End::NotNow(fault) if self.row.attempts + 1 >= MOST_ATTEMPTS => {
                let text = wording::given_up(&fault.to_string(), &self.row.progress);
                self.finish(Told::staff(text)).await
            }
            End::NotNow(fault) => self.put_off(fault).await,
        }
    }

    /// What is told in the end.
    async fn work(&mut self) -> Result<Told, NotNow> {
        let id = match self.target().await? {
            Ok(id) => id,
            Err(told) => return Ok(told),
        };
        // A room that somebody asks for by mail is nobody's here; staff have confirmed it.
        if self.row.request.is_none() && id != self.row.job.room {
            let mut reading = self.context.store.read().await?;
            let (by, context) = (&self.row.job.by, self.context);
            if !audience::is_staff_in(&mut reading, by, &id, context).await? {
                return Ok(Told::staff(desk::not_staff_there(&Place::Room(id))));
            }
        }
        let Some(mut scene) = self.look(&id).await? else {
            let text = wording::not_in_there(id.as_str(), &self.context.bot);
            return Ok(Told::all(text, Answer::Hidden));
        };
        if scene.room.replaced_by.is_some() {
            let text = wording::was_replaced(&scene.room);
            return Ok(Told::all(text, Answer::Replaced));
        }
        match self.row.job.wish {
            Wish::Audit => Ok(Told::staff(self.report(&scene, None))),
            Wish::Apply => self.apply(&mut scene).await.map(Told::staff),
            Wish::AddToSpace => self.add_to_space(&mut scene).await,
        }
    }

    /// Which room it is about, or what to say where that leads nowhere.
    async fn target(&self) -> Result<Result<OwnedRoomId, Told>, NotNow> {
        let target = match &self.row.job.target {
            None => return Ok(Ok(self.row.job.room.clone())),
            Some(RoomReference::Id(id)) => return Ok(Ok(id.clone())),
            Some(target @ RoomReference::Alias(alias)) => (target, alias),
        };
        let (target, alias) = target;
        match self.context.homeserver.room_of_alias(alias).await {
            Ok(Some(found)) => Ok(Ok(found.room_id)),
            Ok(None) => {
                let text = wording::no_such_address(target);
                Ok(Err(Told::all(text, Answer::NoRoom)))
            }
            Err(fault @ Fault::Refused { .. }) => {
                let text = wording::address_refused(target, &fault.to_string());
                Ok(Err(Told::staff(text)))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// `None`: the bot isn't in the room.
    async fn look(&self, id: &OwnedRoomId) -> Result<Option<Scene>, NotNow> {
        let context = self.context;
        let Some(events) = self.state(id).await? else {
            return Ok(None);
        };
        let room = RoomState::read(id.clone(), &events);
        // Homeservers show it as it was to who has been put out, and to anybody where that is allowed.
        if !room.is_joined(&context.bot) {
            return Ok(None);
        }
        let mailbox = self.mailbox(id).await?;
        let policy = context.policy(&mailbox);
        let (space, space_events) = match &policy.space {
            None => (SpaceSight::Unset, Vec::new()),
            Some(space) => match self.state(space).await? {
                None => (SpaceSight::Hidden, Vec::new()),
                Some(events) => {
                    let seen = RoomState::read(space.clone(), &events);
                    if seen.is_joined(&context.bot) {
                        (SpaceSight::Seen(Box::new(seen)), events)
                    } else {
                        (SpaceSight::Hidden, Vec::new())
                    }
                }
            },
        };
        Ok(Some(Scene {
            room,
            events,
            space_events,
            space,
            logo: logo::of(&policy, context).await?,
            policy,
            mailbox,
        }))
    }

    /// By whose rules the room is held: those of the mailbox that was asked, else of its own.
    async fn mailbox(&self, room: &RoomId) -> Result<String, StoreError> {
        let mut reading = self.context.store.read().await?;
        if let Some(id) = self.row.request
            && let Some(request) = requests::find(&mut reading, id).await?
        {
            return Ok(request.mailbox);
        }
        let known = rooms::find(&mut reading, room.as_str()).await?;
        let usual = || self.context.default_mailbox().to_string();
        Ok(known.map_or_else(usual, |room| room.mailbox))
    }

    /// The state of a room; `None` if the homeserver shows us nothing of it.
    async fn state(&self, room: &OwnedRoomId) -> Result<Option<Vec<Value>>, NotNow> {
        match self.context.homeserver.state(room).await {
            Ok(events) => {
                let events = events
                    .iter()
                    .filter_map(|json| serde_json::from_str(json).ok());
                Ok(Some(events.collect()))
            }
            Err(Fault::Refused { .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    fn report(&self, scene: &Scene, progress: Option<&Progress>) -> String {
        let audit = self.audit(scene);
        wording::report(
            &scene.room,
            &audit,
            progress,
            &scene.policy,
            &self.context.bot,
        )
    }

    fn audit(&self, scene: &Scene) -> Audit {
        audit(self.subject(scene))
    }

    fn subject<'s>(&'s self, scene: &'s Scene) -> Subject<'s> {
        Subject {
            policy: &scene.policy,
            room: &scene.room,
            space: &scene.space,
            mailbox: &scene.mailbox,
            logo: scene.logo.as_deref(),
            bot: &self.context.bot,
            server: &self.context.server_name,
        }
    }

    async fn apply(&mut self, scene: &mut Scene) -> Result<String, NotNow> {
        let mut is_fresh = true;
        for _ in 0..MOST_CHANGES {
            let audit = self.audit(scene);
            let is_new = |change: &&Change| !self.was_tried(change);
            let Some(change) = audit.changes().map(|(_, change)| change).find(is_new) else {
                break;
            };
            if change.replaces_levels() && !is_fresh {
                // What people set in the meantime must not be lost.
                let Some(found) = self.look(&scene.room.id).await? else {
                    break;
                };
                *scene = found;
                is_fresh = true;
                continue;
            }
            let change = change.clone();
            if self.make(&change).await? {
                scene.take(&change);
            }
            is_fresh = false;
            self.advance().await?;
        }
        // As the homeserver has it by now.
        let id = scene.room.id.clone();
        let Some(scene) = self.look(&id).await? else {
            return Ok(wording::not_in_there(id.as_str(), &self.context.bot));
        };
        Ok(self.report(&scene, Some(&self.row.progress)))
    }

    async fn add_to_space(&mut self, scene: &mut Scene) -> Result<Told, NotNow> {
        let bot = self.context.bot.clone();
        let audit = self.audit(scene);
        let changes = match self.subject(scene).add_to_space() {
            Ok(changes) => changes,
            Err(fault) => {
                let (room, policy) = (&scene.room, &scene.policy);
                let text = wording::not_into_space(&fault, room, policy, &bot);
                let answer = match fault {
                    SpaceFault::Lacking(lacking) if !lacking.in_space => {
                        Some(Answer::BotLacks(lacking.level))
                    }
                    _ => None,
                };
                return Ok(Told { text, answer });
            }
        };
        let went_before = !self.row.progress.done.is_empty();
        if changes.is_empty() && !went_before {
            let text = wording::in_space_already(&scene.room);
            return Ok(Told::all(text, Answer::There));
        }
        // Whether it is in the Space itself is no reason to keep it out.
        let broken = audit.broken().map(|finding| finding.rule);
        let broken: Vec<Rule> = broken.filter(|rule| *rule != Rule::Space).collect();
        if !broken.is_empty() {
            let (room, policy) = (&scene.room, &scene.policy);
            let text = wording::not_fit_for_space(room, &audit, policy, &bot);
            return Ok(Told::all(text, Answer::Lacks(broken)));
        }
        for change in &changes {
            if !self.make(change).await? {
                let reason = self.row.progress.failed.join(" ");
                return Ok(Told::staff(wording::space_refused(&scene.room, &reason)));
            }
            scene.take(change);
            self.advance().await?;
        }
        let text = wording::taken_into_space(&scene.room, &audit, &scene.policy, &bot);
        Ok(Told::all(text, Answer::Taken))
    }

    fn was_tried(&self, change: &Change) -> bool {
        self.row.progress.tried.contains(&change.key())
    }

    /// Makes a change; whether the homeserver let us. Notes either.
    async fn make(&mut self, change: &Change) -> Result<bool, NotNow> {
        let homeserver = &self.context.homeserver;
        let made = match change {
            Change::State {
                room,
                kind,
                key,
                content,
            } => homeserver
                .set_state(kind, key, content, room)
                .await
                .map(drop),
            Change::Invite { room, user } => homeserver.invite(room, user, None).await,
        };
        match made {
            Ok(()) => {
                self.row.progress.succeeded(change, wording::done(change));
                Ok(true)
            }
            Err(fault @ Fault::Refused { .. }) => {
                let told = wording::failed(change, &fault.to_string());
                self.row.progress.failed(change, told);
                Ok(false)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// What was done is stored, and told.
    async fn advance(&self) -> Result<(), StoreError> {
        let (row, context) = (self.row.clone(), Arc::clone(self.context));
        let store = context.store.clone();
        store
            .write(move |tx| {
                Box::pin(async move {
                    policy_jobs::advance(tx, row.id, &row.progress).await?;
                    let text = wording::so_far(row.job.wish, &row.progress);
                    tell(tx, &row, &text, &context).await
                })
            })
            .await
    }

    /// Tells the end.
    async fn finish(self, told: Told) -> Result<(), StoreError> {
        let (row, context) = (self.row, Arc::clone(self.context));
        let store = context.store.clone();
        store
            .write(move |tx| {
                Box::pin(async move {
                    let mut text = told.text;
                    if let Some(request) = row.request {
                        let origin = Origin::without_event(row.trace.clone(), context.now_ms());
                        let answer = told.answer.as_ref();
                        let settled =
                            space_requests::settle(tx, request, answer, &origin, &context);
                        text = format!("{text}\n{}", settled.await?);
                    }
                    tell(tx, &row, text.trim_end(), &context).await?;
                    policy_jobs::done(tx, row.id).await
                })
            })
            .await
    }

    async fn put_off(self, fault: Fault) -> Result<(), StoreError> {
        let (row, context) = (self.row, Arc::clone(self.context));
        let store = context.store.clone();
        let attempts = row.attempts + 1;
        let after = match &fault {
            Fault::Later { after, .. } => *after,
            Fault::Refused { .. } | Fault::Unknown { .. } => None,
        };
        let wait = after.unwrap_or_else(|| {
            backoff(attempts, context.chance.fraction(), LONGEST_WAIT_FOR_MATRIX)
        });
        tracing::warn!(trace = %row.trace, attempts, %fault, "Will look at a room again");
        store
            .write(move |tx| {
                Box::pin(async move {
                    if attempts == TOLD_AFTER {
                        let text = wording::waits(row.job.wish, &fault.to_string());
                        tell(tx, &row, &text, &context).await?;
                    }
                    let next = context.now_ms().saturating_add(millis(wait));
                    policy_jobs::advance(tx, row.id, &row.progress).await?;
                    policy_jobs::put_off(tx, row.id, next).await
                })
            })
            .await
    }
}

/// The one answer says this from now on.
async fn tell(tx: &mut Tx, row: &Row, text: &str, context: &Context) -> Result<(), StoreError> {
    let origin = Origin::without_event(row.trace.clone(), context.now_ms());
    let room = row.job.room.clone();
    answers::say(tx, room, &row.job.asked, text, &origin, context).await
}
