//! What tells of a person though it doesn't stand under their number: what they asked for, what is noted
//! with them, and what the bot has said of them. It goes before their number is all that is known.

use sqlx::AssertSqlSafe;

use super::{Person, needle};
use crate::store::{Connection, StoreError, Tx, erasures, places};

statements! {
    DELETE_REQUESTS = "DELETE FROM requests WHERE address = $1";
    DELETE_NOTES = "DELETE FROM conversation_notes WHERE conversation_id = $1";
    EMPTY_CONVERSATION = "
        UPDATE conversations SET subject = $2, title = '', waits_since = NULL, waited_since = NULL,
            answered_seq = NULL, reminded_at = NULL
        WHERE id = $1";
    SELECT_SEALS = "
        SELECT DISTINCT letters.id, seal FROM letters
        JOIN outbox ON outbox.letter_id = letters.id
        WHERE way = 'mail' AND seal <> '' AND lane LIKE $1 ESCAPE '!'";
    SET_SEAL = "UPDATE letters SET seal = $2 WHERE id = $1";
    SELECT_MAILS_TO = "
        SELECT id, payload FROM outbox WHERE way = 'mail' AND lane LIKE $1 ESCAPE '!'";
    SET_PAYLOAD = "UPDATE outbox SET payload = $2 WHERE id = $1";
    EMPTY_EVENT = "UPDATE inbox SET body = $2, problem = '' WHERE seq = $1";
    DELETE_ACTION = "DELETE FROM outbox WHERE id = $1";
}

/// Takes all of it out; `bot` is a Matrix user id.
pub(super) async fn erase(tx: &mut Tx, person: &Person, bot: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE_REQUESTS, &person.address);
    let nobody = person.anonymous().name;
    for conversation in person.conversations(tx.connection()).await?.alone {
        execute!(tx.connection(), DELETE_NOTES, conversation);
        execute!(tx.connection(), EMPTY_CONVERSATION, conversation, &nobody);
    }
    letters(tx, person, &nobody).await?;
    said_of(tx, person, bot).await
}

/// Letters that went to nobody else bear the subject of the person's own mail; and in all of them the person
/// is called what they were called then, which may be a name that can't be looked for.
async fn letters(tx: &mut Tx, person: &Person, nobody: &str) -> Result<(), StoreError> {
    let lane = erasures::lane_of(&person.address);
    for (letter, seal) in fetch_all!(tx.connection(), (i64, String), SELECT_SEALS, &lane) {
        let mut seal: serde_json::Value = serde_json::from_str(&seal)?;
        let mut is_theirs = true;
        for field in ["to", "cc"] {
            let recipients = seal[field].as_array_mut();
            for one in recipients.into_iter().flatten() {
                let address = one["address"].as_str().unwrap_or_default();
                if address.eq_ignore_ascii_case(&person.address) {
                    one["name"] = serde_json::Value::Null;
                } else {
                    is_theirs = false;
                }
            }
        }
        if is_theirs {
            seal["subject"] = nobody.into();
        }
        execute!(tx.connection(), SET_SEAL, letter, seal.to_string());
    }
    for (mail, payload) in fetch_all!(tx.connection(), (i64, String), SELECT_MAILS_TO, &lane) {
        let mut payload: serde_json::Value = serde_json::from_str(&payload)?;
        payload["recipient"]["name"] = serde_json::Value::Null;
        execute!(tx.connection(), SET_PAYLOAD, mail, payload.to_string());
    }
    Ok(())
}

/// Notices name people and say what they have written: they go as a whole, and with them what was on its
/// way there once.
async fn said_of(tx: &mut Tx, person: &Person, bot: &str) -> Result<(), StoreError> {
    type Row = (i64, String);
    let needles = person.needles();
    let [one, two, three, four, five, six, seven, eight] = needles.texts();
    let at = match tx.connection() {
        Connection::Sqlite(_) => "instr",
        Connection::Postgres(_) => "strpos",
    };
    let names_them = |column: &str| {
        let is_in = |place: usize| format!("{at}(lower({column}), ${place}) > 0");
        let places: Vec<String> = (1..=needle::MOST).map(is_in).collect();
        places.join(" OR ")
    };
    let said = format!(
        "SELECT seq, body FROM inbox WHERE sender = $9 AND ({}) ORDER BY seq",
        names_them("body")
    );
    let said = AssertSqlSafe(said);
    let said = fetch_all!(
        tx.connection(),
        Row,
        said,
        one,
        two,
        three,
        four,
        five,
        six,
        seven,
        eight,
        bot
    );
    for (seq, body) in said {
        if !needles.are_in(body.as_bytes()) {
            continue;
        }
        let mut event: serde_json::Value = serde_json::from_str(&body)?;
        let is_state = event.get("state_key").is_some();
        let id = event["event_id"].as_str().unwrap_or_default().to_owned();
        if !is_state {
            places::strike(tx, &id, seq).await?;
        }
        event["content"] = serde_json::json!({});
        // What the room was called when they were invited.
        if let Some(event) = event.as_object_mut() {
            event.remove("unsigned");
        }
        execute!(tx.connection(), EMPTY_EVENT, seq, event.to_string());
    }
    let sent = format!(
        "SELECT id, payload FROM outbox WHERE way = 'matrix' AND settled_at IS NOT NULL AND ({})",
        names_them("payload")
    );
    let sent = AssertSqlSafe(sent);
    let sent = fetch_all!(
        tx.connection(),
        Row,
        sent,
        one,
        two,
        three,
        four,
        five,
        six,
        seven,
        eight
    );
    for (id, payload) in sent {
        if needles.are_in(payload.as_bytes()) {
            execute!(tx.connection(), DELETE_ACTION, id);
        }
    }
    Ok(())
}
