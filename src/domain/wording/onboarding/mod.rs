//! What staff are told of people on their way from mail to Matrix, and back.

mod mails;

pub use mails::*;
use std::fmt::Write as _;

use ruma::UserId;

use super::room::excerpt;
use crate::domain::{
    facts::PersonFacts,
    matrix_id::{ServerPatternFault, Unusable},
    onboarding::{History, RoomFacts},
};

/// A notice that stands in another room than the one that it is about.
pub fn of_room(room: &str, text: &str) -> String {
    format!("{room}: {text}")
}

/// A room in the control room, by its name, or by its id where it has none.
pub fn room_named(name: &str, id: &str) -> String {
    if name.is_empty() {
        format!("In {id}")
    } else {
        format!("In “{}”", excerpt(name))
    }
}

/// Why somebody is to be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Their mail says nothing but their id.
    Asked,
    /// The same, but nothing proves who sent it, or a guest did.
    AskedUnproven,
    /// The same, but the mail is the one by which they came, and nobody of staff knows them.
    AskedByStranger,
    /// Their mail names an id.
    Named,
    /// Staff have linked them.
    Staff,
}

fn wish(person: &PersonFacts, user: &UserId, why: Wish) -> String {
    let name = &person.name;
    match why {
        Wish::Asked => format!("{name} asks by mail to come into this room as {user}."),
        Wish::AskedUnproven => format!(
            "{name}'s mail says nothing but “{user}”: somebody seems to want to come into this room as \
             that. Nothing proves that the mail is theirs, or they are only copied in."
        ),
        Wish::AskedByStranger => {
            format!(
                "{name}'s first mail asks to come into this room as {user}; nobody knows them yet."
            )
        }
        Wish::Named => {
            format!("{name}'s mail names the Matrix ID {user}; whose that is I can't tell.")
        }
        Wish::Staff => format!("{name} is to come into this room as {user}."),
    }
}

/// What somebody who comes in would be able to read.
fn reads(room: &RoomFacts) -> String {
    let before = match room.history {
        History::Shared => {
            "everything that was said here before, notes (`!note`, `!!`) and talk among us included"
        }
        History::Unknown => {
            "perhaps everything that was said here before, notes (`!note`, `!!`) and talk among us \
             included: I don't know what this room's history setting is"
        }
        History::Invited => "nothing from before the invitation",
        History::Joined => "nothing from before they come in",
    };
    let others = match room.others.as_slice() {
        [] => String::new(),
        others => format!(", and what these write by mail: {}", listed(others)),
    };
    format!(
        "They would read {before}; and from then on everything here, notes and threads among us \
         too{others}. My notices for staff go to the control room from then on."
    )
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| excerpt(name)).collect();
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// Staff are asked.
pub fn ask(person: &PersonFacts, user: &UserId, why: Wish, room: &RoomFacts) -> String {
    format!(
        "{} {} ✅ invites them.",
        wish(person, user, why),
        reads(room)
    )
}

/// Staff are told, and the invitation goes.
pub fn inviting(person: &PersonFacts, user: &UserId, why: Wish, room: &RoomFacts) -> String {
    format!("{} {} I invite them.", wish(person, user, why), reads(room))
}

/// Staff have agreed.
pub fn invited(name: &str, user: &UserId) -> String {
    format!("{name} is invited as {user}. When they have come in, mails to them stop.")
}

pub fn is_invited_already(name: &str, user: &UserId) -> String {
    format!(
        "{user} is invited already. When they have come in I link them to {name}, and mails stop."
    )
}

/// The user is in the room: staff say whether they are the contact.
pub fn is_there(person: &PersonFacts, user: &UserId) -> String {
    format!(
        "{} ({}) says by mail that they are {user}, who is in this room. ✅ links the two: then mails to \
         them stop.",
        person.name, person.address
    )
}

/// The user has come in by themselves, and is called like somebody who takes part by mail.
pub fn looks_alike(person: &PersonFacts, user: &UserId, name: &str) -> String {
    format!(
        "{} ({user}) has come in, and {} ({}) takes part here by mail. If that is the same person, ✅ \
         links the two, and mails to them stop. If not, do nothing. {}",
        excerpt(name),
        person.name,
        person.address,
        reads_along()
    )
}

/// Of somebody who has come in without being invited by us.
pub fn reads_along() -> &'static str {
    "Whoever it is reads everything here from now on, notes (`!note`, `!!`) too."
}

/// The user that a mail or command names can't be a customer.
pub fn never(person: &PersonFacts, user: &UserId) -> String {
    format!(
        "{}'s mail gives {user} as their Matrix ID, who is staff or one of mine: I do nothing about it.",
        person.name
    )
}

/// The server isn't allowed. `asks`: the invitation waits; else it was only named.
pub fn server_not_allowed(person: &PersonFacts, user: &UserId, asks: bool) -> String {
    let server = user.server_name();
    let name = &person.name;
    let what = if asks {
        format!("{name} asks by mail to come into this room as {user}, but {server} is not allowed")
    } else {
        format!("{name} was named as {user}, but {server} is not allowed")
    };
    let waits = if asks { " The invitation waits." } else { "" };
    format!(
        "{what}: it is not in `onboarding.allowed_servers`.{waits} If people from there may come in, add \
         {server} to the homeserver's own list if that federates with few (Synapse: \
         `federation_domain_whitelist`), then say `!email allowed {server}`: then I try again."
    )
}

/// The homeserver doesn't invite somebody.
pub fn not_invited(name: &str, user: &UserId, reason: &str) -> String {
    let server = user.server_name();
    format!(
        "{name} could not be invited as {user}: {reason}. Mails to them go on. Perhaps I lack the right \
         to invite here; perhaps our homeserver doesn't federate with {server}; perhaps there is no such \
         user. When that is mended, `!email allowed {server}` tries again, or `!email link ADDRESS \
         {user}`."
    )
}

/// It takes longer.
pub fn invitation_delayed(name: &str, user: &UserId, reason: &str) -> String {
    format!(
        "{name} could not be invited as {user} so far: {reason}. Perhaps {} is misspelt or can't be \
         reached. I keep trying for a day; mails to them go on.",
        user.server_name()
    )
}

/// They have come in.
pub fn arrived(name: &str, user: &UserId, keeps_mail: bool) -> String {
    let mails = if keeps_mail {
        "They get mails besides, as they wanted."
    } else {
        "Mails to them have stopped, with a last note; what they answer by mail still appears here under \
         their name."
    };
    format!("{name} is here as {user} now. {mails}")
}

/// They don't want to come.
pub fn declined(name: &str, user: &UserId) -> String {
    format!("{name} has declined the invitation as {user}. Mails to them go on.")
}

/// Somebody took the invitation back.
pub fn taken_back(name: &str, user: &UserId, by: &UserId) -> String {
    format!("{by} has taken back the invitation of {user}. Mails to {name} go on.")
}

/// They have left the room.
pub fn left(name: &str, address: &str, user: &UserId) -> String {
    format!(
        "{name} has left the room as {user}. What is said here reaches them no more: ✅, or `!email mail \
         {address}`, writes to them by mail again."
    )
}

/// They were put out.
pub fn put_out(name: &str, address: &str, user: &UserId, by: &UserId) -> String {
    format!(
        "{by} has put {user} out of the room, who is {name}. They get no mail, either: `!email mail \
         {address}` writes to them again, `!email remove {address}` takes them off the room."
    )
}

/// They were put out, and write by mail.
pub fn was_put_out(name: &str, address: &str) -> String {
    format!(
        "{name} ({address}), who was put out of this room, writes by mail. They get none from here: ✅, or \
         `!email mail {address}`, writes to them again, `!email remove {address}` takes them off the room."
    )
}

/// Of an offer that came too late.
pub fn takes_part_no_more(name: &str, address: &str) -> String {
    format!("{name} ({address}) takes part in this room by mail no more: nothing is done.")
}

/// The same.
pub fn is_no_more_there(user: &UserId) -> String {
    format!("{user} is in this room no more: nothing is linked.")
}

/// In a room where customers read along, of what is only for staff.
pub fn needs_a_control_room() -> &'static str {
    "Staff have something to decide about a customer of this room, and I have no room to tell them in \
     private: set `control_room` in the configuration. Until then `!email link ADDRESS MATRIX-ID` invites \
     somebody, and the log has what I would have said."
}

/// They have left and wanted mail besides.
pub fn left_and_keeps_mail(name: &str, user: &UserId) -> String {
    format!("{name} has left the room as {user}. Mails to them go on.")
}

/// They are written to again.
pub fn returned(name: &str, address: &str) -> String {
    format!("{name} ({address}) gets mail from this room again, beginning with the next message.")
}

/// Somebody who has left the room writes by mail: that is where they want to be answered.
pub fn returned_by_mail(name: &str, address: &str) -> String {
    format!(
        "{name} ({address}), who has left the room in Matrix, writes by mail: they get mail from this room \
         again, beginning with the next message."
    )
}

pub fn gets_mail_anyway(name: &str, address: &str) -> String {
    format!("{name} ({address}) gets mail from this room as it is.")
}

/// After `!email both`.
pub fn keeps_mail(name: &str, keeps: bool) -> String {
    if keeps {
        format!("{name} gets mails besides what they read in Matrix.")
    } else {
        format!("{name} reads in Matrix, and gets no mails.")
    }
}

pub fn is_not_linked(name: &str, address: &str) -> String {
    format!(
        "{name} ({address}) is not linked to a Matrix user. `!email link {address} @user:server` does that."
    )
}

pub fn unlinked(name: &str, user: &UserId) -> String {
    format!("{name} and {user} are linked no more. {name} gets mail again, in every room.")
}

pub fn welcome_goes(names: &[String]) -> String {
    format!("The welcome mail goes to {}.", listed(names))
}

pub fn link_needs() -> String {
    "Who is who? Write an address and a Matrix ID: `!email link jane@acme.com @jane:matrix.org`."
        .to_owned()
}

pub fn needs_an_address(command: &str) -> String {
    format!("Whom do you mean? Write their address: `!email {command} jane@acme.com`.")
}

pub fn both_is_on_or_off() -> String {
    "Mails besides Matrix are `on` or `off`: `!email both jane@acme.com on`.".to_owned()
}

/// To staff, who typed it.
pub fn not_an_id(text: &str, why: &Unusable) -> String {
    let text = excerpt(text);
    let why = match why {
        Unusable::NoServer => "it names no server".to_owned(),
        Unusable::NotAServer(server) => {
            format!("“{}” is not the name of a server", excerpt(server))
        }
        Unusable::Address(_) => "it is an email address".to_owned(),
        Unusable::Characters => "there are signs in it that no id has".to_owned(),
        Unusable::Room => "it is a room".to_owned(),
        Unusable::Example => "it is only an example".to_owned(),
    };
    format!("“{text}” is not a Matrix ID: {why}. One looks like `@jane:matrix.org`.")
}

pub fn is_no_customer(user: &UserId) -> String {
    format!("{user} is staff or one of mine, and can't be a customer.")
}

pub fn not_a_server(text: &str, fault: ServerPatternFault) -> String {
    format!("“{}” can't be allowed: {fault}.", excerpt(text))
}

/// A server was allowed; so many waited for that.
pub fn server_allowed(server: &str, tried: usize) -> String {
    let tried = match tried {
        0 => "Nobody waits for that.".to_owned(),
        1 => "One invitation is tried again.".to_owned(),
        more => format!("{more} invitations are tried again."),
    };
    format!(
        "People from {server} may be invited. {tried} Whether our homeserver federates with it is the \
         homeserver's own to say."
    )
}

pub fn server_disallowed(server: &str) -> String {
    format!("Nobody more is invited from {server}. Who is here, or was invited, stays so.")
}

pub fn server_was_not_allowed(server: &str) -> String {
    format!("Nobody has allowed {server}: `!email allowed` shows from where people are invited.")
}

pub fn server_is_configured(server: &str) -> String {
    format!(
        "{server} stands in `onboarding.allowed_servers`: take it out there, and start me again."
    )
}

/// The servers from which people are invited.
pub fn allowed_servers(configured: &[String], added: &[(String, String)]) -> String {
    if configured.is_empty() {
        return "People from every server may be invited. `onboarding.allowed_servers` in the \
                configuration names fewer."
            .to_owned();
    }
    let mut text = "People from these servers may be invited:".to_owned();
    for server in configured {
        let _ = write!(text, "\n- {server}");
    }
    for (server, by) in added {
        let _ = write!(text, "\n- {server}, allowed by {by}");
    }
    text
}

pub fn for_senders() -> String {
    "This is about servers of Matrix. For senders of mail there is `!email allow`.".to_owned()
}
