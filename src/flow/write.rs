//! Writes what a letter is to hold.

use jiff::tz::TimeZone;

use super::{Context, desk, guard, lanes::Origin, locale, seal, settings};
use crate::{
    domain::{effect::LetterItem, ids::ConversationId, timing},
    store::{StoreError, Tx, letters, newcomers},
};

/// Puts a message into the conversation's open letter. Without a quiet time every message is a letter
/// of its own, however many come together; but not where letters go at fixed times.
pub async fn item(
    tx: &mut Tx,
    conversation: ConversationId,
    item: &LetterItem,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let event = item.event.as_str();
    let mut item = item.clone();
    // Nobody gets a thing twice who is in two of the room's conversations.
    let served = newcomers::served_elsewhere(tx.connection(), event, conversation).await?;
    item.had_by.extend(served);
    let (place, trace) = (origin.inbox_seq, &origin.trace);
    let room = item.room.as_str();
    let in_force = settings::of_room(tx.connection(), room, context).await?;
    // Only times of the day are told by a clock.
    let zone = if in_force.digest.is_empty() {
        TimeZone::UTC
    } else {
        locale::of_room(tx.connection(), room, context).await?
    };
    let now = settings::moment(origin.now);
    desk::answered(tx, conversation, &item, origin).await?;
    let departure = |opened| timing::departure(now, opened, &in_force, &zone);
    letters::write(tx, conversation, &item, place, departure, trace, origin.now).await?;
    if in_force.quiet.is_zero() && in_force.digest.is_empty() && !item.rides {
        // One that waits goes with what is said meanwhile.
        let waits = guard::letter_waits(tx, conversation, origin, context).await?;
        if waits.is_none() {
            seal::open_letter_of(tx, conversation, origin, context).await?;
        }
    }
    Ok(())
}
