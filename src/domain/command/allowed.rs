//! `!email allowed [SERVER [off]]`

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    matrix_id::{ServerPattern, ServerPatternFault},
    onboarding::Step,
    wording::onboarding as wording,
};

/// Shows from which servers people may be invited, allows one more, or takes that back.
#[derive(Debug, Clone, PartialEq)]
pub enum Allowed {
    Show,
    Add(ServerPattern),
    Remove(ServerPattern),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// A pattern of senders of mail.
    ForSenders,
    NotAServer {
        text: String,
        fault: ServerPatternFault,
    },
}

impl Allowed {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let Some(text) = words.next() else {
            return Ok(Self::Show);
        };
        let is_off = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("off"));
        if text.contains('@') && !text.contains(':') {
            return Err(Fault::ForSenders);
        }
        let what = if is_off { Self::Remove } else { Self::Add };
        let parsed = ServerPattern::parse(text).map(what);
        parsed.map_err(|fault| Fault::NotAServer {
            text: text.to_owned(),
            fault,
        })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        match self {
            Self::Show => {
                let (configured, added) = &facts.details.onboarding.servers;
                vec![answer(event, wording::allowed_servers(configured, added))]
            }
            Self::Add(server) => vec![Effect::Onboard(Step::Allow {
                server: server.clone(),
                by: event.sender.clone(),
                room: event.room.clone(),
                event: event.id.clone(),
            })],
            Self::Remove(server) => {
                let (configured, added) = &facts.details.onboarding.servers;
                let name = server.as_str();
                if configured.iter().any(|known| known == name) {
                    return vec![answer(event, wording::server_is_configured(name))];
                }
                if added.iter().all(|(known, _)| known != name) {
                    return vec![answer(event, wording::server_was_not_allowed(name))];
                }
                vec![
                    Effect::Onboard(Step::Disallow {
                        server: server.clone(),
                    }),
                    answer(event, wording::server_disallowed(name)),
                ]
            }
        }
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::ForSenders => wording::for_senders(),
            Self::NotAServer { text, fault } => wording::not_a_server(text, *fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("matrix.org", "matrix.org")]
    #[case("*.ACME.com", "*.acme.com")]
    fn allows(#[case] text: &str, #[case] server: &str) {
        let server = ServerPattern::parse(server).unwrap();
        assert_eq!(Allowed::parse(text), Ok(Allowed::Add(server)));
    }

    #[rstest]
    #[case("matrix.org off", "matrix.org")]
    #[case("Matrix.org OFF", "matrix.org")]
    fn takes_back(#[case] text: &str, #[case] server: &str) {
        let server = ServerPattern::parse(server).unwrap();
        assert_eq!(Allowed::parse(text), Ok(Allowed::Remove(server)));
    }

    #[test]
    fn shows_or_says_what_is_wrong() {
        assert_eq!(Allowed::parse(" "), Ok(Allowed::Show));
        assert_eq!(Allowed::parse("*@acme.com"), Err(Fault::ForSenders));
        for text in ["@jane:matrix.org", "matrix", "*"] {
            assert!(
                matches!(Allowed::parse(text), Err(Fault::NotAServer { .. })),
                "{text}"
            );
        }
    }
}
