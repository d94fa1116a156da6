//! Rooms: making them, their state, their addresses, and who is in them.

use http::Method;
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, RoomAliasId, RoomId, UserId};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, Fault, counted, fault::fault, lost, read, unspeakable};

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    pub room_id: OwnedRoomId,
    /// Servers that are in the room.
    #[serde(default)]
    pub servers: Vec<OwnedServerName>,
}

impl Client {
    /// Makes a room as the bot. After [`Fault::Unknown`] it may be there: the bot's own events of it come
    /// to us, and tell.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3createroom>
    pub async fn create_room(&self, body: &Value) -> Result<OwnedRoomId, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            room_id: OwnedRoomId,
        }
        let answer: Answer = self
            .exchange_json("create_room", Method::POST, &["createRoom"], Some(body))
            .await?;
        Ok(answer.room_id)
    }

    /// The content of a state event, as the bot sees it; `None` if there is none.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey>
    pub async fn state_event(
        &self,
        kind: &str,
        key: &str,
        room: &RoomId,
    ) -> Result<Option<Value>, Fault> {
        let path = ["rooms", room.as_str(), "state", kind, key];
        absent(
            self.exchange_json("get_state", Method::GET, &path, None)
                .await,
        )
    }

    /// Sets a state event as the bot; the same content once more changes nothing.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey>
    pub async fn set_state(
        &self,
        kind: &str,
        key: &str,
        content: &Value,
        room: &RoomId,
    ) -> Result<OwnedEventId, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            event_id: OwnedEventId,
        }
        let path = ["rooms", room.as_str(), "state", kind, key];
        let answer: Answer = self
            .exchange_json("set_state", Method::PUT, &path, Some(content))
            .await?;
        Ok(answer.event_id)
    }

    /// Where an address leads; `None` if nowhere. The homeserver asks others for theirs.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3directoryroomroomalias>
    pub async fn room_of_alias(&self, alias: &RoomAliasId) -> Result<Option<Found>, Fault> {
        let path = ["directory", "room", alias.as_str()];
        absent(self.exchange_json("alias", Method::GET, &path, None).await)
    }

    /// The address leads to the room from now on. One that is taken is refused.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#put_matrixclientv3directoryroomroomalias>
    pub async fn set_alias(&self, alias: &RoomAliasId, room: &RoomId) -> Result<(), Fault> {
        let path = ["directory", "room", alias.as_str()];
        let body = json!({"room_id": room});
        self.exchange_json::<Value>("set_alias", Method::PUT, &path, Some(&body))
            .await
            .map(drop)
    }

    /// The address leads nowhere from now on.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#delete_matrixclientv3directoryroomroomalias>
    pub async fn delete_alias(&self, alias: &RoomAliasId) -> Result<(), Fault> {
        let path = ["directory", "room", alias.as_str()];
        absent::<Value>(
            self.exchange_json("delete_alias", Method::DELETE, &path, None)
                .await,
        )
        .map(drop)
    }

    /// The bot puts somebody out. Who isn't there is refused.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3roomsroomidkick>
    pub async fn kick(&self, room: &RoomId, user: &UserId, reason: &str) -> Result<(), Fault> {
        let path = ["rooms", room.as_str(), "kick"];
        let body = json!({"user_id": user, "reason": reason});
        self.exchange_json::<Value>("kick", Method::POST, &path, Some(&body))
            .await
            .map(drop)
    }

    /// One request as the bot, with a body of ours: the types of the library would lose what they don't
    /// know.
    async fn exchange_json<T: for<'de> Deserialize<'de>>(
        &self,
        endpoint: &'static str,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<T, Fault> {
        counted(endpoint, async {
            let base = format!("{}/_matrix/client/v3", self.base_url);
            let mut url = url::Url::parse(&base).map_err(|fault| unspeakable(&fault))?;
            url.path_segments_mut()
                .map_err(|()| unspeakable(&"the homeserver's address takes no path"))?
                .extend(path);
            let mut request = self
                .http
                .request(method, url)
                .bearer_auth(self.token.expose_secret());
            if let Some(body) = body {
                request = request
                    .header(http::header::CONTENT_TYPE, "application/json")
                    .body(body.to_string());
            }
            let response = request.send().await.map_err(|fault| lost(&fault))?;
            let status = response.status();
            let retry_after = super::retry_after(&response);
            let body = read(response).await?;
            if !status.is_success() {
                return Err(fault(status, &body, retry_after));
            }
            serde_json::from_slice(&body).map_err(|fault| Fault::Unknown {
                reason: format!("the homeserver's answer makes no sense: {fault}"),
            })
        })
        .await
    }
}

/// What isn't there is no fault.
fn absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND" => Ok(None),
        Err(fault) => Err(fault),
    }
}
