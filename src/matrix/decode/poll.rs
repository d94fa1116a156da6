//! Polls (MSC3381), in their stable form and in the one that clients really send.

use ruma::OwnedEventId;
use serde_json::Value;

use super::one_line;
use crate::domain::{event::EventKind, sharing::Poll};

pub(super) fn is_start(kind: &str) -> bool {
    matches!(kind, "m.poll.start" | "org.matrix.msc3381.poll.start")
}

/// The poll that `content` starts; `None` if it lacks what makes one.
pub(super) fn start(content: &Value) -> Option<Poll> {
    let keys = ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"];
    let poll = keys
        .iter()
        .map(|key| &content[key])
        .find(|poll| poll.is_object())?;
    let question = one_line(text(&poll["question"])?, LONGEST_QUESTION);
    let mut answers: Vec<(String, String)> = Vec::new();
    // Of more answers than there may be the first ones count.
    for answer in poll["answers"].as_array()?.iter().take(MOST_ANSWERS) {
        let id = answer["m.id"].as_str().or_else(|| answer["id"].as_str());
        if let (Some(id), Some(text)) = (id, text(answer))
            && id.len() <= LONGEST_ID
            && answers.iter().all(|(known, _)| known != id)
        {
            answers.push((id.to_owned(), one_line(text, LONGEST_ANSWER)));
        }
    }
    let most_choices = poll["max_selections"].as_u64().unwrap_or(1);
    let most_choices = usize::try_from(most_choices).unwrap_or(usize::MAX);
    (!answers.is_empty()).then(|| Poll {
        question,
        most_choices: most_choices.clamp(1, answers.len()),
        answers,
    })
}

/// Somebody's choice; one that can't be read is none.
pub(super) fn vote(content: &Value) -> EventKind {
    let Some(poll) = about(content) else {
        return EventKind::Irrelevant;
    };
    let given = content["m.selections"]
        .as_array()
        .or_else(|| content["org.matrix.msc3381.poll.response"]["answers"].as_array())
        .or_else(|| content["m.poll.response"]["answers"].as_array());
    let answers = given.into_iter().flatten().take(MOST_ANSWERS);
    let answers: Option<Vec<String>> = answers
        .map(|id| {
            id.as_str()
                .filter(|id| id.len() <= LONGEST_ID)
                .map(str::to_owned)
        })
        .collect();
    EventKind::Vote {
        poll,
        answers: answers.unwrap_or_default(),
    }
}

pub(super) fn end(content: &Value) -> EventKind {
    about(content).map_or(EventKind::Irrelevant, |poll| EventKind::PollEnd { poll })
}

fn about(content: &Value) -> Option<OwnedEventId> {
    let relates = &content["m.relates_to"];
    let id = relates["event_id"]
        .as_str()
        .filter(|_| relates["rel_type"] == "m.reference")?;
    id.try_into().ok()
}

/// The plain text among the representations of one (MSC1767).
fn text(of: &Value) -> Option<&str> {
    ["m.text", "org.matrix.msc1767.text", "body"]
        .into_iter()
        .find_map(|key| match &of[key] {
            Value::String(text) => Some(text.as_str()),
            Value::Array(all) => all
                .iter()
                .find(|one| {
                    let kind = one["mimetype"].as_str();
                    kind.is_none_or(|kind| kind == "text/plain")
                })
                .and_then(|one| one["body"].as_str()),
            _ => None,
        })
        .filter(|text| !text.trim().is_empty())
}

/// As MSC3381 has it.
const MOST_ANSWERS: usize = 20;
/// In octets.
const LONGEST_ID: usize = 255;
/// In characters.
const LONGEST_QUESTION: usize = 1_000;
const LONGEST_ANSWER: usize = 300;
