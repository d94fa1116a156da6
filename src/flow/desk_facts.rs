//! What the desk's commands need to know.

use std::collections::HashMap;

use jiff::Timestamp;
use ruma::{OwnedRoomId, RoomId, UserId};

use super::{
    Context, audience,
    desk::{name_of, shown},
    transfer_facts,
};
use crate::{
    domain::{
        command::{Command, assign::Assign, find::Find, list::List},
        desk::{Filter, MOST_LISTED, Progress},
        elsewhere::number,
        event::RoomEvent,
        facts::{AssigneeFacts, CaseNote, DeskFacts},
        ids::ConversationId,
    },
    store::{
        Connection, StoreError,
        desk::{self as store, Found},
        rooms,
    },
};

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
        is_everywhere: audience::is_for_all_rooms(connection, &event.sender, room, context).await?,
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
        Command::Merge(Ok(merge)) => {
            facts.has_visitors =
                audience::is_read_by_others(connection, &event.sender, room, context).await?;
            transfer_facts::pair(connection, merge, event, &mut facts, context).await?;
        }
        Command::List(_)
        | Command::Status(_)
        | Command::Progress(_)
        | Command::Assign(_)
        | Command::Subject(_)
        | Command::Note(_)
        | Command::Move(_) => {
            let mut cases = store::of_room(connection, room.as_str()).await?;
            cases.extend(named(connection, command, room, &cases).await?);
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
            facts.has_visitors = audience::has_visitors(connection, room, context).await?;
            let cases = &facts.cases;
            facts.target = transfer_facts::target(connection, asked, event, cases, context).await?;
        }
        _ => {}
    }
    Ok(facts)
}

/// The one that the command names, if nobody takes part in it any more: it can still be looked at.
async fn named(
    connection: &mut Connection,
    command: &Command,
    room: &RoomId,
    known: &[Found],
) -> Result<Option<Found>, StoreError> {
    let Some(number) = command.number() else {
        return Ok(None);
    };
    if known.iter().any(|one| one.case.id == number) {
        return Ok(None);
    }
    let found = store::find(connection, number).await?;
    Ok(found.filter(|one| one.case.room == *room))
}

/// Those in whose rooms the user may command the bot; `rooms` remembers which those are.
async fn those_of(
    connection: &mut Connection,
    user: &UserId,
    mut found: Vec<Found>,
    rooms: &mut HashMap<OwnedRoomId, bool>,
    context: &Context,
) -> Result<Vec<Found>, StoreError> {
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
    let mut rooms = HashMap::new();
    let allowed = those_of(connection, &event.sender, found, &mut rooms, context).await?;
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
    let is_here = |one: &Found| only.is_none_or(|room| one.case.room == *room);
    let user = &event.sender;
    let mut rooms = HashMap::new();
    let mut found: Vec<Found> = Vec::new();
    if let Some(asked) = asked {
        let one = store::find(connection, asked).await?;
        let one = one.into_iter().filter(is_here).collect();
        found = those_of(connection, user, one, &mut rooms, context).await?;
    }
    loop {
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
        let fits = |one: &Found| {
            let case = &one.case;
            let more = known.get(&case.id.0).map_or("", String::as_str);
            let words = format!("{}\n{}{more}", case.title, one.subject);
            is_here(one) && Some(case.id) != asked && find.fits(&words)
        };
        let fit = page.into_iter().filter(fits).collect();
        // What they may not know of counts for nothing.
        found.extend(those_of(connection, user, fit, &mut rooms, context).await?);
        if found.len() > MOST_FOUND {
            found.truncate(MOST_FOUND);
            facts.has_more = true;
            break;
        }
        if looked_at >= MOST_LOOKED_AT {
            facts.has_more = true;
            break;
        }
    }
    facts.cases = shown(connection, found, context).await?;
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
    facts.has_visitors = audience::has_visitors(connection, room, context).await?;
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
