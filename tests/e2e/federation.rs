//! Homeservers that federate over loopback: ours, one that ours allows, and one that it doesn't.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::SOON;
use crate::support::database::{Choice, Database};
use crate::support::dns_server::DnsServer;
use crate::support::servers::certificates::{self, Certificates};
use crate::support::servers::customer::{self, body};
use crate::support::servers::folder::Folder;
use crate::support::servers::mail_servers::{MailOptions, MailServers};
use crate::support::servers::matrix_client::MatrixClient;
use crate::support::servers::ports::{self, Port};
use crate::support::servers::postroom::{Postroom, Settings};
use crate::support::servers::process;
use crate::support::servers::provider::PROVIDER_RECORD;
use crate::support::servers::synapse::{Federation, Synapse, SynapseOptions};
use crate::support::servers::tunnel::Tunnel;

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
    settings: Settings,
    bot: String,
    control_room: String,
    /// Names as they stand behind the colon in user ids.
    partner_name: String,
    stranger_name: String,
    _database: Database,
    _dns: DnsServer,
    _tunnel: Tunnel,
    _folder: Folder,
}

/// What a homeserver is called, with its port: nobody has to ask a DNS where it is.
fn name(own: &str, port: &Port) -> String {
    format!("{own}.chat.example:{}", port.number())
}

async fn homeserver(
    (name, port): (&str, Port),
    partners: &[&str],
    registration: Option<String>,
    (tunnel, certificates): (&Tunnel, &Certificates),
) -> Result<Synapse> {
    let federation = Federation::new(port, partners, tunnel.address(), certificates);
    Synapse::start(&SynapseOptions {
        server_name: name.to_owned(),
        registration,
        federation: Some(federation),
    })
    .await
}

impl Servers {
    /// Starts everything; staff are Ann on our homeserver and Eve on the partner's. Customers may come
    /// from the partner's.
    async fn start() -> Result<Self> {
        let folder = Folder::create()?;
        let certificates = certificates::create("*.chat.example", &folder)?;
        let tunnel = Tunnel::start().await?;
        let [own, partner, stranger] = [ports::free()?, ports::free()?, ports::free()?];
        let names = [
            name("bootlin", &own),
            name("acme", &partner),
            name("stranger", &stranger),
        ];
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
        let tls = (&tunnel, &certificates);
        let (ours, partner, stranger, mail) = tokio::try_join!(
            homeserver((own_name, own), &of_own, registration, tls),
            homeserver((partner_name, partner), &everybody, None, tls),
            homeserver((stranger_name, stranger), &everybody, None, tls),
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
            onboarding: Some(format!("{{allowed_servers: [\"{partner_name}\"]}}")),
            ..Settings::new(ours.url(), &mail)
        };
        postroom.set_staff(&[&format!("@ann:{own_name}"), &format!("@eve:{partner_name}")]);
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
            settings,
            bot,
            control_room,
            partner_name: partner_name.to_owned(),
            stranger_name: stranger_name.to_owned(),
            _database: database,
            _dns: dns,
            _tunnel: tunnel,
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

    /// Waits until the user is that in the room.
    async fn membership(&self, user: &str, wanted: &str, room: &str) -> Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            let members = self.ann.members(room).await?;
            let is = members.get(user).map(|it| it.membership.as_str());
            if is == Some(wanted) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{user} is {is:?}, not {wanted}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
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

/// A room of ours with Jane in it by mail, and her first letter; who comes in reads on from there.
async fn training(servers: &Servers) -> Result<(String, String, Vec<u8>)> {
    let room = json!({
        "name": "Training", "preset": "private_chat", "invite": [servers.bot],
        "initial_state": [{
            "type": "m.room.history_visibility", "content": {"history_visibility": "invited"},
        }],
    });
    let room = servers.ann.create_room_with(&room).await?;
    servers.ann.wait_for_join(&servers.bot, SOON, &room).await?;
    let add = "!email add jane@acme.com Jane Doe";
    servers.ann.send_text(add, &room).await?;
    let ghost = servers
        .ann
        .wait_for_join("@_email_jane", SOON, &room)
        .await?;
    servers.ann.send_text("Hello Jane", &room).await?;
    let letter = servers.letters(1).await?.remove(0);
    Ok((room, ghost, letter))
}

/// Jane has an account on a homeserver with which ours federates: she answers with its id, is invited
/// there, comes, and the mails stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_moves_to_an_account_on_an_allowed_server() -> Result<()> {
    let servers = Servers::start().await?;
    let (room, ghost, letter) = training(&servers).await?;
    let jane = servers.partner.register_user("jane.d", "secret").await?;
    let id = format!("@jane.d:{}", servers.partner_name);
    assert_eq!(jane.user_id(), id);

    servers.answer(&letter, &id).await?;
    let ours = &servers.ann;
    servers.says(&ghost, &id, &room, ours).await?;
    let asks = "asks by mail to come into this room";
    servers.says(&servers.bot, asks, &room, ours).await?;
    servers.membership(&id, "invite", &room).await?;
    // An invitation takes a moment to get there.
    let deadline = Instant::now() + SOON;
    while let Err(fault) = jane.join(&room).await {
        if Instant::now() > deadline {
            return Err(fault.context(servers.log()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let letters = servers.letters(2).await?;
    let last = body(&letters[1]);
    assert!(
        last.contains(&format!("you are in the chat now, as {id}")),
        "{last}"
    );
    servers.membership(&ghost, "leave", &room).await?;

    servers.ann.send_text("Welcome to the chat", &room).await?;
    servers
        .says("@ann", "Welcome to the chat", &room, &jane)
        .await?;
    jane.send_text("So this is Matrix", &room).await?;
    servers.says(&id, "So this is Matrix", &room, ours).await?;
    assert_eq!(servers.letters(2).await?.len(), 2, "no mail goes");
    Ok(())
}

/// Her other account is where we don't invite from, and with which ours doesn't federate: staff are
/// told the first, and, when they allow it nevertheless, the second; mails go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_on_another_server_is_refused_and_goes_on_by_mail() -> Result<()> {
    let servers = Servers::start().await?;
    let (room, ghost, letter) = training(&servers).await?;
    let jane = servers.stranger.register_user("jane", "secret").await?;
    let id = jane.user_id().to_owned();

    servers.answer(&letter, &id).await?;
    let ours = &servers.ann;
    servers.says(&ghost, &id, &room, ours).await?;
    let refusal = format!("{} is not allowed", servers.stranger_name);
    servers.says(&servers.bot, &refusal, &room, ours).await?;
    let letters = servers.letters(2).await?;
    let note = body(&letters[1]);
    assert!(note.contains(&servers.stranger_name), "{note}");

    let allow = format!("!email allowed {}", servers.stranger_name);
    servers.ann.send_text(&allow, &room).await?;
    let tried = "One invitation is tried again";
    servers.says(&servers.bot, tried, &room, ours).await?;
    let refused = format!("could not be invited as {id}");
    let told = servers.says(&servers.bot, &refused, &room, ours).await?;
    println!("{}", told["content"]["body"]);
    let members = servers.ann.members(&room).await?;
    assert!(!members.contains_key(&id), "{members:?}");

    // Staff who invite her themselves are told so by the homeserver.
    assert!(servers.ann.invite(&id, &room).await.is_err());
    servers.ann.send_text("By mail, then", &room).await?;
    let letters = servers.letters(3).await?;
    assert!(body(&letters[2]).contains("By mail, then"));
    Ok(())
}

/// The room, and the Space that it belongs to, live on another homeserver, and so do its staff: the
/// bot comes when it is invited, and everything goes both ways.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_and_a_space_that_live_elsewhere_are_served() -> Result<()> {
    let mut servers = Servers::start().await?;
    let eve = servers.partner.register_user("eve", "eve-secret").await?;
    let levels = json!({"users": {servers.bot.as_str(): 100}});
    let space = json!({
        "name": "Chapters", "preset": "private_chat", "invite": [servers.bot],
        "creation_content": {"type": "m.space"}, "power_level_content_override": levels,
    });
    let space = eve.create_room_with(&space).await?;
    eve.wait_for_join(&servers.bot, SOON, &space).await?;
    let room = json!({
        "name": "Chapter North", "preset": "private_chat", "invite": [servers.bot],
        "power_level_content_override": levels,
    });
    let room = eve.create_room_with(&room).await?;
    eve.wait_for_join(&servers.bot, SOON, &room).await?;

    // The administrator names the Space, and the room comes into it as any room of ours would.
    servers.settings.rooms = Some(format!("{{space: \"{space}\"}}"));
    servers.postroom.stop();
    servers.postroom.configure(&servers.settings)?;
    servers.postroom.start().await?;
    eve.send_text("!email policy apply", &room).await?;
    servers
        .says(&servers.bot, "nothing is broken", &room, &eve)
        .await?;
    eve.send_text("!email space add", &room).await?;
    servers
        .says(&servers.bot, "is in the Space now", &room, &eve)
        .await?;
    let child = eve.state("m.space.child", &room, &space).await?;
    assert!(!child["via"].as_array().context("via")?.is_empty());
    eve.state("m.space.parent", &space, &room).await?;

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
