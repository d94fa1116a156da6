//! How somebody answers our letters: machines answer at once, again and again, with the same words.
//!
//! Nothing in such a mail need say that a machine wrote it: ticket systems and many auto-responders
//! write a person's mail with a new subject each time. What they can't hide is that every letter of
//! ours is answered within seconds or, a little later, with words that differ in numbers only. People
//! write short words again and again, and now and then answer at once; so both must go on for a while.

use serde::{Deserialize, Serialize};

/// Answers of one address in one conversation. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// When a letter was last delivered to them.
    pub letter_at: Option<i64>,
    /// Letters since their last mail that came later than at once, less what they have sent since.
    pub unanswered: u32,
    /// Letters in a row that were answered at once.
    pub at_once: u32,
    /// What they have answered soon, the latest last.
    pub texts: Vec<Repeated>,
    /// When staff were last told that it looks like a machine.
    pub told_at: Option<i64>,
}

/// A text that somebody sends again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Of its letters.
    pub digest: u64,
    pub times: u32,
    pub last_at: i64,
}

/// Why an answer looks like a machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanical {
    /// The same words, numbers aside, so many times.
    SameWords(u32),
    /// So many letters in a row were answered at once.
    AtOnce(u32),
}

impl Rhythm {
    /// A letter has been delivered at `now`.
    pub fn note_letter(&mut self, now: i64) {
        self.letter_at = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// A mail with this text came at `now`; says if it looks like a machine's.
    pub fn hear(&mut self, text: &str, now: i64) -> Option<Mechanical> {
        // What comes before the letter has been written down as delivered says nothing.
        let lag = now.checked_sub(self.letter_at?).filter(|lag| *lag >= 0)?;
        let is_soon = lag <= SOON;
        let same = if is_soon {
            self.repeat(text, now)
        } else {
            None
        };
        if lag > AT_ONCE {
            (self.at_once, self.unanswered) = (0, 0);
        } else if self.unanswered > 0 {
            // Letters and answers may cross.
            self.unanswered -= 1;
            self.at_once = self.at_once.saturating_add(1);
        }
        match same {
            Some(times) if times > MOST_SAME => Some(Mechanical::SameWords(times)),
            _ if lag <= AT_ONCE && self.at_once > MOST_AT_ONCE => {
                Some(Mechanical::AtOnce(self.at_once))
            }
            _ => None,
        }
    }

    /// How often this text was among the answers of late; `None` if it is too short to tell.
    fn repeat(&mut self, text: &str, now: i64) -> Option<u32> {
        let digest = sketch(text)?;
        self.texts
            .retain(|one| now.saturating_sub(one.last_at) <= REMEMBERED);
        let known = self.texts.iter().position(|one| one.digest == digest);
        let times = known.map_or(0, |at| self.texts.remove(at).times);
        let times = times.saturating_add(1);
        self.texts.push(Repeated {
            digest,
            times,
            last_at: now,
        });
        let too_many = self.texts.len().saturating_sub(MOST_TEXTS);
        self.texts.drain(..too_many);
        Some(times)
    }

    /// Whether staff have not been told of late; from now on they have.
    pub fn is_news(&mut self, now: i64) -> bool {
        let is_news = self
            .told_at
            .is_none_or(|told_at| now.saturating_sub(told_at) > REMEMBERED);
        if is_news {
            self.told_at = Some(now);
        }
        is_news
    }
}

/// The letters of a text, without what a machine changes in it: a number (FNV-1a, 64 bits). `None` if
/// there are too few of them.
fn sketch(text: &str) -> Option<u64> {
    let letters = || {
        text.chars()
            .filter(|c| c.is_alphabetic())
            .take(MOST_LETTERS)
    };
    letters().nth(FEWEST_LETTERS - 1)?;
    let octets = letters()
        .flat_map(char::to_lowercase)
        .flat_map(|c| u32::from(c).to_le_bytes());
    Some(octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// Nobody reads a letter and answers it so quickly time after time, in milliseconds.
const AT_ONCE: i64 = 10_000;
/// Machines that work through a queue answer in that time.
const SOON: i64 = 5 * 60_000;
/// More letters in a row than that are answered at once by machines only.
const MOST_AT_ONCE: u32 = 10;
/// More often than that people don't answer with the same words on one day.
const MOST_SAME: u32 = 3;
const REMEMBERED: i64 = 24 * 60 * 60_000;
const MOST_TEXTS: usize = 8;
/// A shorter text is a person's “Thanks, that works”.
const FEWEST_LETTERS: usize = 24;
/// So much of a text is compared.
const MOST_LETTERS: usize = 4_000;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MINUTE: i64 = 60_000;
    const RECEIVED: &str = "Your request has been received. Ticket 4711 was opened for you.";

    /// The letters go every ten minutes, and are answered after `lag` with what `text` says to the
    /// number of the letter. Which answers look like a machine's.
    fn answers(lag: i64, text: impl Fn(u32) -> String) -> Vec<u32> {
        let mut rhythm = Rhythm::default();
        (1..=20)
            .filter(|number| {
                let at = i64::from(*number) * 10 * MINUTE;
                rhythm.note_letter(at);
                // As it is stored.
                let stored = serde_json::to_string(&rhythm).unwrap();
                rhythm = serde_json::from_str(&stored).unwrap();
                rhythm.hear(&text(*number), at + lag).is_some()
            })
            .collect()
    }

    #[rstest]
    #[case::a_ticket_system(2_000, |n: u32| RECEIVED.replace("4711", &n.to_string()), Some(4))]
    #[case::behind_a_queue(2 * MINUTE, |n: u32| RECEIVED.replace("4711", &n.to_string()), Some(4))]
    #[case::ever_new_words(2_000, |n: u32| "a".repeat(100 + n as usize), Some(11))]
    #[case::a_person_in_a_hurry(30_000, |n: u32| "a".repeat(100 + n as usize), None)]
    #[case::thanks(30_000, |_| "Thanks, that works!".to_owned(), None)]
    #[case::hours_later(3 * 60 * MINUTE, |_| RECEIVED.to_owned(), None)]
    fn tells_machines(
        #[case] lag: i64,
        #[case] text: impl Fn(u32) -> String,
        #[case] first: Option<u32>,
    ) {
        let found = answers(lag, text);
        assert_eq!(found.first().copied(), first);
        // Once it is one it stays one.
        let expected = first.map_or(0, |first| 21 - first);
        assert_eq!(found.len(), expected as usize);
    }

    #[test]
    fn a_person_at_the_same_address_is_heard() {
        let mut rhythm = Rhythm::default();
        for number in 1..=6 {
            rhythm.note_letter(number * MINUTE);
            rhythm.hear(RECEIVED, number * MINUTE + 1000);
        }
        assert_eq!(
            rhythm.hear(
                "It is the second network card that fails.",
                6 * MINUTE + 50_000
            ),
            None
        );
        rhythm.note_letter(8 * MINUTE);
        let again = rhythm.hear(RECEIVED, 8 * MINUTE + 1000);
        assert_eq!(again, Some(Mechanical::SameWords(7)));
    }

    #[test]
    fn one_pause_ends_a_run() {
        let mut rhythm = Rhythm::default();
        for number in 1..=30 {
            let at = number * 10 * MINUTE;
            rhythm.note_letter(at);
            let lag = if number % 8 == 0 { MINUTE } else { 1000 };
            assert_eq!(rhythm.hear("No", at + lag), None, "{number}");
        }
    }

    #[test]
    fn several_mails_to_one_letter_are_one_answer() {
        let mut rhythm = Rhythm::default();
        rhythm.note_letter(0);
        for number in 0..50 {
            assert_eq!(rhythm.hear("More", number * 100), None);
        }
        assert_eq!(rhythm.at_once, 1);
    }

    #[test]
    fn who_got_no_letter_answers_none() {
        let mut rhythm = Rhythm::default();
        for number in 0..50 {
            assert_eq!(rhythm.hear(RECEIVED, number * 100), None);
        }
        rhythm.note_letter(1_000_000);
        assert_eq!(
            rhythm.hear(RECEIVED, 999_999),
            None,
            "the clock was set back"
        );
    }

    #[test]
    fn a_day_later_it_is_news_again() {
        let mut rhythm = Rhythm::default();
        assert!(rhythm.is_news(0));
        assert!(!rhythm.is_news(REMEMBERED));
        assert!(rhythm.is_news(REMEMBERED + 1));
    }

    #[test]
    fn keeps_few_texts() {
        let mut rhythm = Rhythm::default();
        rhythm.note_letter(0);
        for number in 0..100_u32 {
            rhythm.hear(&"b".repeat(30 + number as usize), 1);
        }
        assert_eq!(rhythm.texts.len(), MOST_TEXTS);
    }
}
