//! Who may join, invite, leave, kick and ban (Matrix 1.19, room version 12, authorisation rules).

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::room::{Membership, Room};
use super::world::{Draft, World, check_numbers, not_in_room, object};

impl World {
    /// Changes a membership; `None` if it is so already.
    pub fn set_membership(
        &mut self,
        room: &str,
        sender: &str,
        target: &str,
        to: Membership,
        reason: Option<&str>,
    ) -> Result<Option<String>, Refusal> {
        let mut content = json!({});
        if let Some(reason) = reason {
            content["reason"] = reason.into();
        }
        self.change_member(room, sender, target, to, &content)
    }

    /// A member event sent as state.
    pub fn send_member(&mut self, draft: Draft<'_>) -> Result<String, Refusal> {
        let target = draft.state_key.unwrap_or_default();
        let to = draft.content["membership"]
            .as_str()
            .and_then(Membership::parse);
        let to = to.ok_or_else(|| Refusal::bad_json("Bad membership"))?;
        check_numbers(&draft.content)?;
        let room = self.joined_room(draft.room, draft.sender);
        if let Ok(room) = &room
            && to == Membership::Join
            && target == draft.sender
            && room
                .state("m.room.member", target)
                .is_some_and(|e| e.content != draft.content)
        {
            return self.append(draft);
        }
        let made = self.change_member(draft.room, draft.sender, target, to, &draft.content)?;
        let known = self.room(draft.room)?.state("m.room.member", target);
        let known = || known.map(|event| event.event_id.clone());
        Ok(made.or_else(known).unwrap_or_default())
    }

    /// As [`Self::set_membership`], with more content.
    pub fn change_member(
        &mut self,
        room_id: &str,
        sender: &str,
        target: &str,
        to: Membership,
        content: &Value,
    ) -> Result<Option<String>, Refusal> {
        let room = self.room(room_id)?;
        let now = room.members.get(target).copied();
        let power = room.power(sender);
        let refused = |why: &str| Err(Refusal::forbidden(why));
        if sender != target && !room.is_joined(sender) {
            return Err(not_in_room(sender, room_id));
        }
        match to {
            Membership::Join if sender != target => return refused("Cannot join for others"),
            Membership::Join => match now {
                Some(Membership::Join) => return Ok(None),
                Some(Membership::Ban) => return refused("You are banned from this room"),
                Some(Membership::Invite) => {}
                Some(Membership::Leave) | None if room.join_rule() == "public" => {}
                Some(Membership::Leave) | None if self.is_let_in_by_another(room, target) => {}
                Some(Membership::Leave) | None => {
                    return refused("You are not invited to this room.");
                }
            },
            Membership::Invite => match now {
                Some(Membership::Join) => return refused("They are already in the room."),
                Some(Membership::Ban) => return refused("They are banned from the room"),
                _ if power < room.level_to("invite") => {
                    return refused("You don't have permission to invite users");
                }
                Some(Membership::Invite | Membership::Leave) | None => {}
            },
            Membership::Leave if sender == target => match now {
                Some(Membership::Join | Membership::Invite) => {}
                Some(Membership::Ban | Membership::Leave) | None => {
                    return Err(not_in_room(sender, room_id));
                }
            },
            Membership::Leave => {
                let action = if now == Some(Membership::Ban) {
                    "ban"
                } else {
                    "kick"
                };
                if power < room.level_to(action) || power <= room.power(target) {
                    return refused("You cannot kick this user.");
                }
                if now.is_none_or(|now| now == Membership::Leave) {
                    let error = "The target user is not in the room";
                    return Err(Refusal::new(403, "M_NOT_IN_ROOM", error));
                }
            }
            Membership::Ban => {
                if power < room.level_to("ban") || power <= room.power(target) {
                    return refused("You don't have permission to ban");
                }
            }
        }
        let content = self.member_content(target, to, content);
        self.append(member_draft(room_id, sender, target, content))
            .map(Some)
    }

    /// Members of the rooms that a restricted room names may come in (room version 8 and newer).
    fn is_let_in_by_another(&self, room: &Room, user: &str) -> bool {
        if !matches!(room.join_rule(), "restricted" | "knock_restricted") {
            return false;
        }
        let rules = room.state("m.room.join_rules", "");
        let allowed = rules.and_then(|event| event.content["allow"].as_array());
        let mut allowed = allowed.into_iter().flatten();
        allowed.any(|allowed| {
            let other = allowed["room_id"].as_str().unwrap_or_default();
            self.joined_room(other, user).is_ok()
        })
    }

    /// `content` with the membership and the profile of `user`.
    pub fn member_content(&self, user: &str, to: Membership, content: &Value) -> Value {
        let mut content = object(content);
        content.insert("membership".into(), to.name().into());
        if matches!(to, Membership::Join | Membership::Invite)
            && let Some(profile) = self.users.get(user)
        {
            for (key, value) in [
                ("displayname", &profile.displayname),
                ("avatar_url", &profile.avatar_url),
            ] {
                if let Some(value) = value
                    && !content.contains_key(key)
                {
                    content.insert(key.into(), value.clone().into());
                }
            }
        }
        Value::Object(content)
    }
}

pub fn member_draft<'a>(
    room: &'a str,
    sender: &'a str,
    target: &'a str,
    content: Value,
) -> Draft<'a> {
    Draft {
        room,
        sender,
        kind: "m.room.member",
        state_key: Some(target),
        content,
        timestamp: None,
        redacts: None,
    }
}
