//! What only some commands need to know, looked up for no other event.

use jiff::{Timestamp, tz::TimeZone as Zone};
use ruma::RoomId;

use super::{
    Context, audience, bounces, desk_facts, guard, intake, life_facts, locale, onboarding, settings,
};
use crate::{
    domain::{
        address::EmailAddress,
        command::{Command, senders::Change, timezone, timezone::TimeZone},
        event::RoomEvent,
        facts::{
            ConversationFacts, Details, HeldFacts, LocaleFacts, PersonKnown, SendersFacts,
            ZoneFacts,
        },
        held,
        ids::ConversationId,
        on_matrix,
        senders::{List, Listed},
    },
    store::{self, Connection, StoreError, erasures, person::Person, senders as lists},
};

/// What the event, in a room with these conversations, needs to know if it is a command.
pub async fn of(
    connection: &mut Connection,
    event: &RoomEvent,
    conversations: &[ConversationFacts],
    context: &Context,
) -> Result<Details, StoreError> {
    let room = event.room.as_str();
    let mut details = Details::default();
    let command = Command::of(event);
    if let Some(command) = &command {
        details.desk = desk_facts::of(connection, event, command, context).await?;
        let staff = audience::staff(connection, &event.room, context).await?;
        details.is_by_level = !staff.is_listed(&event.sender);
    }
    match command {
        Some(Command::Status(_)) => {
            let zone = locale::of_room(connection, room, context).await?;
            details.now = context.now().to_zoned(zone);
            details.suspended = bounces::suspended(connection, addresses(conversations)).await?;
        }
        Some(Command::List(_)) => {
            details.suspended = bounces::suspended(connection, addresses(conversations)).await?;
        }
        Some(Command::Add(Ok(asked))) => {
            let people = asked.people.iter().map(|person| &person.address);
            details.banned = life_facts::banned(connection, room, people, context).await?;
        }
        Some(Command::Resume(Ok(asked))) => {
            let asked = std::iter::once(asked.address);
            details.suspended = bounces::suspended(connection, asked).await?;
        }
        Some(Command::Settings(_)) => {
            let zone = locale::of_room(connection, room, context).await?;
            details.now = context.now().to_zoned(zone);
            details.settings = settings::explained(connection, room, context).await?;
        }
        Some(Command::Language(Ok(_)) | Command::Welcome(Ok(_))) => {
            details.locales = locales(connection, conversations, context).await?;
        }
        Some(Command::TimeZone(Ok(asked))) => {
            details.locales = locales(connection, conversations, context).await?;
            if let TimeZone::Set {
                zone: Some(text), ..
            } = asked
            {
                details.zone = Some(zone(&text));
            }
        }
        Some(Command::Senders(Ok(Change { pattern, .. }))) => {
            let pattern = pattern.as_str();
            details.senders.on = lists::find(connection, pattern).await?;
            details.senders.is_configured = configured(context).any(|(own, _)| own == pattern);
        }
        Some(Command::Erase(Ok(asked))) => {
            details.person = person(connection, &asked.address).await?;
        }
        Some(Command::Blocked) => {
            let zone = locale::of_room(connection, room, context).await?;
            details.senders = listed(connection, &zone, context).await?;
        }
        Some(Command::Now) => {
            details.held_up = held_up(connection, conversations, context).await?;
        }
        Some(Command::Requests) => {
            details.requests = intake::listed(connection, &event.room, context).await?;
        }
        Some(Command::DecideRequest(Ok(asked))) => {
            details.requests = intake::asked_for(connection, &asked, event, context).await?;
        }
        Some(Command::Mailbox(_)) => {
            let (room, user) = (&event.room, &event.sender);
            details.mailboxes = intake::mailboxes(connection, room, user, context).await?;
            details.was_written_from =
                store::requests::was_written_from(connection, room.as_str()).await?;
        }
        Some(Command::Held) => details.held = held_in(connection, &event.room, context).await?,
        Some(Command::Decide(Ok(asked))) => {
            let found = store::held::find(connection, asked.held).await?;
            details.held.mails = found.into_iter().collect();
        }
        None if on_matrix::sends_now(event) => {
            details.held_up = held_up(connection, conversations, context).await?;
        }
        _ => {}
    }
    details.onboarding =
        onboarding::facts::of_event(connection, event, conversations, context).await?;
    Ok(details)
}

/// Those of the conversations whose next letter has to wait.
async fn held_up(
    connection: &mut Connection,
    conversations: &[ConversationFacts],
    context: &Context,
) -> Result<Vec<(ConversationId, i64)>, StoreError> {
    let mut found = Vec::new();
    for one in conversations.iter().filter(|one| one.waiting > 0) {
        let minutes = guard::minutes_until_next_letter(connection, one.id, context).await?;
        found.extend(minutes.map(|minutes| (one.id, minutes)));
    }
    Ok(found)
}

fn addresses(conversations: &[ConversationFacts]) -> impl Iterator<Item = EmailAddress> + Send {
    let people = conversations.iter().flat_map(|one| &one.people);
    people.map(|person| person.address.clone())
}

/// What waits for staff in the room; in the control room, everywhere.
async fn held_in(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<HeldFacts, StoreError> {
    let is_control_room = context.control_room().as_deref() == Some(room);
    let (mails, count) = if is_control_room {
        store::held::all(connection, held::MOST_LISTED).await?
    } else {
        store::held::of_room(connection, room.as_str(), held::MOST_LISTED).await?
    };
    Ok(HeldFacts {
        mails,
        count,
        has_visitors: audience::has_visitors(connection, room, context).await?,
    })
}

/// Of each customer once.
async fn locales(
    connection: &mut Connection,
    conversations: &[ConversationFacts],
    context: &Context,
) -> Result<Vec<LocaleFacts>, StoreError> {
    let mut found: Vec<LocaleFacts> = Vec::new();
    for one in conversations {
        if found.iter().all(|known| known.customer != one.customer) {
            found.push(locale::explained(connection, one.id, context).await?);
        }
    }
    Ok(found)
}

/// The lists of the configuration, those of every mailbox together.
fn configured(context: &Context) -> impl Iterator<Item = (&str, List)> {
    let mailboxes = context.mailboxes.values();
    let all = mailboxes.map(|mailbox| &mailbox.senders);
    all.chain([&context.senders]).flat_map(|lists| lists.all())
}

/// The first patterns on the lists, those of the configuration before those of staff.
async fn listed(
    connection: &mut Connection,
    zone: &Zone,
    context: &Context,
) -> Result<SendersFacts, StoreError> {
    let mut listed: Vec<Listed> = Vec::new();
    for (pattern, list) in configured(context) {
        let one = Listed {
            list,
            pattern: pattern.to_owned(),
            by: None,
            mails: 0,
        };
        if !listed.contains(&one) {
            listed.push(one);
        }
    }
    for row in lists::all(connection, MOST_LISTED + 1).await? {
        let at = Timestamp::from_millisecond(row.set_at).unwrap_or_default();
        listed.push(Listed {
            list: row.list()?,
            by: Some((row.set_by, at.to_zoned(zone.clone()))),
            pattern: row.pattern,
            mails: 0,
        });
    }
    let most = usize::try_from(MOST_LISTED).unwrap_or_default();
    let has_more = listed.len() > most;
    listed.truncate(most);
    for one in &mut listed {
        one.mails = lists::blocked(connection, &one.pattern).await?;
    }
    Ok(SendersFacts {
        listed,
        has_more,
        ..SendersFacts::default()
    })
}

async fn person(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<PersonKnown, StoreError> {
    let person = Person::of(connection, address).await?;
    let conversations = match person.contact {
        Some(contact) => erasures::count_conversations(connection, contact).await?,
        None => 0,
    };
    Ok(PersonKnown {
        is_contact: person.contact.is_some(),
        conversations,
        mails: i64::try_from(person.mails(connection).await?.len()).unwrap_or(i64::MAX),
    })
}

/// Patterns in one answer.
const MOST_LISTED: i64 = 100;

fn zone(text: &str) -> ZoneFacts {
    if let Some(zone) = locale::known_zone(text) {
        // As the database writes it.
        return ZoneFacts::Known(zone.iana_name().unwrap_or(text).to_owned());
    }
    let names = jiff::tz::db().available().map(|name| name.to_string());
    ZoneFacts::Unknown(timezone::near(text, names))
}
