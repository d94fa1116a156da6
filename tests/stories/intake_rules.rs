//! What the rules for strangers' mail must not do by themselves.

use crate::{
    bounces::{GONE, status},
    desk::{BOT, JANE, codes, mail},
    intake::{self, made, new_room, reconfigure, request, told, triage, without_hint, write},
    support::{
        fake_homeserver::FakeUser,
        world::{Options, World, header, letter_text},
    },
};

/// What the ghost of this id has said, whether it is there or not.
fn said(world: &World, room: &str, ghost: &str) -> Vec<String> {
    let said = world.said_by(room, ghost).into_iter();
    said.map(|text| without_hint(&text).to_owned()).collect()
}

/// A world in which customers of acme.com share a room, with Bob and Jane in it; she by the rule.
async fn shared_by_rule() -> (World, String, String) {
    let mut world = World::start(triage()).await;
    let room = world.room("Acme", &[("bob@acme.com", "Bob")]).await;
    let rule = format!("acknowledge: never\n    domains: {{acme.com: \"{room}\"}}");
    let options = Options {
        mailbox: rule.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("Jane comes", || {
            world
                .ghost(&room, "Jane Doe")
                .is_some_and(|jane| !said(&world, &room, &jane).is_empty())
        })
        .await;
    world.quiet().await;
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    (world, room, jane)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_isnt_let_in_by_the_rule_of_their_domain() {
    let (world, room, jane) = shared_by_rule().await;
    world.ask(&room, "!email remove jane@acme.com").await;
    write(&world, JANE, "", "Let me in again").await;
    request(&world, 2).await;
    let notice = &told(&world, &world.control_room, "Request #2:")[0];
    assert!(
        notice.body().contains("they were removed from there"),
        "{}",
        notice.body()
    );
    world.quiet().await;
    assert_eq!(said(&world, &room, &jane), ["My printer is broken"]);
    world.tell(&room, "Among us").await;
    // As who is there reads what she wrote before.
    world.mails_to("bob@acme.com", 2).await;
    world.settled().await;
    assert!(world.sink.mails_to("jane@acme.com").is_empty());

    // Staff may think again.
    world.ask(&room, "!email take 2").await;
    world
        .until("her mail", || said(&world, &room, &jane).len() == 2)
        .await;
    // From then on the rule holds for her as for others.
    write(&world, JANE, "", "Thank you").await;
    world
        .until("her mail", || said(&world, &room, &jane).len() == 3)
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_a_broadcast_isnt_subscribed_again_by_the_rule_of_their_domain() {
    let (world, room, jane) = shared_by_rule().await;
    world.ask(&room, "!email settings broadcast on").await;
    world.tell(&room, "News").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let way_out = header(&letter.raw, "List-Unsubscribe").unwrap();
    let address = way_out.split("mailto:").nth(1).unwrap();
    let address = address.split('?').next().unwrap();
    let leave = mail(JANE, address, "", "unsubscribe");
    world.mail("jane@acme.com", &[address], &leave).await;
    world
        .until("the room is told", || {
            world.bot_says(&room, "Jane Doe has left")
        })
        .await;
    // The word that it worked.
    world.mails_to("jane@acme.com", 2).await;

    write(&world, JANE, "", "Another question").await;
    request(&world, 2).await;
    world.quiet().await;
    world.tell(&room, "More news").await;
    world.mails_to("bob@acme.com", 3).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    assert_eq!(said(&world, &room, &jane), ["My printer is broken"]);
    assert_eq!(made(&world), [""; 0]);
    world.finish().await;
}

/// Those who ask are answered by a letter that belongs to no room.
async fn acknowledged() -> World {
    World::start(Options {
        mailbox: "acknowledge: always",
        ..triage()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_of_an_acknowledgement_suspends_the_address() {
    let world = acknowledged().await;
    write(&world, JANE, "", "My printer is broken").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let bounce = status(&letter, GONE);
    let replies = world.mail("", &[&letter.sender], &bounce).await;
    assert_eq!(codes(&replies), [250], "{replies:?}");
    world
        .until("staff are told", || {
            world.bot_says(&world.control_room, "Of an answer that I wrote by myself")
        })
        .await;
    world.settled().await;
    let said = world.said_by(&world.control_room, BOT);
    let about: Vec<&String> = said
        .iter()
        .filter(|it| !it.contains("Request #1"))
        .collect();
    let about: Vec<&&String> = about.iter().filter(|it| it.contains("jane@acme")).collect();
    assert_eq!(about.len(), 1, "{said:?}");
    for part in [
        "Not delivered to",
        "there is no such mailbox",
        "No more mail goes to",
    ] {
        assert!(about[0].contains(part), "{part}: {about:?}");
    }
    let mut database = world.database().await;
    let outcomes = "SELECT state, problem FROM mails WHERE problem <> ''";
    let aside = database.rows::<(String, String)>(outcomes).await;
    assert_eq!(aside, [], "nothing is set aside");
    let resumed = world
        .ask(&world.control_room, "!email resume jane@acme.com")
        .await;
    assert!(resumed.contains("Nothing was held back"), "{resumed}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_note_to_an_acknowledgement_is_kept_quietly() {
    let world = acknowledged().await;
    write(&world, JANE, "", "My printer is broken").await;
    request(&world, 1).await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.settled().await;
    let before = world.said_by(&world.control_room, BOT);
    let away = mail(
        JANE,
        &letter.sender,
        "Auto-Submitted: auto-replied\n",
        "I am away until 7 December",
    );
    let replies = world.mail("", &[&letter.sender], &away).await;
    assert_eq!(codes(&replies), [250], "{replies:?}");
    world.settled().await;
    assert_eq!(world.said_by(&world.control_room, BOT), before);
    let mut database = world.database().await;
    let last = "SELECT state, outcome FROM mails ORDER BY id DESC LIMIT 1";
    let kept = database.rows::<(String, String)>(last).await;
    assert_eq!(kept, [("kept".to_owned(), "passed_over".to_owned())]);
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_is_opened_into_which_nobody_would_be_invited() {
    let world = World::start(Options {
        intake: "room",
        mailbox: "acknowledge: never\n    staff: [\"@sam:elsewhere.example\"]",
        ..Options::default()
    })
    .await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    let notice = &told(&world, &world.control_room, "Request #1:")[0];
    assert!(
        notice.body().contains("I know nobody to invite"),
        "{}",
        notice.body()
    );
    world.quiet().await;
    assert_eq!(made(&world), [""; 0]);
    world.ann.react(&world.control_room, &asked, "✅");
    new_room(&world, &world.ann).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_are_named_are_invited_where_none_of_them_is_asked() {
    let world = World::start(Options {
        intake: "room",
        mailbox: "acknowledge: never\n    staff: [\"@sam:example.org\"]",
        ..Options::default()
    })
    .await;
    let sam = world.homeserver.user("sam");
    write(&world, JANE, "", "My printer is broken").await;
    let room = new_room(&world, &sam).await;
    assert!(!world.is_in(&room, world.ann.id()));
    world.finish().await;
}

/// A world whose strangers' mail is told of in a room of Ann's, with the bot in it or not.
async fn with_triage_room(is_there: bool) -> (World, String) {
    let mut world = World::start(triage()).await;
    let desk = world.ann.create_room("Desk");
    let mailbox = format!("acknowledge: never\n    triage_room: \"{desk}\"");
    let options = Options {
        mailbox: mailbox.leak(),
        ..triage()
    };
    reconfigure(&mut world, options).await;
    if is_there {
        world.invite_bot(&desk).await;
    }
    (world, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_write_isnt_told_where_visitors_read_it() {
    let (world, desk) = with_triage_room(true).await;
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("staff are asked", || {
            !told(&world, &desk, "Request #1:").is_empty()
        })
        .await;
    world.quiet().await;
    let eve = world.homeserver.user("@eve:elsewhere.example");
    world.ann.invite(&desk, eve.id());
    eve.join(&desk);
    world.quiet().await;
    write(&world, JANE, "", "It smokes").await;
    write(&world, "Bob <bob@beta.example>", "", "Mine as well").await;
    let asked = request(&world, 2).await;
    let more = "One more mail for request #1";
    world
        .until("staff are told", || {
            !told(&world, &world.control_room, more).is_empty()
        })
        .await;
    world.ann.react(&world.control_room, &asked, "✅");
    world
        .until("they are told of the room", || {
            !told(&world, &world.control_room, "Request #2 of").is_empty()
        })
        .await;
    world.quiet().await;
    for text in ["It smokes", "Request #2", "Bob"] {
        assert!(told(&world, &desk, text).is_empty(), "{text}");
    }
    let list = "SELECT told_in FROM requests ORDER BY id";
    let told_in = world.database().await.rows::<(String,)>(list).await;
    assert_eq!(told_in, [(desk,), (world.control_room.clone(),)]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_bot_isnt_in_the_triage_room_staff_are_asked_in_the_control_room() {
    let (world, desk) = with_triage_room(false).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(&world, &world.ann).await;
    assert_ne!(room, desk);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_there_already_uses_up_none_of_an_hours() {
    let mut world = World::start(triage()).await;
    let room = world.room("Acme", &[("bob@acme.com", "Bob")]).await;
    let rule =
        format!("acknowledge: never\n    rooms_per_hour: 1\n    domains: {{acme.com: \"{room}\"}}");
    let options = Options {
        intake: "room",
        mailbox: rule.leak(),
        ..Options::default()
    };
    reconfigure(&mut world, options).await;
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("Jane comes", || world.ghost(&room, "Jane Doe").is_some())
        .await;
    world.quiet().await;
    write(&world, "Dora <dora@beta.example>", "", "Mine as well").await;
    new_room(&world, &world.ann).await;
    write(&world, "Emil <emil@gamma.example>", "", "And mine").await;
    request(&world, 3).await;
    assert_eq!(made(&world).len(), 1);
    world.finish().await;
}

/// A world with a second mailbox, whose staff are Sam and who are asked in a room of his.
async fn with_sales(support: &'static str, sales: &str) -> (World, FakeUser, String) {
    let mut world = World::start(triage()).await;
    let sam = world.homeserver.user("sam");
    let desk = sam.create_room("Sales desk");
    let both = format!(
        "acknowledge: always\n    staff: [\"@ann:example.org\"]\n  sales:\n    intake: {sales}\n    \
         acknowledge: always\n    name: Sales\n    address: sales@example.org\n    \
         reply_address: \"sales+{{token}}@example.org\"\n    \
         smtp: {{url: \"smtp+insecure://{}\"}}\n    triage_room: \"{desk}\"\n    \
         staff: [\"@sam:example.org\"]",
        world.sink.address()
    );
    let options = Options {
        intake: support,
        mailbox: both.leak(),
        ..Options::default()
    };
    reconfigure(&mut world, options).await;
    sam.invite(&desk, BOT);
    world
        .until("the bot joins", || world.bot_says(&desk, ""))
        .await;
    (world, sam, desk)
}

/// To both mailboxes in one go, as a mail server hands it in.
async fn write_to_both(world: &World, text: &str) {
    let raw = mail(JANE, "support@example.org, sales@example.org", "", text);
    let both = ["support@example.org", "sales@example.org"];
    let replies = world.mail("jane@acme.com", &both, &raw).await;
    assert!(replies.iter().all(|reply| reply.code == 250), "{replies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_two_mailboxes_is_a_request_of_each() {
    let (world, sam, desk) = with_sales("triage", "triage").await;
    write_to_both(&world, "What does a printer cost?").await;
    let asked = request(&world, 1).await;
    world
        .until("sales is asked", || {
            !told(&world, &desk, "Request #2:").is_empty()
        })
        .await;
    let notice = &told(&world, &desk, "Request #2:")[0];
    assert!(
        notice.body().contains("writes to sales@example.org"),
        "{}",
        notice.body()
    );
    let sales_asked = notice.event_id.clone();
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    assert_eq!(world.sink.count(), 1, "one acknowledgement");

    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(&world, &world.ann).await;
    let text = "What does a printer cost?";
    assert_eq!(intake::said(&world, &room, "Jane Doe"), [text]);
    sam.react(&desk, &sales_asked, "✅");
    world
        .until("the other room", || made(&world).len() == 2)
        .await;
    world.settled().await;
    let rooms = made(&world);
    let other = rooms.iter().find(|it| **it != room).unwrap();
    assert_eq!(intake::said(&world, other, "Jane Doe"), [text]);
    assert_eq!(intake::said(&world, &room, "Jane Doe"), [text]);
    sam.join(other);
    sam.say(other, "Nothing at all");
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let from = header(&letter.raw, "From").unwrap();
    assert!(from.contains("<sales@example.org>"), "{from}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_mailboxes_the_one_that_takes_mail_takes_it() {
    let (world, _, desk) = with_sales("reject", "triage").await;
    write_to_both(&world, "What does a printer cost?").await;
    world
        .until("sales is asked", || {
            !told(&world, &desk, "Request #1:").is_empty()
        })
        .await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    assert!(letter_text(&letter).contains("it has reached us"));
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_other_staff_are_only_counted() {
    let (world, _, desk) = with_sales("triage", "triage").await;
    let jane = [("jane@acme.com", "Jane Doe")];
    let (one, other) = (
        world.room("Kernel", &jane).await,
        world.room("Yocto", &jane).await,
    );
    let raw = mail(JANE, "sales@example.org", "", "What does it cost?");
    world
        .mail("jane@acme.com", &["sales@example.org"], &raw)
        .await;
    world
        .until("sales is asked", || {
            !told(&world, &desk, "Request #1:").is_empty()
        })
        .await;
    let notice = told(&world, &desk, "Request #1:").remove(0);
    let body = notice.body();
    assert!(
        body.contains("2 rooms of mailboxes with other staff"),
        "{body}"
    );
    for part in ["“Kernel”", "Yocto", &one, &other] {
        assert!(!body.contains(part), "{part}: {body}");
    }
    world.finish().await;
}
