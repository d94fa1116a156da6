//! Takes a room into the Space.

use serde_json::json;

use super::{
    audit::{SpaceSight, Subject},
    change::Change,
    finding::Lacking,
    plan,
};

/// Why a room can't be taken into the Space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpaceFault {
    /// None is configured.
    Unset,
    Hidden,
    Lacking(Lacking),
}

impl Subject<'_> {
    /// What takes the room into the Space, in order, or the power that the bot lacks for it. Nothing if
    /// it is there already.
    ///
    /// # Errors
    ///
    /// The bot can't see the Space, or lacks power there or here.
    pub fn add_to_space(self) -> Result<Vec<Change>, SpaceFault> {
        let Some(id) = &self.policy.space else {
            return Err(SpaceFault::Unset);
        };
        let SpaceSight::Seen(space) = self.space else {
            return Err(SpaceFault::Hidden);
        };
        let mut changes = Vec::new();
        // The Space lists it last: what is refused before leaves nothing half done there.
        if !self.room.parents.contains(id) {
            let level = self.room.levels.to_send("m.space.parent", true);
            if !self.room.power(self.bot).reaches(level) {
                return Err(SpaceFault::Lacking(self.lacking(level, false)));
            }
            changes.push(Change::State {
                room: self.room.id.clone(),
                kind: "m.space.parent".to_owned(),
                key: id.to_string(),
                content: json!({"via": plan::via(id, self.server), "canonical": true}),
            });
        }
        if !space.children.contains(&self.room.id) {
            let level = space.levels.to_send("m.space.child", true);
            if !space.power(self.bot).reaches(level) {
                return Err(SpaceFault::Lacking(self.lacking(level, true)));
            }
            changes.push(Change::State {
                room: id.clone(),
                kind: "m.space.child".to_owned(),
                key: self.room.id.to_string(),
                content: json!({"via": plan::via(&self.room.id, self.server)}),
            });
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests;
