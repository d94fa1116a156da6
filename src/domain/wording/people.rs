//! What is said of people who are copied in, and of those who stay out.

use crate::domain::{address::NamedAddress, ids::ConversationId};

/// To staff, once for each guest. `elsewhere` names the conversation where it isn't the place that
/// says which is meant.
pub fn copied_in(by: &str, guest: &NamedAddress, elsewhere: Option<ConversationId>) -> String {
    let (place, command) = match elsewhere {
        Some(conversation) => (format!("conversation #{conversation}"), " in its room"),
        None => ("this conversation".to_owned(), ""),
    };
    format!(
        "{by} copied in {}: they get our answers in {place}. ➕ makes them one of its people; \
         `!email remove {}`{command} takes them out.",
        shown(guest),
        guest.address
    )
}

/// To staff, once for each: a mail without proof of its sender copied somebody in.
pub fn offered(by: &str, person: &NamedAddress, elsewhere: Option<ConversationId>) -> String {
    let place = match elsewhere {
        Some(conversation) => format!("conversation #{conversation}"),
        None => "this conversation".to_owned(),
    };
    format!(
        "{by} copied in {}. As nothing proves who sent that mail, they get no answers from us: ➕ makes \
         them one of the people of {place}.",
        shown(person)
    )
}

/// To staff, once: these were taken out of the room before or have left it, and stay out.
pub fn stays_out(by: &str, people: &[NamedAddress], elsewhere: Option<ConversationId>) -> String {
    let place = match elsewhere {
        Some(conversation) => format!(" in conversation #{conversation}"),
        None => String::new(),
    };
    format!(
        "{by} copied in {}{place}, who had left the room or been removed from it: they get no answers \
         from us. `!email add ADDRESS` lets somebody in again.",
        listed(people)
    )
}

/// To staff, once: a conversation has only so many guests.
pub fn too_many_guests(
    by: &str,
    people: &[NamedAddress],
    elsewhere: Option<ConversationId>,
) -> String {
    let place = match elsewhere {
        Some(conversation) => format!("conversation #{conversation}"),
        None => "this conversation".to_owned(),
    };
    format!(
        "{by} copied in more people than {place} can have as guests. These get no answers from us: \
         {}. `!email add ADDRESS` adds somebody.",
        listed(people)
    )
}

/// In the room, below a guest's mail.
pub fn guest_mark(guest: &str, by: &str) -> String {
    format!("➕ {guest}, copied in by {by}")
}

/// Whether a line of a message is such a mark.
pub fn is_guest_mark(line: &str) -> bool {
    line == COLLEAGUE || line.starts_with("➕ ") && line.contains(", copied in by ")
}

/// Below the mail of somebody whom nobody has added or copied in.
pub fn colleague_mark() -> String {
    COLLEAGUE.to_owned()
}

const COLLEAGUE: &str = "➕ not one of the people here, but of the domain of one";

/// To staff, once for each: somebody of a member's domain has answered.
pub fn colleague_offered(person: &NamedAddress, elsewhere: Option<ConversationId>) -> String {
    let place = match elsewhere {
        Some(conversation) => format!("conversation #{conversation}"),
        None => "this conversation".to_owned(),
    };
    format!(
        "{} answered in {place}. They are of the same domain as one of its people, but get no answers \
         from us: ➕ makes them one of its people.",
        shown(person)
    )
}

/// A guest became one of the conversation's people.
pub fn admitted(name: &str, address: &str) -> String {
    format!("{name} ({address}) is one of the people here now, and reads everything from now on.")
}

/// Somebody was to become one of a closed conversation's people.
pub fn not_admitted(name: &str, address: &str) -> String {
    format!(
        "{name} ({address}) was not let in: the conversation is closed. `!email add {address}` begins \
         one with them."
    )
}

fn shown(person: &NamedAddress) -> String {
    match &person.name {
        Some(name) => format!("{name} <{}>", person.address),
        None => person.address.to_string(),
    }
}

fn listed(people: &[NamedAddress]) -> String {
    people.iter().map(shown).collect::<Vec<_>>().join(", ")
}
