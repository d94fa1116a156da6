//! Acts in Matrix: joins, posts, leaves and reads in the name of the bot and the ghosts.

use std::{sync::Arc, time::Duration};

use super::{
    Context, acting, answers, lanes,
    lanes::Origin,
    life_facts, lives,
    media::{self, Files},
    moves, new_rooms,
    onboarding::invite::{self, Invitation},
    outside::{self, Waits},
    portraits, signs,
    worker::{Slots, Step, Worker, write_down},
};
use crate::{
    domain::{
        delivery::{GIVE_UP_AFTER, LONGEST_WAIT_FOR_MATRIX, SendOutcome, backoff, millis},
        outgoing::{MatrixAction, Puppet},
        wording::{self, living},
    },
    matrix::client::Fault,
    store::{
        Queue, StoreError, Tx,
        conversations::Direction,
        erasures as store_erasures, mails, messages, offers,
        outbox::{self, Claimed, Settled, Way},
        people, requests, shown, signs as store_signs, successions,
    },
    telemetry::metrics::catalogue::{MAIL_TO_EVENT, NO_LABELS},
};

/// How many lanes are served side by side.
const AT_ONCE: usize = 32;
/// An attempt is over after this; a request takes at most half a minute, and one attempt makes a few,
/// beside taking up a file.
const LEASE: Duration = media::PATIENCE.saturating_add(Duration::from_mins(5));

/// Acts in Matrix.
#[derive(Debug)]
pub struct Puppets {
    context: Arc<Context>,
    slots: Slots,
    files: Arc<Files>,
}

impl Puppets {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            slots: Slots::new(AT_ONCE),
            files: Arc::new(Files::new()),
        }
    }
}

impl Worker for Puppets {
    const NAME: &'static str = "matrix out";
    const QUEUE: Queue = Queue::MatrixOut;

    async fn step(&mut self) -> Result<Step, StoreError> {
        let files = &self.files;
        self.slots
            .attempt_due(Way::Matrix, LEASE, &self.context, |row, context| {
                attempt(row, Arc::clone(files), context)
            })
            .await
    }

    async fn finish(&mut self) {
        self.slots.finish().await;
    }
}

/// Makes sure that the bot exists and has a name, and asks the homeserver for what it has kept for
/// us while we were away.
pub async fn introduce(context: &Context, appservice: &str) -> Result<(), Fault> {
    context.homeserver.register(context.bot.localpart()).await?;
    // Homeservers name a new user after their localpart.
    let name = context.homeserver.display_name(&context.bot).await?;
    if name.is_none_or(|name| name == context.bot.localpart()) {
        match acting::name_user(&context.bot, wording::BOT_NAME, context).await {
            // Some homeservers let nobody name themselves.
            Err(fault @ Fault::Refused { .. }) => {
                tracing::warn!(%fault, "The bot can't be given its name");
            }
            other => other?,
        }
    }
    if let Err(error) = portraits::dress_bot(context).await {
        tracing::warn!(%error, "Can't look after the bot's picture");
    }
    context.homeserver.ping(appservice).await
}

async fn attempt(row: Claimed, files: Arc<Files>, context: Arc<Context>) -> Result<(), StoreError> {
    let action: MatrixAction = serde_json::from_str(&row.payload)?;
    let action = answers::resolved(&mut context.store.read().await?, action).await?;
    let performed = match outside::moved_to(&action, &context).await? {
        None => acting::perform(&action, &row, &files, &context).await,
        Some(to) => match outside::arrived_before(&action, &row, &context).await {
            Ok(None) => return outside::go_after(row, action, to, context).await,
            Ok(Some(event)) => Ok(Ok(event)),
            Err(fault) => Ok(Err(fault)),
        },
    };
    let outcome = match performed {
        Ok(Ok(answer)) => SendOutcome::Delivered { answer },
        Ok(Err(fault)) => match outside::is_why(&fault, &action, &context).await {
            Ok(true) => return wait(row, action, fault, context).await,
            Ok(false) => fault.into(),
            Err(fault) => fault.into(),
        },
        Err(error) if error.may_pass() => SendOutcome::Uncertain {
            reason: error.to_string(),
        },
        Err(error) => return Err(error),
    };
    tracing::debug!(trace = %row.trace, attempt = row.attempts, ?outcome, "Acted in Matrix");
    let store = context.store.clone();
    let ended = (row, action, outcome, context);
    write_down(ended, &store, |tx, (row, action, outcome, context)| {
        Box::pin(async move { settle(tx, &row, action, outcome, &context).await })
    })
    .await
}

/// The bot isn't in the action's room.
async fn wait(
    row: Claimed,
    action: MatrixAction,
    fault: Fault,
    context: Arc<Context>,
) -> Result<(), StoreError> {
    tracing::warn!(trace = %row.trace, attempt = row.attempts, %fault, "The bot is out of a room");
    let store = context.store.clone();
    let ended = (row, action, fault.to_string(), context);
    write_down(ended, &store, |tx, (row, action, reason, context)| {
        Box::pin(async move {
            let origin = Origin::without_event(row.trace.clone(), context.now_ms());
            match outside::wait(tx, &row, &action, &reason, &origin, &context).await? {
                Waits::Yes => Ok(()),
                Waits::No => refused(tx, &row, action, reason, &origin, &context).await,
            }
        })
    })
    .await
}

async fn settle(
    tx: &mut Tx,
    row: &Claimed,
    action: MatrixAction,
    outcome: SendOutcome,
    context: &Context,
) -> Result<(), StoreError> {
    if let MatrixAction::CreateRoom { request, plan } = &action {
        return new_rooms::settle(tx, row, (*request, plan), outcome, context).await;
    }
    let now = context.now_ms();
    let origin = Origin::without_event(row.trace.clone(), now);
    let invitation = invitation(&action);
    let (give_up_after, longest_wait) = match invitation {
        Some(_) => (invite::GIVE_UP_AFTER, invite::LONGEST_WAIT),
        None => (GIVE_UP_AFTER, LONGEST_WAIT_FOR_MATRIX),
    };
    let is_too_old = now.saturating_sub(row.created_at) > millis(give_up_after);
    let (reason, after, uncertain) = match outcome {
        SendOutcome::Delivered { answer } => {
            return delivered(tx, (row.id, &row.lane), &action, answer, now).await;
        }
        SendOutcome::Refused { reason }
        | SendOutcome::RecipientRefused { reason, .. }
        | SendOutcome::SenderRefused { reason }
        | SendOutcome::TooLarge { reason, .. } => {
            return refused(tx, row, action, reason, &origin, context).await;
        }
        SendOutcome::Withdrawn => {
            outbox::settle(tx, row.id, &row.lane, Way::Matrix, &Settled::Withdrawn, now).await?;
            return Ok(());
        }
        SendOutcome::RetryLater { reason, .. } | SendOutcome::Uncertain { reason }
            if is_too_old =>
        {
            return refused(tx, row, action, reason, &origin, context).await;
        }
        SendOutcome::RetryLater { reason, after } => (reason, after, false),
        SendOutcome::Uncertain { reason } => (reason, None, true),
    };
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let wait = after.unwrap_or_else(|| backoff(attempts, context.chance.fraction(), longest_wait));
    if invite::step_aside(tx, &action, &origin, context).await? {
        outbox::settle(tx, row.id, &row.lane, Way::Matrix, &Settled::Withdrawn, now).await?;
        return Ok(());
    }
    if let Some(invitation) = invitation {
        let how_often = (row.attempts, reason.as_str());
        invite::delayed(tx, invitation, how_often, &origin, context).await?;
    }
    tracing::warn!(trace = %row.trace, attempt = row.attempts, reason, "Will try again to act in Matrix");
    outbox::retry(
        tx,
        (row.id, row.attempts),
        Way::Matrix,
        now.saturating_add(millis(wait)),
        &reason,
        uncertain,
    )
    .await
}

/// Ends a row whose effect is there, and remembers which mail the event shows, and what it offers. `row` is its id and
/// lane; `answer` the event id. Used for the homeserver's answer and for the event itself alike,
/// whichever comes first.
pub(super) async fn delivered(
    tx: &mut Tx,
    (id, lane): (i64, &str),
    action: &MatrixAction,
    answer: String,
    now: i64,
) -> Result<(), StoreError> {
    let event = answer.clone();
    let settled = Settled::Delivered { answer };
    if !outbox::settle(tx, id, lane, Way::Matrix, &settled, now).await? {
        return Ok(());
    }
    if let Some(invitation) = invitation(action) {
        return invite::sent(tx, invitation, now).await;
    }
    let MatrixAction::Send {
        mail,
        puppet,
        offer,
        ..
    } = action
    else {
        return match action {
            MatrixAction::PutUpSigns { room, .. } if event == signs::NOT_ALLOWED => {
                // Tried again when somebody comes or goes next.
                store_signs::set_stated(tx, room.as_str(), "").await
            }
            MatrixAction::Retire { erasure, .. } => {
                store_erasures::set_problem(tx, *erasure, &event).await
            }
            _ => Ok(()),
        };
    };
    if let Some(offer) = offer {
        offers::make(tx, &event, offer).await?;
    }
    let Some(posted) = mail else {
        return Ok(());
    };
    if let Some(mail) = &posted.message_id {
        messages::link(tx, &event, posted.conversation, mail, Direction::In).await?;
    }
    if let Some(mail) = posted.mail {
        requests::root(tx, posted.conversation, mail, &event).await?;
    }
    if matches!(puppet, Puppet::Contact(_)) {
        successions::take_root(tx, posted.conversation, &event).await?;
    }
    if let (Some(mail), Puppet::Contact(contact)) = (posted.mail, puppet) {
        shown::remember(tx, &event, posted.conversation, mail, *contact).await?;
    }
    if let Some(mail) = posted.mail
        && let Some(received_at) = mails::received_at(tx.connection(), mail).await?
    {
        let took = now.saturating_sub(received_at);
        tx.once_committed(move || MAIL_TO_EVENT.observe_millis(took, NO_LABELS));
    }
    Ok(())
}

fn invitation(action: &MatrixAction) -> Option<Invitation<'_>> {
    match action {
        MatrixAction::Invite {
            room,
            contact,
            user,
            ..
        } => Some(Invitation {
            room,
            contact: *contact,
            user,
        }),
        _ => None,
    }
}

async fn refused(
    tx: &mut Tx,
    row: &Claimed,
    action: MatrixAction,
    reason: String,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let settled = Settled::Refused {
        reason: reason.clone(),
    };
    if !outbox::settle(tx, row.id, &row.lane, Way::Matrix, &settled, origin.now).await? {
        return Ok(());
    }
    tracing::error!(trace = %row.trace, reason, "The homeserver refused an action for good");
    if let Some(invitation) = invitation(&action) {
        return invite::refused(tx, invitation, &reason, origin, context).await;
    }
    let text = match &action {
        MatrixAction::Send {
            mail: Some(mail), ..
        } => wording::post_refused(&mail.name, &reason),
        MatrixAction::Join {
            puppet: Puppet::Contact(contact),
            room,
        } => {
            let contact = people::contact(tx.connection(), *contact).await?;
            let text = wording::join_refused(contact.shown_name(), &reason);
            return lanes::say(tx, room.clone(), &text, None, origin, context).await;
        }
        MatrixAction::Join {
            puppet: Puppet::Bot,
            room,
        } if context.control_room().as_ref() != Some(room) => {
            let place = life_facts::called(tx.connection(), room, context).await?;
            living::invited_and_could_not_join(&place, &reason)
        }
        MatrixAction::Follow { room, .. } => {
            return moves::tell_of_closed_door(tx, room, &reason, origin, context).await;
        }
        MatrixAction::AskIn { room, puppet } => {
            return lives::miss_bot(tx, room, puppet.clone(), origin, context).await;
        }
        MatrixAction::ListInSpace { room, request, .. } => {
            return new_rooms::not_listed(tx, *request, room, &reason, origin, context).await;
        }
        MatrixAction::TakeBack { contact, .. } => {
            return store_erasures::keep(tx, *contact, 1).await;
        }
        // A notice that can't be said in the control room itself can only be logged, as was done.
        MatrixAction::Send { room, .. } if context.control_room().as_ref() == Some(room) => {
            return Ok(());
        }
        MatrixAction::Send { content, .. } => {
            wording::notice_refused(content["body"].as_str().unwrap_or_default(), &reason)
        }
        MatrixAction::Revise { .. }
        | MatrixAction::Join { .. }
        | MatrixAction::Leave { .. }
        | MatrixAction::Decline { .. }
        | MatrixAction::CreateRoom { .. }
        | MatrixAction::PutUpSigns { .. }
        | MatrixAction::Retire { .. }
        | MatrixAction::Invite { .. }
        | MatrixAction::Receipt { .. } => return Ok(()),
    };
    lanes::report(tx, &text, origin, context).await
}
