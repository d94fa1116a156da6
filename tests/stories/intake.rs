//! Mail that belongs to no conversation: staff are asked, it opens a room, or it gets a polite answer.

use crate::{
    desk::{BOT, JANE, codes, mail},
    support::{
        fake_homeserver::{FakeUser, Membership, TimelineEvent},
        world::{Options, World, header, letter_text},
    },
};

pub const SUPPORT: &str = "support@example.org";

pub fn triage() -> Options {
    Options {
        intake: "triage",
        // Whether somebody is there now is for the clock to say.
        mailbox: "acknowledge: never",
        ..Options::default()
    }
}

/// A mail to the mailbox itself, from a server that may send it.
pub async fn write(world: &World, from: &str, headers: &str, text: &str) {
    let raw = mail(from, SUPPORT, headers, text);
    let address = from.rsplit('<').next().unwrap().trim_end_matches('>');
    let replies = world.mail(address, &[SUPPORT], &raw).await;
    assert_eq!(codes(&replies), [250], "{replies:?}");
}

/// What the bot has said in the room that contains `text`.
pub fn told(world: &World, room: &str, text: &str) -> Vec<TimelineEvent> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.kind == "m.room.message")
        .filter(|event| event.body().contains(text))
        .collect()
}

/// The event in which the control room is asked about a request; waits for it.
pub async fn request(world: &World, number: u32) -> String {
    let text = format!("Request #{number}:");
    world
        .until(&text, || {
            !told(world, &world.control_room, &text).is_empty()
        })
        .await;
    let notices = told(world, &world.control_room, &text);
    assert_eq!(notices.len(), 1, "a request is told once");
    notices[0].event_id.clone()
}

/// The rooms that the bot has made.
pub fn made(world: &World) -> Vec<String> {
    let rooms = world.homeserver.rooms().into_iter();
    let is_ours = |room: &String| {
        let mut timeline = world.homeserver.timeline(room).into_iter();
        timeline.any(|event| event.kind == "m.room.create" && event.sender == BOT)
    };
    rooms.filter(is_ours).collect()
}

/// Waits for the one room that the bot has made, and for Ann to be invited, who comes in.
pub async fn new_room(world: &World, staff: &FakeUser) -> String {
    world
        .until("a room is made", || !made(world).is_empty())
        .await;
    world.quiet().await;
    let rooms = made(world);
    assert_eq!(rooms.len(), 1, "{rooms:?}");
    let room = rooms[0].clone();
    let membership = world.homeserver.members(&room).get(staff.id()).copied();
    assert_eq!(membership, Some(Membership::Invite), "staff are invited");
    staff.join(&room);
    world.quiet().await;
    room
}

/// What the ghost of this name has said, without the hint that something is folded.
pub fn said(world: &World, room: &str, name: &str) -> Vec<String> {
    let ghost = world.ghost(room, name).unwrap();
    let said = world.said_by(room, &ghost).into_iter();
    said.map(|text| without_hint(&text).to_owned()).collect()
}

pub fn without_hint(text: &str) -> &str {
    text.split("\n\n🔍").next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reaction_turns_a_strangers_mail_into_a_room() {
    let world = World::start(triage()).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    let notice = &told(&world, &world.control_room, "Request #1:")[0];
    for part in [
        "Jane Doe",
        "jane@acme.com",
        "“Kernel training”",
        "> My printer is broken",
    ] {
        assert!(notice.body().contains(part), "{part}: {}", notice.body());
    }
    world.quiet().await;
    assert_eq!(
        made(&world),
        [""; 0],
        "nothing is made before staff want it"
    );

    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    let history = world
        .homeserver
        .state(&room, "m.room.history_visibility", "");
    assert_eq!(history.unwrap()["history_visibility"], "invited");
    let name = world.homeserver.state(&room, "m.room.name", "").unwrap();
    assert_eq!(name["name"], "Jane Doe: Kernel training");
    let told_of = told(&world, &world.control_room, "is in a room");
    assert_eq!(told_of.len(), 1);
    assert!(told_of[0].body().contains(&room), "{}", told_of[0].body());
    assert!(
        told(&world, &room, "").is_empty(),
        "nobody needs to be told how it works"
    );

    world.ann.say(&room, "Is it plugged in?");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let field = |name| header(&letter.raw, name).unwrap();
    assert_eq!(field("Subject"), "Re: Kernel training");
    assert_eq!(field("In-Reply-To"), "<Myprinterisbroken@acme.com>");
    assert_eq!(field("References"), "<Myprinterisbroken@acme.com>");
    assert!(letter_text(&letter).contains("Is it plugged in?"));
    world
        .answer(&letter, "jane@acme.com", "It is now", "again@acme.com")
        .await;
    world
        .until("her answer", || said(&world, &room, "Jane Doe").len() == 2)
        .await;
    assert_eq!(said(&world, &room, "Jane Doe")[1], "It is now");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn further_mail_joins_the_request_and_all_of_it_is_posted_in_order() {
    let world = World::start(triage()).await;
    write(&world, JANE, "", "My printer is broken").await;
    request(&world, 1).await;
    write(&world, JANE, "", "It smokes").await;
    // The same once more: a server that got no answer sends it again.
    write(&world, JANE, "", "It smokes").await;
    world.quiet().await;
    let more = told(&world, &world.control_room, "One more mail for request #1");
    assert_eq!(more.len(), 1, "a mail that comes twice is one");
    let list = world.ask(&world.control_room, "!email requests").await;
    assert!(list.contains("#1") && list.contains("2 mails"), "{list}");
    world
        .ann
        .react(&world.control_room, &more[0].event_id, "✅");
    let room = new_room(&world, &world.ann).await;
    let both = ["My printer is broken", "It smokes"];
    assert_eq!(said(&world, &room, "Jane Doe"), both);
    let list = world.ask(&world.control_room, "!email requests").await;
    assert_eq!(list, "No request waits.");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_staff_who_react_at_once_make_one_room() {
    let world = World::start(triage()).await;
    let bob = world.homeserver.user("bob");
    world.ann.invite(&world.control_room, bob.id());
    bob.join(&world.control_room);
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    bob.react(&world.control_room, &asked, "✅");
    world.ann.say(&world.control_room, "!email take 1");
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    let members = world.homeserver.members(&room);
    assert!(
        members.contains_key(bob.id()),
        "all staff who are asked are invited"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitors_reaction_decides_nothing() {
    let world = World::start(triage()).await;
    let eve = world.homeserver.user("@eve:elsewhere.example");
    world.ann.invite(&world.control_room, eve.id());
    eve.join(&world.control_room);
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    eve.react(&world.control_room, &asked, "✅");
    eve.react(&world.control_room, &asked, "❌");
    world.quiet().await;
    assert_eq!(made(&world), [""; 0]);
    let waiting = world
        .database()
        .await
        .rows::<(String,)>("SELECT state FROM requests")
        .await;
    assert_eq!(waiting, [("waiting".to_owned(),)]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_aside_is_kept_and_can_be_taken_up_again() {
    let world = World::start(triage()).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "🔍");
    world
        .until("the whole mail", || {
            world.bot_says(&world.control_room, "Subject: Kernel training")
        })
        .await;
    world.ann.react(&world.control_room, &asked, "❌");
    world
        .until("it is put aside", || {
            world.bot_says(&world.control_room, "Request #1 is put aside")
        })
        .await;
    let again = world.ask(&world.control_room, "!email dismiss 1").await;
    assert!(again.contains("was put aside by @ann"), "{again}");
    // What follows is a request of its own, which is decided first.
    write(&world, JANE, "", "Hello?").await;
    request(&world, 2).await;
    let other = world.ask(&world.control_room, "!email take 1").await;
    assert!(other.contains("#2"), "{other}");
    world.ask(&world.control_room, "!email dismiss 2").await;
    let taken = world.ask(&world.control_room, "!email take 1").await;
    assert!(taken.contains("gets a room"), "{taken}");
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    for (command, expected) in [
        ("!email take 1", "was taken up"),
        ("!email take 9", "There is no request #9"),
        ("!email take", "Which request?"),
        ("!email take 2 printer", "is not the id of a room"),
        ("!email take 2 !nowhere", "I can't take a request into"),
        ("!email dismiss x", "Which request?"),
    ] {
        let answer = world.ask(&world.control_room, command).await;
        assert!(answer.contains(expected), "{command}: {answer}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_can_be_taken_into_a_room_that_is_there() {
    let world = World::start(triage()).await;
    let room = world.room("Printers", &[("bob@beta.example", "Bob")]).await;
    write(&world, JANE, "", "My printer is broken").await;
    request(&world, 1).await;
    let hidden = world.ask(&room, "!email requests").await;
    assert!(hidden.starts_with("One request waits: "), "{hidden}");
    let taken = world.ask(&room, "!email take 1").await;
    assert!(taken.contains("on its way"), "{taken}");
    world
        .until("her mail", || {
            world.ghost(&room, "Jane Doe").is_some() && !said(&world, &room, "Jane Doe").is_empty()
        })
        .await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    assert_eq!(made(&world), [""; 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_rule_room_a_customer_gets_a_room_at_once() {
    let world = World::start(Options {
        intake: "room",
        mailbox: "rooms_per_hour: 1\n    acknowledge: never",
        ..Options::default()
    })
    .await;
    write(&world, JANE, "", "My printer is broken").await;
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    // The next one is one too many for this hour: staff are asked.
    write(&world, "Bob <bob@beta.example>", "", "Mine as well").await;
    request(&world, 2).await;
    let notice = &told(&world, &world.control_room, "Request #2:")[0];
    assert!(
        notice.body().contains("rooms_per_hour"),
        "{}",
        notice.body()
    );
    assert_eq!(made(&world).len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_lists_and_forgers_open_nothing_and_are_not_answered() {
    let world = World::start(Options {
        intake: "room",
        mailbox: "acknowledge: always",
        ..Options::default()
    })
    .await;
    write(&world, JANE, "Auto-Submitted: auto-replied\n", "I am away").await;
    let list = "List-Id: <news.acme.com>\nPrecedence: list\n";
    write(&world, JANE, list, "Our newsletter").await;
    let raw = mail(JANE, SUPPORT, "", "By nobody");
    world.mail("", &[SUPPORT], &raw).await;
    let raw = mail(JANE, SUPPORT, "", "Forged");
    world.forged_mail("jane@acme.com", &[SUPPORT], &raw).await;
    write(&world, "No Reply <no-reply@acme.com>", "", "Your order").await;
    world.quiet().await;
    assert_eq!(made(&world), [""; 0]);
    assert_eq!(world.sink.count(), 0);
    assert!(world.bot_says(&world.control_room, "may be forged"));
    // Whoever may be nobody is left to staff.
    let notice = &told(&world, &world.control_room, "Request #1:")[0];
    assert!(
        notice.body().contains("nobody reads there"),
        "{}",
        notice.body()
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_rule_reject_a_stranger_gets_one_answer_a_day() {
    let world = World::start(Options {
        intake: "reject",
        ..Options::default()
    })
    .await;
    write(
        &world,
        JANE,
        "",
        "Ich habe eine Frage zu dem Kurs, den Sie im März anbieten",
    )
    .await;
    let refusal = world.mails_to("jane@acme.com", 1).await.remove(0);
    let field = |name| header(&refusal.raw, name).unwrap_or_default();
    assert_eq!(field("Auto-Submitted"), "auto-replied");
    assert_eq!(field("Subject"), "Re: Kernel training");
    assert!(field("Reply-To").contains(SUPPORT), "{}", field("Reply-To"));
    assert!(letter_text(&refusal).contains("nimmt nur Antworten"));
    write(&world, JANE, "", "Hello?").await;
    write(&world, JANE, "Auto-Submitted: auto-replied\n", "I am away").await;
    let raw = mail("Bob <bob@beta.example>", SUPPORT, "", "Who am I?");
    world
        .unproven_mail("bob@beta.example", &[SUPPORT], &raw)
        .await;
    world.settled().await;
    assert_eq!(
        world.sink.count(),
        1,
        "one a day, and nobody who may be somebody else"
    );
    let kept = told(&world, &world.control_room, "bob@beta.example");
    assert_eq!(kept.len(), 1, "staff learn of who isn't answered");
    let states = "SELECT outcome FROM mails ORDER BY id LIMIT 2";
    let kept = world.database().await.rows::<(String,)>(states).await;
    assert_eq!(kept, [("rejected".to_owned(),), ("rejected".to_owned(),)]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_request_is_told_once_that_it_has_come() {
    let world = World::start(Options {
        intake: "triage",
        mailbox: "acknowledge: always\n    acknowledgement: {fr: \"Bien reçu.\"}",
        ..Options::default()
    })
    .await;
    write(
        &world,
        JANE,
        "",
        "My printer is broken, and I need it for the talk",
    )
    .await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    assert!(letter_text(&letter).contains("it has reached us"));
    let raw = format!(
        "From: {JANE}\nTo: {SUPPORT}\nSubject: Re: Kernel training\nMessage-ID: <more@acme.com>\n\
         In-Reply-To: {}\nDate: Sun, 22 Nov 2026 11:00:00 +0100\n\nThank you\n",
        header(&letter.raw, "Message-ID").unwrap()
    );
    world.mail("jane@acme.com", &[SUPPORT], &raw).await;
    let francois = "François <francois@beta.example>";
    write(
        &world,
        francois,
        "",
        "Bonjour, mon imprimante est en panne depuis ce matin",
    )
    .await;
    let french = world.mails_to("francois@beta.example", 1).await.remove(0);
    assert!(letter_text(&french).contains("Bien reçu."));
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    let more = told(&world, &world.control_room, "One more mail for request #1");
    assert_eq!(
        more.len(),
        1,
        "the answer to it is one more mail of the request"
    );
    world.finish().await;
}

/// Writes a configuration that is known only once a room is there.
pub async fn reconfigure(world: &mut World, options: Options) {
    world.stop_postroom().await;
    world.write_configuration(&options);
    world.start_postroom().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_of_a_domain_share_a_room_by_rule() {
    let mut world = World::start(triage()).await;
    let room = world.room("Acme", &[("bob@acme.com", "Bob")]).await;
    let elsewhere = world.ann.create_room("Beta");
    let rule = format!(
        "acknowledge: never\n    domains: {{ACME.com: \"{room}\", beta.example: \"{elsewhere}\"}}"
    );
    let options = Options {
        mailbox: rule.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("Jane comes", || world.ghost(&room, "Jane Doe").is_some())
        .await;
    world.quiet().await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    // Nothing proves that it is one of them.
    let raw = mail("Carl <carl@acme.com>", SUPPORT, "", "Let me in");
    world.unproven_mail("carl@acme.com", &[SUPPORT], &raw).await;
    request(&world, 2).await;
    // A room that the bot isn't in.
    write(&world, "Dora <dora@beta.example>", "", "And me?").await;
    request(&world, 3).await;
    let notice = &told(&world, &world.control_room, "Request #3:")[0];
    assert!(
        notice.body().contains("I am not in it"),
        "{}",
        notice.body()
    );
    assert_eq!(made(&world), [""; 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_several_rooms_is_never_guessed_about() {
    let world = World::start(Options {
        intake: "room",
        mailbox: "acknowledge: never",
        ..Options::default()
    })
    .await;
    let jane = [("jane@acme.com", "Jane Doe")];
    let (one, other) = (
        world.room("Kernel", &jane).await,
        world.room("Yocto", &jane).await,
    );
    write(&world, JANE, "", "A question").await;
    request(&world, 1).await;
    let notice = &told(&world, &world.control_room, "Request #1:")[0];
    for part in ["Kernel", "Yocto", &one, &other] {
        assert!(notice.body().contains(part), "{part}: {}", notice.body());
    }
    world
        .ask(&world.control_room, &format!("!email take 1 {other}"))
        .await;
    world.quiet().await;
    assert_eq!(said(&world, &other, "Jane Doe"), ["A question"]);
    assert_eq!(said(&world, &one, "Jane Doe"), [""; 0]);
    world.finish().await;
}

/// As the mailbox has its hours; by itself Postroom answers nobody while somebody is there.
#[tokio::test(flavor = "multi_thread")]
async fn outside_of_business_hours_people_are_told_that_it_has_come() {
    for (hours, is_told) in [("closed", true), ("\"00:00-24:00\"", false)] {
        let days = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let days: Vec<String> = days.iter().map(|day| format!("{day}: {hours}")).collect();
        let world = World::start(Options {
            intake: "triage",
            mailbox: format!("hours: {{{}}}", days.join(", ")).leak(),
            ..Options::default()
        })
        .await;
        write(&world, JANE, "", "My printer is broken").await;
        world
            .until("staff are asked", || {
                !told(&world, &world.control_room, "Request #1").is_empty()
            })
            .await;
        world.settled().await;
        assert_eq!(world.sink.count() == 1, is_told, "{hours}");
        world.finish().await;
    }
}

/// Two mailboxes: that of sales has a triage room and staff of its own.
#[tokio::test(flavor = "multi_thread")]
async fn each_mailbox_has_its_own_staff_and_triage_room() {
    let mut world = World::start(triage()).await;
    let sam = world.homeserver.user("sam");
    let desk = sam.create_room("Sales desk");
    let sales = format!(
        "acknowledge: never\n    staff: [\"@ann:example.org\"]\n  sales:\n    acknowledge: never\n    name: Sales\n    address: sales@example.org\n    \
         reply_address: \"sales+{{token}}@example.org\"\n    \
         smtp: {{url: \"smtp+insecure://{}\"}}\n    triage_room: \"{desk}\"\n    \
         staff: [\"@sam:example.org\"]",
        world.sink.address()
    );
    let options = Options {
        mailbox: sales.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    sam.invite(&desk, BOT);
    world
        .until("the bot joins", || world.bot_says(&desk, ""))
        .await;
    world.ann.invite(&world.control_room, sam.id());
    sam.join(&world.control_room);

    let raw = mail(JANE, "sales@example.org", "", "What does it cost?");
    world
        .mail("jane@acme.com", &["sales@example.org"], &raw)
        .await;
    world
        .until("sales is asked", || {
            !told(&world, &desk, "Request #1:").is_empty()
        })
        .await;
    assert!(told(&world, &world.control_room, "Request #1:").is_empty());
    // Ann isn't staff there.
    sam.invite(&desk, world.ann.id());
    world.ann.join(&desk);
    let asked = told(&world, &desk, "Request #1:")[0].event_id.clone();
    world.ann.react(&desk, &asked, "✅");
    world.quiet().await;
    assert_eq!(made(&world), [""; 0]);
    sam.react(&desk, &asked, "✅");
    let room = new_room(&world, &sam).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["What does it cost?"]);
    sam.say(&room, "Nothing at all");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let from = header(&letter.raw, "From").unwrap();
    assert!(from.contains("<sales@example.org>"), "{from}");

    // A room into which Sam alone invites the bot is one of sales.
    let own = sam.create_room("Sam's");
    sam.invite(&own, BOT);
    world
        .until("the bot joins", || world.bot_says(&own, ""))
        .await;
    sam.invite(&own, world.ann.id());
    world.ann.join(&own);
    let refused = world.ask(&own, "!email add bob@beta.example Bob").await;
    assert!(refused.contains("staff"), "{refused}");
    let shown = sam.say(&own, "!email settings mailbox");
    let shown = world.answer_to(&own, &shown).await;
    assert!(shown.contains("“sales”"), "{shown}");
    let denied = sam.say(&own, "!email settings mailbox support");
    let denied = world.answer_to(&own, &denied).await;
    assert!(denied.contains("There is no mailbox"), "{denied}");
    sam.say(&own, "!email add bob@beta.example Bob");
    world
        .until("Bob comes", || world.ghost(&own, "Bob").is_some())
        .await;
    sam.say(&own, "Hello Bob");
    let letter = world.mails_to("bob@beta.example", 1).await.remove(0);
    let from = header(&letter.raw, "From").unwrap();
    assert!(from.contains("<sales@example.org>"), "{from}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_changes_its_mailbox_as_long_as_nobody_was_written_to() {
    let mut world = World::start(triage()).await;
    let sales = format!(
        "footer: Bootlin\n  sales:\n    name: Sales\n    address: sales@example.org\n    \
         reply_address: \"sales+{{token}}@example.org\"\n    \
         smtp: {{url: \"smtp+insecure://{}\"}}",
        world.sink.address()
    );
    let options = Options {
        mailbox: sales.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    let room = world.room("Kernel", &[("jane@acme.com", "Jane Doe")]).await;
    let shown = world.ask(&room, "!email settings mailbox").await;
    assert!(
        shown.contains("“support”") && shown.contains("mailbox sales"),
        "{shown}"
    );
    let set = world.ask(&room, "!email settings mailbox sales").await;
    assert!(set.contains("“sales” from now on"), "{set}");
    world.ann.say(&room, "Hello Jane");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let from = header(&letter.raw, "From").unwrap();
    assert!(from.contains("<sales@example.org>"), "{from}");
    let fixed = world.ask(&room, "!email settings mailbox support").await;
    assert!(fixed.contains("stays theirs"), "{fixed}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_reminded_once_a_day_of_what_waits() {
    let mut world = World::start(triage()).await;
    write(&world, JANE, "", "My printer is broken").await;
    request(&world, 1).await;
    world.quiet().await;
    world.stop_postroom().await;
    let day = 25 * 60 * 60 * 1000;
    let later = format!("UPDATE requests SET created_at = created_at - {day}");
    world.database().await.execute(&later).await;
    world.start_postroom().await;
    world
        .until("the reminder", || {
            world.bot_says(&world.control_room, "⏰ One request waits")
        })
        .await;
    world.stop_postroom().await;
    world.start_postroom().await;
    world.quiet().await;
    assert_eq!(told(&world, &world.control_room, "⏰").len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_fresh_mail_is_a_thread_of_its_own_in_their_only_room() {
    let world = World::start(triage()).await;
    let room = world.room("Kernel", &[("jane@acme.com", "Jane Doe")]).await;
    write(&world, JANE, "", "Something else entirely").await;
    world
        .until("her mail", || !said(&world, &room, "Jane Doe").is_empty())
        .await;
    world.quiet().await;
    let timeline = world.homeserver.timeline(&room).into_iter();
    let mut shown = timeline.filter(|event| event.body() == "Something else entirely");
    let root = shown.next().unwrap().event_id;
    assert!(told(&world, &world.control_room, "Request").is_empty());

    world.ann.say_in_thread(&room, &root, "What exactly?");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let field = |name| header(&letter.raw, name).unwrap();
    assert_eq!(field("Subject"), "Re: Kernel training");
    assert_eq!(field("In-Reply-To"), "<Somethingelseentirely@acme.com>");
    world
        .answer(
            &letter,
            "jane@acme.com",
            "The other thing",
            "other@acme.com",
        )
        .await;
    world
        .until("her answer", || said(&world, &room, "Jane Doe").len() == 2)
        .await;
    let timeline = world.homeserver.timeline(&room).into_iter();
    let mut answers = timeline.filter(|event| without_hint(event.body()) == "The other thing");
    let relates = answers.next().unwrap().content["m.relates_to"].clone();
    assert_eq!(relates["rel_type"], "m.thread");
    assert_eq!(relates["event_id"], root.as_str());

    // What is said in the room itself goes on as before.
    world.ann.say(&room, "And the kernel?");
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert_eq!(header(&letters[1].raw, "Subject").unwrap(), "Kernel");
    world.finish().await;
}
