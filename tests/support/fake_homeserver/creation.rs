//! Making a room (Matrix 1.19, `POST /createRoom`): its first events, in order.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::room::{Membership, Room};
use super::world::{Draft, World, object};

impl World {
    pub fn create_room(&mut self, creator: &str, wish: &Value) -> Result<String, Refusal> {
        let version = wish["room_version"].as_str().unwrap_or("12");
        let version: u32 = version.parse().map_err(|_| {
            let error = "Your homeserver does not support this room version";
            Refusal::new(400, "M_UNSUPPORTED_ROOM_VERSION", error)
        })?;
        let is_public = wish["visibility"] == "public";
        let preset = wish["preset"].as_str();
        let preset = preset.unwrap_or(if is_public {
            "public_chat"
        } else {
            "private_chat"
        });
        let invited: Vec<String> = strings(&wish["invite"]);
        let mut creators = vec![creator.to_owned()];
        creators.extend(strings(&wish["creation_content"]["additional_creators"]));
        if preset == "trusted_private_chat" {
            creators.extend(invited.iter().cloned());
        }
        let alias = match wish["room_alias_name"].as_str() {
            Some(name) => Some(self.free_alias(name)?),
            None => None,
        };

        let opaque = self.next_id();
        let id = if version >= 12 {
            format!("!{opaque}")
        } else {
            format!("!{}:{}", &opaque[..18], self.config.server_name)
        };
        let mut creation = object(&wish["creation_content"]);
        creation.insert("room_version".into(), version.to_string().into());
        let levels = first_levels(version, &mut creators, wish)?;
        let join_rule = if preset == "public_chat" {
            "public"
        } else {
            "invite"
        };

        self.rooms
            .insert(id.clone(), Room::new(id.clone(), creators));
        let joined = self.member_content(creator, Membership::Join, &json!({}));
        let mut lay = |kind: &str, key: &str, content: Value| {
            self.append(Draft {
                room: &id,
                sender: creator,
                kind,
                state_key: Some(key),
                content,
                timestamp: None,
                redacts: None,
            })
        };
        lay("m.room.create", "", Value::Object(creation))?;
        lay("m.room.member", creator, joined)?;
        lay("m.room.power_levels", "", levels)?;
        if let Some(alias) = &alias {
            lay("m.room.canonical_alias", "", json!({"alias": alias}))?;
        }
        lay("m.room.join_rules", "", json!({"join_rule": join_rule}))?;
        lay(
            "m.room.history_visibility",
            "",
            json!({"history_visibility": "shared"}),
        )?;
        for event in wish["initial_state"].as_array().into_iter().flatten() {
            let kind = event["type"]
                .as_str()
                .ok_or_else(|| Refusal::missing("type"))?;
            let key = event["state_key"].as_str().unwrap_or_default();
            lay(kind, key, event["content"].clone())?;
        }
        if let Some(name) = wish["name"].as_str() {
            lay("m.room.name", "", json!({"name": name}))?;
        }
        if let Some(topic) = wish["topic"].as_str() {
            lay("m.room.topic", "", json!({"topic": topic}))?;
        }
        if let Some(alias) = alias {
            self.aliases.insert(alias, id.clone());
        }
        for user in invited {
            let mut content = json!({});
            if wish["is_direct"] == true {
                content["is_direct"] = true.into();
            }
            self.change_member(&id, creator, &user, Membership::Invite, &content)?;
        }
        Ok(id)
    }

    fn free_alias(&self, name: &str) -> Result<String, Refusal> {
        let alias = format!("#{name}:{}", self.config.server_name);
        if self.aliases.contains_key(&alias) {
            return Err(Refusal::new(
                400,
                "M_ROOM_IN_USE",
                "Room alias already taken",
            ));
        }
        Ok(alias)
    }
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The first power levels. Who makes a room before version 12 stands in them, else is a creator.
fn first_levels(version: u32, creators: &mut Vec<String>, wish: &Value) -> Result<Value, Refusal> {
    let mut levels = json!({
        "users": {}, "users_default": 0, "events_default": 0, "state_default": 50,
        "invite": 0, "kick": 50, "ban": 50, "redact": 50,
        "events": {"m.room.tombstone": if version >= 12 { 150 } else { 100 },
            "m.room.power_levels": 100, "m.room.encryption": 100},
    });
    if version < 12 {
        for creator in creators.drain(..) {
            levels["users"][creator] = json!(100);
        }
    }
    for (key, value) in object(&wish["power_level_content_override"]) {
        levels[key] = value;
    }
    let additional = strings(&wish["creation_content"]["additional_creators"]);
    if additional
        .iter()
        .any(|user| !user.starts_with('@') || !user.contains(':'))
    {
        let error = "additional_creators must be user ids";
        return Err(Refusal::new(400, "M_INVALID_PARAM", error));
    }
    if creators
        .iter()
        .any(|creator| levels["users"].get(creator).is_some())
    {
        let error = "Creators can't be in users of the power levels";
        return Err(Refusal::bad_json(error));
    }
    Ok(levels)
}
