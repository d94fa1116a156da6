//! Broadcasts: the header by which a recipient leaves, and what follows once somebody has left.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use ruma::OwnedRoomId;
use sha2::{Digest as _, Sha256};

use super::{
    Context, audience, customers, lanes,
    lanes::Origin,
    worker::{Step, Worker},
};
use crate::{
    domain::{
        ids::SubscriptionId,
        letter::List,
        outgoing::{MailAction, MatrixAction, Puppet, Seal},
        wording,
    },
    store::{
        Connection, Queue, StoreError, Tx, conversations,
        subscriptions::{self, Subscription},
    },
};

/// Most changes that are told in one step.
const AT_ONCE: i64 = 100;

/// Tells rooms who has left or come back.
#[derive(Debug)]
pub struct Subscriptions(pub Arc<Context>);

impl Worker for Subscriptions {
    const NAME: &'static str = "subscriptions";
    const QUEUE: Queue = Queue::Subscriptions;

    async fn step(&mut self) -> Result<Step, StoreError> {
        step(&self.0).await
    }
}

async fn step(context: &Arc<Context>) -> Result<Step, StoreError> {
    let untold = subscriptions::untold(&mut context.store.read().await?, AT_ONCE).await?;
    if untold.is_empty() {
        return Ok(Step::Idle { until: None });
    }
    for id in untold {
        let context = Arc::clone(context);
        let store = context.store.clone();
        store
            .write(move |tx| Box::pin(async move { settle(tx, id, &context).await }))
            .await?;
    }
    Ok(Step::Again)
}

/// The ghost leaves or comes back, and the room is told, once.
async fn settle(tx: &mut Tx, id: SubscriptionId, context: &Context) -> Result<(), StoreError> {
    let found = subscriptions::find(tx.connection(), id).await?;
    let (true, Some(found)) = (subscriptions::set_told(tx, id).await?, found) else {
        return Ok(());
    };
    let origin = Origin::without_event(context.new_effect_id(), context.now_ms());
    tracing::info!(trace = %origin.trace, subscription = %id, has_left = found.ended_at.is_some(), "A subscription has changed");
    let Ok(room) = OwnedRoomId::try_from(found.room_id.as_str()) else {
        return Ok(());
    };
    let (text, puppet) = (sentence(&found), Puppet::Contact(found.contact));
    let is_bot_in = audience::is_bot_in(tx.connection(), &room).await?;
    if found.ended_at.is_some() {
        customers::close_deserted(tx, &room, found.contact, &origin, context).await?;
    } else if is_bot_in {
        conversations::reopen_deserted(tx, room.as_str(), found.contact).await?;
    }
    if !is_bot_in {
        return lanes::report(tx, &text, &origin, context).await;
    }
    let action = if found.ended_at.is_some() {
        MatrixAction::Leave {
            room: room.clone(),
            puppet,
        }
    } else {
        MatrixAction::Join {
            room: room.clone(),
            puppet,
        }
    };
    lanes::enqueue(tx, action, &origin, context).await?;
    audience::tell_staff(tx, room, &text, &origin, context).await
}

fn sentence(found: &Subscription) -> String {
    let Subscription { name, address, .. } = found;
    if found.ended_at.is_some() {
        wording::left_broadcast(name, address, &found.subject)
    } else {
        wording::back_in_broadcast(name, address, &found.subject)
    }
}

/// Which copy of a letter somebody gets.
#[derive(Debug)]
pub enum Copy {
    /// The one that all of its recipients get.
    Everybodys,
    /// Of a broadcast: their own, with the way out.
    Own(List),
    /// None: they have left the broadcast.
    Nobodys,
}

/// The copy of a sealed letter for one of its recipients. That of a broadcast names no other.
pub async fn copy_for(
    connection: &mut Connection,
    action: &MailAction,
    seal: &mut Seal,
    context: &Context,
) -> Result<Copy, StoreError> {
    let (Some(name), Some(id)) = (&seal.list, action.subscription) else {
        return Ok(Copy::Everybodys);
    };
    let found = subscriptions::find(connection, id).await?;
    let Some(found) = found.filter(|found| found.ended_at.is_none()) else {
        return Ok(Copy::Nobodys);
    };
    let list = list(name, id, &found, context);
    seal.to = vec![action.recipient.clone()];
    seal.cc = Vec::new();
    Ok(Copy::Own(list))
}

/// The list that the room `name` is to who has this subscription.
fn list(name: &str, id: SubscriptionId, found: &Subscription, context: &Context) -> List {
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let token = context.keys.subscription_token(id.0, &found.salt());
    // A room's id may hold what a List-Id can't, and says nothing to anybody.
    let digest = Sha256::digest(found.room_id.as_bytes());
    let label = BASE32_NOPAD.encode(&digest[..10]).to_ascii_lowercase();
    let public = context.public.as_ref();
    List {
        id: format!("{label}.{}", mailbox.address.domain()),
        name: name.to_owned(),
        leave_url: public.map(|public| public.page(&format!("leave/{token}"))),
        leave_address: mailbox.reply_address.with_token(&token),
    }
}
