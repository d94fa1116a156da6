//! What Ann does in one room: she writes, shares files, speaks in a thread, and thinks again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{Rng, rngs::StdRng};

use crate::{support::fake_homeserver::FakeUser, traffic::token};

/// How many of her last messages Ann may still change.
const FRESH: usize = 6;

/// A message of Ann's.
#[derive(Debug)]
pub struct Said {
    pub event: String,
    pub room: String,
    /// The word that stands for it.
    pub token: String,
    /// Whether it is in the room's thread, which is a conversation of its own.
    pub in_thread: bool,
    pub is_file: bool,
    pub fate: Fate,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    /// By a message with this word.
    Edited(String),
    TakenBack(Instant),
}

impl Said {
    /// The file that it is, if it is one.
    pub fn file(token: &str) -> Vec<u8> {
        let times = 40 + token.bytes().map(usize::from).sum::<usize>() % 1_000;
        token.repeat(times).into_bytes()
    }

    pub fn file_name(token: &str) -> String {
        format!("{token}.bin")
    }
}

/// Ann in one room.
pub struct Staff {
    pub ann: FakeUser,
    pub room: String,
    pub number: usize,
    /// What the room's thread begins with.
    pub root: String,
    pub chance: StdRng,
}

impl Staff {
    /// Until the end is wished; all that she said.
    pub async fn talk(mut self, end: Arc<AtomicBool>) -> Vec<Said> {
        let mut said = Vec::new();
        while !end.load(Ordering::Relaxed) {
            match self.chance.random_range(0..20) {
                0..2 => self.edit(&mut said),
                2..4 => self.take_back(&mut said),
                deed => {
                    let next = self.say(deed, said.len() + 1);
                    said.push(next);
                }
            }
            // Sometimes several at once.
            if self.chance.random_bool(0.7) {
                let pause = Duration::from_millis(self.chance.random_range(0..300));
                tokio::time::sleep(pause).await;
            }
        }
        said
    }

    fn say(&self, deed: u32, n: usize) -> Said {
        let (ann, room) = (&self.ann, &self.room);
        let token = token(&format!("ann-{}", self.number), n);
        let (is_file, in_thread) = (deed < 6, (6..9).contains(&deed));
        let event = if is_file {
            let (name, file) = (Said::file_name(&token), Said::file(&token));
            ann.send_file(room, &name, "application/octet-stream", &file)
        } else if in_thread {
            ann.say_in_thread(room, &self.root, &token)
        } else {
            ann.say(room, &token)
        };
        Said {
            event,
            room: room.clone(),
            token,
            in_thread,
            is_file,
            fate: Fate::Kept,
        }
    }

    fn edit(&mut self, said: &mut [Said]) {
        if let Some(said) = self.choose(said).filter(|said| !said.is_file) {
            let token = format!("{}-mended", said.token);
            self.ann.edit(&self.room, &said.event, &token);
            said.fate = Fate::Edited(token);
        }
    }

    fn take_back(&mut self, said: &mut [Said]) {
        if let Some(said) = self.choose(said) {
            self.ann.redact(&self.room, &said.event);
            said.fate = Fate::TakenBack(Instant::now());
        }
    }

    /// One of the last that she hasn't touched yet.
    fn choose<'s>(&mut self, said: &'s mut [Said]) -> Option<&'s mut Said> {
        let fresh = said.len().saturating_sub(FRESH)..said.len();
        if fresh.is_empty() {
            return None;
        }
        let said = &mut said[self.chance.random_range(fresh)];
        (said.fate == Fate::Kept).then_some(said)
    }
}
