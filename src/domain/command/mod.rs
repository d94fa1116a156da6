//! The bot's commands. A new one is a file here, a variant of [`Command`], a line in its help, and
//! a story as its test; the compiler asks for the rest.

pub mod add;
pub mod allowed;
pub mod assign;
mod blocked;
mod catalogue;
pub mod elsewhere;
pub mod erase;
mod examples;
pub mod find;
pub mod held;
pub mod help;
pub mod language;
mod leave;
pub mod list;
pub mod mailbox;
pub mod merge;
pub mod move_to;
pub mod note;
pub(super) mod now;
pub mod onboarding;
pub mod original;
pub mod policy;
pub mod progress;
mod remove;
pub mod requests;
pub mod resume;
pub mod revoke;
pub mod senders;
pub mod settings;
pub mod status;
pub mod subject;
pub mod timezone;
pub mod welcome;
mod which;
mod whose;

use self::{catalogue::COMMANDS, examples::EXAMPLES};
use super::{
    desk::Progress,
    effect::Effect,
    elsewhere as places,
    event::{Content, EventKind, RoomEvent, Words},
    facts::EventFacts,
    ids::ConversationId,
    senders::List,
    wording,
};

/// What staff ask for, as typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Help(help::Help),
    Add(Result<add::Add, add::Fault>),
    Remove(Result<remove::Remove, remove::Fault>),
    Resume(Result<resume::Resume, resume::Fault>),
    Leave,
    List(Result<list::List, list::Fault>),
    Find(Result<find::Find, find::Fault>),
    Status(Result<status::Status, status::Fault>),
    Progress(Result<progress::SetProgress, progress::Fault>),
    Assign(Result<assign::Assign, assign::Fault>),
    Subject(Result<subject::Subject, subject::Fault>),
    Note(Result<note::Note, note::Fault>),
    Move(Result<move_to::Move, move_to::Fault>),
    Merge(Result<merge::Merge, merge::Fault>),
    Now,
    Original,
    Revoke(Result<revoke::Revoke, revoke::Fault>),
    Held,
    Decide(Result<held::Decide, held::Fault>),
    Requests,
    DecideRequest(Result<requests::Decide, requests::Fault>),
    Mailbox(mailbox::Mailbox),
    Settings(Result<settings::Settings, settings::Fault>),
    Language(Result<language::Language, language::Fault>),
    TimeZone(Result<timezone::TimeZone, whose::Fault>),
    /// `link`, `unlink`, `both`, `mail`
    Onboarding(Result<onboarding::Onboarding, onboarding::Fault>),
    Welcome(Result<welcome::Welcome, whose::Fault>),
    Allowed(Result<allowed::Allowed, allowed::Fault>),
    Senders(Result<senders::Change, senders::Fault>),
    Blocked,
    Policy(Result<policy::Ask, policy::Fault>),
    Erase(Result<erase::Erase, erase::Fault>),
    /// A command about another room, as it would be given there.
    Elsewhere {
        place: places::Place,
        text: String,
    },
    /// `!email` with a word that we don't know, and the one that was perhaps meant.
    Unknown {
        word: String,
        meant: Option<&'static str>,
    },
    /// A command that stands alone, with something behind it: it may be meant otherwise.
    Superfluous {
        command: &'static str,
        text: String,
    },
    /// A word like `!emial`: never sent on, as it is hardly meant for the customer.
    Misspelt {
        word: String,
    },
}

impl Command {
    /// Reads a command; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if !first.eq_ignore_ascii_case("!email") {
            let looks_like_it =
                first.starts_with('!') && distance(&first.to_lowercase(), "!email") <= 2;
            return looks_like_it.then(|| Self::Misspelt {
                word: first.to_owned(),
            });
        }
        let rest = rest.trim();
        if let Some((place, text)) = places::divide(rest) {
            return Some(Self::Elsewhere { place, text });
        }
        let (word, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        Some(match word.to_lowercase().as_str() {
            "" | "help" => Self::Help(help::Help::parse(arguments)),
            "add" => Self::Add(add::Add::parse(arguments)),
            "remove" => Self::Remove(remove::Remove::parse(arguments)),
            "resume" => Self::Resume(resume::Resume::parse(arguments)),
            "leave" => Self::alone(Self::Leave, "leave", arguments),
            "list" => Self::List(list::List::parse(arguments)),
            "find" | "search" => Self::Find(find::Find::parse(arguments)),
            "status" => Self::Status(status::Status::parse(arguments)),
            "open" | "reopen" => Self::progress(arguments, Progress::Open),
            "close" => Self::progress(arguments, Progress::Done),
            "pending" => Self::progress(arguments, Progress::Pending),
            "assign" => Self::Assign(assign::Assign::parse(arguments)),
            "unassign" => Self::Assign(assign::Assign::parse_unassign(arguments)),
            "subject" => Self::Subject(subject::Subject::parse(arguments)),
            "note" => Self::Note(note::Note::parse(arguments)),
            "move" => Self::Move(move_to::Move::parse(arguments)),
            "merge" => Self::Merge(merge::Merge::parse(arguments)),
            "now" => Self::alone(Self::Now, "now", arguments),
            "original" => Self::alone(Self::Original, "original", arguments),
            "revoke" => Self::Revoke(revoke::Revoke::parse(arguments)),
            "held" => Self::alone(Self::Held, "held", arguments),
            "release" => Self::Decide(held::Decide::release(arguments)),
            "drop" => Self::Decide(held::Decide::drop(arguments)),
            "requests" => Self::alone(Self::Requests, "requests", arguments),
            "take" => Self::DecideRequest(requests::Decide::take(arguments)),
            "dismiss" => Self::DecideRequest(requests::Decide::dismiss(arguments)),
            "settings" | "setting" | "set" => match mailbox::Mailbox::parse(arguments) {
                Some(mailbox) => Self::Mailbox(mailbox),
                None => Self::Settings(settings::Settings::parse(arguments)),
            },
            "language" | "lang" => Self::Language(language::Language::parse(arguments)),
            "timezone" | "time_zone" | "zone" | "tz" => {
                Self::TimeZone(timezone::TimeZone::parse(arguments))
            }
            "link" => Self::Onboarding(onboarding::Onboarding::link(arguments)),
            "unlink" => Self::Onboarding(onboarding::Onboarding::unlink(arguments)),
            "both" => Self::Onboarding(onboarding::Onboarding::both(arguments)),
            "mail" => Self::Onboarding(onboarding::Onboarding::mail(arguments)),
            "welcome" => Self::Welcome(welcome::Welcome::parse(arguments)),
            "allowed" => Self::Allowed(allowed::Allowed::parse(arguments)),
            "block" => Self::Senders(senders::Change::parse(
                arguments,
                "block",
                Some(List::Block),
            )),
            "allow" => Self::Senders(senders::Change::parse(
                arguments,
                "allow",
                Some(List::Allow),
            )),
            "unblock" => Self::Senders(senders::Change::parse(arguments, "unblock", None)),
            "blocked" => Self::alone(Self::Blocked, "blocked", arguments),
            "policy" => Self::Policy(policy::Ask::parse_policy(arguments)),
            "space" => Self::Policy(policy::Ask::parse_space(arguments)),
            "erase" => Self::Erase(erase::Erase::parse(arguments)),
            unknown => Self::Unknown {
                word: word.to_owned(),
                meant: nearest(unknown),
            },
        })
    }

    /// A command that takes nothing behind it.
    fn alone(command: Self, name: &'static str, arguments: &str) -> Self {
        let text = arguments.trim();
        if text.is_empty() {
            return command;
        }
        Self::Superfluous {
            command: name,
            text: text.to_owned(),
        }
    }

    fn progress(arguments: &str, progress: Progress) -> Self {
        Self::Progress(progress::SetProgress::parse(arguments, progress))
    }

    /// Reads the command in a message; people and rooms may stand in it by name, as clients show them.
    #[must_use]
    pub fn read(words: &Words) -> Option<Self> {
        if !words.body.trim_start().starts_with('!') {
            return None;
        }
        Self::parse(&places::with_ids(&words.body, words.html.as_deref()))
    }

    /// The conversation that a command names, if it is one about a conversation.
    #[must_use]
    pub fn number(&self) -> Option<ConversationId> {
        match self {
            Self::Progress(Ok(it)) => it.number,
            Self::Assign(Ok(it)) => it.number,
            Self::Subject(Ok(it)) => it.number,
            Self::Note(Ok(it)) => it.number,
            Self::Move(Ok(it)) => it.number,
            Self::Status(Ok(it)) => it.number,
            Self::Merge(Ok(it)) => Some(it.from),
            Self::Revoke(Ok(it)) => it.conversation,
            _ => None,
        }
    }

    /// Whether it changes, or shows, what holds for more than a room: not for who has only the power
    /// there.
    fn holds_everywhere(&self, facts: &EventFacts) -> bool {
        match self {
            // Whoever is written to here is theirs to care for.
            Self::Resume(Ok(it)) => facts.room.find(&it.address).is_none(),
            Self::Policy(Ok(ask)) => ask.changes_space(),
            Self::Senders(_) | Self::Blocked | Self::Erase(_) => true,
            Self::Allowed(allowed) => matches!(
                allowed,
                Ok(allowed::Allowed::Add(_) | allowed::Allowed::Remove(_))
            ),
            _ => false,
        }
    }

    /// The command that an event is.
    #[must_use]
    pub fn of(event: &RoomEvent) -> Option<Self> {
        match &event.kind {
            EventKind::Message {
                content: Content::Text(words) | Content::Emote(words),
                ..
            } => Self::read(words),
            _ => None,
        }
    }

    #[must_use]
    pub fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        if let Some(elsewhere) = &facts.details.elsewhere {
            return elsewhere::apply(event, elsewhere);
        }
        if facts.details.is_by_level && self.holds_everywhere(facts) {
            return vec![answer(event, wording::desk::needs_listed_staff())];
        }
        match self {
            Self::Help(help) => help.apply(event),
            // Nothing is known of the other place.
            Self::Elsewhere { place, .. } => {
                vec![answer(event, wording::desk::unknown_place(place))]
            }
            Self::Add(Ok(add)) => add.apply(event, facts),
            Self::Add(Err(fault)) => refuse(event, fault.sentence()),
            Self::Remove(Ok(remove)) => remove.apply(event, facts),
            Self::Remove(Err(fault)) => refuse(event, fault.sentence()),
            Self::Resume(Ok(resume)) => resume.apply(event, facts),
            Self::Resume(Err(fault)) => refuse(event, fault.sentence()),
            Self::Leave => leave::apply(event, facts),
            Self::List(Ok(list)) => list.apply(event, facts),
            Self::List(Err(fault)) => refuse(event, fault.sentence()),
            Self::Find(Ok(find)) => find.apply(event, facts),
            Self::Find(Err(fault)) => refuse(event, fault.sentence()),
            Self::Status(Ok(status)) => status.apply(event, facts),
            Self::Status(Err(fault)) => refuse(event, fault.sentence()),
            Self::Progress(Ok(progress)) => progress.apply(event, facts),
            Self::Progress(Err(fault)) => refuse(event, fault.sentence()),
            Self::Assign(Ok(assign)) => assign.apply(event, facts),
            Self::Assign(Err(fault)) => refuse(event, fault.sentence()),
            Self::Subject(Ok(subject)) => subject.apply(event, facts),
            Self::Subject(Err(fault)) => refuse(event, fault.sentence()),
            Self::Note(Ok(note)) => note.apply(event, facts),
            Self::Note(Err(fault)) => refuse(event, fault.sentence()),
            Self::Move(Ok(move_to)) => move_to.apply(event, facts),
            Self::Move(Err(fault)) => refuse(event, fault.sentence()),
            Self::Merge(Ok(merge)) => merge.apply(event, facts),
            Self::Merge(Err(fault)) => refuse(event, fault.sentence()),
            Self::Now => now::apply(event, facts),
            Self::Original => original::apply(event, facts),
            Self::Revoke(Ok(revoke)) => revoke.apply(event, facts),
            Self::Revoke(Err(fault)) => refuse(event, fault.sentence()),
            Self::Held => held::list(event, facts),
            Self::Decide(Ok(decide)) => decide.apply(event, facts),
            Self::Decide(Err(fault)) => refuse(event, fault.sentence()),
            Self::Requests => requests::list(event, facts),
            Self::DecideRequest(Ok(decide)) => decide.apply(event, facts),
            Self::DecideRequest(Err(fault)) => refuse(event, fault.sentence()),
            Self::Mailbox(mailbox) => mailbox.apply(event, facts),
            Self::Settings(Ok(settings)) => settings.apply(event, facts),
            Self::Settings(Err(fault)) => refuse(event, fault.sentence()),
            Self::Language(Ok(language)) => language.apply(event, facts),
            Self::Language(Err(fault)) => refuse(event, fault.sentence()),
            Self::TimeZone(Ok(zone)) => zone.apply(event, facts),
            Self::TimeZone(Err(fault)) | Self::Welcome(Err(fault)) => {
                refuse(event, fault.sentence())
            }
            Self::Onboarding(Ok(asked)) => asked.apply(event, facts),
            Self::Onboarding(Err(fault)) => refuse(event, fault.sentence()),
            Self::Welcome(Ok(welcome)) => welcome.apply(event, facts),
            Self::Allowed(Ok(allowed)) => allowed.apply(event, facts),
            Self::Allowed(Err(fault)) => refuse(event, fault.sentence()),
            Self::Senders(Ok(change)) => change.apply(event, facts),
            Self::Senders(Err(fault)) => refuse(event, fault.sentence()),
            Self::Blocked => blocked::apply(event, facts),
            Self::Policy(Ok(ask)) => ask.apply(event),
            Self::Policy(Err(fault)) => refuse(event, fault.sentence()),
            Self::Erase(Ok(erase)) => erase.apply(event, facts),
            Self::Erase(Err(fault)) => refuse(event, fault.sentence()),
            Self::Unknown { word, meant } => {
                vec![answer(event, wording::unknown_command(word, *meant))]
            }
            Self::Superfluous { command, text } => {
                refuse(event, wording::takes_nothing(command, text))
            }
            Self::Misspelt { word } => vec![answer(event, wording::misspelt(word))],
        }
    }
}

/// Whether a message is a note: it stays in Matrix.
#[must_use]
pub fn is_note(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.split_whitespace().next().unwrap_or_default();
    text.starts_with("!!") || first.eq_ignore_ascii_case("!note")
}

/// The command that was perhaps meant by a word.
fn nearest(word: &str) -> Option<&'static str> {
    let names = COMMANDS.iter().map(|(name, _, _)| *name);
    let nearest = names.min_by_key(|name| distance(word, name));
    nearest.filter(|name| distance(word, name) <= 2)
}

/// The bot's answer to a command: a reply to it.
fn answer(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: Some(event.id.clone()),
        text,
    }
}

/// The answer to a command that can't be carried out as it is written: what is wrong, and how it is done.
fn refuse(event: &RoomEvent, mut text: String) -> Vec<Effect> {
    if !text.contains("`!email ")
        && let Some(example) = examples::of_typed(event)
    {
        text.push(' ');
        text.push_str(&wording::for_example(example));
    }
    vec![answer(event, text)]
}

/// How many letters must be changed, added, dropped or swapped with their neighbour to make one
/// word of the other (optimal string alignment). Words longer than 40 are simply far apart.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().max(other.len()) > 40 {
        return usize::MAX;
    }
    let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            table[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                (i, j) => {
                    let change = table[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                    let swapped =
                        i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                    let swap = if swapped {
                        table[i - 2][j - 2] + 1
                    } else {
                        usize::MAX
                    };
                    change
                        .min(table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1)
                        .min(swap)
                }
            };
        }
    }
    table[one.len()][other.len()]
}

#[cfg(test)]
mod tests;
