//! What a report is about: the letter, the address, and what is known of both.

use std::time::Duration;

use super::Context;
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        bounce::{
            Action, BounceFacts, FailedRecipient, MarkKind, Proof, Reason, Report, Standing,
            StatusCode,
        },
        delivery::millis,
        erased::is_erased,
        facts,
        ids::{LetterId, MessageId},
        incoming::IncomingMail,
        machine::{About, Reported, What},
        outgoing::MailAction,
        token::Keys,
    },
    store::{
        Connection, StoreError,
        bounces::{self, Delivery},
        outbox,
    },
};

/// Points for failures are forgotten after this time without another one.
const POINTS_LAST: Duration = Duration::from_hours(30 * 24);

/// Of how many ids that a report names it is asked whether they are ours.
const MOST_NAMED: usize = 50;

/// Characters of a notice that names nobody: what comes later may be the mail that it is about.
const LONGEST_NOTICE: usize = 1000;

/// What a report says, of which letter of ours. `came_to` is the delivery to whose return address it
/// came.
pub async fn of(
    connection: &mut Connection,
    report: &Report,
    mail: &IncomingMail,
    came_to: Option<&facts::Delivery>,
    context: &Context,
) -> Result<Reported, StoreError> {
    if let Some(delivery) = vouched(connection, report, came_to, context).await? {
        let letter = delivery.letter;
        let about = of_delivery(connection, report, mail, &delivery, context).await?;
        return Ok(Reported {
            letter: Some(letter),
            about: vec![about],
        });
    }
    let letter = named(connection, report, mail, context).await?;
    let deliveries = match letter {
        Some(letter) => bounces::deliveries(connection, letter).await?,
        None => Vec::new(),
    };
    let mut about: Vec<About> = Vec::new();
    for (address, what) in said(report, mail, &deliveries) {
        let known = deliveries
            .iter()
            .find(|one| one.action.recipient.address == address);
        // Of all the addresses to which it hadn't gone one is enough.
        if known.is_none() && about.iter().any(|one| !one.is_known) {
            continue;
        }
        let proof = if letter.is_some() {
            Proof::Named
        } else {
            Proof::None
        };
        about.push(match (letter, known) {
            (Some(letter), Some(known)) => {
                let person = &known.action.recipient;
                let facts = (proof, true);
                let place = (letter, Some(known));
                about_one(connection, person, what, place, facts, context).await?
            }
            (Some(letter), None) => {
                let person = unknown(address);
                let facts = (proof, false);
                let place = (letter, None);
                let mut one = about_one(connection, &person, what, place, facts, context).await?;
                // Nobody wants to hear more of them.
                one.facts.is_marked |= is_about_erased(&deliveries);
                one
            }
            (None, _) => About {
                person: unknown(address),
                is_known: false,
                what,
                facts: BounceFacts {
                    proof,
                    was_recipient: false,
                    is_marked: false,
                    standing: Standing::Counting(0),
                },
                is_told: false,
            },
        });
    }
    Ok(Reported { letter, about })
}

/// The letter had gone to somebody who was erased: their address isn't known any more.
fn is_about_erased(deliveries: &[Delivery]) -> bool {
    let mut recipients = deliveries.iter().map(|one| &one.action.recipient.address);
    recipients.any(is_erased)
}

/// How an address has done; `None`: no mail to it has failed.
pub async fn standing(
    connection: &mut Connection,
    address: &EmailAddress,
    context: &Context,
) -> Result<Option<Standing>, StoreError> {
    bounces::standing(connection, address, context.now_ms(), millis(POINTS_LAST)).await
}

/// The delivery whose return address has this in the token's place.
pub async fn delivery_by(
    connection: &mut Connection,
    detail: &str,
    context: &Context,
) -> Result<Option<facts::Delivery>, StoreError> {
    let Some(row) = Keys::number_in(detail) else {
        return Ok(None);
    };
    let Some((payload, salt)) = outbox::payload(connection, row).await? else {
        return Ok(None);
    };
    if !context.keys.is_delivery(detail, &salt) {
        return Ok(None);
    }
    let action: Option<MailAction> = serde_json::from_str(&payload).ok();
    Ok(action.map(|action| facts::Delivery {
        row,
        recipient: action.recipient,
    }))
}

/// The delivery whose signed return address the report came to, or knows.
async fn vouched(
    connection: &mut Connection,
    report: &Report,
    came_to: Option<&facts::Delivery>,
    context: &Context,
) -> Result<Option<Delivery>, StoreError> {
    if let Some(delivery) = came_to {
        return bounces::delivery(connection, delivery.row).await;
    }
    let Some(return_path) = &report.original().return_path else {
        return Ok(None);
    };
    let detail = context
        .mailboxes
        .values()
        .find_map(|mailbox| mailbox.reply_address.detail(return_path.as_str()));
    let Some(detail) = detail else {
        return Ok(None);
    };
    match delivery_by(connection, &detail, context).await? {
        Some(delivery) => bounces::delivery(connection, delivery.row).await,
        None => Ok(None),
    }
}

/// The letter that the report names: by the ids of the mail that is attached, the Message-ID and the one
/// of our own; else as the one that it answers, the newest first.
async fn named(
    connection: &mut Connection,
    report: &Report,
    mail: &IncomingMail,
    context: &Context,
) -> Result<Option<LetterId>, StoreError> {
    let original = report.original();
    let attached = original.message_id.iter().chain(&original.postroom_id);
    let answered = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in attached.chain(answered).take(MOST_NAMED) {
        if let Some(letter) = letter_of(connection, id, context).await? {
            return Ok(Some(letter));
        }
    }
    Ok(None)
}

async fn letter_of(
    connection: &mut Connection,
    id: &MessageId,
    context: &Context,
) -> Result<Option<LetterId>, StoreError> {
    let Some(letter) = context.keys.letter_of(id) else {
        return Ok(None);
    };
    let known = bounces::message_id(connection, letter).await?;
    Ok((known.as_deref() == Some(id.as_str())).then_some(letter))
}

/// A delivery has one recipient: whatever address the report names, their mail led there.
async fn of_delivery(
    connection: &mut Connection,
    report: &Report,
    mail: &IncomingMail,
    delivery: &Delivery,
    context: &Context,
) -> Result<About, StoreError> {
    let recipient = &delivery.action.recipient;
    let deliveries = std::slice::from_ref(delivery);
    let mut said = said(report, mail, deliveries);
    let own = said
        .iter()
        .position(|(address, _)| *address == recipient.address);
    let is_failure = |(_, what): &(EmailAddress, What)| match what {
        What::Failure(failed) => failed.is_failure(),
        What::Complaint(_) => true,
    };
    let first = || said.iter().position(is_failure);
    let (address, what) = said.swap_remove(own.or_else(first).unwrap_or_default());
    let is_theirs = address == recipient.address || matches!(what, What::Complaint(_));
    let place = (delivery.letter, Some(delivery));
    let facts = (Proof::Vouched, is_theirs);
    about_one(connection, recipient, what, place, facts, context).await
}

/// What the report says, by address; at least one. One that names none is about the only one to whom
/// the letter had gone.
fn said(
    report: &Report,
    mail: &IncomingMail,
    deliveries: &[Delivery],
) -> Vec<(EmailAddress, What)> {
    let mut said: Vec<(EmailAddress, What)> = match report {
        Report::Bounce(bounce) => bounce
            .recipients
            .iter()
            .map(|failed| (failed.address.clone(), What::Failure(failed.clone())))
            .collect(),
        Report::Complaint(complaint) => complaint
            .recipients
            .iter()
            .map(|address| (address.clone(), What::Complaint(complaint.about)))
            .collect(),
    };
    if said.is_empty()
        && let [only] = deliveries
    {
        let address = only.action.recipient.address.clone();
        let what = match report {
            Report::Bounce(_) => What::Failure(unaddressed(mail, address.clone())),
            Report::Complaint(complaint) => What::Complaint(complaint.about),
        };
        said.push((address, what));
    }
    said
}

/// What its beginning says, whomever it is about.
fn unaddressed(mail: &IncomingMail, address: EmailAddress) -> FailedRecipient {
    let text: String = mail.text.chars().take(LONGEST_NOTICE).collect();
    let status = StatusCode::find(&text);
    FailedRecipient {
        address,
        action: Action::Failed,
        status,
        reason: Reason::find(&[&text], status),
        reply: Some(text),
        remote_mta: None,
    }
}

fn unknown(address: EmailAddress) -> NamedAddress {
    NamedAddress {
        name: None,
        address,
    }
}

async fn about_one(
    connection: &mut Connection,
    person: &NamedAddress,
    what: What,
    (letter, delivery): (LetterId, Option<&Delivery>),
    (proof, was_recipient): (Proof, bool),
    context: &Context,
) -> Result<About, StoreError> {
    let address = &person.address;
    let marked = bounces::marks(connection, letter, delivery.map(|_| address)).await?;
    let is_refused = delivery.is_some_and(|delivery| delivery.is_refused);
    let (is_told, is_proven) = match &what {
        What::Failure(failed) => {
            let is_delay = failed.action == Action::Delayed;
            // What has failed isn't late any more.
            let says_so = |kind: MarkKind| match kind {
                MarkKind::Failed | MarkKind::Unsent => true,
                MarkKind::Delayed => is_delay,
                MarkKind::Complaint => false,
            };
            known(&marked, says_so, is_refused)
        }
        What::Complaint(_) => known(&marked, |kind| kind == MarkKind::Complaint, false),
    };
    let standing = standing(connection, address, context).await?;
    Ok(About {
        person: person.clone(),
        is_known: delivery.is_some(),
        what,
        facts: BounceFacts {
            proof,
            was_recipient,
            is_marked: if is_erased(address) {
                true
            } else if proof == Proof::Vouched {
                is_proven
            } else {
                is_told
            },
            standing: standing.unwrap_or(Standing::Counting(0)),
        },
        is_told,
    })
}

/// Whether something of that kind is known, and whether it was vouched for.
fn known(
    marked: &[(MarkKind, bool)],
    says_so: impl Fn(MarkKind) -> bool,
    is_refused: bool,
) -> (bool, bool) {
    let mut found = (is_refused, is_refused);
    for (_, vouched) in marked.iter().filter(|(kind, _)| says_so(*kind)) {
        found = (true, found.1 || *vouched);
    }
    found
}
