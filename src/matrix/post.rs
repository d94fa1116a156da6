//! A mail as the events that show it.

use serde_json::{Value, json};

use super::{
    decode::UNHINTED_KEY,
    encode::{calling_nobody, file, in_thread, related},
};
use crate::{
    content::{
        html,
        pieces::{self, json_length},
    },
    domain::{
        effect::{Post, PostPart},
        event::Words,
        note::Note,
        outgoing::{MailPart, PostedFile},
        wording,
    },
};

/// An event's content, and what has to be uploaded for it first.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub content: Value,
    /// With its file name.
    pub media: Option<(MailPart, String)>,
}

/// Most octets of text in one event, and of HTML, both as they stand in JSON. An event may have
/// 65,536 in all; with a hint each of them stands in it twice.
const LARGEST_WORDS: usize = 12_000;
/// A longer text, in octets, is a file, of which the beginning is shown.
const LONGEST_SHOWN: usize = 48_000;
/// So is one whose HTML is longer than this: it would fill many events, and take long to cut.
const LONGEST_HTML: usize = 4 * LONGEST_SHOWN;
/// Most octets of the notes below a mail: as they stand in JSON, in the text and in the HTML, and as
/// they are themselves.
const LARGEST_NOTES: usize = 6_000;
/// A longer text than this, in octets, is no caption.
const LONGEST_CAPTION: usize = 1_000;

/// The events that show a mail, in order; at least one.
#[must_use]
pub fn events(post: &Post) -> Vec<Planned> {
    let mut events = match caption(post) {
        Some(captioned) => vec![captioned],
        None => one_by_one(post),
    };
    add_notes(&mut events, &post.notes);
    let marks = post.marks.iter().map(String::as_str);
    let hints: Vec<&str> = marks.chain(wording::folded(post.folded)).collect();
    if !hints.is_empty() {
        let last = events.iter().rposition(has_words).unwrap_or_default();
        add_hint(&mut events[last].content, &hints.join("\n"));
    }
    for (at, event) in events.iter_mut().enumerate() {
        let content = calling_nobody(event.content.take());
        event.content = match &post.thread_root {
            Some(root) => answer_in_thread(content, root, post, at == 0),
            None => related(content, post.reply_to.as_ref().filter(|_| at == 0)),
        };
    }
    events
}

/// One picture with a few words is one event (client-server API, Media captions). Clients show other
/// files as links, where words would look like a file's name.
fn caption(post: &Post) -> Option<Planned> {
    let [PostPart::Words(words), PostPart::Picture(one)] = post.parts.as_slice() else {
        return None;
    };
    if !post.notes.is_empty() {
        return None;
    }
    let formatted = match &words.html {
        Some(formatted) => formatted.clone(),
        None => html::text_to_html(&words.body),
    };
    let is_short = words.body.len() <= LONGEST_CAPTION
        && json_length(&formatted) <= LARGEST_WORDS
        && !words.body.trim().is_empty();
    // Without a formatted body the words may be taken for the file's name.
    is_short.then(|| {
        let mut planned = planned_file(one);
        planned.content["body"] = words.body.as_str().into();
        planned.content["format"] = "org.matrix.custom.html".into();
        planned.content["formatted_body"] = formatted.into();
        planned
    })
}

fn one_by_one(post: &Post) -> Vec<Planned> {
    let mut events = Vec::new();
    let words = || {
        post.parts.iter().filter_map(|part| match part {
            PostPart::Words(words) => Some(words),
            PostPart::File(_) | PostPart::Picture(_) => None,
        })
    };
    let length: usize = words().map(|words| words.body.len()).sum();
    let html: usize = words()
        .filter_map(|words| words.html.as_ref())
        .map(String::len)
        .sum();
    let is_too_long = length > LONGEST_SHOWN || html > LONGEST_HTML;
    let mut is_cut = false;
    for part in &post.parts {
        match part {
            PostPart::File(one) | PostPart::Picture(one) => events.push(planned_file(one)),
            // All words are in the file, also those below the first image.
            PostPart::Words(_) if is_cut => {}
            PostPart::Words(words) if is_too_long => {
                if let Some(beginning) = beginning(words) {
                    events.push(beginning);
                    let rest = Note::RestInFile(wording::WHOLE_TEXT.to_owned());
                    add_notes(&mut events, &[rest]);
                    let media = Some((MailPart::Text, wording::WHOLE_TEXT.to_owned()));
                    let content = file(wording::WHOLE_TEXT);
                    events.push(Planned { content, media });
                    is_cut = true;
                }
            }
            PostPart::Words(words) => events.extend(texts(words)),
        }
    }
    if events.is_empty() && post.notes.is_empty() {
        add_notes(&mut events, &[Note::Empty]);
    }
    events
}

/// The event that shows a file by itself.
#[must_use]
pub fn of_file(one: &PostedFile) -> Planned {
    let Planned { content, media } = planned_file(one);
    Planned {
        content: calling_nobody(content),
        media,
    }
}

fn planned_file(one: &PostedFile) -> Planned {
    Planned {
        content: file(&one.filename),
        media: Some((MailPart::File(one.index), one.filename.clone())),
    }
}

fn text(content: Value) -> Planned {
    Planned {
        content,
        media: None,
    }
}

fn texts(words: &Words) -> Vec<Planned> {
    html::split_words(&words.body, words.html.as_deref(), LARGEST_WORDS)
        .into_iter()
        .map(|(body, formatted)| match formatted {
            Some(formatted) => text(json!({
                "msgtype": "m.text", "body": body,
                "format": "org.matrix.custom.html", "formatted_body": formatted,
            })),
            None => text(json!({"msgtype": "m.text", "body": body})),
        })
        .collect()
}

/// As plain text: to cut so much HTML into pieces, of which one is shown, would take long.
fn beginning(words: &Words) -> Option<Planned> {
    let end = words.body.floor_char_boundary(LARGEST_WORDS);
    let pieces = html::split_words(&words.body[..end], None, LARGEST_WORDS);
    let (body, _) = pieces.into_iter().next()?;
    Some(text(json!({"msgtype": "m.text", "body": body})))
}

/// As many of our sentences as there is room for.
fn bounded(sentences: String) -> String {
    let fits = |text: &str| json_length(text) + json_length(&as_html(text)) <= LARGEST_NOTES;
    if fits(&sentences) {
        return sentences;
    }
    // A character takes at most six octets in each of both.
    let pieces = pieces::split(&sentences, LARGEST_NOTES / 12);
    let beginning = pieces.into_iter().next().unwrap_or_default();
    format!("{}…", beginning.trim_end())
}

fn as_html(sentence: &str) -> String {
    html::escape(sentence).replace('\n', "<br>")
}

fn has_words(event: &Planned) -> bool {
    event.media.is_none() || event.content["formatted_body"].is_string()
}

/// Sentences of ours, below the last words. Those who get the mail by email read them in their own
/// language: as many as there is room for.
fn add_notes(events: &mut Vec<Planned>, notes: &[Note]) {
    if notes.is_empty() {
        return;
    }
    let at = events.iter().rposition(has_words).unwrap_or_else(|| {
        events.insert(0, text(json!({"msgtype": "m.text", "body": ""})));
        0
    });
    let event = &mut events[at].content;
    keep_words(event);
    let mut kept: Vec<Value> = event[UNHINTED_KEY]["notes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    kept.extend(
        notes
            .iter()
            .filter_map(|note| serde_json::to_value(note).ok()),
    );
    let mut room = LARGEST_NOTES;
    kept.retain(|note| {
        let length = note.to_string().len();
        let fits = length <= room;
        room -= if fits { length } else { 0 };
        fits
    });
    event[UNHINTED_KEY]["notes"] = kept.into();
    let sentences: Vec<String> = notes.iter().map(wording::mail::in_room).collect();
    add_below(event, &bounded(sentences.join("\n")), "p");
}

/// Says in the room that not all is shown.
fn add_hint(event: &mut Value, hint: &str) {
    keep_words(event);
    add_below(event, hint, "em");
}

/// The words as they are now stand beside what is going to be added, for those who get them by email.
fn keep_words(event: &mut Value) {
    if event[UNHINTED_KEY].is_null() {
        event[UNHINTED_KEY] =
            json!({"body": event["body"], "formatted_body": event["formatted_body"]});
    }
}

fn add_below(event: &mut Value, sentence: &str, element: &str) {
    let body = event["body"].as_str().unwrap_or_default().to_owned();
    let formatted = match event["formatted_body"].as_str() {
        Some(formatted) => Some(formatted.to_owned()),
        None if body.is_empty() => None,
        // An indented log takes several times as many octets in HTML.
        None => Some(html::text_to_html(&body)).filter(|html| json_length(html) <= LARGEST_WORDS),
    };
    if let Some(formatted) = formatted {
        let added = as_html(sentence);
        let added = match element {
            "em" => format!("<p><em>{added}</em></p>"),
            _ => format!("<p>{added}</p>"),
        };
        event["format"] = "org.matrix.custom.html".into();
        event["formatted_body"] = format!("{formatted}{added}").into();
    }
    event["body"] = format!("{body}\n\n{sentence}").trim_start().into();
}

/// The first event answers; the others only stand in the thread.
fn answer_in_thread(
    content: Value,
    root: &ruma::OwnedEventId,
    post: &Post,
    is_first: bool,
) -> Value {
    let mut content = in_thread(content, root);
    if let Some(answered) = post.reply_to.as_ref().filter(|_| is_first) {
        content["m.relates_to"]["is_falling_back"] = false.into();
        content["m.relates_to"]["m.in_reply_to"]["event_id"] = answered.as_str().into();
    }
    content
}

#[cfg(test)]
mod tests;
