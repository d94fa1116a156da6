//! `!email language [ADDRESS] [LANGUAGE]`

use super::{
    answer, distance,
    whose::{self, divide, meant, shown},
};
use crate::domain::{
    address::EmailAddress, effect::Effect, event::RoomEvent, facts::EventFacts, letter, wording,
};

/// Shows in which language the letters are written, or sets it for one customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Language {
    Show,
    Set {
        /// `None`: the only customer.
        whom: Option<EmailAddress>,
        /// `None`: as their mails and the mailbox have it.
        language: Option<letter::Language>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    Whom(whose::Fault),
    /// Letters can't be written in it; the other one was perhaps meant.
    Unknown {
        text: String,
        meant: Option<letter::Language>,
    },
}

impl Language {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (whom, text) = divide(arguments).map_err(Fault::Whom)?;
        if text.is_empty() {
            return Ok(Self::Show);
        }
        if text.eq_ignore_ascii_case("default") {
            let language = None;
            return Ok(Self::Set { whom, language });
        }
        match read(&text) {
            Some(language) => Ok(Self::Set {
                whom,
                language: Some(language),
            }),
            None => Err(Fault::Unknown {
                meant: near(&text),
                text,
            }),
        }
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let Self::Set { whom, language } = self else {
            return vec![answer(event, shown(facts))];
        };
        match meant(whom.as_ref(), "language", facts) {
            Ok((conversation, locale)) => vec![
                Effect::SetLanguage {
                    customer: locale.customer,
                    language: *language,
                },
                answer(event, wording::language_set(conversation, *language)),
            ],
            Err(sentence) => vec![answer(event, sentence)],
        }
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Whom(fault) => fault.sentence(),
            Self::Unknown { text, meant } => wording::unknown_language(text, *meant),
        }
    }
}

/// By a tag of BCP 47 (`fr`, `fr_CA`) or by a name.
fn read(text: &str) -> Option<letter::Language> {
    let text = text.to_lowercase().replace('_', "-");
    let named = NAMES.iter().find(|(name, _)| *name == text);
    letter::Language::from_tag(named.map_or(text.as_str(), |(_, tag)| *tag))
}

fn near(text: &str) -> Option<letter::Language> {
    let text = text.to_lowercase();
    let (far, tag) = NAMES
        .iter()
        .map(|(name, tag)| (distance(&text, name), *tag))
        .min()?;
    letter::Language::from_tag(tag).filter(|_| far <= 2)
}

/// What people call languages, with their tags.
const NAMES: [(&str, &str); 13] = [
    ("english", "en"),
    ("englisch", "en"),
    ("anglais", "en"),
    ("french", "fr"),
    ("français", "fr"),
    ("francais", "fr"),
    ("französisch", "fr"),
    ("franzoesisch", "fr"),
    ("german", "de"),
    ("deutsch", "de"),
    ("allemand", "de"),
    ("englische", "en"),
    ("anglaise", "en"),
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn set(whom: Option<&str>, language: Option<letter::Language>) -> Language {
        Language::Set {
            whom: whom.map(|whom| EmailAddress::parse(whom).unwrap()),
            language,
        }
    }

    const ENGLISH: Option<letter::Language> = Some(letter::Language::English);

    #[rstest]
    #[case("", Language::Show)]
    #[case("jane@acme.com", Language::Show)]
    #[case("en", set(None, ENGLISH))]
    #[case("EN_gb", set(None, ENGLISH))]
    #[case("Anglais", set(None, ENGLISH))]
    #[case("jane@acme.com English", set(Some("jane@acme.com"), ENGLISH))]
    #[case("en <Jane@acme.com>", set(Some("Jane@acme.com"), ENGLISH))]
    #[case("Default", set(None, None))]
    #[case("jane@acme.com default", set(Some("jane@acme.com"), None))]
    fn reads(#[case] text: &str, #[case] expected: Language) {
        assert_eq!(Language::parse(text), Ok(expected));
    }

    #[rstest]
    #[case("klingon", None)]
    #[case("englsh", ENGLISH)]
    #[case("en fr", None)]
    #[case("日本語", None)]
    fn says_what_was_perhaps_meant(#[case] text: &str, #[case] meant: Option<letter::Language>) {
        let text = text.to_owned();
        let expected = Fault::Unknown {
            text: text.clone(),
            meant,
        };
        assert_eq!(Language::parse(&text), Err(expected));
    }

    #[rstest]
    #[case("jane@acme..com en")]
    #[case("jane@acme.com bob@acme.com en")]
    fn wants_one_address(#[case] text: &str) {
        assert!(matches!(Language::parse(text), Err(Fault::Whom(_))));
    }

    #[test]
    fn every_language_has_its_tag_and_its_name() {
        for language in letter::Language::ALL {
            let expected = Ok(set(None, Some(language)));
            assert_eq!(Language::parse(language.tag()), expected);
            assert_eq!(Language::parse(language.name()), expected);
        }
    }
}
