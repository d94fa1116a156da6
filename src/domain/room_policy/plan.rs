//! The plan by which a new room is made.

use ruma::{MxcUri, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, ServerName, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{JoinRule, Policy, Rule, Strength, level, pattern::Looks};

/// Which room is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRoom {
    /// What the customer is called; their address if they don't say.
    pub customer: String,
    /// What it is about; may be empty.
    pub subject: String,
    /// The key of the mailbox whose room it is.
    pub mailbox: String,
    /// Staff who are invited besides those of the policy.
    pub invite: Vec<OwnedUserId>,
}

/// Who makes it, and where.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    pub bot: &'a UserId,
    pub server: &'a ServerName,
}

/// How a room is to be made, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomPlan {
    /// The body of `POST /createRoom`, but for the logo.
    pub request: Value,
    /// The policy has a logo, see [`RoomPlan::body`].
    pub wants_logo: bool,
    /// Where the room is to be listed once it is there; it names this Space as its parent already.
    pub space: Option<OwnedRoomId>,
    /// What the Space's listing says of where to find the room.
    pub via: Vec<OwnedServerName>,
}

impl RoomPlan {
    /// The body of `POST /createRoom`, with the logo that the homeserver has.
    #[must_use]
    pub fn body(&self, logo: Option<&MxcUri>) -> Value {
        let mut body = self.request.clone();
        if let Some(logo) = logo
            && let Some(state) = body["initial_state"].as_array_mut()
        {
            state.push(state_event("m.room.avatar", "", &json!({"url": logo})));
        }
        body
    }

    /// What the room is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.request["name"].as_str().unwrap_or_default()
    }

    /// Who is invited at once.
    #[must_use]
    pub fn invited(&self) -> Vec<&str> {
        let invited = self.request["invite"].as_array().into_iter().flatten();
        invited.filter_map(Value::as_str).collect()
    }
}

/// Plans a room by the policy. It is of version 12: whoever makes it outranks all, with the functional
/// account beside them; neither has a power level.
///
/// The bot makes it, so it never is encrypted: mail could not be carried.
#[must_use]
pub fn plan(policy: &Policy, room: &NewRoom, here: Here<'_>) -> RoomPlan {
    let name = name_of(policy, room);
    let looks = Looks {
        id: None,
        alias: None,
        mailbox: &room.mailbox,
        name: &name,
    };
    let holds = |rule| policy.strength_in(rule, looks) != Strength::Off;
    let admin = policy.admin.as_deref().filter(|_| holds(Rule::Admin));
    let admin = admin.filter(|admin| *admin != here.bot);
    let space = policy.space.clone().filter(|_| holds(Rule::Space));
    let invited = invited(policy, room, here.bot, admin);

    let mut state = vec![
        state_event(
            "m.room.join_rules",
            "",
            &join_rules(policy.join_rule, policy.space.as_deref()),
        ),
        state_event(
            "m.room.history_visibility",
            "",
            &json!({"history_visibility": policy.history.word()}),
        ),
        state_event(
            "m.room.guest_access",
            "",
            &json!({"guest_access": "forbidden"}),
        ),
    ];
    if let Some(space) = &space {
        state.push(state_event(
            "m.space.parent",
            space.as_str(),
            &json!({"via": via(space, here.server), "canonical": true}),
        ));
    }
    let mut creation = Map::new();
    if let Some(admin) = admin {
        creation.insert("additional_creators".to_owned(), json!([admin]));
    }
    let staff: Vec<&OwnedUserId> = invited
        .iter()
        .filter(|user| Some(&***user) != admin)
        .collect();
    let mut request = json!({
        "room_version": "12",
        "preset": "private_chat",
        "visibility": "private",
        "name": name,
        "creation_content": creation,
        "initial_state": state,
        "invite": invited,
        "power_level_content_override": power_levels(&staff),
    });
    if let Some(topic) = policy.topic.as_ref().filter(|_| holds(Rule::Topic)) {
        request["topic"] = topic.as_str().into();
    }
    RoomPlan {
        request,
        wants_logo: policy.logo.is_some() && holds(Rule::Logo),
        via: vec![here.server.to_owned()],
        space,
    }
}

/// What the room is called: prefix, customer, subject, on one line.
#[must_use]
pub fn name_of(policy: &Policy, room: &NewRoom) -> String {
    let (customer, subject) = (one_line(&room.customer), one_line(&room.subject));
    let name = match (customer.as_str(), subject.as_str()) {
        ("", subject) => subject.to_owned(),
        (customer, "") => customer.to_owned(),
        (customer, subject) => format!("{customer}: {subject}"),
    };
    let prefix = policy.prefix.as_deref().unwrap_or_default();
    let looks = Looks {
        id: None,
        alias: None,
        mailbox: &room.mailbox,
        name: &name,
    };
    let has_prefix = policy.strength_in(Rule::Prefix, looks) != Strength::Off;
    let name = if has_prefix && !name.starts_with(prefix) {
        format!("{prefix}{name}")
    } else {
        name
    };
    if name.chars().count() <= LONGEST_NAME {
        return name;
    }
    let short: String = name.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", short.trim_end())
}

/// In characters; clients show less.
const LONGEST_NAME: usize = 100;

fn one_line(text: &str) -> String {
    let visible = text.replace(char::is_control, " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everybody whom the policy names, and who is asked for, once each.
fn invited(
    policy: &Policy,
    room: &NewRoom,
    bot: &UserId,
    admin: Option<&UserId>,
) -> Vec<OwnedUserId> {
    let mut users: Vec<OwnedUserId> = Vec::new();
    let admin = admin.map(ToOwned::to_owned);
    let people = policy.moderators.iter().chain(&policy.invite);
    for user in admin.iter().chain(people).chain(&room.invite) {
        if user != bot && !users.contains(user) {
            users.push(user.clone());
        }
    }
    users
}

/// Ghosts, and everybody of whom nothing else is said, can only talk; staff look after the room.
fn power_levels(staff: &[&OwnedUserId]) -> Value {
    let users: Map<String, Value> = staff
        .iter()
        .map(|user| (user.to_string(), level::MODERATOR.into()))
        .collect();
    json!({
        "users": users,
        "users_default": level::TALK,
        "events_default": level::TALK,
        "state_default": level::MODERATOR,
        "invite": level::MODERATOR,
        "kick": level::MODERATOR,
        "ban": level::MODERATOR,
        "redact": level::MODERATOR,
        "notifications": {"room": level::MODERATOR},
        "events": {
            "m.room.power_levels": level::ADMIN,
            "m.room.history_visibility": level::ADMIN,
            "m.room.encryption": level::ADMIN,
            "m.room.server_acl": level::ADMIN,
            "m.room.tombstone": level::TOMBSTONE,
        },
    })
}

/// The content of `m.room.join_rules`. What needs a Space and has none is by invitation.
pub(super) fn join_rules(rule: JoinRule, space: Option<&RoomId>) -> Value {
    match space {
        Some(space) if rule.needs_space() => json!({
            "join_rule": rule.word(),
            "allow": [{"type": "m.room_membership", "room_id": space}],
        }),
        None if rule.needs_space() => json!({"join_rule": JoinRule::Invite.word()}),
        _ => json!({"join_rule": rule.word()}),
    }
}

/// Servers by which a room can be found: ours, and the one in its id (which those of version 12 lack).
pub(super) fn via(room: &RoomId, server: &ServerName) -> Vec<OwnedServerName> {
    let mut via = vec![server.to_owned()];
    if let Some(other) = room.server_name()
        && other != server
    {
        via.push(other.to_owned());
    }
    via
}

fn state_event(kind: &str, key: &str, content: &Value) -> Value {
    json!({"type": kind, "state_key": key, "content": content})
}

impl Policy {
    /// How strong a rule is in this room; [`Strength::Off`] also where it asks for nothing.
    pub(super) fn strength_in(&self, rule: Rule, room: Looks<'_>) -> Strength {
        let asks = match rule {
            Rule::Bot
            | Rule::Ghosts
            | Rule::Encryption
            | Rule::Moderator
            | Rule::JoinRule
            | Rule::History => true,
            Rule::Admin => self.admin.is_some(),
            Rule::Staff => !self.moderators.is_empty() || !self.invite.is_empty(),
            Rule::Prefix => self.prefix.is_some(),
            Rule::Topic => self.topic.is_some(),
            Rule::Logo => self.logo.is_some(),
            Rule::Space => self.space.is_some(),
        };
        let prefix = self.prefix.as_deref();
        let concerns = self.rules.only(rule).is_none_or(|only| {
            let mut only = only.iter();
            only.any(|pattern| pattern.matches(room, prefix))
        });
        if asks && concerns {
            self.rules.strength(rule)
        } else {
            Strength::Off
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::{room_id, server_name, user_id};

    use super::*;
    use crate::domain::room_policy::{Logo, RoomPattern, Rules};

    fn here() -> Here<'static> {
        Here {
            bot: user_id!("@postroom:example.org"),
            server: server_name!("example.org"),
        }
    }

    fn policy() -> Policy {
        Policy {
            prefix: Some("RSE: ".to_owned()),
            topic: Some("Ask away.".to_owned()),
            logo: Some(Logo::Mxc("mxc://example.org/logo".into())),
            space: Some(room_id!("!space:example.com").to_owned()),
            admin: Some(user_id!("@admin:example.org").to_owned()),
            moderators: vec![user_id!("@ann:example.org").to_owned()],
            invite: vec![
                user_id!("@bob:example.org").to_owned(),
                user_id!("@ann:example.org").to_owned(),
            ],
            ..Policy::default()
        }
    }

    fn room() -> NewRoom {
        NewRoom {
            customer: "Jane Doe".to_owned(),
            subject: "Broken\r\nheater".to_owned(),
            mailbox: "support".to_owned(),
            invite: vec![user_id!("@eve:example.org").to_owned()],
        }
    }

    fn state<'a>(body: &'a Value, kind: &str) -> Option<&'a Value> {
        let state = body["initial_state"].as_array()?;
        let event = state.iter().find(|event| event["type"] == kind)?;
        Some(&event["content"])
    }

    #[test]
    fn everything_of_the_policy_is_in_it() {
        let plan = plan(&policy(), &room(), here());
        let body = plan.body(Some("mxc://example.org/logo".into()));
        assert_eq!(body["room_version"], "12");
        assert_eq!(body["name"], "RSE: Jane Doe: Broken heater");
        assert_eq!(body["topic"], "Ask away.");
        let creators = &body["creation_content"]["additional_creators"];
        assert_eq!(*creators, json!(["@admin:example.org"]));
        assert_eq!(
            plan.invited(),
            [
                "@admin:example.org",
                "@ann:example.org",
                "@bob:example.org",
                "@eve:example.org"
            ]
        );
        let levels = &body["power_level_content_override"];
        assert_eq!(
            levels["users"],
            json!({"@ann:example.org": 50, "@bob:example.org": 50, "@eve:example.org": 50}),
            "creators have no level"
        );
        assert_eq!(levels["invite"], 50);
        let rules = state(&body, "m.room.join_rules").unwrap();
        assert_eq!(*rules, json!({"join_rule": "invite"}));
        let history = state(&body, "m.room.history_visibility").unwrap();
        assert_eq!(history["history_visibility"], "invited");
        let parent = state(&body, "m.space.parent").unwrap();
        assert_eq!(
            *parent,
            json!({"via": ["example.org", "example.com"], "canonical": true})
        );
        let avatar = state(&body, "m.room.avatar").unwrap();
        assert_eq!(*avatar, json!({"url": "mxc://example.org/logo"}));
        assert!(plan.wants_logo);
        assert_eq!(plan.space.unwrap(), "!space:example.com");
        assert!(state(&body, "m.room.encryption").is_none());
    }

    #[test]
    fn without_a_policy_it_is_private_and_nobody_is_in_it() {
        let plan = plan(&Policy::default(), &NewRoom::default(), here());
        assert!(plan.invited().is_empty() && plan.space.is_none() && !plan.wants_logo);
        assert_eq!(plan.request["creation_content"], json!({}));
        let rules = state(&plan.request, "m.room.join_rules").unwrap();
        assert_eq!(rules["join_rule"], "invite");
    }

    #[test]
    fn who_can_come_from_the_space_is_said() {
        let mut policy = policy();
        policy.join_rule = JoinRule::Restricted;
        let planned = plan(&policy, &room(), here());
        let allow = &state(&planned.request, "m.room.join_rules").unwrap()["allow"];
        assert_eq!(
            *allow,
            json!([{"type": "m.room_membership", "room_id": "!space:example.com"}])
        );
        policy.space = None;
        let planned = plan(&policy, &room(), here());
        let rules = state(&planned.request, "m.room.join_rules").unwrap();
        assert_eq!(*rules, json!({"join_rule": "invite"}));
    }

    #[test]
    fn a_bot_that_is_the_functional_account_is_not_named_twice() {
        let mut policy = policy();
        policy.admin = Some(here().bot.to_owned());
        let plan = plan(&policy, &room(), here());
        assert_eq!(plan.request["creation_content"], json!({}));
        assert!(!plan.invited().contains(&here().bot.as_str()));
    }

    #[rstest]
    #[case("Jane", "Heater", None, "RSE: Jane: Heater")]
    #[case("Jane", "", None, "RSE: Jane")]
    #[case("", "Heater", None, "RSE: Heater")]
    #[case("RSE: Jane", "", None, "RSE: Jane")]
    #[case("Jane", "", Some("Chapter *"), "Jane")]
    #[case("Chapter Lyon", "", Some("Chapter *"), "RSE: Chapter Lyon")]
    #[case("Jane", "", Some("mailbox:support"), "RSE: Jane")]
    fn names_fit_the_policy(
        #[case] customer: &str,
        #[case] subject: &str,
        #[case] only: Option<&str>,
        #[case] expected: &str,
    ) {
        let mut policy = policy();
        let only = only.map(|only| (Rule::Prefix, vec![RoomPattern::parse(only).unwrap()]));
        policy.rules = Rules {
            only: only.into_iter().collect(),
            ..Rules::default()
        };
        let room = NewRoom {
            customer: customer.to_owned(),
            subject: subject.to_owned(),
            ..room()
        };
        assert_eq!(name_of(&policy, &room), expected);
    }

    #[test]
    fn a_long_name_is_cut() {
        let room = NewRoom {
            subject: "x".repeat(300),
            ..room()
        };
        let name = name_of(&policy(), &room);
        assert_eq!(name.chars().count(), LONGEST_NAME);
        assert!(name.ends_with('…'));
    }
}
