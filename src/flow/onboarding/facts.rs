//! What decisions about people on their way to Matrix need to know.

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};

use super::super::{Context, audience, automatic, settings};
use crate::{
    domain::{
        automatic::Kind,
        command::{
            Command,
            onboarding::{Onboarding, What},
        },
        event::{EventKind, Membership, RoomEvent},
        facts::{ConversationFacts, MailOnboarding, MoveFacts, PersonFacts},
        ids::ContactId,
        incoming::IncomingMail,
        matrix_id::{self, ServerPattern},
        on_mail,
        onboarding::{History, RoomFacts, UserFacts},
    },
    store::{Connection, StoreError, conversations, onboarding as stored, rooms},
};

/// Of a mail of one of the people of a conversation in the room.
pub async fn of_mail(
    connection: &mut Connection,
    mail: &IncomingMail,
    (person, room): (&PersonFacts, &OwnedRoomId),
    context: &Context,
) -> Result<MailOnboarding, StoreError> {
    let contact = person.contact;
    let mut facts = MailOnboarding {
        current: stored::find(connection, room.as_str(), contact).await?,
        ..MailOnboarding::default()
    };
    if !on_mail::is_written(mail) {
        return Ok(facts);
    }
    let own = mail.from.as_ref().and_then(|from| from.name.as_deref());
    facts.said = matrix_id::read(&mail.text, own.unwrap_or(&person.name));
    if facts.said == matrix_id::Said::Nothing {
        return Ok(facts);
    }
    // Who reads a broadcast takes no part in a chat.
    if settings::of_room(connection, room.as_str(), context)
        .await?
        .broadcast
    {
        facts.said = matrix_id::Said::Nothing;
        return Ok(facts);
    }
    for user in facts.said.users() {
        facts
            .users
            .push(of_user(connection, room, user, context).await?);
    }
    facts.room = of_room(connection, room, Some(contact), context).await?;
    let to = &person.address;
    facts.explained = automatic::answered(connection, Kind::Unusable, to, context).await?;
    facts.noted = automatic::answered(connection, Kind::Server, to, context).await?;
    Ok(facts)
}

/// Of an event in a room with these conversations.
pub async fn of_event(
    connection: &mut Connection,
    event: &RoomEvent,
    conversations: &[ConversationFacts],
    context: &Context,
) -> Result<MoveFacts, StoreError> {
    let mut facts = MoveFacts::default();
    let room = &event.room;
    if let EventKind::Membership { user, .. } = &event.kind {
        if !context.is_ours(user) {
            facts.moves = stored::of_user(connection, room.as_str(), user).await?;
            facts.linked = stored::linked(connection, user).await?;
            let mut of_user = of_user(connection, room, user, context).await?;
            if let EventKind::Membership {
                name: Some(name), ..
            } = &event.kind
            {
                of_user.name.clone_from(name);
            }
            facts.user = Some(of_user);
        }
        return Ok(facts);
    }
    if !context.is_ours(&event.sender) {
        facts.own = stored::linked(connection, &event.sender).await?;
    }
    match Command::of(event) {
        Some(Command::Onboarding(Ok(Onboarding { address, what }))) => {
            facts.moves = stored::of_room(connection, room.as_str()).await?;
            let mut people = conversations.iter().flat_map(|one| &one.people);
            let contact = people.find(|it| it.address == address).map(|it| it.contact);
            facts.room = of_room(connection, room, contact, context).await?;
            let user = match (what, contact) {
                (What::Link(user), _) => Some(user),
                (What::Unlink, Some(contact)) => stored::link_of(connection, contact).await?,
                (What::Unlink | What::Both(_) | What::Mail, _) => None,
            };
            if let Some(user) = user {
                facts.user = Some(of_user(connection, room, &user, context).await?);
            }
        }
        Some(Command::Allowed(Ok(_))) => {
            let configured = context.onboarding.allowed_servers.iter();
            let configured = configured.map(|server| server.as_str().to_owned());
            let added = stored::allowed_servers(connection).await?;
            facts.servers = (configured.collect(), added);
        }
        _ => {}
    }
    Ok(facts)
}

/// A user, as seen from the room.
pub async fn of_user(
    connection: &mut Connection,
    room: &RoomId,
    user: &OwnedUserId,
    context: &Context,
) -> Result<UserFacts, StoreError> {
    let membership = rooms::membership(connection, room.as_str(), user.as_str()).await?;
    let name = rooms::member_name(connection, room.as_str(), user.as_str()).await?;
    Ok(UserFacts {
        membership: membership.as_deref().map(membership_of),
        is_allowed: is_allowed(connection, user, context).await?,
        is_staff: audience::is_staff_in(connection, user, room, context).await?,
        is_ours: context.is_ours(user),
        name: name.unwrap_or_default(),
        user: user.clone(),
    })
}

fn membership_of(word: &str) -> Membership {
    match word {
        "invite" => Membership::Invite,
        "join" => Membership::Join,
        "knock" => Membership::Knock,
        "ban" => Membership::Ban,
        _ => Membership::Leave,
    }
}

/// Our own homeserver needs nobody's leave.
async fn is_allowed(
    connection: &mut Connection,
    user: &UserId,
    context: &Context,
) -> Result<bool, StoreError> {
    let (server, configured) = (user.server_name(), &context.onboarding.allowed_servers);
    let fits = |pattern: &ServerPattern| pattern.matches(server.as_str());
    if configured.is_empty() || *server == context.server_name || configured.iter().any(fits) {
        return Ok(true);
    }
    let added = stored::allowed_servers(connection).await?;
    let mut added = added
        .iter()
        .filter_map(|(server, _)| ServerPattern::parse(server).ok());
    Ok(added.any(|pattern| fits(&pattern)))
}

/// What somebody who comes in, `newcomer`, would read.
pub async fn of_room(
    connection: &mut Connection,
    room: &RoomId,
    newcomer: Option<ContactId>,
    context: &Context,
) -> Result<RoomFacts, StoreError> {
    let (_, history) = stored::access(connection, room.as_str()).await?;
    let server = context.server_name.as_str();
    let all = conversations::of_room(connection, room.as_str(), server).await?;
    let mut others: Vec<(ContactId, String)> = Vec::new();
    for person in all.into_iter().flat_map(|one| one.people) {
        let is_known = others.iter().any(|(known, _)| *known == person.contact);
        if Some(person.contact) != newcomer && !is_known {
            others.push((person.contact, person.name));
        }
    }
    Ok(RoomFacts {
        history: History::of_word(&history),
        ask: context.onboarding.ask,
        others: others.into_iter().map(|(_, name)| name).collect(),
    })
}
