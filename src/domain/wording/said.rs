//! What people share in a room, in words: for quoting it, for naming it where it is missing, and for
//! telling its author.

use super::room::excerpt;
use crate::domain::{
    event::Said,
    letter::Language,
    sharing::{FileKind, Opaque, Place, Poll, Shared, SharedFile},
};

/// The beginning of what a message says, for quoting it: in its author's words, as nobody knows here in
/// which language it is read. What has no words is a sign.
pub fn excerpt_of(said: &Said) -> String {
    let words = excerpt(&said.words.body);
    let name = match &said.shared {
        None | Some(Shared::Change { .. }) => return words,
        Some(Shared::File(file)) if file.filename.is_empty() => icon(file.kind).to_owned(),
        Some(Shared::File(SharedFile { filename: name, .. }) | Shared::Opaque { name, .. }) => {
            name.clone()
        }
        Some(Shared::Place(place)) => place_in_words(place),
        Some(Shared::Poll(poll)) => poll.question.clone(),
        Some(Shared::PollResult(result)) => result.question.clone(),
        Some(Shared::Notes { .. }) if !words.is_empty() => return words,
        Some(Shared::Notes { .. }) => "✉️".to_owned(),
    };
    match (name.is_empty(), words.is_empty()) {
        (_, true) => excerpt(&name),
        (true, false) => words,
        (false, false) => excerpt(&format!("{name}: {words}")),
    }
}

/// Before the name of a file, in every language.
#[must_use]
pub fn icon(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image | FileKind::Sticker => "🖼️",
        FileKind::Video => "🎬",
        FileKind::Audio => "🎵",
        FileKind::Voice => "🎤",
        FileKind::File => "📎",
    }
}

fn place_in_words(place: &Place) -> String {
    if place.description.is_empty() {
        format!("{}, {}", place.latitude, place.longitude)
    } else {
        place.description.clone()
    }
}

/// To the author: a file that letters can only name.
pub fn not_fetched(file: &SharedFile) -> String {
    let kind = match file.kind {
        FileKind::Image => "an image",
        FileKind::Sticker => "a sticker",
        FileKind::Video => "a video",
        FileKind::Audio => "an audio file",
        FileKind::Voice => "a voice message",
        FileKind::File => "a file",
    };
    format!(
        "I can't fetch {}: it is encrypted, or its message doesn't say where it is. The people on \
         email are told that it is missing.",
        named(kind, &file.filename)
    )
}

/// The same of what nobody can carry.
pub fn not_carried(what: Opaque, name: &str) -> String {
    format!(
        "I can't carry {} by email. The people on email are told that it is missing.",
        opaque(what, name, Language::English)
    )
}

/// What nobody can carry, such that it follows a verb: `a message of a special kind named “beep”`.
pub fn opaque(what: Opaque, name: &str, language: Language) -> String {
    let kind = match (what, language) {
        (Opaque::Encrypted, Language::English) => "an encrypted message",
        (Opaque::Encrypted, Language::French) => "un message chiffré",
        (Opaque::Encrypted, Language::German) => "eine verschlüsselte Nachricht",
        (Opaque::Unknown, Language::English) => "a message of a special kind",
        (Opaque::Unknown, Language::French) => "un message d’un type particulier",
        (Opaque::Unknown, Language::German) => "eine Nachricht besonderer Art",
    };
    match language {
        Language::English => named(kind, name),
        _ if name.is_empty() => kind.to_owned(),
        Language::French => format!("{kind}\u{a0}: «\u{202f}{name}\u{202f}»"),
        Language::German => format!("{kind}: „{name}“"),
    }
}

fn named(kind: &str, name: &str) -> String {
    if name.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} named “{name}”")
    }
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

pub fn taken_back_too_late(sender: &str, people: &[String]) -> String {
    format!(
        "{sender}, the message you removed had already gone by email to {}.",
        people.join(", ")
    )
}

pub fn taken_back_perhaps_too_late(sender: &str, people: &[String]) -> String {
    format!(
        "{sender}, the message you removed may have gone by email to {}: how its sending ended is not \
         known.",
        people.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::{event::Words, sharing::PollResult};

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
    #[case(Some(file(FileKind::Voice, "")), "", "🎤")]
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
