//! What is in force in a room.

use super::Context;
use crate::{
    domain::settings::Settings,
    store::{Connection, StoreError},
};

/// What staff have set for the room, and the configuration for the rest.
#[expect(
    clippy::unused_async,
    reason = "what staff have set will be looked up in the store"
)]
pub async fn of_room(
    _connection: &mut Connection,
    _room: &str,
    context: &Context,
) -> Result<Settings, StoreError> {
    Ok(Settings {
        quiet: context.letters.quiet,
        at_most: context.letters.at_most,
        ..Settings::default()
    })
}
