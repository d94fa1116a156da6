//! What administrators are told of people whose data they ask for, or erase.

use crate::domain::{address::EmailAddress, facts::PersonKnown};

/// `!email erase` anywhere but in the control room.
pub fn control_room_only() -> String {
    "People are erased in the control room only.".to_owned()
}

pub fn needs_an_address() -> String {
    "Whom? For example: `!email erase jane@example.com`; with `redact` behind it I also take back what they \
     have said in rooms."
        .to_owned()
}

pub fn what_else(word: &str) -> String {
    format!("I don't know “{word}”: after the address only `redact` can follow.")
}

pub fn own_address(address: &EmailAddress) -> String {
    format!("{address} is an address of ours, not of a person.")
}

/// What ✅ is going to do.
pub fn asks(address: &EmailAddress, redacts: bool, known: &PersonKnown) -> String {
    let who = if known.is_contact {
        format!(
            "They are or were in {}, and wrote {}.",
            count(known.conversations, "conversation"),
            count(known.mails, "mail")
        )
    } else {
        format!(
            "Nobody of that address takes part; there are {} from it.",
            count(known.mails, "mail")
        )
    };
    let words = if redacts {
        "What they have said in rooms is redacted."
    } else {
        "What they have said in rooms stays there, under a nameless user; `redact` behind the address takes \
         it back, too."
    };
    format!(
        "Erase everything about {address}? {who}\n- They leave every conversation, and what hasn't gone to \
         them doesn't go.\n- Their mails, and their name and address wherever they stand in Postroom, are \
         deleted.\n- {words}\n- Their Matrix user is emptied and given up for good.\nThis can't be undone. ✅ \
         does it; backups, logs and what the homeserver keeps are another matter."
    )
}

pub fn under_way() -> String {
    "They are being erased already.".to_owned()
}

/// What of an erasure came to nothing.
#[derive(Debug, Clone, Default)]
pub struct Undone {
    /// Why the homeserver did not give up the ghost; empty if it did.
    pub problem: String,
    /// How much of what they have said and done could not be taken back.
    pub kept: i64,
    /// In how many rooms the ghost still is.
    pub rooms: i64,
}

pub fn done(number: i64, undone: &Undone) -> String {
    let Undone {
        problem,
        kept,
        rooms,
    } = undone;
    let mut sentences = vec![format!(
        "Erasure {number} is done: nothing that is stored here names the person any more."
    )];
    if !problem.is_empty() {
        sentences.push(format!(
            "But the homeserver did not give up their Matrix user: {problem}. An administrator of the \
             homeserver can deactivate it."
        ));
    }
    if *kept > 0 {
        sentences.push(format!(
            "{} that they have said or done in rooms could not be taken back: whoever moderates there can \
             redact it.",
            count(*kept, "thing")
        ));
    }
    if *rooms > 0 {
        sentences.push(format!(
            "As far as I know their Matrix user still is in {}: whoever moderates there can remove it.",
            count(*rooms, "room")
        ));
    }
    sentences.join(" ")
}

fn count(number: i64, what: &str) -> String {
    match number {
        1 => format!("one {what}"),
        number => format!("{number} {what}s"),
    }
}
