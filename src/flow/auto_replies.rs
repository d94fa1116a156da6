//! Automatic replies: what was shown of them before, and a line for a new one.

use std::time::Duration;

use super::{
    Context,
    lanes::{Origin, enqueue},
};
use crate::{
    domain::{
        effect::AutoReply,
        facts::Route,
        incoming::IncomingMail,
        machine::ShownBefore,
        on_mail::{auto_reply_beginning, auto_reply_kind},
        outgoing::{MatrixAction, PostedMail, Puppet},
    },
    matrix::encode,
    store::{Connection, StoreError, Tx, auto_replies},
};

/// What was shown before of the sender's automatic replies, in each conversation to which the mail leads.
pub async fn shown(
    connection: &mut Connection,
    mail: &IncomingMail,
    routes: &[Route],
    context: &Context,
) -> Result<Vec<ShownBefore>, StoreError> {
    let (kind, beginning) = (auto_reply_kind(mail), auto_reply_beginning(mail));
    let now = context.now_ms();
    let ago = |at: i64| Duration::from_millis(u64::try_from(now.saturating_sub(at)).unwrap_or(0));
    let mut found = Vec::new();
    for route in routes {
        let Some(person) = &route.member else {
            continue;
        };
        let place = (route.conversation, person.contact);
        let (of_kind, alike) = auto_replies::last(connection, place, kind, &beginning).await?;
        found.push(ShownBefore {
            conversation: route.conversation,
            same_kind: of_kind.map(ago),
            same_beginning: alike.map(ago),
        });
    }
    Ok(found)
}

/// The contact's ghost says a line that is for the room alone.
pub async fn post(
    tx: &mut Tx,
    reply: AutoReply,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let place = (reply.conversation, reply.contact);
    auto_replies::remember(tx, place, reply.kind, &reply.beginning, origin.now).await?;
    let content = match (&reply.thread_root, &reply.reply_to) {
        (Some(root), _) => encode::in_thread(encode::notice(&reply.text, None), root),
        (None, answered) => encode::notice(&reply.text, answered.as_ref()),
    };
    let action = MatrixAction::Send {
        room: reply.room,
        puppet: Puppet::Contact(reply.contact),
        event_type: "m.room.message".to_owned(),
        content,
        // Without its Message-ID: nothing answers it.
        mail: Some(PostedMail {
            mail: Some(reply.mail),
            conversation: reply.conversation,
            message_id: None,
            name: reply.name,
        }),
        media: None,
        offer: None,
    };
    enqueue(tx, action, origin, context).await
}
