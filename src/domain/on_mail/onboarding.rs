//! A Matrix id in the mail of one of a conversation's people: what follows besides its being posted.

use ruma::OwnedUserId;

use crate::domain::{
    automatic::{self, Asked},
    effect::Effect,
    evidence::Verdict,
    facts::{LedBy, MailFacts, PersonFacts, Route},
    incoming::{IncomingMail, MailKind},
    matrix_id::{Said, Unusable},
    onboarding::{NotNow, Plan, State, Step, UserFacts, plan},
    outgoing::Offer,
    wording::onboarding::{self as wording, Wish},
};

/// What follows from what the mail says of its sender's id, and from their having left the room.
pub(super) fn effects(mail: &IncomingMail, facts: &MailFacts, route: &Route) -> Vec<Effect> {
    let Some(person) = &route.member else {
        return Vec::new();
    };
    let is_proven = facts.judgement.verdict == Verdict::Verified && !person.is_guest;
    let case = Case {
        mail,
        facts,
        route,
        person,
        is_vouched: is_proven && route.release.is_none() && route.by != LedBy::Intake,
        is_stranger: is_proven && route.by == LedBy::Intake,
    };
    let mut steps = case.returns();
    if is_written(mail) {
        steps.extend(case.says());
    }
    steps.into_iter().map(Effect::Onboard).collect()
}

/// Whether somebody wrote the mail to us: what they pass on says nothing of them.
#[must_use]
pub fn is_written(mail: &IncomingMail) -> bool {
    matches!(mail.kind, MailKind::Reply | MailKind::New | MailKind::Own) && !mail.is_told
}

struct Case<'a> {
    mail: &'a IncomingMail,
    facts: &'a MailFacts,
    route: &'a Route,
    person: &'a PersonFacts,
    /// It is surely theirs, and they are one of the conversation's people by staff's will.
    is_vouched: bool,
    /// It is surely theirs, and the mail by which they came.
    is_stranger: bool,
}

impl Case<'_> {
    /// Who has left the room and writes by mail wants to be answered there; of who was put out staff say.
    fn returns(&self) -> Vec<Step> {
        let current = self.route.onboarding.current.as_ref();
        let Some(current) = current.filter(|it| self.is_vouched && !it.keeps_mail) else {
            return Vec::new();
        };
        let (room, contact) = (self.route.room.clone(), self.person.contact);
        let (name, address) = (&self.person.name, self.person.address.as_str());
        match current.state {
            State::Left => vec![
                Step::Return { room, contact },
                self.tell(wording::returned_by_mail(name, address), None),
            ],
            State::PutOut => {
                let offer = Offer::WriteByMail { room, contact };
                vec![self.tell(wording::was_put_out(name, address), Some(offer))]
            }
            State::Waiting
            | State::Inviting
            | State::Invited
            | State::Refused
            | State::Declined
            | State::Joined => Vec::new(),
        }
    }

    fn says(&self) -> Vec<Step> {
        match &self.route.onboarding.said {
            Said::Nothing => Vec::new(),
            Said::Unusable(why) => self.explain(why).into_iter().collect(),
            Said::Only(_) => {
                let users = self.route.onboarding.users.iter();
                users.flat_map(|user| self.wants_in(user)).collect()
            }
            Said::Among(_) => {
                let users = self.route.onboarding.users.iter();
                users
                    .filter_map(|user| self.offer(user, Wish::Named))
                    .collect()
            }
        }
    }

    /// Their mail says nothing but this id.
    fn wants_in(&self, user: &UserFacts) -> Vec<Step> {
        if !self.is_vouched {
            let why = if self.is_stranger {
                Wish::AskedByStranger
            } else {
                Wish::AskedUnproven
            };
            return self.offer(user, why).into_iter().collect();
        }
        let of_room = &self.route.onboarding;
        let is_on_the_way = |it: &&crate::domain::onboarding::Move| {
            matches!(it.state, State::Inviting | State::Invited | State::Joined)
        };
        match of_room.current.as_ref().filter(is_on_the_way) {
            // They have said so before.
            Some(current) if current.user == user.user => return Vec::new(),
            // Nobody brings in more than themselves.
            Some(_) => return self.offer(user, Wish::Named).into_iter().collect(),
            None => {}
        }
        let (room, contact) = (self.route.room.clone(), self.person.contact);
        let id = user.user.clone();
        match plan(user, true, &of_room.room) {
            Plan::Invite => {
                let why = Wish::Asked;
                let text = wording::inviting(self.person, &id, why, &of_room.room);
                let text = Some(text);
                vec![Step::Invite {
                    room,
                    contact,
                    user: id,
                    text,
                }]
            }
            Plan::Wait => {
                let is_waiting = of_room.current.as_ref();
                let is_waiting =
                    is_waiting.is_some_and(|it| it.state == State::Waiting && it.user == user.user);
                let mut steps = Vec::new();
                if !is_waiting {
                    steps.push(Step::Note {
                        room,
                        contact,
                        user: id.clone(),
                        state: State::Waiting,
                    });
                    let text = wording::server_not_allowed(self.person, &id, true);
                    steps.push(self.tell(text, None));
                }
                let server = id.server_name().to_string();
                steps.extend(self.answer(NotNow::Server(server), of_room.noted));
                steps
            }
            Plan::IsInvited => vec![
                Step::Note {
                    room,
                    contact,
                    user: id.clone(),
                    state: State::Invited,
                },
                self.tell(wording::is_invited_already(&self.person.name, &id), None),
            ],
            Plan::Ask | Plan::IsThere | Plan::Never => {
                self.offer(user, Wish::Asked).into_iter().collect()
            }
        }
    }

    /// Staff may take it up.
    fn offer(&self, user: &UserFacts, why: Wish) -> Option<Step> {
        let of_room = &self.route.onboarding;
        let (room, contact) = (self.route.room.clone(), self.person.contact);
        let id: OwnedUserId = user.user.clone();
        let is_current = |it: &crate::domain::onboarding::Move| {
            it.user == id && matches!(it.state, State::Joined | State::Inviting | State::Invited)
        };
        if of_room.current.as_ref().is_some_and(is_current) {
            return None;
        }
        let (text, offer) = match plan(user, false, &of_room.room) {
            Plan::Invite | Plan::Ask => (
                wording::ask(self.person, &id, why, &of_room.room),
                Some(Offer::Invite {
                    room,
                    contact,
                    user: id,
                }),
            ),
            Plan::IsThere => (
                wording::is_there(self.person, &id),
                Some(Offer::Link {
                    room,
                    contact,
                    user: id,
                }),
            ),
            Plan::Wait => (wording::server_not_allowed(self.person, &id, false), None),
            // Whom a mail mentions need not be meant.
            Plan::Never | Plan::IsInvited if why == Wish::Named => return None,
            Plan::IsInvited => return None,
            Plan::Never => (wording::never(self.person, &id), None),
        };
        Some(self.tell(text, offer))
    }

    fn explain(&self, why: &Unusable) -> Option<Step> {
        let since = self.route.onboarding.explained;
        self.answer(NotNow::Unusable(why.clone()), since)
    }

    /// A mail of ours, if they may get one; `since` the last of the kind.
    fn answer(&self, why: NotNow, since: Option<std::time::Duration>) -> Option<Step> {
        let (mail, facts) = (self.mail, self.facts);
        let sender = mail.from.as_ref().filter(|_| !mail.from_is_substitute)?;
        let asked = Asked {
            sender: Some(&sender.address),
            is_by_machine: mail.auto_submitted || mail.read_receipt,
            verdict: facts.judgement.verdict,
            knows_secret: false,
            is_own: facts.own_addresses.contain(&sender.address),
            answered: since,
        };
        (self.is_vouched && automatic::may_answer(asked)).then(|| Step::Explain {
            conversation: self.route.conversation,
            contact: self.person.contact,
            answered: mail.message_id.clone(),
            why,
        })
    }

    fn tell(&self, text: String, offer: Option<Offer>) -> Step {
        Step::Tell {
            room: self.route.room.clone(),
            text,
            offer,
        }
    }
}
