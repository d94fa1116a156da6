//! What a decision about a mail needs to know of machines: what it reports, how its sender's address has
//! done, and what was answered or shown before.

use super::{Context, auto_replies, automatic, reports};
use crate::{
    domain::{
        automatic::Kind,
        bounce::Report,
        facts::{Delivery, Route},
        ids::SubscriptionId,
        incoming::{IncomingMail, MailKind},
        machine::MachineFacts,
    },
    store::{Connection, StoreError},
};

/// What is known of the mail already.
pub struct Seen<'a> {
    pub report: Option<&'a Report>,
    pub null_sender: bool,
    /// To whose return address it came.
    pub delivery: Option<&'a Delivery>,
    /// Which broadcast its sender leaves by it.
    pub leaving: Option<SubscriptionId>,
}

pub async fn of(
    connection: &mut Connection,
    mail: &IncomingMail,
    seen: Seen<'_>,
    routes: &[Route],
    context: &Context,
) -> Result<MachineFacts, StoreError> {
    let from = mail.from.as_ref().filter(|_| !mail.from_is_substitute);
    let mut facts = MachineFacts::default();
    if let Some(report) = seen.report {
        let reported = reports::of(connection, report, mail, seen.delivery, context).await?;
        facts.reported = Some(reported);
    }
    if let Some(from) = from {
        facts.sender = reports::standing(connection, &from.address, context).await?;
    }
    if may_be_by_machine(mail, seen.null_sender) {
        facts.shown = auto_replies::shown(connection, mail, routes, context).await?;
    }
    if let (Some(_), Some(from)) = (seen.leaving, from) {
        let to = &from.address;
        facts.answered = automatic::answered(connection, Kind::Left, to, context).await?;
    }
    Ok(facts)
}

/// Whether something in the mail says that a machine wrote it.
pub fn may_be_by_machine(mail: &IncomingMail, null_sender: bool) -> bool {
    mail.kind == MailKind::AutoReply || mail.auto_submitted || null_sender
}
