//! The connection breaks, or Postroom does, wherever it hurts: every mail is taken once, in order,
//! and marked.

use std::time::Duration;

use futures_util::future::join_all;

use super::desk::{Desk, mail, mailbox};
use crate::support::{
    proxy::{Break, Proxy},
    servers::imap_server::ImapOptions,
    world::PATIENCE,
};

/// Desks at which breaks are tried side by side: most of the time they wait for another attempt.
const DESKS: usize = 6;
const MAILS: usize = 4;

/// A mail for each way to fetch it: together with others, alone, and in several pieces.
fn mails(to: &str, round: usize) -> [String; MAILS] {
    let filled = |name: &str, lines: usize| {
        // Long lines: what is to be tried here is the way, not how long reading takes.
        let line = format!("> {}\n", "quoted words and more of them ".repeat(20));
        mail(to, &format!("{name} {round}")) + &line.repeat(lines)
    };
    [
        filled("small", 0),
        filled("alone", 125),
        filled("pieces", 500),
        filled("last", 1),
    ]
}

/// Drops mails while Postroom is away, for a connection on which `fault` waits.
async fn round(desk: &mut Desk, proxy: &Proxy, round: usize, fault: Option<Break>) {
    desk.world.kill_postroom();
    for raw in mails(&desk.token, round) {
        desk.drop_mail(&raw);
    }
    if let Some(fault) = fault {
        proxy.break_next(fault);
    }
    desk.world.start_postroom().await;
    desk.until_marked((round + 1) * MAILS).await;
}

/// Breaks one connection after the other, so that the breaks lie evenly on the whole dialogue.
async fn breaks(breaks: usize, at: impl Fn(f64, (usize, usize)) -> Break) {
    let desks = join_all((0..DESKS).map(|number| {
        let at = &at;
        async move {
            let server = mailbox(ImapOptions::default()).await;
            let proxy = Proxy::start(server.port()).await;
            let more = "idle: 2s, timeout: 1s";
            let mut desk = Desk::open_at(proxy.port(), more, server).await;
            // How long the dialogue is.
            round(&mut desk, &proxy, 0, None).await;
            let whole = proxy.longest();
            let mut broken = 0;
            let rounds = breaks / DESKS;
            for nth in 0..rounds {
                #[expect(clippy::cast_precision_loss, reason = "they are a few dozen")]
                let part = (nth * DESKS + number) as f64 / breaks as f64;
                round(&mut desk, &proxy, nth + 1, Some(at(part, whole))).await;
                broken += usize::from(proxy.broke());
            }
            check(&desk, rounds + 1).await;
            desk.close().await;
            broken
        }
    }))
    .await;
    let broken: usize = desks.iter().sum();
    println!("{broken} of {breaks} breaks happened");
    assert!(broken * 2 > breaks, "only {broken} breaks happened");
}

/// Every mail is in the database once, in order, and shown once.
async fn check(desk: &Desk, rounds: usize) {
    desk.world.quiet().await;
    let mut expected = Vec::new();
    for round in 0..rounds {
        let names = ["small", "alone", "pieces", "last"];
        expected.extend(names.map(|name| format!("{name}{round}@acme.com")));
    }
    let mut database = desk.world.database().await;
    let taken = "SELECT message_id FROM mails ORDER BY id";
    let taken: Vec<(String,)> = database.rows(taken).await;
    let taken: Vec<String> = taken.into_iter().map(|(id,)| id).collect();
    assert_eq!(taken, expected, "{}", desk.world.log());
    // The server may have marked a mail, and the news of it been lost.
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let (unmarked,): (i64,) = database.row("SELECT count(*) FROM imap_unmarked").await;
        if unmarked == 0 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{}", desk.world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(desk.reports(), Vec::<String>::new());
}

fn part_of(whole: usize, part: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a dialogue of some hundred kilobytes"
    )]
    let place = (whole as f64 * part) as usize;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_break_after_any_word_of_the_server() {
    // Half of the breaks fall into the first and the last kilobytes, where the commands are.
    breaks(48, |part, (answered, _)| {
        Break::CloseAfter(if part < 0.3 {
            part_of(2_000, part / 0.3)
        } else if part < 0.7 {
            answered.saturating_sub(part_of(2_000, (part - 0.3) / 0.4))
        } else {
            part_of(answered, (part - 0.7) / 0.3)
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_break_after_any_word_of_ours() {
    breaks(48, |part, (_, said)| {
        Break::CloseAfterSaid(part_of(said, part))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_server_may_be_spoilt() {
    breaks(48, |part, (answered, _)| {
        Break::SpoilLineAfter(if part < 0.5 {
            part_of(2_000, part * 2.0)
        } else {
            answered.saturating_sub(part_of(2_000, (part - 0.5) * 2.0))
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_fall_silent_at_any_point() {
    breaks(18, |part, (answered, _)| {
        Break::StallAfter(if part < 0.5 {
            part_of(2_000, part * 2.0)
        } else {
            answered.saturating_sub(part_of(2_000, (part - 0.5) * 2.0))
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postroom_may_be_killed_at_any_moment() {
    const KILLS: u32 = 20;
    let mut desk = Desk::open("").await;
    for kill in 0..KILLS {
        for raw in mails(&desk.token, kill as usize) {
            desk.drop_mail(&raw);
        }
        // Between the first word to the server and some time after the last.
        tokio::time::sleep(Duration::from_millis(u64::from(kill % 5) * 12)).await;
        desk.world.kill_postroom();
        desk.world.spawn_postroom();
        tokio::time::sleep(Duration::from_millis(u64::from(kill) * 12)).await;
        desk.world.kill_postroom();
        desk.world.start_postroom().await;
        // A mail on which work is begun ten times without an end is set aside: none is killed so
        // often, however slow the machine.
        if kill % 3 == 2 {
            desk.world.quiet().await;
        }
    }
    desk.until_marked(KILLS as usize * MAILS).await;
    check(&desk, KILLS as usize).await;
    desk.close().await;
}
