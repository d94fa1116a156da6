//! A start asks the homeserver for nothing that is known already, however many rooms and people there are.

use std::fmt::Write as _;

use crate::support::{
    database::Connection,
    world::{Options, World},
};

const ROOMS: u32 = 500;
const PEOPLE: u32 = 2_000;

/// Rooms as they are once everything is said and done: the bot and four ghosts in each.
async fn fill(database: &mut Connection) {
    let mut sql = "BEGIN;".to_owned();
    let mut insert = |table: &str, values: String| {
        write!(sql, "INSERT INTO {table} VALUES {values};").unwrap();
    };
    for room in 1..=ROOMS {
        let id = format!("!many{room}:example.org");
        insert(
            "rooms (room_id, mailbox, name, bot_joined, known_at)",
            format!("('{id}', 'support', 'Room {room}', 1, 1)"),
        );
        for user in ["@postroom:example.org", "@ann:example.org"] {
            insert(
                "members (room_id, user_id, membership)",
                format!("('{id}', '{user}', 'join')"),
            );
        }
        insert(
            "customers (id, mailbox, created_at)",
            format!("({room}, 'support', 1)"),
        );
        insert(
            "conversations (id, room_id, customer_id, mailbox, subject, created_at)",
            format!("({room}, '{id}', {room}, 'support', 'Room {room}', 1)"),
        );
        let signs =
            "{\"mailbox\":\"support\",\"address\":\"support@example.org\",\"name\":\"Bootlin\"}";
        insert(
            "room_signs (room_id, due, stated)",
            format!("('{id}', 0, '{signs}')"),
        );
    }
    for person in 1..=PEOPLE {
        let room = (person - 1) / (PEOPLE / ROOMS) + 1;
        let (address, ghost) = (
            format!("person{person}@acme.com"),
            format!("_email_person{person}.aaaa"),
        );
        insert(
            "contacts (id, address, written, name, ghost, registered, profile_name, created_at)",
            format!(
                "({person}, '{address}', '{address}', 'Person {person}', '{ghost}', 1, 'Person {person}', 1)"
            ),
        );
        insert(
            "customer_contacts (customer_id, contact_id)",
            format!("({room}, {person})"),
        );
        insert(
            "participants (conversation_id, contact_id, position)",
            format!("({room}, {person}, {person})"),
        );
        insert(
            "members (room_id, user_id, membership, name)",
            format!(
                "('!many{room}:example.org', '@{ghost}:example.org', 'join', 'Person {person}')"
            ),
        );
        insert(
            "portraits (contact_id, uploaded, mxc, worn)",
            format!("({person}, 'initials', 'mxc://example.org/a', 'initials')"),
        );
    }
    sql.push_str("COMMIT;");
    database.execute(&sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_rooms_and_two_thousand_people_cause_no_storm() {
    let mut world = World::start(Options::default()).await;
    world.settled().await;
    world.kill_postroom();
    let mut database = world.database().await;
    fill(&mut database).await;
    let (rooms, people): (i64, i64) = database
        .row("SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM contacts)")
        .await;
    assert_eq!((rooms, people), (i64::from(ROOMS), i64::from(PEOPLE)));
    database.close().await;

    world.homeserver.reset_counts();
    world.start_postroom().await;
    world.settled().await;
    let calls = world.homeserver.counts();
    for storm in [
        "join",
        "invite",
        "leave",
        "upload",
        "state",
        "get_state",
        "all_state",
        "members",
        "profile",
        "send",
        "receipt",
    ] {
        assert_eq!(
            calls.get(storm).copied().unwrap_or_default(),
            0,
            "{storm}: {calls:?}"
        );
    }
    // Who it is, the bot's name, and the request to be sent what came meanwhile; and `doctor`'s friends,
    // who look whether it is ready.
    assert_eq!(calls.get("register"), Some(&1), "{calls:?}");
    assert_eq!(calls.get("ping"), Some(&1), "{calls:?}");
    let looks = calls.get("whoami").copied().unwrap_or_default();
    let others: u64 = calls.values().sum::<u64>() - looks;
    assert!(others <= 4, "{calls:?}");

    // One who says something is one call, not more.
    world.homeserver.reset_counts();
    world.tell(&world.control_room, "!email help").await;
    world.settled().await;
    assert_eq!(
        world.homeserver.count("send"),
        1,
        "{:?}",
        world.homeserver.counts()
    );
    world.finish().await;
}
