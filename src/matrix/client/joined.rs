//! In which rooms the bot is.

use ruma::{OwnedRoomId, api::client::membership::joined_rooms};

use super::{Client, Fault};

impl Client {
    /// The rooms in which the bot is now, in no order.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3joined_rooms>
    pub async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>, Fault> {
        let request = joined_rooms::v3::Request::new();
        let response = self.call("joined_rooms", request, None).await?;
        Ok(response.joined_rooms)
    }
}
