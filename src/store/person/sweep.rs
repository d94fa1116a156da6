//! Takes a person out of the database: what is theirs goes, and what identifies them goes from what is
//! other people's.

use ruma::UserId;
use sqlx::AssertSqlSafe;

use super::{
    Person, about,
    schema::{self, Kind, Table},
};
use crate::store::{Connection, Queue, StoreError, Tx, files, places};

statements! {
    SELECT_EVENTS = "SELECT seq, id, room_id FROM inbox WHERE sender = $1 ORDER BY seq";
    EMPTY_EVENT = "UPDATE inbox SET sender = $2, body = $3, problem = '' WHERE seq = $1";
    FORGET_AUTHOR = "UPDATE letter_items SET author = '' WHERE event_id = $1";
    SELECT_SEALS = "
        SELECT letters.id, seal FROM letters
        JOIN participants ON participants.conversation_id = letters.conversation_id
        WHERE contact_id = $1 AND seal <> ''";
    SET_SEAL = "UPDATE letters SET seal = $2 WHERE id = $1";
    DELETE_ACTIONS = "
        DELETE FROM outbox WHERE way = 'matrix' AND settled_at IS NOT NULL
        AND (payload LIKE $1 OR payload LIKE $2)";
    SELECT_BLOBS = "SELECT blob FROM mails WHERE id = $1 AND blob <> ''";
    DELETE_MAIL = "DELETE FROM mails WHERE id = $1";
    ANONYMISE = "
        UPDATE contacts SET address = $2, written = $2, name = '', named_by_staff = 1, ghost = $3,
            registered = 0, profile_name = '', language = '', time_zone = '', language_mail = 0,
            time_zone_mail = 0
        WHERE id = $1";
    SELECT_OTHERS_BLOBS = "
        SELECT mails.id, blob FROM mails
        JOIN postings ON mail_id = mails.id
        JOIN conversations ON conversations.id = postings.conversation_id
        WHERE blob <> '' AND room_id IN (
            SELECT room_id FROM participants
            JOIN conversations ON conversations.id = conversation_id WHERE contact_id = $1)
        UNION SELECT mails.id, blob FROM mails JOIN had ON mail_id = mails.id
        WHERE contact_id = $1 AND blob <> '' ORDER BY 1";
    SET_BLOB = "UPDATE mails SET blob = $3 WHERE id = $1 AND blob = $2";
    BEGIN = "INSERT INTO crossed_out (name) VALUES ($1)";
    SELECT_BEGUN = "SELECT name FROM crossed_out ORDER BY name";
    FORGET_IN_PLACE = "DELETE FROM crossed_out WHERE name IN (SELECT blob FROM mails)";
    FORGET_BEGUN = "DELETE FROM crossed_out";
}

/// SQLite's own: what is deleted is overwritten in the file.
const SECURE: &str = "PRAGMA secure_delete = ON";
const NOT_SECURE: &str = "PRAGMA secure_delete = OFF";

/// What stays although it is about the person: who they were in a conversation, without saying who that is.
const STAY: [&str; 4] = ["contacts", "customer_contacts", "erasures", "participants"];

/// A mail of somebody else in a blob, with the blob that takes its place.
pub type Replaced = (i64, String, String);

/// The large mails of others in the rooms of a person, or that went to them, each with its blob.
pub async fn others_blobs(
    connection: &mut Connection,
    person: &Person,
) -> Result<Vec<(i64, String)>, StoreError> {
    let contact = person.contact.map_or(-1, |contact| contact.0);
    let own = person.mails(connection).await?;
    let all = fetch_all!(connection, (i64, String), SELECT_OTHERS_BLOBS, contact);
    Ok(all
        .into_iter()
        .filter(|(mail, _)| !own.contains(mail))
        .collect())
}

/// A raw mail of somebody else without the person; `None` if they aren't in it.
#[must_use]
pub fn crossed_out(raw: &[u8], person: &Person) -> Option<Vec<u8>> {
    person.needles().crossed_out_in(raw)
}

/// A blob is going to be written that is to take another one's place.
pub async fn begin_blob(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN, name);
    Ok(())
}

/// Of those that were begun goes whatever has taken no other one's place.
pub async fn spend_left_over(tx: &mut Tx) -> Result<(), StoreError> {
    if fetch_all!(tx.connection(), (String,), SELECT_BEGUN).is_empty() {
        return Ok(());
    }
    execute!(tx.connection(), FORGET_IN_PLACE);
    for (blob,) in fetch_all!(tx.connection(), (String,), SELECT_BEGUN) {
        files::spend_blob(tx, &blob).await?;
    }
    execute!(tx.connection(), FORGET_BEGUN);
    Ok(())
}

/// Everything, in this one transaction. `bot` is a Matrix user of the ghost's own server.
pub async fn erase(
    tx: &mut Tx,
    person: &Person,
    replaced: Vec<Replaced>,
    bot: &UserId,
) -> Result<(), StoreError> {
    let is_sqlite = matches!(tx.connection(), Connection::Sqlite(_));
    if is_sqlite {
        execute!(tx.connection(), SECURE);
    }
    let mails = person.mails(tx.connection()).await?;
    let tables = schema::of(tx.connection()).await?;
    own_words(tx, person, bot.server_name().as_str()).await?;
    about::erase(tx, person, bot.as_str()).await?;
    quotes(tx, person, &mails).await?;
    for mail in &mails {
        for (blob,) in fetch_all!(tx.connection(), (String,), SELECT_BLOBS, mail) {
            files::spend_blob(tx, &blob).await?;
        }
    }
    for (mail, former, blob) in replaced {
        if execute!(tx.connection(), SET_BLOB, mail, &former, &blob) > 0 {
            files::spend_blob(tx, &former).await?;
        }
    }
    spend_left_over(tx).await?;
    for table in tables
        .iter()
        .filter(|table| !STAY.contains(&table.name.as_str()))
    {
        if table.has("mail_id") {
            for mail in &mails {
                let delete = format!("DELETE FROM {} WHERE mail_id = $1", table.name);
                execute!(tx.connection(), AssertSqlSafe(delete), mail);
            }
        }
        if let (true, Some(contact)) = (table.has("contact_id"), person.contact) {
            let delete = format!("DELETE FROM {} WHERE contact_id = $1", table.name);
            execute!(tx.connection(), AssertSqlSafe(delete), contact.0);
        }
    }
    for mail in &mails {
        execute!(tx.connection(), DELETE_MAIL, mail);
    }
    if let Some(contact) = person.contact {
        let of_ghost = format!("%\"puppet\":{{\"contact\":{contact}}}%");
        let taken_back = format!("%\"do\":\"take_back\"%\"contact\":{contact},%");
        execute!(tx.connection(), DELETE_ACTIONS, &of_ghost, &taken_back);
        let anonymous = person.anonymous();
        let (address, ghost) = (&anonymous.address, &anonymous.ghost);
        execute!(tx.connection(), ANONYMISE, contact.0, address, ghost);
    }
    for table in &tables {
        texts(tx, table, person).await?;
        bytes(tx, table, person).await?;
    }
    if is_sqlite {
        execute!(tx.connection(), NOT_SECURE);
    }
    tx.wake(Queue::Files);
    Ok(())
}

/// What they have said in rooms, and what of it went on to others.
async fn own_words(tx: &mut Tx, person: &Person, server: &str) -> Result<(), StoreError> {
    type Row = (i64, String, String);
    if person.ghost.is_empty() {
        return Ok(());
    }
    let ghost = format!("@{}:{server}", person.ghost);
    let nobody = format!("@{}:{server}", person.anonymous().ghost);
    for (seq, event, room) in fetch_all!(tx.connection(), Row, SELECT_EVENTS, &ghost) {
        places::strike(tx, &event, seq).await?;
        execute!(tx.connection(), FORGET_AUTHOR, &event);
        let body = serde_json::json!({
            "type": "m.room.message", "event_id": event, "room_id": room, "sender": nobody,
            "origin_server_ts": 0, "content": {},
        });
        execute!(tx.connection(), EMPTY_EVENT, seq, &nobody, body.to_string());
    }
    Ok(())
}

/// Letters quote the customer's last mail.
async fn quotes(tx: &mut Tx, person: &Person, mails: &[i64]) -> Result<(), StoreError> {
    let Some(contact) = person.contact else {
        return Ok(());
    };
    for (letter, seal) in fetch_all!(tx.connection(), (i64, String), SELECT_SEALS, contact.0) {
        let mut seal: serde_json::Value = serde_json::from_str(&seal)?;
        let quoted = seal["quoted"].as_i64();
        if quoted.is_some_and(|mail| mails.contains(&mail)) {
            seal["quote"] = serde_json::Value::Null;
            seal["quoted"] = serde_json::Value::Null;
            execute!(tx.connection(), SET_SEAL, letter, seal.to_string());
        }
    }
    Ok(())
}

/// Every text in which they are named. What is kept under their name is deleted.
async fn texts(tx: &mut Tx, table: &Table, person: &Person) -> Result<(), StoreError> {
    let needles = person.needles();
    let [one, two, three, four, five, six, seven, eight] = needles.texts();
    for column in table.of_kind(Kind::Text) {
        let (name, at) = (&column.name, position(tx.connection()));
        let is_in = |place: usize| format!("{at}(lower({name}), ${place}) > 0");
        let looked_for: Vec<String> = (1..=super::needle::MOST).map(is_in).collect();
        let found = format!(
            "SELECT {}, {name} FROM {} WHERE {}",
            table.locating(name),
            table.name,
            looked_for.join(" OR ")
        );
        let sql = AssertSqlSafe(found);
        let rows = fetch_all!(
            tx.connection(),
            (String, String),
            sql,
            one,
            two,
            three,
            four,
            five,
            six,
            seven,
            eight
        );
        for (row, text) in rows {
            let Some(without) = needles.taken_from(&text) else {
                continue;
            };
            let located = table.located(name);
            if column.in_key {
                let delete = format!("DELETE FROM {} WHERE {located}", table.name);
                execute!(tx.connection(), AssertSqlSafe(delete), &row);
            } else {
                let update = format!("UPDATE {} SET {name} = $2 WHERE {located}", table.name);
                execute!(tx.connection(), AssertSqlSafe(update), &row, &without);
            }
        }
    }
    Ok(())
}

/// Others' mails in which they are named. What others have shared as files stays as it is.
async fn bytes(tx: &mut Tx, table: &Table, person: &Person) -> Result<(), StoreError> {
    if table.name == "files" || !table.has_locator() {
        return Ok(());
    }
    for column in table.of_kind(Kind::Bytes) {
        let name = &column.name;
        let is_in = schema::holds(tx.connection(), name);
        let rows = format!(
            "SELECT {}, {name} FROM {} WHERE {is_in}",
            table.locating(name),
            table.name
        );
        for spelling in person.spellings() {
            let sql = AssertSqlSafe(rows.clone());
            let found = fetch_all!(tx.connection(), (String, Vec<u8>), sql, &spelling);
            for (row, bytes) in found {
                let Some(without) = person.needles().crossed_out_in(&bytes) else {
                    continue;
                };
                let located = table.located(name);
                let update = format!("UPDATE {} SET {name} = $2 WHERE {located}", table.name);
                execute!(
                    tx.connection(),
                    AssertSqlSafe(update),
                    &row,
                    without.as_slice()
                );
            }
        }
    }
    Ok(())
}

fn position(connection: &Connection) -> &'static str {
    match connection {
        Connection::Sqlite(_) => "instr",
        Connection::Postgres(_) => "strpos",
    }
}
