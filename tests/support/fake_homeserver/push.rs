//! Pushing transactions to the appservice as Synapse does: in order, one in flight, the same id
//! and body on every retry.
//!
//! While all is well a transaction takes what has gathered, at most 100 events. When one fails it
//! is tried again after 2, 4, 8 … 512 s (times `backoff_base`/2 s), or at once after a ping.
//! Until the backlog is gone each event then has a transaction of its own, and ephemeral events
//! are dropped. Finished transactions leave no trace, so that after a restart numbers begin anew
//! above those still unsent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::world::World;

/// Events of one transaction, at most.
const MAX_EVENTS: usize = 100;
/// Ephemeral events of one transaction, at most.
const MAX_EPHEMERAL: usize = 100;
/// The backoff doubles up to 2⁹ s with Synapse's base.
const MAX_BACKOFF: u32 = 8;

/// One attempt to push a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub transaction: String,
    /// The events in it, in order.
    pub events: Vec<String>,
    /// How many ephemeral events were in it.
    pub ephemeral: usize,
    /// What the appservice answered; `None` if there was no answer.
    pub status: Option<u16>,
    /// Whether the homeserver took it for done.
    pub done: bool,
}

/// What waits for the appservice.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    ephemeral: VecDeque<String>,
    /// Tried without success, and to be tried again.
    unsent: Option<Transaction>,
    /// The number of the transaction in flight.
    in_flight: Option<u64>,
    last_number: u64,
    /// Failed attempts in a row.
    failures: u32,
    pace: Pace,
    pub is_held: bool,
    pub answers_to_lose: u32,
    pub attempts: Vec<Attempt>,
    wake: Arc<Notify>,
    retry: Arc<Notify>,
    restarted: Arc<Notify>,
}

/// How it goes with the appservice.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Nothing has failed.
    #[default]
    Steady,
    /// An attempt has failed: the backoff is next.
    Failed,
    Asleep,
    /// The backoff is over: a retry is next.
    Awake,
    /// A retry has worked, and the backlog is not gone yet.
    CatchingUp,
}

struct Waiting {
    event: String,
    json: String,
    /// A user of the namespace that nobody has registered: the appservice is asked first.
    unknown: Option<String>,
}

#[derive(Clone)]
struct Transaction {
    number: u64,
    body: Bytes,
    events: Vec<String>,
    ephemeral: usize,
}

enum Step {
    Send(Transaction),
    Ask(String),
    Sleep(Duration),
    Rest,
}

impl Queue {
    pub fn event(&mut self, event: String, json: String, unknown: Option<String>) {
        self.waiting.push_back(Waiting {
            event,
            json,
            unknown,
        });
        self.wake.notify_one();
    }

    /// Queues an ephemeral event; dropped while the appservice is down.
    pub fn ephemeral(&mut self, event: &Value) {
        if self.pace == Pace::Steady {
            self.ephemeral.push_back(event.to_string());
            self.wake.notify_one();
        }
    }

    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
        self.wake.notify_one();
    }

    /// Ends a backoff, if there is one, at once.
    pub fn retry_now(&mut self) {
        if self.pace == Pace::Asleep {
            self.retry.notify_one();
        }
    }

    /// Whether everything has been taken by the appservice.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
            && self.ephemeral.is_empty()
            && self.unsent.is_none()
            && self.in_flight.is_none()
    }

    /// How many events have not been taken yet.
    pub fn backlog(&self) -> usize {
        self.waiting.len() + self.unsent.as_ref().map_or(0, |unsent| unsent.events.len())
    }

    /// Forgets what a restart forgets: how far the numbers were, how long to wait, ephemeral
    /// events, and to listen for the answer to the transaction in flight, which comes again.
    pub fn restart(&mut self) {
        let unsent = self.unsent.as_ref().map(|unsent| unsent.number);
        self.last_number = unsent.or(self.in_flight).unwrap_or(0);
        if self.in_flight.is_some() {
            self.restarted.notify_one();
        }
        self.failures = self.failures.min(1);
        self.ephemeral.clear();
        self.retry_now();
        if self.pace == Pace::Asleep {
            self.pace = Pace::Failed;
        }
    }

    fn next_step(&mut self, base: Duration) -> Step {
        if self.is_held {
            return Step::Rest;
        }
        if let Some(unsent) = &self.unsent {
            if self.pace == Pace::Failed {
                self.pace = Pace::Asleep;
                return Step::Sleep(base * 2u32.pow((self.failures - 1).min(MAX_BACKOFF)));
            }
            return Step::Send(unsent.clone());
        }
        if let Some(first) = self.waiting.front_mut()
            && let Some(unknown) = first.unknown.take()
        {
            return Step::Ask(unknown);
        }
        let limit = if self.pace == Pace::Steady {
            MAX_EVENTS
        } else {
            1
        };
        let asking = self
            .waiting
            .iter()
            .take(limit)
            .skip(1)
            .position(|w| w.unknown.is_some());
        let count = asking
            .map_or(limit, |place| place + 1)
            .min(self.waiting.len());
        let ephemeral = self.ephemeral.len().min(MAX_EPHEMERAL);
        if count == 0 && ephemeral == 0 {
            self.pace = Pace::Steady;
            return Step::Rest;
        }
        let events: Vec<Waiting> = self.waiting.drain(..count).collect();
        let edus: Vec<String> = self.ephemeral.drain(..ephemeral).collect();
        self.last_number += 1;
        Step::Send(Transaction {
            number: self.last_number,
            body: body(&events, &edus),
            events: events.into_iter().map(|waiting| waiting.event).collect(),
            ephemeral: edus.len(),
        })
    }

    fn wake_up(&mut self) {
        // Else a restart came meanwhile, and the backoff begins anew.
        if self.pace == Pace::Asleep {
            self.pace = Pace::Awake;
        }
    }

    fn settle(&mut self, transaction: Transaction, status: Option<u16>, mut done: bool) {
        if done && self.answers_to_lose > 0 {
            self.answers_to_lose -= 1;
            done = false;
        }
        self.attempts.push(Attempt {
            transaction: transaction.number.to_string(),
            events: transaction.events.clone(),
            ephemeral: transaction.ephemeral,
            status,
            done,
        });
        self.in_flight = None;
        if done {
            self.unsent = None;
            self.failures = 0;
            if self.pace != Pace::Steady {
                self.pace = Pace::CatchingUp;
            }
        } else {
            self.unsent = Some(transaction);
            self.failures += 1;
            self.pace = Pace::Failed;
            self.ephemeral.clear();
        }
    }
}

/// Pushes until `end`.
pub async fn run(shared: Arc<Shared>, client: reqwest::Client, end: CancellationToken) {
    let pushing = async {
        let (wake, retry, restarted) = {
            let queue = &shared.world().queue;
            (
                queue.wake.clone(),
                queue.retry.clone(),
                queue.restarted.clone(),
            )
        };
        loop {
            // A restart while nothing was in flight any more concerns no later transaction.
            let _ = restarted.notified().now_or_never();
            let step = {
                let mut world = shared.world();
                let base = world.config.backoff_base;
                let step = world.queue.next_step(base);
                world.queue.in_flight = match &step {
                    Step::Send(transaction) => Some(transaction.number),
                    Step::Ask(_) | Step::Sleep(_) | Step::Rest => None,
                };
                world.changes.send_modify(|changes| *changes += 1);
                step
            };
            match step {
                Step::Send(transaction) => {
                    let request = transaction_request(&shared.world(), &client, &transaction);
                    let (status, done) = tokio::select! {
                        outcome = put(request) => outcome,
                        () = restarted.notified() => (None, false),
                    };
                    shared.world().queue.settle(transaction, status, done);
                }
                Step::Ask(user) => {
                    let request = user_request(&shared.world(), &client, &user);
                    // Whatever it answers, the events follow.
                    let _ = request.send().await;
                }
                Step::Sleep(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = retry.notified() => {}
                    }
                    // A ping in the last moment must not shorten the next wait.
                    let _ = retry.notified().now_or_never();
                    shared.world().queue.wake_up();
                }
                Step::Rest => wake.notified().await,
            }
        }
    };
    tokio::select! {
        () = pushing => {}
        () = end.cancelled() => {}
    }
}

/// A request to the appservice with the homeserver's token.
pub fn request(
    world: &World,
    client: &reqwest::Client,
    method: reqwest::Method,
    path: &str,
) -> reqwest::RequestBuilder {
    let url = format!("{}/_matrix/app/v1/{path}", world.config.appservice_url);
    client
        .request(method, url)
        .bearer_auth(&world.config.hs_token)
        .header("content-type", "application/json")
        .timeout(world.config.push_timeout)
}

fn transaction_request(
    world: &World,
    client: &reqwest::Client,
    transaction: &Transaction,
) -> reqwest::RequestBuilder {
    let path = format!("transactions/{}", transaction.number);
    request(world, client, reqwest::Method::PUT, &path).body(transaction.body.clone())
}

fn user_request(world: &World, client: &reqwest::Client, user: &str) -> reqwest::RequestBuilder {
    let user: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    request(
        world,
        client,
        reqwest::Method::GET,
        &format!("users/{user}"),
    )
}

/// Done only if the answer is 2xx with a JSON body.
async fn put(request: reqwest::RequestBuilder) -> (Option<u16>, bool) {
    let Ok(response) = request.send().await else {
        return (None, false);
    };
    let status = response.status();
    let is_json = response.json::<Value>().await.is_ok();
    (Some(status.as_u16()), status.is_success() && is_json)
}

fn body(events: &[Waiting], ephemeral: &[String]) -> Bytes {
    let size = events
        .iter()
        .map(|waiting| waiting.json.len() + 1)
        .sum::<usize>();
    let mut body = String::with_capacity(size + 100);
    body.push_str("{\"events\":[");
    for (place, waiting) in events.iter().enumerate() {
        if place > 0 {
            body.push(',');
        }
        body.push_str(&waiting.json);
    }
    body.push(']');
    for name in ["ephemeral", "de.sorunome.msc2409.ephemeral"] {
        body.push_str(",\"");
        body.push_str(name);
        body.push_str("\":[");
        body.push_str(&ephemeral.join(","));
        body.push(']');
    }
    body.push('}');
    Bytes::from(body)
}
