//! What we say in rooms, as event content.

use ruma::{OwnedEventId, OwnedUserId, UserId};
use serde_json::{Value, json};

use super::decode::EFFECT_KEY;
use crate::content::html;

/// A notice by the bot, in Markdown of the simplest kind: lines, list items and `code`. It may repeat
/// what strangers say, and calls nobody by that.
#[must_use]
pub fn notice(text: &str, reply_to: Option<&OwnedEventId>) -> Value {
    let content = calling_nobody(json!({
        "msgtype": "m.notice", "body": text,
        "format": "org.matrix.custom.html", "formatted_body": simple_markdown(text),
    }));
    related(content, reply_to)
}

/// What the bot says to somebody in particular. Not a notice: clients tell nobody of those (client-server
/// API, push rule `.m.rule.suppress_notices`). `name` is how `user` is called in the text.
#[must_use]
pub fn call(text: &str, user: Option<&UserId>, name: &str) -> Value {
    let called = user.map(|user| (user.to_owned(), name.to_owned()));
    calling(text, called.as_slice())
}

/// Where somebody is called: at the beginning (`Bo: …`), or at the end of a line of a list (`… · Bo`). The
/// name of a customer may hold theirs.
fn place_of_name(html: &str, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    if html.starts_with(&format!("{name}:")) {
        return Some(0);
    }
    let before = " · ";
    let in_list = html.find(&format!("{before}{name}<"));
    in_list.map(|at| at + before.len())
}

/// The same to several.
#[must_use]
pub fn calling(text: &str, users: &[(OwnedUserId, String)]) -> Value {
    let mut content = notice(text, None);
    if users.is_empty() {
        return content;
    }
    let mut ids: Vec<&OwnedUserId> = Vec::new();
    let mut html = simple_markdown(text);
    for (user, name) in users {
        if ids.contains(&user) {
            continue;
        }
        ids.push(user);
        let name = html::escape(name);
        if let Some(at) = place_of_name(&html, &name) {
            let pill = format!("<a href=\"https://matrix.to/#/{user}\">{name}</a>");
            html.replace_range(at..at + name.len(), &pill);
        }
    }
    content["msgtype"] = "m.text".into();
    content["formatted_body"] = html.into();
    content["m.mentions"] = json!({"user_ids": ids});
    content
}

/// Nobody is called by what a mail says (client-server API, User and room mentions).
pub(super) fn calling_nobody(mut content: Value) -> Value {
    content["m.mentions"] = json!({});
    content
}

/// A file, which is still to be uploaded: its URL and what it looks like are added then.
#[must_use]
pub fn file(filename: &str) -> Value {
    json!({"msgtype": "m.file", "body": filename, "filename": filename})
}

/// Puts the event into the thread below `root`.
#[must_use]
pub fn in_thread(mut content: Value, root: &OwnedEventId) -> Value {
    // Clients without threads show it as a reply.
    content["m.relates_to"] = json!({
        "rel_type": "m.thread", "event_id": root, "is_falling_back": true,
        "m.in_reply_to": {"event_id": root},
    });
    content
}

/// The same message, now saying `content` (client-server API, Event replacements).
#[must_use]
pub fn edit(mut content: Value, event: &OwnedEventId) -> Value {
    // An edit is no reply of its own.
    if let Some(content) = content.as_object_mut() {
        content.remove("m.relates_to");
    }
    let body = content["body"].as_str().unwrap_or_default();
    json!({
        "msgtype": content["msgtype"], "body": format!("* {body}"), "m.mentions": {},
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    })
}

#[must_use]
pub fn reaction(target: &OwnedEventId, key: &str) -> Value {
    json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}})
}

/// Adds our effect id to the content.
#[must_use]
pub fn marked(mut content: Value, effect_id: &str) -> Value {
    content[EFFECT_KEY] = effect_id.into();
    content
}

pub(super) fn related(mut content: Value, reply_to: Option<&OwnedEventId>) -> Value {
    if let Some(event) = reply_to {
        content["m.relates_to"] = json!({"m.in_reply_to": {"event_id": event}});
    }
    content
}

fn simple_markdown(text: &str) -> String {
    let mut out = String::new();
    let mut before = Block::Line;
    for line in text.lines() {
        let (block, line) = Block::of(line);
        if block != before {
            out.push_str(before.end());
            out.push_str(block.start());
        } else if block != Block::List && !out.is_empty() {
            out.push_str("<br>");
        }
        before = block;
        let words = html::escape(line);
        match block {
            Block::Line => out.push_str(&with_code(&words)),
            Block::List => out.extend(["<li>", &with_code(&words), "</li>"]),
            // Others' words mean what they say.
            Block::Quote => out.push_str(&words),
        }
    }
    out.push_str(before.end());
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Line,
    List,
    Quote,
}

impl Block {
    /// Of which a line is, and the line without its mark.
    fn of(line: &str) -> (Self, &str) {
        if let Some(item) = line.strip_prefix("- ") {
            return (Self::List, item);
        }
        match line.strip_prefix("> ") {
            Some(quoted) => (Self::Quote, quoted),
            None => (Self::Line, line),
        }
    }

    fn start(self) -> &'static str {
        match self {
            Self::Line => "",
            Self::List => "<ul>",
            Self::Quote => "<blockquote>",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Line => "",
            Self::List => "</ul>",
            Self::Quote => "</blockquote>",
        }
    }
}

/// What stands between backticks as code.
fn with_code(escaped: &str) -> String {
    let parts = escaped.split('`').enumerate();
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part.to_owned()
        }
    };
    parts.map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_called_is_named_where_they_are_called() {
        let ann = (
            OwnedUserId::try_from("@ann:example.org").unwrap(),
            "Ann".to_owned(),
        );
        let pill = "<a href=\"https://matrix.to/#/@ann:example.org\">Ann</a>";
        for (text, html) in [
            (
                "Ann: Ann Miller has answered in #1.",
                format!("{pill}: Ann Miller has answered in #1."),
            ),
            (
                "They wait:\n- #1 Anna · Plan · Ann\n- #2 Ann · Plan",
                format!(
                    "They wait:<ul><li>#1 Anna · Plan · {pill}</li><li>#2 Ann · Plan</li></ul>"
                ),
            ),
        ] {
            let content = calling(text, std::slice::from_ref(&ann));
            assert_eq!(content["formatted_body"], html);
            assert_eq!(content["m.mentions"]["user_ids"][0], "@ann:example.org");
        }
    }

    #[test]
    fn markdown_of_the_simplest_kind() {
        assert_eq!(
            simple_markdown("Say `!email help`:\n- one <x>\n- two\nend"),
            "Say <code>!email help</code>:<ul><li>one &lt;x&gt;</li><li>two</li></ul>end"
        );
        assert_eq!(
            simple_markdown("She wrote\n> see `it`\n> - <b>\n✅ or\n❌"),
            "She wrote<blockquote>see `it`<br>- &lt;b&gt;</blockquote>✅ or<br>❌"
        );
    }
}
