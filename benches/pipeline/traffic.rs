//! Rooms with a customer each, and what is written in them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use postroom::lifecycle::Clock;

use crate::support::fake_homeserver::{FakeConfig, FakeHomeserver, FakeUser, Membership};
use crate::support::lmtp_client::LmtpClient;
use crate::support::servers::folder::Folder;
use crate::support::servers::postroom::{BOT, Postroom, SERVER, Settings};
use crate::support::smtp_sink::SmtpSink;
use crate::support::world;
use crate::table::Figures;
use crate::usage::{self, Cpu};

/// Nothing takes that long, unless something is broken.
const PATIENCE: Duration = Duration::from_mins(5);
/// Connections over which the local mail server would deliver.
const CONNECTIONS: usize = 8;
/// Between messages that come one by one.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Traffic {
    postroom: Postroom,
    homeserver: FakeHomeserver,
    sink: SmtpSink,
    ann: FakeUser,
    rooms: Vec<Room>,
    /// Numbers every message and every answer.
    next: usize,
}

struct Room {
    id: String,
    address: String,
    /// Where the customer answers to, and an answer in which `NUMBER` stands for a number.
    reply_to: String,
    answer: String,
}

/// An answer on its way.
struct Answer {
    from: String,
    to: String,
    raw: Vec<u8>,
    number: usize,
}

impl Traffic {
    /// Starts everything; every room has had a letter.
    pub async fn set(rooms: usize, folder: Folder) -> Result<Self> {
        let postroom = Postroom::new(Path::new(env!("CARGO_BIN_EXE_postroom")), folder)?;
        let (as_token, hs_token) = postroom.tokens();
        let homeserver = FakeHomeserver::start(FakeConfig {
            server_name: SERVER.to_owned(),
            as_token: as_token.to_owned(),
            hs_token: hs_token.to_owned(),
            appservice_url: postroom.appservice_url(),
            ..FakeConfig::default()
        })
        .await;
        let ann = homeserver.user("ann");
        ann.set_displayname("Ann");
        let mut traffic = Self {
            postroom,
            sink: SmtpSink::start().await,
            ann,
            homeserver,
            rooms: Vec::new(),
            next: 0,
        };
        traffic.restart("0s").await?;
        for number in 0..rooms {
            let room = traffic.open_room(number).await?;
            traffic.rooms.push(room);
        }
        Ok(traffic)
    }

    async fn open_room(&self, number: usize) -> Result<Room> {
        let id = self.ann.create_room(&format!("Room {number}"));
        let address = format!("jane{number}@acme.com");
        self.ann.invite(&id, BOT);
        self.joined(BOT, &id).await?;
        self.ann
            .say(&id, &format!("!email add {address} Jane {number}"));
        self.joined("@_email_", &id).await?;
        self.ann.say(&id, "Hello Jane, shall we begin on Tuesday?");
        let deadline = Instant::now() + PATIENCE;
        let letter = loop {
            if let Some(letter) = self.sink.mails_to(&address).into_iter().next() {
                break letter;
            }
            ensure!(Instant::now() < deadline, "no letter to {address}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let from = format!("Jane {number} <{address}>");
        let text = "Answer NUMBER, about Tuesday: it suits us well.";
        let (reply_to, answer) = world::answer(&letter, &from, text, "NUMBER@acme.com");
        Ok(Room {
            id,
            address,
            reply_to,
            answer,
        })
    }

    async fn joined(&self, user: &str, room: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let is_in = |(id, membership): (&String, &Membership)| {
            id.starts_with(user) && *membership == Membership::Join
        };
        while !self.homeserver.members(room).iter().any(is_in) {
            ensure!(Instant::now() < deadline, "{user} does not join");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Starts Postroom, again if it runs, with letters that wait for so long.
    pub async fn restart(&mut self, quiet: &'static str) -> Result<()> {
        self.postroom.stop();
        self.postroom.configure(&Settings {
            homeserver: self.homeserver.url(),
            smtp: format!("{{url: \"smtp+insecure://{}\"}}", self.sink.address()),
            quiet,
            log_level: "warn",
            control_room: None,
            database: "sqlite:postroom.db".to_owned(),
            organisation: "Bootlin",
            footer: None,
        })?;
        self.postroom.start().await
    }

    pub fn stop(&mut self) {
        self.postroom.stop();
    }

    pub fn database(&self) -> PathBuf {
        self.postroom.database()
    }

    /// Memory that Postroom occupies, in MiB.
    pub fn memory(&self) -> Result<f64> {
        usage::resident(self.process()?)
    }

    fn process(&self) -> Result<u32> {
        self.postroom.process_id().context("Postroom isn't running")
    }

    /// Staff write as fast as the homeserver hands over.
    pub async fn letters(&mut self, what: &str, count: usize, figures: &mut Figures) -> Result<()> {
        let mails_before = self.sink.count();
        let cpu = Cpu::of(self.process()?)?;
        let begun = Instant::now();
        let first = self.next;
        for _ in 0..count {
            self.say();
        }
        let arrivals = self.arrivals_by_mail(first..self.next).await?;
        let last = arrivals.values().max().copied().unwrap_or(begun);
        let rate = per_second(count, last.duration_since(begun));
        figures.add(format!("{what}: Matrix events to mail"), "events/s", rate);
        self.settled().await?;
        let mails = self.sink.count() - mails_before;
        figures.add(
            format!("{what}: mails made of {count} events"),
            "mails",
            number(mails),
        );
        self.add_cpu(what, count, cpu, figures)
    }

    /// Customers answer as fast as mails are taken.
    pub async fn answers(&mut self, what: &str, count: usize, figures: &mut Figures) -> Result<()> {
        let cpu = Cpu::of(self.process()?)?;
        let begun = now();
        let first = self.next;
        let mut piles: Vec<Vec<Answer>> = Vec::new();
        piles.resize_with(CONNECTIONS, Vec::new);
        for place in 0..count {
            let answer = self.answer();
            piles[place % CONNECTIONS].push(answer);
        }
        let deliveries = piles.into_iter().map(async |pile| {
            let mut client = self.lmtp().await?;
            for answer in pile {
                deliver(&answer, &mut client).await?;
            }
            anyhow::Ok(())
        });
        futures_util::future::try_join_all(deliveries).await?;
        let taken = now();
        let arrivals = self.arrivals_in_rooms(first..self.next).await?;
        let last = arrivals.values().max().copied().unwrap_or(begun);
        let rate = per_second(count, taken.saturating_sub(begun));
        figures.add(format!("{what}: mails taken by LMTP"), "mails/s", rate);
        let rate = per_second(count, last.saturating_sub(begun));
        figures.add(format!("{what}: mails to Matrix events"), "mails/s", rate);
        self.settled().await?;
        self.add_cpu(what, count, cpu, figures)
    }

    /// Staff write one message after the other.
    pub async fn single_letters(&mut self, count: usize, figures: &mut Figures) -> Result<()> {
        let mut said = HashMap::new();
        let first = self.next;
        for _ in 0..count {
            said.insert(self.next, Instant::now());
            self.say();
            tokio::time::sleep(PAUSE).await;
        }
        let arrivals = self.arrivals_by_mail(first..self.next).await?;
        let time = |(number, at): (usize, Instant)| at.duration_since(said[&number]);
        let times = arrivals.into_iter().map(time).collect();
        figures.add_times("one message: from its event to its mail", times);
        self.settled().await
    }

    /// Customers answer one after the other.
    pub async fn single_answers(&mut self, count: usize, figures: &mut Figures) -> Result<()> {
        let mut client = self.lmtp().await?;
        let mut taken = HashMap::new();
        let mut handovers = Vec::new();
        let first = self.next;
        for _ in 0..count {
            let answer = self.answer();
            let begun = Instant::now();
            deliver(&answer, &mut client).await?;
            handovers.push(begun.elapsed());
            taken.insert(answer.number, now());
            tokio::time::sleep(PAUSE).await;
        }
        let arrivals = self.arrivals_in_rooms(first..self.next).await?;
        let time = |(number, at): (usize, Duration)| at.saturating_sub(taken[&number]);
        let times = arrivals.into_iter().map(time).collect();
        figures.add_times("one answer: from MAIL to 250", handovers);
        figures.add_times("one answer: from 250 to its event", times);
        self.settled().await
    }

    fn say(&mut self) {
        let room = &self.rooms[self.next % self.rooms.len()];
        let text = format!("Message {}, about Tuesday: does it suit you?", self.next);
        self.ann.say(&room.id, &text);
        self.next += 1;
    }

    fn answer(&mut self) -> Answer {
        let number = self.next;
        let room = &self.rooms[number % self.rooms.len()];
        self.next += 1;
        let raw = room.answer.replace("NUMBER", &number.to_string());
        Answer {
            from: room.address.clone(),
            to: room.reply_to.clone(),
            raw: raw.replace('\n', "\r\n").into_bytes(),
            number,
        }
    }

    async fn lmtp(&self) -> Result<LmtpClient> {
        let door = ([127, 0, 0, 1], self.postroom.lmtp_port());
        Ok(LmtpClient::connect(door.into()).await?)
    }

    /// When the mail with each of these messages arrived.
    async fn arrivals_by_mail(
        &self,
        numbers: std::ops::Range<usize>,
    ) -> Result<HashMap<usize, Instant>> {
        collect(&numbers, || {
            let mails = self.sink.mails().into_iter();
            mails
                .flat_map(|mail| {
                    let text = String::from_utf8_lossy(&mail.raw).into_owned();
                    let found = numbers_in(&text, "Message ");
                    found.into_iter().map(move |it| (it, mail.received))
                })
                .collect()
        })
        .await
    }

    /// When the event with each of these answers was stored by the homeserver, since 1970.
    async fn arrivals_in_rooms(
        &self,
        numbers: std::ops::Range<usize>,
    ) -> Result<HashMap<usize, Duration>> {
        collect(&numbers, || {
            let rooms = self.rooms.iter();
            let events = rooms.flat_map(|room| self.homeserver.timeline(&room.id));
            events
                .filter(|event| event.sender.starts_with("@_email_"))
                .flat_map(|event| {
                    let found = numbers_in(event.body(), "Answer ");
                    let at = Duration::from_millis(event.timestamp);
                    found.into_iter().map(move |it| (it, at))
                })
                .collect()
        })
        .await
    }

    /// Waits until Postroom has nothing left to do.
    async fn settled(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let waits = self.postroom.health().await.map(|it| it["waiting"].clone());
            let queues = ["events", "mails", "letters_open", "to_matrix", "to_mail"];
            let is_idle = waits.is_some_and(|waits| queues.iter().all(|it| waits[it] == 0));
            if is_idle && self.homeserver.backlog() == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "Postroom is left with work");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn add_cpu(&self, what: &str, count: usize, before: Cpu, figures: &mut Figures) -> Result<()> {
        let used = Cpu::of(self.process()?)?.since(before);
        for (kind, time) in [("user", used.user), ("system", used.system)] {
            let millis = time.as_secs_f64() * 1000.0 / number(count);
            figures.add(format!("{what}: {kind} time per message"), "ms", millis);
        }
        Ok(())
    }
}

async fn deliver(answer: &Answer, client: &mut LmtpClient) -> Result<()> {
    let replies = client
        .deliver_pipelined(&answer.from, &[&answer.to], &answer.raw)
        .await?;
    ensure!(replies[0].code == 250, "refused: {replies:?}");
    Ok(())
}

/// Looks again and again until all numbers have been seen; the first sight of each counts.
async fn collect<T: Copy + Ord>(
    numbers: &std::ops::Range<usize>,
    look: impl Fn() -> Vec<(usize, T)>,
) -> Result<HashMap<usize, T>> {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut seen: HashMap<usize, T> = HashMap::new();
        for (number, at) in look() {
            if numbers.contains(&number) {
                let first = seen.entry(number).or_insert(at);
                *first = at.min(*first);
            }
        }
        if seen.len() == numbers.len() {
            return Ok(seen);
        }
        ensure!(
            Instant::now() < deadline,
            "only {} of {} messages arrived",
            seen.len(),
            numbers.len()
        );
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The numbers that follow a word.
fn numbers_in(text: &str, word: &str) -> Vec<usize> {
    text.split(word)
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
        .collect()
}

/// Time since 1970, as the fake homeserver stamps its events.
fn now() -> Duration {
    let millis = Clock::System.now().as_millisecond();
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn per_second(count: usize, time: Duration) -> f64 {
    number(count) / time.as_secs_f64()
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
