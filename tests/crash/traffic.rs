//! Who writes: Ann in every room (see [`staff`](crate::staff)), and customers by LMTP, all at the same
//! time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    staff::{Said, Staff},
    support::{
        lmtp_client::LmtpClient,
        smtp_sink::SinkMail,
        world::{World, header, reply_address},
    },
};

/// One customer in one room.
#[derive(Debug, Clone)]
pub struct Party {
    pub room: String,
    /// Unlike every other party's, in what they write.
    pub label: &'static str,
    /// The first one writes, all of them get the letters.
    pub addresses: Vec<&'static str>,
    pub ghosts: Vec<String>,
    pub reply_to: String,
    /// The same for the room's thread.
    pub thread_reply_to: String,
    /// The event that the room's thread begins with.
    root: String,
    /// Message-ID of the first letter, with brackets.
    first_letter: String,
    /// Answers that letter by its id, without the token.
    by_id: bool,
}

/// Room, label, addresses, whether they answer by id. Jane is in two rooms, two customers share
/// one, and one customer is two people.
const PARTIES: &[(usize, &str, &[&str], bool)] = &[
    (0, "jane", &["jane@acme.com"], true),
    (1, "joe", &["joe@beta.example"], false),
    (1, "mia", &["mia@gamma.example"], false),
    (2, "kim", &["kim@delta.example", "lee@delta.example"], false),
    (3, "jane-again", &["jane@acme.com"], false),
];
const ROOMS: usize = 4;

impl Party {
    /// Makes the rooms, adds everybody and waits for their first letters.
    pub async fn invite_all(world: &World) -> Vec<Self> {
        let (mut rooms, mut roots) = (Vec::new(), Vec::new());
        for number in 0..ROOMS {
            let room = world.room(&format!("Room {number}"), &[]).await;
            // Nobody has got it: a thread about it is about something else.
            roots.push(world.tell(&room, "Before anybody came").await);
            for (_, _, addresses, _) in PARTIES.iter().filter(|(place, ..)| *place == number) {
                let command = format!("!email add --share {}", addresses.join(" "));
                world.ann.say(&room, &command);
                for address in *addresses {
                    let name = address.split('@').next().unwrap();
                    world
                        .until("the ghost joins", || world.ghost(&room, name).is_some())
                        .await;
                }
            }
            world.ann.say(&room, &token(&format!("ann-{number}"), 0));
            let in_thread = token(&format!("thread-{number}"), 0);
            world.ann.say_in_thread(&room, &roots[number], &in_thread);
            rooms.push(room);
        }
        let mut parties = Vec::new();
        for (number, label, addresses, by_id) in PARTIES {
            let first = token(&format!("ann-{number}"), 0);
            let letter = letter_with(&first, addresses[0], world).await;
            let first = token(&format!("thread-{number}"), 0);
            let in_thread = letter_with(&first, addresses[0], world).await;
            let ghost = |address: &&str| {
                world
                    .ghost(&rooms[*number], address.split('@').next().unwrap())
                    .unwrap()
            };
            parties.push(Self {
                room: rooms[*number].clone(),
                label,
                addresses: addresses.to_vec(),
                ghosts: addresses.iter().map(ghost).collect(),
                reply_to: reply_address(&letter).unwrap(),
                thread_reply_to: reply_address(&in_thread).unwrap(),
                root: roots[*number].clone(),
                first_letter: header(&letter.raw, "Message-ID").unwrap(),
                by_id: *by_id,
            });
        }
        world.quiet().await;
        parties
    }

    /// The `n`th mail of this customer: envelope recipient and content.
    fn mail(&self, n: usize) -> (String, String) {
        let from = self.addresses[0];
        let (to, answers) = if self.by_id && n % 2 == 1 {
            let id = &self.first_letter;
            let answers = format!("In-Reply-To: {id}\r\nReferences: {id}\r\n");
            ("support@example.org".to_owned(), answers)
        } else {
            (self.reply_to.clone(), String::new())
        };
        let text = token(self.label, n);
        let raw = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: Re: Room\r\nMessage-ID: <{text}@{from}>\r\n\
             {answers}Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n{text}\r\n"
        );
        (to, raw)
    }
}

async fn letter_with(text: &str, to: &str, world: &World) -> SinkMail {
    let mut letter = None;
    world
        .until("the first letter", || {
            let mut mails = world.sink.mails_to(to).into_iter();
            letter = mails.find(|mail| mail.text().contains(text));
            letter.is_some()
        })
        .await;
    letter.unwrap()
}

/// A word that stands for one message.
pub fn token(label: &str, n: usize) -> String {
    format!("zz-{label}-{n:05}")
}

/// The words of [`token`] in a text, in order.
pub fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| word.starts_with("zz-"))
        .map(str::to_owned)
        .collect()
}

/// Everybody writes until the end is wished.
pub struct Traffic {
    end: Arc<AtomicBool>,
    staff: Vec<JoinHandle<Vec<Said>>>,
    customers: Vec<JoinHandle<Sent>>,
}

/// What one customer has written, and how often it was handed over until it was acknowledged.
#[derive(Debug, Default)]
pub struct Sent {
    pub tokens: Vec<String>,
    pub hand_overs: usize,
}

impl Traffic {
    pub fn begin(parties: &[Party], world: &World, seed: u64) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let mut rooms: Vec<&Party> = parties.iter().collect();
        rooms.dedup_by_key(|party| &party.room);
        let staff = rooms.into_iter().enumerate().map(|(number, party)| {
            let staff = Staff {
                ann: world.ann.clone(),
                room: party.room.clone(),
                number,
                root: party.root.clone(),
                chance: StdRng::seed_from_u64(seed ^ number as u64),
            };
            tokio::spawn(staff.talk(end.clone()))
        });
        let customers = parties.iter().enumerate().map(|(number, party)| {
            let chance = StdRng::seed_from_u64(seed ^ (1000 + number as u64));
            let address = world.lmtp_address();
            tokio::spawn(hand_over(party.clone(), address, chance, end.clone()))
        });
        Self {
            staff: staff.collect(),
            customers: customers.collect(),
            end: end.clone(),
        }
    }

    /// Lets everybody finish what they have begun; what each customer has sent, and what Ann has said
    /// in all rooms.
    pub async fn end(self) -> (Vec<Sent>, Vec<Said>) {
        self.end.store(true, Ordering::Relaxed);
        let mut said = Vec::new();
        for staff in self.staff {
            said.extend(staff.await.unwrap());
        }
        let mut sent = Vec::new();
        for customer in self.customers {
            sent.push(customer.await.unwrap());
        }
        (sent, said)
    }
}

/// Hands mails in one after the other, each as often as it takes, as a mail server does. Now and
/// then the connection ends before the answer can be read.
async fn hand_over(
    party: Party,
    address: std::net::SocketAddr,
    mut chance: StdRng,
    end: Arc<AtomicBool>,
) -> Sent {
    let mut sent = Sent::default();
    let mut n = 0;
    while !end.load(Ordering::Relaxed) {
        n += 1;
        let (to, raw) = party.mail(n);
        sent.tokens.push(token(party.label, n));
        loop {
            let patience = if chance.random_bool(0.15) {
                Duration::from_micros(chance.random_range(500..10_000))
            } else {
                Duration::from_secs(20)
            };
            sent.hand_overs += 1;
            let attempt = async {
                let mut client = LmtpClient::connect(address).await?;
                client
                    .deliver(party.addresses[0], &[&to], raw.as_bytes())
                    .await
            };
            match timeout(patience, attempt).await {
                Ok(Ok(replies)) if replies[0].code == 250 => break,
                Ok(Ok(replies)) => assert_eq!(replies[0].code / 100, 4, "{replies:?}"),
                Ok(Err(_)) | Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(chance.random_range(10..100))).await;
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..400))).await;
    }
    sent
}
