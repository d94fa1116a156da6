//! What the desk's commands need to know.

use std::collections::HashMap;

use jiff::Timestamp;
use ruma::{OwnedRoomId, RoomAliasId, RoomId, UserId};

use super::{Context, audience, desk::name_assignee, desk::name_of};
use crate::{
    domain::{
        command::{Command, assign::Assign, find::Find, list::List, merge::Merge, move_to::Move},
        desk::{Filter, Progress},
        elsewhere::{Place, number},
        event::RoomEvent,
        facts::{AssigneeFacts, Case, CaseNote, DeskFacts, Standing, TargetRoom},
        ids::ConversationId,
    },
    store::{
        Connection, StoreError, conversations,
        desk::{self as store, Found},
        guests, named_rooms, rooms,
    },
};

/// Of how many conversations a list is made.
const MOST_LISTED: i64 = 400;
/// How many conversations a search finds at most, and among how many of the newest it looks.
const MOST_FOUND: usize = 20;
const MOST_LOOKED_AT: usize = 5_000;
/// That many at a time.
const AT_ONCE: i64 = 500;
const MOST_NOTES: i64 = 10;

/// What `command` needs to know, given in the room of `event`.
pub async fn of(
    connection: &mut Connection,
    event: &RoomEvent,
    command: &Command,
    context: &Context,
) -> Result<DeskFacts, StoreError> {
    let room = &event.room;
    let mut facts = DeskFacts {
        now: context.now(),
        is_everywhere: is_for_all_rooms(connection, room, context).await?,
        ..DeskFacts::default()
    };
    match command {
        Command::List(Ok(list)) if facts.is_everywhere => {
            listed(connection, list, event, &mut facts, context).await?;
        }
        Command::Find(Ok(find)) => {
            let only = (!facts.is_everywhere).then_some(room);
            found(connection, find, only, event, &mut facts, context).await?;
        }
        Command::Merge(Ok(merge)) => pair(connection, merge, event, &mut facts, context).await?,
        Command::List(_)
        | Command::Status(_)
        | Command::Progress(_)
        | Command::Assign(_)
        | Command::Subject(_)
        | Command::Note(_)
        | Command::Move(_) => {
            let cases = store::of_room(connection, room.as_str()).await?;
            facts.cases = shown(connection, cases, context).await?;
        }
        _ => {}
    }
    match command {
        Command::Status(Ok(status)) => {
            if let Some(number) = status.number {
                notes(connection, number, room, &mut facts, context).await?;
            }
        }
        Command::Assign(Ok(assign)) => {
            facts.assignee = assignee(connection, assign, event, context).await?;
        }
        Command::Move(Ok(asked)) => {
            facts.target = target(connection, asked, event, &facts.cases, context).await?;
        }
        _ => {}
    }
    Ok(facts)
}

/// Whether what is asked in this room is about all of them.
pub async fn is_for_all_rooms(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    Ok(context.control_room().as_deref() == Some(room)
        || named_rooms::is_direct(connection, room.as_str()).await?)
}

/// With the names of those who take part, and of the assignees.
async fn shown(
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

/// Those in whose rooms the user may command the bot.
async fn those_of(
    connection: &mut Connection,
    user: &UserId,
    mut found: Vec<Found>,
    context: &Context,
) -> Result<Vec<Found>, StoreError> {
    let mut rooms: HashMap<OwnedRoomId, bool> = HashMap::new();
    for one in &found {
        let room = &one.case.room;
        if !rooms.contains_key(room) {
            let is_staff = audience::is_staff_in(connection, user, room, context).await?;
            rooms.insert(room.clone(), is_staff);
        }
    }
    found.retain(|one| rooms[&one.case.room]);
    Ok(found)
}

async fn listed(
    connection: &mut Connection,
    list: &List,
    event: &RoomEvent,
    facts: &mut DeskFacts,
    context: &Context,
) -> Result<(), StoreError> {
    let most = MOST_LISTED;
    let mut found = Vec::new();
    match list.filter {
        Some(Filter::Mine) => {
            found = store::of_assignee(connection, event.sender.as_str(), most).await?;
        }
        Some(Filter::Waiting) => found = store::waiting(connection, most).await?,
        Some(Filter::Closed) => found = store::at(connection, Progress::Done, most).await?,
        Some(Filter::Pending) => found = store::at(connection, Progress::Pending, most).await?,
        Some(Filter::All) => found = store::newest(connection, i64::MAX, most).await?,
        filter @ (None | Some(Filter::Open)) => {
            found.extend(store::waiting(connection, most).await?);
            found.extend(store::at(connection, Progress::Open, most).await?);
            if filter.is_none() {
                found.extend(store::at(connection, Progress::Pending, most).await?);
            }
            let mut seen = std::collections::HashSet::new();
            found.retain(|one| seen.insert(one.case.id));
        }
    }
    facts.has_more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= most;
    let allowed = those_of(connection, &event.sender, found, context).await?;
    facts.cases = shown(connection, allowed, context).await?;
    Ok(())
}

/// Looks through the newest conversations, some hundreds at a time.
async fn found(
    connection: &mut Connection,
    find: &Find,
    only: Option<&OwnedRoomId>,
    event: &RoomEvent,
    facts: &mut DeskFacts,
    context: &Context,
) -> Result<(), StoreError> {
    let asked = number(&find.text);
    let (mut before, mut looked_at) = (i64::MAX, 0);
    let mut found: Vec<Found> = Vec::new();
    if let Some(asked) = asked {
        let one = store::find(connection, asked).await?;
        found.extend(one.filter(|one| only.is_none_or(|room| one.case.room == *room)));
    }
    'pages: loop {
        let page = store::newest(connection, before, AT_ONCE).await?;
        let (Some(newest), Some(oldest)) = (page.first(), page.last()) else {
            break;
        };
        let (first, last) = (oldest.case.id.0, newest.case.id.0);
        (before, looked_at) = (first, looked_at + page.len());
        let mut known: HashMap<i64, String> = HashMap::new();
        for (id, address, name) in store::people_between(connection, first, last).await? {
            let known = known.entry(id).or_default();
            known.extend(["\n", &address, "\n", &name]);
        }
        for (id, text) in store::last_mails_between(connection, first, last).await? {
            known.entry(id).or_default().extend(["\n", &text]);
        }
        for one in page {
            let case = &one.case;
            let more = known.get(&case.id.0).map_or("", String::as_str);
            let words = format!("{}\n{}{more}", case.title, one.subject);
            let is_here = only.is_none_or(|room| case.room == *room);
            let is_new = Some(case.id) != asked;
            if is_here && is_new && find.fits(&words) {
                if found.len() >= MOST_FOUND {
                    facts.has_more = true;
                    break 'pages;
                }
                found.push(one);
            }
        }
        if looked_at >= MOST_LOOKED_AT {
            facts.has_more = true;
            break;
        }
    }
    let allowed = those_of(connection, &event.sender, found, context).await?;
    facts.cases = shown(connection, allowed, context).await?;
    Ok(())
}

async fn notes(
    connection: &mut Connection,
    number: ConversationId,
    room: &RoomId,
    facts: &mut DeskFacts,
    context: &Context,
) -> Result<(), StoreError> {
    if facts.cases.iter().all(|case| case.id != number) {
        return Ok(());
    }
    let (rows, count) = store::notes(connection, number, MOST_NOTES).await?;
    facts.note_count = count;
    facts.hides_notes = audience::has_visitors(connection, room, context).await?;
    for (author, text, at) in rows {
        let by = match UserId::parse(&author) {
            Ok(user) => name_of(connection, room.as_str(), &user, context).await?,
            Err(_) => author,
        };
        facts.notes.push(CaseNote {
            text,
            by,
            at: Timestamp::from_millisecond(at).unwrap_or_default(),
        });
    }
    Ok(())
}

async fn assignee(
    connection: &mut Connection,
    assign: &Assign,
    event: &RoomEvent,
    context: &Context,
) -> Result<Option<AssigneeFacts>, StoreError> {
    let Some(user) = assign.user(&event.sender) else {
        return Ok(None);
    };
    let room = event.room.as_str();
    let membership = rooms::membership(connection, room, user.as_str()).await?;
    Ok(Some(AssigneeFacts {
        name: name_of(connection, room, &user, context).await?,
        is_staff: audience::is_staff_in(connection, &user, &event.room, context).await?,
        is_there: membership.as_deref() == Some("join"),
        user,
    }))
}

/// The two that are to become one. What the first leaves behind is told as of a room.
async fn pair(
    connection: &mut Connection,
    merge: &Merge,
    event: &RoomEvent,
    facts: &mut DeskFacts,
    context: &Context,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for id in [merge.from, merge.into] {
        found.extend(store::find(connection, id).await?);
    }
    let mut is_staff = true;
    for one in &found {
        is_staff &=
            audience::is_staff_in(connection, &event.sender, &one.case.room, context).await?;
    }
    // Of others nothing is shown.
    if is_staff {
        facts.pair = shown(connection, found, context).await?;
    }
    let mut target = TargetRoom {
        is_staff,
        ..TargetRoom::default()
    };
    if let [from, into] = facts.pair.as_slice() {
        target.bot_joined = audience::is_bot_in(connection, &into.room).await?;
        target.threads = threads_of(connection, from, into.id).await?;
        if from.room != into.room {
            readers(connection, from, &into.room, &mut target, context).await?;
        }
        guests(connection, from, into, &mut target, context).await?;
    }
    facts.target = Some(target);
    Ok(())
}

/// Who is copied in in the first conversation, and has no place in the second.
async fn guests(
    connection: &mut Connection,
    from: &Case,
    into: &Case,
    target: &mut TargetRoom,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    let people = conversations::people(connection, from.id, server).await?;
    for guest in people.into_iter().filter(|person| person.is_guest) {
        let room = into.room.as_str();
        match guests::standing(connection, into.id, room, &guest.address).await? {
            Standing::Here { .. } => {}
            Standing::Out { .. } => target.put_out.push(guest.name),
            Standing::New | Standing::Offered(_) => target.guests.push(guest.name),
        }
    }
    Ok(())
}

/// The customer's threads in the conversation's room, if it is the room's own, but for one of them.
async fn threads_of(
    connection: &mut Connection,
    case: &Case,
    but: ConversationId,
) -> Result<Vec<ConversationId>, StoreError> {
    if case.thread_root.is_some() {
        return Ok(Vec::new());
    }
    let customer = crate::domain::ids::CustomerId(case.customer);
    let all = conversations::with_customer(connection, case.room.as_str(), customer).await?;
    let others = all
        .into_iter()
        .filter(|(id, root)| !root.is_empty() && *id != but);
    Ok(others.map(|(id, _)| id).collect())
}

/// What is known of the room in which a conversation is to go on.
async fn target(
    connection: &mut Connection,
    asked: &Move,
    event: &RoomEvent,
    cases: &[Case],
    context: &Context,
) -> Result<Option<TargetRoom>, StoreError> {
    let room = match &asked.to {
        Place::Room(room) => Some(room.clone()),
        Place::Alias(alias) => room_of_alias(connection, alias).await?,
        Place::Conversation(_) => None,
    };
    let Some(room) = room else { return Ok(None) };
    let Some(known) = rooms::find(connection, room.as_str()).await? else {
        return Ok(None);
    };
    let case = match asked.number {
        Some(number) => cases.iter().find(|case| case.id == number),
        None => cases.iter().find(|case| case.thread_root.is_none()),
    };
    let server = context.server_name.as_str();
    let mut target = TargetRoom {
        name: known.name,
        bot_joined: known.bot_joined == 1,
        encrypted: known.encrypted == 1,
        is_for_staff: is_for_all_rooms(connection, &room, context).await?
            || context.is_triage_room(&room),
        is_staff: audience::is_staff_in(connection, &event.sender, &room, context).await?,
        ..TargetRoom::default()
    };
    let Some(case) = case else {
        target.room = Some(room);
        return Ok(Some(target));
    };
    target.threads = threads_of(connection, case, case.id).await?;
    for other in conversations::of_room(connection, room.as_str(), server).await? {
        if other.customer.0 == case.customer && other.thread_root.is_none() {
            target.own = Some(other.id);
        }
    }
    readers(connection, case, &room, &mut target, context).await?;
    target.room = Some(room);
    Ok(Some(target))
}

/// Who would read the conversation in the room: other customers, and who is neither staff nor here by
/// email and doesn't read it where it is.
async fn readers(
    connection: &mut Connection,
    case: &Case,
    room: &RoomId,
    target: &mut TargetRoom,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    for other in conversations::of_room(connection, room.as_str(), server).await? {
        if other.customer.0 != case.customer {
            let names = other.people.into_iter().map(|person| person.name);
            target.others.extend(names);
        }
    }
    target.others.sort();
    target.others.dedup();
    let staff = audience::staff(connection, room, context).await?;
    for user in rooms::present(connection, room.as_str()).await? {
        let Ok(user) = UserId::parse(&user) else {
            continue;
        };
        if context.is_ours(&user) || staff.is_staff(&user) {
            continue;
        }
        let here = rooms::membership(connection, case.room.as_str(), user.as_str()).await?;
        if !matches!(here.as_deref(), Some("join" | "invite")) {
            target.visitors.push(user.to_string());
        }
    }
    Ok(())
}

/// As it was when a command last named it.
pub async fn room_of_alias(
    connection: &mut Connection,
    alias: &RoomAliasId,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let known = named_rooms::alias(connection, alias.as_str()).await?;
    Ok(known.and_then(|(room, _)| OwnedRoomId::try_from(room).ok()))
}
