//! What is said of mail that waits for staff.

use crate::domain::{
    evidence::Reason,
    held::{Decision, HeldMail, Notice, Obstacle, State},
    ids::{ConversationId, HeldId},
    trust::Held,
};

/// Below a mail of which nothing proves who sent it.
pub fn unverified_mark() -> String {
    UNVERIFIED.to_owned()
}

const UNVERIFIED: &str = "❔ sender not verified";

/// Below a mail that staff have released.
pub fn released_mark(by: &str) -> String {
    format!("{RELEASED}{by}")
}

const RELEASED: &str = "✅ held, then released by ";

/// Whether a line of a message is such a mark.
pub fn is_mark(line: &str) -> bool {
    line == UNVERIFIED || line.starts_with(RELEASED)
}

/// To staff: who, what, why, and how the mail begins.
pub fn notice(held: HeldId, notice: &Notice) -> String {
    let Notice {
        sender,
        subject,
        why,
        reason,
        text,
        files,
        may_join,
        is_spam,
        elsewhere,
    } = notice;
    let place = match elsewhere {
        Some(conversation) => format!(" in conversation #{conversation}"),
        None => String::new(),
    };
    let name = sender.name.as_deref().map(tame).unwrap_or_default();
    let address = &sender.address;
    let sender = if name.is_empty() {
        address.to_string()
    } else {
        format!("{name} <{address}>")
    };
    let mut lines = vec![format!(
        "✋ Mail from {sender}{place} waits for you (#{held}): {}.",
        because(*why, *reason, *is_spam)
    )];
    let subject = tame(subject);
    if !subject.is_empty() {
        lines.push(format!("“{subject}”"));
    }
    lines.extend(beginning(text).into_iter().map(|line| format!("> {line}")));
    match files {
        0 => {}
        1 => lines.push("With a file.".to_owned()),
        files => lines.push(format!("With {files} files.")),
    }
    let join = if *may_join {
        ", ➕ shows it and makes its sender one of the people here"
    } else {
        ""
    };
    lines.push(match why {
        Held::Away => {
            "It appears there by itself once somebody has invited me again; ❌ drops it.".to_owned()
        }
        Held::Deserted => format!(
            "It appears there by itself once somebody of you is back; ✅ shows it at once{join}, ❌ drops it."
        ),
        _ => format!("✅ shows it in the room{join}, ❌ drops it."),
    });
    lines.join("\n")
}

/// Below the notice of the last mail that has one.
pub fn and_more_are_listed(told: usize) -> String {
    format!(
        "{told} mails that I told of wait in this room by now. Of more I say nothing one by one until \
         some of these are decided: `!email held` lists what waits."
    )
}

fn because(held: Held, reason: Option<Reason>, is_spam: bool) -> String {
    let and_spam = if is_spam && held != Held::Spam {
        ", and our mail server calls it spam"
    } else {
        ""
    };
    let why = match held {
        Held::Failed => match reason {
            Some(Reason::NoAuthor | Reason::AmbiguousAuthor) => {
                return format!("nobody can tell for sure whom it is from{and_spam}");
            }
            Some(Reason::SpfFail) => {
                "it may be forged, as the domain of its sender doesn't allow the server that sent it (SPF)"
            }
            _ => "it may be forged, as the domain of its sender doesn't vouch for it (DMARC)",
        },
        Held::Stranger => "its sender isn't one of the people of the conversation that it answers",
        Held::Colleague => {
            "its sender isn't one of the people of the conversation, but of the domain of one"
        }
        Held::WithoutToken => {
            "nothing proves who sent it, and it answers nothing that we have sent"
        }
        Held::Unverified => "nothing proves who sent it",
        Held::Spam => "our mail server calls it spam",
        Held::Away => "I am not in its room, or not yet in the one that replaces it",
        Held::Deserted => "nobody of you is left in its room",
    };
    match reason {
        Some(Reason::DnsUnanswered) if held != Held::Spam => {
            format!("{why} (the DNS gave no answer){and_spam}")
        }
        _ => format!("{why}{and_spam}"),
    }
}

/// The first lines of a text that somebody unknown wrote.
pub(super) fn beginning(text: &str) -> Vec<String> {
    let mut lines = text.lines().map(tame).filter(|line| !line.is_empty());
    let mut left = MOST_SHOWN;
    let mut shown = Vec::new();
    for line in lines.by_ref().take(MOST_LINES) {
        let length = line.chars().count();
        if length > left {
            let cut: String = line.chars().take(left).collect();
            shown.push(format!("{cut}…"));
            return shown;
        }
        left -= length;
        shown.push(line);
    }
    if lines.next().is_some() {
        shown.push("…".to_owned());
    }
    shown
}

/// In characters.
const MOST_SHOWN: usize = 500;
const MOST_LINES: usize = 6;

/// One line of what somebody unknown wrote, of which no client makes a link, a picture or a mention, and
/// that can't pass for something else.
pub fn tame(text: &str) -> String {
    let mut tamed = String::new();
    let mut spaces = true;
    for c in text.chars().take(MOST_TAMED) {
        match c {
            _ if c.is_whitespace() || c.is_control() => {
                if !spaces {
                    tamed.push(' ');
                }
                spaces = true;
                continue;
            }
            // What can't be seen, and what turns the writing round.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => continue,
            '`' => tamed.push('\''),
            '@' | ':' | '/' | '.' | '#' | '!' => {
                tamed.push(c);
                tamed.push(WORD_JOINER);
            }
            _ => tamed.push(c),
        }
        spaces = false;
    }
    tamed.trim_end().to_owned()
}

/// Seen by no reader, but an end of what programs take for a link.
const WORD_JOINER: char = '\u{2060}';
const MOST_TAMED: usize = 1_000;

/// To staff: what they have released can't be shown.
pub fn not_released(
    held: HeldId,
    sender: &str,
    obstacle: Obstacle,
    elsewhere: Option<ConversationId>,
) -> String {
    let place = match elsewhere {
        Some(conversation) => format!(" of conversation #{conversation}"),
        None => String::new(),
    };
    let sender = tame(sender);
    let (why, how) = match obstacle {
        Obstacle::BotGone => ("I am no longer in the room", "Once I am, ✅ shows it."),
        Obstacle::Closed => (
            "the conversation was closed meanwhile",
            "Once it is open again (`!email add`), ✅ shows it.",
        ),
        Obstacle::SenderRemoved => (
            "its sender was taken out of the conversation meanwhile",
            "✅ shows it all the same, ➕ brings them back besides.",
        ),
    };
    format!(
        "Mail #{held} from {sender}{place} is not shown: {why}. It is kept and waits. {how} ❌ drops it."
    )
}

/// To staff: what they have released can't be read. `problem` is a part of a sentence.
pub fn failed(
    held: HeldId,
    sender: &str,
    problem: &str,
    elsewhere: Option<ConversationId>,
) -> String {
    let place = match elsewhere {
        Some(conversation) => format!(" of conversation #{conversation}"),
        None => String::new(),
    };
    let sender = tame(sender);
    format!(
        "Mail #{held} from {sender}{place} can't be shown: {problem}. If it matters, ask its sender to \
         send it again. ✅ tries once more, when your administrator has mended that; ❌ drops it."
    )
}

/// To staff: mail that a filter calls spam is told of no more one by one for a while.
pub fn more_spam(told: u32, elsewhere: Option<ConversationId>) -> String {
    let place = match elsewhere {
        Some(conversation) => format!("for the room of conversation #{conversation}"),
        None => "here".to_owned(),
    };
    format!(
        "More than {told} mails that our mail server calls spam have come {place} within a day. Those \
         that follow wait as well, but I don't tell you of each: `!email held` lists them, and so do I \
         once a day. `!email block ADDRESS` keeps a sender's mail out of sight, `guard: {{spam: junk}}` \
         in my configuration all spam."
    )
}

/// What became of a mail that was decided about before.
pub fn decided_before(mail: &HeldMail) -> String {
    let by = &mail.decided_by;
    let id = mail.id;
    match mail.state {
        State::Waiting => format!("Mail #{id} waits."),
        State::Releasing | State::Released => format!("Mail #{id} was released by {by} already."),
        State::Failed => format!("Mail #{id} was released by {by}, but can't be read."),
        State::Dropped => {
            format!("Mail #{id} was dropped by {by} already. `!email release {id}` brings it back.")
        }
    }
}

/// The answer to a command, or what is said of a mail that was dropped by a reaction.
pub fn decided(held: HeldId, decision: Decision) -> String {
    match decision {
        Decision::Release => format!("Mail #{held} is on its way into its room."),
        Decision::Admit => format!(
            "Mail #{held} is on its way into its room, and its sender becomes one of the people there."
        ),
        Decision::Drop => format!(
            "Mail #{held} is dropped: it is shown nowhere, but kept. `!email release {held}` brings it \
             back."
        ),
    }
}

/// What waits, the oldest first; `count` in all.
pub fn waiting(mails: &[HeldMail], count: usize, is_control_room: bool) -> String {
    if mails.is_empty() {
        return "No mail waits for you.".to_owned();
    }
    let mut lines = vec![match count {
        1 => "One mail waits for you:".to_owned(),
        count => format!("{count} mails wait for you:"),
    }];
    lines.extend(mails.iter().map(|mail| listed(mail, is_control_room)));
    if let Some(more @ 1..) = count.checked_sub(mails.len()) {
        lines.push(format!("- and {more} more"));
    }
    lines.push(
        "`!email release NUMBER` shows one in its room, `!email release NUMBER add` makes its sender one \
         of the people there besides, `!email drop NUMBER` drops it."
            .to_owned(),
    );
    lines.join("\n")
}

fn listed(mail: &HeldMail, with_conversation: bool) -> String {
    let place = if with_conversation {
        format!(" in conversation #{}", mail.conversation)
    } else {
        String::new()
    };
    let subject = tame(&mail.subject);
    format!(
        "- #{} from {}{place}, “{}”",
        mail.id,
        tame(&mail.sender),
        if subject.is_empty() {
            "(no subject)"
        } else {
            &subject
        }
    )
}

/// Once a day, as long as it does.
pub fn reminder(mails: &[HeldMail], count: usize, is_control_room: bool) -> String {
    format!("⏰ {}", waiting(mails, count, is_control_room))
}

pub fn which_held(command: &str) -> String {
    format!("Which mail? `!email held` shows their numbers: `!email {command} 7`.")
}

pub fn no_such_held(number: i64) -> String {
    format!("There is no held mail #{number} here. `!email held` shows what waits.")
}

pub fn shown_in_control_room(count: usize) -> String {
    match count {
        0 => "No mail waits for you.".to_owned(),
        1 => "One mail waits; as there are people in this room who aren't staff, `!email held` in the \
              control room tells more."
            .to_owned(),
        count => format!(
            "{count} mails wait; as there are people in this room who aren't staff, `!email held` in the \
             control room tells more."
        ),
    }
}

/// The answer to `!email revoke`.
pub fn revoked(conversations: &[ConversationId]) -> String {
    let numbers: Vec<String> = conversations.iter().map(|id| format!("#{id}")).collect();
    format!(
        "The reply addresses of {} lead nowhere from now on; letters bear new ones. Answers to older \
         letters are still known by the letter that they answer, as long as mail programs name it.",
        numbers.join(", ")
    )
}

pub fn nothing_to_revoke() -> String {
    "There is no such conversation here. `!email list` shows them with their numbers: `!email revoke 3`; \
     `!email revoke` is about all of this room."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::address::{EmailAddress, NamedAddress};

    #[rstest]
    #[case("plain words", "plain words")]
    #[case("  a\u{202e}b\tc\r\nd\u{0}e  ", "ab c d e")]
    #[case("`code`", "'code'")]
    fn makes_harmless(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(tame(text), expected);
    }

    #[rstest]
    #[case("https://evil.example/x")]
    #[case("www.evil.example")]
    #[case("@ann:example.org")]
    #[case("#room:example.org")]
    #[case("matrix:u/ann:example.org")]
    #[case("jane@acme.com")]
    #[case("@room")]
    fn leaves_nothing_to_be_linked(#[case] text: &str) {
        let tamed = tame(text);
        assert!(!tamed.contains(text), "{tamed}");
        let is_bare = |c: char| c.is_ascii_alphanumeric();
        let pieces: Vec<&str> = tamed.split(WORD_JOINER).collect();
        assert!(pieces.len() > 1);
        for piece in pieces {
            let inner = piece.trim_end_matches(['@', ':', '/', '.', '#', '!']);
            assert!(inner.chars().all(is_bare), "{piece}");
        }
    }

    #[test]
    fn a_notice_is_bounded_and_says_what_can_be_done() {
        let long = "word ".repeat(10_000) + &"\nline".repeat(10_000);
        let text = notice(
            HeldId(7),
            &Notice {
                sender: NamedAddress {
                    name: Some("M".repeat(5_000)),
                    address: EmailAddress::parse("mallory@evil.example").unwrap(),
                },
                subject: "S".repeat(5_000),
                why: Held::Stranger,
                reason: None,
                text: long,
                files: 2,
                may_join: true,
                is_spam: true,
                elsewhere: Some(ConversationId(3)),
            },
        );
        assert!(text.len() < 4_000, "{}", text.len());
        for expected in [
            "(#7)",
            "conversation #3",
            "2 files",
            "✅",
            "➕",
            "❌",
            "mallory@evil.example",
        ] {
            assert!(text.contains(expected), "{expected}");
        }
    }
}
