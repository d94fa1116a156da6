//! The homeserver's client-server API, as far as an appservice needs it.

mod appearance;
mod fault;
mod joined;
mod media;
mod rooms;

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use ruma::{
    OwnedEventId, OwnedRoomId, OwnedRoomOrAliasId, OwnedServerName, OwnedUserId, TransactionId,
    UserId,
    api::{
        AppserviceUserIdentity, Direction, IncomingResponse, IncomingResponseExt, MatrixVersion,
        OutgoingRequest, OutgoingRequestAppserviceExt, SupportedVersions,
        auth_scheme::{AuthScheme, SendAccessToken},
        client::{
            account::{
                register::{self, LoginType},
                whoami,
            },
            appservice::request_ping,
            membership::{invite_user, join_room_by_id, join_room_by_id_or_alias, leave_room},
            message::{get_message_events, send_message_event},
            profile::{ProfileFieldName, ProfileFieldValue, get_profile_field, set_profile_field},
            receipt::create_receipt,
            state::{get_state_event_for_key, get_state_events},
        },
        path_builder::PathBuilder,
    },
    serde::Raw,
};
use secrecy::{ExposeSecret, SecretString};

use self::fault::{fault, lost, outcome_word, unspeakable};
pub use self::{fault::Fault, media::Download, rooms::Found};
use super::decode::EFFECT_KEY;
use crate::telemetry::metrics::catalogue::{HOMESERVER_REQUESTS, HOMESERVER_TIME};

/// How long one request may take. A homeserver under load takes its time; one that takes longer
/// than this is treated as gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer that is read: a room's whole state can be long.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// How far back an effect of ours is looked for: events of the room since the attempt, at most.
const PAGES_BACK: usize = 10;

/// Speaks as the bot, or as a ghost. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    token: SecretString,
    versions: SupportedVersions,
}

impl Client {
    /// `base_url` is the homeserver's client API; `token` the appservice's.
    pub fn new(base_url: &url::Url, token: SecretString) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(10))
            // The token is for the homeserver that was configured, and for no other.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        // The oldest version that has everything used here under its present path.
        let versions = version(MatrixVersion::V1_7);
        Ok(Self {
            http,
            base_url: base_url.as_str().trim_end_matches('/').to_owned(),
            token,
            versions,
        })
    }

    /// Makes sure that a user of our namespace exists (spec: application services, user registration).
    pub async fn register(&self, localpart: &str) -> Result<(), Fault> {
        let mut request = register::v3::Request::new();
        request.username = Some(localpart.to_owned());
        request.login_type = Some(LoginType::ApplicationService);
        request.inhibit_login = true;
        match self.call("register", request, None).await {
            Err(Fault::Refused { code, .. }) if code == "M_USER_IN_USE" => Ok(()),
            other => other.map(drop),
        }
    }

    /// What a user of ours is called.
    pub async fn display_name(&self, user: &UserId) -> Result<Option<String>, Fault> {
        let field = ProfileFieldName::DisplayName;
        let request = get_profile_field::v3::Request::new(user.to_owned(), field);
        match self.call("profile", request, None).await {
            Ok(response) => Ok(response.value.and_then(|value| match value {
                ProfileFieldValue::DisplayName(name) => Some(name).filter(|name| !name.is_empty()),
                _ => None,
            })),
            Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND" => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the homeserver is there and takes our token.
    pub async fn who_am_i(&self) -> Result<(), Fault> {
        self.call("whoami", whoami::v3::Request::new(), None)
            .await
            .map(drop)
    }

    pub async fn set_display_name(&self, user: &UserId, name: &str) -> Result<(), Fault> {
        let value = ProfileFieldValue::DisplayName(name.to_owned());
        let request = set_profile_field::v3::Request::new(user.to_owned(), value);
        self.call("profile", request, Some(user)).await.map(drop)
    }

    pub async fn join(&self, room: &OwnedRoomId, user: &UserId) -> Result<(), Fault> {
        self.call(
            "join",
            join_room_by_id::v3::Request::new(room.clone()),
            Some(user),
        )
        .await
        .map(drop)
    }

    /// `by` invites `user`. Somebody who is in the room already is fine.
    pub async fn invite(
        &self,
        room: &OwnedRoomId,
        user: &UserId,
        by: Option<&UserId>,
    ) -> Result<(), Fault> {
        let recipient = invite_user::v3::InvitationRecipient::UserId(
            invite_user::v3::InviteUserId::new(user.to_owned()),
        );
        self.call(
            "invite",
            invite_user::v3::Request::new(room.clone(), recipient),
            by,
        )
        .await
        .map(drop)
    }

    pub async fn leave(&self, room: &OwnedRoomId, user: &UserId) -> Result<(), Fault> {
        self.call(
            "leave",
            leave_room::v3::Request::new(room.clone()),
            Some(user),
        )
        .await
        .map(drop)
    }

    /// The bot joins a room to which `via`, a server that is in it, knows the way.
    pub async fn join_by(&self, room: &OwnedRoomId, via: &OwnedServerName) -> Result<(), Fault> {
        let mut request =
            join_room_by_id_or_alias::v3::Request::new(OwnedRoomOrAliasId::from(room.clone()));
        request.via = vec![via.clone()];
        self.call("join", request, None).await.map(drop)
    }

    /// As [`Self::leave`], of somebody who says why.
    pub async fn decline(
        &self,
        room: &OwnedRoomId,
        user: &UserId,
        reason: &str,
    ) -> Result<(), Fault> {
        let mut request = leave_room::v3::Request::new(room.clone());
        request.reason = Some(reason.to_owned());
        self.call("leave", request, Some(user)).await.map(drop)
    }

    /// What a user is to a room in which the bot is or was; `None`: nothing.
    pub async fn membership(
        &self,
        room: &OwnedRoomId,
        user: &UserId,
    ) -> Result<Option<String>, Fault> {
        let kind = ruma::events::StateEventType::RoomMember;
        let request =
            get_state_event_for_key::v3::Request::new(room.clone(), kind, user.to_string());
        match self.call("state", request, None).await {
            Ok(response) => {
                let content: serde_json::Value =
                    serde_json::from_str(response.into_content().json().get()).unwrap_or_default();
                Ok(content["membership"].as_str().map(str::to_owned))
            }
            Err(Fault::Refused { code, .. }) if code == "M_NOT_FOUND" => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Sends an event; the same `transaction` is carried out once by a homeserver that remembers it.
    pub async fn send(
        &self,
        event_type: &str,
        content: &serde_json::Value,
        room: &OwnedRoomId,
        user: &UserId,
        transaction: &TransactionId,
    ) -> Result<OwnedEventId, Fault> {
        let raw = Raw::new(content)
            .map_err(|fault| unspeakable(&fault))?
            .cast_unchecked();
        let request = send_message_event::v3::Request::new_raw(
            room.clone(),
            transaction.to_owned(),
            event_type.into(),
            raw,
        );
        Ok(self.call("send", request, Some(user)).await?.event_id)
    }

    /// Every state event of a room, as JSON.
    pub async fn state(&self, room: &OwnedRoomId) -> Result<Vec<String>, Fault> {
        let response = self
            .call(
                "state",
                get_state_events::v3::Request::new(room.clone()),
                None,
            )
            .await?;
        Ok(response
            .room_state
            .into_iter()
            .map(|raw| raw.json().get().to_owned())
            .collect())
    }

    /// The event of ours that bears this effect id, if it is among the newest of the room.
    pub async fn find_effect(
        &self,
        effect_id: &str,
        room: &OwnedRoomId,
    ) -> Result<Option<OwnedEventId>, Fault> {
        let mut from = None;
        for _ in 0..PAGES_BACK {
            let mut request =
                get_message_events::v3::Request::new(room.clone(), Direction::Backward);
            request.limit = 100_u32.into();
            request.from = from;
            let page = self.call("messages", request, None).await?;
            for event in &page.chunk {
                let json = event.json().get();
                // Most events aren't ours: they need not be parsed.
                if json.contains(effect_id)
                    && let Ok(Some(found)) = event.get_field::<serde_json::Value>("content")
                    && found[EFFECT_KEY] == effect_id
                    && let Ok(Some(id)) = event.get_field::<OwnedEventId>("event_id")
                {
                    return Ok(Some(id));
                }
            }
            match page.end {
                Some(end) if !page.chunk.is_empty() => from = Some(end),
                _ => break,
            }
        }
        Ok(None)
    }

    /// The bot has seen to everything in the room up to `event`.
    pub async fn read_up_to(&self, event: &OwnedEventId, room: &OwnedRoomId) -> Result<(), Fault> {
        let kind = create_receipt::v3::ReceiptType::Read;
        self.call(
            "receipt",
            create_receipt::v3::Request::new(room.clone(), kind, event.clone()),
            None,
        )
        .await
        .map(drop)
    }

    /// Asks the homeserver to ping us, upon which it sends at once what waits for us.
    pub async fn ping(&self, appservice: &str) -> Result<(), Fault> {
        self.call(
            "ping",
            request_ping::v1::Request::new(appservice.to_owned()),
            None,
        )
        .await
        .map(drop)
    }

    /// Carries out one request, as `user` or as the bot; `endpoint` is what the metrics call it.
    async fn call<R>(
        &self,
        endpoint: &'static str,
        request: R,
        user: Option<&UserId>,
    ) -> Result<R::IncomingResponse, Fault>
    where
        R: OutgoingRequest + OutgoingRequestAppserviceExt,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        counted(endpoint, self.ask(request, user, &self.versions)).await
    }

    async fn ask<R>(
        &self,
        request: R,
        user: Option<&UserId>,
        versions: &SupportedVersions,
    ) -> Result<R::IncomingResponse, Fault>
    where
        R: OutgoingRequest + OutgoingRequestAppserviceExt,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let identity = user.map(AppserviceUserIdentity::new).unwrap_or_default();
        let request = request
            .try_into_http_request_with_identity::<Vec<u8>>(
                &self.base_url,
                // Also where the spec asks for none: homeservers can be set to want one all the same.
                SendAccessToken::Always(self.token.expose_secret()),
                identity,
                Cow::Borrowed(versions),
            )
            .map_err(|fault| unspeakable(&fault))?;
        let request = reqwest::Request::try_from(request).map_err(|fault| unspeakable(&fault))?;
        self.exchange::<R::IncomingResponse>(request).await
    }

    async fn exchange<R: IncomingResponse>(&self, request: reqwest::Request) -> Result<R, Fault> {
        let response = self
            .http
            .execute(request)
            .await
            .map_err(|fault| lost(&fault))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let body = read(response).await?;
        if !status.is_success() {
            return Err(fault(status, &body, retry_after));
        }
        let answer = http::Response::builder()
            .status(status)
            .body(body.as_slice())
            .map_err(|fault| unspeakable(&fault))?;
        R::try_from_http_response(answer).map_err(|fault| Fault::Unknown {
            reason: format!("the homeserver's answer makes no sense: {fault}"),
        })
    }
}

/// Notes how long a request took, and what it came to.
async fn counted<T>(
    endpoint: &'static str,
    request: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let begun = Instant::now();
    let answer = request.await;
    HOMESERVER_TIME.observe(begun.elapsed(), [endpoint]);
    HOMESERVER_REQUESTS.count([endpoint, outcome_word(answer.as_ref().err())]);
    answer
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let value = response.headers().get(http::header::RETRY_AFTER)?;
    let seconds = value.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The versions of which an endpoint's path is asked for.
fn version(version: MatrixVersion) -> SupportedVersions {
    SupportedVersions {
        versions: [version].into_iter().collect(),
        features: std::collections::BTreeSet::new(),
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|fault| lost(&fault))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Fault::Unknown {
                reason: "the homeserver's answer is too long".to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The user id of somebody on our homeserver.
///
/// # Errors
///
/// Says why the localpart can't be part of one.
pub fn user_id(
    localpart: &str,
    server: &ruma::ServerName,
) -> Result<OwnedUserId, ruma::IdParseError> {
    UserId::parse_with_server_name(localpart, server)
}
