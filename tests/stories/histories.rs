//! Whatever happens to who is in a room, nobody gets a mail of it, or of a thread of it, who wasn't there
//! when it was said; and who was there and stays gets each message once.
//!
//! Random histories happen to the real program and to a model that knows of nothing but people and
//! places; every word that was said is searched for in everybody's mail.

mod model;

use std::{collections::HashSet, time::Duration};

use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};

use self::model::{Model, PEOPLE, Person, Place};
use crate::{
    broadcasts::{Broadcast, press},
    desk::{BOT, mail},
    support::world::{header, letter_text, reply_address},
};

#[derive(Debug, Clone)]
enum Step {
    /// Staff say something in the room or in a thread.
    Say(Place),
    Note,
    /// Everything that waits goes.
    SendNow,
    /// Somebody answers their last letter, and copies these in; whether the mail proves who sent it.
    Answer(Person, Vec<Person>, bool),
    /// Staff let somebody in who was offered to them.
    Admit(usize),
    Add(Vec<Person>),
    Remove(Person),
    Leave(Person),
    Stay(Person),
    /// The bot leaves, and comes back.
    CloseAll,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = prop_oneof![3 => Just(None), 2 => (0..2_usize).prop_map(Some)];
    let person = 0..PEOPLE.len();
    let groups = vec![vec![0, 1], vec![0], vec![1], vec![2], vec![3]];
    let step = prop_oneof![
        10 => place.prop_map(Step::Say),
        1 => Just(Step::Note),
        4 => Just(Step::SendNow),
        6 => (person.clone(), vec(person.clone(), 0..3), any::<bool>())
            .prop_map(|(by, cc, is_proven)| Step::Answer(by, cc, is_proven)),
        3 => (0..4_usize).prop_map(Step::Admit),
        4 => prop::sample::select(groups).prop_map(Step::Add),
        2 => person.clone().prop_map(Step::Remove),
        3 => person.clone().prop_map(Step::Leave),
        2 => person.prop_map(Step::Stay),
        1 => Just(Step::CloseAll),
    ];
    vec(step, 12..36)
}

proptest! {
    #![proptest_config(ProptestConfig {
        max_shrink_iters: 30,
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases())
    })]
    #[test]
    fn everybody_gets_what_is_said_where_they_are(is_broadcast: bool, steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(History::tell(is_broadcast, &steps))?;
    }
}

/// Few, as each starts the program; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let (usual, wished) = (256, ProptestConfig::default().cases);
    if wished == usual { 6 } else { wished }
}

/// What has happened, in the program and in the model.
struct History {
    broadcast: Broadcast,
    model: Model,
    /// The events with which two threads begin, said before anybody came.
    roots: [String; 2],
    /// Notices that offer somebody: the event, the number of the conversation in the model, and whom.
    offers: Vec<(String, usize, Person)>,
    seen_notices: HashSet<String>,
}

impl History {
    async fn tell(is_broadcast: bool, steps: &[Step]) -> Result<(), TestCaseError> {
        let broadcast = Broadcast::with(&[]).await;
        let (world, room) = (&broadcast.world, &broadcast.room);
        if !is_broadcast {
            let hush = "DELETE FROM room_settings WHERE key = 'broadcast'";
            world.database().await.execute(hush).await;
        }
        world
            .ask(room, "!email settings quiet=10m at_most=10m")
            .await;
        let roots = ["One", "Two"].map(|text| world.ann.say(room, text));
        world.quiet().await;
        let mut history = Self {
            broadcast,
            model: Model::new(is_broadcast),
            roots,
            offers: Vec::new(),
            seen_notices: HashSet::new(),
        };
        history.happen(&Step::Add(vec![0, 1])).await;
        history.happen(&Step::Add(vec![2])).await;
        for step in steps {
            history.happen(step).await;
        }
        history.happen(&Step::SendNow).await;
        let verdict = history.verdict();
        history.broadcast.world.finish().await;
        verdict
    }

    async fn happen(&mut self, step: &Step) {
        let (world, room) = (&self.broadcast.world, &self.broadcast.room);
        match step {
            Step::Say(place) => {
                let word = self.model.staff_say(*place);
                match place {
                    None => world.ann.say(room, &word),
                    Some(root) => world.ann.say_in_thread(room, &self.roots[*root], &word),
                };
                world.quiet().await;
            }
            Step::Note => {
                let word = self.model.staff_note();
                world.ann.say(room, &format!("!!{word}"));
                world.quiet().await;
            }
            Step::SendNow => self.send_now().await,
            Step::Answer(by, copied, is_proven) => self.answer(*by, copied, *is_proven).await,
            Step::Admit(which) if !self.offers.is_empty() => {
                let which = which % self.offers.len();
                let (notice, conversation, person) = self.offers.remove(which);
                world.ann.react(room, &notice, "➕");
                world.quiet().await;
                self.model.admit(conversation, person);
            }
            Step::Add(people) => {
                let addresses: Vec<&str> = people.iter().map(|person| PEOPLE[*person].0).collect();
                let command = format!("!email add --share {}", addresses.join(" "));
                world.ann.say(room, &command);
                world.quiet().await;
                self.model.add(people);
            }
            Step::Remove(person) => {
                let command = format!("!email remove {}", PEOPLE[*person].0);
                world.ann.say(room, &command);
                world.quiet().await;
                self.model.remove(*person);
            }
            Step::Leave(person) if !self.model.has_left(*person) => {
                if let Some(url) = self.way_out(*person) {
                    self.press(&url).await;
                    let got = self.received(*person);
                    self.model.leave(*person, &got);
                }
            }
            Step::Stay(person) if self.model.has_left(*person) => {
                if let Some(url) = self.way_out(*person) {
                    self.press(&url.replace("/leave/", "/stay/")).await;
                    self.model.stay(*person);
                }
            }
            Step::CloseAll => {
                world.ask(room, "!email leave").await;
                world.quiet().await;
                world.invite_bot(room).await;
                world
                    .until("the bot is back", || world.is_in(room, BOT))
                    .await;
                world.quiet().await;
                self.model.close_all();
            }
            Step::Admit(_) | Step::Leave(_) | Step::Stay(_) => {}
        }
    }

    async fn send_now(&self) {
        let (world, room) = (&self.broadcast.world, &self.broadcast.room);
        world.ask(room, "!email now").await;
        // What waits in a closed conversation waits for somebody who may come back.
        let waiting = "SELECT count(*) FROM letters \
             JOIN conversations ON conversations.id = conversation_id \
             WHERE letters.state = 'open' AND conversations.state <> 'closed'";
        let mut database = world.database().await;
        while database.rows::<(i64,)>(waiting).await != [(0,)] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.quiet().await;
    }

    /// By the page of somebody's last letter they leave or come back; waits until the room knows.
    async fn press(&self, url: &str) {
        let told = self.broadcast.told().len();
        assert!(press(url).await.status().is_success());
        let world = &self.broadcast.world;
        world
            .until("the room is told", || self.broadcast.told().len() > told)
            .await;
        world.quiet().await;
    }

    fn way_out(&self, person: Person) -> Option<String> {
        let letters = self.broadcast.world.sink.mails_to(PEOPLE[person].0);
        let last = letters
            .into_iter()
            .rev()
            .find(|letter| header(&letter.raw, "List-Unsubscribe").is_some())?;
        Some(self.broadcast.page_of(&last))
    }

    async fn answer(&mut self, by: Person, copied: &[Person], is_proven: bool) {
        let (world, room) = (&self.broadcast.world, &self.broadcast.room);
        let Some(letter) = world.sink.mails_to(PEOPLE[by].0).pop() else {
            return;
        };
        let place = self.model.place_of(&letter_text(&letter));
        let Some(from) = self.model.only_conversation(by, place) else {
            return;
        };
        let (word, offered) = self.model.answer(from, by, copied, is_proven);
        let to = reply_address(&letter).unwrap();
        let others: Vec<&str> = copied.iter().map(|person| PEOPLE[*person].0).collect();
        let headers = if others.is_empty() {
            String::new()
        } else {
            format!("Cc: {}\n", others.join(", "))
        };
        let raw = mail(PEOPLE[by].0, &to, &headers, &word);
        if is_proven {
            world.mail(PEOPLE[by].0, &[&to], &raw).await;
        } else {
            world.unproven_mail(PEOPLE[by].0, &[&to], &raw).await;
        }
        world.quiet().await;
        for event in world.homeserver.timeline(room) {
            let is_new = event.sender == BOT
                && event.body().contains("nothing proves who sent that mail")
                && self.seen_notices.insert(event.event_id.clone());
            let named = |person: &&Person| event.body().contains(PEOPLE[**person].0);
            if is_new && let Some(person) = offered.iter().find(named) {
                self.offers.push((event.event_id.clone(), from, *person));
            }
        }
    }

    /// What stands in somebody's mails, without what those quote.
    fn received(&self, person: Person) -> Vec<String> {
        let letters = self.broadcast.world.sink.mails_to(PEOPLE[person].0);
        let words = letters.iter().flat_map(|letter| {
            let text = letter_text(letter);
            let lines = text.lines().filter(|line| !line.starts_with('>'));
            let words = lines.flat_map(str::split_whitespace).map(str::to_owned);
            words.collect::<Vec<String>>()
        });
        words.collect()
    }

    /// Whether a word stands anywhere in what somebody's mails say. Not in their headers: the ids of the
    /// mails in them hold it.
    fn has_seen(&self, person: Person, word: &str) -> bool {
        let letters = self.broadcast.world.sink.mails_to(PEOPLE[person].0);
        letters.iter().any(|letter| {
            let text = letter.text();
            let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
            body.unwrap_or(&text).contains(word)
        })
    }

    fn verdict(&self) -> Result<(), TestCaseError> {
        for (person, (address, _)) in PEOPLE.iter().enumerate() {
            let received = self.received(person);
            for message in self.model.messages() {
                let times = received
                    .iter()
                    .filter(|word| **word == message.word)
                    .count();
                let fits = match message.meant_for(person) {
                    model::Meant::Yes => times == 1,
                    model::Meant::Perhaps => times <= 1,
                    model::Meant::No => times == 0,
                };
                prop_assert!(
                    message.may_be_quoted_to(person) || !self.has_seen(person, &message.word),
                    "{address} has seen {message:?}"
                );
                prop_assert!(fits, "{address} got it {times} times: {message:?}");
            }
        }
        Ok(())
    }
}
