//! `postroom run`: the one place where everything is built.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use indexmap::IndexMap;
use tokio::net::TcpListener;

use crate::{
    config::{self, Config, Database, Mailbox, MailboxName},
    flow::{
        self,
        checks::Checks,
        deliver::Deliver,
        erasures::Erasures,
        events::Events,
        files::{self, Files},
        held::Reminders,
        imap::Fetcher,
        letters::Letters,
        mails::Mails,
        overdue::Overdue,
        policies::Policies,
        puppets::Puppets,
        receive::Receiver,
        signs::RoomSigns,
        subscriptions::Subscriptions,
        worker::{self, Worker},
    },
    lifecycle::{Chance, Clock, Health, Stop},
    mail::{
        authenticate::Authenticator,
        dkim::Signer,
        dns::Resolver,
        lmtp::{Limits, Lmtp},
        smtp::{DEFAULT_TIMEOUT, SmtpTransport},
    },
    matrix::{client::Client, registration::Registration},
    store::{Store, StoreError, blobs::Blobs, erasures, floods, keys, outbox},
    telemetry::{self, metrics::Exposition},
    web::{
        appservice::{self, Appservice},
        door,
        operations::{self, Operations},
        public::{self, Public},
    },
};

/// Serve
#[derive(Debug, Args)]
pub struct Run {
    /// The configuration
    #[arg(long, default_value = "config.yaml")]
    config: PathBuf,
}

impl Run {
    pub fn run(self) -> anyhow::Result<()> {
        let config = Config::load(&self.config, config::environment())?;
        telemetry::init(config.log.format, &config.log.level)?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(serve(config))
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let stop = Stop::new();
    stop.on_signals()?;
    let (clock, chance) = (Clock::System, Chance::System);
    let metrics = Exposition::install()?;
    stop.tasks()
        .spawn(metrics.clone().add_up(stop.soft().clone()));
    let registration = Registration::read(&config.appservice.registration)?;
    let homeserver = Client::new(&config.homeserver.url, registration.as_token.clone())?;
    let bot = registration.bot_user_id(&config.homeserver.server_name)?;

    let Some(store) = open_store(&config, &stop).await? else {
        return Ok(());
    };
    let now = clock.now().as_millisecond();
    let keys = keys::load(&store, chance.bytes(), now).await?;
    pick_up(now, &store).await?;

    let context = Arc::new(flow::Context {
        store: store.clone(),
        blobs: Blobs::open(config.blobs.path())?,
        homeserver: homeserver.clone(),
        keys,
        clock: clock.clone(),
        chance: chance.clone(),
        server_name: config.homeserver.server_name.clone(),
        bot: bot.clone(),
        staff: config.staff,
        staff_power_level: config.staff_power_level,
        names: config.names,
        named_control_room: config.control_room,
        replaced: flow::Replaced::default(),
        transports: transports(&config.mailboxes)?,
        signers: signers(&config.mailboxes)?,
        mailboxes: config.mailboxes,
        authenticator: authenticator(&config.dns)?,
        letters: config.letters,
        desk: config.desk,
        rooms: config.rooms,
        guard: config.guard,
        senders: config.senders,
        onboarding: config.onboarding,
        public: config.public,
        turns: flow::Turns::default(),
    });
    flow::find_named_rooms(&context).await?;
    if let Err(error) = files::sweep(&context).await {
        tracing::warn!(%error, "Can't look for files that are left over");
    }

    let health = Health::default();
    health.is_down(HOMESERVER, "the bot is not set up yet");
    let endpoints = appservice::router(Appservice {
        store: store.clone(),
        homeserver: homeserver.clone(),
        clock: clock.clone(),
        chance,
        hs_token: registration.hs_token.clone(),
        server_name: config.homeserver.server_name,
        bot,
    });
    let listen = config.appservice.listen;
    serve_http(endpoints, listen, "appservice.listen", &stop).await?;
    if let Some(operations) = config.operations {
        let endpoints = Operations {
            store: store.clone(),
            homeserver: homeserver.clone(),
            health: health.clone(),
            clock,
            metrics,
        };
        serve_http(
            operations::router(endpoints),
            operations.listen,
            "operations.listen",
            &stop,
        )
        .await?;
    }
    serve_pages(&context, &stop).await?;
    match config.lmtp {
        Some(lmtp) => serve_lmtp(&lmtp, &context, &stop).await?,
        None => warn_of_deaf_mailboxes(&context),
    }
    start_workers(&context, &stop);
    start_fetchers(&context, &health, &stop)?;
    stop.tasks().spawn(introduce(
        Arc::clone(&context),
        registration.id.clone(),
        health,
        stop.clone(),
    ));
    tracing::info!("Postroom is up");

    tokio::select! {
        () = stop.finished() => tracing::info!("Postroom has stopped"),
        // Another one sends now: nothing that is under way here may go on.
        error = store.lost() => return Err(error.into()),
    }
    Ok(())
}

/// Opens the database. While another Postroom works on it this one stands by, if several can reach
/// it at all: it takes nothing from the homeserver or the mail server. `None` if it is to stop.
async fn open_store(config: &Config, stop: &Stop) -> anyhow::Result<Option<Store>> {
    let first = Store::open(&config.database).await;
    match (&config.database, first) {
        (Database::Postgres(_), Err(StoreError::InUse(_))) => {}
        (Database::Sqlite(_) | Database::Postgres(_), other) => return Ok(Some(other?)),
    }
    tracing::info!("Another Postroom works on this database; standing by until it is gone");
    let standing = Stop::new();
    if let Some(operations) = &config.operations {
        let endpoints = operations::standing_by();
        serve_http(endpoints, operations.listen, "operations.listen", &standing).await?;
    }
    let mut pause = Duration::from_millis(100);
    let store = loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.soft().cancelled() => return Ok(None),
        }
        match Store::open(&config.database).await {
            Err(StoreError::InUse(_)) => {}
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, "Can't look whether the database is free");
            }
            other => break other?,
        }
        pause = (pause * 2).min(LOOK_AGAIN);
    };
    tracing::info!("The other Postroom is gone; taking over");
    standing.stop();
    standing.finished().await;
    Ok(Some(store))
}

/// How often one that stands by looks whether the other one is gone; at first more often, as that
/// one may be on its way out.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long what is being answered may still take when Postroom stops.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

fn transports(
    mailboxes: &IndexMap<MailboxName, Mailbox>,
) -> anyhow::Result<HashMap<MailboxName, SmtpTransport>> {
    let build = |(name, mailbox): (&MailboxName, &Mailbox)| {
        let hello_name = mailbox.address.domain().to_owned();
        let transport = SmtpTransport::new(mailbox.smtp.clone(), hello_name, DEFAULT_TIMEOUT)
            .with_context(|| format!("mailboxes.{name}.smtp"))?;
        Ok((name.clone(), transport))
    };
    mailboxes.iter().map(build).collect()
}

fn signers(
    mailboxes: &IndexMap<MailboxName, Mailbox>,
) -> anyhow::Result<HashMap<MailboxName, Arc<Signer>>> {
    let signing = mailboxes
        .iter()
        .filter(|(_, mailbox)| !mailbox.dkim.is_empty());
    let build = |(name, mailbox): (&MailboxName, &Mailbox)| {
        let signer = Signer::new(&mailbox.dkim, &mailbox.address)
            .with_context(|| format!("mailboxes.{name}.dkim: its key"))?;
        Ok((name.clone(), Arc::new(signer)))
    };
    signing.map(build).collect()
}

/// Takes up what the last run has left under way.
async fn pick_up(now: i64, store: &Store) -> Result<(), StoreError> {
    let taken_back = store.write(move |tx| {
        Box::pin(async move {
            // What has made mails wait may be configured otherwise by now.
            floods::look_again(tx, now).await?;
            erasures::begin_again(tx, now).await?;
            outbox::take_back(tx, i64::MAX).await
        })
    });
    let taken_back = taken_back.await?;
    if taken_back > 0 {
        tracing::info!(
            taken_back,
            "Attempts were under way when Postroom ended; they are looked into"
        );
    }
    Ok(())
}

fn authenticator(dns: &config::Dns) -> anyhow::Result<Authenticator> {
    let resolver = Resolver::new(dns).or_else(|fault| {
        // So does the system (resolv.conf(5)).
        let server = SocketAddr::from(([127, 0, 0, 1], 53));
        tracing::warn!(%fault, %server, "The system names no DNS server; asking this machine's");
        let server = Some(server);
        Resolver::new(&config::Dns { server })
    })?;
    Ok(Authenticator::new(&resolver))
}

const HOMESERVER: &str = "homeserver";

fn start_workers(context: &Arc<flow::Context>, stop: &Stop) {
    start(Events::new(Arc::clone(context)), context, stop);
    start(Letters::new(Arc::clone(context)), context, stop);
    start(Deliver::new(Arc::clone(context)), context, stop);
    start(Checks::new(Arc::clone(context)), context, stop);
    start(Mails(Arc::clone(context)), context, stop);
    start(Reminders(Arc::clone(context)), context, stop);
    start(Policies(Arc::clone(context)), context, stop);
    start(Overdue(Arc::clone(context)), context, stop);
    start(Puppets::new(Arc::clone(context)), context, stop);
    start(Files(Arc::clone(context)), context, stop);
    start(Subscriptions(Arc::clone(context)), context, stop);
    start(RoomSigns(Arc::clone(context)), context, stop);
    start(Erasures(Arc::clone(context)), context, stop);
}

fn start<W: Worker + 'static>(worker: W, context: &Arc<flow::Context>, stop: &Stop) {
    stop.tasks().spawn(worker::run(
        worker,
        Arc::clone(context),
        stop.soft().clone(),
    ));
}

fn start_fetchers(
    context: &Arc<flow::Context>,
    health: &Health,
    stop: &Stop,
) -> anyhow::Result<()> {
    for (name, mailbox) in &context.mailboxes {
        let fetchers = Fetcher::of_mailbox(name, mailbox, context, health)
            .with_context(|| format!("mailboxes.{name}.imap"))?;
        for fetcher in fetchers {
            stop.tasks().spawn(fetcher.run(stop.soft().clone()));
        }
    }
    Ok(())
}

fn warn_of_deaf_mailboxes(context: &flow::Context) {
    for (name, mailbox) in &context.mailboxes {
        if mailbox.imap.is_none() {
            tracing::warn!(
                mailbox = name.as_str(),
                "No mail comes in for this mailbox: there is neither `lmtp` nor its `imap`"
            );
        }
    }
}

/// Sets the bot up and asks the homeserver for what it has kept for us; until it answers, again and
/// again.
async fn introduce(context: Arc<flow::Context>, appservice: String, health: Health, stop: Stop) {
    let mut wait = Duration::from_millis(200);
    loop {
        match flow::puppets::introduce(&context, &appservice).await {
            Ok(()) => {
                health.is_up(HOMESERVER);
                return;
            }
            Err(fault) => tracing::warn!(%fault, "The homeserver is not ready for us"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.soft().cancelled() => return,
        }
        wait = (wait * 2).min(Duration::from_secs(30));
    }
}

async fn listen(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("can't listen on {address} ({key}); is something else running there?")
    })
}

async fn serve_lmtp(
    lmtp: &config::Lmtp,
    context: &Arc<flow::Context>,
    stop: &Stop,
) -> anyhow::Result<()> {
    let listener = listen(lmtp.listen, "lmtp.listen").await?;
    let limits = Limits {
        mail_size: lmtp.max_size,
        trusted: lmtp.trusted(),
        ..Limits::default()
    };
    let server = Lmtp::new(Receiver::new(Arc::clone(context), "lmtp"), limits);
    stop.tasks()
        .spawn(server.serve(listener, stop.soft().clone()));
    Ok(())
}

/// The pages for customers, if there are to be any.
async fn serve_pages(context: &flow::Context, stop: &Stop) -> anyhow::Result<()> {
    let Some(public) = &context.public else {
        return Ok(());
    };
    let (_, mailbox) = context.mailbox("");
    let state = Public {
        store: context.store.clone(),
        keys: context.keys.clone(),
        clock: context.clock.clone(),
        organisation: mailbox.name.clone(),
        language: mailbox.language,
    };
    let files = public::Files::new(
        state.clone(),
        context.homeserver.clone(),
        context.bot.clone(),
    );
    let pages = public::router(public.url.path(), files, state);
    serve_http(pages, public.listen, "public.listen", stop).await
}

async fn serve_http(
    router: axum::Router,
    address: SocketAddr,
    key: &str,
    stop: &Stop,
) -> anyhow::Result<()> {
    let listener = listen(address, key).await?;
    let stopping = stop.soft().clone();
    stop.tasks().spawn(async move {
        let server = door::serve(listener, router, door::Limits::default(), stopping.clone());
        let too_long = async {
            stopping.cancelled().await;
            tokio::time::sleep(LAST_PATIENCE).await;
        };
        tokio::select! {
            ended = server => {
                if let Err(error) = ended {
                    tracing::error!(%error, "A listener failed");
                }
            }
            () = too_long => tracing::warn!("Some answers take too long and are cut off"),
        }
    });
    Ok(())
}
