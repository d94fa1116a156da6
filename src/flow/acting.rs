//! Carries out one action in Matrix, as the bot or as a ghost.

use std::sync::Arc;

use ruma::{OwnedRoomId, OwnedUserId, TransactionId, UserId};
use serde_json::Value;

use super::{
    Context, erasures,
    media::Files,
    new_rooms,
    onboarding::invite::{self, Invitation},
    portraits, signs,
};
use crate::{
    domain::outgoing::{MatrixAction, Media, Puppet},
    matrix::{
        client::{Fault, user_id},
        encode,
    },
    store::{StoreError, outbox::Claimed, people},
};

/// Carries out one action; what comes back is the event id, or nothing where there is none.
pub async fn perform(
    action: &MatrixAction,
    row: &Claimed,
    files: &Files,
    context: &Arc<Context>,
) -> Result<Result<String, Fault>, StoreError> {
    Ok(match action {
        MatrixAction::Send {
            room,
            puppet,
            event_type,
            content,
            media,
            ..
        } => {
            let message = Message {
                room,
                puppet,
                event_type,
                content,
                media: media.as_ref(),
            };
            return say(message, row, files, context).await;
        }
        // It was resolved into what is sent.
        MatrixAction::Revise { .. } => Err(Fault::Refused {
            code: "revision".to_owned(),
            reason: "it is not known what it revises".to_owned(),
        }),
        MatrixAction::Join { room, puppet } => match present(puppet, context).await? {
            Ok(user) => come_in(room, &user, context).await.map(|()| String::new()),
            Err(fault) => Err(fault),
        },
        MatrixAction::Follow { room, via } => context
            .homeserver
            .join_by(room, via)
            .await
            .map(|()| String::new()),
        MatrixAction::AskIn { room, puppet } => match present(puppet, context).await? {
            Ok(user) => context
                .homeserver
                .invite(room, &context.bot, Some(&user))
                .await
                .map(|()| String::new()),
            Err(fault) => Err(fault),
        },
        MatrixAction::Decline {
            room,
            puppet,
            reason,
        } => match present(puppet, context).await? {
            Ok(user) => gone(context.homeserver.decline(room, &user, reason).await),
            Err(fault) => Err(fault),
        },
        MatrixAction::Leave { room, puppet } => match present(puppet, context).await? {
            Ok(user) => gone(context.homeserver.leave(room, &user).await),
            Err(fault) => Err(fault),
        },
        MatrixAction::CreateRoom { request, plan } => {
            let room = new_rooms::make(*request, plan, row, context).await?;
            room.map(|room| room.to_string())
        }
        MatrixAction::ListInSpace {
            space, room, via, ..
        } => new_rooms::list(space, room, via, context).await,
        MatrixAction::PutUpSigns {
            room,
            signs,
            former,
        } => signs::put_up(room, signs.as_ref(), former.as_ref(), context).await,
        MatrixAction::TakeBack {
            room,
            contact,
            event,
        } => match present(&Puppet::Contact(*contact), context).await? {
            Ok(user) => erasures::take_back(event, room, &user, &row.effect_id, context).await,
            Err(fault) => Err(fault),
        },
        MatrixAction::Retire { localpart, .. } => erasures::retire(localpart, context).await,
        MatrixAction::Invite {
            room,
            contact,
            user,
            ..
        } => {
            let contact = *contact;
            return invite::attempt(
                Invitation {
                    room,
                    contact,
                    user,
                },
                context,
            )
            .await;
        }
        MatrixAction::Receipt { room, event } => context
            .homeserver
            .read_up_to(event, room)
            .await
            .map(|()| String::new()),
    })
}

/// What is said in a room.
struct Message<'a> {
    room: &'a OwnedRoomId,
    puppet: &'a Puppet,
    event_type: &'a str,
    content: &'a Value,
    media: Option<&'a Media>,
}

async fn say(
    message: Message<'_>,
    row: &Claimed,
    files: &Files,
    context: &Arc<Context>,
) -> Result<Result<String, Fault>, StoreError> {
    let Message {
        room,
        puppet,
        event_type,
        content,
        media,
    } = message;
    if row.uncertain == 1 {
        // It may be there already: the homeserver forgets transaction ids, its room doesn't.
        match context.homeserver.find_effect(&row.effect_id, room).await {
            Ok(Some(event)) => {
                tracing::info!(trace = %row.trace, attempt = row.attempts, "An earlier attempt had succeeded");
                return Ok(Ok(event.to_string()));
            }
            Ok(None) | Err(Fault::Refused { .. }) => {}
            Err(fault) => return Ok(Err(fault)),
        }
    }
    let user = match present(puppet, context).await? {
        Ok(user) => user,
        Err(fault) => return Ok(Err(fault)),
    };
    let content = match media {
        None => content.clone(),
        Some(media) => {
            let attempts = row.attempts;
            match files
                .complete(content, media, &user, attempts, context)
                .await?
            {
                Ok(content) => content,
                Err(fault) => return Ok(Err(fault)),
            }
        }
    };
    let content = encode::marked(content, &row.effect_id);
    let transaction = format!("{}.{}", row.effect_id, user.localpart());
    let transaction = <&TransactionId>::from(transaction.as_str());
    let send = || {
        context
            .homeserver
            .send(event_type, &content, room, &user, transaction)
    };
    let sent = match send().await {
        Err(Fault::Refused { code, .. }) if code == FORBIDDEN && user != context.bot => {
            // The ghost may have been put out, or never have come in.
            match come_in(room, &user, context).await {
                Ok(()) => send().await,
                Err(fault) => Err(fault),
            }
        }
        Err(Fault::Refused { code, .. })
            if code == FORBIDDEN && context.control_room().as_ref() == Some(room) =>
        {
            // Staff may let the bot in only later: what they are to know waits for that. It
            // is in front of the bot's own coming in.
            match context.homeserver.join(room, &user).await {
                Ok(()) => send().await,
                Err(_) => Err(Fault::Later {
                    reason: "the bot isn't in the control room".to_owned(),
                    after: None,
                }),
            }
        }
        other => other,
    };
    Ok(sent.map(|event| event.to_string()))
}

fn gone(left: Result<(), Fault>) -> Result<String, Fault> {
    match left {
        // Not there: that is what was wanted.
        Ok(()) | Err(Fault::Refused { .. }) => Ok(String::new()),
        Err(fault) => Err(fault),
    }
}

const FORBIDDEN: &str = "M_FORBIDDEN";

/// Makes sure that the user exists and is called as they should be, asking the homeserver only for
/// what it hasn't been told yet.
async fn present(
    puppet: &Puppet,
    context: &Arc<Context>,
) -> Result<Result<OwnedUserId, Fault>, StoreError> {
    let contact = match puppet {
        Puppet::Bot => return Ok(Ok(context.bot.clone())),
        Puppet::Localpart(localpart) => {
            let user = match user_id(localpart, &context.server_name) {
                Ok(user) => user,
                Err(fault) => return Ok(Err(nonsense(fault))),
            };
            return Ok(context.homeserver.register(localpart).await.map(|()| user));
        }
        Puppet::Contact(id) => people::contact(&mut context.store.read().await?, *id).await?,
    };
    let user = match user_id(&contact.ghost, &context.server_name) {
        Ok(user) => user,
        Err(fault) => return Ok(Err(nonsense(fault))),
    };
    if !contact.registered {
        if let Err(fault) = context.homeserver.register(&contact.ghost).await {
            return Ok(Err(fault));
        }
        context
            .store
            .write(move |tx| Box::pin(async move { people::set_registered(tx, contact.id).await }))
            .await?;
    }
    let name = contact.shown_name().to_owned();
    if contact.profile_name != name {
        match name_user(&user, &name, context).await {
            Ok(()) => {}
            // It isn't asked again, and what they say comes under the name that the user has.
            Err(fault @ Fault::Refused { .. }) => {
                tracing::warn!(ghost = contact.ghost, %fault, "A ghost can't be given its name");
            }
            Err(fault) => return Ok(Err(fault)),
        }
        context
            .store
            .write(move |tx| {
                Box::pin(async move { people::set_profile_name(tx, contact.id, &name).await })
            })
            .await?;
    }
    portraits::dress(&contact, &user, context).await?;
    Ok(Ok(user))
}

/// Gives a user a name, as much of it as homeservers take.
pub(super) async fn name_user(user: &UserId, name: &str, context: &Context) -> Result<(), Fault> {
    let name: String = name.chars().take(LONGEST_DISPLAY_NAME).collect();
    context.homeserver.set_display_name(user, &name).await
}

/// Characters; Synapse takes 256.
const LONGEST_DISPLAY_NAME: usize = 250;

fn nonsense(fault: ruma::IdParseError) -> Fault {
    Fault::Refused {
        code: "user id".to_owned(),
        reason: fault.to_string(),
    }
}

/// Joins; one who must be invited first is invited by the bot.
async fn come_in(room: &OwnedRoomId, user: &OwnedUserId, context: &Context) -> Result<(), Fault> {
    match context.homeserver.join(room, user).await {
        Err(Fault::Refused { code, .. }) if code == FORBIDDEN && *user != context.bot => {
            context.homeserver.invite(room, user, None).await?;
            context.homeserver.join(room, user).await
        }
        other => other,
    }
}
