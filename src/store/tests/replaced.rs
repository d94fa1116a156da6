//! A room is replaced: nothing that names it is forgotten.

use rstest::rstest;
use ruma::room_id;

use super::*;
use crate::store::{
    person::schema,
    successions::{begin, carry_over, newest},
};

/// What names a room and goes along when it is replaced.
const MOVES: [&str; 10] = [
    "conversations.room_id",
    "direct_rooms.room_id",
    "erasures.room_id",
    "held.room_id",
    "moves.room_id",
    "requests.room_id",
    "requests.told_in",
    "room_settings.room_id",
    "subscriptions.room_id",
    "told.room_id",
];

/// What is forgotten: what waits is told of in the new room, and aliases are looked for anew.
const FORGOTTEN: [&str; 2] = ["reminders.room_id", "room_aliases.room_id"];

/// What stays as it is, and why.
const STAYS: [(&str, &str); 13] = [
    ("answers.room_id", "the answer stands in the old room"),
    ("bids.room_id", "ghosts are invited to each room anew"),
    ("inbox.room_id", "where an event happened"),
    ("letter_items.room_id", "where a message was written"),
    ("members.room_id", "who is in which room"),
    (
        "policy_jobs.room_id",
        "the job looks at the old room, and says that it was replaced",
    ),
    ("room_access.room_id", "each room has its own"),
    ("room_lives.room_id", "each room has its own"),
    ("room_signs.room_id", "each room has its own"),
    (
        "rooms.room_id",
        "each room has its own; the mailbox is copied",
    ),
    ("successions.new_room_id", "what replaces what"),
    ("successions.old_room_id", "what replaces what"),
    (
        "subscriptions.signed_in",
        "signs the links in letters that were sent",
    ),
];

/// Something of everything that moves or is forgotten, in the old room.
const OLD: &str = "
    INSERT INTO rooms (room_id, mailbox) VALUES ('!old', 'training'), ('!new', 'support');
    INSERT INTO contacts (id, address, written, name, ghost, created_at)
        VALUES (1, 'jane@acme.com', 'jane@acme.com', 'Jane', '_email_jane', 1);
    INSERT INTO customers (id, mailbox, created_at) VALUES (1, 'training', 1);
    INSERT INTO conversations (id, room_id, customer_id, mailbox, subject, created_at)
        VALUES (1, '!old', 1, 'training', 'Kernel', 1);
    INSERT INTO held (mail_id, conversation_id, room_id, held_at, why, is_member, sender, subject,
            message_id, from_address, date)
        VALUES (1, 1, '!old', 1, 'failed', 1, 'jane@acme.com', 'Re', 'a', 'jane@acme.com', '');
    INSERT INTO requests (mailbox, address, written, name, subject, state, told_in, room_id, created_at)
        VALUES ('training', 'bob@acme.com', 'bob@acme.com', '', '', 'dismissed', '!old', '!old', 1);
    INSERT INTO erasures (address, redacts, asked_by, room_id, asked_at)
        VALUES ('bob@acme.com', 0, '@ann:example.org', '!old', 1);
    INSERT INTO reminders (room_id, reminded_at) VALUES ('!old', 1);
    INSERT INTO room_aliases (alias, room_id, looked_at) VALUES ('#a:example.org', '!old', 1);
    INSERT INTO subscriptions (room_id, contact_id, conversation_id) VALUES ('!old', 1, 1);
    INSERT INTO room_settings (room_id, key, value, set_by, set_at)
        VALUES ('!old', 'quiet', '10m', '@ann:example.org', 1);
    INSERT INTO moves (room_id, contact_id, user_id, state, changed_at)
        VALUES ('!old', 1, '@jane:matrix.org', 'joined', 1);
    INSERT INTO told (room_id, about, told_at) VALUES ('!old', 'visitor @x:other.org', 1);
    INSERT INTO direct_rooms (room_id) VALUES ('!old');";

/// The same in the new room, of what can be there only once.
const NEW: &str = "
    INSERT INTO subscriptions (room_id, contact_id, conversation_id) VALUES ('!new', 1, 1);
    INSERT INTO room_settings (room_id, key, value, set_by, set_at)
        VALUES ('!new', 'quiet', '1m', '@ann:example.org', 1);
    INSERT INTO moves (room_id, contact_id, user_id, state, changed_at)
        VALUES ('!new', 1, '@jane:matrix.org', 'invited', 1);
    INSERT INTO told (room_id, about, told_at) VALUES ('!new', 'visitor @x:other.org', 1);
    INSERT INTO direct_rooms (room_id) VALUES ('!new');";

async fn fill(store: &Store, sql: &'static str) {
    let fill = store.write(move |tx| {
        Box::pin(async move {
            for statement in sql.split(";\n") {
                execute!(tx.connection(), statement);
            }
            Ok(())
        })
    });
    fill.await.unwrap();
}

async fn replace(store: &Store) {
    let replace = store.write(|tx| {
        Box::pin(async move {
            begin(tx, "!old", "!new", "@ann:example.org", 1).await?;
            carry_over(tx, "!old", "!new", 2).await
        })
    });
    replace.await.unwrap();
}

/// How often each of these columns names the room.
async fn named(columns: &[&str], room: &str, store: &Store) -> Vec<i64> {
    let mut connection = store.read().await.unwrap();
    let mut counts = Vec::new();
    for column in columns {
        let (table, column) = column.split_once('.').unwrap();
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} = $1");
        counts.push(count(&mut connection, &sql, room).await.unwrap());
    }
    counts
}

async fn count(connection: &mut Connection, sql: &str, room: &str) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), sqlx::AssertSqlSafe(sql), room).0)
}

#[rstest]
#[tokio::test]
async fn everything_that_names_a_room_goes_along_or_stays_for_a_reason(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let tables = schema::of(&mut store.read().await.unwrap()).await.unwrap();
    let mut found: Vec<String> = Vec::new();
    for table in &tables {
        for column in &table.columns {
            let name = column.name.as_str();
            if name.contains("room") || ["told_in", "signed_in"].contains(&name) {
                found.push(format!("{}.{name}", table.name));
            }
        }
    }
    let stays = STAYS.iter().map(|(column, _)| *column);
    let mut known: Vec<&str> = MOVES.into_iter().chain(FORGOTTEN).chain(stays).collect();
    found.sort();
    known.sort_unstable();
    assert_eq!(found, known);

    fill(&store, OLD).await;
    assert_eq!(named(&MOVES, "!old", &store).await, [1; MOVES.len()]);
    replace(&store).await;
    assert_eq!(named(&MOVES, "!old", &store).await, [0; MOVES.len()]);
    assert_eq!(named(&MOVES, "!new", &store).await, [1; MOVES.len()]);
    assert_eq!(named(&FORGOTTEN, "!old", &store).await, [0; 2]);
    assert_eq!(named(&FORGOTTEN, "!new", &store).await, [0; 2]);
    let signed = named(&["subscriptions.signed_in"], "!old", &store).await;
    assert_eq!(signed, [1], "links in old letters still lead out");
    let mut connection = store.read().await.unwrap();
    let room = rooms::find(&mut connection, "!new").await.unwrap().unwrap();
    assert_eq!(room.mailbox, "training");
    let now = newest(&mut connection, &room_id!("!old").to_owned()).await;
    assert_eq!(now.unwrap(), room_id!("!new"));
}

#[rstest]
#[tokio::test]
async fn what_the_new_room_has_already_stays(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    fill(&store, OLD).await;
    fill(&store, NEW).await;
    replace(&store).await;
    assert_eq!(named(&MOVES, "!new", &store).await, [1; MOVES.len()]);
    let mut connection = store.read().await.unwrap();
    let set = settings::of_room(&mut connection, "!new").await.unwrap();
    assert_eq!(set[0].value, "1m");
}
