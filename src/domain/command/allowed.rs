//! `!email allowed [SERVER]`

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    matrix_id::{ServerPattern, ServerPatternFault},
    onboarding::Step,
    wording::onboarding as wording,
};

/// Shows from which servers people may be invited, or allows one more.
#[derive(Debug, Clone, PartialEq)]
pub enum Allowed {
    Show,
    Add(ServerPattern),
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
        let Some(text) = arguments.split_whitespace().next() else {
            return Ok(Self::Show);
        };
        if text.contains('@') && !text.contains(':') {
            return Err(Fault::ForSenders);
        }
        let parsed = ServerPattern::parse(text).map(Self::Add);
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
