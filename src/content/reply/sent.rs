//! Our own words in the mail that answers them.
//!
//! Marks of quotes break on the way, words don't. So the words of the mail are compared with those
//! of what we sent: without case, punctuation, marks and line ends, and without addresses, which
//! some servers replace. A line is ours if all its words, or nearly all, belong to a longer stretch
//! of words that we sent in the same order. Takes time in proportion to both texts.

use std::collections::HashMap;

use super::{
    attribution,
    class::{Class, introduce},
    header,
    line::SourceLine,
};

/// Words by which a stretch is found.
const SHINGLE: usize = 4;
/// Fewest words in a stretch: "thanks and best regards from the whole team" is everybody's.
const LEAST_WORDS: usize = 8;
/// Fewest words and lines that count without any mark or introduction.
const LEAST_BARE_WORDS: usize = 12;
const LEAST_BARE_LINES: usize = 2;
/// That many words on one line count, too.
const MANY_WORDS: usize = 25;
/// Most words of sent mails that are looked at, newest first.
const MAX_SENT_WORDS: usize = 50_000;
/// Most places at which one shingle is looked for.
const MAX_PLACES: usize = 4;

/// Marks the lines that repeat what was sent, and the lines that introduce them.
pub(super) fn mark(lines: &[SourceLine<'_>], sent: &[String], classes: &mut [Class]) {
    if sent.is_empty() {
        return;
    }
    let words = own_words(lines, &Sent::of(sent));
    let is_own = |at: usize| words[at].own * 10 >= words[at].all * 9;
    // Whether a stretch was found above: what comes after it needs no introduction of its own.
    let mut is_found = false;
    let mut at = 0;
    while at < lines.len() {
        if words[at].all == 0 || !is_own(at) {
            at += 1;
            continue;
        }
        let run = (at..lines.len()).take_while(|&line| is_own(line)).count();
        let end = (at..at + run)
            .rfind(|&line| words[line].all > 0)
            .map_or(at + run, |last| last + 1);
        let count: usize = words[at..end].iter().map(|line| line.own).sum();
        if count >= LEAST_WORDS {
            is_found |= mark_run(lines, classes, at..end, (count, is_found));
        }
        at += run;
    }
}

fn mark_run(
    lines: &[SourceLine<'_>],
    classes: &mut [Class],
    run: std::ops::Range<usize>,
    (words, is_found): (usize, bool),
) -> bool {
    for class in &mut classes[run.clone()] {
        if *class == Class::OwnQuote {
            *class = Class::Quote;
        }
    }
    let is_bare =
        |class: Class| matches!(class, Class::Text | Class::Footer | Class::SignatureMark);
    let bare = run.clone().filter(|&at| is_bare(classes[at])).count();
    let is_long = bare >= LEAST_BARE_LINES && words >= LEAST_BARE_WORDS || words >= MANY_WORDS;
    let is_introduced = is_introduced(lines, classes, run.start);
    let is_history = bare > 0 && (is_introduced || is_long || is_found);
    if is_history {
        for at in run {
            if is_bare(classes[at]) {
                classes[at] = Class::OwnWords;
            }
        }
    }
    is_history
}

/// Whether a line directly above introduces what begins at `start`; marks it if it is of a kind
/// that is not known.
fn is_introduced(lines: &[SourceLine<'_>], classes: &mut [Class], start: usize) -> bool {
    const MAX_LINES: usize = 8;
    let Some(last) = (0..start).rev().take(3).find(|&at| !lines[at].is_blank()) else {
        return false;
    };
    if (0..=last)
        .rev()
        .take(2 * MAX_LINES)
        .find(|&at| classes[at] != Class::Continued)
        .is_some_and(|at| classes[at].is_introduction())
    {
        return true;
    }
    if classes[start] == Class::Quote && lines[start].depth == 0 {
        return false;
    }
    let first = (0..=last)
        .rev()
        .take(MAX_LINES)
        .take_while(|&at| classes[at] == Class::Text)
        .last();
    let Some(first) = first else { return false };
    // A block of fields, then a line or a few that were wrapped.
    for at in first..last {
        if header::unknown_block(&lines[at..=last]) == Some(last + 1 - at) {
            introduce(classes, at, last, true);
            return true;
        }
    }
    let Some(start) = wrapped_introduction(lines, first, last) else {
        return false;
    };
    introduce(classes, start, last, true);
    true
}

/// Where an introduction in an unknown language begins that ends with line `last`: upwards until it
/// names both a time and an address, else that line alone.
fn wrapped_introduction(lines: &[SourceLine<'_>], first: usize, last: usize) -> Option<usize> {
    const MAX_LINES: usize = 4;
    let mut joined = String::new();
    for at in (first..=last).rev().take(MAX_LINES) {
        let text = lines[at].text.trim();
        if at < last && text.ends_with(['.', '!', '?', ':', '。', '！', '？']) {
            break;
        }
        joined = format!("{text} {joined}");
        if attribution::is_full_introduction(&joined) {
            return Some(at);
        }
    }
    attribution::is_unknown_introduction(lines[last].text).then_some(last)
}

/// How many words a line has, and how many of them are ours.
#[derive(Clone, Copy, Default)]
struct Words {
    all: usize,
    own: usize,
}

/// The words of all that was sent, and where each shingle of them stands.
struct Sent {
    words: Vec<u64>,
    places: HashMap<[u64; SHINGLE], Vec<usize>>,
}

impl Sent {
    fn of(sent: &[String]) -> Self {
        let mut words = Vec::new();
        for text in sent {
            for line in text.lines() {
                words_of(line, &mut |word| words.push(word));
            }
            // No stretch goes on from one mail into the next.
            words.push(0);
            if words.len() > MAX_SENT_WORDS {
                break;
            }
        }
        words.truncate(MAX_SENT_WORDS);
        let mut places: HashMap<[u64; SHINGLE], Vec<usize>> = HashMap::new();
        for (at, shingle) in words.windows(SHINGLE).enumerate() {
            if let Ok(shingle) = <[u64; SHINGLE]>::try_from(shingle)
                && !shingle.contains(&0)
            {
                let places = places.entry(shingle).or_default();
                if places.len() < MAX_PLACES {
                    places.push(at);
                }
            }
        }
        Self { words, places }
    }

    /// How many of the words at the start of `words` were sent in that order.
    fn longest(&self, words: &[(u64, usize)]) -> usize {
        let Some(start) = words.first_chunk::<SHINGLE>() else {
            return 0;
        };
        let places = self.places.get(&start.map(|(word, _)| word));
        let lengths = places.into_iter().flatten().map(|&place| {
            self.words[place..]
                .iter()
                .zip(words)
                .take_while(|(sent, (word, _))| *sent == word)
                .count()
        });
        lengths.max().unwrap_or(0)
    }
}

fn own_words(lines: &[SourceLine<'_>], sent: &Sent) -> Vec<Words> {
    let mut found = vec![Words::default(); lines.len()];
    let mut words: Vec<(u64, usize)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        words_of(line.text, &mut |word| words.push((word, at)));
    }
    for (_, line) in &words {
        found[*line].all += 1;
    }
    let mut at = 0;
    while at < words.len() {
        let length = sent.longest(&words[at..]);
        if length < LEAST_WORDS.min(SHINGLE + 2) {
            at += 1;
            continue;
        }
        for (_, line) in &words[at..at + length] {
            found[*line].own += 1;
        }
        at += length;
    }
    found
}

/// Gives the words of a line as numbers, 0 never among them. Characters of scripts without spaces
/// are words of their own; addresses are none.
fn words_of(line: &str, give: &mut impl FnMut(u64)) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    for chunk in line.split_whitespace() {
        if chunk.contains("://") || chunk.contains('@') || chunk.starts_with("www.") {
            continue;
        }
        let mut hash = START;
        for c in chunk.chars().flat_map(char::to_lowercase) {
            if !c.is_alphanumeric() {
                continue;
            }
            hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(PRIME);
            if c >= '\u{2e80}' {
                give(hash.max(1));
                hash = START;
            }
        }
        if hash != START {
            give(hash.max(1));
        }
    }
}
