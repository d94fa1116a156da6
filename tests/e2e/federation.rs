//! Homeservers that federate over loopback: ours, one that ours allows, and one that it doesn't.

use std::path::Path;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::SOON;
use crate::support::database::{Choice, Database};
use crate::support::dns_server::DnsServer;
use crate::support::servers::certificates::{self, Certificates};
use crate::support::servers::customer;
use crate::support::servers::folder::Folder;
use crate::support::servers::mail_servers::{MailOptions, MailServers};
use crate::support::servers::matrix_client::MatrixClient;
use crate::support::servers::ports::{self, Port};
use crate::support::servers::postroom::{Postroom, Settings};
use crate::support::servers::process;
use crate::support::servers::provider::PROVIDER_RECORD;
use crate::support::servers::synapse::{Federation, Synapse, SynapseOptions};

/// Our homeserver with Postroom, and two others.
struct Servers {
    // Fields are dropped in this order: Postroom before those that it speaks to.
    postroom: Postroom,
    mail: MailServers,
    ours: Synapse,
    /// Ours federates with it.
    partner: Synapse,
    /// Ours doesn't.
    stranger: Synapse,
    ann: MatrixClient,
    bot: String,
    control_room: String,
    _database: Database,
    _dns: DnsServer,
    _folder: Folder,
}

/// What a homeserver is called: its address, so that nobody has to ask a DNS where it is.
fn name(port: &Port) -> String {
    format!("localhost:{}", port.number())
}

async fn homeserver(
    port: Port,
    partners: &[&str],
    registration: Option<String>,
    certificates: &Certificates,
) -> Result<Synapse> {
    Synapse::start(&SynapseOptions {
        server_name: name(&port),
        registration,
        federation: Some(Federation::new(port, partners, certificates)),
    })
    .await
}

impl Servers {
    /// Starts everything; staff are Ann on our homeserver and everybody on the partner's.
    async fn start() -> Result<Self> {
        let folder = Folder::create()?;
        let certificates = certificates::create("localhost", &folder)?;
        let [own, partner, stranger] = [ports::free()?, ports::free()?, ports::free()?];
        let names = [name(&own), name(&partner), name(&stranger)];
        let [own_name, partner_name, stranger_name] = names.each_ref().map(String::as_str);
        let of_postroom = Folder::create()?;
        let database = Database::create(&Choice::AsTold, &of_postroom).await;
        let binary = Path::new(env!("CARGO_BIN_EXE_postroom"));
        let mut postroom = Postroom::new(binary, of_postroom)?.on(own_name);
        let of_mail = MailOptions {
            lmtp_port: Some(postroom.lmtp_port()),
            ..MailOptions::default()
        };
        let registration = Some(postroom.registration());
        // The other two would speak with everybody.
        let (of_own, everybody) = ([partner_name], [own_name, partner_name, stranger_name]);
        let (ours, partner, stranger, mail) = tokio::try_join!(
            homeserver(own, &of_own, registration, &certificates),
            homeserver(partner, &everybody, None, &certificates),
            homeserver(stranger, &everybody, None, &certificates),
            MailServers::start(&of_mail),
        )?;
        let dns = DnsServer::start().await;
        for domain in ["acme.com", "mail.acme.com"] {
            dns.add_text(domain, PROVIDER_RECORD);
        }
        let bot = format!("@postroom:{own_name}");
        let ann = ours.register_user("ann", "ann-secret").await?;
        let control_room = ann.create_room("Control room", &[&bot]).await?;
        let settings = Settings {
            dns: Some(dns.address()),
            quiet: "0s",
            control_room: Some(control_room.clone()),
            database: database.url(),
            log_level: "info,postroom=debug",
            ..Settings::new(ours.url(), &mail)
        };
        postroom.set_staff(&[&format!("@ann:{own_name}"), &format!("@*:{partner_name}")]);
        postroom.configure(&settings)?;
        postroom.start().await?;
        ann.wait_for_join(&bot, SOON, &control_room).await?;
        Ok(Self {
            postroom,
            mail,
            ours,
            partner,
            stranger,
            ann,
            bot,
            control_room,
            _database: database,
            _dns: dns,
            _folder: folder,
        })
    }

    fn log(&self) -> String {
        process::tail(&self.postroom.log(), 60)
    }

    /// Waits until somebody whose id begins with `sender` says something that contains `text`, as
    /// `who` sees it.
    async fn says(
        &self,
        sender: &str,
        text: &str,
        room: &str,
        who: &MatrixClient,
    ) -> Result<Value> {
        let is_it = |event: &Value| {
            let by = event["sender"].as_str().unwrap_or_default();
            let body = event["content"]["body"].as_str().unwrap_or_default();
            by.starts_with(sender) && body.contains(text)
        };
        let what = format!("“{text}” by {sender}");
        let said = who.wait_for_event(&what, is_it, SOON, room).await;
        said.with_context(|| self.log())
    }

    /// Waits for the letters to Jane.
    async fn letters(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let mailbox = self.mail.mailbox("jane@acme.com")?;
        let mails = mailbox.wait_for_mail(count, SOON).await;
        mails.with_context(|| self.log())
    }

    /// Jane answers a letter.
    async fn answer(&self, letter: &[u8], text: &str) -> Result<()> {
        let mail = customer::answer(letter, "Jane Doe <jane@acme.com>", text, "one@acme.com")?;
        self.mail
            .submit("jane@acme.com", &mail.to, &mail.raw)
            .await?;
        Ok(())
    }
}

/// Somebody from the allowed homeserver comes into a room of ours and reads along; nobody comes from
/// one that ours doesn't federate with, and who invites them is told so.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_on_an_allowed_server_comes_in_and_nobody_else() -> Result<()> {
    let servers = Servers::start().await?;
    let room = servers.ann.create_room("Training", &[&servers.bot]).await?;
    servers.ann.wait_for_join(&servers.bot, SOON, &room).await?;
    servers
        .ann
        .send_text("!email add jane@acme.com Jane Doe", &room)
        .await?;
    servers
        .ann
        .wait_for_join("@_email_jane", SOON, &room)
        .await?;

    let jane = servers.partner.register_user("jane", "jane-secret").await?;
    servers.ann.invite(jane.user_id(), &room).await?;
    jane.join(&room).await?;
    servers
        .ann
        .wait_for_join(jane.user_id(), SOON, &room)
        .await?;
    servers.ann.send_text("Welcome to the chat", &room).await?;
    servers
        .says("@ann", "Welcome to the chat", &room, &jane)
        .await?;
    jane.send_text("So this is Matrix", &room).await?;
    servers
        .says(jane.user_id(), "So this is Matrix", &room, &servers.ann)
        .await?;
    servers.letters(2).await?;

    let other = servers
        .stranger
        .register_user("jane", "jane-secret")
        .await?;
    let refused = servers.ann.invite(other.user_id(), &room).await;
    let why = refused.unwrap_err().to_string();
    assert!(format!("{why:?}").contains("invite"), "{why}");
    let members = servers.ann.members(&room).await?;
    assert!(!members.contains_key(other.user_id()), "{members:?}");
    Ok(())
}

/// The room, and the Space that it belongs to, live on another homeserver, and so do its staff: the
/// bot comes when it is invited, and everything goes both ways.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_and_a_space_that_live_elsewhere_are_served() -> Result<()> {
    let servers = Servers::start().await?;
    let eve = servers.partner.register_user("eve", "eve-secret").await?;
    let space = json!({
        "name": "Chapters", "preset": "private_chat", "invite": [servers.bot],
        "creation_content": {"type": "m.space"},
    });
    let space = eve.create_room_with(&space).await?;
    eve.wait_for_join(&servers.bot, SOON, &space).await?;
    let room = eve.create_room("Chapter North", &[&servers.bot]).await?;
    eve.wait_for_join(&servers.bot, SOON, &room).await?;
    let via = json!({"via": [servers.partner.server_name()]});
    eve.send_state("m.space.child", &room, &via, &space).await?;
    let via = json!({"via": [servers.partner.server_name()], "canonical": true});
    eve.send_state("m.space.parent", &space, &via, &room)
        .await?;

    eve.send_text("!email add jane@acme.com Jane Doe", &room)
        .await?;
    let ghost = eve.wait_for_join("@_email_jane", SOON, &room).await?;
    assert!(ghost.ends_with(servers.ours.server_name()), "{ghost}");
    eve.send_text("Hello Jane, from far away", &room).await?;
    let letter = servers.letters(1).await?.remove(0);
    assert!(String::from_utf8_lossy(&letter).contains("from far away"));
    servers
        .answer(&letter, "Hello Eve, nice to meet you")
        .await?;
    servers
        .says(&ghost, "nice to meet you", &room, &eve)
        .await?;

    // Her picture can be seen from there, too.
    let shown = eve.request(Method::GET, &["profile", &ghost], None).await?;
    let picture = shown["avatar_url"].as_str().unwrap_or_default();
    assert!(
        picture.starts_with(&format!("mxc://{}/", servers.ours.server_name())),
        "{shown}"
    );
    let bytes = eve.download(picture).await?;
    assert!(bytes.starts_with(b"\x89PNG"), "{} octets", bytes.len());
    Ok(())
}

/// A person on our homeserver is erased: the real one empties and deactivates the ghost.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_given_up_by_the_homeserver() -> Result<()> {
    let servers = Servers::start().await?;
    let room = servers.ann.create_room("Training", &[&servers.bot]).await?;
    servers.ann.wait_for_join(&servers.bot, SOON, &room).await?;
    servers
        .ann
        .send_text("!email add jane@acme.com Jane Doe", &room)
        .await?;
    let ghost = servers
        .ann
        .wait_for_join("@_email_jane", SOON, &room)
        .await?;
    servers.ann.send_text("Hello Jane", &room).await?;
    let letter = servers.letters(1).await?.remove(0);
    servers.answer(&letter, "Remember me").await?;
    let said = servers
        .says(&ghost, "Remember me", &room, &servers.ann)
        .await?;

    let control_room = &servers.control_room;
    servers
        .ann
        .send_text("!email erase jane@acme.com redact", control_room)
        .await?;
    let asked = servers.says(
        &servers.bot,
        "Erase everything about",
        control_room,
        &servers.ann,
    );
    let asked = asked.await?;
    let asked = asked["event_id"].as_str().context("an event id")?;
    servers.ann.react("✅", asked, control_room).await?;
    let done = servers
        .says(&servers.bot, "is done", control_room, &servers.ann)
        .await?;
    let words = done["content"]["body"].as_str().unwrap_or_default();
    assert!(!words.contains("did not give up"), "{words}");

    let members = servers.ann.members(&room).await?;
    assert_eq!(members[&ghost].membership, "leave");
    let path = ["profile", ghost.as_str()];
    let profile = servers.ann.request(Method::GET, &path, None).await;
    let name = profile
        .ok()
        .and_then(|it| it["displayname"].as_str().map(str::to_owned));
    assert!(name.is_none_or(|name| !name.contains("Jane Doe")));
    let timeline = servers.ann.timeline(100, &room).await?;
    let event = timeline
        .iter()
        .find(|event| event["event_id"] == said["event_id"]);
    let event = event.context("the message")?;
    assert_eq!(event["content"], json!({}), "its words are taken back");
    Ok(())
}
