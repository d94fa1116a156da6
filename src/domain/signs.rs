//! What other clients and tools are told of a room that is relayed: which bridge serves it, and who in
//! it is no person.

use ruma::{OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::address::EmailAddress;

/// The event types of bridge information: the proposed one, and the one that is in use.
///
/// <https://github.com/matrix-org/matrix-spec-proposals/pull/2346>
pub const BRIDGE: [&str; 2] = ["m.bridge", "uk.half-shot.bridge"];
/// Whom clients leave out when they name a room after its members. Its state key is empty.
///
/// <https://github.com/element-hq/element-meta/blob/develop/spec/functional_members.md>
pub const FUNCTIONAL: &str = "io.element.functional_members";

/// Of a room in which somebody takes part by email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signs {
    /// The mailbox's name in the configuration.
    pub mailbox: String,
    pub address: EmailAddress,
    /// Of the organisation.
    pub name: String,
}

impl Signs {
    /// The state key of the bridge information: the same for as long as the room is the mailbox's.
    #[must_use]
    pub fn key(&self) -> String {
        format!("postroom/email/{}", self.mailbox)
    }

    /// Names no customer: everybody in the room reads it, also who comes later.
    #[must_use]
    pub fn bridge(&self, bot: &UserId) -> Value {
        json!({
            "bridgebot": bot,
            "protocol": {"id": "email", "displayname": "Email"},
            "channel": {
                "id": self.mailbox,
                "displayname": format!("{} <{}>", self.name, self.address),
                "external_url": format!("mailto:{}", self.address),
            },
        })
    }
}

/// The functional members with the bot, or without it; what others have put there stays. `None`: that is
/// how it is already.
#[must_use]
pub fn functional(there: Option<&Value>, bot: &OwnedUserId, is_wanted: bool) -> Option<Value> {
    let mut content = match there {
        Some(Value::Object(content)) => content.clone(),
        _ => Map::new(),
    };
    let mut members = match content.get("service_members") {
        Some(Value::Array(members)) => members.clone(),
        _ => Vec::new(),
    };
    let is_bot = |member: &Value| member.as_str() == Some(bot.as_str());
    if members.iter().any(is_bot) == is_wanted {
        return None;
    }
    if is_wanted {
        members.push(bot.as_str().into());
    } else {
        members.retain(|member| !is_bot(member));
    }
    content.insert("service_members".to_owned(), members.into());
    Some(content.into())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::owned_user_id;

    use super::*;

    #[rstest]
    #[case(None, true, Some(json!({"service_members": ["@bot:example.org"]})))]
    #[case(None, false, None)]
    #[case(Some(json!({})), true, Some(json!({"service_members": ["@bot:example.org"]})))]
    #[case(Some(json!({"service_members": ["@bot:example.org"]})), true, None)]
    #[case(
        Some(json!({"service_members": ["@irc:example.org"], "more": 1})), true,
        Some(json!({"service_members": ["@irc:example.org", "@bot:example.org"], "more": 1}))
    )]
    #[case(
        Some(json!({"service_members": ["@bot:example.org", "@irc:example.org"]})), false,
        Some(json!({"service_members": ["@irc:example.org"]}))
    )]
    #[case(Some(json!({"service_members": "nonsense"})), true, Some(json!({"service_members": ["@bot:example.org"]})))]
    #[case(Some(json!({"service_members": ["@irc:example.org"]})), false, None)]
    fn what_others_have_put_there_stays(
        #[case] there: Option<Value>,
        #[case] is_wanted: bool,
        #[case] expected: Option<Value>,
    ) {
        let bot = owned_user_id!("@bot:example.org");
        assert_eq!(functional(there.as_ref(), &bot, is_wanted), expected);
    }
}
