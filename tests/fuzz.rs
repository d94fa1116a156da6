//! The fuzz targets of `fuzz/src/`, driven without coverage: over everything in `fuzz/corpus/`, and
//! over a number of mutations of it that differ from run to run.
//!
//! `POSTROOM_SEED=…` repeats a run, `POSTROOM_ROUNDS=…` tries more. What was tried last stands in
//! cargo's temporary folder; put it into `fuzz/corpus/TARGET/` under a name that tells what it is,
//! and it will be tried for ever. `make fuzz` goes further.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "fuzz/mutation.rs"]
mod mutation;
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::{
    env, fs,
    hash::{BuildHasher, Hasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
};

use rand::{SeedableRng, rngs::StdRng};
use rstest::rstest;
use targets::{TARGETS, Target};

/// Mutations of each target, unless it is told otherwise: some seconds.
const ROUNDS: u64 = 1000;

#[rstest]
fn whatever_comes_in_what_must_hold_holds(
    #[values(
        "authentication_results",
        "config",
        "filters",
        "ghost_codec",
        "lmtp_dialogue",
        "mail_in",
        "report",
        "token_codec",
        "transaction_in",
        "winmail"
    )]
    name: &str,
) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = corpus(name);
    for (path, seed) in &seeds {
        attempt(target, seed, &format!("{}", path.display()));
    }
    let rounds = number("POSTROOM_ROUNDS").unwrap_or(ROUNDS);
    let seed =
        number("POSTROOM_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("POSTROOM_SEED={seed} POSTROOM_ROUNDS={rounds}");
    let mut chance = StdRng::seed_from_u64(seed);
    let inputs: Vec<&[u8]> = seeds.iter().map(|(_, seed)| seed.as_slice()).collect();
    for round in 0..rounds {
        let input = mutation::mutate(&inputs, target.words, &mut chance);
        attempt(
            target,
            &input,
            &format!("round {round} of POSTROOM_SEED={seed}"),
        );
    }
}

#[test]
fn every_target_is_tried_and_has_seeds() {
    let mut named: Vec<String> = fs::read_dir(repository().join("fuzz/corpus"))
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    named.sort();
    assert_eq!(named, TARGETS.map(|target| target.name));
    let manifest = fs::read_to_string(repository().join("fuzz/Cargo.toml")).unwrap();
    let this = fs::read_to_string(repository().join("tests/fuzz.rs")).unwrap();
    for name in named {
        assert!(!corpus(&name).is_empty(), "{name} has no seeds");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(this.contains(&format!("\"{name}\"")), "{name}");
    }
}

fn attempt(target: &Target, input: &[u8], what: &str) {
    // Before, as some things end the process.
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-find", target.name));
    fs::write(&path, input).unwrap();
    let run = AssertUnwindSafe(|| (target.run)(input));
    if let Err(panic) = catch_unwind(run) {
        println!(
            "{what}: written to {}\n{}",
            path.display(),
            input.escape_ascii()
        );
        resume_unwind(panic);
    }
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repository().join("fuzz/corpus").join(name))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment"
)]
fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}
