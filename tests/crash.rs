//! Postroom is killed (SIGKILL) again and again in the midst of its work; nothing is lost, doubled
//! or out of order.
//!
//! `POSTROOM_KILLS=1000` kills more often, `POSTROOM_SEED=…` repeats the moments of an earlier run
//! as far as the machine lets it. What happens between two kills is in `traffic`, what must hold in
//! the end in `verdict`.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "crash/staff.rs"]
mod staff;
mod support;
#[path = "crash/traffic.rs"]
mod traffic;
#[path = "crash/verdict.rs"]
mod verdict;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use support::{
    database::Choice,
    fake_homeserver::Fault,
    smtp_sink::{Stage, Trouble},
    world::{Options, PATIENCE, World},
};
use traffic::{Party, Traffic};

const UNGUARDED: &str =
    "guard: {conversation: 0, contact: 0, domain: 0, everything: 0, letters: 0, loops: false}";

/// How often each test kills, unless it is told otherwise.
const KILLS: u64 = 100;
/// As often where taking over takes its time.
const KILLS_OF_TWO: u64 = 40;
/// How long nothing may change before everything is at rest after the last kill: failed attempts wait
/// for some seconds, several times in bad luck.
const TO_REST: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn every_message_at_once() {
    storm("0s", Choice::AsTold).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gathered_letters() {
    storm("200ms", Choice::AsTold).await;
}

/// One works, one stands by; now and then it is not a process that goes but its connection.
#[tokio::test(flavor = "multi_thread")]
async fn two_side_by_side() {
    storm("0s", Choice::Postgres).await;
}

/// On PostgreSQL by choice there are two Postrooms.
async fn storm(quiet: &'static str, database: Choice) {
    let are_two = matches!(database, Choice::Postgres);
    let seed =
        number("POSTROOM_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let kills = number("POSTROOM_KILLS").unwrap_or(if are_two { KILLS_OF_TWO } else { KILLS });
    println!("POSTROOM_SEED={seed} POSTROOM_KILLS={kills}, letters after {quiet}");
    let mut chance = StdRng::seed_from_u64(seed);

    let mut world = World::start(Options {
        quiet,
        at_most: "1s",
        // Nobody writes so much, and answers so quickly.
        more: UNGUARDED,
        database,
        ..Options::default()
    })
    .await;
    let parties = Party::invite_all(&world).await;
    let before = verdict::Before::look(&world);

    let mut known = verdict::Known::default();
    let begun = Instant::now();
    let traffic = Traffic::begin(&parties, &world, seed);
    for kill in 0..kills {
        if are_two {
            until_one_works(&mut world).await;
        } else if is_long(kill) {
            until_up(&mut world).await;
        }
        tokio::time::sleep(life(kill, &mut chance)).await;
        known.look(&world).await;
        disturb(&world, &mut chance);
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..20))).await;
        if are_two {
            strike_one_of_two(&mut world, &mut chance).await;
        } else {
            strike(&mut world, &mut chance).await;
        }
    }
    if are_two {
        // Whoever has just lost the database to the other one ends by itself, a moment later; what
        // follows is for one alone.
        until_one_works(&mut world).await;
        world.kill_stand_by();
        world.kill_postroom();
        world.spawn_postroom();
    }
    world.homeserver.clear_faults();
    world.sink.clear_troubles();
    let stormy = begun.elapsed();
    let (sent, said) = traffic.end().await;
    verdict::wait_for_rest(&world, TO_REST).await;
    let settled = begun.elapsed().saturating_sub(stormy);

    let figures = verdict::judge(&parties, &sent, &said, &known, &before, &world);
    world.quiet().await;
    world.stop_postroom().await;
    verdict::look_into_database(&world).await;
    println!(
        "{kills} kills in {} s, at rest {} s later; {figures}",
        stormy.as_secs(),
        settled.as_secs(),
    );
    world.finish_stopped();
}

async fn strike(world: &mut World, chance: &mut StdRng) {
    assert!(
        !world.has_ended(),
        "Postroom ended by itself\n{}",
        world.log()
    );
    world.kill_postroom();
    if chance.random_bool(0.5) {
        // The homeserver knows the transactions of the last attempts no more.
        world.homeserver.restart();
    }
    if chance.random_bool(0.2) {
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..300))).await;
    }
    world.spawn_postroom();
}

/// Who takes over is left to them.
async fn strike_one_of_two(world: &mut World, chance: &mut StdRng) {
    match chance.random_range(0..10) {
        0 => world.kill_stand_by(),
        1 => {
            world.kill_postroom();
            world.kill_stand_by();
        }
        2 | 3 => {
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
                WHERE locktype = 'advisory' AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            let mut beside = world.database().await;
            beside.row::<(i64,)>(cut).await;
            beside.close().await;
        }
        _ => world.kill_postroom(),
    }
}

async fn until_one_works(world: &mut World) {
    let deadline = Instant::now() + PATIENCE;
    while !world.follow_whoever_works().await {
        assert!(Instant::now() < deadline, "nobody works\n{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every third life is a longer one, that gets something done however busy the machine is: a mail on
/// which work ended ten times is set aside, and rightly so.
fn is_long(kill: u64) -> bool {
    kill % 3 == 2
}

/// How long Postroom lives: now and then not even until it is up.
fn life(kill: u64, chance: &mut StdRng) -> Duration {
    let millis = match (is_long(kill), chance.random_bool(0.4)) {
        (true, _) => chance.random_range(600..1_000),
        (_, true) => chance.random_range(0..150),
        (_, false) => chance.random_range(0..700),
    };
    Duration::from_millis(millis)
}

async fn until_up(world: &mut World) {
    while !world.has_ended() && world.health().await.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Something goes wrong elsewhere, too.
fn disturb(world: &World, chance: &mut StdRng) {
    match chance.random_range(0..12) {
        0 | 1 => world.homeserver.restart(),
        2 => {
            world
                .homeserver
                .fault(Fault::drop_answer().at("send").times(1));
        }
        3 => {
            world
                .homeserver
                .fault(Fault::act_then_status(502).at("send").times(1));
        }
        4 => world.homeserver.lose_answers(1),
        5 => {
            world.sink.trouble(Trouble::take_then_close().times(1));
        }
        6 => {
            world.sink.trouble(Trouble::close(Stage::Message).times(1));
        }
        7 => {
            world
                .sink
                .trouble(Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1));
        }
        8 => world.sink.cut_connections(),
        _ => {}
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a developer asks for a longer or an earlier run"
)]
fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number")),
    )
}
