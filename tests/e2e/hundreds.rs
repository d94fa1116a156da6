//! Hundreds of mails of several customers through the real store and composer, as mail programs sort
//! them.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::support::{
    servers::customer::{self, header},
    world::{Options, World, reply_address},
};
use crate::threads;

const STEPS: usize = 230;

/// One customer in one room.
struct Party {
    room: String,
    /// Who writes.
    address: &'static str,
    name: &'static str,
    reply_to: String,
    /// What they have written.
    theirs: Vec<Vec<u8>>,
    /// Of these, what names no mail of the conversation, and what answers that.
    anew: HashSet<usize>,
    /// Written, but for so many steps not here.
    on_the_way: Vec<(usize, Vec<u8>)>,
}

/// Jane is in three rooms, two of one name; in the third she meets Joe.
const PARTIES: [(usize, &str, &str); 4] = [
    (0, "jane@acme.com", "Jane Doe"),
    (1, "jane@acme.com", "Jane Doe"),
    (2, "jane@acme.com", "Jane Doe"),
    (2, "joe@beta.example", "Joe"),
];
const ROOMS: [&str; 3] = ["Re: Training", "Re: Training", "Audit"];

impl Party {
    /// The letters of this conversation, oldest first.
    fn letters(&self, world: &World) -> Vec<Vec<u8>> {
        let mails = world.sink.mails_to(self.address).into_iter();
        mails
            .filter(|mail| reply_address(mail).as_ref() == Some(&self.reply_to))
            .map(|mail| mail.raw)
            .collect()
    }

    fn write(&mut self, world: &World, chance: &mut StdRng) -> Result<()> {
        let number = self.theirs.len();
        let domain = self.address.split('@').nth(1).unwrap_or_default();
        let id = format!(
            "{number}-of-{}@{domain}",
            self.reply_to.replace('@', "-at-")
        );
        let letters = self.letters(world);
        let old = &letters[chance.random_range(0..letters.len())];
        let newest = letters.last().context("no letter yet")?;
        let text = format!("Words {number} of {}", self.name);
        let answer = |to: &[u8]| -> Result<String> {
            let mail = customer::answer(to, self.address, &text, &id)?;
            Ok(String::from_utf8(mail.raw)?)
        };
        let is_chain = |line: &&str| line.starts_with("References: ");
        let renamed = |mail: &str| {
            let subject = format!("Subject: Lunch {number} with {}", self.reply_to);
            lines(mail, |line| {
                let is_it = line.starts_with("Subject: ");
                if is_it {
                    subject.clone()
                } else {
                    line.to_owned()
                }
            })
        };
        let raw = match chance.random_range(0..10) {
            0..4 => answer(newest)?,
            4 => answer(old)?,
            5 => renamed(&answer(newest)?),
            6 => renamed(&answer(old)?),
            // By In-Reply-To alone.
            7 => lines(&answer(old)?, |line| {
                if is_chain(&line) {
                    String::new()
                } else {
                    line.to_owned()
                }
            }),
            // An answer to themselves.
            8 if number > 0 => {
                let answered = chance.random_range(0..number);
                if self.anew.contains(&answered) {
                    self.anew.insert(number);
                }
                answer(&self.theirs[answered])?
            }
            kind => {
                self.anew.insert(number);
                let foreign = format!("<root-{id}> <middle-{id}>");
                let chain = if kind == 9 && chance.random_bool(0.5) {
                    format!("In-Reply-To: <middle-{id}>\r\nReferences: {foreign}\r\n")
                } else {
                    String::new()
                };
                format!(
                    "From: {}\r\nTo: {}\r\nSubject: New {number} of {}\r\nMessage-ID: <{id}>\r\n\
                     {chain}Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n{text}\r\n",
                    self.address, self.reply_to, self.reply_to
                )
            }
        };
        let raw = raw.into_bytes();
        let late = if chance.random_bool(0.3) {
            chance.random_range(1..12)
        } else {
            0
        };
        self.theirs.push(raw.clone());
        self.on_the_way.push((late, raw));
        Ok(())
    }

    /// What has been on its way for long enough arrives, the newest first.
    async fn arrive(&mut self, world: &World, after: usize) -> Result<()> {
        for index in (0..self.on_the_way.len()).rev() {
            if self.on_the_way[index].0 > after {
                self.on_the_way[index].0 -= after;
                continue;
            }
            let (_, raw) = self.on_the_way.remove(index);
            let mut door = world.lmtp().await;
            let replies = door.deliver(self.address, &[&self.reply_to], &raw).await?;
            ensure!(replies[0].code == 250, "{replies:?}");
        }
        Ok(())
    }
}

/// The mail with every line of its header as `change` has it; empty ones go.
fn lines(mail: &str, change: impl Fn(&str) -> String) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let head = head.replace("\r\n ", " ");
    let head: Vec<String> = head
        .lines()
        .map(change)
        .filter(|it| !it.is_empty())
        .collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}

async fn open(world: &World) -> Result<Vec<Party>> {
    let mut rooms = Vec::new();
    let mut parties = Vec::new();
    for (number, name) in ROOMS.iter().enumerate() {
        let people = PARTIES.iter().filter(|(room, ..)| *room == number);
        let people: Vec<_> = people.map(|(_, address, name)| (*address, *name)).collect();
        let room = world.room(name, &people).await;
        world
            .tell(&room, &format!("Welcome to room {number}"))
            .await;
        world.settled().await;
        rooms.push(room);
    }
    for (number, address, name) in PARTIES {
        let welcome = format!("Welcome to room {number}");
        let mut mails = world.sink.mails_to(address).into_iter();
        let letter = mails.find(|mail| mail.text().contains(&welcome));
        parties.push(Party {
            room: rooms[number].clone(),
            address,
            name,
            reply_to: letter
                .and_then(|letter| reply_address(&letter))
                .context("no first letter")?,
            theirs: Vec::new(),
            anew: HashSet::new(),
            on_the_way: Vec::new(),
        });
    }
    Ok(parties)
}

/// Ann writes, or answers something of the customer's.
fn ann_writes(world: &World, party: &Party, step: usize, chance: &mut StdRng) {
    let text = format!("Answer {step} of ours");
    let ghost = world.ghost(&party.room, party.name);
    let timeline = world.homeserver.timeline(&party.room).into_iter();
    let said: Vec<String> = timeline
        .filter(|event| event.kind == "m.room.message" && Some(&event.sender) == ghost.as_ref())
        .map(|event| event.event_id)
        .collect();
    if said.is_empty() || chance.random_bool(0.6) {
        world.ann.say(&party.room, &text);
    } else {
        let event = &said[chance.random_range(0..said.len())];
        world.ann.reply(&party.room, event, &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_mails_are_as_many_threads_as_conversations() -> Result<()> {
    let world = World::start(Options {
        more: "guard: {conversation: 0, contact: 0, domain: 0, letters: 0, loops: false}",
        ..Options::default()
    })
    .await;
    let mut parties = open(&world).await?;
    let mut chance = StdRng::seed_from_u64(7);
    for step in 0..STEPS {
        let number = chance.random_range(0..parties.len());
        if chance.random_bool(0.5) {
            ann_writes(&world, &parties[number], step, &mut chance);
        } else {
            parties[number].write(&world, &mut chance)?;
        }
        for party in &mut parties {
            party.arrive(&world, 1).await?;
        }
        // Now and then both sides write at the same time.
        if chance.random_bool(0.7) {
            world.quiet().await;
        }
    }
    for party in &mut parties {
        party.arrive(&world, usize::MAX).await?;
        world.settled().await;
    }
    for round in 0..6 {
        for party in &parties {
            world
                .tell(&party.room, &format!("That is all, {round}."))
                .await;
        }
    }
    world.settled().await;

    let mut total = 0;
    for (address, conversations) in [("jane@acme.com", 3), ("joe@beta.example", 1)] {
        let mine = || parties.iter().filter(|party| party.address == address);
        let letters: Vec<Vec<u8>> = mine().flat_map(|party| party.letters(&world)).collect();
        let mut all: Vec<&[u8]> = letters.iter().map(Vec::as_slice).collect();
        let mut tied = all.clone();
        for party in mine() {
            all.extend(party.theirs.iter().map(Vec::as_slice));
            let answers = party.theirs.iter().enumerate();
            tied.extend(
                answers
                    .filter(|(number, _)| !party.anew.contains(number))
                    .map(|(_, raw)| raw.as_slice()),
            );
        }
        total += all.len();
        known_and_plain(&letters, &all);
        for _ in 0..5 {
            all.shuffle(&mut chance);
            assert_eq!(threads::of(&all)?.all().len(), conversations, "{address}");
        }
        all.sort_by_key(|mail| header(mail, "Message-ID"));
        for _ in 0..2 {
            all.reverse();
            let found = threads::count_by_notmuch(&all)?;
            assert_eq!(found, conversations, "{address}, by notmuch");
            assert_eq!(threads::of(&all)?.all().len(), conversations, "{address}");
        }
        // It shows a mail without References at the top, whoever refers to it.
        let found = threads::count_by_neomutt(&tied)?;
        assert_eq!(found, conversations, "{address}, by neomutt");
    }
    println!("{total} mails");
    assert!(total >= 300, "{total} mails are not hundreds");
    world.finish().await;
    Ok(())
}

/// Subjects collect no prefixes, and whatever a letter answers lies in the same mailbox.
fn known_and_plain(letters: &[Vec<u8>], all: &[&[u8]]) {
    let ids: HashSet<String> = all
        .iter()
        .filter_map(|mail| header(mail, "Message-ID"))
        .collect();
    assert_eq!(ids.len(), all.len(), "an id twice");
    for letter in letters {
        let subject = header(letter, "Subject").unwrap_or_default();
        let rest = subject.trim_start_matches("Re: ");
        assert!(subject.len() - rest.len() <= 4, "{subject}");
        if let Some(answered) = header(letter, "In-Reply-To") {
            assert!(ids.contains(&answered), "{answered} is nobody's");
        }
    }
}
