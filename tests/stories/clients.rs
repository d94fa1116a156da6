//! dump
use crate::support::world::{Options, World};

#[tokio::test(flavor = "multi_thread")]
async fn dump() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Kernel training Lyon", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&room, "Hello Jane,\n\nwould Tuesday suit you for the kernel training?\n\nAnd shall we bring the boards?");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    std::fs::write("/tmp/clients/letter.eml", &letter.raw).unwrap();
    world.finish().await;
}
