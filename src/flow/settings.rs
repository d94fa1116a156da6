//! What is in force in a room.

use jiff::Timestamp;
use ruma::{OwnedRoomId, OwnedUserId};

use super::{Context, lanes::Origin, locale};
use crate::{
    config::Mailbox,
    domain::{
        facts::{SetHere, SettingsFacts},
        ids::LetterId,
        settings::{Key, Settings, Value},
        timing::{self, Opened},
        trust::TrustPolicy,
    },
    store::{Connection, StoreError, Tx, departures, rooms, settings as stored},
};

/// What staff have set for the room, and the configuration for the rest.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<Settings, StoreError> {
    Ok(explained(connection, room, context).await?.in_force())
}

/// The same with where it comes from.
pub async fn explained(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<SettingsFacts, StoreError> {
    let known = rooms::find(connection, room).await?;
    let (_, mailbox) = context.mailbox(known.as_ref().map_or("", |room| room.mailbox.as_str()));
    Ok(SettingsFacts {
        configured: Settings {
            trust: mailbox.trust.policy,
            ..context.letters.settings()
        },
        given: [&context.letters.given[..], &mailbox.trust.given].concat(),
        set: set_in(connection, room).await?,
        has_pages: context
            .public
            .as_ref()
            .is_some_and(|public| public.url.scheme() == "https"),
    })
}

/// Which mail in a conversation of the room waits for staff: as they have set it there, else as the
/// conversation's mailbox has it.
pub async fn trust(
    connection: &mut Connection,
    room: &str,
    mailbox: &Mailbox,
) -> Result<TrustPolicy, StoreError> {
    let configured = Settings {
        trust: mailbox.trust.policy,
        ..Settings::default()
    };
    let set = set_in(connection, room).await?;
    Ok(Settings::in_force(&configured, set.iter().map(|set| &set.value)).trust)
}

async fn set_in(connection: &mut Connection, room: &str) -> Result<Vec<SetHere>, StoreError> {
    let rows = stored::of_room(connection, room).await?;
    Ok(rows.into_iter().filter_map(set_here).collect())
}

/// What a later version may have set is left to it.
fn set_here(row: stored::Row) -> Option<SetHere> {
    let key = Key::parse(&row.key)?;
    let value = Value::parse(key, &row.value).ok()?;
    let by = row.set_by;
    Some(SetHere { value, by })
}

/// From now on this holds in the room. Letters that wait go by it, but no later than they would have,
/// unless it is a digest that they are to wait for.
pub async fn change(
    tx: &mut Tx,
    room: &OwnedRoomId,
    by: &OwnedUserId,
    changes: &[(Key, Option<Value>)],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let room = room.as_str();
    let before = of_room(tx.connection(), room, context).await?;
    for (key, value) in changes {
        match value {
            Some(value) => stored::set(tx, room, value, by.as_str(), origin.now).await?,
            None => stored::take_back(tx, room, key.word()).await?,
        }
    }
    let after = of_room(tx.connection(), room, context).await?;
    if after.has_timing_of(&before) {
        return Ok(());
    }
    let is_new_digest = !after.digest.is_empty() && after.digest != before.digest;
    let zone = locale::of_room(tx.connection(), room, context).await?;
    for letter in departures::open_of_room(tx.connection(), room).await? {
        let opened = letter.opened();
        let opened = Opened {
            latest: opened.latest.filter(|_| !is_new_digest),
            ..opened
        };
        let departure = timing::departure(moment(origin.now), Some(opened), &after, &zone);
        let opened_at = letter.opened_at.min(origin.now);
        departures::set(tx, LetterId(letter.id), opened_at, departure).await?;
    }
    Ok(())
}

/// Letters that were opened in the future, before the clock was set back, go as if they were opened
/// now.
pub async fn set_right_after_the_clock(
    tx: &mut Tx,
    now: i64,
    context: &Context,
) -> Result<(), StoreError> {
    for letter in departures::opened_after(tx.connection(), now).await? {
        let settings = of_room(tx.connection(), &letter.room_id, context).await?;
        let zone = locale::of_room(tx.connection(), &letter.room_id, context).await?;
        let opened = Some(letter.opened());
        let departure = timing::departure(moment(now), opened, &settings, &zone);
        departures::set(tx, LetterId(letter.id), now, departure).await?;
        tracing::warn!(
            letter = letter.id,
            "The clock has gone back: a letter is timed anew"
        );
    }
    Ok(())
}

/// The time of a decision, which was one when the clock was asked.
pub fn moment(now: i64) -> Timestamp {
    Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
}
