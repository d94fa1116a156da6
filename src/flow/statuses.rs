//! Tells clients how a message fares on its way out, by an event of its own that refers to it: once it is
//! sent to everybody, once it is late, once it failed. Only where that is configured.
//!
//! Several bridges send these events, under the name that the first of them gave them:
//! `com.beeper.message_send_status`.

use ruma::{OwnedRoomId, UserId};
use serde_json::{Value, json};

use super::{Context, lanes, lanes::Origin};
use crate::{
    domain::{ids::LetterId, outgoing::Puppet, wording},
    store::{StoreError, Tx, letters, statuses},
};

const EVENT: &str = "com.beeper.message_send_status";

/// How a letter fares with one of its recipients.
#[derive(Debug, Clone, Copy)]
pub enum Fate<'a> {
    /// Every server has taken it, or has it refused.
    Settled,
    /// It is tried again.
    Late(&'a str),
    /// It was tried until it was too late.
    GivenUp(&'a str),
    Refused(&'a str),
}

impl<'a> Fate<'a> {
    /// Of a recipient to whom it doesn't go.
    pub fn of_refusal(reason: &'a str, is_given_up: bool) -> Self {
        if is_given_up {
            Self::GivenUp(reason)
        } else {
            Self::Refused(reason)
        }
    }
}

/// Says what follows for the messages in the letter.
pub async fn tell(
    tx: &mut Tx,
    letter: LetterId,
    fate: Fate<'_>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !context.letters.status_events {
        return Ok(());
    }
    let (room, _) = letters::place_of(tx.connection(), letter).await?;
    let Ok(room) = OwnedRoomId::try_from(room) else {
        return Ok(());
    };
    for (event, sender) in statuses::messages_of(tx.connection(), letter).await? {
        // What came by mail has nobody here who waits for it.
        if UserId::parse(&sender).is_ok_and(|sender| context.is_ours(&sender)) {
            continue;
        }
        let is_settled = matches!(fate, Fate::Settled);
        if is_settled && !statuses::has_arrived(tx.connection(), &event).await? {
            continue;
        }
        let (word, content) = match fate {
            Fate::Settled => ("sent", status("SUCCESS", None)),
            Fate::Late(reason) => {
                let text = wording::status::late(reason);
                ("late", status("FAIL_RETRIABLE", Some(&text)))
            }
            Fate::GivenUp(reason) => {
                let text = wording::status::given_up(reason);
                ("failed", status("FAIL_RETRIABLE", Some(&text)))
            }
            Fate::Refused(reason) => {
                let text = wording::status::refused(reason);
                ("failed", status("FAIL_PERMANENT", Some(&text)))
            }
        };
        if !statuses::say(tx, &event, word).await? {
            continue;
        }
        let mut content = content;
        content["m.relates_to"] = json!({"rel_type": "m.reference", "event_id": event});
        let (room, bot) = (room.clone(), Puppet::Bot);
        lanes::send(tx, room, bot, EVENT, content, None, origin, context).await?;
    }
    Ok(())
}

fn status(status: &str, problem: Option<&str>) -> Value {
    match problem {
        None => json!({"network": "email", "status": status, "success": true}),
        Some(text) => json!({
            "network": "email", "status": status, "success": false,
            "reason": "m.foreign_network_error", "message": text,
        }),
    }
}
