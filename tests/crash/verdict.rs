//! What must hold when the storm is over.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::{Duration, Instant},
};

use crate::{
    support::{
        smtp_sink::SinkMail,
        world::{World, header, letter_text, reply_address},
    },
    traffic::{Party, Sent, tokens},
};

const BOT: &str = "@postroom:example.org";

/// How things were before the storm.
pub struct Before {
    rooms: Vec<String>,
    /// What the bot had said, room by room.
    notices: Vec<Vec<String>>,
}

impl Before {
    pub fn look(world: &World) -> Self {
        let mut rooms = world.homeserver.rooms();
        rooms.sort();
        let notices = rooms.iter().map(|room| world.said_by(room, BOT)).collect();
        Self { rooms, notices }
    }
}

#[derive(Debug, Default)]
pub struct Figures {
    in_rooms: usize,
    letters: usize,
    mails: usize,
    customer_mails: usize,
    hand_overs: usize,
    looked_up: u64,
    found: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages in rooms; {} letters to recipients in {} mails ({} sent again); \
             {} customer mails handed over {} times; {} uncertain posts looked up, {} were there",
            self.in_rooms,
            self.letters,
            self.mails,
            self.mails - self.letters,
            self.customer_mails,
            self.hand_overs,
            self.looked_up,
            self.found
        )
    }
}

/// Waits until Postroom believes that it is done, or `longest` is over.
pub async fn wait_for_rest(world: &World, longest: Duration) {
    let deadline = Instant::now() + longest;
    while !is_at_rest(world).await {
        if Instant::now() > deadline {
            let left = left_over(world).await;
            let log = world.log();
            println!("not at rest after {} s:\n{left}\n{log}", longest.as_secs());
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What comes twice may come later.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn is_at_rest(world: &World) -> bool {
    let Some(health) = world.health().await else {
        return false;
    };
    let waiting = health["waiting"].as_object();
    world.homeserver.backlog() == 0
        && waiting.is_some_and(|waiting| waiting.values().all(|queue| queue == 0))
}

/// Fails if anything is missing, double, foreign or out of order.
pub fn judge(parties: &[Party], sent: &[Sent], before: &Before, world: &World) -> Figures {
    let mut figures = Figures {
        looked_up: world.homeserver.count("messages"),
        found: world
            .whole_log()
            .matches("An earlier attempt had succeeded")
            .count(),
        ..Figures::default()
    };
    for (party, sent) in parties.iter().zip(sent) {
        same(
            &format!("mails of {} in the room", party.label),
            &sent.tokens,
            &posted(party, world),
        );
        figures.customer_mails += sent.tokens.len();
        figures.hand_overs += sent.hand_overs;
        for (address, ghost) in party.addresses.iter().zip(&party.ghosts) {
            let (letters, copies) = letters(party, address, world);
            let wanted = wanted_in_letters(ghost, party, world);
            same(
                &format!("{} letters to {address}", party.label),
                &wanted,
                &tokens_of(&letters),
            );
            figures.letters += letters.len();
            figures.mails += copies;
        }
    }
    nothing_foreign(parties, before, world);
    for room in &before.rooms {
        let said = world.homeserver.messages(room);
        figures.in_rooms += said
            .iter()
            .filter(|(_, body)| body.starts_with("zz-"))
            .count();
    }
    assert_eq!(world.sink.violations(), Vec::<String>::new());
    figures
}

/// What the customer's ghost has said in the room.
fn posted(party: &Party, world: &World) -> Vec<String> {
    let said = world.said_by(&party.room, &party.ghosts[0]);
    said.iter().flat_map(|body| tokens(body)).collect()
}

/// Everything that others said in the room, colleagues included: their answers were for us alone.
fn wanted_in_letters(ghost: &str, party: &Party, world: &World) -> Vec<String> {
    let said = world.homeserver.messages(&party.room).into_iter();
    said.filter(|(sender, _)| sender != BOT && sender != ghost)
        .flat_map(|(_, body)| tokens(&body))
        .collect()
}

/// The party's letters to an address, one of each Message-ID in the order in which they first
/// came, and how many mails that were. Fails if two mails with one id differ.
fn letters(party: &Party, address: &str, world: &World) -> (Vec<SinkMail>, usize) {
    let mut letters: Vec<SinkMail> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    let mut copies = 0;
    for mail in world.sink.mails_to(address) {
        if reply_address(&mail).as_deref() != Some(&party.reply_to) {
            continue;
        }
        copies += 1;
        let id = header(&mail.raw, "Message-ID");
        if let Some(place) = places.get(&id) {
            let known = &letters[*place];
            assert_eq!(known.text(), mail.text(), "one id, two contents");
        } else {
            places.insert(id, letters.len());
            letters.push(mail);
        }
    }
    (letters, copies)
}

/// What a letter says, without the customer's last mail below it.
fn unquoted(text: &str) -> String {
    let said = text.lines().filter(|line| !line.starts_with('>'));
    said.collect::<Vec<_>>().join("\n")
}

fn tokens_of(letters: &[SinkMail]) -> Vec<String> {
    letters
        .iter()
        .flat_map(|letter| tokens(&unquoted(&letter_text(letter))))
        .collect()
}

fn same(what: &str, wanted: &[String], found: &[String]) {
    let (want, have): (HashSet<_>, HashSet<_>) = (wanted.iter().collect(), found.iter().collect());
    let missing: Vec<_> = wanted.iter().filter(|one| !have.contains(one)).collect();
    let foreign: Vec<_> = found.iter().filter(|one| !want.contains(one)).collect();
    let mut seen = HashSet::new();
    let double: Vec<_> = found.iter().filter(|one| !seen.insert(*one)).collect();
    assert!(
        missing.is_empty() && foreign.is_empty() && double.is_empty(),
        "{what}: missing {missing:?}, foreign {foreign:?}, double {double:?}"
    );
    let displaced = wanted.iter().zip(found).find(|(want, have)| want != have);
    assert!(displaced.is_none(), "{what}: out of order at {displaced:?}");
}

fn nothing_foreign(parties: &[Party], before: &Before, world: &World) {
    let mut rooms = world.homeserver.rooms();
    rooms.sort();
    assert_eq!(rooms, before.rooms);
    for (room, notices) in rooms.iter().zip(&before.notices) {
        assert_eq!(
            &world.said_by(room, BOT),
            notices,
            "the bot says nothing new"
        );
        for (sender, body) in world.homeserver.messages(room) {
            let is_expected = sender == BOT
                || sender == world.ann.id()
                || parties
                    .iter()
                    .any(|party| &party.room == room && party.ghosts[0] == sender);
            assert!(is_expected, "{sender} said {body:?} in {room}");
        }
    }
    let known: HashSet<(&str, &str)> = parties
        .iter()
        .flat_map(|party| {
            party
                .addresses
                .iter()
                .map(|one| (*one, party.reply_to.as_str()))
        })
        .collect();
    for mail in world.sink.mails() {
        let reply_to = reply_address(&mail).unwrap_or_default();
        assert_eq!(
            mail.recipients.len(),
            1,
            "one transaction for each recipient"
        );
        assert!(
            known.contains(&(mail.recipients[0].as_str(), reply_to.as_str())),
            "a foreign mail:\n{}",
            mail.text()
        );
    }
}

/// What Postroom still has to do, or has given up, for whoever looks for the reason.
async fn left_over(world: &World) -> String {
    let mut database = world.database().await;
    let mut lines = Vec::new();
    for sql in LEFT_OVER {
        let rows: Vec<(String,)> = database.rows(sql).await;
        lines.extend(rows.into_iter().map(|(line,)| line));
    }
    lines.join("\n")
}

const LEFT_OVER: &[&str] = &[
    "SELECT 'outbox ' || way || ' ' || lane || ': ' || state || ', attempts ' || attempts
        || ', uncertain ' || uncertain || ', at ' || next_at || ': ' || reason
     FROM outbox WHERE state IN ('ready', 'attempting', 'refused')",
    "SELECT 'mail ' || id || ': ' || state || ', attempts ' || attempts || ', ' || problem
     FROM mails WHERE state <> 'done'",
    "SELECT 'event ' || id || ': ' || state || ', ' || problem FROM inbox WHERE state <> 'done'",
];

/// Nothing is left, and nothing was set aside.
pub async fn look_into_database(world: &World) {
    let mut database = world.database().await;
    if !database.is_postgres() {
        let (found,): (String,) = database.row("PRAGMA integrity_check").await;
        assert_eq!(found, "ok");
    }
    for what in LEFT {
        let (found,): (i64,) = database.row(what).await;
        assert_eq!(found, 0, "{what}");
    }
    database.close().await;
}

const LEFT: &[&str] = &[
    "SELECT count(*) FROM outbox WHERE state <> 'delivered'",
    "SELECT count(*) FROM inbox WHERE state <> 'done'",
    "SELECT count(*) FROM mails WHERE state <> 'done'",
    "SELECT count(*) FROM letters WHERE state <> 'settled'",
];
