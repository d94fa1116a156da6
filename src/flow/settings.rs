//! What is in force in a room.

use super::Context;
use crate::{
    domain::settings::Settings,
    store::{Connection, StoreError, subscriptions},
};

/// What staff have set for the room, and the configuration for the rest.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<Settings, StoreError> {
    Ok(Settings {
        quiet: context.letters.quiet,
        at_most: context.letters.at_most,
        broadcast: subscriptions::is_broadcast(connection, room).await?,
        ..Settings::default()
    })
}
