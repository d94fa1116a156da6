//! What people share in a room, in words: for quoting it, for naming it where it is missing, and for
//! telling its author.

use super::room::excerpt;
use crate::domain::{
    event::{Opaque, Said},
    sharing::{FileKind, Place, Poll, Shared},
};

/// The beginning of what a message says, for quoting it; what is shared is named.
pub fn excerpt_of(said: &Said) -> String {
    let words = excerpt(&said.words.body);
    let name = match &said.shared {
        None => return words,
        Some(Shared::File(file)) if file.filename.is_empty() => shared(&Shared::File(file.clone())),
        Some(Shared::File(file)) => file.filename.clone(),
        Some(Shared::Place(place)) => place_in_words(place),
        Some(Shared::Poll(poll)) => poll.question.clone(),
        Some(Shared::PollResult(result)) => result.question.clone(),
    };
    if words.is_empty() {
        excerpt(&name)
    } else {
        excerpt(&format!("{name}: {words}"))
    }
}

fn place_in_words(place: &Place) -> String {
    if place.description.is_empty() {
        format!("{}, {}", place.latitude, place.longitude)
    } else {
        place.description.clone()
    }
}

/// What something is called after a verb: `a file named “plan.pdf”`.
pub fn shared(shared: &Shared) -> String {
    match shared {
        Shared::File(file) => {
            let kind = match file.kind {
                FileKind::Image => "an image",
                FileKind::Sticker => "a sticker",
                FileKind::Video => "a video",
                FileKind::Audio => "an audio file",
                FileKind::Voice => "a voice message",
                FileKind::File => "a file",
            };
            named(kind, &file.filename)
        }
        Shared::Place(place) => named("a place", &place.description),
        Shared::Poll(poll) => named("a poll", &poll.question),
        Shared::PollResult(result) => named("the result of a poll", &result.question),
    }
}

/// The same of what nobody can carry.
pub fn opaque(what: Opaque, name: &str) -> String {
    named(
        match what {
            Opaque::Encrypted => "an encrypted message",
            Opaque::Unknown => "a message of a special kind",
        },
        name,
    )
}

fn named(kind: &str, name: &str) -> String {
    if name.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} named “{name}”")
    }
}

/// `what` as [`opaque`] has it.
pub fn not_carried(what: &str) -> String {
    format!("I can't carry {what} by email. The people on email are told that it is missing.")
}

/// `what` as [`shared`] has it.
pub fn not_fetched(what: &str) -> String {
    format!(
        "I can't fetch {what}: it is encrypted, or its message doesn't say where it is. The people on \
         email are told that it is missing."
    )
}

/// A poll without its frame, in plain text.
pub fn poll_in_words(poll: &Poll) -> String {
    let mut words = poll.question.clone();
    for (_, answer) in &poll.answers {
        words.push_str("\n- ");
        words.push_str(answer);
    }
    words
}

/// In place of a caption that was removed.
pub fn no_caption() -> String {
    "(no words with it any more)".to_owned()
}

pub fn reacted(key: &str, excerpt: &str) -> String {
    if excerpt.is_empty() {
        key.to_owned()
    } else {
        format!("{key} (to “{excerpt}”)")
    }
}

pub fn taken_back_too_late(sender: &str, people: &[&str]) -> String {
    format!(
        "{sender}, the message you removed had already gone by email to {}.",
        people.join(", ")
    )
}

pub fn taken_back_perhaps_too_late(sender: &str, person: &str) -> String {
    format!(
        "{sender}, the message you removed may have gone by email to {person}: how its sending ended is \
         not known."
    )
}

/// What has happened in a room, as a sentence without its author.
pub fn came() -> String {
    "joined the room".to_owned()
}

pub fn went() -> String {
    "left the room".to_owned()
}

pub fn was_put_out() -> String {
    "was removed from the room".to_owned()
}

pub fn named_the_room(name: &str) -> String {
    let name = excerpt(name);
    if name.is_empty() {
        "removed the room's name".to_owned()
    } else {
        format!("named the room “{name}”")
    }
}

pub fn changed_the_topic(topic: &str) -> String {
    let topic = excerpt(topic);
    if topic.is_empty() {
        "removed the room's topic".to_owned()
    } else {
        format!("changed the room's topic to “{topic}”")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::{event::Words, sharing::PollResult, sharing::SharedFile};

    fn file(kind: FileKind, name: &str) -> Shared {
        Shared::File(SharedFile {
            kind,
            source: None,
            filename: name.to_owned(),
            content_type: None,
            size: None,
            duration: None,
        })
    }

    #[rstest]
    #[case(None, "Hello\nAnn", "Hello Ann")]
    #[case(Some(file(FileKind::File, "plan.pdf")), "", "plan.pdf")]
    #[case(Some(file(FileKind::File, "plan.pdf")), "Look", "plan.pdf: Look")]
    #[case(Some(file(FileKind::Voice, "")), "", "a voice message")]
    #[case(Some(Shared::Place(Place { description: String::new(), latitude: 1.5, longitude: -2.0 })), "", "1.5, -2")]
    #[case(Some(Shared::Place(Place { description: "Office".into(), latitude: 0.0, longitude: 0.0 })), "", "Office")]
    #[case(Some(Shared::PollResult(PollResult { question: "When?".into(), votes: Vec::new() })), "", "When?")]
    fn what_is_quoted_is_named(
        #[case] shared: Option<Shared>,
        #[case] body: &str,
        #[case] expected: &str,
    ) {
        let words = Words {
            body: body.to_owned(),
            html: None,
        };
        assert_eq!(excerpt_of(&Said { words, shared }), expected);
    }
}
