//! What is said of conversations as the desk sees them, and of commands that are about another room.

use std::fmt::Write;

use jiff::Timestamp;
use ruma::UserId;

use super::{excerpt, held::tame};
use crate::domain::{
    desk::{Filter, MOST_LISTED, Progress},
    elsewhere::Place,
    facts::{AssigneeFacts, Case, Details, RoomFacts},
    ids::ConversationId,
};

/// Conversations on a page.
const ON_A_PAGE: usize = 20;

/// Of a conversation in a list: names, and the characters of each and of the subject.
const NAMES_SHOWN: usize = 2;
const LONGEST_NAME: usize = 24;
const LONGEST_TITLE: usize = 40;

/// What staff write for it.
pub fn verb(progress: Progress) -> &'static str {
    match progress {
        Progress::Open => "open",
        Progress::Pending => "pending",
        Progress::Done => "close",
    }
}

fn adjective(progress: Progress) -> &'static str {
    match progress {
        Progress::Open => "open",
        Progress::Pending => "pending",
        Progress::Done => "closed",
    }
}

/// `#7 (Jane Doe)`
pub(super) fn named(case: &Case) -> String {
    let names = tame(&case.names.join(", "));
    if names.is_empty() {
        format!("#{}", case.id)
    } else {
        format!("#{} ({names})", case.id)
    }
}

pub fn progress_set(case: &Case, progress: Progress) -> String {
    let more = match progress {
        _ if case.is_over => " Nobody takes part in it any more.",
        Progress::Open => "",
        Progress::Pending => " An answer of the customer opens it again.",
        Progress::Done => {
            " What you write here still goes to them, and an answer of theirs opens it again."
        }
    };
    format!("{} is {}.{more}", named(case), adjective(progress))
}

pub fn is_so_already(case: &Case) -> String {
    format!(
        "{} is {} already.",
        named(case),
        adjective(case.standing.progress)
    )
}

pub fn assigned(case: &Case, to: &AssigneeFacts) -> String {
    let name = tame(&to.name);
    let absent = if to.is_there {
        String::new()
    } else {
        format!(" {name} isn't in its room: invite them, so that they see it.")
    };
    format!("{} is for {name} from now on.{absent}", named(case))
}

pub fn cannot_be_assigned(user: &UserId) -> String {
    format!("{user} isn't staff here, so nothing was assigned to them.")
}

pub fn unassigned(case: &Case) -> String {
    format!("{} is for nobody in particular any more.", named(case))
}

pub fn is_nobodys(case: &Case) -> String {
    format!("{} was assigned to nobody.", named(case))
}

pub fn titled(case: &Case, title: &str) -> String {
    let title = tame(title);
    if case.has_letters {
        format!(
            "{} is called “{title}” here. Its letters keep their subject, so that mail programs go on \
             showing them as one thread.",
            named(case)
        )
    } else {
        format!(
            "{} is called “{title}”, and so are its letters.",
            named(case)
        )
    }
}

pub fn noted(case: &Case) -> String {
    format!("Noted with #{0}; `!email status {0}` shows it.", case.id)
}

pub fn no_such(number: ConversationId) -> String {
    format!(
        "There is no conversation #{number} here. `!email list` shows which there are; \
         `!email #{number} status` works in the control room."
    )
}

/// Several may be meant.
pub fn which(command: &str, cases: &[Case]) -> String {
    let shown = cases.iter().take(ON_A_PAGE).map(|case| {
        let place = if case.thread_root.is_some() {
            ", a thread"
        } else {
            ""
        };
        format!("\n- #{} {}{place}", case.id, tame(&case.names.join(", ")))
    });
    let example = cases.first().map_or(7, |case| case.id.0);
    format!(
        "Which conversation? Give its number, as in `!email {command} #{example}`:{}",
        shown.collect::<String>()
    )
}

pub fn not_a_number(text: &str, command: &str) -> String {
    let text = excerpt(text);
    format!(
        "“{text}” is not the number of a conversation. For example: `!email {command} 7`. Nothing was \
         changed."
    )
}

pub fn not_a_user(text: &str) -> String {
    let text = excerpt(text);
    format!(
        "“{text}” is not a Matrix id. For example: `!email assign me` or \
         `!email assign @ann:example.org`. Nothing was changed."
    )
}

pub fn subject_needs_a_text() -> String {
    "What shall it be called? For example: `!email subject Board bring-up`.".to_owned()
}

pub fn subject_is_too_long(most: usize) -> String {
    format!("That is longer than {most} characters. Nothing was changed.")
}

pub fn note_needs_a_text() -> String {
    "What shall I note? For example: `!email note calls back on Tuesday`.".to_owned()
}

pub fn note_is_too_long(most: usize) -> String {
    format!("That is longer than {most} characters; nothing was noted.")
}

pub fn find_needs_a_text() -> String {
    "What shall I look for? For example: `!email find jane` or `!email find board bring-up`."
        .to_owned()
}

pub fn find_needs_more() -> String {
    "One letter stands in nearly every conversation: please give me more of it.".to_owned()
}

pub fn unknown_filter(word: &str) -> String {
    let word = excerpt(word);
    format!(
        "I can't list “{word}”. `!email list` may be followed by `mine`, `open`, `waiting`, `pending`, \
         `closed` or `all`, and by the number of a page."
    )
}

/// How long ago something was, in one word or two.
pub fn since(then: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(then).as_mins().max(0);
    match minutes {
        0..60 => format!("{} min", minutes.max(1)),
        60..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

/// How it stands, in few words.
fn standing(case: &Case, now: Timestamp) -> String {
    let mut parts = Vec::new();
    match (
        case.is_over,
        case.standing.progress,
        case.standing.waits_since,
    ) {
        (true, ..) => parts.push("nobody takes part any more".to_owned()),
        (_, Progress::Open, Some(then)) => {
            parts.push(format!("waits for us {}", since(then, now)));
        }
        (_, progress, _) => parts.push(adjective(progress).to_owned()),
    }
    if !case.assignee_name.is_empty() {
        parts.push(tame(&case.assignee_name));
    }
    parts.join(" · ")
}

/// Behind a conversation in the list of a room: nothing where there is nothing to say.
pub fn remark(id: ConversationId, cases: &[Case], now: Timestamp) -> String {
    let found = cases.iter().find(|case| case.id == id);
    let is_plain = |case: &Case| case.standing == crate::domain::desk::Standing::default();
    match found.filter(|case| !is_plain(case)) {
        Some(case) => format!(" · {}", standing(case, now)),
        None => String::new(),
    }
}

/// Who takes part, in few words: `Jane Doe, Bob +3`.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_SHOWN);
    let shown: Vec<String> = shown.map(|name| shortened(name, LONGEST_NAME)).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} +{more}"),
    }
}

/// The beginning of a text, on one line.
fn shortened(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= most {
        return tame(&text);
    }
    let beginning: String = text.chars().take(most - 1).collect();
    format!("{}…", tame(beginning.trim_end()))
}

/// A conversation on a line: made for narrow screens, on which it takes two or three.
fn line(case: &Case, now: Timestamp) -> String {
    let mut parts = vec![format!("#{}", case.id)];
    let who = few(&case.names);
    if !who.is_empty() {
        parts[0] = format!("#{} {who}", case.id);
    }
    let title = shortened(&case.title, LONGEST_TITLE);
    if !title.is_empty() {
        parts.push(title);
    }
    parts.push(standing(case, now));
    format!("\n- {}", parts.join(" · "))
}

pub fn page(
    cases: &[&Case],
    filter: Option<Filter>,
    page: usize,
    has_more: bool,
    now: Timestamp,
) -> String {
    let what = filter.map_or("open or pending", |filter| match filter {
        Filter::Mine => "yours",
        Filter::Waiting => "waiting for us",
        Filter::All => "there",
        other => other.word(),
    });
    let count = cases.len();
    let pages = count.div_ceil(ON_A_PAGE).max(1);
    let shown = cases.iter().skip((page - 1) * ON_A_PAGE).take(ON_A_PAGE);
    let lines: String = shown.map(|case| line(case, now)).collect();
    if count == 0 && has_more {
        return format!(
            "Among the {MOST_LISTED} that I look through, no conversation that you may command is {what}. \
             `!email find` looks further."
        );
    }
    if count == 0 {
        return format!("No conversation is {what}.");
    }
    if lines.is_empty() {
        return format!("There is no page {page}; the last one is {pages}.");
    }
    let total = if has_more {
        format!("more than {count}")
    } else {
        count.to_string()
    };
    let place = if pages > 1 {
        format!(", page {page} of {pages}")
    } else {
        String::new()
    };
    let word = filter.map_or("", Filter::word);
    let next = if page < pages {
        let next = format!("!email list {word} {}", page + 1);
        let next = next.replace("  ", " ");
        format!("\n`{next}` goes on.")
    } else {
        String::new()
    };
    format!("Conversations that are {what} ({total}{place}):{lines}{next}")
}

pub fn found(text: &str, cases: &[Case], has_more: bool, now: Timestamp) -> String {
    let text = excerpt(text);
    let more = if has_more {
        "\nThere may be more: I stop at 20, and at conversations older than the newest 5000."
    } else {
        ""
    };
    if cases.is_empty() {
        return format!("I find no conversation with “{text}”.{more}");
    }
    let lines: String = cases.iter().map(|case| line(case, now)).collect();
    format!("Found with “{text}”:{lines}{more}")
}

/// All about one conversation.
pub fn card(case: &Case, room: &RoomFacts, details: &Details) -> String {
    let desk = &details.desk;
    let mut text = format!("{}: {}", named(case), standing(case, desk.now));
    let title = tame(&case.title);
    if !title.is_empty() {
        let _ = write!(text, "\n- “{title}”");
    }
    if let Some(conversation) = room.conversation(case.id) {
        let line = super::status_line(conversation, &details.now);
        text.push('\n');
        text.push_str(&line);
    }
    if desk.has_visitors && desk.note_count > 0 {
        let notes = match desk.note_count {
            1 => "One note is".to_owned(),
            count => format!("{count} notes are"),
        };
        let id = case.id;
        let _ = write!(
            text,
            "\n- {notes} for staff, and others read here: `!email #{id} status` in the control room tells \
             more."
        );
        return text;
    }
    let left = desk.note_count.saturating_sub(desk.notes.len());
    if left > 0 {
        let _ = write!(text, "\n- {left} older notes");
    }
    for note in &desk.notes {
        let at = note.at.to_zoned(details.now.time_zone().clone());
        let at = at.strftime("%-d %b %H:%M");
        let (by, words) = (tame(&note.by), tame(&note.text));
        let _ = write!(text, "\n- {by} ({at}): {words}");
    }
    text
}

/// A customer has answered; `assignee` is called by name.
pub fn answered(who: &str, case: &Case, reopens: bool, elsewhere: bool) -> String {
    let who = tame(who);
    let id = case.id;
    let call = if case.assignee_name.is_empty() {
        String::new()
    } else {
        format!("{}: ", case.assignee_name)
    };
    let what = if reopens {
        format!("{who} has written, so #{id} is open again.")
    } else {
        format!("{who} has answered in #{id}.")
    };
    let place = if elsewhere && !case.room_name.is_empty() {
        format!(" It is in “{}”.", tame(&case.room_name))
    } else {
        String::new()
    };
    format!("{call}{what}{place}")
}

/// Conversations that have waited for us too long, with how long that is.
pub fn reminder(cases: &[Case], has_more: bool, now: Timestamp) -> String {
    let lines: String = cases.iter().map(|case| line(case, now)).collect();
    let more = if has_more {
        "\n`!email list waiting` shows all."
    } else {
        ""
    };
    let what = match cases {
        [_] => "A conversation waits for an answer",
        _ => "Conversations wait for an answer",
    };
    format!("{what}:{lines}{more}")
}

/// To who has opened a direct chat with the bot.
pub fn direct_chat() -> String {
    "Here you can ask me about all rooms, and nothing goes out by email: `!email list` shows the \
     conversations, `!email find jane` finds one, `!email #7 close` changes it. `!email help` tells the \
     rest."
        .to_owned()
}

pub fn nobody_in_direct_chat() -> String {
    "Nobody takes part by email in a direct chat with me. Make a room, invite me, and add them there. \
     Nobody was added."
        .to_owned()
}

pub fn not_here() -> String {
    "Everybody here would read the answer. Ask me about another room in the control room or in a \
     direct chat."
        .to_owned()
}

pub fn unknown_place(place: &Place) -> String {
    match place {
        Place::Conversation(id) => {
            format!("There is no conversation #{id}. `!email find` looks for one by its words.")
        }
        Place::Room(_) => format!("I know no room {place}."),
        Place::Alias(_) => format!(
            "I know no room {place}: it leads to none where I have been, or its server doesn't answer. \
             Nothing was changed."
        ),
    }
}

pub fn bot_is_out(place: &Place) -> String {
    let room = match place {
        Place::Conversation(id) => format!("of #{id}"),
        Place::Room(_) | Place::Alias(_) => place.to_string(),
    };
    format!("I am not in the room {room}. Invite me there first. Nothing was changed.")
}

pub fn not_staff_there(place: &Place) -> String {
    format!("You may not give me commands for {place}. Nothing was changed.")
}

/// To a moderator of the room who isn't staff otherwise.
pub fn needs_listed_staff() -> String {
    "That holds for all rooms, so only those can ask for it who are staff by my configuration (`staff`). \
     Nothing was changed."
        .to_owned()
}

pub fn only_there(text: &str) -> String {
    let text = excerpt(text);
    format!("`{text}` works only in the room itself.")
}

/// To who has asked from elsewhere for what staff of the room are told.
pub fn told_in_the_room() -> String {
    "Staff are told in the room what came of it, or in the control room where others would read it."
        .to_owned()
}

/// To the room that a command was about.
pub fn asked_elsewhere(who: &str, said: &str) -> String {
    format!("{} has asked me elsewhere: {said}", tame(who))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["Jane Doe"], "Jane Doe")]
    #[case(&["Jane", "Bob"], "Jane, Bob")]
    #[case(&["Jane", "Bob", "Joe", "Kim"], "Jane, Bob +2")]
    #[case(&["Maximiliane von und zu Hohenstein"], "Maximiliane von und zu…")]
    #[case(&[], "")]
    fn names_are_few_and_short(#[case] names: &[&str], #[case] expected: &str) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(few(&names), expected);
    }

    #[rstest]
    #[case("2026-11-22T10:00:00Z", "1 min")]
    #[case("2026-11-22T09:01:00Z", "59 min")]
    #[case("2026-11-22T09:00:00Z", "1 h")]
    #[case("2026-11-20T10:01:00Z", "47 h")]
    #[case("2026-11-20T10:00:00Z", "2 days")]
    #[case("2026-11-22T11:00:00Z", "1 min")]
    fn how_long_they_wait(#[case] since_when: &str, #[case] expected: &str) {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(since(since_when.parse().unwrap(), now), expected);
    }
}
