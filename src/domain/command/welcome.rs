//! `!email welcome [ADDRESS]`

use super::{
    answer,
    whose::{self, divide, meant},
};
use crate::domain::{
    address::EmailAddress, effect::Effect, event::RoomEvent, facts::EventFacts, onboarding::Step,
    wording::onboarding as wording,
};

/// Sends the welcome mail once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// `None`: to the only customer.
    pub whom: Option<EmailAddress>,
}

impl Welcome {
    pub(super) fn parse(arguments: &str) -> Result<Self, whose::Fault> {
        divide(arguments).map(|(whom, _)| Self { whom })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let found = match meant(self.whom.as_ref(), "welcome", facts) {
            Ok((found, _)) => found,
            Err(sentence) => return vec![answer(event, sentence)],
        };
        let is_meant =
            |address: &EmailAddress| self.whom.as_ref().is_none_or(|whom| whom == address);
        let people = found.people.iter();
        let (contacts, names): (Vec<_>, Vec<_>) = people
            .filter(|person| is_meant(&person.address))
            .map(|person| (person.contact, person.name.clone()))
            .unzip();
        vec![
            Effect::Onboard(Step::Welcome {
                conversation: found.id,
                contacts,
            }),
            answer(event, wording::welcome_goes(&names)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_to_one_address_or_the_only_customer() {
        let whom = |text| Welcome::parse(text).map(|it| it.whom);
        assert_eq!(whom(""), Ok(None));
        let jane = EmailAddress::parse("jane@acme.com").unwrap();
        assert_eq!(whom("jane@acme.com"), Ok(Some(jane)));
        assert!(whom("jane@acme.com bob@acme.com").is_err());
        assert!(whom("jane@acme..com").is_err());
    }
}
