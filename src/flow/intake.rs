//! Mail that belongs to no conversation: what is known of it, and what staff want done.

use std::{collections::HashSet, sync::Arc};

use ruma::{OwnedEventId, OwnedRoomId, RoomId, UserId};

use super::{
    Context, audience, automatic, lanes, lanes::Origin, locale, new_rooms, openings, policies,
};
use crate::{
    config::{Mailbox, MailboxName},
    content::language,
    domain::{
        address::{EmailAddress, NamedAddress},
        automatic::Kind,
        command::requests::Decide,
        event::RoomEvent,
        facts::{IntakeFacts, RequestsFacts, SharedRoom, SpaceWish},
        held::MOST_LISTED,
        ids::{ConversationId, MailId, RequestId},
        incoming::IncomingMail,
        intake::{
            Action, Answered, Decision, Known, KnownRoom, KnownRooms, Notice, Request, State, Way,
        },
        letter::Language,
        outgoing::Offer,
        room_policy::{Job, Wish},
        space_request,
        trust::Intake as Rule,
        wording::intake as wording,
    },
    store::{Connection, StoreError, Tx, guests, requests, rooms},
};

/// Most rooms of somebody that staff are told of.
const MOST_ROOMS: usize = 10;
/// Most conversations of somebody that are looked at.
const MOST_COUNTED: i64 = 100;
/// Within this time rooms that a rule has opened are counted, in milliseconds.
const AN_HOUR: i64 = 60 * 60 * 1000;
/// How long nobody is reminded of what waits, in milliseconds.
const REMIND_AFTER: i64 = 24 * AN_HOUR;

/// Of a mail that leads nowhere: by whom, known as what, and the mail itself.
type Unplaced<'m> = (&'m NamedAddress, &'m str, &'m IncomingMail);

/// What a decision about it needs to know, for each of the mailboxes to which it came and that take such
/// mail; if none of them does, for the first.
pub async fn facts(
    connection: &mut Connection,
    unplaced: Unplaced<'_>,
    recipients: &[String],
    former: Option<ConversationId>,
    context: &Context,
) -> Result<Vec<IntakeFacts>, StoreError> {
    let mut mailboxes = context.mailboxes_to(recipients);
    let takes = |(_, mailbox): &(&MailboxName, &Mailbox)| {
        matches!(mailbox.intake.rule, Rule::Triage | Rule::Room)
    };
    // What is answered was said in one place.
    if former.is_none() && mailboxes.iter().any(takes) {
        mailboxes.retain(takes);
    } else {
        mailboxes.truncate(1);
    }
    let mut facts = Vec::with_capacity(mailboxes.len());
    for mailbox in mailboxes {
        facts.push(of_mailbox(connection, unplaced, mailbox, former, context).await?);
    }
    Ok(facts)
}

async fn of_mailbox(
    connection: &mut Connection,
    (from, identity, mail): Unplaced<'_>,
    (name, mailbox): (&MailboxName, &Mailbox),
    former: Option<ConversationId>,
    context: &Context,
) -> Result<IntakeFacts, StoreError> {
    let (config, address) = (&mailbox.intake, &from.address);
    let name = name.as_str();
    let date = mail.date.as_deref().unwrap_or_default();
    let shared = match config.domains.get(&address.domain().to_lowercase()) {
        Some(room) => Some(SharedRoom {
            is_ready: is_relayed(connection, room).await?,
            is_out: guests::is_out(connection, room.as_str(), address).await?,
            room: room.clone(),
        }),
        None => None,
    };
    let since = context.now_ms().saturating_sub(AN_HOUR);
    let opened = requests::opened_by_rule(connection, name, since).await?;
    let detected = language::detect(&mail.text).and_then(Language::from_tag);
    Ok(IntakeFacts {
        mailbox: name.to_owned(),
        address: mailbox.address.clone(),
        rule: config.rule,
        can_ask: context.triage_room(mailbox).is_some(),
        is_known: requests::is_known(connection, name, identity, address, date).await?,
        pending: requests::pending(connection, name, address, None).await?,
        space: space_wish(connection, (from, identity, mail), name, context).await?,
        former,
        shared,
        rooms: known_rooms(connection, address, name, context).await?,
        can_invite: new_rooms::can_invite(connection, name, context).await?,
        is_full: config.most_rooms() > 0 && opened >= i64::from(config.most_rooms()),
        acknowledge: config.acknowledge,
        is_closed: is_closed(mailbox, context),
        answered: Answered {
            acknowledged: automatic::answered(connection, Kind::Acknowledged, address, context)
                .await?,
            rejected: automatic::answered(connection, Kind::Rejected, address, context).await?,
        },
        language: detected.unwrap_or(mailbox.language),
    })
}

/// Where somebody is already; named are only rooms of which those may know who are asked.
async fn known_rooms(
    connection: &mut Connection,
    address: &EmailAddress,
    mailbox: &str,
    context: &Context,
) -> Result<KnownRooms, StoreError> {
    let found = requests::rooms_of(connection, address, MOST_COUNTED).await?;
    let is_theirs = |(_, of): &(KnownRoom, String)| context.share_staff(mailbox, of);
    let (named, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_theirs);
    let others: HashSet<OwnedRoomId> = others.into_iter().map(|(known, _)| known.room).collect();
    let named = named.into_iter().map(|(known, _)| known);
    Ok(KnownRooms {
        named: named.take(MOST_ROOMS).collect(),
        others: others.len(),
    })
}

/// What the mail asks for, if it is about the Space that the mailbox's rooms are in.
async fn space_wish(
    connection: &mut Connection,
    (from, _, mail): Unplaced<'_>,
    mailbox: &str,
    context: &Context,
) -> Result<Option<SpaceWish>, StoreError> {
    let subject = mail.subject.as_deref().unwrap_or_default();
    let wanted = space_request::wanted(subject, &mail.text);
    let Some(room) = wanted.filter(|_| context.policy(mailbox).space.is_some()) else {
        return Ok(None);
    };
    let pending = requests::pending(connection, mailbox, &from.address, Some(&room)).await?;
    Ok(Some(SpaceWish { room, pending }))
}

/// Whether nobody is there to answer.
fn is_closed(mailbox: &Mailbox, context: &Context) -> bool {
    let zone = locale::of_mailbox(mailbox);
    !context.hours(mailbox).is_open(context.now(), &zone)
}

/// Whether mail can be carried in the room.
async fn is_relayed(connection: &mut Connection, room: &RoomId) -> Result<bool, StoreError> {
    let known = rooms::find(connection, room.as_str()).await?;
    Ok(known.is_some_and(|known| known.bot_joined == 1 && known.encrypted == 0))
}

/// What waits, for `!email requests`.
pub async fn listed(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<RequestsFacts, StoreError> {
    let is_control_room = context.control_room().as_deref() == Some(room);
    let told_in = if is_control_room { "" } else { room.as_str() };
    let is_place = is_place(connection, room, context).await?;
    let told_in = if is_place { told_in } else { "" };
    let (listed, count) = requests::waiting(connection, told_in, MOST_LISTED).await?;
    Ok(RequestsFacts {
        listed: if is_place { listed } else { Vec::new() },
        count,
        is_place,
        target_is_ready: false,
    })
}

/// Whether staff, and nobody else, are told of requests in the room.
async fn is_place(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    let is_one = context.control_room().as_deref() == Some(room) || context.is_triage_room(room);
    Ok(is_one && !audience::has_visitors(connection, room, context).await?)
}

/// The request that a command asks for, if whoever gives it may decide about it.
pub async fn asked_for(
    connection: &mut Connection,
    asked: &Decide,
    event: &RoomEvent,
    context: &Context,
) -> Result<RequestsFacts, StoreError> {
    let mut facts = RequestsFacts {
        is_place: is_place(connection, &event.room, context).await?,
        ..RequestsFacts::default()
    };
    let Some(known) = requests::find(connection, asked.request).await? else {
        return Ok(facts);
    };
    let is_control_room = context.control_room().as_ref() == Some(&event.room);
    if !is_control_room && !context.staff_of(&known.mailbox).is_staff(&event.sender) {
        return Ok(facts);
    }
    if let Some(target) = asked.target(&event.room) {
        let staff = audience::staff(connection, &target, context).await?;
        let is_for_staff =
            context.control_room().as_ref() == Some(&target) || context.is_triage_room(&target);
        facts.target_is_ready = !is_for_staff
            && is_relayed(connection, &target).await?
            && staff.is_staff(&event.sender);
    }
    facts.listed.push(known);
    Ok(facts)
}

/// The mailboxes, that of the room first, and whether the user is staff for each.
pub async fn mailboxes(
    connection: &mut Connection,
    room: &RoomId,
    user: &UserId,
    context: &Context,
) -> Result<Vec<(String, bool)>, StoreError> {
    let known = rooms::find(connection, room.as_str()).await?;
    let (own, _) = context.mailbox(known.as_ref().map_or("", |known| known.mailbox.as_str()));
    let others = context.mailboxes.keys().filter(|name| *name != own);
    let all = std::iter::once(own).chain(others);
    let named = all.map(|name| {
        let is_staff = context.staff_of(name.as_str()).is_staff(user);
        (name.to_string(), is_staff)
    });
    Ok(named.collect())
}

pub async fn apply(
    tx: &mut Tx,
    action: Action,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match action {
        Action::Request { request, notice } => {
            take_in(tx, &request, &notice, origin, context).await
        }
        Action::Answer(answer) => automatic::answer(tx, answer, origin, context).await,
        Action::Decide {
            request,
            decision,
            by,
            room,
            asked,
            is_command,
        } => {
            let asked = Asked {
                room,
                event: asked,
                is_command,
            };
            decide(tx, request, &decision, &by, asked, origin, context).await
        }
        Action::SetMailbox { room, mailbox } => {
            requests::set_mailbox(tx, room.as_str(), &mailbox).await
        }
    }
}

/// The mail becomes a request, or joins one.
async fn take_in(
    tx: &mut Tx,
    request: &Request,
    notice: &Notice,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (_, mailbox) = context.mailbox(&request.mailbox);
    let asked_in = audience::asked_in(tx.connection(), mailbox, context).await?;
    // What can be asked nowhere now stands where it would have been asked, and is reminded of there.
    let told_in = asked_in.clone().or_else(|| context.triage_room(mailbox));
    let told_in = told_in.as_ref().map_or("", |room| room.as_str());
    match &request.way {
        Way::Join(id) => {
            requests::add_mail(tx, *id, request).await?;
            let known = requests::find(tx.connection(), *id).await?;
            match known.filter(|known| known.state == State::Waiting) {
                Some(known) => {
                    let text = wording::one_more(*id, notice);
                    let room = match &known.told_in {
                        Some(room) => {
                            audience::asked_instead(tx.connection(), room, context).await?
                        }
                        None => None,
                    };
                    ask(tx, (*id, request.mail), room, &text, origin, context).await
                }
                // It comes with the others.
                None => Ok(()),
            }
        }
        Way::Ask => {
            let id = requests::insert(tx, request, State::Waiting, told_in, origin.now).await?;
            requests::add_mail(tx, id, request).await?;
            let text = wording::notice(id, notice);
            ask(tx, (id, request.mail), asked_in, &text, origin, context).await
        }
        Way::NewRoom => {
            let id = requests::insert(tx, request, State::Opening, told_in, origin.now).await?;
            requests::add_mail(tx, id, request).await?;
            requests::note_order(tx, id, origin.now).await?;
            new_rooms::order(tx, id, None, origin, context).await
        }
        Way::Into(room) => {
            let id = requests::insert(tx, request, State::Opening, told_in, origin.now).await?;
            requests::add_mail(tx, id, request).await?;
            openings::open_in(tx, id, room.clone(), origin, context)
                .await
                .map(drop)
        }
    }
}

/// Staff are asked about a mail of a request.
async fn ask(
    tx: &mut Tx,
    (request, mail): (RequestId, MailId),
    room: Option<OwnedRoomId>,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match room {
        Some(room) => {
            let offer = Offer::Request { request, mail };
            lanes::make_offer(tx, room, text, offer, origin, context).await
        }
        None => lanes::report(tx, text, origin, context).await,
    }
}

/// By what staff have decided.
struct Asked {
    room: OwnedRoomId,
    /// The notice that they reacted to, or the command.
    event: OwnedEventId,
    is_command: bool,
}

/// Carries out what staff have decided. To decide the same twice does nothing more.
async fn decide(
    tx: &mut Tx,
    id: RequestId,
    decision: &Decision,
    by: &UserId,
    asked: Asked,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(known) = requests::find(tx.connection(), id).await? else {
        return Ok(());
    };
    // Several mailboxes, each with staff of its own, may share the room in which they are asked.
    let is_for_all = context.control_room().as_ref() == Some(&asked.room);
    if !is_for_all && !context.staff_of(&known.mailbox).is_staff(by) {
        let text = wording::others_decide(id, &known.mailbox);
        return lanes::say(tx, asked.room, &text, Some(&asked.event), origin, context).await;
    }
    let answer = carry_out(tx, &known, decision, by, &asked, origin, context).await?;
    // The answer about a room that is to come into the Space is edited while work goes on.
    let is_seen = *decision == Decision::Open && (!asked.is_command || known.space.is_some());
    let text = match answer {
        Carried::Out if is_seen => return Ok(()),
        Carried::Out => wording::decided(id, decision),
        Carried::Before if !asked.is_command && is_same(&known, decision) => return Ok(()),
        Carried::Before => wording::decided_before(&known),
        Carried::AnotherFirst(other) => wording::has_another(id, other),
    };
    lanes::say(tx, asked.room, &text, Some(&asked.event), origin, context).await
}

/// What a decision came to.
enum Carried {
    Out,
    /// Somebody had decided before.
    Before,
    /// Its sender has another one that isn't done.
    AnotherFirst(RequestId),
}

async fn carry_out(
    tx: &mut Tx,
    known: &Known,
    decision: &Decision,
    by: &UserId,
    asked: &Asked,
    origin: &Origin,
    context: &Context,
) -> Result<Carried, StoreError> {
    let (id, now) = (known.id, origin.now);
    if !known.state.may_become(decision) {
        return Ok(Carried::Before);
    }
    if known.state == State::Dismissed {
        let address = &known.sender.address;
        let (mailbox, space) = (&known.mailbox, known.space.as_ref());
        let other = requests::pending(tx.connection(), mailbox, address, space).await?;
        if let Some(other) = other {
            return Ok(Carried::AnotherFirst(other));
        }
    }
    tracing::info!(trace = %origin.trace, request = %id, ?decision, "Staff have decided about a request");
    match decision {
        Decision::Open => {
            if !requests::begin(tx, id, by.as_str(), now).await? {
                return Ok(Carried::Before);
            }
            match &known.space {
                None => new_rooms::order(tx, id, Some(by), origin, context).await?,
                Some(room) => {
                    let job = Job {
                        wish: Wish::AddToSpace,
                        target: Some(room.clone()),
                        room: asked.room.clone(),
                        asked: asked.event.clone(),
                        by: by.to_owned(),
                    };
                    policies::add(tx, &job, Some(id), origin, context).await?;
                }
            }
        }
        Decision::Into(room) => {
            requests::set_decided_by(tx, id, by.as_str(), now).await?;
            if !openings::open_in(tx, id, room.clone(), origin, context).await? {
                return Ok(Carried::Before);
            }
        }
        Decision::Dismiss => {
            if !requests::dismiss(tx, id, by.as_str(), now).await? {
                return Ok(Carried::Before);
            }
        }
    }
    Ok(Carried::Out)
}

fn is_same(known: &Known, decision: &Decision) -> bool {
    matches!(
        (known.state, decision),
        (
            State::Opening | State::Opened | State::Answered,
            Decision::Open
        ) | (State::Dismissed, Decision::Dismiss)
    )
}

/// Reminds staff of requests that wait; when that is due next.
pub async fn remind(context: &Arc<Context>) -> Result<Option<i64>, StoreError> {
    let now = context.now_ms();
    let rooms = requests::rooms(&mut context.store.read().await?).await?;
    let due_at = |told_at: i64| told_at.saturating_add(REMIND_AFTER);
    for (room, _) in rooms.iter().filter(|(_, at)| due_at(*at) <= now) {
        let (room, context) = (room.clone(), Arc::clone(context));
        let store = context.store.clone();
        store
            .write(move |tx| Box::pin(async move { remind_in(tx, &room, &context).await }))
            .await?;
    }
    let next = rooms.iter().map(|(_, at)| due_at(*at));
    Ok(next.filter(|due| *due > now).min())
}

async fn remind_in(tx: &mut Tx, room: &str, context: &Context) -> Result<(), StoreError> {
    let origin = Origin::without_event(context.new_effect_id(), context.now_ms());
    requests::remind(tx, room, origin.now).await?;
    let (listed, count) = requests::waiting(tx.connection(), room, MOST_LISTED).await?;
    let text = wording::reminder(&listed, count);
    match OwnedRoomId::try_from(room) {
        Ok(room) => audience::tell_staff(tx, room, &text, &origin, context).await,
        Err(_) => lanes::report(tx, &text, &origin, context).await,
    }
}
