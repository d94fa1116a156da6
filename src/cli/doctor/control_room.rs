//! Area `control_room`: where Postroom reports what concerns no conversation.

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

pub async fn examine(access: Option<&Access>, scene: &Scene) -> Vec<Check> {
    let Some(room) = &scene.config.control_room else {
        let advice = Advice::new(
            "none is configured",
            "Mail that belongs to no conversation is kept, and nobody is told.",
            "Make an unencrypted room for your staff, invite the bot, and put its id into \
             control_room: \"!…\"",
        );
        return vec![Area::ControlRoom.warning(ROOM, advice)];
    };
    let skip = |names: &[&str], why: &str| -> Vec<Check> {
        let skipped = names
            .iter()
            .map(|name| Area::ControlRoom.skipped(*name, why));
        skipped.collect()
    };
    let Some(access) = access else {
        return skip(
            &[ROOM, WRITING, ENCRYPTION],
            "the homeserver can't be asked",
        );
    };
    let joined = match access.probe.get(&["v3", "joined_rooms"], None).await {
        Ok(answer) if answer.is_success() => answer.body["joined_rooms"].clone(),
        Ok(answer) => return skip(&[ROOM, WRITING, ENCRYPTION], &answer.words()),
        Err(silence) => return skip(&[ROOM, WRITING, ENCRYPTION], &silence.to_string()),
    };
    let is_joined = joined
        .as_array()
        .is_some_and(|rooms| rooms.iter().any(|it| it == room.as_str()));
    if !is_joined {
        let bot = &access.bot;
        let advice = Advice::new(
            format!("{bot} is not in {room}"),
            "What concerns no conversation is told to nobody.",
            format!(
                "Invite {bot} to the room (Postroom accepts staff's invitations while it runs), \
                 or correct control_room."
            ),
        );
        let mut checks = vec![Area::ControlRoom.fault(ROOM, advice)];
        checks.extend(skip(&[WRITING, ENCRYPTION], "the bot isn't in the room"));
        return checks;
    }
    let (levels, creation, encryption) = tokio::join!(
        state("m.room.power_levels", room, access),
        state("m.room.create", room, access),
        state("m.room.encryption", room, access)
    );
    vec![
        Area::ControlRoom.ok(ROOM, format!("{room}, the bot is in it")),
        writing(levels, creation, access),
        encrypted(encryption),
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
    access: &Access,
) -> Check {
    let (levels, creation) = match (levels, creation) {
        (Ok(levels), Ok(creation)) => (levels, creation),
        (Err(why), _) | (_, Err(why)) => return Area::ControlRoom.skipped(WRITING, why),
    };
    let bot = access.bot.as_str();
    // In newer rooms who made it may do everything, and is not listed.
    let made_it = creation["additional_creators"]
        .as_array()
        .is_some_and(|creators| creators.iter().any(|it| it == bot));
    let (own, needed) = power(&levels, bot);
    if made_it || own >= needed {
        return Area::ControlRoom.ok(WRITING, "the bot may write");
    }
    Area::ControlRoom.fault(
        WRITING,
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

fn encrypted(encryption: Result<Value, String>) -> Check {
    match encryption {
        Ok(Value::Null) => Area::ControlRoom.ok(ENCRYPTION, "none"),
        Ok(_) => Area::ControlRoom.fault(
            ENCRYPTION,
            Advice::new(
                "the room is encrypted",
                "Postroom neither reads nor writes encrypted messages, and encryption can't be \
                 switched off.",
                "Make a new room without encryption, invite the bot, and put its id into \
                 control_room.",
            ),
        ),
        Err(why) => Area::ControlRoom.skipped(ENCRYPTION, why),
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
