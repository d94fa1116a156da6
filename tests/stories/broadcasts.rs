//! Rooms in which one speaks to many, and how one of the many leaves.

use reqwest::{StatusCode, redirect};

use crate::{
    desk::mail,
    support::{
        servers::ports::{self, Port},
        smtp_sink::{SinkMail, Stage, Trouble},
        world::{Options, World, header, letter_text, reply_address},
    },
    training::JANE,
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");
const PUBLIC: &str = "https://post.example.org";

/// A world with pages for customers, and a room in broadcast mode.
pub struct Broadcast {
    pub world: World,
    pub room: String,
    pages: Port,
}

impl Broadcast {
    pub async fn with(people: &[(&str, &str)]) -> Self {
        let pages = ports::free().unwrap();
        let public = format!(
            "public: {{url: \"{PUBLIC}\", listen: \"{}\"}}",
            pages.address()
        );
        let world = World::start(Options {
            more: Box::leak(public.into_boxed_str()),
            ..Options::default()
        })
        .await;
        let room = world.room("Training news", people).await;
        let broadcast = Self { world, room, pages };
        broadcast.speak_to_many().await;
        broadcast
    }

    async fn speak_to_many(&self) {
        let set = format!(
            "INSERT INTO room_settings (room_id, key, value, set_by, set_at) \
             VALUES ('{}', 'broadcast', 'on', '@ann:example.org', 0)",
            self.room
        );
        assert_eq!(self.world.database().await.execute(&set).await, 1);
    }

    /// The page by which the recipient of a letter leaves, as this machine reaches it.
    pub fn page_of(&self, letter: &SinkMail) -> String {
        let field = header(&letter.raw, "List-Unsubscribe").expect("a way out");
        let url = field.split(['<', '>']).nth(1).unwrap();
        url.replace(PUBLIC, &format!("http://{}", self.pages.address()))
    }

    /// What the room is told about a person's coming and going.
    pub fn told(&self) -> Vec<String> {
        let said = self.world.said_by(&self.room, "@postroom:example.org");
        said.into_iter()
            .filter(|text| text.contains("broadcast"))
            .collect()
    }
}

/// A client that follows nothing and keeps nothing, as mail programs do it.
fn client() -> reqwest::Client {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy();
    builder.redirect(redirect::Policy::none()).build().unwrap()
}

pub async fn press(url: &str) -> reqwest::Response {
    let form = client()
        .post(url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    form.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipient_has_a_way_out_of_their_own() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let world = &broadcast.world;
    world.tell(&broadcast.room, "The course is full").await;
    let jane = &world.mails_to(JANE.0, 1).await[0];
    let bob = &world.mails_to(BOB.0, 1).await[0];
    let field = |letter: &SinkMail, name| header(&letter.raw, name).unwrap_or_default();
    let id = field(jane, "List-Id");
    assert!(id.starts_with("Training news <"), "{id}");
    assert!(id.ends_with(".example.org>"), "{id}");
    assert_eq!(id, field(bob, "List-Id"));
    for (letter, (address, other)) in [(jane, (JANE, BOB)), (bob, (BOB, JANE))] {
        assert_eq!(
            field(letter, "To"),
            format!("{} <{}>", address.1, address.0)
        );
        let way_out = field(letter, "List-Unsubscribe");
        assert!(
            way_out.starts_with(&format!("<{PUBLIC}/leave/")),
            "{way_out}"
        );
        assert!(way_out.contains(", <mailto:support+"), "{way_out}");
        assert!(
            way_out.ends_with("@example.org?subject=unsubscribe>"),
            "{way_out}"
        );
        let post = field(letter, "List-Unsubscribe-Post");
        assert_eq!(post, "List-Unsubscribe=One-Click");
        let text = letter.text() + &letter_text(letter);
        assert!(
            !text.contains(other.0) && !text.contains(other.1),
            "names another: {text}"
        );
        assert!(letter_text(letter).contains(&format!("{PUBLIC}/leave/")));
    }
    assert_ne!(
        field(jane, "List-Unsubscribe"),
        field(bob, "List-Unsubscribe")
    );
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_leaves_and_staff_bring_back() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    let ghost = world.ghost(room, JANE.1).unwrap();

    // Mail scanners follow every link.
    for _ in 0..2 {
        let page = client().get(&url).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(page.headers()["cache-control"], "private, no-store");
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        let page = page.text().await.unwrap();
        assert!(page.contains("Unsubscribe from “Training news”"), "{page}");
        assert!(
            page.contains("j…@acme.com") && !page.contains(JANE.0),
            "{page}"
        );
    }
    world.tell(room, "Second").await;
    world.mails_to(JANE.0, 2).await;

    let answer = press(&url).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().get("set-cookie").is_none());
    world
        .until("the room is told", || !broadcast.told().is_empty())
        .await;
    assert_eq!(press(&url).await.status(), StatusCode::OK);
    world.tell(room, "Third").await;
    world.mails_to(BOB.0, 3).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to(JANE.0).len(), 2);
    assert!(!world.is_in(room, &ghost), "the ghost has left");
    let told = broadcast.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Jane Doe has left"), "{told:?}");
    assert!(told[0].contains("!email add jane@acme.com"), "{told:?}");

    world.add(room, JANE.0, JANE.1).await;
    world.tell(room, "Fourth").await;
    let letters = world.mails_to(JANE.0, 3).await;
    assert!(letter_text(&letters[2]).contains("Fourth"));
    // A link in an old mail still leads out.
    assert_eq!(press(&url).await.status(), StatusCode::OK);
    world
        .until("the room is told again", || broadcast.told().len() == 2)
        .await;
    world.tell(room, "Fifth").await;
    world.settled().await;
    world.mails_to(JANE.0, 3).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_by_mistake_comes_back_by_themselves() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    let page = press(&url).await.text().await.unwrap();
    assert!(page.contains("You have unsubscribed"), "{page}");
    let token = url.rsplit('/').next().unwrap();
    assert!(
        page.contains(&format!("action=\"../stay/{token}\"")),
        "{page}"
    );
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    world.tell(room, "Second").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to(JANE.0).len(), 1);

    let page = press(&url.replace("/leave/", "/stay/")).await;
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("You are subscribed again")
    );
    world
        .until("the room is told", || broadcast.told().len() == 2)
        .await;
    assert!(
        broadcast.told()[1].contains("again"),
        "{:?}",
        broadcast.told()
    );
    world
        .until("the ghost comes back", || {
            world.ghost(room, JANE.1).is_some()
        })
        .await;
    world.tell(room, "Third").await;
    world.mails_to(JANE.0, 2).await;

    // Too late for that a week later, and nobody has left whom staff removed.
    press(&url).await;
    world
        .until("the room is told", || broadcast.told().len() == 3)
        .await;
    let week = "UPDATE subscriptions SET ended_at = ended_at - 604800001";
    assert_eq!(world.database().await.execute(week).await, 1);
    let page = client().get(&url).send().await.unwrap();
    assert!(!page.text().await.unwrap().contains("<form"));
    press(&url.replace("/leave/", "/stay/")).await;
    world.add(room, JANE.0, JANE.1).await;
    world.ask(room, &format!("!email remove {}", JANE.0)).await;
    press(&url.replace("/leave/", "/stay/")).await;
    world.tell(room, "Fourth").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to(JANE.0).len(), 2);
    assert_eq!(broadcast.told().len(), 3, "{:?}", broadcast.told());
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_who_left_while_it_waited() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").for_address("jane@");
    let greylisted = world.sink.trouble(greylisted);
    world.tell(room, "Second").await;
    world.mails_to(BOB.0, 2).await;
    world
        .until("Jane's is put off", || world.sink.hits(greylisted) > 0)
        .await;
    assert_eq!(press(&url).await.status(), StatusCode::OK);
    world.sink.clear_trouble(greylisted);
    world.settled().await;
    world.mails_to(JANE.0, 1).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_leaves_if_it_comes_from_the_very_person() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let letter = &world.mails_to(JANE.0, 1).await[0];
    let field = header(&letter.raw, "List-Unsubscribe").unwrap();
    let way_out = field.split("<mailto:").nth(1).unwrap();
    let to = way_out.split('?').next().unwrap().to_owned();
    let mail = |from: &str| {
        format!(
            "From: {from}\nTo: {to}\nSubject: unsubscribe\nMessage-ID: <leave-{from}>\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
             Content-Type: text/plain\n\nunsubscribe\n"
        )
    };
    world
        .mail("bob@beta.com", &[&to], &mail("bob@beta.com"))
        .await;
    world.tell(room, "Second").await;
    world.mails_to(JANE.0, 2).await;
    world.mails_to(BOB.0, 2).await;
    world.settled().await;
    assert_eq!(broadcast.told(), Vec::<String>::new());

    world.mail(JANE.0, &[&to], &mail(JANE.0)).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    // They are told, in answer, with a way back.
    let told = world.mails_to(JANE.0, 3).await.remove(2);
    let field = |name| header(&told.raw, name).unwrap_or_default();
    assert_eq!(field("Auto-Submitted"), "auto-replied");
    assert_eq!(field("X-Auto-Response-Suppress"), "OOF, AutoReply");
    assert_eq!(field("Subject"), "You have unsubscribed");
    assert_eq!(field("In-Reply-To"), format!("<leave-{}>", JANE.0));
    assert_eq!(header(&told.raw, "List-Unsubscribe"), None);
    let text = letter_text(&told);
    assert!(
        text.contains("jane@acme.com gets no more mails from “Training news”."),
        "{text}"
    );
    let stay = text
        .split_whitespace()
        .find(|word| word.contains("/stay/"))
        .unwrap();
    // Who writes again, or a machine, gets no second one.
    let again = mail(JANE.0).replace("leave-", "again-");
    world.mail(JANE.0, &[&to], &again).await;
    world.tell(room, "Third").await;
    world.mails_to(BOB.0, 3).await;
    world.settled().await;
    world.mails_to(JANE.0, 3).await;

    let stay = stay.replace(PUBLIC, &format!("http://{}", broadcast.pages.address()));
    let page = client()
        .get(&stay)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Subscribe again"), "{page}");
    let page = press(&stay).await.text().await.unwrap();
    assert!(page.contains("You are subscribed again"), "{page}");
    world
        .until("the room is told", || broadcast.told().len() == 2)
        .await;
    // Answered once a day, whatever they write; and nobody is, of whom it isn't sure who wrote.
    let field = header(&letter.raw, "List-Unsubscribe").unwrap();
    assert!(field.contains(&to), "{field}");
    let third = mail(JANE.0).replace("leave-", "third-");
    world.mail(JANE.0, &[&to], &third).await;
    world
        .until("the room is told", || broadcast.told().len() == 3)
        .await;
    press(&stay).await;
    world
        .until("the room is told", || broadcast.told().len() == 4)
        .await;
    let forged = mail(JANE.0).replace("leave-", "forged-");
    world.forged_mail(JANE.0, &[&to], &forged).await;
    world
        .until("the room is told", || broadcast.told().len() == 5)
        .await;
    press(&stay).await;
    world
        .until("the room is told", || broadcast.told().len() == 6)
        .await;
    let machine = mail(JANE.0).replace("leave-", "machine-").replace(
        "MIME-Version",
        "Auto-Submitted: auto-generated\nMIME-Version",
    );
    world.mail(JANE.0, &[&to], &machine).await;
    world
        .until("the room is told", || broadcast.told().len() == 7)
        .await;
    world.settled().await;
    world.mails_to(JANE.0, 3).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_reads_of_it_in_their_own_language() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.ask(room, "!email language jane@acme.com fr").await;
    world.tell(room, "First").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let url = broadcast.page_of(&letter);
    let page = client()
        .get(&url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("<html lang=\"fr\">"), "{page}");
    assert!(
        page.contains("Se désabonner de «\u{202f}Training news\u{202f}»"),
        "{page}"
    );
    let page = press(&url).await.text().await.unwrap();
    assert!(
        page.contains("Votre désabonnement est enregistré"),
        "{page}"
    );
    let page = press(&url.replace("/leave/", "/stay/"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Votre abonnement est rétabli"), "{page}");
    let field = header(&letter.raw, "List-Unsubscribe").unwrap();
    let to = field
        .split("<mailto:")
        .nth(1)
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    let mail = format!(
        "From: jane@acme.com\nTo: {to}\nSubject: unsubscribe\nMessage-ID: <adieu@acme.com>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\n\nunsubscribe\n"
    );
    world.mail(JANE.0, &[to], &mail).await;
    let told = world.mails_to(JANE.0, 2).await.remove(1);
    let text = letter_text(&told);
    assert!(
        text.contains("jane@acme.com ne recevra plus les e-mails"),
        "{text}"
    );
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_the_room_alone() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "Who comes?").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    assert!(reply_address(&letter).is_some());
    world
        .answer(&letter, JANE.0, "I do", "answer@acme.com")
        .await;
    let jane = world.ghost(room, JANE.1).unwrap();
    world
        .until("it is shown", || {
            world.said_by(room, &jane).concat().contains("I do")
        })
        .await;
    world.settled().await;
    world.mails_to(BOB.0, 1).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_visitors_need_not_know_is_told_in_the_control_room() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(room, zoe.id());
    zoe.join(room);
    world.settled().await;
    press(&url).await;
    world
        .until("staff are told", || {
            world.bot_says(&world.control_room, "Jane Doe has left the broadcast")
        })
        .await;
    assert_eq!(broadcast.told(), Vec::<String>::new());
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_not_ours_leads_nowhere() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let url = broadcast.page_of(&letter);
    // The conversation's own token, a mangled one, and none.
    let reply = reply_address(&letter).unwrap();
    let reply = reply.split(['+', '@']).nth(1).unwrap().to_owned();
    let (place, token) = url.rsplit_once('/').unwrap();
    for wrong in [reply.as_str(), &token[1..], "%0d%0aX: y", "x"] {
        let url = format!("{place}/{wrong}");
        assert_eq!(press(&url).await.status(), StatusCode::NOT_FOUND, "{wrong}");
        let page = client().get(&url).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
    world.tell(room, "Second").await;
    world.mails_to(JANE.0, 2).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rooms_are_no_lists() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let world = &broadcast.world;
    let room = world.room("Project", &[BOB]).await;
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(BOB.0, 1).await.remove(0);
    for name in ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"] {
        assert_eq!(header(&letter.raw, name), None, "{name}");
    }
    assert!(!letter_text(&letter).contains("/leave/"));
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_leaves_every_thread_and_comes_back_to_each() {
    let broadcast = Broadcast::with(&[]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    let roots = ["One", "Two"].map(|text| world.ann.say(room, text));
    world.quiet().await;
    for (address, name) in [JANE, BOB] {
        world.add(room, address, name).await;
    }
    world
        .ann
        .say_in_thread(room, &roots[0], "First of the thread");
    let first = world.mails_to(JANE.0, 1).await.remove(0);
    press(&broadcast.page_of(&first)).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    // Neither the thread that was there, nor one that begins now.
    for (root, n) in roots.iter().zip(2..) {
        world.ann.say_in_thread(room, root, "Without Jane");
        world.mails_to(BOB.0, n).await;
    }
    world.settled().await;
    world.mails_to(JANE.0, 1).await;

    world.add(room, JANE.0, JANE.1).await;
    world.ann.say_in_thread(room, &roots[0], "With Jane");
    let again = world.mails_to(JANE.0, 2).await.remove(1);
    assert_eq!(
        reply_address(&first),
        reply_address(&again),
        "the same thread"
    );
    world.tell(room, "In the room").await;
    world.settled().await;
    let letters = world.mails_to(JANE.0, 3).await;
    assert!(letter_text(&letters[2]).contains("In the room"));
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_left_comes_back_to_where_they_were() {
    let broadcast = Broadcast::with(&[]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world
        .ask(room, "!email add jane@acme.com jim@acme.com")
        .await;
    world.tell(room, "First").await;
    let first = world.mails_to("jim@acme.com", 1).await.remove(0);
    press(&broadcast.page_of(&first)).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    world.tell(room, "Second").await;
    world.add(room, "jim@acme.com", "Jim").await;
    world.tell(room, "Third").await;
    world.settled().await;
    let letters = world.mails_to("jim@acme.com", 2).await;
    assert_eq!(reply_address(&first), reply_address(&letters[1]));
    world.mails_to("jane@acme.com", 3).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_room_staff_have_closed_can_not_open_it_again() {
    let broadcast = Broadcast::with(&[JANE]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    press(&url).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    let bot = "@postroom:example.org";
    world.ask(room, "!email leave").await;
    world.quiet().await;
    world.invite_bot(room).await;
    world.until("it is back", || world.is_in(room, bot)).await;
    world.quiet().await;
    press(&url.replace("/leave/", "/stay/")).await;
    world
        .until("the room is told again", || broadcast.told().len() == 2)
        .await;
    world.tell(room, "Among staff").await;
    world.settled().await;
    world.mails_to(JANE.0, 1).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_last_who_leaves_the_guests_go() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let token = reply_address(&letter).unwrap();
    let raw = mail(JANE.0, &token, "Cc: carl@partner.example\n", "With Carl");
    world.mail(JANE.0, &[&token], &raw).await;
    world.quiet().await;
    world.tell(room, "Second").await;
    world.mails_to("carl@partner.example", 1).await;
    press(&broadcast.page_of(&letter)).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    world.tell(room, "Third").await;
    world.mails_to(BOB.0, 3).await;
    world.settled().await;
    world.mails_to("carl@partner.example", 1).await;
    broadcast.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_gets_what_was_said_before_and_after() {
    let broadcast = Broadcast::with(&[JANE, BOB]).await;
    let (world, room) = (&broadcast.world, &broadcast.room);
    world.tell(room, "First").await;
    let url = broadcast.page_of(&world.mails_to(JANE.0, 1).await[0]);
    world
        .ask(room, "!email settings quiet=10m at_most=10m")
        .await;
    world.ann.say(room, "Before she left");
    world.quiet().await;
    press(&url).await;
    world
        .until("the room is told", || broadcast.told().len() == 1)
        .await;
    world.ann.say(room, "While she was away");
    world.quiet().await;
    press(&url.replace("/leave/", "/stay/")).await;
    world
        .until("the room is told again", || broadcast.told().len() == 2)
        .await;
    world.ann.say(room, "When she was back");
    world.ask(room, "!email now").await;
    let text = letter_text(&world.mails_to(JANE.0, 2).await[1]);
    assert!(
        text.contains("Before she left") && text.contains("When she was back"),
        "{text}"
    );
    assert!(!text.contains("While she was away"), "{text}");
    world.mails_to(BOB.0, 2).await;
    broadcast.world.finish().await;
}
