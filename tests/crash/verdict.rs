//! What must hold when the storm is over.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::{Duration, Instant},
};

use mail_parser::{MessageParser, MimeHeaders};

use crate::{
    staff::{Fate, Said},
    support::{
        smtp_sink::SinkMail,
        world::{World, header, letter_text, reply_address},
    },
    traffic::{Party, Sent, tokens},
};

const BOT: &str = "@postroom:example.org";
/// What the bot says of what was taken back too late, and of what was under way when Postroom was
/// killed.
const GONE: &str = "had already gone by email";
const MAY_HAVE_GONE: &str = "may have gone by email";
/// How long a mail may take from the last look at it to its final dot.
const A_MOMENT: Duration = Duration::from_secs(2);
/// However much changes: what is tried for ever never rests.
const MOST_WORK: Duration = Duration::from_mins(15);

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

/// Until when Postroom is known to have heard of everything.
#[derive(Debug, Default)]
pub struct Known(Vec<(Instant, Instant)>);

impl Known {
    /// If Postroom has taken up every event by now, it knew all that had happened before it was asked.
    pub async fn look(&mut self, world: &World) {
        let before = Instant::now();
        let has_all = world.homeserver.backlog() == 0
            && world
                .health()
                .await
                .is_some_and(|health| health["waiting"]["events"] == 0)
            && world.homeserver.backlog() == 0;
        if has_all {
            self.0.push((before, Instant::now()));
        }
    }

    /// When it knew for certain of what happened at this moment.
    fn heard(&self, of: Instant) -> Option<Instant> {
        let heard = self.0.iter().find(|(before, _)| *before > of);
        heard.map(|(_, at)| *at)
    }
}

#[derive(Debug, Default)]
pub struct Figures {
    in_rooms: usize,
    letters: usize,
    mails: usize,
    customer_mails: usize,
    hand_overs: usize,
    files: usize,
    edited: usize,
    taken_back: [usize; 2],
    looked_up: u64,
    found: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages in rooms, {} edited, {} taken back (of which {} in time for somebody); {} \
             letters to recipients in {} mails ({} sent again) with {} files; {} customer mails \
             handed over {} times; {} uncertain posts looked up, {} were there",
            self.in_rooms,
            self.edited,
            self.taken_back[0],
            self.taken_back[1],
            self.letters,
            self.mails,
            self.mails - self.letters,
            self.files,
            self.customer_mails,
            self.hand_overs,
            self.looked_up,
            self.found
        )
    }
}

/// Waits until Postroom believes that it is done, or nothing has changed for `patience`: how long the
/// work takes is a matter of the machine.
pub async fn wait_for_rest(world: &World, patience: Duration) {
    let begun = Instant::now();
    let (mut left, mut moved) = (String::new(), begun);
    while !is_at_rest(world).await {
        let now = left_over(world).await;
        if now != left {
            (left, moved) = (now, Instant::now());
        }
        if moved.elapsed() > patience || begun.elapsed() > MOST_WORK {
            let log = world.log();
            println!("not at rest after {:?}:\n{left}\n{log}", begun.elapsed());
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
pub fn judge(
    parties: &[Party],
    sent: &[Sent],
    said: &[Said],
    known: &Known,
    before: &Before,
    world: &World,
) -> Figures {
    let mut figures = Figures {
        looked_up: world.homeserver.count("messages"),
        found: world
            .whole_log()
            .matches("An earlier attempt had succeeded")
            .count(),
        ..Figures::default()
    };
    let mut gone: HashMap<&str, usize> = HashMap::new();
    for (party, sent) in parties.iter().zip(sent) {
        same(
            &format!("mails of {} in the room", party.label),
            &sent.tokens,
            &posted(party, world),
        );
        figures.customer_mails += sent.tokens.len();
        figures.hand_overs += sent.hand_overs;
        for (address, ghost) in party.addresses.iter().zip(&party.ghosts) {
            for (in_thread, reply_to) in [(false, &party.reply_to), (true, &party.thread_reply_to)]
            {
                let (letters, copies) = letters(reply_to, address, said, world);
                let what = format!("{} letters to {address}, thread {in_thread}", party.label);
                let wanted = wanted_in_letters(ghost, party, in_thread, said, world);
                let found = tokens_of(&letters);
                let untouched: HashSet<&String> = wanted.iter().collect();
                let [kept, changed]: [Vec<String>; 2] = [true, false].map(|is_kept| {
                    let found = found.iter().filter(|it| untouched.contains(it) == is_kept);
                    found.cloned().collect()
                });
                same(&what, &wanted, &kept);
                let second = Second {
                    said,
                    known,
                    room: &party.room,
                    in_thread,
                    what,
                };
                let mails = mails(reply_to, address, world);
                let (too_late, in_time) = second.thoughts(&changed, &mails);
                *gone.entry(&party.room).or_default() += too_late;
                figures.taken_back[1] += in_time;
                figures.files += whole_files(&letters, said);
                figures.letters += letters.len();
                figures.mails += copies;
            }
        }
    }
    figures.edited = said
        .iter()
        .filter(|it| matches!(it.fate, Fate::Edited(_)))
        .count();
    let taken_back = said
        .iter()
        .filter(|it| matches!(it.fate, Fate::TakenBack(_)));
    figures.taken_back[0] = taken_back.count();
    for (room, gone) in gone {
        let told = world.said_by(room, BOT);
        let people = |words: &str| {
            let lists = told.iter().flat_map(|text| text.split(words).skip(1));
            lists.flat_map(|it| it.split(',')).count()
        };
        let (certain, perhaps) = (people(GONE), people(MAY_HAVE_GONE));
        let is_told = (certain..=certain + perhaps).contains(&gone);
        assert!(
            is_told,
            "{gone} times what was taken back had gone: {told:?}"
        );
    }
    nothing_foreign(parties, before, world);
    for room in &before.rooms {
        let said = world.homeserver.messages(room);
        figures.in_rooms += said
            .iter()
            .filter(|(_, body)| body.starts_with("zz-"))
            .count();
    }
    figures
}

/// What the customer's ghost has said in the room.
fn posted(party: &Party, world: &World) -> Vec<String> {
    let said = world.said_by(&party.room, &party.ghosts[0]);
    said.iter().flat_map(|body| tokens(body)).collect()
}

/// Everything that others said in the room or its thread and left as it was, colleagues included:
/// their answers were for us alone.
fn wanted_in_letters(
    ghost: &str,
    party: &Party,
    in_thread: bool,
    said: &[Said],
    world: &World,
) -> Vec<String> {
    let changed = said.iter().filter(|said| said.fate != Fate::Kept);
    let changed: HashSet<&str> = changed.map(|said| said.event.as_str()).collect();
    let timeline = world.homeserver.timeline(&party.room).into_iter();
    timeline
        .filter(|event| event.kind == "m.room.message")
        .filter(|event| event.sender != BOT && event.sender != ghost)
        .filter(|event| !changed.contains(event.event_id.as_str()))
        .filter(|event| {
            let relation = event.content["m.relates_to"]["rel_type"].as_str();
            relation != Some("m.replace") && (relation == Some("m.thread")) == in_thread
        })
        .flat_map(|event| tokens(event.body()))
        .collect()
}

/// All mails to an address from which the answer goes there.
fn mails(reply_to: &str, address: &str, world: &World) -> Vec<SinkMail> {
    let mut mails = world.sink.mails_to(address);
    mails.retain(|mail| reply_address(mail).as_deref() == Some(reply_to));
    mails
}

/// The letters of a conversation to an address, one of each Message-ID in the order in which they
/// first came, and how many mails that were. Fails if two mails with one id differ, but for what was
/// taken back in between.
fn letters(reply_to: &str, address: &str, said: &[Said], world: &World) -> (Vec<SinkMail>, usize) {
    let taken_back = said
        .iter()
        .filter(|it| matches!(it.fate, Fate::TakenBack(_)));
    let taken_back: HashSet<&str> = taken_back.map(|it| it.token.as_str()).collect();
    let mut letters: Vec<SinkMail> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    let mails = mails(reply_to, address, world);
    let copies = mails.len();
    for mail in mails {
        let id = header(&mail.raw, "Message-ID");
        if let Some(place) = places.get(&id) {
            let known = &letters[*place];
            let first = tokens(&letter_text(known));
            if !first.iter().any(|it| taken_back.contains(it.as_str())) {
                assert_eq!(known.text(), mail.text(), "one id, two contents");
            }
        } else {
            places.insert(id, letters.len());
            letters.push(mail);
        }
    }
    (letters, copies)
}

/// What a letter says, without the customer's last mail below it, and without what it names only to
/// correct it.
fn unquoted(text: &str) -> String {
    let said = text
        .lines()
        .filter(|line| !line.starts_with('>') && !line.starts_with("Correction of"));
    said.collect::<Vec<_>>().join("\n")
}

fn tokens_of(letters: &[SinkMail]) -> Vec<String> {
    letters
        .iter()
        .flat_map(|letter| tokens(&unquoted(&letter_text(letter))))
        .collect()
}

/// How many files the letters have. Fails if one that is named isn't there, or has changed.
fn whole_files(letters: &[SinkMail], said: &[Said]) -> usize {
    let mut count = 0;
    for letter in letters {
        let text = unquoted(&letter_text(letter));
        let mail = MessageParser::new().parse(&letter.raw).unwrap();
        let files: HashMap<&str, &[u8]> = mail
            .attachments()
            .filter_map(|part| Some((part.attachment_name()?, part.contents())))
            .collect();
        for said in said.iter().filter(|said| said.is_file) {
            let name = Said::file_name(&said.token);
            if text.contains(&name) {
                let found = files.get(name.as_str()).copied();
                let whole = found == Some(Said::file(&said.token).as_slice());
                assert!(whole, "{name} is missing or not whole in: {text}");
                count += 1;
            }
        }
    }
    count
}

/// What Ann had second thoughts about, in one conversation.
struct Second<'a> {
    said: &'a [Said],
    known: &'a Known,
    room: &'a str,
    in_thread: bool,
    what: String,
}

impl Second<'_> {
    /// What she mended is there as she mended it, and at most once as it was; what she took back is
    /// there at most once, and in no mail that was begun when Postroom knew. `found` is what stands in
    /// the letters besides what she left as it was. Returns how much was taken back too late, and how
    /// much in time.
    fn thoughts(&self, found: &[String], mails: &[SinkMail]) -> (usize, usize) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for token in found {
            *times.entry(token).or_default() += 1;
        }
        let what = &self.what;
        let (mut gone, mut in_time) = (0, 0);
        let here = |said: &&Said| said.room == self.room && said.in_thread == self.in_thread;
        for said in self.said.iter().filter(here) {
            let first = times.remove(said.token.as_str()).unwrap_or_default();
            match &said.fate {
                Fate::Kept => {}
                Fate::Edited(token) => {
                    assert!(first <= 1, "{what}: {} {first} times", said.token);
                    let mended = times.remove(token.as_str()).unwrap_or_default();
                    assert_eq!(
                        mended, 1,
                        "{what}: {token}, after {} {first} times",
                        said.token
                    );
                }
                Fate::TakenBack(at) => {
                    assert!(first <= 1, "{what}: {} {first} times", said.token);
                    match first {
                        0 => in_time += 1,
                        _ => gone += 1,
                    }
                    if let Some(heard) = self.known.heard(*at) {
                        self.not_after(heard, &said.token, mails);
                    }
                }
            }
        }
        assert!(times.is_empty(), "{what}: foreign {times:?}");
        (gone, in_time)
    }

    fn not_after(&self, heard: Instant, token: &str, mails: &[SinkMail]) {
        for mail in mails {
            let is_in = tokens(&letter_text(mail)).iter().any(|it| it == token);
            let late = mail.received.saturating_duration_since(heard + A_MOMENT);
            assert!(
                !is_in || late.is_zero(),
                "{}: {token} was sent {late:?} after it was known to be taken back\n{}",
                self.what,
                mail.text()
            );
        }
    }
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
        let mut told = world.said_by(room, BOT);
        told.retain(|text| !text.contains(GONE) && !text.contains(MAY_HAVE_GONE));
        assert_eq!(&told, notices, "the bot says nothing else");
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
            let conversations = [party.reply_to.as_str(), party.thread_reply_to.as_str()];
            let addresses = party.addresses.iter();
            addresses.flat_map(move |one| conversations.map(|place| (*one, place)))
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
    "SELECT count(*) FROM outbox WHERE state NOT IN ('delivered', 'withdrawn')",
    "SELECT count(*) FROM inbox WHERE state <> 'done'",
    "SELECT count(*) FROM mails WHERE state <> 'done'",
    "SELECT count(*) FROM letters WHERE state <> 'settled'",
];
