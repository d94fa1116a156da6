//! Machines on the other side: whatever they answer, it ends.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        smtp_sink::SinkMail,
        world::{Options, World, header, letter_text, reply_address},
    },
};

/// How long nothing may happen until it counts as an end.
const SILENCE: Duration = Duration::from_secs(2);

/// Somebody's mail server, which answers every letter that comes.
struct Machine {
    address: &'static str,
    answered: HashSet<usize>,
    /// What it answers to the letter of a number.
    answer: fn(usize) -> String,
}

impl Machine {
    fn new(address: &'static str, answer: fn(usize) -> String) -> Self {
        Self {
            address,
            answered: HashSet::new(),
            answer,
        }
    }

    /// Answers what it has not answered yet; whether there was anything.
    async fn turn(&mut self, world: &World) -> bool {
        let letters = world.sink.mails_to(self.address);
        let mut has_answered = false;
        for (number, letter) in letters.iter().enumerate() {
            if !self.answered.insert(number) {
                continue;
            }
            has_answered = true;
            // No machine is quicker than our mail server tells us that it has the letter.
            tokio::time::sleep(Duration::from_millis(250)).await;
            let raw = self.mail(number, letter);
            let to = reply_address(letter).unwrap();
            let replies = world.mail(self.address, &[&to], &raw).await;
            assert_eq!(replies[0].code, 250, "{replies:?}");
        }
        has_answered
    }

    /// Nothing in it says that a machine wrote it.
    fn mail(&self, number: usize, letter: &SinkMail) -> String {
        let from = self.address;
        let domain = from.split_once('@').unwrap().1;
        let to = reply_address(letter).unwrap();
        let id = header(&letter.raw, "Message-ID").unwrap();
        let text = (self.answer)(number);
        let quoted = letter_text(letter).trim_end().replace('\n', "\n> ");
        format!(
            "From: Helpdesk <{from}>\nTo: {to}\nSubject: [Ticket#{number}] received\n\
             Message-ID: <{number}.{from}>\nIn-Reply-To: {id}\n\
             Date: Sun, 22 Nov 2026 10:00:{:02} +0100\nX-Mailer: {domain}\n\n\
             {text}\n\nOn Sun, 22 Nov 2026 at 09:59, Bootlin <support@example.org> wrote:\n\n\
             > {quoted}\n",
            number % 60
        )
    }
}

/// Lets the machines answer until nobody says anything any more.
async fn until_silence(world: &World, machines: &mut [Machine]) {
    let (begun, mut last) = (Instant::now(), Instant::now());
    while last.elapsed() < SILENCE {
        let mut is_silent = true;
        for machine in &mut *machines {
            is_silent &= !machine.turn(world).await;
        }
        if !is_silent {
            last = Instant::now();
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it goes on and on"
        );
        assert!(world.sink.count() < 60, "it goes on and on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.settled().await;
}

fn notices(world: &World, room: &str) -> Vec<String> {
    let said = [room, &world.control_room].map(|room| world.said_by(room, BOT));
    let said = said.into_iter().flatten();
    said.filter(|text| text.contains("a machine, it seems"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ticket_systems_in_one_room_come_to_an_end() {
    let world = World::start(Options::default()).await;
    let people = [("help@one.example", "One"), ("help@two.example", "Two")];
    let room = world.room("Support", &people).await;
    world.ann.say(&room, "Our machine is down");
    let received = |number| {
        format!("Thank you for your request. We have opened ticket number {number} for you.")
    };
    let mut machines = people.map(|(address, _)| Machine::new(address, received));
    until_silence(&world, &mut machines).await;

    let sent = world.sink.count();
    assert!(sent <= 10, "{sent} mails");
    let told = notices(&world, &room);
    assert!((1..=2).contains(&told.len()), "{told:?}");

    // Staff are still heard, and nobody is told twice.
    world.ann.say(&room, "It is up again");
    until_silence(&world, &mut machines).await;
    let more = world.sink.count() - sent;
    assert!(more <= 4, "{more} more mails");
    let told = notices(&world, &room);
    assert!((1..=2).contains(&told.len()), "{told:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_with_ever_new_words_come_to_an_end() {
    let world = World::start(Options::default()).await;
    let people = [("help@one.example", "One"), ("help@two.example", "Two")];
    let room = world.room("Support", &people).await;
    world.ann.say(&room, "Our machine is down");
    let chatty = |number| {
        let word = |salt: usize| ('a'..='z').nth((number * 7 + salt) % 26).unwrap();
        (0..60).map(|salt| word(salt * salt)).collect()
    };
    let mut machines = people.map(|(address, _)| Machine::new(address, chatty));
    until_silence(&world, &mut machines).await;
    let sent = world.sink.count();
    assert!((4..=26).contains(&sent), "{sent} mails");
    let told = notices(&world, &room);
    assert!((1..=2).contains(&told.len()), "{told:?}");
    world.finish().await;
}

/// One customer who has an auto-responder: nobody gets more for it, and the room is not flooded.
#[tokio::test(flavor = "multi_thread")]
async fn an_auto_responder_with_a_changing_subject_is_shown_a_few_times() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Support", &[("office@acme.com", "Office")])
        .await;
    let away = |_| "I am out of the office until Monday and will answer then.".to_owned();
    let mut machines = [Machine::new("office@acme.com", away)];
    for number in 0..8 {
        world.tell(&room, &format!("Question {number}")).await;
        until_silence(&world, &mut machines).await;
    }
    let office = world.ghost(&room, "Office").unwrap();
    assert_eq!(world.said_by(&room, &office).len(), 3);
    assert_eq!(notices(&world, &room).len(), 1);
    assert_eq!(world.sink.count(), 8, "only what Ann wrote");

    // The person behind it.
    let letter = world.sink.mails_to("office@acme.com").pop().unwrap();
    world
        .answer(
            &letter,
            "office@acme.com",
            "Back again: yes, please.",
            "back@acme.com",
        )
        .await;
    world
        .until("it is shown", || {
            world
                .said_by(&room, &office)
                .iter()
                .any(|text| text.contains("yes, please"))
        })
        .await;
    world.finish().await;
}

/// Hands what one Postroom sends to the other's mailbox over to that: to the conversation that its room
/// has with the first.
async fn carry(from: &World, to: &World, address: &str, token: &str, done: &mut usize) -> bool {
    let mails = from.sink.mails_to(address);
    let new = mails.len() > *done;
    for mail in &mails[*done..] {
        let replies = to.lmtp().await;
        let mut replies = replies;
        let replies = replies.deliver(&mail.sender, &[token], &mail.raw).await;
        assert_eq!(replies.unwrap()[0].code, 250);
    }
    *done = mails.len();
    new
}

/// Each is a customer of the other. A third customer is in each room, who has an auto-responder.
#[tokio::test(flavor = "multi_thread")]
async fn two_postrooms_that_write_to_each_other_come_to_an_end() {
    let alpha = World::start(Options::default()).await;
    let beta = World::start(Options {
        domain: "beta.example",
        ..Options::default()
    })
    .await;
    let with_beta = [("support@beta.example", "Beta"), ("bot@one.example", "One")];
    let with_alpha = [("support@example.org", "Alpha"), ("bot@two.example", "Two")];
    let alpha_room = alpha.room("With Beta", &with_beta).await;
    let beta_room = beta.room("With Alpha", &with_alpha).await;
    // Both have a conversation with the other.
    alpha.tell(&alpha_room, "Hello Beta").await;
    beta.tell(&beta_room, "Hello Alpha").await;
    let to_alpha = beta.mails_to("support@example.org", 1).await.remove(0);
    let to_beta = alpha.mails_to("support@beta.example", 1).await.remove(0);
    let (beta_token, alpha_token) = (
        reply_address(&to_alpha).unwrap(),
        reply_address(&to_beta).unwrap(),
    );

    let received = |number| {
        format!("Thank you for your request. We have opened ticket number {number} for you.")
    };
    let mut one = [Machine::new("bot@one.example", received)];
    let mut two = [Machine::new("bot@two.example", received)];
    let (mut carried, mut brought) = (0, 0);
    let (begun, mut last) = (Instant::now(), Instant::now());
    while last.elapsed() < SILENCE {
        let turns = [
            carry(
                &alpha,
                &beta,
                "support@beta.example",
                &beta_token,
                &mut carried,
            )
            .await,
            carry(
                &beta,
                &alpha,
                "support@example.org",
                &alpha_token,
                &mut brought,
            )
            .await,
            one[0].turn(&alpha).await,
            two[0].turn(&beta).await,
        ];
        if turns.contains(&true) {
            last = Instant::now();
        }
        let sent = alpha.sink.count() + beta.sink.count();
        assert!(
            sent < 100 && begun.elapsed() < Duration::from_mins(1),
            "{sent} mails"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    alpha.settled().await;
    beta.settled().await;
    let sent = [alpha.sink.count(), beta.sink.count()];
    assert!(sent.iter().all(|sent| *sent <= 20), "{sent:?} mails");

    // What people wrote has come.
    let ghost = beta
        .ghost(&beta_room, "Alpha")
        .or_else(|| beta.ghost(&beta_room, "Bootlin"));
    let ghost = ghost
        .or_else(|| beta.ghost(&beta_room, "Ann, Bootlin"))
        .unwrap();
    let said = beta.said_by(&beta_room, &ghost).concat();
    assert!(said.contains("Hello Beta"), "{said}");
    for (world, room) in [(&alpha, &alpha_room), (&beta, &beta_room)] {
        let told = notices(world, room);
        assert!(told.len() <= 2, "{told:?}");
    }
    alpha.finish().await;
    beta.finish().await;
}

/// A list sends what it gets back to us, too; some write a Message-ID of their own.
#[tokio::test(flavor = "multi_thread")]
async fn our_letters_that_a_list_sends_back_are_known() {
    let world = World::start(Options::default()).await;
    let people = [("users@lists.example", "List"), ("jane@acme.com", "Jane")];
    let room = world.room("List", &people).await;
    for number in 0..3 {
        world.tell(&room, &format!("Question {number}")).await;
    }
    let letters = world.mails_to("users@lists.example", 3).await;
    for (number, letter) in letters.iter().enumerate() {
        let raw = letter.text().replace("\r\n", "\n");
        let id = header(&letter.raw, "Message-ID").unwrap();
        let anew = raw.replace(
            &format!("Message-ID: {id}"),
            &format!("Message-ID: <list.{number}@lists.example>\nList-Id: <users.lists.example>"),
        );
        let anew = anew.replacen("\nSubject: ", "\nSubject: [users] ", 1);
        assert!(anew.contains("\nSubject: [users] "), "{anew}");
        let munged = anew.replacen("From: ", "From: Bootlin <users@lists.example>\nX-From: ", 1);
        let to = reply_address(letter).unwrap();
        for copy in [&raw, &anew, &munged] {
            world
                .mail("users-bounces@lists.example", &[&to], copy)
                .await;
        }
    }
    world.quiet().await;
    assert_eq!(world.sink.count(), 6, "nothing went on");
    let list = world.ghost(&room, "List").unwrap();
    assert_eq!(world.said_by(&room, &list), Vec::<String>::new());
    world.finish().await;
}

/// A mailing list is a contact: what its people write appears, what its server writes doesn't, and
/// nobody on it gets anything but what staff wrote.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_as_a_contact_is_heard_and_answered_by_nobody() {
    let desk = Desk::open_with(
        Options::default(),
        "Kernel users",
        "Which board do you have?",
    )
    .await;
    let world = &desk.world;
    let list = world
        .room("Users", &[("users@lists.example", "Users")])
        .await;
    for number in 0..3 {
        world.tell(&list, &format!("Question {number}")).await;
    }
    let letters = world.mails_to("users@lists.example", 3).await;
    for (number, letter) in letters.iter().enumerate() {
        let to = reply_address(letter).unwrap();
        let id = header(&letter.raw, "Message-ID").unwrap();
        let by_list = |from: &str, name: &str, headers: &str, text: &str| {
            format!(
                "From: {from}\nTo: users@lists.example\nCc: {to}\nSubject: [users] Re: Users\n\
                 Message-ID: <{name}.{number}@lists.example>\nIn-Reply-To: {id}\n\
                 Date: Sun, 22 Nov 2026 10:00:00 +0100\nSender: users-bounces@lists.example\n\
                 List-Id: Users <users.lists.example>\nPrecedence: list\n{headers}\n{text}\n"
            )
        };
        let munged = "Carl via Users <users@lists.example>";
        let mails = [
            // A person's answer, as lists pass it on of whom DMARC is strict.
            by_list(munged, "person", "", &format!("Answer {number}")),
            // What goes to everybody on the list comes to us, too.
            by_list("dora@far.example", "member", "", "And what about mine?"),
            by_list(
                "users-owner@lists.example",
                "server",
                "Auto-Submitted: auto-generated\n",
                "Your mail awaits the moderator.",
            ),
            by_list(
                "eve@far.example",
                "away",
                "Auto-Submitted: auto-replied\n",
                "I am away.",
            ),
        ];
        for raw in &mails {
            let replies = world.mail("users-bounces@lists.example", &[&to], raw).await;
            assert_eq!(replies[0].code, 250);
        }
        world.quiet().await;
    }
    let ghost = world
        .ghost(&list, "Users")
        .or(world.ghost(&list, "Carl via Users"));
    let said = world.said_by(&list, &ghost.unwrap());
    for number in 0..3 {
        let answer = format!("Answer {number}");
        let times = said.iter().filter(|text| text.starts_with(&answer)).count();
        assert_eq!(times, 1, "{said:?}");
    }
    assert!(!said.concat().contains("awaits the moderator"), "{said:?}");
    // Dora is nobody here: staff decide, mail by mail.
    let told = world.said_by(&list, BOT);
    let held = told.iter().filter(|text| text.starts_with('✋')).count();
    assert_eq!(held, 3, "{told:?}");
    assert_eq!(desk.reports(), Vec::<String>::new());
    assert_eq!(world.sink.count(), 4, "only what Ann wrote");
    desk.world.finish().await;
}

/// Mail servers that send a mail in circles.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_goes_in_circles_is_kept() {
    let desk = Desk::open(Options::default()).await;
    let hop = "Received: from a.example (a.example [192.0.2.1]) by b.example with ESMTP\n";
    let text = mail(JANE, &desk.token, "", "Far travelled");
    desk.take(&desk.token, &format!("{}{text}", hop.repeat(30)))
        .await;
    assert_eq!(desk.said(), ["Far travelled"]);
    let text = mail(JANE, &desk.token, "", "Without end");
    desk.take(&desk.token, &format!("{}{text}", hop.repeat(31)))
        .await;
    assert_eq!(desk.said(), ["Far travelled"]);
    let [report] = desk.reports().try_into().unwrap();
    assert!(report.contains("in circles"), "{report}");
    desk.close().await;
}
