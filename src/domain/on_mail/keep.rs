//! What is shown in no room: it is kept, and staff are told why.

use super::Outcome;
use crate::domain::{
    effect::Effect,
    facts::MailFacts,
    flood::Measure,
    ids::MailId,
    incoming::IncomingMail,
    notices::Stream,
    wording::{self, KeptBecause},
};

/// Keeps a mail, and tells staff why.
pub fn keep(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    why: KeptBecause,
) -> (Outcome, Vec<Effect>) {
    let from = mail
        .from
        .as_ref()
        .map_or("an unknown sender", |from| from.address.as_str());
    let subject = mail.subject.as_deref().unwrap_or("(no subject)");
    let delivery = facts.delivery.as_ref();
    let about = delivery.map(|delivery| delivery.recipient.to_string());
    (
        Outcome::Kept(why),
        vec![Effect::Guard(Measure::Notice {
            stream: stream_of(why),
            text: wording::kept(id.0, from, subject, why, about.as_deref()),
        })],
    )
}

fn stream_of(why: KeptBecause) -> Stream {
    match why {
        KeptBecause::ByMachine(_) | KeptBecause::TooManyHops => Stream::Machines,
        KeptBecause::NoSender
        | KeptBecause::NoConversation
        | KeptBecause::Forged
        | KeptBecause::Spam
        | KeptBecause::BotNotInRoom => Stream::People,
        KeptBecause::Unreadable => Stream::Faulty,
    }
}
