//! What is said of conversations that go on in another room, or in another conversation.

use std::fmt::Write;

use jiff::Zoned;
use ruma::OwnedEventId;

use super::{desk::named, excerpt, held::tame};
use crate::domain::{facts::Case, ids::ConversationId};

/// The customer has answered to a conversation that was closed long ago; `event` is what they answer, if
/// that is known.
pub fn begins_anew(
    old: &Case,
    new: ConversationId,
    since: Option<&Zoned>,
    event: Option<OwnedEventId>,
    elsewhere: bool,
) -> String {
    let (id, title) = (old.id, tame(&old.title));
    let since = since.map_or_else(String::new, |at| at.strftime(" on %-d %B %Y").to_string());
    let room = &old.room;
    let event = event.map_or_else(String::new, |event| format!("/{event}"));
    let place = if elsewhere && !old.room_name.is_empty() {
        format!(", in “{}”", tame(&old.room_name))
    } else {
        String::new()
    };
    format!(
        "A mail answers #{id} “{title}”, which was closed{since}, so it begins #{new}{place}. What \
         was said before: https://matrix.to/#/{room}{event}"
    )
}

pub fn move_needs_a_room() -> String {
    "Where to? For example: `!email move 7 !room:example.org` or `!email move 7 #desk:example.org`."
        .to_owned()
}

pub fn not_a_room(text: &str) -> String {
    let text = excerpt(text);
    format!(
        "“{text}” is not a room. For example: `!email move 7 #desk:example.org`. Nothing was moved."
    )
}

pub fn is_there_already(case: &Case) -> String {
    format!("{} is in that room already.", named(case))
}

pub fn target_is_encrypted() -> String {
    "That room is encrypted, so I can carry nothing there. Make one without encryption, and name that. \
     Nothing was moved."
        .to_owned()
}

pub fn target_is_for_staff() -> String {
    "That is a room for staff only: nobody takes part there by email. Make a room, invite me there, and \
     name that one. Nothing was moved."
        .to_owned()
}

pub fn has_one_there(case: &Case, own: ConversationId) -> String {
    format!(
        "The same customer has #{own} in that room. `!email merge {} {own}` makes one of both. Nothing \
         was moved.",
        case.id
    )
}

fn list_of(ids: &[ConversationId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("#{id}")).collect();
    ids.join(", ")
}

pub fn has_threads(case: &Case, threads: &[ConversationId]) -> String {
    let first = threads.first().map_or(0, |id| id.0);
    format!(
        "{} has threads in its room ({}), which would stay behind. Move them first, or put them \
         together: `!email merge {first} {}`. Nothing was changed.",
        named(case),
        list_of(threads),
        case.id
    )
}

/// Their names; to a room in which others read along, not more than that there are some.
pub fn readers(names: &[String], has_visitors: bool) -> Vec<String> {
    if has_visitors && !names.is_empty() {
        return vec!["Others".to_owned()];
    }
    names.to_vec()
}

pub fn others_would_read(readers: &[String]) -> String {
    let readers = tame(&readers.join(", "));
    format!(
        "{readers} would read it there. If that is meant, add `--share` to the command. Nothing was \
         moved."
    )
}

pub fn moved(case: &Case, room: &str) -> String {
    let place = room_called(room);
    format!(
        "{} goes on {place}: letters go from there, and answers come there. What waited here is on its \
         way.",
        named(case)
    )
}

fn room_called(room: &str) -> String {
    let room = tame(room);
    if room.is_empty() {
        "in the other room".to_owned()
    } else {
        format!("in “{room}”")
    }
}

/// To the room in which a conversation goes on.
pub fn came_here(names: &str, id: ConversationId, by: &str, from: &str) -> String {
    let from = tame(from);
    let place = if from.is_empty() {
        String::new()
    } else {
        format!(" from “{from}”")
    };
    format!(
        "{} has moved #{id}{place} into this room: {} read what is written here from now on, and their \
         answers appear here.",
        tame(by),
        tame(names)
    )
}

/// To the room from which it has gone.
pub fn went_away(id: ConversationId, by: &str, to: &str) -> String {
    format!(
        "{} has moved #{id} out of this room. It goes on {}.",
        tame(by),
        room_called(to)
    )
}

pub fn merge_needs_two() -> String {
    "Which two? `!email merge 9 7` lets #9 go on in #7.".to_owned()
}

pub fn merge_of_one(id: ConversationId) -> String {
    format!("#{id} is one already. `!email merge 9 7` lets #9 go on in #7.")
}

pub fn other_customers(from: &Case, into: &Case) -> String {
    format!(
        "#{} and #{} are with different customers: one would read what the other wrote. Nothing was \
         merged.",
        from.id, into.id
    )
}

pub fn is_over(case: &Case) -> String {
    format!(
        "Nobody takes part in #{} any more, so nothing can go on in it. Nothing was merged.",
        case.id
    )
}

pub fn not_both_yours(from: &Case, into: &Case) -> String {
    format!(
        "You may not give me commands for both #{} and #{}. Nothing was merged.",
        from.id, into.id
    )
}

pub fn main_into_thread(from: &Case, into: &Case) -> String {
    format!(
        "#{1} is a thread of #{0}. `!email merge {1} {0}` lets the thread go on in the room. Nothing was \
         merged.",
        from.id, into.id
    )
}

pub fn moves_no_more(case: &Case) -> String {
    format!(
        "Nobody takes part in #{} any more, so there is nothing to move.",
        case.id
    )
}

/// Of two that would become one.
pub fn would_read_more(
    from: &Case,
    into: &Case,
    readers: &[String],
    members: &[String],
    guests: &[String],
) -> String {
    let mut text = String::new();
    if !readers.is_empty() {
        let readers = tame(&readers.join(", "));
        text = format!(
            "{readers} would read there what is answered to #{}. ",
            from.id
        );
    }
    if !members.is_empty() {
        let members = tame(&members.join(", "));
        let _ = write!(
            text,
            "{members}, in #{}, would take part in #{}, too. ",
            from.id, into.id
        );
    }
    if !guests.is_empty() {
        let guests = tame(&guests.join(", "));
        let _ = write!(
            text,
            "{guests}, copied in in #{}, would take part in #{}. ",
            from.id, into.id
        );
    }
    format!(
        "{text}If that is meant: `!email merge {} {} --share`. Nothing was merged.",
        from.id, into.id
    )
}

/// `put_out` were in the first, and were put out of the second.
pub fn merged(from: &Case, into: &Case, put_out: &[String]) -> String {
    let out = if put_out.is_empty() {
        String::new()
    } else {
        let names = tame(&put_out.join(", "));
        format!(
            " No more of it goes to {names}: they were put out of #{}.",
            into.id
        )
    };
    format!(
        "#{0} goes on in #{1}: answers to its letters come there, and #{0} is no more. What waited in it \
         is on its way.{out}",
        from.id, into.id
    )
}

/// To a room in which a conversation goes on, or did.
pub fn was_merged(from: ConversationId, into: ConversationId, by: &str) -> String {
    format!(
        "{} has put #{from} and #{into} together: both go on as #{into}.",
        tame(by)
    )
}
