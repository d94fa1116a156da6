//! A homeserver for one appservice that keeps Synapse's rules, within the test process.
//!
//! Here: the handle by which a test starts it, looks into it and disturbs it. [`door`] listens,
//! [`api`] receives, [`route`] and [`endpoints`] are the client-server API, [`world`], [`room`],
//! [`membership`] and [`creation`] the rules, [`push`] the transactions, [`faults`] what goes wrong, [`user`] people with clients.
//! A new endpoint is a variant of [`route::Route`]; the compiler leads to the rest.
#![allow(
    dead_code,
    reason = "each test binary uses only a part of what is here"
)]

mod api;
mod creation;
mod door;
mod endpoints;
mod faults;
mod membership;
mod push;
mod refusal;
mod room;
mod route;
mod user;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use faults::{Fault, FaultId};
pub use push::Attempt;
pub use room::{Membership, Receipt, TimelineEvent};
pub use user::FakeUser;
pub use world::{Media, Profile};

use faults::Faults;
use world::World;

/// How the homeserver knows the appservice, and how patient it is.
#[derive(Debug, Clone)]
pub struct FakeConfig {
    pub server_name: String,
    pub as_token: String,
    pub hs_token: String,
    /// Without a slash at the end. May be set later, see [`FakeHomeserver::set_appservice_url`].
    pub appservice_url: String,
    pub sender_localpart: String,
    /// Localparts that begin so belong to the appservice.
    pub user_prefix: String,
    /// How long the appservice may take for a transaction; Synapse: 60 s.
    pub push_timeout: Duration,
    /// The wait after the first failed push, which doubles up to 256 times this; Synapse: 2 s.
    pub backoff_base: Duration,
    /// The largest upload in bytes.
    pub max_upload: usize,
}

impl Default for FakeConfig {
    fn default() -> Self {
        Self {
            server_name: "example.org".into(),
            as_token: "as-token".into(),
            hs_token: "hs-token".into(),
            appservice_url: "http://127.0.0.1:1".into(),
            sender_localpart: "postroom".into(),
            user_prefix: "_email_".into(),
            push_timeout: Duration::from_mins(1),
            backoff_base: Duration::from_secs(2),
            max_upload: 50 * 1024 * 1024,
        }
    }
}

/// A running homeserver. Clones are handles of the same one; it stops with the last of them.
#[derive(Clone)]
pub struct FakeHomeserver {
    shared: Arc<Shared>,
    door: door::Handle,
    _stop: Arc<DropGuard>,
}

/// What the handle, the endpoints and the pusher share. No lock is held across an await.
pub struct Shared {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    client: reqwest::Client,
}

impl Shared {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeHomeserver {
    /// Listens on a free port of 127.0.0.1 and begins to push. Runs on the caller's runtime.
    pub async fn start(config: FakeConfig) -> Self {
        // Fails if another test of this process has installed it: then it is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a plain client");
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(config)),
            faults: Mutex::new(Faults::default()),
            client: client.clone(),
        });
        let stop = CancellationToken::new();
        let (socket, door) = door::listen().await;
        let app = axum::Router::new()
            .fallback(api::serve)
            .with_state(shared.clone());
        let app = app.into_make_service_with_connect_info::<door::Cut>();
        let stopped = stop.clone();
        let at_end = door.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = axum::serve(socket, app) => {}
                () = stopped.cancelled() => at_end.cut_all(),
            }
        });
        tokio::spawn(push::run(shared.clone(), client, stop.clone()));
        Self {
            shared,
            door,
            _stop: Arc::new(stop.drop_guard()),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The base URL of the client-server API, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// For an appservice whose port is known only once it runs.
    pub fn set_appservice_url(&self, url: &str) {
        url.trim_end_matches('/')
            .clone_into(&mut self.world().config.appservice_url);
    }

    /// Forgets what Synapse forgets at a restart: open connections, answers to transaction ids,
    /// and how far the numbers of pushed transactions were.
    pub fn restart(&self) {
        self.door.cut_all();
        let mut world = self.world();
        world.transactions.clear();
        world.queue.restart();
    }

    /// Refuses connections, until [`Self::up`]. Pushing goes on.
    pub async fn down(&self) {
        self.door.shut().await;
    }

    /// Listens again on the same port.
    pub async fn up(&self) {
        self.door.open().await;
    }

    /// Closes every open connection without a word.
    pub fn cut_connections(&self) {
        self.door.cut_all();
    }

    /// The user `@name:server`, registered if new; a whole MXID may name a remote user.
    pub fn user(&self, name: &str) -> FakeUser {
        let mut world = self.world();
        let (id, displayname) = if let Some(rest) = name.strip_prefix('@') {
            let localpart = rest.split(':').next().unwrap_or_default();
            (name.to_owned(), localpart.to_owned())
        } else {
            (
                format!("@{name}:{}", world.config.server_name),
                name.to_owned(),
            )
        };
        let profile = Profile {
            displayname: Some(displayname),
            avatar_url: None,
        };
        world.users.entry(id.clone()).or_insert(profile);
        drop(world);
        FakeUser::new(self.clone(), id)
    }

    /// The MXID of the appservice's own user.
    pub fn bot(&self) -> String {
        self.world().bot()
    }

    // What can be read.

    /// Every event of a room from its beginning, redactions applied.
    pub fn timeline(&self, room: &str) -> Vec<TimelineEvent> {
        self.world()
            .rooms
            .get(room)
            .map(|room| room.events().to_vec())
            .unwrap_or_default()
    }

    /// Sender and body of every `m.room.message`, in order.
    pub fn messages(&self, room: &str) -> Vec<(String, String)> {
        let timeline = self.timeline(room).into_iter();
        timeline
            .filter(|event| event.kind == "m.room.message")
            .map(|event| (event.sender.clone(), event.body().to_owned()))
            .collect()
    }

    /// The content of a state event.
    pub fn state(&self, room: &str, kind: &str, key: &str) -> Option<Value> {
        self.world()
            .rooms
            .get(room)?
            .state(kind, key)
            .map(|event| event.content.clone())
    }

    /// Everybody who is or was in a room.
    pub fn members(&self, room: &str) -> BTreeMap<String, Membership> {
        self.world().members(room)
    }

    /// Receipts and read markers in the order of their first setting.
    pub fn receipts(&self, room: &str) -> Vec<Receipt> {
        self.world()
            .rooms
            .get(room)
            .map(|room| room.receipts.clone())
            .unwrap_or_default()
    }

    /// Whom the appservice shows as typing.
    pub fn typing_in(&self, room: &str) -> Vec<String> {
        self.world()
            .rooms
            .get(room)
            .map(|room| room.typing.clone())
            .unwrap_or_default()
    }

    /// The ids of all rooms, in no order.
    pub fn rooms(&self) -> Vec<String> {
        self.world().rooms.keys().cloned().collect()
    }

    pub fn profile(&self, user: &str) -> Option<Profile> {
        self.world().users.get(user).cloned()
    }

    /// A file by its `mxc:` address.
    pub fn media(&self, uri: &str) -> Option<Media> {
        self.world().media.get(uri).cloned()
    }

    /// Every file that was uploaded by somebody of the appservice, in no order; without the pictures of
    /// the users themselves.
    pub fn uploads(&self) -> Vec<Media> {
        let world = self.world();
        let files = world.media.values();
        files
            .filter(|file| !file.uploader.is_empty() && file.bytes.is_some())
            .filter(|file| file.filename.as_deref() != Some("avatar"))
            .cloned()
            .collect()
    }

    /// Whether a user of the appservice was given up.
    pub fn is_deactivated(&self, user: &str) -> bool {
        self.world().deactivated.contains(user)
    }

    /// From now on no larger file is taken, in bytes.
    pub fn set_max_upload(&self, bytes: usize) {
        self.world().config.max_upload = bytes;
    }

    /// The first event of the room, old or new, that `wanted` accepts; `None` after `timeout`.
    pub async fn wait_for(
        &self,
        room: &str,
        timeout: Duration,
        wanted: impl Fn(&TimelineEvent) -> bool,
    ) -> Option<TimelineEvent> {
        let mut seen = 0;
        self.wait_until(timeout, |world| {
            let events = world.rooms.get(room)?.events();
            let found = events[seen..].iter().find(|event| wanted(event)).cloned();
            seen = events.len();
            found
        })
        .await
    }

    /// Waits until the appservice has taken every event; false after `timeout`.
    pub async fn wait_pushed(&self, timeout: Duration) -> bool {
        self.wait_until(timeout, |world| world.queue.is_empty().then_some(()))
            .await
            .is_some()
    }

    // What the appservice is sent.

    /// Every attempt to push since the start or the last [`Self::forget_attempts`].
    pub fn attempts(&self) -> Vec<Attempt> {
        self.world().queue.attempts.clone()
    }

    pub fn forget_attempts(&self) {
        self.world().queue.attempts.clear();
    }

    /// Waits for the `n`th attempt to push; false after `timeout`.
    pub async fn wait_attempts(&self, n: usize, timeout: Duration) -> bool {
        let enough = |world: &World| (world.queue.attempts.len() >= n).then_some(());
        self.wait_until(timeout, enough).await.is_some()
    }

    /// Events that the appservice has not taken yet.
    pub fn backlog(&self) -> usize {
        self.world().queue.backlog()
    }

    /// While held nothing is pushed, and events gather.
    pub fn hold_pushes(&self, is_held: bool) {
        self.world().queue.hold(is_held);
    }

    /// The next `n` transactions that the appservice takes count as failed: their answers got
    /// lost on the way, and they come again under the same id.
    pub fn lose_answers(&self, n: u32) {
        self.world().queue.answers_to_lose = n;
    }

    /// Pushes an event that is in no room: a forged one.
    pub fn push_forged(&self, event: &Value) {
        let id = event["event_id"].as_str().unwrap_or_default().to_owned();
        self.world().queue.event(id, event.to_string(), None);
    }

    /// Makes a room as it was wished for, long after whoever asked has stopped waiting for it.
    pub fn make_late(&self, creator: &str, wish: &Value) -> String {
        let made = self.world().create_room(creator, wish);
        made.expect("a room that can be made")
    }

    /// Deletes a room as an administrator does by Synapse's API: everybody of this server leaves, as if
    /// by themselves, and then the room is unknown.
    pub fn delete_room(&self, room: &str) {
        let mut world = self.world();
        for (user, membership) in world.members(room) {
            if membership == Membership::Join && world.local(&user).is_some() {
                let leave = Membership::Leave;
                let left = world.set_membership(room, &user, &user, leave, None);
                left.expect("whoever is in a room may leave it");
            }
        }
        world.rooms.remove(room);
    }

    /// Pushes an event once more in a new transaction, as Synapse does now and then.
    pub fn push_again(&self, room: &str, event: &str) {
        let mut world = self.world();
        let known = world.rooms.get(room).and_then(|room| room.event(event));
        let json = known.expect("an event of this room").to_json().to_string();
        world.queue.event(event.to_owned(), json, None);
    }

    /// Tells the appservice who is typing in a room; nobody, if `users` is empty.
    pub fn typing(&self, room: &str, users: &[&str]) {
        self.ephemeral(&json!({
            "type": "m.typing", "room_id": room, "content": {"user_ids": users},
        }));
    }

    /// Pushes any ephemeral event, unless the appservice is down.
    pub fn ephemeral(&self, event: &Value) {
        self.world().queue.ephemeral(event);
    }

    // What goes wrong, and counting.

    pub fn fault(&self, fault: Fault) -> FaultId {
        self.shared.faults().add(fault)
    }

    pub fn clear_fault(&self, id: FaultId) {
        self.shared.faults().clear(id);
    }

    pub fn clear_faults(&self) {
        self.shared.faults().clear_all();
    }

    /// How often a fault has struck.
    pub fn hits(&self, id: FaultId) -> u64 {
        self.shared.faults().hits(id)
    }

    /// How often an endpoint was called, faults included, by the name in `Route::name`.
    pub fn count(&self, endpoint: &str) -> u64 {
        self.shared.faults().count(endpoint)
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.shared.faults().counts()
    }

    pub fn reset_counts(&self) {
        self.shared.faults().reset_counts();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    async fn wait_until<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.world().changes.subscribe();
        let looking = async {
            loop {
                changes.borrow_and_update();
                let found = look(&self.world());
                if found.is_some() {
                    return found;
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, looking)
            .await
            .unwrap_or_default()
    }
}
