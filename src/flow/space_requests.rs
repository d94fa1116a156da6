//! Rooms that come into the Space as somebody asks by mail: what came of it is told to them, too.

use super::{
    Context, automatic,
    lanes::{self, Origin},
};
use crate::{
    domain::{
        automatic::Kind,
        ids::RequestId,
        intake::{self, Known},
        outgoing::Automatic,
        space_request::Answer,
        wording::{answers as wording, intake as sentences},
    },
    store::{StoreError, Tx, requests},
};

/// Tells who asked, by mail, and says to staff that it does. Where staff have something to do first
/// (`None`), the request waits for them again.
pub async fn settle(
    tx: &mut Tx,
    id: RequestId,
    answer: Option<&Answer>,
    origin: &Origin,
    context: &Context,
) -> Result<String, StoreError> {
    let Some(known) = requests::find(tx.connection(), id).await? else {
        return Ok(String::new());
    };
    let Some(answer) = answer else {
        requests::wait_again(tx, id).await?;
        return Ok(sentences::waits_again(id));
    };
    // Somebody talks with them in a room by now.
    if !requests::answered(tx, id).await? {
        return Ok(String::new());
    }
    tell(tx, &known, answer, origin, context).await?;
    Ok(sentences::is_told(&known))
}

async fn tell(
    tx: &mut Tx,
    known: &Known,
    answer: &Answer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(room) = &known.space else {
        return Ok(());
    };
    let policy = context.policy(&known.mailbox);
    let text = wording::of_space(answer, room, &policy, &context.bot, known.language);
    let answered = requests::first_message_id(tx.connection(), known.id).await?;
    let mail = intake::Answer {
        mailbox: known.mailbox.clone(),
        to: known.sender.clone(),
        answered,
        subject: known.subject.clone(),
        language: known.language,
        kind: Kind::Space,
    };
    let says = Automatic::Said {
        text,
        is_answer: true,
    };
    automatic::write(tx, mail, says, origin, context).await
}

/// What was asked for can't be read any more: the request waits for staff again.
pub async fn drop_job(
    tx: &mut Tx,
    id: RequestId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    requests::wait_again(tx, id).await?;
    lanes::report(tx, &sentences::waits_again(id), origin, context).await
}
