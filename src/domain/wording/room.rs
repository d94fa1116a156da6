//! What the bot says in rooms.

use jiff::Zoned;
use ruma::UserId;

use super::{goes, held::tame, is_hint};
use crate::domain::{
    address::{AddressFault, EmailAddress},
    facts::{ConversationFacts, DeskFacts, PersonFacts, RoomFacts},
    ids::ConversationId,
    incoming::MailKind,
};

/// What the bot is called, until somebody names it otherwise.
pub const BOT_NAME: &str = "Postroom";

pub fn bot_joined() -> String {
    "I let people take part here by email. Add somebody with `!email add jane@example.com Jane Doe`; \
     `!email help` tells the rest. They read what is written here from then on, but for notes: \
     a message that begins with `!!` or `!note` stays here."
        .to_owned()
}

pub fn room_is_encrypted() -> String {
    "This room is encrypted, so I can't read it and can't carry anything to or from email. \
     Please make a new room without encryption and invite me there."
        .to_owned()
}

pub fn staff_only() -> String {
    "Sorry, only staff can give me commands. Nothing was changed and nothing was sent by email."
        .to_owned()
}

pub fn invited_by_a_stranger(sender: &UserId) -> String {
    format!("{sender} invited me to a room. They aren't staff, so I declined.")
}

pub fn unknown_ghost(user: &UserId) -> String {
    format!(
        "I know nobody called {user}. Add people with `!email add jane@example.com Jane Doe`, \
         or invite `@_email_jane=40example.com:{}`.",
        user.server_name()
    )
}

pub fn added(people: &[String], others: &[String]) -> String {
    let who = people.join(", ");
    let reads = if others.is_empty() {
        String::new()
    } else {
        format!(" {} read it too.", others.join(", "))
    };
    format!(
        "Added {who}: what is written here from now on goes to them by email, \
         and their answers appear here.{reads}"
    )
}

pub fn already_here(name: &str, address: &EmailAddress) -> String {
    format!("{name} ({address}) is in this room already.")
}

pub fn is_ours(address: &EmailAddress) -> String {
    format!("{address} is an address of ours; mail to it would come back. Nobody was added.")
}

pub fn would_share(newcomer: &str, present: &[String]) -> String {
    format!(
        "{} would read what {newcomer} writes, and {newcomer} what they write. \
         If that is meant, add them with `!email add --share …`. Nobody was added.",
        present.join(", ")
    )
}

pub fn not_an_address(text: &str, fault: AddressFault) -> String {
    format!("“{text}” is not an email address: {fault}. Nobody was added.")
}

pub fn add_needs_an_address() -> String {
    "Whom? For example: `!email add jane@example.com Jane Doe`.".to_owned()
}

pub fn remove_needs_an_address() -> String {
    "Whom? For example: `!email remove jane@example.com`; `!email list` shows who is here."
        .to_owned()
}

pub fn not_removed_not_an_address(text: &str, fault: AddressFault) -> String {
    format!("“{text}” is not an email address: {fault}. Nobody was removed.")
}

pub fn removed(name: &str, address: &EmailAddress) -> String {
    format!("{name} ({address}) gets no more mail from this room.")
}

pub fn is_not_here(address: &EmailAddress) -> String {
    format!("{address} is not in this room. `!email list` shows who is.")
}

pub fn nobody_here() -> String {
    "Nobody takes part in this room by email. Add somebody with \
     `!email add jane@example.com Jane Doe`."
        .to_owned()
}

/// Each customer on a line, with guests and threads, and how far the conversations are.
pub fn list(room: &RoomFacts, desk: &DeskFacts) -> String {
    let remark = |id| super::desk::remark(id, &desk.cases, desk.now);
    let named = |people: &[PersonFacts], guests: bool| {
        let people = people.iter().filter(|person| person.is_guest == guests);
        let named = people.map(|person| {
            let moved = person.moved.as_ref();
            let moved = moved.map_or_else(String::new, |user| format!(" (in Matrix as {user})"));
            format!("{} <{}>{moved}", person.name, person.address)
        });
        named.collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec!["In this room by email:".to_owned()];
    for main in room.mains() {
        let mut line = format!("- #{} {}", main.id, named(&main.people, false));
        let guests = named(&main.people, true);
        if !guests.is_empty() {
            line = format!("{line}; copied in: {guests}");
        }
        line.push_str(&remark(main.id));
        for thread in room.threads_of(main.customer) {
            let guests = named(&thread.people, true);
            line = match guests.as_str() {
                "" => format!("{line}; thread #{}{}", thread.id, remark(thread.id)),
                guests => format!(
                    "{line}; thread #{}, copied in: {guests}{}",
                    thread.id,
                    remark(thread.id)
                ),
            };
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Each customer on a line, and each thread of which there is something to say.
pub fn status(room: &RoomFacts, now: &Zoned) -> String {
    let mut lines = Vec::new();
    for main in room.mains() {
        lines.push(status_line(main, now));
        let threads = room.threads_of(main.customer);
        let busy = threads.filter(|thread| thread.waiting + thread.undelivered > 0);
        lines.extend(busy.map(|thread| status_line(thread, now)));
    }
    lines.join("\n")
}

pub(super) fn status_line(conversation: &ConversationFacts, now: &Zoned) -> String {
    let names: Vec<&str> = conversation
        .people
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    let place = match conversation.thread_root {
        Some(_) => " (a thread)",
        None => "",
    };
    let when = conversation
        .goes_at
        .map_or_else(String::new, |at| format!(", which goes {}", goes(at, now)));
    let waiting = match conversation.waiting {
        0 => "nothing waits to be sent".to_owned(),
        1 => format!("one message waits for its letter{when} (`!email now` sends it)"),
        n => format!("{n} messages wait for their letter{when} (`!email now` sends it)"),
    };
    let undelivered = match conversation.undelivered {
        0 => String::new(),
        1 => "; one mail is not delivered yet".to_owned(),
        n => format!("; {n} mails are not delivered yet"),
    };
    format!(
        "- #{} {}{place}: {waiting}{undelivered}",
        conversation.id,
        names.join(", ")
    )
}

pub fn mail_set_aside(mail: i64, problem: &str) -> String {
    format!("Mail {mail} could not be worked on and was set aside; it is kept. {problem}")
}

pub fn letter_not_sealed(conversation: i64, problem: &str) -> String {
    format!(
        "A letter of conversation {conversation} could not be written; I try again in an hour. {problem}"
    )
}

pub fn join_refused(name: &str, reason: &str) -> String {
    format!("{name} could not be brought into this room: {reason}. Their mail can't be shown here.")
}

pub fn notice_refused(notice: &str, reason: &str) -> String {
    format!("I could not say this in its room ({reason}): {notice}")
}

/// The beginning of a message, on one line, for quoting it; without what it quotes itself, as long
/// as something is left.
pub fn excerpt(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|it| !it.is_empty());
    let own = |line: &&str| !line.starts_with('>') && !is_hint(line);
    let mut words = lines()
        .filter(own)
        .flat_map(str::split_whitespace)
        .peekable();
    if words.peek().is_none() {
        return beginning(lines().flat_map(str::split_whitespace));
    }
    beginning(words)
}

/// As many words as fit; the first one is cut if it doesn't.
fn beginning<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut short = String::new();
    let mut length = 0;
    for word in words {
        let gap = usize::from(length > 0);
        let needed = gap + word.chars().count();
        if length + needed >= EXCERPT {
            if length == 0 {
                short.extend(word.chars().take(EXCERPT - 1));
            }
            short.push('…');
            break;
        }
        short.push_str(&" "[..gap]);
        short.push_str(word);
        length += needed;
    }
    short
}

/// Longest excerpt, in characters.
const EXCERPT: usize = 120;

pub fn nothing_waits() -> String {
    "Nothing waits to be sent.".to_owned()
}

pub fn sent_now(names: &[&str]) -> String {
    format!("On its way to {}.", names.join(", "))
}

/// So many letters have gone that these conversations have to wait, for about so many minutes.
pub fn not_sent_now(conversations: &[ConversationId], minutes: i64) -> String {
    let ids: Vec<String> = conversations.iter().map(|id| format!("#{id}")).collect();
    let (noun, have) = match conversations {
        [_] => ("conversation", "has"),
        _ => ("conversations", "have"),
    };
    format!(
        "Not yet: more letters of {noun} {} {have} gone of late than `guard.letters` in my configuration \
         lets through. What waits goes in one letter, in about {minutes} minutes.",
        ids.join(", ")
    )
}

pub fn unknown_command(word: &str, meant: Option<&str>) -> String {
    let hint = meant.map_or_else(String::new, |meant| {
        format!(" Did you mean `!email {meant}`?")
    });
    format!(
        "I don't know `!email {word}`.{hint} Nothing was sent. `!email help` lists the commands."
    )
}

pub fn takes_nothing(command: &str, text: &str) -> String {
    let text = excerpt(text);
    format!(
        "`!email {command}` takes nothing behind it, so “{text}” puzzles me. Nothing was changed."
    )
}

/// Behind what is wrong with a command.
pub fn for_example(example: &str) -> String {
    format!("For example: `{example}`.")
}

pub fn misspelt(word: &str) -> String {
    format!("Did you mean `!email`? “{word}” looks like it, so this message was not sent by email.")
}

pub fn help(commands: &[(&str, &str, &str)]) -> String {
    let mut text = "What I understand:".to_owned();
    for (_, usage, what) in commands {
        text.push_str("\n- `");
        text.push_str(usage);
        text.push_str("` ");
        text.push_str(what);
    }
    text.push_str(
        "\n\nA message that begins with `!!` or `!note`, and every reply to it, stays in this room. \
         Reacting with 📨 to a waiting message sends it at once.",
    );
    text
}

/// All about one command.
pub fn help_about(usage: &str, purpose: &str, examples: &[&str]) -> String {
    let mut text = format!("`{usage}` {purpose}.");
    if !examples.is_empty() {
        let examples: Vec<String> = examples.iter().map(|one| format!("`{one}`")).collect();
        text.push_str("\nFor example: ");
        text.push_str(&examples.join(", "));
    }
    text.push_str(
        "\nStaff may give it here. In the control room, or in a direct chat with me, name a room or a \
         conversation first: `!email #7 status`.",
    );
    text
}

pub fn mail_refused(name: &str, address: &str, reason: &str) -> String {
    format!("Not delivered to {name} ({address}): {reason}")
}

pub fn mail_delayed(name: &str, address: &str, reason: &str) -> String {
    format!("Not yet delivered to {name} ({address}): {reason}. I keep trying.")
}

pub fn mail_given_up(name: &str, address: &str, reason: &str) -> String {
    format!("Not delivered to {name} ({address}), and I have stopped trying: {reason}")
}

pub fn post_refused(name: &str, reason: &str) -> String {
    format!("A mail from {name} could not be shown in its room: {reason}. It is kept.")
}

/// Why a mail was not shown in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptBecause {
    ByMachine(MailKind),
    NoSender,
    NoConversation,
    /// It belongs to no conversation either.
    Forged,
    BotNotInRoom,
    Unreadable,
    /// A filter says so.
    Spam,
    TooManyHops,
}

/// `about` is whom the letter went to that it answers, where the return address tells.
pub fn kept(mail: i64, from: &str, subject: &str, why: KeptBecause, about: Option<&str>) -> String {
    let about = about.map_or_else(String::new, |about| {
        format!(" It is about the letter to {about}.")
    });
    let why = match why {
        KeptBecause::ByMachine(MailKind::Bounce) => "it is a delivery report",
        KeptBecause::ByMachine(MailKind::FeedbackReport) => "it is an abuse report",
        KeptBecause::ByMachine(MailKind::List) => "it comes from a mailing list",
        KeptBecause::ByMachine(_) => "a machine sent it",
        KeptBecause::NoSender => "it doesn't say whom it is from",
        KeptBecause::NoConversation => "it belongs to no conversation",
        KeptBecause::Forged => "it belongs to no conversation, and may be forged",
        KeptBecause::BotNotInRoom => "I am no longer in the room it answers to",
        KeptBecause::Unreadable => "it could not be read",
        KeptBecause::Spam => "our mail server calls it spam",
        KeptBecause::TooManyHops => "it has passed so many servers that it seems to go in circles",
    };
    let subject = tame(subject);
    format!("Mail {mail} from {from}, “{subject}”, is kept and not shown in a room: {why}.{about}")
}

pub fn left_broadcast(name: &str, address: &EmailAddress, broadcast: &str) -> String {
    format!(
        "{name} has left the broadcast “{broadcast}” and gets no more letters of it. `!email add \
         {address}` brings them back, if they ask for it."
    )
}

pub fn back_in_broadcast(name: &str, address: &EmailAddress, broadcast: &str) -> String {
    format!(
        "{name} ({address}) has thought better of it and gets the letters of the broadcast \
         “{broadcast}” again."
    )
}

pub fn event_set_aside(event: &str, problem: &str) -> String {
    format!("An event ({event}) could not be understood and was set aside: {problem}")
}

/// A size as people read it.
pub fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{} kB", size / 1_000),
        _ => format!("{}.{} MB", size / 1_000_000, size % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "")]
    #[case("Hello Ann,\n\nit is revision C.", "Hello Ann, it is revision C.")]
    #[case("> Which one?\n\nRevision C.\n\n🔍 history folded", "Revision C.")]
    #[case("> Which one?", "> Which one?")]
    #[case(&"four ".repeat(30), &format!("{}four…", "four ".repeat(23)))]
    #[case(&"é".repeat(200), &format!("{}…", "é".repeat(119)))]
    fn excerpts_are_the_beginning(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(excerpt(text), expected);
    }
}
