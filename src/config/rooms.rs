//! `rooms`: what rooms must be, of a mailbox or of all. Optional.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use ruma::{OwnedMxcUri, OwnedUserId};

use super::{
    logo, room_id,
    section::Section,
    values::{line, yes_or_no},
    wrong::Wrong,
};
use crate::{
    content::picture,
    domain::room_policy::{
        History, JoinRule, Logo, Picture, Policy, RoomPattern, Rule, Rules, Strength,
    },
};

/// What is configured about rooms; what isn't is as usual, or as for all mailboxes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rooms {
    prefix: Option<String>,
    topic: Option<String>,
    logo: Option<Logo>,
    space: Option<ruma::OwnedRoomId>,
    admin: Option<OwnedUserId>,
    moderators: Option<Vec<OwnedUserId>>,
    invite: Option<Vec<OwnedUserId>>,
    bots: Option<Vec<OwnedUserId>>,
    join_rule: Option<JoinRule>,
    join_rules: Option<Vec<JoinRule>>,
    history: Option<History>,
    encrypted: Option<bool>,
    rules: Rules,
}

impl Rooms {
    pub(super) fn read(section: &mut Section) -> Self {
        let rooms = Self::read_of_mailbox(section);
        if !section.has("space") && rooms.join_rule.is_some_and(JoinRule::needs_space) {
            section.wrong(
                "join_rule",
                "lets in who is in the Space, and there is none",
                "add \"space\", or write \"invite\"",
            );
        }
        rooms
    }

    /// A mailbox may have its Space from what is configured for all.
    pub(super) fn read_of_mailbox(section: &mut Section) -> Self {
        let prefix = section.optional("prefix", "\"RSE: \"", prefix);
        let topic = section.optional("topic", "Ask us anything.", topic);
        let logo = section.optional("logo", "logo.png", |text| Ok(text.to_owned()));
        let logo = logo.and_then(|text| match read_logo(&text, section) {
            Ok(logo) => Some(logo),
            Err(wrong) => {
                section.wrong_value("logo", wrong, "logo.png");
                None
            }
        });
        let space = section.optional("space", "!abc:example.org", room_id);
        let admin = section.optional("admin", "\"@admin:example.org\"", user);
        let moderators = section.optional_list("moderators", USERS, user);
        let invite = section.optional_list("invite", USERS, user);
        let bots = section.optional_list("bots", "[\"@modbot:example.org\"]", user);
        let one_rule = section.optional("join_rule", "invite", join_rule);
        let join_rules = section.optional_list("join_rules", "[invite, restricted]", join_rule);
        let history = section.optional("history", "invited", history);
        let encrypted = section.optional("encrypted", "false", yes_or_no);
        let strengths = section.optional_section("rules", |section| {
            Some(each_rule(|rule| {
                section.optional(rule.word(), "should", strength)
            }))
        });
        let only = section.optional_section("only", |section| {
            Some(each_rule(|rule| {
                section.optional_list(rule.word(), "[\"Chapter *\"]", pattern)
            }))
        });
        Self {
            prefix,
            topic,
            logo,
            space,
            admin,
            moderators,
            invite,
            bots,
            join_rule: one_rule,
            join_rules,
            history,
            encrypted,
            rules: Rules {
                strengths: strengths.unwrap_or_default(),
                only: only.unwrap_or_default(),
            },
        }
    }

    /// Whether the mailbox with these rooms lets in who is in the Space, and there is none.
    pub(super) fn lacks_space(&self, own: &Self) -> bool {
        let needs_space = own.join_rule.is_some_and(JoinRule::needs_space);
        needs_space && own.space.is_none() && self.space.is_none()
    }

    /// The mailboxes that rules name, each with the rule.
    pub(super) fn mailboxes(&self) -> impl Iterator<Item = (Rule, &str)> {
        self.rules.only.iter().flat_map(|(rule, patterns)| {
            let named = patterns.iter().filter_map(|pattern| match pattern {
                RoomPattern::Mailbox(name) => Some(&**name),
                RoomPattern::Id(_) | RoomPattern::Alias(_) | RoomPattern::Name(_) => None,
            });
            named.map(|name| (*rule, name))
        })
    }

    /// What a room of a mailbox must be, with what is configured for the mailbox itself over it.
    #[must_use]
    pub fn policy(&self, own: Option<&Self>) -> Policy {
        let usual = Policy::default();
        let none = Self::default();
        let own = own.unwrap_or(&none);
        let join_rule = own.join_rule.or(self.join_rule).unwrap_or(usual.join_rule);
        let join_rules = own.join_rules.as_ref().or(self.join_rules.as_ref());
        let mut join_rules = join_rules.cloned().unwrap_or(usual.join_rules);
        if !join_rules.contains(&join_rule) {
            join_rules.push(join_rule);
        }
        let people = |own: &Option<Vec<OwnedUserId>>, all: &Option<Vec<OwnedUserId>>| {
            own.as_ref().or(all.as_ref()).cloned().unwrap_or_default()
        };
        // The first that is found counts.
        let rules = Rules {
            strengths: [&*own.rules.strengths, &*self.rules.strengths].concat(),
            only: [&*own.rules.only, &*self.rules.only].concat(),
        };
        Policy {
            prefix: own.prefix.clone().or_else(|| self.prefix.clone()),
            topic: own.topic.clone().or_else(|| self.topic.clone()),
            logo: own.logo.clone().or_else(|| self.logo.clone()),
            space: own.space.clone().or_else(|| self.space.clone()),
            admin: own.admin.clone().or_else(|| self.admin.clone()),
            moderators: people(&own.moderators, &self.moderators),
            invite: people(&own.invite, &self.invite),
            bots: people(&own.bots, &self.bots),
            join_rule,
            join_rules,
            history: own.history.or(self.history).unwrap_or(usual.history),
            encrypted: own.encrypted.or(self.encrypted).unwrap_or(usual.encrypted),
            rules,
        }
    }
}

const USERS: &str = "[\"@ann:example.org\"]";
/// Largest picture of a room, in octets.
const LARGEST_LOGO: usize = 1_000_000;

fn each_rule<T>(mut read: impl FnMut(Rule) -> Option<T>) -> Vec<(Rule, T)> {
    let found = Rule::ALL
        .into_iter()
        .map(|rule| read(rule).map(|value| (rule, value)));
    found.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// White space at its end stays: it stands between prefix and name.
fn prefix(text: &str) -> Result<String, Wrong> {
    line(text)?;
    if text.chars().count() > 50 {
        return Err(Wrong::new("is longer than 50 characters", "shorten it"));
    }
    Ok(text.trim_start().to_owned())
}

fn topic(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.chars().count() > 1000 {
        return Err(Wrong::new("is longer than 1000 characters", "shorten it"));
    }
    Ok(text.to_owned())
}

fn read_logo(text: &str, section: &Section) -> Result<Logo, Wrong> {
    if text.starts_with("mxc:") {
        let uri = OwnedMxcUri::from(text);
        return match uri.validate() {
            Ok(()) => Ok(Logo::Mxc(uri)),
            Err(_) => Err(Wrong::new(
                format!("\"{text}\" is not an address of a file in Matrix"),
                "write \"mxc://SERVER/ID\", or the path of a file",
            )),
        };
    }
    let path = section.path(text);
    let content = content_of(&path).map_err(|error| {
        Wrong::new(
            format!("cannot read {}: {error}", path.display()),
            "name a file that Postroom's user can read",
        )
    })?;
    if content.len() > LARGEST_LOGO {
        return Err(Wrong::new(
            format!("{} has more than 1 MB", path.display()),
            "make it smaller: every client loads it",
        ));
    }
    let not_a_picture = || {
        Wrong::new(
            format!(
                "{} is not a picture that every client shows",
                path.display()
            ),
            "save it as PNG, JPEG or GIF",
        )
    };
    let content_type = logo::content_type(&content).ok_or_else(not_a_picture)?;
    picture::measure(&content).ok_or_else(not_a_picture)?;
    let filename = path.file_name().unwrap_or_default();
    Ok(Logo::File(Arc::new(Picture {
        filename: filename.to_string_lossy().into_owned(),
        content_type,
        content,
    })))
}

/// No more than what shows that it is too large.
fn content_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path)?;
    file.take(LARGEST_LOGO as u64 + 1)
        .read_to_end(&mut content)?;
    Ok(content)
}

fn user(text: &str) -> Result<OwnedUserId, Wrong> {
    OwnedUserId::try_from(text).map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is not a Matrix id"),
            "write the whole id in quotes, such as \"@ann:example.org\"",
        )
    })
}

fn join_rule(text: &str) -> Result<JoinRule, Wrong> {
    JoinRule::from_word(text).ok_or_else(|| {
        let words = JoinRule::ALL.map(JoinRule::word).join(", ");
        Wrong::new(
            format!("\"{text}\" is not a way to come into a room"),
            format!("write one of {words}"),
        )
    })
}

fn history(text: &str) -> Result<History, Wrong> {
    History::from_word(text).ok_or_else(|| {
        let words = History::ALL.map(History::word).join(", ");
        Wrong::new(
            format!("\"{text}\" doesn't say from when on newcomers can read"),
            format!("write one of {words}"),
        )
    })
}

fn strength(text: &str) -> Result<Strength, Wrong> {
    Strength::from_word(text).ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is not a strength of a rule"),
            "write \"must\", \"should\" or \"off\"",
        )
    })
}

fn pattern(text: &str) -> Result<RoomPattern, Wrong> {
    let pattern = RoomPattern::parse(text).map_err(|fault| {
        Wrong::new(
            format!("\"{text}\" doesn't say which rooms: {fault}"),
            "write a name such as \"Chapter *\", an address such as \"#chapter-*:example.org\", a room's id \
             or \"mailbox:NAME\"",
        )
    })?;
    if let RoomPattern::Id(id) = &pattern {
        room_id(id.as_str())?;
    }
    Ok(pattern)
}
