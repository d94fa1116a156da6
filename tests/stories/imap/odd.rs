//! Servers that behave as no Dovecot does: nothing is lost, nothing doubled, and none is pestered.

use std::time::Duration;

use rstest::rstest;

use super::desk::{self, BOT, SUPPORT, mail};
use crate::support::{
    odd_imap::{OddImap, Oddity},
    world::{Options, PATIENCE, World, reply_address},
};

struct Room {
    world: World,
    server: OddImap,
    id: String,
    jane: String,
    token: String,
}

impl Room {
    async fn open(oddity: Oddity, more: &str) -> Self {
        let server = OddImap::start(oddity).await.unwrap();
        server.drop_mail(&wired(&mail(SUPPORT, "Long ago")));
        let options = Options {
            imap: Some(desk::imap(server.port(), more)),
            lmtp: false,
            ..Options::default()
        };
        let world = World::start(options).await;
        let id = world
            .room("Kernel training", &[("jane@acme.com", "Jane Doe")])
            .await;
        world.ann.say(&id, "Hello Jane");
        let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
        Self {
            jane: world.ghost(&id, "Jane Doe").unwrap(),
            token: reply_address(&letter).unwrap(),
            world,
            server,
            id,
        }
    }

    fn said(&self) -> Vec<String> {
        self.world.said_by(&self.id, &self.jane)
    }

    fn reports(&self) -> Vec<String> {
        desk::reports(&self.world)
    }

    async fn until_said(&self, count: usize) {
        self.world
            .until("the mails are shown", || self.said().len() >= count)
            .await;
    }

    /// What the server has to bear while nothing happens.
    async fn is_left_in_peace(&self) {
        let (connections, commands) = (self.server.connections(), self.server.commands());
        tokio::time::sleep(Duration::from_secs(4)).await;
        let connections = self.server.connections() - connections;
        let commands = self.server.commands() - commands;
        println!("in four seconds {connections} connections and {commands} commands");
        assert!(
            connections <= 3 && commands <= 30,
            "{connections} {commands}"
        );
    }
}

fn wired(raw: &str) -> Vec<u8> {
    raw.replace('\n', "\r\n").into_bytes()
}

#[rstest]
#[case::no_uid_next(Oddity::NoUidNext)]
#[case::chatter(Oddity::Chatter)]
#[case::sizes_too_small(Oddity::SizesTooSmall)]
#[case::sizes_too_large(Oddity::SizesTooLarge)]
#[case::no_origin(Oddity::NoOrigin)]
#[case::no_dates(Oddity::NoDates)]
#[case::bye_in_idle(Oddity::ByeInIdle)]
#[case::bad_idle(Oddity::BadIdle)]
#[case::always_news(Oddity::AlwaysNews)]
#[case::late_done(Oddity::LateDone)]
#[case::capability_after_login(Oddity::CapabilityAfterLogin)]
#[case::gibberish(Oddity::Gibberish)]
#[case::gmail(Oddity::Gmail)]
#[tokio::test(flavor = "multi_thread")]
async fn takes_every_mail_once(#[case] oddity: Oddity) {
    let more = match oddity {
        Oddity::Gmail => "idle: 3s, timeout: 2s, folders: [\"[Gmail]/Spam\"]",
        _ => "idle: 3s, timeout: 2s",
    };
    let room = Room::open(oddity, more).await;
    let filled = |name: &str, lines: usize| {
        wired(&(mail(&room.token, name) + &"> quoted line after line\n".repeat(lines)))
    };
    // Together with others, alone, and in several pieces, which need to know where they begin.
    let pieces = if oddity == Oddity::NoOrigin {
        5_000
    } else {
        12_000
    };
    let mails = [
        filled("small", 0),
        filled("alone", 3_000),
        filled("pieces", pieces),
        filled("last", 1),
    ];
    for mail in &mails {
        room.server.drop_mail(mail);
    }
    room.until_said(mails.len()).await;
    room.server.drop_mail(&filled("later", 0));
    room.until_said(mails.len() + 1).await;
    room.is_left_in_peace().await;
    room.world.quiet().await;

    let mut database = room.world.database().await;
    let taken = "SELECT size FROM mails ORDER BY id";
    let taken: Vec<(i64,)> = database.rows(taken).await;
    let taken: Vec<usize> = taken
        .iter()
        .map(|(size,)| usize::try_from(*size).unwrap())
        .collect();
    let expected = mails.iter().map(Vec::len);
    assert_eq!(taken[..mails.len()], expected.collect::<Vec<_>>());
    assert_eq!(taken.len(), mails.len() + 1);
    let mut marked = room.server.marked();
    marked.sort_unstable();
    assert_eq!(marked, [2, 3, 4, 5, 6]);
    assert_eq!(room.reports(), Vec::<String>::new());
    room.world.finish().await;
}

#[rstest]
#[case::keyword("processed: keyword", "takes no keywords")]
#[case::moved("processed: move", "can't move them there, and takes no keywords")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_marks_nothing_is_told_of_once(#[case] processed: &str, #[case] part: &str) {
    let mut room = Room::open(Oddity::NoMarks, processed).await;
    for round in 1..=2 {
        room.server
            .drop_mail(&wired(&mail(&room.token, &format!("Round {round}"))));
        room.until_said(round).await;
    }
    room.world
        .until("staff are told", || !room.reports().is_empty())
        .await;
    let reports = room.reports();
    assert_eq!(reports.len(), 1, "{reports:#?}");
    assert!(reports[0].contains(part), "{reports:#?}");
    assert_eq!(room.server.marked(), [0; 0]);
    // It is not taken again, though it bears no mark.
    room.world.stop_postroom().await;
    room.world.start_postroom().await;
    room.server.drop_mail(&wired(&mail(&room.token, "Round 3")));
    room.until_said(3).await;
    room.world.quiet().await;
    assert_eq!(room.said().len(), 3);
    room.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_never_understood_shows_and_is_not_pestered() {
    let room = Room::open(Oddity::Unreadable, "").await;
    room.server.drop_mail(&wired(&mail(&room.token, "In vain")));
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let health = room.world.health().await.unwrap_or_default();
        if health["missing"].to_string().contains("imap support/INBOX") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{health}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    room.is_left_in_peace().await;
    assert_eq!(room.said(), Vec::<String>::new());
    room.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_are_to_know_waits_until_the_bot_is_in_the_control_room() {
    let server = OddImap::start(Oddity::NoMarks).await.unwrap();
    let options = Options {
        imap: Some(desk::imap(server.port(), "")),
        lmtp: false,
        control_room: false,
        ..Options::default()
    };
    let mut world = World::start(options.clone()).await;
    world.stop_postroom().await;
    world.write_configuration(&Options {
        control_room: true,
        ..options
    });
    world.start_postroom().await;
    world
        .until("the control room is closed", || {
            world
                .whole_log()
                .contains("the bot isn't in the control room")
        })
        .await;
    let room = world.control_room.clone();
    world.ann.invite(&room, BOT);
    world
        .until("staff are told", || {
            world.bot_says(&room, "takes no keywords")
        })
        .await;
    world
        .until("the bot introduces itself", || {
            world.said_by(&room, BOT).len() == 2
        })
        .await;
    world.finish().await;
}
