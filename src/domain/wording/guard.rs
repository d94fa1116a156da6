//! What is said of mail that is stopped: of senders on a list, of spam, loops and floods.

use crate::domain::{
    address::EmailAddress,
    flood::{Limits, Scope},
    ids::ConversationId,
    rhythm::Mechanical,
    senders::{List, Listed, PatternFault},
};

/// More came than is taken in at a time. `minutes` is how long the rest waits.
pub fn too_many(scope: &Scope, limits: &Limits, minutes: i64) -> String {
    let limit = limits.of(scope);
    let window = window(limits.window);
    let key = scope.limited_by();
    let what = match scope {
        Scope::Conversation(id) => format!("mails in conversation #{id}"),
        Scope::Contact(address) | Scope::Unknown(address) => format!("mails from {address}"),
        Scope::Domain(domain) => format!("mails from {domain}"),
        Scope::Everything => "mails in all rooms together".to_owned(),
        Scope::Unknowns => "mails that belong to no conversation".to_owned(),
        Scope::Letters(id) => format!("letters in conversation #{id}"),
        Scope::Spam(_) => "mails that are spam".to_owned(),
    };
    let pattern = match scope {
        Scope::Contact(address) | Scope::Unknown(address) => Some(address.clone()),
        Scope::Domain(domain) => Some(format!("*@{domain}")),
        Scope::Conversation(_)
        | Scope::Everything
        | Scope::Unknowns
        | Scope::Letters(_)
        | Scope::Spam(_) => None,
    };
    let lists = pattern.map_or_else(String::new, |pattern| {
        format!(
            " `!email allow {pattern}` lets all of them through, `!email block {pattern}` keeps them \
             out of sight."
        )
    });
    let rest = match scope {
        Scope::Letters(_) => "What is said now waits, and goes in one letter",
        _ => "The others are kept and follow",
    };
    format!(
        "More than {limit} {what} within {window}. {rest} in about {minutes} minutes; \
         nothing is lost.{lists} `guard.{key}` in my configuration sets the limit."
    )
}

fn window(millis: i64) -> String {
    let minutes = millis / 60_000;
    match (minutes, minutes % 60) {
        (60, _) => "an hour".to_owned(),
        (60.., 0) => format!("{} hours", minutes / 60),
        (0, _) => format!("{} seconds", millis / 1000),
        _ => format!("{minutes} minutes"),
    }
}

/// Somebody's answers are a machine's.
pub fn answers_as_a_machine(
    address: &EmailAddress,
    why: Mechanical,
    conversation: ConversationId,
) -> String {
    let what = match why {
        Mechanical::SameWords(times) => format!(
            "has answered our letters in conversation #{conversation} with the same words {times} \
             times, each time at once"
        ),
        Mechanical::AtOnce(times) => format!(
            "has answered {times} letters in a row in conversation #{conversation}, each within \
             seconds"
        ),
    };
    format!(
        "{address} {what}: a machine, it seems. So that it goes no further I keep such answers from \
         now on and don't show them; what a person writes from there is shown."
    )
}

/// The spam of a day: how many, and the senders of the first.
pub fn junk(count: usize, senders: &[String]) -> String {
    let mails = if count == 1 {
        "1 mail"
    } else {
        &format!("{count} mails")
    };
    let mut told = senders.to_vec();
    if let Some(more @ 1..) = count.checked_sub(senders.len()) {
        told.push(format!("and {more} more"));
    }
    format!(
        "{mails} kept as spam since yesterday: {}. `!email allow ADDRESS` lets a sender's mail through \
         from now on.",
        told.join(", ")
    )
}

/// `reason` is a part of a sentence.
pub fn scanner_is_away(reason: &str, waiting: i64) -> String {
    let mails = if waiting == 1 {
        "1 mail waits"
    } else {
        &format!("{waiting} mails wait")
    };
    format!(
        "The virus scanner (`guard.clamd`) has not answered for a while: {reason}. {mails} for it; I \
         keep trying, and show nothing that was not looked at."
    )
}

pub fn scanner_is_back() -> String {
    "The virus scanner answers again; the mails that waited for it go on.".to_owned()
}

pub fn senders_need_a_pattern(command: &str) -> String {
    format!(
        "Whose mail? `!email {command} jane@acme.com`, `!email {command} *@acme.com` for all of a \
         domain, or `!email {command} *.example` for every domain below one."
    )
}

pub fn not_a_pattern(text: &str, fault: PatternFault) -> String {
    format!("“{text}” is neither an address nor a pattern: {fault}. Nothing has changed.")
}

/// A pattern that would block ourselves or people who are here.
pub fn is_own_pattern(pattern: &str) -> String {
    format!("{pattern} is ours: mail from there can't be blocked. Nothing has changed.")
}

pub fn listed(list: List, pattern: &str) -> String {
    match list {
        List::Block => format!(
            "Mail from {pattern} is kept and shown nowhere from now on, without a word. `!email blocked` \
             counts it, `!email unblock {pattern}` ends it."
        ),
        List::Allow => format!(
            "Mail from {pattern} is never held as spam or for being too much from now on. What fails a \
             check of its sender is held all the same. `!email unblock {pattern}` ends it."
        ),
    }
}

pub fn unlisted(pattern: &str) -> String {
    format!("{pattern} is on no list any more.")
}

pub fn was_not_listed(pattern: &str, by_configuration: bool) -> String {
    if by_configuration {
        format!(
            "{pattern} is listed in my configuration (`senders`); it can be changed only there."
        )
    } else {
        format!("{pattern} is on no list. `!email blocked` shows what is.")
    }
}

pub fn lists(listed: &[Listed], more: bool) -> String {
    if listed.is_empty() {
        return "Nobody is blocked, and nobody is allowed in particular.".to_owned();
    }
    let mut lines = Vec::new();
    for list in [List::Block, List::Allow] {
        let of = listed.iter().filter(|one| one.list == list);
        let of: Vec<String> = of.map(line).collect();
        if !of.is_empty() {
            let title = match list {
                List::Block => "Blocked: their mail is kept and shown nowhere",
                List::Allow => "Allowed: their mail is never held as spam or for being too much",
            };
            lines.push(title.to_owned());
            lines.extend(of);
        }
    }
    if more {
        lines.push("… and more.".to_owned());
    }
    lines.join("\n")
}

fn line(one: &Listed) -> String {
    let by = match &one.by {
        Some((by, at)) => format!("by {by} on {}", at.strftime("%-d %B %Y")),
        None => "in my configuration".to_owned(),
    };
    let mails = match (one.list, one.mails) {
        (List::Allow, _) => String::new(),
        (List::Block, 0) => "; no mail yet".to_owned(),
        (List::Block, 1) => "; 1 mail".to_owned(),
        (List::Block, mails) => format!("; {mails} mails"),
    };
    format!("- {} ({by}{mails})", one.pattern)
}
