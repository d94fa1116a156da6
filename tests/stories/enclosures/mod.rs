//! Files on their way from a room to a customer.

mod edits;
mod fetching;
mod limits;
mod links;

use std::time::Duration;

use postroom::domain::token::Keys;
use serde_json::Value;

use crate::{
    support::{
        samples::{firmware, png},
        smtp_sink::{Stage, Trouble, TroubleId},
        world::World,
    },
    training::{JANE, patient},
};

/// Ann shares a file, which waits in the letters of the room's people.
async fn share(world: &World, room: &str, name: &str, content_type: &str, file: &[u8]) -> String {
    let event = world.ann.send_file(room, name, content_type, file);
    world.quiet().await;
    event
}

/// A room with Jane, whose letters wait until somebody sends them.
async fn jane_waits() -> (World, String) {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    (world, room)
}

/// The letter is sealed and tried, and its files are ready; until [`take_it`] the mail server puts it off.
async fn put_off(world: &World, room: &str) -> TroubleId {
    let busy = world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 450, "later"));
    world.ask(room, "!email now").await;
    world
        .until("it was tried", || world.sink.hits(busy) > 0)
        .await;
    busy
}

/// The mail server takes it now, and it is tried at once.
async fn take_it(world: &World, busy: TroubleId) {
    world.sink.clear_trouble(busy);
    // An attempt may be under way.
    let mut database = world.database().await;
    let waiting = "SELECT count(*) FROM outbox WHERE way = 'mail' AND state = 'attempting'";
    while database.row::<(i64,)>(waiting).await.0 > 0 {
        tokio::time::sleep(A_MOMENT).await;
    }
    database
        .execute("UPDATE outbox SET next_at = 0 WHERE way = 'mail' AND state = 'ready'")
        .await;
    database.close().await;
}

/// How the file of an event travels, in each letter.
async fn fates(world: &World, event: &str) -> Vec<Value> {
    let mut database = world.database().await;
    let sql =
        format!("SELECT fate FROM letter_items WHERE event_id = '{event}' ORDER BY letter_id");
    let rows: Vec<(String,)> = database.rows(&sql).await;
    database.close().await;
    let read = |(fate,): (String,)| serde_json::from_str(&fate).unwrap_or(Value::Null);
    rows.into_iter().map(read).collect()
}

/// How many rows there are.
async fn count(world: &World, sql: &str) -> i64 {
    let mut database = world.database().await;
    let (rows,) = database.row::<(i64,)>(sql).await;
    database.close().await;
    rows
}

/// Postroom holds nothing of any file, neither content nor blob.
async fn assert_nothing_is_kept(world: &World) {
    let kept =
        "SELECT count(*) FROM files WHERE content IS NOT NULL OR preview IS NOT NULL OR blob <> ''";
    assert_eq!(count(world, kept).await, 0, "content in the database");
    let folder = world.folder.join("blobs/files");
    let names = || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().file_name())
            .collect::<Vec<_>>()
    };
    world
        .until("the blobs are deleted", || names().is_empty())
        .await;
    assert_eq!(count(world, "SELECT count(*) FROM spent_blobs").await, 0);
}

/// The address of the page of the one link.
async fn page_of_link(world: &World) -> String {
    let mut database = world.database().await;
    let keys: Vec<(i64, Vec<u8>)> = database
        .rows("SELECT id, secret FROM keys ORDER BY id")
        .await;
    let (link, salt): (i64, String) = database.row("SELECT id, salt FROM links").await;
    database.close().await;
    let keys = keys
        .into_iter()
        .map(|(id, secret)| (id.to_le_bytes()[0], secret));
    let token = Keys::new(keys.collect()).link_token(link, &salt);
    format!("{}/files/{token}", world.public_url())
}

/// Some time goes by for what the statement changes.
async fn change(world: &World, sql: &str) {
    let mut database = world.database().await;
    assert!(database.execute(sql).await > 0, "{sql}");
    database.close().await;
}

const A_MOMENT: Duration = Duration::from_millis(300);
