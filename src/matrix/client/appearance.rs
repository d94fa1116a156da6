//! The pictures of our users, what they take back, and their end.

use http::Method;
use ruma::{EventId, OwnedRoomId, TransactionId, UserId};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Client, Fault, counted, fault::fault, lost, read, retry_after, unspeakable};

impl Client {
    /// Where the user's picture is; `None` if there is none.
    pub async fn picture_of(&self, user: &UserId) -> Result<Option<String>, Fault> {
        let path = ["profile", user.as_str(), "avatar_url"];
        match self.speak("profile", Method::GET, &path, None, None).await {
            Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND" => Ok(None),
            other => Ok(other?["avatar_url"].as_str().map(str::to_owned)),
        }
    }

    /// Gives a user of ours the picture at `mxc`; an empty one takes it away.
    pub async fn set_picture(&self, user: &UserId, mxc: &str) -> Result<(), Fault> {
        let path = ["profile", user.as_str(), "avatar_url"];
        let body = json!({"avatar_url": mxc});
        self.speak("profile", Method::PUT, &path, Some(&body), Some(user))
            .await
            .map(drop)
    }

    /// `user` takes back an event. The same `transaction` is carried out once by a homeserver that
    /// remembers it; what is taken back twice is gone all the same.
    pub async fn take_back(
        &self,
        event: &EventId,
        room: &OwnedRoomId,
        user: &UserId,
        transaction: &TransactionId,
    ) -> Result<(), Fault> {
        let path = [
            "rooms",
            room.as_str(),
            "redact",
            event.as_str(),
            transaction.as_str(),
        ];
        self.speak("redact", Method::PUT, &path, Some(&json!({})), Some(user))
            .await
            .map(drop)
    }

    /// A user of ours is no more: nobody can ever act in their name again, and the homeserver is asked
    /// to forget them.
    ///
    /// <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountdeactivate>
    pub async fn deactivate(&self, user: &UserId) -> Result<(), Fault> {
        let path = ["account", "deactivate"];
        let body = json!({"erase": true});
        self.speak("deactivate", Method::POST, &path, Some(&body), Some(user))
            .await
            .map(drop)
    }

    /// One request of the client-server API, in JSON. `path` begins behind the version.
    async fn speak(
        &self,
        endpoint: &'static str,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        user: Option<&UserId>,
    ) -> Result<Value, Fault> {
        let asked = async {
            let mut url = url::Url::parse(&format!("{}/_matrix/client/v3", self.base_url))
                .map_err(|fault| unspeakable(&fault))?;
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.extend(path);
            }
            if let Some(user) = user {
                url.query_pairs_mut().append_pair("user_id", user.as_str());
            }
            let request = self
                .http
                .request(method, url)
                .bearer_auth(self.token.expose_secret());
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            let response = request.send().await.map_err(|fault| lost(&fault))?;
            let (status, after) = (response.status(), retry_after(&response));
            let body = read(response).await?;
            if !status.is_success() {
                return Err(fault(status, &body, after));
            }
            serde_json::from_slice(&body).map_err(|fault| Fault::Unknown {
                reason: format!("the homeserver's answer makes no sense: {fault}"),
            })
        };
        counted(endpoint, asked).await
    }
}
