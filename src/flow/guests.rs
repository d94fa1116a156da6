//! Who is copied in, who stays out, and who becomes one of a conversation's people.

use ruma::OwnedRoomId;

use super::{
    Context, audience,
    lanes::{Origin, enqueue, report, say},
};
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        facts::{Copied, Route},
        ghost,
        ids::{ContactId, ConversationId, CustomerId, MailId},
        incoming::IncomingMail,
        outgoing::{MatrixAction, Offer, Puppet},
        wording,
    },
    matrix::encode,
    store::{
        Connection, StoreError, Tx,
        conversations::{self, Conversation},
        guests, members, people, subscriptions,
    },
};

/// Most people of To and Cc that are looked at.
const MOST_COPIED: usize = 60;

/// Whom the mail went to besides us, as far as that concerns the route's conversation, once each.
pub async fn copied(
    connection: &mut Connection,
    mail: &IncomingMail,
    route: &Route,
    context: &Context,
) -> Result<Vec<Copied>, StoreError> {
    let mut found: Vec<Copied> = Vec::new();
    let sender = mail.from.as_ref().map(|from| &from.address);
    for person in mail.to.iter().chain(&mail.cc).take(MOST_COPIED) {
        let address = &person.address;
        let is_known = Some(address) == sender
            || context.is_our_address(address.as_str())
            || found.iter().any(|known| known.person.address == *address);
        if is_known {
            continue;
        }
        let room = route.room.as_str();
        let standing = guests::standing(connection, route.conversation, room, address).await?;
        found.push(Copied {
            person: NamedAddress {
                name: person.name.clone().filter(|name| is_a_name(name, address)),
                address: address.clone(),
            },
            standing,
        });
    }
    Ok(found)
}

/// Many programs write the address once more in the name's place.
fn is_a_name(name: &str, address: &EmailAddress) -> bool {
    !name.trim().is_empty() && !name.to_lowercase().contains(address.key())
}

/// In the store, who copied in somebody whom nobody has.
const NOBODY: ContactId = ContactId(0);

/// What staff are told, where, and how they can take it up.
pub struct Notice {
    /// `None`: there is no room in which to tell.
    pub room: Option<OwnedRoomId>,
    pub text: String,
}

/// How somebody was copied in.
pub struct CopiedIn {
    pub conversation: ConversationId,
    pub mail: MailId,
    /// `None`: nobody, but they answered themselves.
    pub by: Option<ContactId>,
    /// Else only offered to staff.
    pub is_guest: bool,
}

/// `person` is a guest of the conversation from now on, or offered to staff; and had the mail.
pub async fn copy_in(
    tx: &mut Tx,
    copied_in: CopiedIn,
    person: &NamedAddress,
    notice: Notice,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let CopiedIn {
        conversation,
        mail,
        by,
        is_guest,
    } = copied_in;
    let tail = context.chance.base32(ghost::TAIL_LENGTH);
    let contact = people::ensure_copied_in(tx, person, &tail, origin.now).await?;
    guests::remember_had(tx, mail, &[contact]).await?;
    let by = by.unwrap_or(NOBODY);
    let is_news = if is_guest {
        guests::add(tx, conversation, contact, by).await?
    } else {
        guests::offer(tx, conversation, contact, by).await?
    };
    if !is_news {
        return Ok(());
    }
    let Some(room) = notice.room else {
        return report(tx, &notice.text, origin, context).await;
    };
    let action = MatrixAction::Send {
        room,
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content: encode::notice(&notice.text, None),
        mail: None,
        media: None,
        offer: Some(Offer::Admit {
            conversation,
            contact,
        }),
    };
    enqueue(tx, action, origin, context).await
}

/// These stay out, and staff hear of it once.
pub async fn keep_out(
    tx: &mut Tx,
    conversation: ConversationId,
    people: &[NamedAddress],
    notice: Notice,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for person in people {
        let tail = context.chance.base32(ghost::TAIL_LENGTH);
        let contact = people::ensure_copied_in(tx, person, &tail, origin.now).await?;
        guests::keep_out(tx, conversation, contact).await?;
    }
    match notice.room {
        Some(room) => say(tx, room, &notice.text, None, origin, context).await,
        None => report(tx, &notice.text, origin, context).await,
    }
}

/// The contact becomes one of the conversation's people, unless it was closed meanwhile.
pub async fn admit(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(found) = conversations::find(tx.connection(), conversation).await? else {
        return Ok(());
    };
    let Ok(room) = OwnedRoomId::try_from(found.room_id.as_str()) else {
        return Ok(());
    };
    let known = people::contact(tx.connection(), contact).await?;
    let (name, address) = (known.shown_name(), known.address.as_str());
    if found.state == "closed" {
        let text = wording::people::not_admitted(name, address);
        return audience::tell_staff(tx, room, &text, origin, context).await;
    }
    subscriptions::renew(tx, room.as_str(), contact).await?;
    let_in(tx, (conversation, &found), contact).await?;
    let join = MatrixAction::Join {
        room: room.clone(),
        puppet: Puppet::Contact(contact),
    };
    enqueue(tx, join, origin, context).await?;
    let text = wording::people::admitted(name, address);
    say(tx, room, &text, None, origin, context).await
}

/// The contact becomes one of the conversation's people; of the room's own conversation with a
/// customer: also of its threads.
async fn let_in(
    tx: &mut Tx,
    (conversation, found): (ConversationId, &Conversation),
    contact: ContactId,
) -> Result<(), StoreError> {
    members::add(tx, conversation, &[contact]).await?;
    if found.thread_root.is_empty() {
        let customer = CustomerId(found.customer_id);
        let all = conversations::with_customer(tx.connection(), &found.room_id, customer).await?;
        for (thread, _) in all {
            members::add(tx, thread, &[contact]).await?;
        }
    }
    Ok(())
}

/// Somebody who had left the room is one of the people of those conversations again that they have
/// there; `false` if they had not left, or have none that is open.
pub async fn bring_back(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
) -> Result<bool, StoreError> {
    if !subscriptions::renew(tx, room.as_str(), contact).await? {
        return Ok(false);
    }
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    for place in places.iter().filter(|place| place.is_main) {
        if let Some(found) = conversations::find(tx.connection(), place.conversation).await? {
            let_in(tx, (place.conversation, &found), contact).await?;
        }
    }
    Ok(places.iter().any(|place| place.is_main))
}
