//! Holds a room against the policy, point by point.

use ruma::{MxcUri, OwnedUserId, ServerName, UserId};
use serde_json::{Value, json};

use super::{
    History, JoinRule, Policy, Rule, Strength,
    change::{Change, LevelChange},
    finding::{Ability, Audit, Finding, Flaw, Lacking, Problem, Task},
    level,
    pattern::Looks,
    plan,
    state::{Power, RoomState},
};
use crate::domain::{event::Membership, ghost};

/// What an audit looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub policy: &'a Policy,
    pub room: &'a RoomState,
    /// The configured Space.
    pub space: &'a SpaceSight,
    /// The key of the mailbox whose room it is.
    pub mailbox: &'a str,
    /// Where the homeserver has the policy's logo.
    pub logo: Option<&'a MxcUri>,
    pub bot: &'a UserId,
    pub server: &'a ServerName,
}

/// What the bot sees of the configured Space.
#[derive(Debug, Clone, PartialEq)]
pub enum SpaceSight {
    /// None is configured.
    Unset,
    /// The bot isn't in it.
    Hidden,
    Seen(Box<RoomState>),
}

/// Holds the room against every rule that holds there.
#[must_use]
pub fn audit(subject: Subject<'_>) -> Audit {
    let looks = Looks {
        id: Some(&subject.room.id),
        alias: subject.room.alias.as_deref(),
        mailbox: subject.mailbox,
        name: &subject.room.name,
    };
    let findings = Rule::ALL.into_iter().filter_map(|rule| {
        let strength = subject.policy.strength_in(rule, looks);
        (strength != Strength::Off).then(|| Finding {
            rule,
            strength,
            flaw: subject.look_at(rule),
        })
    });
    Audit {
        findings: findings.collect(),
    }
}

impl Subject<'_> {
    fn look_at(self, rule: Rule) -> Option<Flaw> {
        match rule {
            Rule::Bot => self.bot(),
            Rule::Ghosts => self.ghosts(),
            Rule::Encryption => self.encryption(),
            Rule::Admin => self.admin(),
            Rule::Moderator => self.moderator(),
            Rule::Staff => self.staff(),
            Rule::Prefix => self.prefix(),
            Rule::Topic => self.topic(),
            Rule::Logo => self.logo(),
            Rule::JoinRule => self.join_rule(),
            Rule::History => self.history(),
            Rule::Space => self.in_space(),
        }
    }

    /// The bot speaks, marks and brings ghosts in.
    fn bot(self) -> Option<Flaw> {
        let (room, power) = (self.room, self.room.power(self.bot));
        let invites = room.join_rule != JoinRule::Public.word();
        let needed = [
            (Ability::Talk, room.levels.to_send("m.room.message", false)),
            (Ability::React, room.levels.to_send("m.reaction", false)),
            (
                Ability::Invite,
                if invites {
                    room.levels.to("invite")
                } else {
                    i64::MIN
                },
            ),
        ];
        let missing = needed.iter().filter(|(_, level)| !power.reaches(*level));
        let highest = missing.clone().map(|(_, level)| *level).max()?;
        Some(Flaw {
            lacking: Some(self.lacking(highest, false)),
            ..flaw(Problem::BotCannot(missing.map(|(can, _)| *can).collect()))
        })
    }

    /// The power of the mightiest ghost, those who are still to come included.
    fn power_of_ghosts(self) -> i64 {
        let levels = &self.room.levels;
        let named = levels.users().filter(|(user, _)| self.is_ghost(user));
        named
            .map(|(_, level)| level)
            .fold(levels.of_others(), i64::max)
    }

    fn ghosts(self) -> Option<Flaw> {
        let (levels, power) = (&self.room.levels, self.power_of_ghosts());
        let talk = levels.to_send("m.room.message", false);
        if levels.of_others() < talk {
            return Some(Flaw {
                task: Some(Task::AllowTalking {
                    level: levels.of_others(),
                }),
                ..flaw(Problem::GhostsCannotTalk)
            });
        }
        let changes_room = power >= levels.to_send("m.room.name", true)
            || power >= levels.to_send("m.room.power_levels", true)
            // What isn't named, such as the join rule.
            || power >= levels.to_send("", true)
            || levels
                .kinds()
                .any(|(kind, level)| is_state(kind) && power >= level);
        let can = [
            (Ability::Invite, power >= levels.to("invite")),
            (
                Ability::PutOut,
                power >= levels.to("kick").min(levels.to("ban")),
            ),
            (Ability::Redact, power >= levels.to("redact")),
            (Ability::CallAll, power >= levels.to_call_all()),
            (Ability::ChangeRoom, changes_room),
        ];
        let can: Vec<Ability> = can
            .into_iter()
            .filter_map(|(ability, can)| can.then_some(ability))
            .collect();
        if can.is_empty() {
            return None;
        }
        let mut change = LevelChange::of(levels);
        self.keep_power(&mut change);
        change.lower_others(level::TALK);
        for (user, level) in levels.users().filter(|(user, _)| self.is_ghost(user)) {
            if level > level::TALK {
                change.forget(user);
            }
        }
        for action in ["invite", "kick", "ban", "redact", "state_default"] {
            change.raise(action, level::MODERATOR);
        }
        change.raise_calls(level::MODERATOR);
        for (kind, _) in levels.kinds().filter(|(kind, _)| is_state(kind)) {
            change.raise_kind(kind, level::MODERATOR);
        }
        Some(self.mended_by_levels(flaw(Problem::GhostsCan(can)), change))
    }

    /// Who has their power by being there keeps it when others lose it: us, and those who look after the
    /// room. Without the bot nobody would mend the rest.
    fn keep_power(self, change: &mut LevelChange) {
        let levels = &self.room.levels;
        let everybodys = levels.of_others();
        if everybodys <= level::TALK {
            return;
        }
        let keepers = self.policy.moderators.iter().map(|user| &**user);
        let keepers = keepers
            .chain([self.bot])
            .chain(self.policy.admin.as_deref());
        for user in keepers {
            let is_named = levels.users().any(|(named, _)| named == user.as_str());
            let has_it_from_there = self.room.power(user) == Power::Level(everybodys) && !is_named;
            if has_it_from_there && self.room.is_joined(user) {
                change.set_user(user, everybodys);
            }
        }
    }

    fn encryption(self) -> Option<Flaw> {
        match (self.room.encrypted, self.policy.encrypted) {
            (true, false) => Some(Flaw {
                task: Some(Task::MakeNewRoom),
                ..flaw(Problem::Encrypted)
            }),
            (false, true) => Some(Flaw {
                task: Some(Task::Encrypt),
                ..flaw(Problem::NotEncrypted)
            }),
            (true, true) | (false, false) => None,
        }
    }

    fn admin(self) -> Option<Flaw> {
        let (room, admin) = (self.room, self.policy.admin.as_ref()?);
        let is_mighty = room.power(admin).reaches(level::ADMIN);
        let membership = room.members.get(admin);
        let problem = match membership {
            Some(Membership::Join) if is_mighty => return None,
            Some(Membership::Join) => Problem::AdminLacksPower,
            Some(Membership::Invite) => Problem::AdminIsInvited,
            _ => Problem::AdminIsAway,
        };
        let mut found = flaw(problem);
        if membership != Some(&Membership::Join) {
            self.bring_in(admin, &mut found);
        }
        if !is_mighty {
            let mut change = LevelChange::of(&room.levels);
            change.set_user(admin, level::ADMIN);
            found = self.mended_by_levels(found, change);
        }
        Some(found)
    }

    /// A person who is there and may look after the room.
    fn moderator(self) -> Option<Flaw> {
        let room = self.room;
        let looks_after = |(user, _): &(&OwnedUserId, Power)| self.is_person(user);
        if room.mighty(level::MODERATOR).iter().any(looks_after) {
            return None;
        }
        let mut found = flaw(Problem::NoModerator);
        let people = self.policy.moderators.iter();
        let people: Vec<&OwnedUserId> = people.filter(|user| self.is_person(user)).collect();
        let [first, ..] = people.as_slice() else {
            found.task = Some(Task::AppointModerator);
            return Some(found);
        };
        let mut change = LevelChange::of(&room.levels);
        for user in &people {
            if !room.power(user).reaches(level::MODERATOR) {
                change.set_user(user, level::MODERATOR);
            }
        }
        if !people.iter().any(|user| room.is_joined(user)) {
            self.bring_in(first, &mut found);
        }
        if change.is_any() {
            found = self.mended_by_levels(found, change);
        }
        Some(found)
    }

    fn staff(self) -> Option<Flaw> {
        let room = self.room;
        let all = self.policy.moderators.iter().chain(&self.policy.invite);
        let mut away: Vec<OwnedUserId> = Vec::new();
        for user in all {
            let membership = room.members.get(user);
            let is_there = matches!(membership, Some(Membership::Join | Membership::Invite));
            if !is_there && !away.contains(user) {
                away.push(user.clone());
            }
        }
        if away.is_empty() {
            return None;
        }
        let mut found = flaw(Problem::StaffAreAway(away.clone()));
        for user in &away {
            self.bring_in(user, &mut found);
        }
        Some(found)
    }

    fn prefix(self) -> Option<Flaw> {
        let (prefix, name) = (self.policy.prefix.as_ref()?, &self.room.name);
        if name.is_empty() {
            return Some(Flaw {
                task: Some(Task::NameRoom),
                ..flaw(Problem::NoName)
            });
        }
        if name.starts_with(prefix.trim_end()) {
            return None;
        }
        let content = json!({"name": format!("{prefix}{name}")});
        Some(self.mended_by_state(flaw(Problem::NoPrefix), "m.room.name", content))
    }

    fn topic(self) -> Option<Flaw> {
        let topic = self.policy.topic.as_ref()?;
        let mend = || {
            let content = json!({"topic": topic});
            self.mended_by_state(flaw(Problem::NoTopic), "m.room.topic", content)
        };
        self.room.topic.is_empty().then(mend)
    }

    fn logo(self) -> Option<Flaw> {
        let problem = match (&self.room.logo, self.logo) {
            (None, _) => Problem::NoLogo,
            (Some(found), Some(wanted)) if **found != *wanted => Problem::OtherLogo,
            (Some(_), _) => return None,
        };
        let found = flaw(problem);
        Some(match self.logo {
            Some(logo) => self.mended_by_state(found, "m.room.avatar", json!({"url": logo})),
            None => found,
        })
    }

    fn join_rule(self) -> Option<Flaw> {
        let word = &self.room.join_rule;
        let allowed = &self.policy.join_rules;
        if allowed.iter().any(|rule| rule.word() == word) {
            return None;
        }
        let content = plan::join_rules(self.policy.join_rule, self.policy.space.as_deref());
        let found = flaw(Problem::JoinRule(word.clone()));
        Some(self.mended_by_state(found, "m.room.join_rules", content))
    }

    /// Who may read less than they might is fine.
    fn history(self) -> Option<Flaw> {
        let word = &self.room.history;
        let found = History::from_word(word);
        if found.is_some_and(|found| found <= self.policy.history) {
            return None;
        }
        let content = json!({"history_visibility": self.policy.history.word()});
        let found = flaw(Problem::History(word.clone()));
        Some(self.mended_by_state(found, "m.room.history_visibility", content))
    }

    fn in_space(self) -> Option<Flaw> {
        let space = self.policy.space.as_ref()?;
        let names_it = self.room.parents.contains(space);
        let problem = match self.space {
            SpaceSight::Unset => return None,
            SpaceSight::Hidden => Problem::SpaceIsHidden,
            SpaceSight::Seen(seen) => match (seen.children.contains(&self.room.id), names_it) {
                (true, true) => return None,
                (true, false) => Problem::NamesNoSpace,
                (false, _) => Problem::NotInSpace,
            },
        };
        let task = match problem {
            Problem::SpaceIsHidden => Task::InviteBotToSpace,
            _ => Task::AddToSpace,
        };
        Some(Flaw {
            task: Some(task),
            ..flaw(problem)
        })
    }

    /// Invites somebody, unless they were there and went: then people ask them.
    fn bring_in(self, user: &OwnedUserId, found: &mut Flaw) {
        let room = self.room;
        match room.members.get(user) {
            Some(Membership::Join) => {}
            Some(Membership::Invite) => found.task = Some(Task::Accept(user.clone())),
            Some(Membership::Leave | Membership::Ban) => match &mut found.task {
                Some(Task::Ask(users)) => users.push(user.clone()),
                task => *task = Some(Task::Ask(vec![user.clone()])),
            },
            Some(Membership::Knock) | None => {
                let level = room.levels.to("invite");
                if room.power(self.bot).reaches(level) {
                    found.changes.push(Change::Invite {
                        room: room.id.clone(),
                        user: user.clone(),
                    });
                } else {
                    found.lacking = Some(self.lacking(level, false));
                }
            }
        }
    }

    fn mended_by_state(self, mut found: Flaw, kind: &str, content: Value) -> Flaw {
        let level = self.room.levels.to_send(kind, true);
        if self.room.power(self.bot).reaches(level) {
            found.changes.push(Change::State {
                room: self.room.id.clone(),
                kind: kind.to_owned(),
                key: String::new(),
                content,
            });
        } else {
            found.lacking = Some(self.lacking(level, false));
        }
        found
    }

    fn mended_by_levels(self, found: Flaw, change: LevelChange) -> Flaw {
        let level = change.needs();
        if self.room.power(self.bot).reaches(level) {
            return self.mended_by_state(found, "m.room.power_levels", change.content());
        }
        Flaw {
            lacking: Some(self.lacking(level, false)),
            ..found
        }
    }

    pub(super) fn lacking(self, level: i64, in_space: bool) -> Lacking {
        let room = match self.space {
            SpaceSight::Seen(space) if in_space => space,
            _ => self.room,
        };
        let has = match room.power(self.bot) {
            Power::Level(level) => level,
            Power::Creator => i64::MAX,
        };
        let to_give = room.levels.to_send("m.room.power_levels", true).max(level);
        let givers = room.mighty(to_give).into_iter();
        let givers =
            givers.filter(|(user, _)| **user != *self.bot && !self.is_ghost(user.as_str()));
        Lacking {
            level,
            has,
            givers: givers.map(|(user, power)| (user.clone(), power)).collect(),
            in_space,
        }
    }

    fn is_ghost(self, user: &str) -> bool {
        let Ok(user) = <&UserId>::try_from(user) else {
            return false;
        };
        user.server_name() == self.server && user.localpart().starts_with(ghost::PREFIX)
    }

    /// Neither the functional account nor a machine.
    fn is_person(self, user: &UserId) -> bool {
        *user != *self.bot
            && self.policy.admin.as_deref() != Some(user)
            && !self.policy.bots.iter().any(|bot| bot == user)
            && !user.localpart().starts_with('_')
    }
}

fn flaw(problem: Problem) -> Flaw {
    Flaw {
        problem,
        changes: Vec::new(),
        lacking: None,
        task: None,
    }
}

/// Whether events of this type are state: nobody is to change the room by them. Of types that aren't
/// known nobody can tell.
fn is_state(kind: &str) -> bool {
    let is_known = kind.starts_with("m.room.") || kind.starts_with("m.space.");
    let is_message = matches!(
        kind,
        "m.room.message" | "m.room.encrypted" | "m.room.redaction"
    );
    is_known && !is_message
}
