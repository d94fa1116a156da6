//! What a decision about a mail needs to know, as the store has it.

use ruma::{OwnedEventId, RoomId, UserId};

use super::{
    Context, audience, guests, intake, leads,
    machine_facts::{self, Seen},
    onboarding,
    read::Read,
    settings,
};
use crate::{
    domain::{
        address::EmailAddress,
        delivery::millis,
        desk,
        evidence::Verdict,
        facts::{LedBy, MailFacts, MailOnboarding, PersonFacts, Route, Standing},
        freemail::is_freemail,
        held::Release,
        ids::{ConversationId, HeldId},
        incoming::{AttachmentInfo, Fate, IncomingMail},
        on_mail, trust,
    },
    store::{
        Connection, StoreError, continuations, conversations, guests as guest_store, held, lives,
        mails, merges, requests, rooms, successions,
    },
};

/// Of how many ids that a mail names it is asked whether they are known.
const MOST_NAMED: usize = 50;

/// What is known of a mail that was read.
pub async fn of(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<MailFacts, StoreError> {
    let identity = mail
        .message_id
        .as_ref()
        .map_or(read.digest.as_str(), |id| id.as_str())
        .to_owned();
    let own_addresses = context.own_addresses();
    let mut routes: Vec<Route> = Vec::new();
    let sought = Sought {
        mail,
        read,
        identity: &identity,
    };
    let released = released(connection, read, context).await?;
    if released.is_empty() {
        for (conversation, by) in leads::candidates(connection, mail, read, context).await? {
            let from = mail.from.as_ref().map(|from| &from.address);
            let (conversation, _) = place_of(connection, conversation, from, context).await?;
            let conversation = continued(connection, conversation, context).await?;
            let is_new = |route: &Route| route.conversation != conversation;
            if routes.iter().all(is_new) {
                routes.extend(route(connection, &sought, (conversation, by), None, context).await?);
            }
        }
    }
    let former = former(&routes);
    if former.is_some() {
        routes.clear();
    }
    let places = requests::places_of(connection, read.id).await?;
    if !places.is_empty() {
        routes.clear();
    }
    for conversation in places {
        let place = (conversation, LedBy::Intake);
        routes.extend(route(connection, &sought, place, None, context).await?);
    }
    for (conversation, release) in released {
        let place = (conversation, LedBy::Token);
        routes.extend(route(connection, &sought, place, Some(release), context).await?);
    }
    // Some servers and lists write a Message-ID of their own over ours.
    let mut names = mail.message_id.iter().chain(&read.looked.postroom_id);
    let is_ours = names.any(|id| context.keys.letter_of(id).is_some());
    let delivery = leads::delivery(connection, mail, read, context).await?;
    let leaving = leads::leaving(connection, mail, read, context).await?;
    let seen = Seen {
        report: read.report.as_ref(),
        null_sender: read.null_sender,
        delivery: delivery.as_ref(),
        leaving,
    };
    let unplaced = match &mail.from {
        Some(from) if routes.is_empty() => {
            let sought = (from, identity.as_str(), mail);
            let recipients = &read.recipients;
            intake::facts(connection, sought, recipients, former, context).await?
        }
        _ => Vec::new(),
    };
    Ok(MailFacts {
        machine: machine_facts::of(connection, mail, seen, &routes, context).await?,
        identity,
        is_ours,
        is_probe: is_probe(mail, read, context),
        delivery,
        leaving,
        judgement: read.judgement.clone(),
        routes,
        knows_signature: read.knows_signature,
        own_addresses,
        control_room: context.control_room(),
        intake: unplaced,
    })
}

/// A mail whose place is looked for.
struct Sought<'m> {
    mail: &'m IncomingMail,
    read: &'m Read,
    /// As in [`MailFacts`].
    identity: &'m str,
}

/// What is known of the mail in one conversation; `None` if there is no such conversation.
async fn route(
    connection: &mut Connection,
    sought: &Sought<'_>,
    (conversation, by): (ConversationId, LedBy),
    release: Option<Release>,
    context: &Context,
) -> Result<Option<Route>, StoreError> {
    let Sought {
        mail,
        read,
        identity,
    } = *sought;
    let found = conversations::find(connection, conversation).await?;
    // What stands for a mailbox's own letters is in no room.
    let Some(found) = found.filter(|found| !found.room_id.is_empty()) else {
        return Ok(None);
    };
    let from = mail.from.as_ref().map(|from| &from.address);
    let server = context.server_name.as_str();
    let people = conversations::people(connection, conversation, server).await?;
    let is_it = |person: &&PersonFacts| Some(&person.address) == from;
    let member = people.iter().find(is_it).cloned();
    let date = mail.date.as_deref().unwrap_or_default();
    let (known, is_held) = match from {
        Some(from) => {
            let known = match by {
                LedBy::Token | LedBy::Intake => {
                    mails::is_posted(connection, conversation, identity, from, date).await?
                }
                // A copy of it came with a token, which knows better.
                LedBy::OwnMessageId | LedBy::KnownMessageId | LedBy::Sender => {
                    mails::is_posted_anywhere(connection, identity, from, date).await?
                }
            };
            let is_held = held::is_held(connection, conversation, identity, from, date).await?;
            (known, is_held)
        }
        None => (false, false),
    };
    let room = rooms::find(connection, &found.room_id).await?;
    let room_id =
        RoomId::parse(&found.room_id).map_err(|fault| StoreError::Value(fault.to_string()))?;
    let answered = leads::answered_event(connection, mail, conversation, &found.room_id).await?;
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let mut route = Route {
        conversation,
        by,
        known,
        is_held,
        standing: match (from, &member) {
            (Some(from), None) => {
                let place = (conversation, found.room_id.as_str());
                standing(connection, place, &people, from).await?
            }
            _ => trust::Standing::Stranger,
        },
        policy: settings::trust(connection, &found.room_id, mailbox).await?,
        is_closed: found.state == "closed",
        is_long_over: is_long_ago(found.closed_at, context),
        rests_for_long: is_long_ago(found.done_since, context),
        release,
        thread_root: match &answered {
            _ if requests::is_root_to_come(&found.thread_root) => None,
            _ if !found.thread_root.is_empty() => {
                // The thread may have stayed behind in a room that was replaced.
                let is_uprooted = successions::is_uprooted(connection, conversation).await?;
                let root = found.thread_root.try_into().ok();
                root.filter(|_| !is_uprooted)
            }
            Some(event) => leads::thread_root(connection, event).await?,
            None => None,
        },
        reply_to: answered,
        // In a room that is being replaced nobody reads any more.
        bot_joined: room.is_some_and(|room| room.bot_joined == 1)
            && !successions::is_waiting(connection, &found.room_id).await?,
        is_deserted: lives::find(connection, &found.room_id).await?.is_deserted,
        has_visitors: false,
        room: room_id,
        is_loose: is_loose(connection, mail, conversation).await?,
        subject: found.subject,
        copied_by: None,
        copied: Vec::new(),
        guests: guest_store::count(connection, conversation).await?,
        onboarding: MailOnboarding::default(),
        member,
    };
    if let Some(person) = &route.member {
        let place = (person, &route.room);
        route.onboarding = onboarding::facts::of_mail(connection, mail, place, context).await?;
    }
    route.copied = guests::copied(connection, mail, &route, context).await?;
    let is_withheld = |one: &AttachmentInfo| matches!(one.fate, Fate::Withheld(_));
    let mut matters = mail.attachments.iter().any(is_withheld)
        || route.release.is_some()
        || read.looked.marks.spam.is_some();
    let verified = read.judgement.verdict == Verdict::Verified;
    match &route.member {
        Some(person) => {
            route.copied_by =
                guest_store::copied_by(connection, conversation, person.contact).await?;
            let own = context.own_addresses();
            // What nobody vouches for may have to be held.
            matters |= !verified || on_mail::will_be_told(person, &route.copied, verified, &own);
        }
        None => matters = true,
    }
    route.has_visitors =
        matters && audience::has_visitors(connection, &route.room, context).await?;
    Ok(Some(route))
}

/// Where staff have released the mail.
async fn released(
    connection: &mut Connection,
    read: &Read,
    context: &Context,
) -> Result<Vec<(ConversationId, Release)>, StoreError> {
    let mut released = Vec::new();
    for row in held::releasing(connection, read.id).await? {
        let is_automatic = row.decided_by == context.bot.as_str();
        let by = match UserId::parse(&row.decided_by) {
            Ok(user) => name_of(connection, &row.room_id, &user, context).await?,
            Err(_) => row.decided_by,
        };
        let release = Release {
            id: HeldId(row.id),
            by,
            admits: row.admits == 1,
            was_member: row.is_member == 1,
            is_automatic,
        };
        let conversation = ConversationId(row.conversation_id);
        released.push((merges::follow(connection, conversation).await?, release));
    }
    Ok(released)
}

async fn name_of(
    connection: &mut Connection,
    room: &str,
    user: &UserId,
    context: &Context,
) -> Result<String, StoreError> {
    if let Some(name) = context.names.get(user) {
        return Ok(name.clone());
    }
    let own = rooms::member_name(connection, room, user.as_str()).await?;
    Ok(own.unwrap_or_else(|| user.localpart().to_owned()))
}

/// What somebody who isn't one of the conversation's people is to it. Whoever has left it, or was put
/// out, has no claim by their domain.
async fn standing(
    connection: &mut Connection,
    (conversation, room): (ConversationId, &str),
    people: &[PersonFacts],
    from: &EmailAddress,
) -> Result<trust::Standing, StoreError> {
    let is_near =
        |person: &PersonFacts| !person.is_guest && person.address.domain() == from.domain();
    if is_freemail(from.domain()) || !people.iter().any(is_near) {
        return Ok(trust::Standing::Stranger);
    }
    Ok(
        match guest_store::standing(connection, conversation, room, from).await? {
            Standing::Out { .. } => trust::Standing::Stranger,
            Standing::Here { .. } | Standing::Offered(_) | Standing::New => {
                trust::Standing::Colleague
            }
        },
    )
}

/// The conversation to which somebody answers by a mail to `conversation`, with who they are in it.
/// One of the room's other people who answers all gives their answer in their own conversation, and so
/// does who answers in a closed one and has another since.
async fn place_of(
    connection: &mut Connection,
    conversation: ConversationId,
    from: Option<&EmailAddress>,
    context: &Context,
) -> Result<(ConversationId, Option<PersonFacts>), StoreError> {
    let conversation = merges::follow(connection, conversation).await?;
    let server = context.server_name.as_str();
    let people = conversations::people(connection, conversation, server).await?;
    let is_it = |person: &PersonFacts| Some(&person.address) == from;
    let member = people.into_iter().find(is_it);
    let Some(found) = conversations::find(connection, conversation).await? else {
        return Ok((conversation, member));
    };
    if member.is_some() && found.state != "closed" {
        return Ok((conversation, member));
    }
    let root: Option<OwnedEventId> = found.thread_root.try_into().ok();
    let mut as_guest = None;
    for other in conversations::of_room(connection, &found.room_id, server).await? {
        if other.thread_root == root
            && let Some(person) = other.people.into_iter().find(is_it)
        {
            if !person.is_guest {
                return Ok((other.id, Some(person)));
            }
            as_guest.get_or_insert((other.id, Some(person)));
        }
    }
    Ok(as_guest.unwrap_or((conversation, member)))
}

/// Where an answer to the conversation goes on: in itself, unless it was closed long ago and such an
/// answer has begun another one.
async fn continued(
    connection: &mut Connection,
    conversation: ConversationId,
    context: &Context,
) -> Result<ConversationId, StoreError> {
    let mut place = conversation;
    for _ in 0..MOST_NAMED {
        let found = conversations::find(connection, place).await?;
        if !found.is_some_and(|found| is_long_ago(found.done_since, context)) {
            break;
        }
        match continuations::of(connection, place).await? {
            Some(next) => place = merges::follow(connection, next).await?,
            None => break,
        }
    }
    Ok(place)
}

fn is_long_ago(at: Option<i64>, context: &Context) -> bool {
    let ago = at.map(|at| context.now_ms().saturating_sub(at));
    ago.is_some_and(|ago| ago > millis(desk::BEGINS_ANEW_AFTER))
}

/// The conversation to which a mail leads that leads nowhere any more: the bot is out of its room, and
/// that has been over for long.
fn former(routes: &[Route]) -> Option<ConversationId> {
    let is_gone = |route: &Route| !route.bot_joined && route.is_long_over && !route.is_decided();
    let first = routes.first()?;
    routes.iter().all(is_gone).then_some(first.conversation)
}

/// Whether the mail names none of the conversation's others, if there are any.
async fn is_loose(
    connection: &mut Connection,
    mail: &IncomingMail,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let named = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in named.take(MOST_NAMED) {
        if conversations::has_in_chain(connection, conversation, id).await? {
            return Ok(false);
        }
    }
    let chain = conversations::chain(connection, conversation).await?;
    Ok(chain
        .ids
        .iter()
        .any(|id| Some(id) != mail.message_id.as_ref()))
}

/// Whether the mail is one that `postroom doctor --send` has sent to see whether it comes back. A
/// mail server on the way may have changed its Message-ID; the address it was sent to stays.
fn is_probe(mail: &IncomingMail, read: &Read, context: &Context) -> bool {
    let is_by_us = mail.from.as_ref().is_some_and(|from| {
        let mut mailboxes = context.mailboxes.values();
        mailboxes.any(|mailbox| mailbox.address == from.address)
    });
    is_by_us
        && read.recipients.iter().chain(&mail.recipients).any(|to| {
            let mut mailboxes = context.mailboxes.values();
            let is_token = |token: String| context.keys.is_probe_token(&token);
            mailboxes.any(|mailbox| mailbox.reply_address.detail(to).is_some_and(is_token))
        })
}
