//! People of whom everything is to go: how far that is, and what of theirs is still under way.

use super::{
    Connection, Queue, StoreError, Tx,
    outbox::{self, Settled, Way},
    successions::UNTIL_SOMETHING_HAPPENS,
};
use crate::{
    config::Database,
    domain::{
        address::EmailAddress,
        ids::{ContactId, LetterId},
        outgoing::MatrixAction,
    },
};

/// What is to be done in Matrix in the name of a ghost, or for an erasure, or is to be said that names
/// somebody.
macro_rules! theirs {
    () => {
        "way = 'matrix' AND settled_at IS NULL
        AND (payload LIKE $1 OR payload LIKE $2 OR lane = $3 OR lower(payload) LIKE $4 ESCAPE '!')"
    };
}

statements! {
    INSERT = "
        INSERT INTO erasures (address, redacts, asked_by, room_id, asked_at, since)
        SELECT $1, CAST($2 AS BIGINT), $3, $4, CAST($5 AS BIGINT), CAST($5 AS BIGINT)
        WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE address = $1 AND state <> 'done')";
    SELECT_DUE = "
        SELECT id, address, contact_id, redacts, room_id, state, since, problem, kept
        FROM erasures WHERE state <> 'done' AND next_at <= $1 ORDER BY next_at, id LIMIT 8";
    SELECT = "
        SELECT id, address, contact_id, redacts, room_id, state, since, problem, kept
        FROM erasures WHERE id = $1";
    BEGIN_AGAIN = "UPDATE erasures SET since = $1, next_at = 0 WHERE state <> 'done'";
    SELECT_NEXT = "SELECT min(next_at) FROM erasures WHERE state <> 'done'";
    WAIT = "UPDATE erasures SET next_at = $2 WHERE id = $1";
    GO_ON = "
        UPDATE erasures SET state = $2, contact_id = $3, since = $4, next_at = $4 WHERE id = $1";
    FINISH = "
        UPDATE erasures SET state = 'done', address = '', contact_id = 0 WHERE id = $1";
    SET_PROBLEM = "UPDATE erasures SET problem = $2 WHERE id = $1";
    KEEP = "UPDATE erasures SET kept = kept + $2 WHERE contact_id = $1 AND state <> 'done'";
    SELECT_CONTACT = "SELECT id FROM contacts WHERE address = $1";
    COUNT_CONVERSATIONS = "SELECT count(*) FROM participants WHERE contact_id = $1";
    SELECT_ROOMS = "
        SELECT DISTINCT room_id FROM participants
        JOIN conversations ON conversations.id = conversation_id WHERE contact_id = $1
        UNION
        SELECT room_id FROM members WHERE user_id = $2 AND membership IN ('join', 'invite')";
    SELECT_EVENTS = "
        SELECT DISTINCT inbox.id FROM inbox WHERE room_id = $1 AND sender = $2 AND kind = 'event'
        ORDER BY inbox.id";
    REMOVE_EVERYWHERE = "UPDATE participants SET role = 'removed' WHERE contact_id = $1";
    COUNT_HANDED_OVER = "
        SELECT count(*) FROM outbox
        WHERE way = 'mail' AND state = 'attempting' AND lane LIKE $1 ESCAPE '!'";
    SELECT_UNDER_WAY = "
        SELECT id, lane, letter_id FROM outbox
        WHERE way = 'mail' AND settled_at IS NULL AND lane LIKE $1 ESCAPE '!' ORDER BY id DESC";
    COUNT_ACTIONS = concat!("
        SELECT count(*) AS open, count(CASE WHEN EXISTS (
                SELECT 1 FROM outbox AS head
                WHERE head.lane = outbox.lane AND head.state = 'ready' AND head.next_at >= $5)
            THEN 1 END) AS parked
        FROM outbox WHERE ", theirs!());
    SELECT_ACTIONS = concat!("
        SELECT id, lane, payload FROM outbox WHERE ", theirs!(), " ORDER BY id DESC");
    COUNT_OPENING = "
        SELECT count(*) FROM requests WHERE address = $1 AND state = 'opening' AND EXISTS (
            SELECT 1 FROM outbox
            WHERE lane = 'room:new-' || CAST(requests.id AS TEXT) AND state IN ('ready', 'attempting'))";
    DISMISS = "UPDATE requests SET state = 'dismissed' WHERE address = $1 AND state = 'waiting'";
    COUNT_JOINED = "
        SELECT count(*) FROM members WHERE user_id = $1 AND membership IN ('join', 'invite')";
    COUNT_EVENTS = "
        SELECT count(*) FROM (SELECT 1 FROM inbox WHERE state = 'waiting' LIMIT 1) AS waiting";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Erasure {
    pub id: i64,
    /// In lower case.
    pub address: String,
    /// Zero: nobody.
    pub contact_id: i64,
    pub redacts: i64,
    /// Where it is answered; empty: in the control room.
    pub room_id: String,
    pub state: String,
    /// When it came into its state.
    pub since: i64,
    /// What the homeserver would not do.
    pub problem: String,
    /// How much of what they have said and done could not be taken back.
    pub kept: i64,
}

/// What is still to be done in Matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Actions {
    open: i64,
    /// Of those: what waits until somebody does something, with what stands behind it in its lane.
    parked: i64,
}

impl Actions {
    #[must_use]
    pub fn are_done(self) -> bool {
        self.open == 0
    }

    /// Nothing of it ends by itself.
    #[must_use]
    pub fn are_parked(self) -> bool {
        self.open == self.parked
    }
}

/// A person is to be erased; `by` is empty if the command line asks.
pub async fn ask(
    tx: &mut Tx,
    address: &EmailAddress,
    redacts: bool,
    (by, room): (&str, &str),
    now: i64,
) -> Result<(), StoreError> {
    let redacts = i64::from(redacts);
    execute!(
        tx.connection(),
        INSERT,
        address.key(),
        redacts,
        by,
        room,
        now
    );
    tx.wake(Queue::Erasures);
    Ok(())
}

/// The same from outside, beside a Postroom that may be running: it sees to it soon, or when it runs
/// next. One row in a transaction of its own, which its one writer waits for as for itself.
///
/// # Errors
///
/// The database can't be reached, or is of another version.
pub async fn ask_beside(
    database: &Database,
    address: &EmailAddress,
    redacts: bool,
    now: i64,
) -> Result<(), StoreError> {
    let mut connection = super::inspect::to_write(database).await?;
    let redacts = i64::from(redacts);
    execute!(&mut connection, INSERT, address.key(), redacts, "", "", now);
    Ok(())
}

/// Postroom has just started: nobody has waited for anything meanwhile.
pub async fn begin_again(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN_AGAIN, now);
    Ok(())
}

pub async fn due(connection: &mut Connection, now: i64) -> Result<Vec<Erasure>, StoreError> {
    Ok(fetch_all!(connection, Erasure, SELECT_DUE, now))
}

/// How far it is now.
pub async fn current(connection: &mut Connection, id: i64) -> Result<Erasure, StoreError> {
    Ok(fetch_one!(connection, Erasure, SELECT, id))
}

pub async fn next_at(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(fetch_one!(connection, (Option<i64>,), SELECT_NEXT).0)
}

pub async fn wait(tx: &mut Tx, id: i64, until: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), WAIT, id, until);
    Ok(())
}

pub async fn go_on(
    tx: &mut Tx,
    id: i64,
    state: &str,
    contact: Option<ContactId>,
    now: i64,
) -> Result<(), StoreError> {
    let contact = contact.map_or(0, |contact| contact.0);
    execute!(tx.connection(), GO_ON, id, state, contact, now);
    Ok(())
}

pub async fn finish(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), FINISH, id);
    Ok(())
}

pub async fn set_problem(tx: &mut Tx, id: i64, problem: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_PROBLEM, id, problem);
    Ok(())
}

/// So much of what the contact has said and done stays in its room.
pub async fn keep(tx: &mut Tx, contact: ContactId, number: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), KEEP, contact.0, number);
    Ok(())
}

/// The contact with this address, which is in lower case.
pub async fn contact(
    connection: &mut Connection,
    address: &str,
) -> Result<Option<ContactId>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_CONTACT, address);
    Ok(row.map(|(id,)| ContactId(id)))
}

/// In how many conversations somebody is or was.
pub async fn count_conversations(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_CONVERSATIONS, contact.0).0)
}

/// The rooms in which they take or took part; `ghost` is a Matrix user id.
pub async fn rooms(
    connection: &mut Connection,
    contact: ContactId,
    ghost: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_ROOMS, contact.0, ghost);
    Ok(rows.into_iter().map(|(room,)| room).collect())
}

/// What the ghost has said and done in a room, as far as we know.
pub async fn events(
    connection: &mut Connection,
    room: &str,
    ghost: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_EVENTS, room, ghost);
    Ok(rows.into_iter().map(|(event,)| event).collect())
}

/// They are nobody in any conversation any more.
pub async fn remove_everywhere(tx: &mut Tx, contact: ContactId) -> Result<(), StoreError> {
    execute!(tx.connection(), REMOVE_EVERYWHERE, contact.0);
    Ok(())
}

/// Whether a mail to the address is being handed over right now.
pub async fn is_handed_over(
    connection: &mut Connection,
    address: &str,
) -> Result<bool, StoreError> {
    let lane = lane_of(address);
    Ok(fetch_one!(connection, (i64,), COUNT_HANDED_OVER, &lane).0 > 0)
}

/// The mails to the address that haven't gone: row, lane and letter; the last of a lane first.
pub async fn under_way(
    connection: &mut Connection,
    address: &str,
) -> Result<Vec<(i64, String, Option<LetterId>)>, StoreError> {
    type Row = (i64, String, Option<i64>);
    let lane = lane_of(address);
    let rows = fetch_all!(connection, Row, SELECT_UNDER_WAY, &lane);
    let row = |(id, lane, letter): Row| (id, lane, letter.map(LetterId));
    Ok(rows.into_iter().map(row).collect())
}

/// `mail:CONVERSATION:ADDRESS`, of whatever conversation.
pub(super) fn lane_of(address: &str) -> String {
    format!("mail:%:{}", escaped(address))
}

/// For LIKE, with `!` before what would stand for others.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out
}

/// Whether a room is being made for what they have asked for.
pub async fn has_a_room_made(
    connection: &mut Connection,
    address: &str,
) -> Result<bool, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_OPENING, address).0 > 0)
}

/// Nobody takes up any more what they have asked for.
pub async fn dismiss_requests(tx: &mut Tx, address: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DISMISS, address);
    Ok(())
}

/// What is still to be done in Matrix in the name of the ghost, or for the erasure, or is to be said that
/// names them.
pub async fn actions(
    connection: &mut Connection,
    erasure: &Erasure,
    contact: ContactId,
) -> Result<Actions, StoreError> {
    let [puppet, taken_back, lane, naming] = patterns(erasure, contact);
    Ok(fetch_one!(
        connection,
        Actions,
        COUNT_ACTIONS,
        &puppet,
        &taken_back,
        &lane,
        &naming,
        UNTIL_SOMETHING_HAPPENS
    ))
}

/// None of that is done any more.
pub async fn give_up_actions(
    tx: &mut Tx,
    erasure: &Erasure,
    contact: ContactId,
    now: i64,
) -> Result<(), StoreError> {
    type Row = (i64, String, String);
    let [puppet, taken_back, lane, naming] = patterns(erasure, contact);
    let rows = fetch_all!(
        tx.connection(),
        Row,
        SELECT_ACTIONS,
        &puppet,
        &taken_back,
        &lane,
        &naming
    );
    for (row, lane, payload) in rows {
        outbox::settle(tx, row, &lane, Way::Matrix, &Settled::Withdrawn, now).await?;
        if let MatrixAction::TakeBack { contact, .. } = serde_json::from_str(&payload)? {
            keep(tx, contact, 1).await?;
        }
    }
    Ok(())
}

fn patterns(erasure: &Erasure, contact: ContactId) -> [String; 4] {
    [
        format!("%\"puppet\":{{\"contact\":{contact}}}%"),
        format!("%\"do\":\"take_back\"%\"contact\":{contact},%"),
        format!("erasure:{}", erasure.id),
        format!("%{}%", escaped(&erasure.address)),
    ]
}

/// In how many rooms the ghost is, as far as the homeserver has told.
pub async fn count_joined(connection: &mut Connection, ghost: &str) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_JOINED, ghost).0)
}

/// Whether everything that the homeserver has to say of the ghost's end has come back.
pub async fn is_heard_of(connection: &mut Connection, ghost: &str) -> Result<bool, StoreError> {
    Ok(count_joined(connection, ghost).await? == 0
        && fetch_one!(connection, (i64,), COUNT_EVENTS).0 == 0)
}
