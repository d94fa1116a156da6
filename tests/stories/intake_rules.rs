//! What the rules for strangers' mail must not do by themselves.

use crate::{
    desk::{JANE, mail},
    intake::{SUPPORT, made, reconfigure, request, said, told, triage, write},
    support::world::{Options, World, header},
};

/// A world in which customers of acme.com share a room, with Bob and Jane in it; she by the rule.
async fn shared_by_rule() -> (World, String) {
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
            world.ghost(&room, "Jane Doe").is_some() && !said(&world, &room, "Jane Doe").is_empty()
        })
        .await;
    world.quiet().await;
    (world, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_isnt_let_in_by_the_rule_of_their_domain() {
    let (world, room) = shared_by_rule().await;
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
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.tell(&room, "Among us").await;
    world.mails_to("bob@acme.com", 1).await;
    world.settled().await;
    assert!(world.sink.mails_to("jane@acme.com").is_empty());

    // Staff may think again.
    world.ask(&room, "!email take 2").await;
    world
        .until("her mail", || said(&world, &room, "Jane Doe").len() == 2)
        .await;
    // From then on the rule holds for her as for others.
    write(&world, JANE, "", "Thank you").await;
    world
        .until("her mail", || said(&world, &room, "Jane Doe").len() == 3)
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_a_broadcast_isnt_subscribed_again_by_the_rule_of_their_domain() {
    let (world, room) = shared_by_rule().await;
    world.ask(&room, "!email settings broadcast on").await;
    world.tell(&room, "News").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world.mails_to("bob@acme.com", 1).await;
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
    world.mails_to("bob@acme.com", 2).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 2);
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    assert_eq!(made(&world), [""; 0]);
    world.finish().await;
}
