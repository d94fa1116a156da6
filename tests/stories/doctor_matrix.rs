//! What doctor says of the homeserver and of the control room.

use serde_json::json;

use crate::{
    doctor::{change, doctor, healthy},
    support::fake_homeserver::Fault,
};

const ONLY: [&str; 2] = ["--only", "homeserver"];

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_knows_another_registration() {
    let (world, _dns) = healthy().await;
    change(
        &world,
        "registration.yaml",
        "as-token-of-the-story",
        "other-token-of-the-story",
    );
    let found = doctor(&world, &["--only", "homeserver", "control_room"]).await;
    let remedy = [
        "app_service_config_files",
        "registration.yaml",
        "restart matrix-synapse",
    ];
    found.says("homeserver/token", "fault", &remedy);
    for skipped in ["homeserver/bot", "homeserver/namespace", "homeserver/ping"] {
        found.says(skipped, "skipped", &["doesn't take our token"]);
    }
    found.says("control_room/room", "skipped", &["can't be asked"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_of_bot_or_server() {
    let (world, _dns) = healthy().await;
    change(
        &world,
        "registration.yaml",
        "sender_localpart: postroom",
        "sender_localpart: post",
    );
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/bot",
        "fault",
        &["@postroom:example.org", "sender_localpart"],
    );
    change(
        &world,
        "registration.yaml",
        "sender_localpart: post",
        "sender_localpart: postroom",
    );
    change(
        &world,
        "config.yaml",
        "server_name: example.org",
        "server_name: example.com",
    );
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/bot",
        "fault",
        &["homeserver.server_name", "example.org"],
    );
    found.says(
        "homeserver/namespace",
        "fault",
        &["masquerade", "app_service_config_files"],
    );
    found.says(
        "homeserver/registration",
        "warning",
        &["namespace", "postroom registration"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_is_none_or_old() {
    let (world, _dns) = healthy().await;
    let fault = world.homeserver.fault(Fault::status(404).at("versions"));
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/reachable",
        "fault",
        &["answers 404", "homeserver.url"],
    );
    found.says("homeserver/token", "skipped", &["no homeserver"]);
    world.homeserver.clear_fault(fault);
    let smtp = world.sink.address().to_string();
    let homeserver = world.homeserver.url();
    change(
        &world,
        "config.yaml",
        &homeserver,
        &format!("http://{smtp}"),
    );
    let found = doctor(&world, &ONLY).await;
    found.says("homeserver/reachable", "fault", &["homeserver.url"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_that_comes_to_nothing() {
    let (mut world, _dns) = healthy().await;
    world.stop_postroom().await;
    let ours = world.appservice_url();
    // Nobody listens there.
    world.homeserver.set_appservice_url("http://127.0.0.1:1");
    let found = doctor(&world, &ONLY).await;
    let parts = [
        "M_CONNECTION_FAILED",
        "can't reach Postroom",
        "appservice.url",
        "appservice.listen",
    ];
    found.says("homeserver/ping", "fault", &parts);
    // Something else does.
    let elsewhere = world.homeserver.url();
    world.homeserver.set_appservice_url(&elsewhere);
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/ping",
        "fault",
        &["M_BAD_STATUS", "not Postroom", "appservice.url"],
    );
    world.homeserver.set_appservice_url(&ours);

    let slow = world
        .homeserver
        .fault(Fault::error(504, "M_CONNECTION_TIMEOUT").at("ping"));
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/ping",
        "fault",
        &["M_CONNECTION_TIMEOUT", "firewall"],
    );
    world.homeserver.clear_fault(slow);

    change(
        &world,
        "registration.yaml",
        "hs-token-of-the-story",
        "other-token-of-the-story",
    );
    let found = doctor(&world, &ONLY).await;
    let parts = ["HTTP 403", "another hs_token", "restart matrix-synapse"];
    found.says("homeserver/ping", "fault", &parts);
    change(
        &world,
        "registration.yaml",
        "other-token-of-the-story",
        "hs-token-of-the-story",
    );

    world.start_postroom().await;
    change(
        &world,
        "registration.yaml",
        "hs-token-of-the-story",
        "other-token-of-the-story",
    );
    let found = doctor(&world, &ONLY).await;
    found.says(
        "homeserver/ping",
        "fault",
        &["hs_token", "systemctl restart postroom"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_lacks_something() {
    let (world, _dns) = healthy().await;
    change(&world, "registration.yaml", "rate_limited: false\n", "");
    change(&world, "registration.yaml", "receive_ephemeral: true\n", "");
    change(&world, "registration.yaml", "_email_.*", "_mail_.*");
    let found = doctor(&world, &ONLY).await;
    found.says("homeserver/rate limit", "warning", &["rate_limited: false"]);
    found.says("homeserver/typing", "warning", &["receive_ephemeral: true"]);
    found.says("homeserver/registration", "warning", &["namespace"]);
    assert_eq!(found.code, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_room_in_which_nothing_can_be_said() {
    let (world, _dns) = healthy().await;
    let only = ["--only", "control_room"];
    let room = world.control_room.clone();
    let levels = json!({"users": {}, "events_default": 50, "users_default": 0});
    world
        .ann
        .set_state(&room, "m.room.power_levels", "", levels);
    let found = doctor(&world, &only).await;
    let parts = ["level 0", "need 50", "@postroom:example.org power level 50"];
    found.says("control_room/writing", "fault", &parts);
    let encryption = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    world
        .ann
        .set_state(&room, "m.room.encryption", "", encryption);
    let found = doctor(&world, &only).await;
    found.says(
        "control_room/encryption",
        "fault",
        &["encrypted", "new room"],
    );
    world.settled().await;

    world.ann.kick(&room, "@postroom:example.org");
    let found = doctor(&world, &only).await;
    found.says(
        "control_room/room",
        "fault",
        &["is not in", "Invite @postroom:example.org"],
    );
    found.says("control_room/writing", "skipped", &["isn't in the room"]);
    change(&world, "config.yaml", "control_room:", "# control_room:");
    let found = doctor(&world, &only).await;
    found.says("control_room/room", "warning", &["control_room: \\\"!"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triage_room_in_which_nobody_can_be_asked() {
    let (world, _dns) = healthy().await;
    let only = ["--only", "control_room"];
    let desk = world.ann.create_room("Sales desk");
    let triage_room = format!("triage_room: \"{desk}\"\n    smtp: {{url:");
    change(&world, "config.yaml", "smtp: {url:", &triage_room);
    let found = doctor(&world, &only).await;
    let parts = [
        "is not in",
        "Invite @postroom:example.org",
        "mailboxes.support.triage_room",
    ];
    found.says("control_room/support: triage room", "fault", &parts);
    found.says("control_room/room", "ok", &[]);

    world.ann.invite(&desk, "@postroom:example.org");
    world
        .until("the bot joins", || world.bot_says(&desk, ""))
        .await;
    let encryption = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    world
        .ann
        .set_state(&desk, "m.room.encryption", "", encryption);
    let found = doctor(&world, &only).await;
    found.says("control_room/support: triage room", "ok", &[]);
    let parts = ["encrypted", "mailboxes.support.triage_room"];
    found.says("control_room/support: triage encryption", "fault", &parts);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_homeserver_does_not_do_is_not_held_against_others() {
    let (world, _dns) = healthy().await;
    world
        .homeserver
        .fault(Fault::error(500, "M_UNKNOWN").at("joined_rooms").times(1));
    let found = doctor(&world, &["--only", "control_room"]).await;
    found.says("control_room/room", "skipped", &["M_UNKNOWN"]);
    world.finish().await;
}
