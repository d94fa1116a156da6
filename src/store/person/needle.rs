//! What identifies a person in a text, and what takes its place.

use super::{Anonymous, Person};
use crate::{
    content::html,
    domain::{address::EmailAddress, ghost},
};

/// So many are looked for in one go.
pub const MOST: usize = 8;

#[derive(Debug, Clone)]
struct Needle {
    /// In lower case, as far as ASCII goes.
    text: String,
    instead: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not the end of a longer address, and not its beginning.
    Address,
    /// Not a part of a longer word.
    Word,
}

#[derive(Debug, Clone)]
pub struct Needles(Vec<Needle>);

impl Needles {
    pub(super) fn of(person: &Person, anonymous: &Anonymous) -> Self {
        let mut needles = Vec::new();
        let mut add = |text: &str, instead: &str, kind| {
            let text = text.to_ascii_lowercase();
            if !text.is_empty() && needles.iter().all(|known: &Needle| known.text != text) {
                let instead = instead.to_owned();
                needles.push(Needle {
                    text,
                    instead,
                    kind,
                });
            }
        };
        let address = &person.address;
        add(address, &anonymous.address, Kind::Address);
        if let Some((local, domain)) = address.rsplit_once('@') {
            // In links, and in envelope senders.
            add(
                &format!("{local}%40{domain}"),
                &anonymous.name,
                Kind::Address,
            );
            add(&format!("{local}={domain}"), &anonymous.name, Kind::Address);
        }
        // As staff write it to invite somebody.
        if let Ok(address) = EmailAddress::parse(address) {
            let placeholder = ghost::placeholder(&address);
            add(&placeholder, &anonymous.ghost, Kind::Word);
        }
        add(&person.ghost, &anonymous.ghost, Kind::Word);
        add(&person.user, &anonymous.user, Kind::Address);
        if person.is_only_name {
            add(&person.name, &anonymous.name, Kind::Word);
            add(&html::escape(&person.name), &anonymous.name, Kind::Word);
        }
        Self(needles)
    }

    /// Whether the person is in the text.
    pub fn are_in(&self, text: &[u8]) -> bool {
        self.0
            .iter()
            .any(|needle| !needle.places_in(text).is_empty())
    }

    /// For a statement: always so many, some of them more than once.
    pub fn texts(&self) -> [&str; MOST] {
        let first = self.0.first().map_or("", |needle| needle.text.as_str());
        let mut texts = [first; MOST];
        for (place, needle) in texts.iter_mut().zip(&self.0) {
            *place = &needle.text;
        }
        texts
    }

    /// The text without the person; `None` if they aren't in it.
    pub fn taken_from(&self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        for needle in &self.0 {
            let now = out.as_deref().unwrap_or(text);
            if let Some(next) = needle.replaced_in(now) {
                out = Some(next);
            }
        }
        out
    }

    /// The same for what may be no text, such as somebody else's mail: what goes is crossed out, so that
    /// nothing else moves.
    pub fn crossed_out_in(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out: Option<Vec<u8>> = None;
        for needle in &self.0 {
            let now = out.as_deref().unwrap_or(bytes);
            let places = needle.places_in(now);
            if places.is_empty() {
                continue;
            }
            let mut next = now.to_vec();
            for place in places {
                for byte in &mut next[place..place + needle.text.len()] {
                    if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                        *byte = b'x';
                    }
                }
            }
            out = Some(next);
        }
        out
    }
}

impl Needle {
    fn replaced_in(&self, text: &str) -> Option<String> {
        let places = self.places_in(text.as_bytes());
        if places.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for place in places {
            out.push_str(&text[done..place]);
            out.push_str(&self.instead);
            done = place + self.text.len();
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    /// Where it stands, in octets, none within another one.
    fn places_in(&self, text: &[u8]) -> Vec<usize> {
        let needle = self.text.as_bytes();
        let mut places = Vec::new();
        let mut from = 0;
        while from + needle.len() <= text.len() {
            let end = from + needle.len();
            if text[from..end].eq_ignore_ascii_case(needle) && self.stands_alone(text, from, end) {
                places.push(from);
                from = end;
            } else {
                from += 1;
            }
        }
        places
    }

    fn stands_alone(&self, text: &[u8], from: usize, end: usize) -> bool {
        let before = from.checked_sub(1).map(|place| text[place]);
        let after = text.get(end).copied();
        // A letter beyond ASCII is more than one octet, each of them beyond it.
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        match self.kind {
            Kind::Word => !before.is_some_and(is_letter) && !after.is_some_and(is_letter),
            Kind::Address => {
                let goes_on_before =
                    before.is_some_and(|byte| is_letter(byte) || b"._+-".contains(&byte));
                let next = text.get(end + 1).copied();
                let goes_on_after = match after {
                    Some(b'.' | b'-') => next.is_some_and(is_letter),
                    Some(byte) => is_letter(byte),
                    None => false,
                };
                // `\n` in JSON is no letter before the address.
                let is_escape = before.is_some_and(|byte| b"nrt".contains(&byte))
                    && from >= 2
                    && text[from - 2] == b'\\';
                (!goes_on_before || is_escape) && !goes_on_after
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::ids::ContactId;

    fn jane() -> Needles {
        let person = Person {
            contact: Some(ContactId(7)),
            address: "jane@acme.com".to_owned(),
            written: "Jane@acme.com".to_owned(),
            name: "Jane O'Doe".to_owned(),
            is_only_name: true,
            ghost: "_email_jane.k7f3".to_owned(),
            user: "@jane.d:far.example".to_owned(),
        };
        person.needles()
    }

    #[rstest]
    #[case("<JANE@acme.com>,", Some("<erased-7@erased.invalid>,"))]
    #[case("to jane@acme.com.", Some("to erased-7@erased.invalid."))]
    #[case("mary-jane@acme.com", None)]
    #[case("jane@acme.com.example", None)]
    #[case("jane@acme.community", None)]
    #[case(r#""a\njane@acme.com""#, Some(r#""a\nerased-7@erased.invalid""#))]
    #[case("mailto:jane%40acme.com?x", Some("mailto:erased-7?x"))]
    #[case("@_email_jane.k7f3:example.org", Some("@_email_erased.7:example.org"))]
    #[case(
        "@_email_jane=40acme.com:example.org",
        Some("@_email_erased.7:example.org")
    )]
    #[case("invite @Jane.d:far.example", Some("invite @erased-7:erased.invalid"))]
    #[case("@mary.jane.d:far.example", None)]
    #[case("Hello jane o'doe!", Some("Hello erased-7!"))]
    #[case("Hello Jane O&#39;Doe", Some("Hello erased-7"))]
    #[case("Jane O'Doeson", None)]
    #[case("Jane", None)]
    fn takes_a_person_out(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(jane().taken_from(text).as_deref(), expected);
    }

    #[test]
    fn what_is_no_text_keeps_its_length() {
        let raw = b"\xff Cc: Jane@acme.com\r\n";
        let crossed_out = jane().crossed_out_in(raw).unwrap();
        assert_eq!(crossed_out, b"\xff Cc: xxxx@xxxx.xxx\r\n");
        assert_eq!(jane().crossed_out_in(b"Cc: jim@acme.com"), None);
    }
}
