//! The bot's commands. A new one is a file here, a variant of [`Command`], a line in its help, and
//! a story as its test; the compiler asks for the rest.

pub mod add;
mod blocked;
mod catalogue;
pub mod held;
mod help;
pub mod language;
mod list;
pub(super) mod now;
pub mod original;
pub mod policy;
mod remove;
pub mod resume;
pub mod revoke;
pub mod senders;
pub mod settings;
mod status;
pub mod timezone;
mod whose;

use self::catalogue::COMMANDS;
use super::{
    effect::Effect,
    event::{Content, EventKind, RoomEvent},
    facts::EventFacts,
    senders::List,
    wording,
};

/// What staff ask for, as typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Help,
    Add(Result<add::Add, add::Fault>),
    Remove(Result<remove::Remove, remove::Fault>),
    Resume(Result<resume::Resume, resume::Fault>),
    List,
    Status,
    Now,
    Original,
    Revoke(Result<revoke::Revoke, revoke::Fault>),
    Held,
    Decide(Result<held::Decide, held::Fault>),
    Settings(Result<settings::Settings, settings::Fault>),
    Language(Result<language::Language, language::Fault>),
    TimeZone(Result<timezone::TimeZone, whose::Fault>),
    Senders(Result<senders::Change, senders::Fault>),
    Blocked,
    Policy(Result<policy::Ask, policy::Fault>),
    /// `!email` with a word that we don't know, and the one that was perhaps meant.
    Unknown {
        word: String,
        meant: Option<&'static str>,
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
        let (word, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        Some(match word.to_lowercase().as_str() {
            "" | "help" => Self::Help,
            "add" => Self::Add(add::Add::parse(arguments)),
            "remove" => Self::Remove(remove::Remove::parse(arguments)),
            "resume" => Self::Resume(resume::Resume::parse(arguments)),
            "list" => Self::List,
            "status" => Self::Status,
            "now" => Self::Now,
            "original" => Self::Original,
            "revoke" => Self::Revoke(revoke::Revoke::parse(arguments)),
            "held" => Self::Held,
            "release" => Self::Decide(held::Decide::release(arguments)),
            "drop" => Self::Decide(held::Decide::drop(arguments)),
            "settings" | "setting" | "set" => Self::Settings(settings::Settings::parse(arguments)),
            "language" | "lang" => Self::Language(language::Language::parse(arguments)),
            "timezone" | "time_zone" | "zone" | "tz" => {
                Self::TimeZone(timezone::TimeZone::parse(arguments))
            }
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
            "blocked" | "allowed" => Self::Blocked,
            "policy" => Self::Policy(policy::Ask::parse_policy(arguments)),
            "space" => Self::Policy(policy::Ask::parse_space(arguments)),
            unknown => Self::Unknown {
                word: word.to_owned(),
                meant: COMMANDS
                    .iter()
                    .map(|(name, _, _)| *name)
                    .min_by_key(|name| distance(unknown, name))
                    .filter(|name| distance(unknown, name) <= 2),
            },
        })
    }

    /// The command that an event is.
    #[must_use]
    pub fn of(event: &RoomEvent) -> Option<Self> {
        match &event.kind {
            EventKind::Message {
                content: Content::Text(words) | Content::Emote(words),
                ..
            } => Self::parse(&words.body),
            _ => None,
        }
    }

    #[must_use]
    pub fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        match self {
            Self::Help => help::apply(event),
            Self::Add(Ok(add)) => add.apply(event, facts),
            Self::Add(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Remove(Ok(remove)) => remove.apply(event, facts),
            Self::Remove(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Resume(Ok(resume)) => resume.apply(event, facts),
            Self::Resume(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::List => list::apply(event, facts),
            Self::Status => status::apply(event, facts),
            Self::Now => now::apply(event, facts),
            Self::Original => original::apply(event, facts),
            Self::Revoke(Ok(revoke)) => revoke.apply(event, facts),
            Self::Revoke(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Held => held::list(event, facts),
            Self::Decide(Ok(decide)) => decide.apply(event, facts),
            Self::Decide(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Settings(Ok(settings)) => settings.apply(event, facts),
            Self::Settings(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Language(Ok(language)) => language.apply(event, facts),
            Self::Language(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::TimeZone(Ok(zone)) => zone.apply(event, facts),
            Self::TimeZone(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Senders(Ok(change)) => change.apply(event, facts),
            Self::Senders(Err(fault)) => vec![answer(event, fault.sentence())],
            Self::Blocked => blocked::apply(event, facts),
            Self::Policy(Ok(ask)) => ask.apply(event),
            Self::Policy(Err(fault)) => fault.tell(event),
            Self::Unknown { word, meant } => {
                vec![answer(event, wording::unknown_command(word, *meant))]
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

/// The bot's answer to a command: a reply to it.
fn answer(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: Some(event.id.clone()),
        text,
    }
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
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("!email", Some(Command::Help))]
    #[case("!Email LIST", Some(Command::List))]
    #[case(" !email now ", Some(Command::Now))]
    #[case("!emial add x@y.z", Some(Command::Misspelt { word: "!emial".into() }))]
    #[case("!mail list", Some(Command::Misspelt { word: "!mail".into() }))]
    #[case("!email lits", Some(Command::Unknown { word: "lits".into(), meant: Some("list") }))]
    #[case("!email frobnicate", Some(Command::Unknown { word: "frobnicate".into(), meant: None }))]
    #[case("Write to my !email", None)]
    #[case("email list", None)]
    #[case("!note this", None)]
    fn reads_commands(#[case] text: &str, #[case] expected: Option<Command>) {
        assert_eq!(Command::parse(text), expected);
    }

    #[rstest]
    #[case("!!secret", true)]
    #[case("!note the price", true)]
    #[case("!NOTE", true)]
    #[case("!notes", false)]
    #[case("wow!!", false)]
    #[case("/usr/bin is //fine", false)]
    fn knows_notes(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_note(text), expected);
    }

    #[test]
    fn every_command_in_the_help_is_known() {
        for (name, usage, _) in COMMANDS {
            let parsed = Command::parse(&format!("!email {name}"));
            assert!(
                !matches!(parsed, None | Some(Command::Unknown { .. })),
                "{usage}"
            );
        }
    }
}
