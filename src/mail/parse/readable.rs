//! A whole mail for reading: who, when, what about, and every word of its text.

use super::OpenedMail;
use crate::domain::{address::NamedAddress, wording};

impl OpenedMail {
    /// The mail as people read it in a mail program: nothing is folded.
    #[must_use]
    pub fn readable(&self) -> String {
        let mail = &self.mail;
        let from: Vec<&NamedAddress> = mail.from.iter().collect();
        let lines = [
            ("From", listed(from)),
            ("To", listed(mail.to.iter().collect())),
            ("Cc", listed(mail.cc.iter().collect())),
            ("Date", mail.date.as_deref().map(date).unwrap_or_default()),
            ("Subject", mail.subject.clone().unwrap_or_default()),
        ];
        let mut text = String::new();
        for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
            text.extend([name, ": ", value, "\n"]);
        }
        for file in &mail.attachments {
            let name = file.filename.as_deref().unwrap_or(wording::NAMELESS_FILE);
            text.extend(["File: ", name, " (", &wording::bytes(file.size), ")\n"]);
        }
        for note in mail.notes.iter().filter(|_| !mail.is_told) {
            text.extend([&wording::mail::in_room(note), "\n"]);
        }
        text.push('\n');
        text.push_str(&self.body.text());
        text
    }
}

/// As people write it, in the sender's own time zone.
fn date(date: &str) -> String {
    let pieces = jiff::fmt::temporal::Pieces::parse(date);
    let shown = pieces.ok().and_then(|pieces| {
        let time = pieces.date().to_datetime(pieces.time()?);
        let offset = pieces.to_numeric_offset()?;
        Some(format!(
            "{} ({offset})",
            time.strftime("%A %-d %B %Y, %H:%M")
        ))
    });
    shown.unwrap_or_else(|| date.to_owned())
}

fn listed(people: Vec<&NamedAddress>) -> String {
    let named: Vec<String> = people.into_iter().map(ToString::to_string).collect();
    named.join(", ")
}
