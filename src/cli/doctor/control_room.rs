//! Area `control_room`: where Postroom reports what concerns no conversation, and the triage rooms in
//! which staff are asked about it.

use ruma::RoomId;
use serde_json::Value;

use super::{
    homeserver::Access,
    report::{Advice, Area, Check},
    scene::Scene,
};

const ROOM: &str = "room";
const WRITING: &str = "writing";
const ENCRYPTION: &str = "encryption";

/// A room in which staff are told or asked.
struct StaffRoom<'a> {
    id: &'a RoomId,
    /// Of the configuration.
    key: String,
    /// What its checks' names begin with.
    prefix: String,
    /// What follows if nothing can be said there.
    meaning: &'static str,
}

impl StaffRoom<'_> {
    fn name(&self, check: &str) -> String {
        format!("{}{check}", self.prefix)
    }

    fn skip(&self, checks: &[&str], why: &str) -> Vec<Check> {
        let skipped = checks
            .iter()
            .map(|check| Area::ControlRoom.skipped(self.name(check), why));
        skipped.collect()
    }
}

pub async fn examine(access: Option<&Access>, scene: &Scene) -> Vec<Check> {
    let mut checks = Vec::new();
    if scene.config.control_room.is_none() {
        let advice = Advice::new(
            "none is configured",
            "Mail that belongs to no conversation is kept, and nobody is told.",
            "Make an unencrypted room for your staff, invite the bot, and put its id into \
             control_room: \"!…\"",
        );
        checks.push(Area::ControlRoom.warning(ROOM, advice));
    }
    let rooms = rooms(scene);
    if rooms.is_empty() {
        return checks;
    }
    let joined = joined(access).await;
    for room in rooms {
        checks.extend(match (access, &joined) {
            (Some(access), Ok(joined)) => look(&room, joined, access).await,
            (_, Err(why)) => room.skip(&[ROOM, WRITING, ENCRYPTION], why),
            (None, Ok(_)) => Vec::new(),
        });
    }
    checks
}

/// The control room, and the triage rooms that aren't the same.
fn rooms(scene: &Scene) -> Vec<StaffRoom<'_>> {
    let control_room = scene.config.control_room.as_deref();
    let mut rooms: Vec<StaffRoom<'_>> = control_room
        .map(|id| StaffRoom {
            id,
            key: "control_room".to_owned(),
            prefix: String::new(),
            meaning: "What concerns no conversation is told to nobody.",
        })
        .into_iter()
        .collect();
    for (name, mailbox) in &scene.config.mailboxes {
        let Some(id) = mailbox.intake.triage_room.as_deref() else {
            continue;
        };
        if rooms.iter().all(|room| room.id != id) {
            rooms.push(StaffRoom {
                id,
                key: format!("mailboxes.{name}.triage_room"),
                prefix: format!("{name}: triage "),
                meaning: "Nobody is asked about mail that belongs to no conversation.",
            });
        }
    }
    rooms
}

/// The rooms in which the bot is. The error says why nobody knows.
async fn joined(access: Option<&Access>) -> Result<Value, String> {
    let access = access.ok_or("the homeserver can't be asked")?;
    match access.probe.get(&["v3", "joined_rooms"], None).await {
        Ok(answer) if answer.is_success() => Ok(answer.body["joined_rooms"].clone()),
        Ok(answer) => Err(answer.words()),
        Err(silence) => Err(silence.to_string()),
    }
}

async fn look(room: &StaffRoom<'_>, joined: &Value, access: &Access) -> Vec<Check> {
    let (id, key) = (room.id, &room.key);
    let is_joined = joined
        .as_array()
        .is_some_and(|rooms| rooms.iter().any(|it| it == id.as_str()));
    if !is_joined {
        let bot = &access.bot;
        let advice = Advice::new(
            format!("{bot} is not in {id}"),
            room.meaning,
            format!(
                "Invite {bot} to the room (Postroom accepts staff's invitations while it runs), \
                 or correct {key}."
            ),
        );
        let mut checks = vec![Area::ControlRoom.fault(room.name(ROOM), advice)];
        checks.extend(room.skip(&[WRITING, ENCRYPTION], "the bot isn't in the room"));
        return checks;
    }
    let (levels, creation, encryption) = tokio::join!(
        state("m.room.power_levels", id, access),
        state("m.room.create", id, access),
        state("m.room.encryption", id, access)
    );
    vec![
        Area::ControlRoom.ok(room.name(ROOM), format!("{id}, the bot is in it")),
        writing(levels, creation, room, access),
        encrypted(encryption, room),
    ]
}

/// The content of a state event, `null` if there is none. The error says why nobody knows.
async fn state(kind: &str, room: &RoomId, access: &Access) -> Result<Value, String> {
    let path = ["v3", "rooms", room.as_str(), "state", kind, ""];
    match access.probe.get(&path, None).await {
        Ok(answer) if answer.is_success() => Ok(answer.body),
        Ok(answer) if answer.status == 404 => Ok(Value::Null),
        Ok(answer) => Err(answer.words()),
        Err(silence) => Err(silence.to_string()),
    }
}

fn writing(
    levels: Result<Value, String>,
    creation: Result<Value, String>,
    room: &StaffRoom<'_>,
    access: &Access,
) -> Check {
    let (levels, creation) = match (levels, creation) {
        (Ok(levels), Ok(creation)) => (levels, creation),
        (Err(why), _) | (_, Err(why)) => {
            return Area::ControlRoom.skipped(room.name(WRITING), why);
        }
    };
    let bot = access.bot.as_str();
    // In newer rooms who made it may do everything, and is not listed.
    let made_it = creation["additional_creators"]
        .as_array()
        .is_some_and(|creators| creators.iter().any(|it| it == bot));
    let (own, needed) = power(&levels, bot);
    if made_it || own >= needed {
        return Area::ControlRoom.ok(room.name(WRITING), "the bot may write");
    }
    Area::ControlRoom.fault(
        room.name(WRITING),
        Advice::new(
            format!("the bot has power level {own}, messages need {needed}"),
            "The bot can't report anything there.",
            format!("In the room's settings give {bot} power level {needed}."),
        ),
    )
}

/// The bot's level, and that which a message needs (client-server API, `m.room.power_levels`).
fn power(levels: &Value, bot: &str) -> (i64, i64) {
    let number = |value: &Value| value.as_i64();
    let own = number(&levels["users"][bot])
        .or_else(|| number(&levels["users_default"]))
        .unwrap_or(0);
    let needed = number(&levels["events"]["m.room.message"])
        .or_else(|| number(&levels["events_default"]))
        .unwrap_or(0);
    (own, needed)
}

fn encrypted(encryption: Result<Value, String>, room: &StaffRoom<'_>) -> Check {
    match encryption {
        Ok(Value::Null) => Area::ControlRoom.ok(room.name(ENCRYPTION), "none"),
        Ok(_) => Area::ControlRoom.fault(
            room.name(ENCRYPTION),
            Advice::new(
                "the room is encrypted",
                "Postroom neither reads nor writes encrypted messages, and encryption can't be \
                 switched off.",
                format!(
                    "Make a new room without encryption, invite the bot, and put its id into {}.",
                    room.key
                ),
            ),
        ),
        Err(why) => Area::ControlRoom.skipped(room.name(ENCRYPTION), why),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!(null), (0, 0))]
    #[case(json!({"events_default": 50}), (0, 50))]
    #[case(json!({"events_default": 50, "users_default": 60}), (60, 50))]
    #[case(json!({"users": {"@p:e": 10}, "events": {"m.room.message": 100}, "events_default": 0}), (10, 100))]
    fn reads_power_levels(#[case] levels: Value, #[case] expected: (i64, i64)) {
        assert_eq!(power(&levels, "@p:e"), expected);
    }
}
