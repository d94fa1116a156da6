//! `postroom doctor` and a PostgreSQL database.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use crate::{
    doctor::{change, doctor, healthy_with},
    support::{
        database::{Choice, OwnServer},
        world::Options,
    },
};

const ONLY: [&str; 2] = ["--only", "database"];

#[tokio::test(flavor = "multi_thread")]
async fn tells_what_is_wrong_with_a_database_server() {
    let server = OwnServer::start();
    let (mut world, _dns) = healthy_with(Options {
        database: Choice::At(server.url.clone()),
        ..Options::default()
    })
    .await;
    // The database's URL stands in it.
    let config = world.folder.join("config.yaml");
    std::fs::set_permissions(config, Permissions::from_mode(0o600)).unwrap();
    let mut database = world.database().await;
    let url = world.database_url();

    // The tests' server forgets at a power cut, for speed; and that is all.
    let found = doctor(&world, &ONLY).await;
    assert_eq!(found.ill(), ["database/durability"], "{:#?}", found.checks);
    found.says("database/durability", "fault", &["fsync", "ALTER SYSTEM"]);
    found.says("database/in charge", "ok", &["a Postroom from"]);
    found.says("database/writing", "ok", &["taken back"]);
    let all = doctor(&world, &[]).await;
    assert_eq!(all.ill(), ["database/durability"], "{:#?}", all.checks);

    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)";
    database.execute(newer).await;
    let found = doctor(&world, &ONLY).await;
    found.says("database/version", "fault", &["9999", "newer Postroom"]);
    found.says("database/writing", "skipped", &[]);
    let gone = "DELETE FROM _sqlx_migrations WHERE version = 9999";
    database.execute(gone).await;

    let (place, _) = url.rsplit_once('/').unwrap();
    let other = format!("{place}/no_such_database");
    change(&world, "config.yaml", &url, &other);
    let found = doctor(&world, &ONLY).await;
    found.says(
        "database/server",
        "fault",
        &["no_such_database", "createdb --owner="],
    );
    change(&world, "config.yaml", &other, &url);

    database
        .execute("CREATE ROLE weak LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak")
        .await;
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    for (user, check, remedy) in [
        ("weak", "database/writing", "ALTER DATABASE"),
        ("nobody_known", "database/server", "pg_hba.conf"),
    ] {
        let other = format!("{scheme}://{user}@{host}");
        change(&world, "config.yaml", &url, &other);
        let found = doctor(&world, &ONLY).await;
        found.says(check, "fault", &[user, remedy]);
        change(&world, "config.yaml", &other, &url);
    }

    database.close().await;
    world.stop_postroom().await;
    let found = doctor(&world, &ONLY).await;
    found.says("database/in charge", "ok", &["no Postroom"]);
    server.control("stop");
    let found = doctor(&world, &ONLY).await;
    found.says("database/server", "fault", &["systemctl start postgresql"]);
    found.says("database/version", "skipped", &["can't be used"]);
    server.control("start");
    world.start_postroom().await;
    world.finish().await;
}
