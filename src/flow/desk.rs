//! What staff make of conversations: written down, and told when a customer answers.

use jiff::Timestamp;
use ruma::{OwnedEventId, OwnedRoomId, UserId};

use super::{
    Context, audience,
    lanes::{self, Origin, send},
    locale, transfers,
};
use crate::{
    domain::{
        desk::{self, Change},
        effect::{ItemKind, LetterItem},
        facts::Case,
        ids::{ContactId, ConversationId},
        outgoing::Puppet,
        wording::{desk as wording, transfers as sentences},
    },
    matrix::encode,
    store::{
        Connection, StoreError, Tx, continuations, conversations,
        desk::{self as store, Found},
        people, rooms,
    },
};

pub async fn change(
    tx: &mut Tx,
    change: Change,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match change {
        Change::Progress {
            conversation,
            progress,
        } => store::set_progress(tx, conversation, progress, origin.now).await,
        Change::Assign { conversation, to } => {
            let user = to.as_ref().map_or("", |user| user.as_str());
            store::assign(tx, conversation, user).await
        }
        Change::Title {
            conversation,
            title,
        } => store::set_title(tx, conversation, &title).await,
        Change::Note {
            conversation,
            by,
            text,
        } => store::note(tx, conversation, by.as_str(), &text, origin.now).await,
        Change::Move {
            conversation,
            to,
            by,
        } => transfers::move_to(tx, conversation, to, &by, origin, context).await,
        Change::Merge { from, into, by } => {
            transfers::merge(tx, from, into, &by, origin, context).await
        }
    }
}

/// A customer has written in the conversation: it is open and waits for us, and staff are told if that
/// is news to them.
pub async fn heard(
    tx: &mut Tx,
    conversation: ConversationId,
    by: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(found) = store::find(tx.connection(), conversation).await? else {
        return Ok(());
    };
    let mut case = found.case;
    let heard = desk::heard(&case.standing);
    store::heard(tx, conversation, origin.now).await?;
    if !heard.is_told {
        return Ok(());
    }
    let Some((room, is_elsewhere)) = place_for_staff(tx, &case, context).await? else {
        return Ok(());
    };
    name_assignee(tx.connection(), &mut case, context).await?;
    let contact = people::contact(tx.connection(), by).await?;
    let text = wording::answered(contact.shown_name(), &case, heard.reopens, is_elsewhere);
    let mut content = encode::call(
        &text,
        case.standing.assignee.as_deref(),
        &case.assignee_name,
    );
    if let Some(root) = case.thread_root.as_ref().filter(|_| !is_elsewhere) {
        content = encode::in_thread(content, root);
    }
    let (puppet, kind) = (Puppet::Bot, "m.room.message");
    send(tx, room, puppet, kind, content, None, origin, context).await
}

/// What was answered to the conversation `old`, which was closed long ago, has begun `new`: staff are told
/// where to find what was said before.
pub async fn goes_on(
    tx: &mut Tx,
    (old, new): (ConversationId, ConversationId),
    event: Option<OwnedEventId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    continuations::remember(tx, old, new).await?;
    let since = conversations::find(tx.connection(), old).await?;
    let since = since.and_then(|found| found.done_since);
    let Some(found) = store::find(tx.connection(), old).await? else {
        return Ok(());
    };
    let Some((room, is_elsewhere)) = place_for_staff(tx, &found.case, context).await? else {
        return Ok(());
    };
    let zone = locale::of_room(tx.connection(), found.case.room.as_str(), context).await?;
    let since = since.and_then(|at| Timestamp::from_millisecond(at).ok());
    let since = since.map(|at| at.to_zoned(zone));
    let text = sentences::begins_anew(&found.case, new, since.as_ref(), event, is_elsewhere);
    lanes::say(tx, room, &text, None, origin, context).await
}

/// Where staff, and nobody else, are told of a conversation, and whether that is another room than its
/// own.
async fn place_for_staff(
    tx: &mut Tx,
    case: &Case,
    context: &Context,
) -> Result<Option<(OwnedRoomId, bool)>, StoreError> {
    let own = audience::room_of_staff(tx.connection(), case.room.as_str(), context).await?;
    let own = own.map(|room| (room, false));
    Ok(own.or_else(|| context.control_room().map(|room| (room, true))))
}

/// Staff have written something that goes to the conversation's people: it is their turn.
pub async fn answered(
    tx: &mut Tx,
    conversation: ConversationId,
    item: &LetterItem,
    origin: &Origin,
) -> Result<(), StoreError> {
    let is_an_answer = match item.kind {
        ItemKind::Text | ItemKind::Emote | ItemKind::Shared | ItemKind::NotCarried => true,
        ItemKind::Correction | ItemKind::Reaction | ItemKind::Remark => false,
    };
    if item.by_staff && is_an_answer {
        store::answered(tx, conversation, origin.inbox_seq, origin.now).await?;
    }
    Ok(())
}

/// With the names of those who take part, and of the assignees.
pub async fn shown(
    connection: &mut Connection,
    found: Vec<Found>,
    context: &Context,
) -> Result<Vec<Case>, StoreError> {
    let server = context.server_name.as_str();
    let mut cases = Vec::with_capacity(found.len());
    for Found { mut case, .. } in found {
        let people = conversations::people(connection, case.id, server).await?;
        case.names = people.into_iter().map(|person| person.name).collect();
        name_assignee(connection, &mut case, context).await?;
        cases.push(case);
    }
    Ok(cases)
}

/// What the assignee is called in the conversation's room.
pub async fn name_assignee(
    connection: &mut Connection,
    case: &mut Case,
    context: &Context,
) -> Result<(), StoreError> {
    if let Some(user) = &case.standing.assignee {
        case.assignee_name = name_of(connection, case.room.as_str(), user, context).await?;
    }
    Ok(())
}

/// What staff call each other: as in the room or, where somebody isn't there, in the control room.
pub async fn name_of(
    connection: &mut Connection,
    room: &str,
    user: &UserId,
    context: &Context,
) -> Result<String, StoreError> {
    let control = context.control_room();
    let control = control.as_ref().map(|room| room.as_str());
    for room in std::iter::once(room).chain(control) {
        if let Some(name) = rooms::member_name(connection, room, user.as_str()).await? {
            return Ok(name);
        }
    }
    Ok(user.localpart().to_owned())
}
