//! What is said of rooms that go on, and of those that end.

use ruma::{OwnedUserId, RoomId, UserId};

use super::held::tame;
use crate::domain::{
    address::EmailAddress,
    facts::{LifeFacts, RoomFacts},
    room_rules::Need,
};

/// A room, as it is named elsewhere.
pub fn place(life: &LifeFacts) -> String {
    room_called(&life.room_name, &life.link)
}

pub fn room_called(name: &str, link: &str) -> String {
    let name = tame(name);
    if name.is_empty() {
        format!("the room {link}")
    } else {
        format!("“{name}” ({link})")
    }
}

/// What has to be known of a room before its events can be understood doesn't come.
pub fn events_wait(name: &str, room: &str, reason: &str) -> String {
    let room = room_called(name, room);
    format!(
        "Nothing that was said of late in {room} is read: I can't learn what I have to know first \
         ({reason}). It waits, and I keep trying. If I am of no use there, put me out of that room."
    )
}

/// Why somebody did something, as a sentence of its own; nothing if they didn't say.
fn because(reason: Option<&str>) -> String {
    match reason.map(tame) {
        Some(reason) if !reason.is_empty() => format!(" Their reason: “{reason}”."),
        _ => String::new(),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("one {one}"),
        number => format!("{number} {many}"),
    }
}

fn conversations(room: &RoomFacts) -> String {
    count(
        room.mains().count(),
        "conversation by email",
        "conversations by email",
    )
}

/// What somebody had said that is only now on its way, and what the mail server still has to take.
fn on_the_way(room: &RoomFacts) -> String {
    let waiting: usize = room.conversations.iter().map(|one| one.waiting).sum();
    let undelivered: usize = room.conversations.iter().map(|one| one.undelivered).sum();
    match (waiting, undelivered) {
        (0, 0) => " Nothing that was said before was waiting.".to_owned(),
        (0, mails) => format!(
            " {} from before, not delivered yet, still {}.",
            capital(&count(mails, "mail", "mails")),
            if mails == 1 { "goes" } else { "go" }
        ),
        (messages, _) => format!(
            " {} from before {} now by email.",
            capital(&count(messages, "message", "messages")),
            if messages == 1 { "goes" } else { "go" }
        ),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The bot was kicked or banned. In the control room.
pub fn put_out(
    life: &LifeFacts,
    room: &RoomFacts,
    by: &UserId,
    is_banned: bool,
    reason: Option<&str>,
) -> String {
    let (what, back) = if is_banned {
        ("banned me from", "Lift the ban and invite me")
    } else {
        ("removed me from", "Invite me")
    };
    let them = if room.mains().count() == 1 {
        "is"
    } else {
        "are"
    };
    format!(
        "{by} {what} {}.{} {} {them} suspended there.{} What is written there from now on goes to \
         nobody by email; what customers answer waits, and I tell of it here. {back} there again, and \
         everything goes on.",
        place(life),
        because(reason),
        capital(&conversations(room)),
        on_the_way(room),
    )
}

/// What customers wrote can't be shown in a room that is gone.
pub fn not_shown(messages: usize) -> String {
    format!(
        "{} of customers, on the way to a room that is gone, could not be shown there any more. Their mails \
         are kept.",
        capital(&count(messages, "message", "messages"))
    )
}

/// The bot has left without having decided to: so the homeserver's administrator ends a room.
pub fn room_deleted(life: &LifeFacts, room: &RoomFacts) -> String {
    let them = if room.mains().count() == 1 {
        "is"
    } else {
        "are"
    };
    format!(
        "The homeserver has taken me out of {}: an administrator has closed or deleted it. {} {them} \
         closed.{}",
        place(life),
        capital(&conversations(room)),
        on_the_way(room),
    )
}

/// The homeserver says that the bot isn't in a room, and not why.
pub fn lost(place: &str, conversations: usize) -> String {
    format!(
        "The homeserver lets me do nothing in {place} any more, and doesn't say why; it may have been \
         deleted. {} suspended: what customers answer waits, and I tell of it here. Invite me there again, \
         and everything goes on.",
        capital(&match conversations {
            1 => "one conversation by email is".to_owned(),
            number => format!("{number} conversations by email are"),
        })
    )
}

/// The bot has come back to a room whose conversations were suspended.
pub fn back(room: &RoomFacts, waiting: usize) -> String {
    let people = room.people();
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    let mails = match waiting {
        0 => String::new(),
        number => format!(
            " {} that came meanwhile {} now.",
            capital(&count(number, "mail", "mails")),
            if number == 1 { "follows" } else { "follow" }
        ),
    };
    format!(
        "I am back: what is written here from now on goes by email again to {}. What was written \
         while I was out has gone to nobody.{mails}",
        names.join(", ")
    )
}

/// Nobody of staff is left. In the control room.
pub fn deserted(life: &LifeFacts, room: &RoomFacts, last: &UserId) -> String {
    format!(
        "{last} was the last of you in {}; nobody reads there any more what customers write. {} \
         goes on there: what customers answer waits, and I tell of it here, until one of you is back.",
        place(life),
        capital(&conversations(room)),
    )
}

/// Somebody who is no staff was there when the bot came in, or comes later. In the control room.
pub fn visitor(life: &LifeFacts, who: &UserId, by: &UserId, is_invited: bool) -> String {
    let came = if is_invited {
        format!("{by} has invited {who} to {}", place(life))
    } else {
        format!("{who} has joined {}", place(life))
    };
    if life.visitors.is_empty() {
        format!(
            "{came}. They aren't staff: what only you are to know of that room I tell here from now on. \
             Notes (`!!`) written there are read by everybody who is there."
        )
    } else {
        format!("{came}, too. They aren't staff.")
    }
}

pub fn visitors_present(life: &LifeFacts) -> String {
    format!(
        "I have come into {}. Not all who are there are staff ({}): what only you are to know of that \
         room I tell here. Notes (`!!`) written there are read by everybody who is there.",
        place(life),
        named(&life.visitors)
    )
}

/// The first few, and how many more.
fn named(users: &[OwnedUserId]) -> String {
    let mut names: Vec<String> = users
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    if users.len() > MOST_NAMED {
        names.push(format!("{} more", users.len() - MOST_NAMED));
    }
    names.join(", ")
}

const MOST_NAMED: usize = 3;

/// In answer to a note.
pub fn note_is_read(visitors: &[OwnedUserId]) -> String {
    format!(
        "This note goes to nobody by email, but everybody in this room reads it, and not all of them \
         are staff: {}.",
        named(visitors)
    )
}

/// In the room.
pub fn encrypted_now() -> String {
    "⚠️ This room is encrypted from now on, which nobody can undo. I can't read what is written in it: \
     it goes to nobody by email any more, and I can add nobody. What customers answer still appears \
     here, unencrypted. To go on, make a new room without encryption, invite me there, and add them with \
     `!email add`."
        .to_owned()
}

/// In the control room.
pub fn encryption_switched_on(life: &LifeFacts, room: &RoomFacts, by: &UserId) -> String {
    format!(
        "⚠️ {by} has switched encryption on in {}, which nobody can undo. I can't read what is written \
         there: it goes to nobody by email any more. {} {} concerned; what customers answer still \
         appears there. To go on, somebody has to make a new room without encryption, invite me there, \
         and add the people with `!email add`.",
        place(life),
        capital(&conversations(room)),
        if room.mains().count() == 1 {
            "is"
        } else {
            "are"
        },
    )
}

/// To the author of what can't be read, once a day.
pub fn not_read() -> String {
    "I can't read this, as the room is encrypted: it goes to nobody by email, and neither does what else \
     you write here. Make a new room without encryption, invite me there, and add people with \
     `!email add`."
        .to_owned()
}

/// What the bot, or the ghosts, may not do any more, with the level that is needed and theirs.
pub fn demoted(lost: &[(Need, i64, i64)]) -> String {
    let one = |(need, needed, has): &(Need, i64, i64)| match need {
        Need::Speak => format!(
            "I may not say anything here any more (that takes level {needed}, I have {has})"
        ),
        Need::GhostsSpeak => format!(
            "people on email can't be heard here any more (to write takes level {needed}, whoever has no \
             level of their own has {has})"
        ),
        Need::Invite => format!(
            "I may not invite anybody any more, so nobody can be added by email (that takes level \
             {needed}, I have {has})"
        ),
        Need::Redact => {
            format!("I may not redact messages any more (that takes level {needed}, I have {has})")
        }
    };
    let lost: Vec<String> = lost.iter().map(one).collect();
    format!(
        "The power levels of this room have changed: {}. Please change that in the room's settings.",
        lost.join("; ")
    )
}

/// The same, where it can't be said in the room.
pub fn demoted_elsewhere(life: &LifeFacts, by: &UserId, lost: &[(Need, i64, i64)]) -> String {
    format!("In {}, by {by}: {}", place(life), demoted(lost))
}

pub fn shut_out(life: &LifeFacts, by: &UserId, is_ours: bool, users: &[OwnedUserId]) -> String {
    let mut who = Vec::new();
    if is_ours {
        who.push(
            "our own server, so that nothing of ours reaches the other servers any more".to_owned(),
        );
    }
    if !users.is_empty() {
        who.push(format!("the server of {}", named(users)));
    }
    format!(
        "{by} has changed which servers may take part in {}. Shut out now: {}. If that isn't meant, change \
         the server ACL of the room.",
        place(life),
        who.join("; ")
    )
}

/// A room was closed and no other takes its place.
pub fn closed_without_successor() -> String {
    "This room was closed, and it isn't said which one takes its place. Nothing changes for people on \
     email until you `!email leave`, or invite me to another room and add them there."
        .to_owned()
}

/// In the room that replaces another.
pub fn moved_here(room: &RoomFacts, held: usize, requests: usize) -> String {
    let people = room.people();
    let names: Vec<String> = people
        .iter()
        .map(|person| format!("{} ({})", person.name, person.address))
        .collect();
    let names = if names.is_empty() {
        "Nobody takes part by email.".to_owned()
    } else {
        format!(
            "By email: {}. What is written here goes to them, and answers to old mails appear here.",
            names.join(", ")
        )
    };
    let held = match held {
        0 => String::new(),
        number => format!(
            " {} for you: `!email held`.",
            if number == 1 {
                "A mail waits".to_owned()
            } else {
                format!("{number} mails wait")
            }
        ),
    };
    let requests = match requests {
        0 => String::new(),
        1 => " A request waits: `!email requests`.".to_owned(),
        number => format!(" {number} requests wait: `!email requests`."),
    };
    format!("This room goes on from the one that it replaces. {names}{held}{requests}")
}

/// The configuration names the old room, under these keys.
pub fn replaces_a_named_room(keys: &[String], new: &RoomId) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!(
        "What I told you in the room that was replaced I tell you here from now on. The configuration still \
         names the old one: please write `{new}` there, for {}.",
        keys.join(" and ")
    )
}

/// The bot can't get into the room that replaces another.
pub fn successor_is_closed(old: &str, new: &str, reason: &str) -> String {
    format!(
        "{old} was replaced by another room ({new}), and I can't get in: {reason}. Please invite me there. \
         Until then, what customers answer waits; nothing is lost."
    )
}

/// A room claims to replace another that it doesn't name.
pub fn not_its_successor(old: &str, new: &str) -> String {
    format!(
        "{old} was said to be replaced by {new}, but that room doesn't say so itself: people on email stay \
         where they are. To move them, add them there with `!email add`."
    )
}

pub fn invited_and_could_not_join(room: &str, reason: &str) -> String {
    format!("I was invited to {room} and could not join: {reason}")
}

/// A room for staff and one person: their ghost was invited, and the bot has come after it.
pub fn private(name: &str, address: &EmailAddress) -> String {
    format!(
        "This is a private conversation with {name} ({address}): what is written here goes to them by \
         email, and their answers appear here. A message that begins with `!!` or `!note` stays here; \
         `!email help` tells the rest."
    )
}

/// Why a ghost doesn't come; shown by clients as the reason.
pub fn only_staff_write_to_ghosts() -> String {
    "Only staff can write to people by email.".to_owned()
}

pub fn nobody_by_that_name() -> String {
    "There is nobody of that name on email.".to_owned()
}

/// A ghost came and could not ask the bot in: it says so itself.
pub fn bot_is_missing(bot: &UserId) -> String {
    format!(
        "I can't be reached here without {bot}: please invite it, then what you write goes by email."
    )
}

pub fn banned_here(name: &str, address: &EmailAddress) -> String {
    format!(
        "{name} ({address}) is banned from this room. Lift the ban first, then add them. Nobody was added."
    )
}

/// A ghost was put out: whoever it stands for gets no more mail. The reason is for the room alone.
pub fn removed_by(
    name: &str,
    address: &EmailAddress,
    by: &UserId,
    is_banned: bool,
    reason: Option<&str>,
) -> String {
    let banned = if is_banned {
        " They can't be added again until the ban is lifted."
    } else {
        ""
    };
    format!(
        "{name} ({address}) gets no more mail from this room: {by} has put them out.{}{banned}",
        because(reason)
    )
}

/// Below what says that somebody was removed, if nobody is left.
pub fn nobody_left() -> &'static str {
    " Nobody takes part here by email any more; `!email leave` makes me leave, too."
}

/// In answer to `!email leave`.
pub fn leaving(room: &RoomFacts) -> String {
    let people = room.people();
    if people.is_empty() {
        return "Goodbye. Invite me again whenever somebody is to take part by email.".to_owned();
    }
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    format!(
        "What was written still goes to {}; then nothing more does, and their conversations are closed. \
         Goodbye.",
        names.join(", ")
    )
}

pub fn not_from_the_control_room() -> String {
    "This is where I tell you what concerns no single room, so I stay. Another `control_room` in my \
     configuration lets me go."
        .to_owned()
}

/// What clients call the network of those who can be looked up.
pub const NETWORK: &str = "Email";

/// Element's way of inviting an address goes past us.
pub fn invited_by_identity_server() -> String {
    "That invitation went by way of an identity server, which alone knows the address: it asks them to come \
     to Matrix, and they take part by email no more than before. For that: `!email add ADDRESS Name`."
        .to_owned()
}
