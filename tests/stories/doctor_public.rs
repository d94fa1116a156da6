//! Doctor looks whether customers find the pages.

use crate::{
    doctor::{change, doctor, healthy_with},
    support::{database::Choice, world::Options},
};

fn with_pages() -> Options {
    Options {
        database: Choice::Sqlite,
        public: true,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_customers_find_are_fine() {
    let (mut world, _dns) = healthy_with(with_pages()).await;
    let found = doctor(&world, &["--only", "public"]).await;
    found.says("public/encryption", "ok", &["none needed"]);
    found.says("public/listener", "ok", &["127.0.0.1"]);
    found.says("public/address", "ok", &["/mail"]);
    world.stop_postroom().await;
    let found = doctor(&world, &["--only", "public"]).await;
    found.says("public/listener", "ok", &[]);
    found.says("public/address", "skipped", &["doesn't run"]);
    world.finish_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_elsewhere_is_a_fault() {
    let (world, _dns) = healthy_with(with_pages()).await;
    let there = world.public_url();
    change(&world, "config.yaml", &there, &world.operations_url());
    let found = doctor(&world, &["--only", "public"]).await;
    found.says("public/listener", "ok", &[]);
    found.says(
        "public/address",
        "fault",
        &["something else than Postroom answers", "nginx"],
    );
    change(
        &world,
        "config.yaml",
        &format!("public: {{url: \"{}", world.operations_url()),
        "public: {url: \"http://post.example.org",
    );
    let found = doctor(&world, &["--only", "public"]).await;
    found.says("public/encryption", "fault", &["reads the files", "https"]);
    world.finish().await;
}
