//! `onboarding`: the way from mail to Matrix. Optional. `welcome` of a mailbox: its own texts.

use std::fs;

use super::{section::Section, values::yes_or_no, wrong::Wrong};
use crate::domain::{
    letter::Language,
    matrix_id::ServerPattern,
    onboarding::{Ask, Rules},
};

/// Reads `onboarding`.
pub(super) fn read(section: &mut Section) -> Rules {
    let welcome = section.optional("welcome", "true", yes_or_no);
    let allowed = section.optional_list("allowed_servers", "[\"matrix.org\"]", server);
    let ask = section.optional("ask", "history", ask);
    Rules {
        welcome: welcome.unwrap_or_default(),
        allowed_servers: allowed.unwrap_or_default(),
        ask: ask.unwrap_or_default(),
    }
}

fn server(text: &str) -> Result<ServerPattern, Wrong> {
    ServerPattern::parse(text).map_err(|fault| {
        Wrong::new(
            format!("\"{text}\" is not a pattern of servers: {fault}"),
            "write \"matrix.org\", or \"*.acme.com\" for all below acme.com",
        )
    })
}

fn ask(text: &str) -> Result<Ask, Wrong> {
    match text {
        "never" => Ok(Ask::Never),
        "history" => Ok(Ask::History),
        "always" => Ok(Ask::Always),
        _ => Err(Wrong::new(
            format!("\"{text}\" doesn't say when staff are asked"),
            "write \"never\", \"history\" or \"always\"",
        )),
    }
}

/// The welcome mails of a mailbox, where they aren't Postroom's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Welcomes {
    english: Option<WelcomeText>,
    french: Option<WelcomeText>,
    german: Option<WelcomeText>,
}

/// A text in which a few words in braces stand for what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WelcomeText(String);

impl Welcomes {
    pub(super) fn read(section: &mut Section) -> Self {
        Self {
            english: own(section, "en", "en_file"),
            french: own(section, "fr", "fr_file"),
            german: own(section, "de", "de_file"),
        }
    }

    #[must_use]
    pub fn of(&self, language: Language) -> Option<&WelcomeText> {
        match language {
            Language::English => self.english.as_ref(),
            Language::French => self.french.as_ref(),
            Language::German => self.german.as_ref(),
        }
    }
}

impl WelcomeText {
    /// `join` says, step by step, how somebody comes into the chat.
    #[must_use]
    pub fn fill(&self, organisation: &str, room: &str, join: &str) -> String {
        let mut out = String::new();
        let mut rest = self.0.as_str();
        // What is filled in is not looked into again.
        while let Some((before, after)) = rest.split_once('{') {
            let Some((word, after)) = after.split_once('}') else {
                break;
            };
            out.push_str(before);
            out.push_str(match word {
                "organisation" => organisation,
                "room" => room,
                _ => join,
            });
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// What stands in the configuration, or in a file beside it.
fn own(section: &mut Section, key: &'static str, file_key: &'static str) -> Option<WelcomeText> {
    let inline = section.optional(key, EXAMPLE, text);
    let path = section.optional(file_key, "welcome.txt", |path| Ok(path.to_owned()));
    let Some(path) = path else { return inline };
    if inline.is_some() {
        let what = format!("stands beside {key}");
        section.wrong(file_key, what, "leave one of the two out");
        return None;
    }
    let content = fs::read_to_string(section.path(&path)).map_err(|error| {
        Wrong::new(
            format!("\"{path}\" can't be read: {error}"),
            "name a text file, relative to the configuration",
        )
    });
    match content.and_then(|content| text(&content)) {
        Ok(text) => Some(text),
        Err(wrong) => {
            section.wrong_value(file_key, wrong, "welcome.txt");
            None
        }
    }
}

const EXAMPLE: &str = "Hello, you take part in “{room}” by email. {join}";

fn text(text: &str) -> Result<WelcomeText, Wrong> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("is empty", "write some words, with {join}"));
    }
    if text.chars().count() > LONGEST {
        let what = format!("is longer than {LONGEST} characters");
        return Err(Wrong::new(what, "shorten it"));
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Wrong::new("has control characters", "take them out"));
    }
    let mut has_join = false;
    for piece in text.split('{').skip(1) {
        match piece.split_once('}').map(|(word, _)| word) {
            Some("join") => has_join = true,
            Some("organisation" | "room") => {}
            _ => {
                return Err(Wrong::new(
                    "has braces around something that I don't know",
                    "only {organisation}, {room} and {join} are filled in",
                ));
            }
        }
    }
    if !has_join {
        return Err(Wrong::new(
            "doesn't say how people come into the chat",
            "put {join} where that is to stand",
        ));
    }
    Ok(WelcomeText(text.to_owned()))
}

const LONGEST: usize = 20_000;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn what_is_filled_in_is_left_alone() {
        let own = text("Welcome to {organisation}, {room}!\n\n{join}").unwrap();
        assert_eq!(
            own.fill("Bootlin", "{join}", "1. {room}"),
            "Welcome to Bootlin, {join}!\n\n1. {room}"
        );
    }

    #[rstest]
    #[case("")]
    #[case("Hello")]
    #[case("{join} {name}")]
    #[case("{join} {")]
    #[case("{join}\u{7}")]
    fn refuses(#[case] own: &str) {
        assert!(text(own).is_err(), "{own:?}");
    }
}
