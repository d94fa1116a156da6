//! What staff are told of mail that failed, and of addresses to which none goes.

use std::fmt::Write as _;

use crate::domain::{
    address::{EmailAddress, NamedAddress},
    bounce::{Action, Cause, FailedRecipient, Reason, Suspended},
};

/// A mail that failed. `is_vouched`: nobody but a server on its way can have said so.
pub fn failed(person: &NamedAddress, failed: &FailedRecipient, is_vouched: bool) -> String {
    let who = who(person);
    let to = failed_at(person, failed);
    let why = why(failed.reason);
    let said = said(failed);
    let advice = advice(failed.reason);
    match (failed.action, is_vouched) {
        (Action::Delayed, _) => format!(
            "Not yet delivered to {who}{to}: {why}. A server on the way keeps trying, and says so \
             if it gives up.{said}"
        ),
        (_, true) => format!("Not delivered to {who}{to}: {why}. {advice}{said}"),
        (_, false) => format!(
            "Reported as not delivered to {who}{to}: {why}. Nothing proves that the report is a \
             server's, so I go on writing to them. {advice}{said}"
        ),
    }
}

/// Somebody's provider says that they don't want our mail.
pub fn complained(person: &NamedAddress, is_vouched: bool) -> String {
    let doubt = if is_vouched {
        ""
    } else {
        " Nothing proves that the report is their provider's, so I go on writing to them."
    };
    format!(
        "{} called this mail unwanted (spam), says a report of their provider. Ask them in another \
         way than by mail whether they meant it.{doubt}",
        who(person)
    )
}

/// What is added to the first of a failure's sentences, or of a refusal's.
pub fn and_suspended(address: &EmailAddress) -> String {
    format!(
        " No more mail goes to {address} from any room: `!email resume {address}` starts again."
    )
}

/// The same by itself, for the other rooms.
pub fn suspended(person: &NamedAddress, cause: Cause) -> String {
    format!(
        "No more mail goes to {} from any room: {}. `!email resume {}` starts again.",
        who(person),
        because(cause),
        person.address
    )
}

/// At the first message that doesn't go to somebody.
pub fn not_sent(person: &NamedAddress, cause: Cause) -> String {
    let address = &person.address;
    format!(
        "This doesn't go to {}, and neither does what follows: {}. After `!email resume {address}` \
         repeat what they need.",
        who(person),
        because(cause)
    )
}

/// Below `!email list` and `!email status`.
pub fn suspended_here(suspended: &[Suspended]) -> String {
    let line = |one: &Suspended| {
        format!(
            "\n- No mail goes to {}: {}. `!email resume {}` starts again.",
            one.address,
            because(one.cause),
            one.address
        )
    };
    suspended.iter().map(line).collect()
}

/// Where a report is told that is about a message in another room.
pub fn elsewhere(text: &str, conversation: i64, excerpt: &str) -> String {
    if excerpt.is_empty() {
        format!("In conversation #{conversation}: {text}")
    } else {
        format!("In conversation #{conversation}, of “{excerpt}”: {text}")
    }
}

/// To staff: a mail that nobody but the bot has written.
pub fn of_an_answer(text: &str) -> String {
    format!("Of an answer that I wrote by myself: {text}")
}

pub fn resume_needs_an_address() -> String {
    "Whom? For example: `!email resume jane@example.com`; `!email list` shows to whom no mail goes."
        .to_owned()
}

pub fn is_not_suspended(address: &EmailAddress) -> String {
    format!("Mail to {address} is not suspended. Nothing was changed.")
}

/// `unsent`: the beginnings of the messages of this room that were not sent meanwhile; `elsewhere`: how
/// many other rooms there are with some.
pub fn resumed(address: &EmailAddress, unsent: &[String], elsewhere: usize) -> String {
    let mut text = format!("Mail goes to {address} again, beginning with the next message.");
    if unsent.is_empty() {
        if elsewhere == 0 {
            text.push_str(" Nothing was held back meanwhile.");
        }
    } else {
        text.push_str(" These were not sent to them, and won't be: please repeat what they need.");
        for excerpt in unsent.iter().take(super::MOST_TOLD) {
            text.push_str("\n- “");
            text.push_str(excerpt);
            text.push('”');
        }
        let more = unsent.len().saturating_sub(super::MOST_TOLD);
        if more > 0 {
            let _ = write!(text, "\n- and {more} more");
        }
    }
    match elsewhere {
        0 => {}
        1 => text.push_str("\nOne other room has messages that were not sent; it is told of them."),
        n => {
            let _ = write!(
                text,
                "\n{n} other rooms have messages that were not sent; they are told of them."
            );
        }
    }
    text
}

pub fn works_again(person: &NamedAddress) -> String {
    format!(
        "A mail came from {}, to whom no mail goes: their address seems to work. ✅ lets mail go \
         there again, and so does `!email resume {}`.",
        who(person),
        person.address
    )
}

fn who(person: &NamedAddress) -> String {
    match &person.name {
        Some(name) => format!("{} ({})", safe(name, LONGEST_NAME), person.address),
        None => person.address.to_string(),
    }
}

/// To which address that led, where it is another one.
fn failed_at(person: &NamedAddress, failed: &FailedRecipient) -> String {
    if failed.address == person.address {
        String::new()
    } else {
        format!(" (it had been led to {})", failed.address)
    }
}

fn because(cause: Cause) -> String {
    match cause {
        Cause::Failed(reason) => format!("mail to it failed, as {}", why(reason)),
        Cause::Complained => "its owner called our mail unwanted".to_owned(),
    }
}

/// What follows a colon or an “as”.
fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownUser => "there is no such mailbox",
        Reason::Moved => "they have moved to another address",
        Reason::Disabled => "the mailbox is closed",
        Reason::UnknownDomain => "there is no such domain, or it takes no mail",
        Reason::MailboxFull => "the mailbox is full",
        Reason::TooLarge => "the mail is too large for their server",
        Reason::Spam => "their server takes the mail for spam",
        Reason::Content => "their server doesn't take what is in the mail, or its form",
        Reason::Authentication => {
            "their server finds no proof that the mail is ours (SPF, DKIM or DMARC)"
        }
        Reason::Reputation => "their server doesn't trust our mail server",
        Reason::RateLimited => "their server got too much mail at once",
        Reason::Policy => "a rule of their server forbids it",
        Reason::Network => "their server can't be reached",
        Reason::Expired => "it was tried for too long in vain",
        Reason::Loop => "the mail went round in circles between servers",
        Reason::ServerFault => "their server has trouble of its own",
        Reason::Protocol => "the servers don't understand each other",
        Reason::Refused => "their server refuses it and gives no reason",
        Reason::Unknown => "the report doesn't say why",
    }
}

/// What staff can do.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownUser | Reason::UnknownDomain => {
            "Is the address right? `!email remove` and `!email add` correct it."
        }
        Reason::Moved => "Ask them for the new address, and add that.",
        Reason::Disabled => "Ask them for another address.",
        Reason::MailboxFull => "They have to make room; then repeat it.",
        Reason::TooLarge => "Send the files in another way.",
        Reason::Spam | Reason::Content => "Say it in other words, or without the files.",
        Reason::Authentication | Reason::Reputation => {
            "Whoever runs our mail should look into it: `postroom doctor` tells where to begin."
        }
        Reason::RateLimited
        | Reason::Network
        | Reason::Expired
        | Reason::ServerFault
        | Reason::Loop
        | Reason::Protocol => "Repeat it later, or reach them in another way.",
        Reason::Policy | Reason::Refused | Reason::Unknown => {
            "Reach them in another way; they can ask whoever runs their mail."
        }
    }
}

/// The server's own words.
fn said(failed: &FailedRecipient) -> String {
    let server = failed
        .remote_mta
        .as_deref()
        .map(|name| safe(name, LONGEST_NAME));
    let server = server.filter(|name| !name.is_empty());
    let reply = failed
        .reply
        .as_deref()
        .map(|reply| safe(reply, LONGEST_SAID));
    match (server, reply.filter(|reply| !reply.is_empty())) {
        (_, None) => String::new(),
        (None, Some(reply)) => format!(" The server said: “{reply}”"),
        (Some(server), Some(reply)) => format!(" {server} said: “{reply}”"),
    }
}

/// What a stranger wrote, on one line, without what would change how the words around it look.
pub(super) fn safe(text: &str, longest: usize) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(is_gap).filter(|it| !it.is_empty()).collect();
    let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line = words.join(" ");
    let mut kept = line.chars().filter(|c| !turns(c)).map(|c| match c {
        '`' => '\'',
        '“' | '”' => '"',
        other => other,
    });
    let mut short: String = kept.by_ref().take(longest).collect();
    if kept.next().is_some() {
        short.push('…');
    }
    short
}

/// In characters.
const LONGEST_SAID: usize = 300;
const LONGEST_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bounce::StatusCode;

    fn jane() -> NamedAddress {
        NamedAddress {
            name: Some("Jane Doe".to_owned()),
            address: EmailAddress::parse("jane@acme.com").unwrap(),
        }
    }

    fn failure(reason: Reason) -> FailedRecipient {
        FailedRecipient {
            address: jane().address,
            action: Action::Failed,
            status: StatusCode::parse("5.1.1"),
            reply: Some("550 5.1.1 `No` such\u{202e} user".to_owned()),
            remote_mta: Some("mx.acme.com".to_owned()),
            reason,
        }
    }

    #[test]
    fn says_who_why_what_to_do_and_in_whose_words() {
        assert_eq!(
            failed(&jane(), &failure(Reason::UnknownUser), true),
            "Not delivered to Jane Doe (jane@acme.com): there is no such mailbox. Is the address \
             right? `!email remove` and `!email add` correct it. mx.acme.com said: “550 5.1.1 'No' \
             such user”"
        );
    }

    #[test]
    fn every_reason_is_told_apart() {
        let told = |reason: &Reason| failed(&jane(), &failure(*reason), true);
        let mut all: Vec<String> = Reason::ALL.iter().map(told).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), Reason::ALL.len());
    }

    #[test]
    fn a_stranger_writes_no_more_than_one_short_line() {
        assert_eq!(safe("a\r\n\u{0}b \u{202e}c”`", 10), "a b c\"'");
        assert_eq!(safe(&"x".repeat(500), 10), format!("{}…", "x".repeat(10)));
    }
}
