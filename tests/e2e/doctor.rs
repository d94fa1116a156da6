//! Doctor beside the real servers: what only they answer.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    stage::{Scenery, Stage},
    support::{
        doctor::{Diagnosis, ask},
        servers::{
            folder::Folder,
            mail_servers::{MailOptions, MailServers},
            postroom::{BOT, Postroom, Settings},
            synapse::{Synapse, SynapseOptions},
        },
    },
};

/// Asks doctor on a configuration beside Postroom's own, in which `changes` were made: from, to.
async fn doctor_with(
    postroom: &Postroom,
    changes: &[(&str, &str)],
    arguments: &[&str],
) -> Result<Diagnosis> {
    let own = postroom.configuration();
    let mut text = std::fs::read_to_string(&own)?;
    for (from, to) in changes {
        assert!(text.contains(from), "“{from}” is not in {text}");
        text = text.replace(from, to);
    }
    let changed: PathBuf = own.with_file_name("changed.yaml");
    std::fs::write(&changed, text)?;
    std::fs::set_permissions(
        &changed,
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )?;
    Ok(doctor(&changed, postroom, arguments).await)
}

async fn doctor(config: &Path, postroom: &Postroom, arguments: &[&str]) -> Diagnosis {
    let (as_token, hs_token) = postroom.tokens();
    ask(config, arguments, &[as_token, hs_token]).await
}

/// Writes a registration beside Postroom's own, with something else in it.
fn registration(name: &str, from: &str, to: &str, postroom: &Postroom) -> Result<()> {
    let text = postroom.registration();
    assert!(text.contains(from), "“{from}” is not in {text}");
    let path = postroom.configuration().with_file_name(name);
    std::fs::write(&path, text.replace(from, to))?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_installation_is_well_and_its_mail_comes_back() -> Result<()> {
    let stage = Stage::set("0s").await?;
    let config = stage.postroom.configuration();
    let areas = [
        "config",
        "machine",
        "database",
        "homeserver",
        "control_room",
        "smtp",
        "lmtp",
        "reply_address",
        "operations",
    ];
    let arguments = [&["--send", "--only"], &areas[..]].concat();
    let found = doctor(&config, &stage.postroom, &arguments).await;
    // This Postfix signs nothing; all else is as it should be.
    assert_eq!(
        found.ill(),
        ["reply_address/support: DKIM"],
        "{:#?}",
        found.checks
    );
    found.says("homeserver/bot", "ok", &[BOT]);
    found.says("homeserver/namespace", "ok", &["is ours, others are not"]);
    found.says("homeserver/ping", "ok", &["reaches Postroom"]);
    found.says(
        "smtp/support: certificate",
        "ok",
        &["127.0.0.1", "more days"],
    );
    found.says("smtp/support: login", "ok", &["support@example.org"]);
    found.says("smtp/support: size", "ok", &["52.4 MB"]);
    found.says(
        "reply_address/support: there and back",
        "ok",
        &["came back after"],
    );
    stage.settled().await?;
    let said = stage.said_by(BOT, &stage.control_room).await?;
    assert_eq!(said.len(), 1, "only its introduction: {said:?}");

    // An address that the mail servers don't bring back to us.
    let pattern = ("support+{token}@example.org", "{token}@elsewhere.example");
    let arguments = ["--send", "--wait", "5", "--only", "reply_address"];
    let found = doctor_with(&stage.postroom, &[pattern], &arguments).await?;
    let parts = ["250", "delivery report came back", "@elsewhere.example"];
    found.says("reply_address/support: there and back", "fault", &parts);
    Ok(())
}

/// Most people have a mailbox at some provider, and no mail server of their own.
#[tokio::test(flavor = "multi_thread")]
async fn mail_comes_back_by_imap() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        by_imap: true,
        trust: Some("{relays: [\"127.0.0.1\"]}"),
        ..Scenery::default()
    })
    .await?;
    let config = stage.postroom.configuration();
    let arguments = ["--send", "--only", "smtp", "imap", "lmtp", "reply_address"];
    let found = doctor(&config, &stage.postroom, &arguments).await;
    let ill = found.ill();
    assert_eq!(ill, ["reply_address/support: DKIM"], "{:#?}", found.checks);
    let came_back = &["came back after"];
    found.says("reply_address/support: there and back", "ok", came_back);
    found.says("imap/support: folder INBOX", "ok", &["keyword"]);
    stage.settled().await?;
    let said = stage.said_by(BOT, &stage.control_room).await?;
    assert_eq!(said.len(), 1, "only its introduction: {said:?}");

    // And so do customers' answers.
    let room = stage.room("Kernel training").await?;
    let jane = stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    stage.ann.send_text("Hello Jane", &room).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    stage
        .answer(&letter, "jane@acme.com", "Tuesday suits us", "a@acme.com")
        .await?;
    stage.says(&jane, "Tuesday suits us", &room).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_synapse_says_of_another_registration() -> Result<()> {
    let mut stage = Stage::set("0s").await?;
    let arguments = ["--only", "homeserver", "control_room"];
    let with = |file| [("registration: registration.yaml", file)];
    let (as_token, hs_token) = stage.postroom.tokens();
    let other = "0".repeat(64);
    registration("as.yaml", as_token, &other, &stage.postroom)?;
    registration("hs.yaml", hs_token, &other, &stage.postroom)?;
    registration("id.yaml", "id: postroom", "id: mailroom", &stage.postroom)?;

    let found = doctor_with(&stage.postroom, &with("registration: as.yaml"), &arguments).await?;
    let remedy = ["M_UNKNOWN_TOKEN", "app_service_config_files", "as.yaml"];
    found.says("homeserver/token", "fault", &remedy);
    let found = doctor_with(&stage.postroom, &with("registration: id.yaml"), &arguments).await?;
    found.says("homeserver/ping", "fault", &["M_FORBIDDEN", "mailroom"]);
    let found = doctor_with(&stage.postroom, &with("registration: hs.yaml"), &arguments).await?;
    found.says(
        "homeserver/ping",
        "fault",
        &["hs_token", "restart postroom"],
    );

    // Without Postroom doctor stands in for it.
    stage.postroom.stop();
    let found = doctor(&stage.postroom.configuration(), &stage.postroom, &arguments).await;
    assert_eq!(found.ill(), [""; 0], "{:#?}", found.checks);
    found.says("homeserver/ping", "ok", &["in Postroom's place"]);
    let found = doctor_with(&stage.postroom, &with("registration: hs.yaml"), &arguments).await?;
    found.says(
        "homeserver/ping",
        "fault",
        &["M_BAD_STATUS", "403", "another hs_token"],
    );
    // Nothing was lost by it: what is said now comes once Postroom is back.
    let room = stage.ann.create_room("While away", &[BOT]).await?;
    let found = doctor(&stage.postroom.configuration(), &stage.postroom, &arguments).await;
    found.says("homeserver/ping", "ok", &["in Postroom's place"]);
    stage.postroom.start().await?;
    stage.bot_says("I let people take part here", &room).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synapse_with_another_namespace_and_another_url() -> Result<()> {
    let binary = Path::new(env!("CARGO_BIN_EXE_postroom"));
    let postroom = Postroom::new(binary, Folder::create()?)?;
    let theirs = postroom
        .registration()
        .replace("_email_", "_other_")
        .replace(&postroom.appservice_url(), "http://127.0.0.1:1");
    let of_synapse = SynapseOptions {
        registration: Some(theirs),
        ..SynapseOptions::default()
    };
    let of_mail = MailOptions {
        // Taken from everybody, refused to us.
        refused: vec!["support@example.org".to_owned()],
        ..MailOptions::default()
    };
    let (synapse, mail) =
        tokio::try_join!(Synapse::start(&of_synapse), MailServers::start(&of_mail))?;
    postroom.configure(&Settings::new(synapse.url(), &mail))?;
    let config = postroom.configuration();
    let found = doctor(&config, &postroom, &["--only", "homeserver", "smtp"]).await;
    found.says("homeserver/bot", "ok", &[BOT]);
    let parts = ["masquerade", "No customer", "app_service_config_files"];
    found.says("homeserver/namespace", "fault", &parts);
    let parts = ["M_CONNECTION_FAILED", "appservice.url", "appservice.listen"];
    found.says("homeserver/ping", "fault", &parts);
    found.says("smtp/support: login", "ok", &[]);
    found.says(
        "smtp/support: sender",
        "fault",
        &["No such mailbox here", "virtual_mailbox_maps"],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postfix_says_to_a_wrong_password_and_rustls_to_a_strange_authority() -> Result<()> {
    let binary = Path::new(env!("CARGO_BIN_EXE_postroom"));
    let postroom = Postroom::new(binary, Folder::create()?)?;
    let mail = MailServers::start(&MailOptions::default()).await?;
    postroom.configure(&Settings::new("http://127.0.0.1:1".to_owned(), &mail))?;
    let only = ["--only", "smtp"];
    let right = format!("password: \"{}\"", mail.password());
    let wrong = [(right.as_str(), "password: \"not-the-right-one\"")];
    let found = doctor_with(&postroom, &wrong, &only).await?;
    let parts = [
        "535 5.7.8",
        "mailboxes.support.smtp.username",
        "password_file",
    ];
    found.says("smtp/support: login", "fault", &parts);
    found.says("smtp/support: sender", "skipped", &[]);

    let authority = format!(", ca_file: \"{}\"", mail.ca_file().display());
    let found = doctor_with(&postroom, &[(&authority, "")], &only).await?;
    let parts = [
        "nobody whom this machine trusts",
        "mail.example.org",
        "smtp.ca_file",
    ];
    found.says("smtp/support: certificate", "fault", &parts);
    let url = format!("smtp://127.0.0.1:{}", mail.submission_port());
    let smtps = url.replace("smtp:", "smtps:");
    let found = doctor_with(&postroom, &[(&url, &smtps)], &only).await?;
    found.says("smtp/support: certificate", "fault", &["wrong scheme"]);
    Ok(())
}
