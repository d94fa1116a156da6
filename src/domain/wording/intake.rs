//! What is said of mail that belongs to no conversation: to staff, and to who sent it.

use ruma::RoomId;

use super::held::{beginning, tame};
use crate::domain::{
    address::NamedAddress,
    evidence::{Reason, Verdict},
    ids::RequestId,
    intake::{Decision, Known, KnownRoom, KnownRooms, NoRule, Notice, State},
};

/// To staff: who asks for what, how sure that is, and what they can do.
pub fn notice(request: RequestId, notice: &Notice) -> String {
    let Notice {
        sender, mailbox, ..
    } = notice;
    let who = person(sender);
    let what = match &notice.space {
        Some(room) => format!("{who} asks to take {} into the Space.", bare(room.as_str())),
        None => format!("{who} writes to {mailbox}."),
    };
    let mut lines = vec![format!(
        "📥 Request #{request}: {what} {}",
        certainty(notice)
    )];
    lines.extend(says(notice));
    if let Some(former) = notice.former {
        lines.push(format!(
            "They answer #{former}, which was closed long ago; I am not in its room any more."
        ));
    }
    if notice.space.is_some() {
        lines.push(format!(
            "✅ takes the room into the Space if it is as rooms there must be, and tells them by mail what \
             came of it; ❌ puts the request aside, 🔍 shows all of the mail. `!email take {request} ROOM` \
             takes the mail into a room that is there."
        ));
        return lines.join("\n");
    }
    lines.extend(rooms(&notice.rooms));
    lines.extend(notice.no_rule.map(because));
    lines.push(format!(
        "✅ opens a room for it, ❌ puts it aside, 🔍 shows all of the mail. `!email take {request} ROOM` \
         takes it into a room that is there."
    ));
    lines.join("\n")
}

/// To staff: a request that waits has one more mail.
pub fn one_more(request: RequestId, notice: &Notice) -> String {
    let mut lines = vec![format!(
        "📥 One more mail for request #{request}, from {}. {}",
        person(&notice.sender),
        certainty(notice)
    )];
    lines.extend(says(notice));
    let take_up = match &notice.space {
        Some(room) => format!("takes {} into the Space", bare(room.as_str())),
        None => "opens a room".to_owned(),
    };
    lines.push(format!(
        "✅ {take_up}, ❌ puts the request aside, 🔍 shows all of the mail."
    ));
    lines.join("\n")
}

fn certainty(notice: &Notice) -> String {
    match (notice.verdict, notice.reason) {
        (Verdict::Verified, _) => "Their domain vouches for them.".to_owned(),
        (_, Some(Reason::DnsUnanswered)) => {
            "❔ Nothing proves who sent it (the DNS gave no answer).".to_owned()
        }
        _ => "❔ Nothing proves who sent it.".to_owned(),
    }
}

fn says(notice: &Notice) -> Vec<String> {
    let subject = tame(&notice.subject);
    let mut lines = Vec::new();
    if !subject.is_empty() {
        lines.push(format!("“{subject}”"));
    }
    let text = beginning(&notice.text);
    lines.extend(text.into_iter().map(|line| format!("> {line}")));
    let named: Vec<String> = notice
        .files
        .iter()
        .take(MOST_FILES)
        .map(|name| tame(name))
        .collect();
    if !named.is_empty() {
        let more = notice.files.len() - named.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        lines.push(format!("Files: {}{more}.", named.join(", ")));
    }
    lines
}

fn because(why: NoRule) -> String {
    match why {
        NoRule::Unverified => {
            "By my configuration its domain has a room of its own; as nothing proves who sent this, you \
             decide."
        }
        NoRule::IsOut => {
            "By my configuration its domain has a room of its own, but they were removed from there, or \
             have left it: I don't let them in again by myself."
        }
        NoRule::RoomIsNotReady => {
            "By my configuration its domain has a room of its own, but I am not in it, or it is encrypted."
        }
        NoRule::NobodyToInvite => {
            "By my configuration it would get a room at once, but I know nobody to invite there: none of \
             the mailbox's staff is where they are asked, and `rooms.invite` names nobody."
        }
        NoRule::TooManyRooms => {
            "By my configuration it would get a room at once, but I have opened so many of late that I \
             ask first (`rooms_per_hour`)."
        }
        NoRule::Nobody => "By its address nobody reads there what you answer.",
    }
    .to_owned()
}

/// Where its sender is already; what other staff have with them is only counted.
fn rooms(known: &KnownRooms) -> Option<String> {
    let mut rooms: Vec<(&KnownRoom, Vec<String>)> = Vec::new();
    for one in &known.named {
        let number = format!("#{}", one.conversation);
        match rooms.iter_mut().find(|(other, _)| other.room == one.room) {
            Some((_, numbers)) => numbers.push(number),
            None => rooms.push((one, vec![number])),
        }
    }
    let count = rooms.len() + known.others;
    let named = rooms.into_iter().map(|(room, numbers)| {
        let name = tame(&room.name);
        let name = if name.is_empty() {
            room.room.to_string()
        } else {
            format!("“{name}”, `{}`", room.room)
        };
        let word = match numbers.len() {
            1 => "conversation",
            _ => "conversations",
        };
        format!("{name} ({word} {})", numbers.join(", "))
    });
    let others = match known.others {
        0 => None,
        1 => Some("a room of a mailbox with other staff".to_owned()),
        n => Some(format!("{n} rooms of mailboxes with other staff")),
    };
    let all = named.chain(others).collect::<Vec<_>>().join("; ");
    match count {
        0 => None,
        1 => Some(format!("They are in {all}.")),
        _ => Some(format!(
            "They are in several rooms, so I don't guess: {all}."
        )),
    }
}

/// Somebody whom nobody knows, on one line.
fn person(sender: &NamedAddress) -> String {
    let name = sender.name.as_deref().map(tame).unwrap_or_default();
    if name.is_empty() {
        sender.address.to_string()
    } else {
        format!("{name} <{}>", sender.address)
    }
}

/// What a room calls the customer of a request.
pub fn customer(sender: &NamedAddress) -> String {
    let name = sender
        .name
        .as_deref()
        .map(bare)
        .filter(|name| !name.is_empty());
    name.unwrap_or_else(|| sender.address.local_part().to_owned())
}

/// What a room says that a request is about; may be empty.
pub fn subject(subject: &str) -> String {
    bare(&crate::content::subject::base(subject))
}

/// To staff: the homeserver made a room twice.
pub fn made_twice(room: &RoomId) -> String {
    format!(
        "The homeserver made a room twice, as its answer got lost: I leave {room}, in which nothing was \
         written. Invitations into it lead nowhere."
    )
}

/// To staff: the homeserver made a room that isn't wanted any more.
pub fn made_late(request: RequestId, room: &RoomId) -> String {
    format!(
        "The homeserver made a room for request #{request} after all, which needs it no more: I leave {room}, \
         in which nothing was written. Invitations into it lead nowhere."
    )
}

/// One line without what can't be seen or turns the writing round.
fn bare(text: &str) -> String {
    tame(text).replace('\u{2060}', "")
}

/// To staff where they were asked: the request has a room.
pub fn opened(known: &Known, room: &RoomId, by: &str) -> String {
    let who = if by.is_empty() {
        String::new()
    } else {
        format!(" ({by})")
    };
    format!(
        "Request #{} of {} is in a room{who}: https://matrix.to/#/{room}",
        known.id,
        person(&known.sender)
    )
}

/// To staff: the homeserver doesn't make the room.
pub fn not_opened(known: &Known, reason: &str) -> String {
    format!(
        "⚠ There is no room yet for request #{} of {}: {reason}. Nothing is lost, and I try again from \
         time to time. `!email take {} ROOM` takes it into a room that is there.",
        known.id,
        person(&known.sender),
        known.id
    )
}

/// To staff: the room is there, and the Space doesn't list it.
pub fn not_listed(known: &Known, room: &RoomId, reason: &str) -> String {
    format!(
        "⚠ The room of request #{} (https://matrix.to/#/{room}) isn't in the Space: {reason}. I must be in \
         the Space, with a level that may list rooms there. `!email space add {room}` tries again.",
        known.id
    )
}

/// To staff: it was tried for days.
pub fn given_up(known: &Known, reason: &str) -> String {
    format!(
        "⚠ I could not make a room for request #{} of {}: {reason}. The request waits again: ✅ or \
         `!email take {}` tries once more.",
        known.id,
        person(&known.sender),
        known.id
    )
}

/// The answer to a command, or what is said to who reacted.
pub fn decided(request: RequestId, decision: &Decision) -> String {
    match decision {
        Decision::Open => format!("Request #{request} gets a room."),
        Decision::Into(_) => format!("Request #{request} is on its way into its room."),
        Decision::Dismiss => format!(
            "Request #{request} is put aside: nothing is answered, and it is kept. `!email take \
             {request}` takes it up again."
        ),
    }
}

/// To staff, after what came of the room: the request's sender learns it by mail.
pub fn is_told(known: &Known) -> String {
    format!(
        "{} gets an answer by mail (request #{}).",
        person(&known.sender),
        known.id
    )
}

/// To staff, after what came of the room.
pub fn waits_again(request: RequestId) -> String {
    format!(
        "Request #{request} waits again, and nobody was answered: `!email take {request}` tries once more."
    )
}

/// To somebody who is staff where others are asked, too.
pub fn others_decide(request: RequestId, mailbox: &str) -> String {
    format!("Request #{request} came to the mailbox “{mailbox}”: its staff decide about it.")
}

pub fn decided_before(known: &Known) -> String {
    let id = known.id;
    let by = if known.decided_by.is_empty() {
        "me".to_owned()
    } else {
        known.decided_by.clone()
    };
    match (known.state, &known.room) {
        (State::Waiting, _) => format!("Request #{id} waits."),
        (State::Opening, _) if known.space.is_some() => {
            format!("Request #{id}: I am looking at the room, as {by} wanted.")
        }
        (State::Opening, _) => format!("Request #{id}: its room is being made, as {by} wanted."),
        (State::Opened, Some(room)) => {
            format!("Request #{id} was taken up by {by} already: https://matrix.to/#/{room}")
        }
        (State::Opened, None) => format!("Request #{id} was taken up by {by} already."),
        (State::Answered, _) => format!(
            "Request #{id}: {} has been told by mail what came of it, as {by} wanted.",
            person(&known.sender)
        ),
        (State::Dismissed, _) => {
            format!("Request #{id} was put aside by {by}. `!email take {id}` takes it up again.")
        }
    }
}

/// The sender of a request that was put aside has another one by now.
pub fn has_another(request: RequestId, other: RequestId) -> String {
    format!(
        "The sender of request #{request} has another one that isn't done yet, #{other}: decide that one \
         first."
    )
}

/// The answer to `!email take` with a room that can't be used.
pub fn room_is_not_ready(room: &RoomId) -> String {
    format!(
        "I can't take a request into {room}: I am not in it, it is encrypted, or you are not staff there. \
         Invite me there first, or leave the room out for a new one."
    )
}

pub fn no_such_request(number: i64) -> String {
    format!("There is no request #{number} for you. `!email requests` shows what waits.")
}

pub fn which_request(command: &str) -> String {
    format!("Which request? `!email requests` shows their numbers: `!email {command} 7`.")
}

pub fn no_such_room(text: &str) -> String {
    format!(
        "“{}” is not the id of a room. It begins with “!” and stands in the room's settings, under \
         Advanced: `!email take 7 !abc:example.org`.",
        tame(text)
    )
}

/// The answer to `!email requests`, and what staff are reminded of: the oldest first, `count` in all.
pub fn waiting(requests: &[Known], count: usize) -> String {
    if requests.is_empty() {
        return "No request waits.".to_owned();
    }
    let mut lines = vec![match count {
        1 => "One request waits:".to_owned(),
        count => format!("{count} requests wait:"),
    }];
    lines.extend(requests.iter().map(listed));
    if let Some(more @ 1..) = count.checked_sub(requests.len()) {
        lines.push(format!("- and {more} more"));
    }
    lines.push(
        "`!email take NUMBER` opens a room for one, `!email take NUMBER ROOM` takes it into a room that \
         is there, `!email dismiss NUMBER` puts it aside."
            .to_owned(),
    );
    lines.join("\n")
}

fn listed(known: &Known) -> String {
    let subject = tame(&known.subject);
    let subject = if subject.is_empty() {
        "(no subject)"
    } else {
        &subject
    };
    let mails = match known.mails {
        ..=1 => String::new(),
        mails => format!(", {mails} mails"),
    };
    let state = match (known.state, &known.space) {
        (_, Some(room)) => format!(", for {} in the Space", bare(room.as_str())),
        (State::Opening, None) => ", its room is being made".to_owned(),
        _ => String::new(),
    };
    format!(
        "- #{} from {}, “{subject}”{mails}{state}",
        known.id,
        person(&known.sender)
    )
}

pub fn reminder(requests: &[Known], count: usize) -> String {
    format!("⏰ {}", waiting(requests, count))
}

/// The answer to `!email requests` in a room that isn't for it.
pub fn shown_elsewhere(count: usize) -> String {
    let waiting = match count {
        0 => return "No request waits.".to_owned(),
        1 => "One request waits".to_owned(),
        count => format!("{count} requests wait"),
    };
    format!(
        "{waiting}: `!email requests` where I tell of them, or in the control room, lists them."
    )
}

/// The answer to `!email settings mailbox`.
pub fn mailbox_of_room(name: &str, others: &[&str]) -> String {
    if others.is_empty() {
        return format!("This room belongs to the mailbox “{name}”, the only one there is.");
    }
    format!(
        "This room belongs to the mailbox “{name}”. You can change that as long as nobody was written \
         to from here: `!email settings mailbox {}`.",
        others.join("`, `!email settings mailbox ")
    )
}

pub fn mailbox_is_set(name: &str) -> String {
    format!("This room belongs to the mailbox “{name}” from now on.")
}

pub fn no_such_mailbox(name: &str, known: &[&str]) -> String {
    format!(
        "There is no mailbox “{}” for which you are staff. There is: {}.",
        tame(name),
        known.join(", ")
    )
}

pub fn mailbox_is_fixed(name: &str) -> String {
    format!(
        "Customers have been written to from this room, and answer to the mailbox “{name}”: it stays \
         theirs. Open another room for the other mailbox."
    )
}

/// Names of files in one notice.
const MOST_FILES: usize = 5;

#[cfg(test)]
mod tests;
