//! The body of a transaction of the homeserver, each event as it came.

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::store::inbox::{Broken, NewEvent};

/// What a transaction holds.
#[derive(Debug)]
pub struct Transaction {
    pub events: Vec<NewEvent>,
    /// What is no event; it harms no other.
    pub broken: Vec<Broken>,
    pub typing: Vec<Typing>,
    /// How much there is that isn't stored, typing among it.
    pub ephemeral: usize,
}

/// Everybody who is typing in a room now.
#[derive(Debug)]
pub struct Typing {
    pub room: String,
    pub users: Vec<String>,
}

/// Reads a body; `None` if it is no transaction.
#[must_use]
pub fn read(body: &[u8]) -> Option<Transaction> {
    let Body {
        events: all,
        ephemeral,
        older_ephemeral,
    } = serde_json::from_slice(body).ok()?;
    let mut events = Vec::with_capacity(all.len());
    let mut broken = Vec::new();
    for event in all {
        let body = event.get().to_owned();
        let outline = serde_json::from_str::<Outline>(&body).ok();
        let Some(outline) = outline.filter(Outline::has_sound_ids) else {
            let digest = HEXLOWER.encode(&Sha256::digest(body.as_bytes()));
            let id = format!("broken:{digest}");
            broken.push(Broken { id, body });
            continue;
        };
        events.push(NewEvent {
            id: outline.event_id,
            room: outline.room_id,
            sender: outline.sender,
            body,
        });
    }
    Some(Transaction {
        events,
        broken,
        typing: ephemeral
            .iter()
            .chain(&older_ephemeral)
            .filter_map(|raw| typing(raw))
            .collect(),
        ephemeral: ephemeral.len().max(older_ephemeral.len()),
    })
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    ephemeral: Vec<&'a RawValue>,
    /// The same under its older name; Synapse sends both.
    #[serde(borrow, default, rename = "de.sorunome.msc2409.ephemeral")]
    older_ephemeral: Vec<&'a RawValue>,
}

/// What every event must have to be stored and looked for; the rest is for who decides about it.
#[derive(Deserialize)]
struct Outline {
    event_id: String,
    room_id: String,
    sender: String,
}

/// Octets (<https://spec.matrix.org/v1.19/appendices/#identifier-grammar>). PostgreSQL has no place
/// in an index for much longer ones.
const LONGEST_ID: usize = 255;

impl Outline {
    fn has_sound_ids(&self) -> bool {
        let ids = [&self.event_id, &self.room_id, &self.sender];
        ids.iter().all(|id| id.len() <= LONGEST_ID)
    }
}

#[derive(Deserialize)]
struct Ephemeral {
    #[serde(rename = "type")]
    kind: String,
    room_id: Option<String>,
    content: serde_json::Value,
}

fn typing(raw: &RawValue) -> Option<Typing> {
    let Ephemeral {
        kind,
        room_id,
        content,
    } = serde_json::from_str(raw.get()).ok()?;
    let users = serde_json::from_value(content["user_ids"].clone()).unwrap_or_default();
    (kind == "m.typing").then_some(Typing {
        room: room_id?,
        users,
    })
}
