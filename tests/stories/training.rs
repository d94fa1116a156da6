//! A room with Jane, as many stories begin.

use crate::support::world::{Options, World};

pub const JANE: (&str, &str) = ("jane@acme.com", "Jane Doe");

/// Letters wait until somebody sends them.
pub fn patient() -> Options {
    Options {
        quiet: "10m",
        at_most: "10m",
        ..Options::default()
    }
}

/// As [`patient`], where little goes into a mail: what is larger gets a link.
pub fn small_mails() -> Options {
    Options {
        max_size: "1MB",
        public: true,
        ..patient()
    }
}

/// A world, and a room in it with Jane.
pub async fn training(options: Options) -> (World, String) {
    let world = World::start(options).await;
    let room = world.room("Training", &[JANE]).await;
    (world, room)
}
