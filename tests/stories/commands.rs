//! What staff can ask of the bot, and what others can't.

use serde_json::json;

use crate::{
    support::{
        fake_homeserver::{FakeUser, Membership},
        smtp_sink::SinkMail,
        world::{Options, World, header, letter_text},
    },
    training::patient,
};

const BOT: &str = "@postroom:example.org";

/// Somebody from another server who is in the room.
fn visitor(world: &World, room: &str) -> FakeUser {
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(room, zoe.id());
    zoe.join(room);
    zoe
}

#[tokio::test(flavor = "multi_thread")]
async fn help_names_every_command() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    for asked in ["!email help", "!email"] {
        let help = world.ask(&room, asked).await;
        for command in ["add", "remove", "list", "status", "now", "help"] {
            assert!(help.contains(&format!("!email {command}")), "{help}");
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_addresses_are_one_customer_who_gets_one_mail() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let said = world
        .ask(&room, "!email add jane@acme.com, bob@acme.com")
        .await;
    assert!(
        said.starts_with("Added jane@acme.com, bob@acme.com"),
        "{said}"
    );
    world
        .until("both ghosts", || {
            world.ghost(&room, "jane").is_some() && world.ghost(&room, "bob").is_some()
        })
        .await;

    world.ann.say(&room, "Hello both");
    let to_jane = &world.mails_to("jane@acme.com", 1).await[0];
    let to_bob = &world.mails_to("bob@acme.com", 1).await[0];
    for name in ["Message-ID", "To", "Reply-To", "Subject", "Date"] {
        assert_eq!(header(&to_jane.raw, name), header(&to_bob.raw, name));
    }
    let to = header(&to_jane.raw, "To").unwrap();
    assert!(to.contains("jane@acme.com") && to.contains("bob@acme.com"));
    assert_eq!(to_jane.recipients, ["jane@acme.com"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_is_named_and_nobody_is_added() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    for (command, named) in [
        (
            "!email add jane@acme..com Jane Doe",
            "“jane@acme..com” is not an email address: ",
        ),
        (
            "!email add jane@acme.com bob@acme,com",
            "“com” is not an email address: ",
        ),
        ("!email add Jane", "“Jane” is not an email address: "),
        ("!email add", "Whom?"),
    ] {
        let said = world.ask(&room, command).await;
        assert!(said.contains(named), "{command}: {said}");
    }
    let list = world.ask(&room, "!email list").await;
    assert!(list.starts_with("Nobody takes part"), "{list}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_here_already_is_not_added_twice() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let said = world.ask(&room, "!email add JANE@Acme.com").await;
    assert!(said.contains("is in this room already"), "{said}");
    world.ann.say(&room, "Once only");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_address_is_never_a_customer() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    for address in ["support@example.org", "Support+abc@example.org"] {
        let said = world.ask(&room, &format!("!email add {address}")).await;
        assert!(said.contains("an address of ours"), "{said}");
    }
    world.ann.say(&room, "Hello nobody");
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisation_joins_only_when_staff_mean_it() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let said = world.ask(&room, "!email add bob@beta.com Bob").await;
    assert!(
        said.contains("Jane Doe would read what Bob (bob@beta.com) writes"),
        "{said}"
    );
    assert!(said.contains("--share"), "{said}");
    assert_eq!(world.ghost(&room, "Bob"), None);

    let said = world.ask(&room, "!email add jim@acme.com Jim").await;
    assert!(
        said.starts_with("Added Jim"),
        "a colleague needs no asking: {said}"
    );
    let said = world
        .ask(&room, "!email add --share bob@beta.com Bob")
        .await;
    assert!(said.starts_with("Added Bob"), "{said}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_gets_what_was_written_before_and_nothing_after() {
    let world = World::start(patient()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    world.ann.say(&room, "Still for you");
    let said = world.ask(&room, "!email remove jane@acme.com").await;
    assert!(said.contains("gets no more mail"), "{said}");
    world
        .until("the ghost leaves", || !world.is_in(&room, &ghost))
        .await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Still for you"));

    world.ann.say(&room, "Among ourselves");
    let said = world.ask(&room, "!email now").await;
    assert_eq!(said, "Nothing waits to be sent.");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    let said = world.ask(&room, "!email remove jane@acme.com").await;
    assert!(said.contains("is not in this room"), "{said}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_again_goes_on_in_the_same_thread() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&room, "Before");
    let before = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.ask(&room, "!email remove jane@acme.com").await;
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.ann.say(&room, "After");
    let after = world.mails_to("jane@acme.com", 2).await.remove(1);
    let of = |letter: &SinkMail, name| header(&letter.raw, name);
    assert_eq!(of(&after, "In-Reply-To"), of(&before, "Message-ID"));
    assert_eq!(of(&after, "Reply-To"), of(&before, "Reply-To"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_colleagues_can_be_removed() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    world
        .ask(&room, "!email add jane@acme.com bob@acme.com")
        .await;
    world.ask(&room, "!email remove bob@acme.com").await;
    world.ann.say(&room, "Only Jane");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(!header(&letter.raw, "To").unwrap().contains("bob@acme.com"));
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_and_status_tell_who_is_here_and_what_waits() {
    let world = World::start(patient()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let list = world.ask(&room, "!email list").await;
    assert!(list.contains("Jane Doe <jane@acme.com>"), "{list}");
    let status = world.ask(&room, "!email status").await;
    assert!(status.contains("Jane Doe: nothing waits"), "{status}");

    world.ann.say(&room, "One");
    world.ann.say(&room, "Two");
    let status = world.ask(&room, "!email status").await;
    assert!(
        status.contains("2 messages wait for their letter"),
        "{status}"
    );

    let said = world.ask(&room, "!email now").await;
    assert_eq!(said, "On its way to Jane Doe.");
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("One") && letter.contains("Two"), "{letter}");
    assert!(!letter.contains("!email"), "{letter}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_command_is_answered_and_never_relayed() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let said = world.ask(&room, "!email lits").await;
    assert!(said.contains("Did you mean `!email list`?"), "{said}");
    let said = world.ask(&room, "!email frobnicate").await;
    assert!(said.contains("I don't know `!email frobnicate`"), "{said}");
    let said = world.ask(&room, "!emial remove jane@acme.com").await;
    assert!(said.contains("Did you mean `!email`?"), "{said}");
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    assert!(world.ghost(&room, "Jane Doe").is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_staff_gets_one_polite_line_and_changes_nothing() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let zoe = visitor(&world, &room);
    for command in [
        "!email remove jane@acme.com",
        "!email add zoe@other.org",
        "!emial list",
    ] {
        let asked = zoe.say(&room, command);
        let said = world.answer_to(&room, &asked).await;
        assert!(said.starts_with("Sorry, only staff"), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
    zoe.say(&room, "Hello Jane");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Hello Jane"));
    assert!(
        !header(&letter.raw, "From").unwrap().contains("zoe"),
        "a visitor speaks under the organisation's name"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    assert!(world.ghost(&room, "Jane Doe").is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_reads_like_a_command_is_a_mail() {
    let world = World::start(Options::default()).await;
    let people = [("jane@acme.com", "Jane Doe"), ("bob@beta.com", "Bob")];
    let room = world.room("Training", &people).await;
    world.ann.say(&room, "Hello");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    world
        .answer(
            letter,
            "jane@acme.com",
            "!email remove bob@beta.com",
            "a1@acme.com",
        )
        .await;
    let to_bob = world.mails_to("bob@beta.com", 2).await;
    assert!(letter_text(&to_bob[1]).contains("!email remove bob@beta.com"));
    world.settled().await;
    assert!(world.ghost(&room, "Bob").is_some());
    assert!(!world.bot_says(&room, "gets no more mail"));
    assert!(!world.bot_says(&room, "only staff"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inviting_a_ghost_adds_its_contact() {
    let world = World::start(Options::default()).await;
    let first = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let ghost = world.ghost(&first, "Jane Doe").unwrap();
    let second = world.room("Project", &[]).await;
    world.ann.invite(&second, &ghost);
    world
        .until("the ghost joins", || world.is_in(&second, &ghost))
        .await;
    world
        .until("the bot says so", || world.bot_says(&second, "Added"))
        .await;
    world.ann.say(&second, "In the project");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert_eq!(header(&letter.raw, "Subject").unwrap(), "Project");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inviting_an_address_brings_the_contacts_own_ghost() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let placeholder = "@_email_bob=40acme.com:example.org";
    world.ann.invite(&room, placeholder);
    world
        .until("the ghost joins", || world.ghost(&room, "bob").is_some())
        .await;
    world
        .until("the placeholder leaves", || {
            world.homeserver.members(&room).get(placeholder) == Some(&Membership::Leave)
        })
        .await;
    let ghost = world.ghost(&room, "bob").unwrap();
    assert_ne!(ghost, placeholder);
    assert!(!ghost.contains("acme"), "the address doesn't show: {ghost}");
    world.ann.say(&room, "Hello Bob");
    world.mails_to("bob@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_declines_an_invitation_by_who_is_not_staff() {
    let world = World::start(Options::default()).await;
    let first = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let ghost = world.ghost(&first, "Jane Doe").unwrap();
    let second = world.room("Project", &[]).await;
    let zoe = visitor(&world, &second);
    for user in [ghost.as_str(), "@_email_eve=40evil.com:example.org"] {
        zoe.invite(&second, user);
        world
            .until("the ghost declines", || {
                world.homeserver.members(&second).get(user) == Some(&Membership::Leave)
            })
            .await;
    }
    world
        .until("the bot says why", || world.bot_says(&second, "only staff"))
        .await;
    world.ann.say(&second, "Not for Jane");
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_declines_an_invitation_by_who_is_not_staff() {
    let world = World::start(Options::default()).await;
    let zoe = world.homeserver.user("@zoe:other.org");
    let room = zoe.create_room("Zoe's room");
    zoe.invite(&room, BOT);
    world
        .until("the bot declines", || {
            world.homeserver.members(&room).get(BOT) == Some(&Membership::Leave)
        })
        .await;
    let control_room = world.control_room.clone();
    world
        .until("staff are told", || {
            world.bot_says(&control_room, "@zoe:other.org invited me")
        })
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_puts_a_ghost_out_stops_the_mail() {
    let world = World::start(patient()).await;
    let people = [("jane@acme.com", "Jane Doe"), ("bob@beta.com", "Bob")];
    let room = world.room("Training", &people).await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    world.ann.say(&room, "Before");
    world.ann.kick(&room, &ghost);
    world
        .until("the bot confirms", || {
            world.bot_says(&room, "Jane Doe (jane@acme.com) gets no more mail")
        })
        .await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Before"));
    world.ann.say(&room, "After");
    world.ask(&room, "!email now").await;
    let to_bob = letter_text(&world.mails_to("bob@beta.com", 1).await[0]);
    assert!(
        to_bob.contains("Before") && to_bob.contains("After"),
        "{to_bob}"
    );
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);
    assert!(!world.is_in(&room, &ghost), "the ghost stays out");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_puts_the_bot_out_suspends_the_conversations() {
    let world = World::start(patient()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.ann.say(&room, "Before");
    world.ann.kick(&room, BOT);
    let control_room = world.control_room.clone();
    world
        .until("staff are told", || {
            world.bot_says(&control_room, "@ann:example.org removed me from “Training”")
        })
        .await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Before"));

    world.ann.say(&room, "After");
    world.quiet().await;
    world.invite_bot(&room).await;
    world.ann.say(&room, "Later");
    let list = world.ask(&room, "!email list").await;
    assert!(list.contains("Jane Doe <jane@acme.com>"), "{list}");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(letter.contains("Later") && !letter.contains("After"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_encrypted_room_the_bot_says_so_at_once_and_adds_nobody() {
    let world = World::start(Options::default()).await;
    let room = world.ann.create_room_with(&json!({
        "name": "Secret",
        "initial_state": [{
            "type": "m.room.encryption", "state_key": "",
            "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        }],
    }));
    world.ann.invite(&room, BOT);
    world
        .until("the bot says so", || {
            world.bot_says(&room, "This room is encrypted")
        })
        .await;
    assert!(!world.bot_says(&room, "I let people take part"));
    let said = world.ask(&room, "!email add jane@acme.com Jane").await;
    assert!(said.starts_with("This room is encrypted"), "{said}");
    world.quiet().await;
    assert_eq!(world.ghost(&room, "Jane"), None);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_encryption_is_switched_on_later_the_bot_says_so_too() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let algorithm = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    world
        .ann
        .set_state(&room, "m.room.encryption", "", algorithm);
    world
        .until("the bot says so", || {
            world.bot_says(&room, "This room is encrypted from now on")
        })
        .await;
    let said = world.ask(&room, "!email add bob@acme.com Bob").await;
    assert!(said.starts_with("This room is encrypted"), "{said}");
    world.settled().await;
    assert_eq!(world.ghost(&room, "Bob"), None);
    world.finish().await;
}
