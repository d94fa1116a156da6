//! `!email timezone [ADDRESS] [ZONE]`

use super::{
    answer, distance,
    whose::{Fault, divide, meant, shown},
};
use crate::domain::{
    address::EmailAddress,
    effect::Effect,
    event::RoomEvent,
    facts::{EventFacts, ZoneFacts},
    wording,
};

/// Shows by which clock the letters are written, or sets it for one customer.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeZone {
    Show,
    Set {
        /// `None`: the only customer.
        whom: Option<EmailAddress>,
        /// As typed; the facts say whether it is one. `None`: as their mails and the mailbox have it.
        zone: Option<String>,
    },
}

impl TimeZone {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (whom, text) = divide(arguments)?;
        Ok(match text.as_str() {
            "" => Self::Show,
            text => Self::Set {
                whom,
                zone: (!text.eq_ignore_ascii_case("default")).then(|| text.replace(' ', "_")),
            },
        })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let Self::Set { whom, zone } = self else {
            return vec![answer(event, shown(facts))];
        };
        let time_zone = match (zone, &facts.details.zone) {
            (None, _) => None,
            (Some(_), Some(ZoneFacts::Known(name))) => Some(name.clone()),
            (Some(text), Some(ZoneFacts::Unknown(near))) => {
                return vec![answer(event, wording::unknown_zone(text, near))];
            }
            (Some(text), None) => return vec![answer(event, wording::unknown_zone(text, &[]))],
        };
        match meant(whom.as_ref(), "timezone", facts) {
            Ok((conversation, locale)) => vec![
                answer(event, wording::zone_set(conversation, time_zone.as_deref())),
                Effect::SetTimeZone {
                    customer: locale.customer,
                    time_zone,
                },
            ],
            Err(sentence) => vec![answer(event, sentence)],
        }
    }
}

/// The names of zones that somebody may have meant, the likeliest first: the city alone is enough, and
/// a few wrong letters don't matter.
#[must_use]
pub fn near(text: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let city = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let text = plain(text);
    let mut found: Vec<(usize, String)> = names
        .filter(|name| {
            name.contains('/') && !name.starts_with("posix/") && !name.starts_with("right/")
        })
        .filter_map(|name| {
            let known = plain(&name);
            // A name that is as far from the whole as it is long has nothing to do with it.
            let far = distance(&text, &known).min(distance(&city(&text), &city(&known)));
            let is_near = far <= 2 && far * 3 <= city(&known).len();
            is_near.then_some((far, name))
        })
        .collect();
    found.sort();
    found.truncate(MOST_NEAR);
    found.into_iter().map(|(_, name)| name).collect()
}

/// So many are offered.
const MOST_NEAR: usize = 3;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn set(whom: Option<&str>, zone: Option<&str>) -> TimeZone {
        TimeZone::Set {
            whom: whom.map(|whom| EmailAddress::parse(whom).unwrap()),
            zone: zone.map(str::to_owned),
        }
    }

    #[rstest]
    #[case("", TimeZone::Show)]
    #[case("jane@acme.com", TimeZone::Show)]
    #[case("Europe/Paris", set(None, Some("Europe/Paris")))]
    #[case("jane@acme.com +02:00", set(Some("jane@acme.com"), Some("+02:00")))]
    #[case(
        "America/New York jane@acme.com",
        set(Some("jane@acme.com"), Some("America/New_York"))
    )]
    #[case("DEFAULT", set(None, None))]
    fn reads(#[case] text: &str, #[case] expected: TimeZone) {
        assert_eq!(TimeZone::parse(text), Ok(expected));
    }

    #[rstest]
    #[case("Europe/Pari", &["Europe/Paris"])]
    #[case("paris", &["Europe/Paris"])]
    #[case("Paris/Europe", &[])]
    #[case("new york", &["America/New_York"])]
    #[case("America/New-Yorck", &["America/New_York"])]
    #[case("America/Argentina/Buenos_Airos", &["America/Argentina/Buenos_Aires"])]
    #[case("UT", &[])]
    #[case("Mars/Olympus", &[])]
    #[case(&"x".repeat(5000), &[])]
    fn finds_what_was_meant(#[case] text: &str, #[case] expected: &[&str]) {
        let names = [
            "UTC",
            "Europe/Paris",
            "posix/Europe/Paris",
            "Asia/Oral",
            "America/New_York",
            "America/Argentina/Buenos_Aires",
        ];
        assert_eq!(near(text, names.into_iter().map(str::to_owned)), expected);
    }
}
