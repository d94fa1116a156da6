//! What staff's reaction to a notice of the bot does.

use super::{Connection, StoreError, Tx};
use crate::domain::outgoing::Offer;

statements! {
    INSERT = "INSERT INTO offers (event_id, offer) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SELECT = "SELECT offer, taken_at FROM offers WHERE event_id = $1";
    TAKE = "UPDATE offers SET taken_at = $2 WHERE event_id = $1 AND taken_at IS NULL";
}

/// An offer as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub offer: Offer,
    /// Milliseconds since 1970; `None` until somebody took it up.
    pub taken_at: Option<i64>,
}

/// The event makes the offer.
pub async fn make(tx: &mut Tx, event: &str, offer: &Offer) -> Result<(), StoreError> {
    let offer = serde_json::to_string(offer)?;
    execute!(tx.connection(), INSERT, event, offer);
    Ok(())
}

pub async fn find(connection: &mut Connection, event: &str) -> Result<Option<Made>, StoreError> {
    let row = fetch_optional!(connection, (String, Option<i64>), SELECT, event);
    row.map(|(offer, taken_at)| {
        Ok(Made {
            offer: serde_json::from_str(&offer)?,
            taken_at,
        })
    })
    .transpose()
}

/// Somebody takes the offer up; `false` if there is none, or somebody had before.
pub async fn take(tx: &mut Tx, event: &str, now: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), TAKE, event, now) == 1)
}
