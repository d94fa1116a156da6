//! What we say in rooms, as event content.

use ruma::OwnedEventId;
use serde_json::{Value, json};

use super::decode::{EFFECT_KEY, UNHINTED_KEY};
use crate::{
    content::{html, pieces},
    domain::{effect::Post, event::Words, wording},
};

/// Most octets of text in one event. An event may have 65,536 in all; the text stands in it up to
/// four times, and HTML and JSON escape some of it.
const LARGEST_TEXT: usize = 8_000;

/// A notice by the bot, in Markdown of the simplest kind: lines, list items and `code`.
#[must_use]
pub fn notice(text: &str, reply_to: Option<&OwnedEventId>) -> Value {
    related(
        json!({
            "msgtype": "m.notice", "body": text,
            "format": "org.matrix.custom.html", "formatted_body": simple_markdown(text),
        }),
        reply_to,
    )
}

#[must_use]
pub fn reaction(target: &OwnedEventId, key: &str) -> Value {
    json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}})
}

/// The events that show a mail: one, or several if its text is longer than an event may be.
#[must_use]
pub fn post(post: &Post) -> Vec<Value> {
    let Words {
        body,
        html: formatted,
    } = &post.words;
    let remarks = post.remarks.join("\n");
    let mut body = [body.as_str(), &remarks]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    if body.is_empty() {
        wording::EMPTY_MAIL.clone_into(&mut body);
    }
    let mut events: Vec<Value> = match formatted {
        Some(formatted) if formatted.len() + body.len() <= 2 * LARGEST_TEXT => {
            vec![formatted_text(&body, formatted, &remarks)]
        }
        _ => pieces::split(&body, LARGEST_TEXT)
            .into_iter()
            .map(|piece| json!({"msgtype": "m.text", "body": piece}))
            .collect(),
    };
    if let Some(last) = events.last_mut().filter(|_| post.is_folded) {
        add_hint(last);
    }
    if let Some(first) = events.first_mut() {
        *first = related(first.take(), post.reply_to.as_ref());
    }
    events
}

fn formatted_text(body: &str, formatted: &str, remarks: &str) -> Value {
    let remarks = match remarks {
        "" => String::new(),
        remarks => format!("<p>{}</p>", html::escape(remarks).replace('\n', "<br>")),
    };
    json!({
        "msgtype": "m.text", "body": body,
        "format": "org.matrix.custom.html", "formatted_body": format!("{formatted}{remarks}"),
    })
}

/// Says in the room that not all is shown. The body without the hint stands beside it, for those who
/// get the words by email.
fn add_hint(event: &mut Value) {
    event[UNHINTED_KEY] = json!({"body": event["body"], "formatted_body": event["formatted_body"]});
    let hint = wording::HISTORY_FOLDED;
    let body = event["body"].as_str().unwrap_or_default().to_owned();
    let formatted = match event["formatted_body"].as_str() {
        Some(formatted) => formatted.to_owned(),
        None => html::text_to_html(&body),
    };
    event["format"] = "org.matrix.custom.html".into();
    event["formatted_body"] = format!("{formatted}<p><em>{hint}</em></p>").into();
    event["body"] = format!("{body}\n\n{hint}").into();
}

/// Adds our effect id to the content.
#[must_use]
pub fn marked(mut content: Value, effect_id: &str) -> Value {
    content[EFFECT_KEY] = effect_id.into();
    content
}

fn related(mut content: Value, reply_to: Option<&OwnedEventId>) -> Value {
    if let Some(event) = reply_to {
        content["m.relates_to"] = json!({"m.in_reply_to": {"event_id": event}});
    }
    content
}

fn simple_markdown(text: &str) -> String {
    let mut out = String::new();
    let mut in_list = false;
    for line in text.lines() {
        let (item, line) = line
            .strip_prefix("- ")
            .map_or((false, line), |rest| (true, rest));
        match (in_list, item) {
            (false, true) => out.push_str("<ul>"),
            (true, false) => out.push_str("</ul>"),
            (false, false) if !out.is_empty() => out.push_str("<br>"),
            _ => {}
        }
        in_list = item;
        let code: String = html::escape(line)
            .split('`')
            .enumerate()
            .map(|(index, part)| {
                if index % 2 == 1 {
                    format!("<code>{part}</code>")
                } else {
                    part.to_owned()
                }
            })
            .collect();
        let (open, close) = if item { ("<li>", "</li>") } else { ("", "") };
        out.extend([open, &code, close]);
    }
    if in_list {
        out.push_str("</ul>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_the_simplest_kind() {
        assert_eq!(
            simple_markdown("Say `!email help`:\n- one <x>\n- two\nend"),
            "Say <code>!email help</code>:<ul><li>one &lt;x&gt;</li><li>two</li></ul>end"
        );
    }

    #[test]
    fn a_long_mail_becomes_several_events_and_loses_nothing() {
        let body = "word ".repeat(10_000);
        let long = Post {
            words: Words {
                body: body.clone(),
                html: None,
            },
            remarks: Vec::new(),
            is_folded: false,
            reply_to: Some("$x".try_into().unwrap()),
            message_id: None,
            identity: String::new(),
            from: crate::domain::address::EmailAddress::parse("a@b.c").unwrap(),
            date: String::new(),
        };
        let events = post(&long);
        assert!(events.len() > 1);
        let together: String = events
            .iter()
            .map(|event| event["body"].as_str().unwrap())
            .collect();
        assert_eq!(
            together.split_whitespace().count(),
            body.split_whitespace().count()
        );
        assert!(events[0]["m.relates_to"].is_object() && events[1]["m.relates_to"].is_null());
    }
}
