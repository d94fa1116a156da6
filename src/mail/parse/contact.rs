//! Visiting cards (RFC 6350), as far as a sentence needs them.

use calcard::{
    Entry, Parser,
    vcard::{VCard, VCardProperty, VCardValue},
};

use super::headers::one_line;
use crate::domain::note::Contact;

/// The first card in `text`; `None` if it says nothing.
pub(super) fn read(text: &str) -> Option<Contact> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let Entry::VCard(card) = Parser::new(text.trim_start()).entry() else {
        return None;
    };
    let one = |property| all(&card, &property).into_iter().next();
    let contact = Contact {
        name: one(VCardProperty::Fn).or_else(|| one(VCardProperty::Nickname)),
        organisation: one(VCardProperty::Org),
        phones: all(&card, &VCardProperty::Tel),
        addresses: all(&card, &VCardProperty::Email),
    };
    (contact != Contact::default()).then_some(contact)
}

fn all(card: &VCard, property: &VCardProperty) -> Vec<String> {
    card.properties(property)
        .filter_map(|entry| words(entry.values.first()?))
        .take(MOST)
        .collect()
}

fn words(value: &VCardValue) -> Option<String> {
    let text = match value {
        VCardValue::Component(parts) => {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            one_line(&parts.join(" "))
        }
        value => one_line(value.as_text()?),
    };
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let text: String = text.chars().take(MOST_CHARACTERS).collect();
    (!text.is_empty()).then_some(text)
}

/// In octets: a portrait may be long, but stands at the end.
const LONGEST: usize = 256 * 1024;
/// Numbers or addresses; nobody reads more in a sentence.
const MOST: usize = 3;
const MOST_CHARACTERS: usize = 120;
