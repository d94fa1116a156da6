//! A room's state that says who may do what, what the room goes on from, and what replaces it. Read
//! leniently: each part that makes no sense counts as not said.

use std::collections::BTreeMap;

use ruma::{OwnedUserId, UserId};
use serde_json::Value;

use crate::domain::{
    event::EventKind,
    room_rules::{Creation, Levels, ServerAcl},
};

/// What a state event with this key says; `None` of every other event.
pub fn in_state(
    kind: &str,
    state_key: &str,
    sender: &UserId,
    content: &Value,
) -> Option<EventKind> {
    if kind == "m.room.third_party_invite" {
        // Without a name it was taken back.
        let is_meant = content["display_name"].is_string();
        return Some(if is_meant {
            EventKind::ThirdPartyInvite
        } else {
            EventKind::Irrelevant
        });
    }
    let known = match kind {
        "m.room.create" => EventKind::Created(creation(sender, content)),
        "m.room.power_levels" => EventKind::PowerLevels(levels(content)),
        "m.room.tombstone" => EventKind::Tombstone {
            replacement: id(&content["replacement_room"]),
        },
        "m.room.server_acl" => EventKind::ServerAcl(ServerAcl {
            allow: strings(&content["allow"]),
            deny: strings(&content["deny"]),
            allow_ip_literals: content["allow_ip_literals"].as_bool().unwrap_or(true),
        }),
        "m.room.canonical_alias" => EventKind::CanonicalAlias(
            content["alias"]
                .as_str()
                .filter(|alias| ruma::RoomAliasId::parse(alias).is_ok())
                .map(str::to_owned),
        ),
        _ => return None,
    };
    // With a key they say nothing of the room.
    Some(if state_key.is_empty() {
        known
    } else {
        EventKind::Irrelevant
    })
}

fn creation(sender: &UserId, content: &Value) -> Creation {
    // Before version 11 the content named the creator, which was always the sender.
    let further = strings(&content["additional_creators"]).into_iter();
    let further = further.filter_map(|user| OwnedUserId::try_from(user).ok());
    Creation {
        version: content["room_version"].as_str().unwrap_or("1").to_owned(),
        creators: std::iter::once(sender.to_owned()).chain(further).collect(),
        predecessor: id(&content["predecessor"]["room_id"]),
    }
}

fn levels(content: &Value) -> Levels {
    let usual = Levels::default();
    Levels {
        users: numbers(&content["users"]),
        users_default: number(&content["users_default"]).unwrap_or(usual.users_default),
        events: numbers(&content["events"]),
        events_default: number(&content["events_default"]).unwrap_or(usual.events_default),
        state_default: number(&content["state_default"]).unwrap_or(usual.state_default),
        invite: number(&content["invite"]).unwrap_or(usual.invite),
        redact: number(&content["redact"]).unwrap_or(usual.redact),
    }
}

fn numbers(map: &Value) -> BTreeMap<String, i64> {
    let entries = map.as_object().into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), number(value)?)))
        .collect()
}

/// In old rooms levels are written as texts, too.
fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn id<T: TryFrom<String>>(value: &Value) -> Option<T> {
    value.as_str()?.to_owned().try_into().ok()
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use ruma::{owned_room_id, user_id};
    use serde_json::json;

    use super::*;

    fn read(kind: &str, key: &str, content: &Value) -> Option<EventKind> {
        in_state(kind, key, user_id!("@ann:example.org"), content)
    }

    #[test]
    fn a_room_goes_on_from_another_and_is_replaced() {
        let content = json!({"room_version": "12", "predecessor": {"room_id": "!old:example.org"},
            "additional_creators": ["@bea:example.org", 7, "nobody"]});
        let Some(EventKind::Created(made)) = read("m.room.create", "", &content) else {
            panic!("it is a creation");
        };
        assert_eq!(made.predecessor, Some(owned_room_id!("!old:example.org")));
        assert_eq!(made.creators.len(), 2);

        let content = json!({"body": "Moved", "replacement_room": "!new"});
        let kind = read("m.room.tombstone", "", &content);
        let replacement = Some(owned_room_id!("!new"));
        assert_eq!(kind, Some(EventKind::Tombstone { replacement }));
        let kind = read("m.room.tombstone", "else", &content);
        assert_eq!(kind, Some(EventKind::Irrelevant));
        let kind = read("m.room.tombstone", "", &json!({"replacement_room": 7}));
        assert_eq!(kind, Some(EventKind::Tombstone { replacement: None }));
    }

    #[test]
    fn levels_are_numbers_also_as_texts() {
        let content = json!({"users": {"@ann:example.org": "100", "@x:y": null}, "invite": 50,
            "events": {"m.room.message": 10}, "users_default": " 5 "});
        let Some(EventKind::PowerLevels(levels)) = read("m.room.power_levels", "", &content) else {
            panic!("they are levels");
        };
        assert_eq!(levels.users["@ann:example.org"], 100);
        assert_eq!((levels.users.len(), levels.users_default), (1, 5));
        assert_eq!((levels.invite, levels.redact), (50, 50));
    }
}
