//! Inputs that differ a little from those that are known.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// Mutations of one input.
const MOST_CHANGES: usize = 8;
/// Inputs don't grow beyond this, in octets.
const LONGEST: usize = 16 * 1024;

/// One of `seeds` with some changes.
pub fn mutate(seeds: &[&[u8]], words: &[&str], chance: &mut StdRng) -> Vec<u8> {
    let mut input = seeds
        .choose(chance)
        .map_or_else(Vec::new, |seed| seed.to_vec());
    for _ in 0..chance.random_range(1..=MOST_CHANGES) {
        change(&mut input, seeds, words, chance);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[&[u8]], words: &[&str], chance: &mut StdRng) {
    let at = chance.random_range(0..=input.len());
    match chance.random_range(0..8) {
        // A bit, or an octet, of what is there.
        0 if at < input.len() => input[at] ^= 1 << chance.random_range(0..8),
        1 if at < input.len() => input[at] = chance.random(),
        2 => input.insert(at, chance.random()),
        3 => drop(input.drain(some(at, input.len(), chance))),
        // Said again, elsewhere or many times over: what is quadratic shows.
        4 => {
            let again = input[some(at, input.len(), chance)].to_vec();
            let times = if chance.random_bool(0.1) { 200 } else { 1 };
            splice(input, at, &again.repeat(times));
        }
        5 => {
            if let Some(other) = seeds.choose(chance) {
                let from = chance.random_range(0..=other.len());
                splice(input, at, &other[some(from, other.len(), chance)]);
            }
        }
        _ => {
            if let Some(word) = words.choose(chance) {
                splice(input, at, word.as_bytes());
            }
        }
    }
}

/// A stretch from `at` on, rather short.
fn some(at: usize, end: usize, chance: &mut StdRng) -> std::ops::Range<usize> {
    let most = (end - at).min(1 << chance.random_range(0..8));
    at..at + chance.random_range(0..=most)
}

fn splice(input: &mut Vec<u8>, at: usize, what: &[u8]) {
    if input.len() + what.len() <= LONGEST {
        input.splice(at..at, what.iter().copied());
    }
}
