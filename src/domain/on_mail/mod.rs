//! What follows from an incoming mail.
//!
//! Until mail is authenticated, only people of a conversation who answer with its token or a known
//! Message-ID are posted; everything else is kept and reported, never posted, never answered.

use super::{
    effect::{Effect, Post},
    event::Words,
    facts::{MailFacts, Route},
    ids::MailId,
    incoming::{IncomingMail, MailKind},
    wording::{self, KeptBecause},
};

/// What became of a mail; stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Posted,
    /// The same mail has been posted before.
    Duplicate,
    /// Our own mail came back.
    Own,
    Kept(KeptBecause),
}

/// Decides about one mail. `null_sender` says that its envelope sender was `<>`.
#[must_use]
pub fn decide(
    id: MailId,
    mail: &IncomingMail,
    null_sender: bool,
    facts: &MailFacts,
) -> (Outcome, Vec<Effect>) {
    // Another Postroom's letter only looks like ours: it is what somebody there wrote.
    if mail.kind == MailKind::Own && facts.is_ours || facts.is_probe {
        return (Outcome::Own, Vec::new());
    }
    let is_by_machine = mail.kind.is_by_machine() && mail.kind != MailKind::Own;
    if is_by_machine || mail.auto_submitted || null_sender {
        let kind = if is_by_machine {
            mail.kind
        } else {
            MailKind::AutoReply
        };
        return keep(id, mail, KeptBecause::ByMachine(kind));
    }
    if mail.from.is_none() {
        return keep(id, mail, KeptBecause::NoSender);
    }
    let mine: Vec<&Route> = facts
        .routes
        .iter()
        .filter(|route| route.member.is_some())
        .collect();
    if mine.is_empty() {
        let why = if facts.routes.is_empty() {
            KeptBecause::NoConversation
        } else {
            KeptBecause::NotAMember
        };
        return keep(id, mail, why);
    }
    if mine.iter().all(|route| !route.bot_joined) {
        return keep(id, mail, KeptBecause::BotNotInRoom);
    }
    let effects: Vec<Effect> = mine
        .into_iter()
        .filter(|route| !route.known && route.bot_joined)
        .flat_map(|route| post(id, mail, &facts.identity, route))
        .collect();
    let outcome = if effects.is_empty() {
        Outcome::Duplicate
    } else {
        Outcome::Posted
    };
    (outcome, effects)
}

fn post(id: MailId, mail: &IncomingMail, identity: &str, route: &Route) -> Vec<Effect> {
    let (Some(person), Some(from)) = (&route.member, &mail.from) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    if let Some(name) = from.name.as_ref().filter(|name| **name != person.name) {
        effects.push(Effect::RenameContact {
            contact: person.contact,
            name: name.clone(),
        });
    }
    let remarks: Vec<String> = mail
        .attachments
        .iter()
        .map(|file| {
            wording::attachment_not_carried(
                file.filename.as_deref().unwrap_or(&file.content_type),
                file.size,
            )
        })
        .collect();
    effects.push(Effect::Post {
        conversation: route.conversation,
        contact: person.contact,
        mail: id,
        post: Post {
            words: Words {
                body: mail.text.clone(),
                html: mail.html.clone(),
            },
            remarks,
            is_folded: mail.folded.is_some(),
            reply_to: route.reply_to.clone(),
            message_id: mail.message_id.clone(),
            identity: identity.to_owned(),
            from: from.address.clone(),
            date: mail.date.clone().unwrap_or_default(),
        },
    });
    effects
}

fn keep(id: MailId, mail: &IncomingMail, why: KeptBecause) -> (Outcome, Vec<Effect>) {
    let from = mail
        .from
        .as_ref()
        .map_or("an unknown sender", |from| from.address.as_str());
    let subject = mail.subject.as_deref().unwrap_or("(no subject)");
    (
        Outcome::Kept(why),
        vec![Effect::Report {
            text: wording::kept(id.0, from, subject, why),
        }],
    )
}

#[cfg(test)]
mod tests;
