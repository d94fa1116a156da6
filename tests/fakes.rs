//! The fakes keep the rules of what they stand for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod support;

#[path = "fakes/client_server.rs"]
mod client_server;
#[path = "fakes/faults.rs"]
mod faults;
#[path = "fakes/lmtp.rs"]
mod lmtp;
#[path = "fakes/pushing.rs"]
mod pushing;
#[path = "fakes/scene.rs"]
mod scene;
#[path = "fakes/smtp.rs"]
mod smtp;
