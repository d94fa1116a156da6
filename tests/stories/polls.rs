//! Polls: who votes, and what the customers hear of it.

use serde_json::{Value, json};

use crate::{
    support::world::{Options, World},
    training::JANE,
};

fn poll() -> Value {
    let answer = |id: &str, text: &str| json!({"id": id, "org.matrix.msc1767.text": text});
    json!({
        "org.matrix.msc1767.text": "When?\n1. Monday\n2. Friday",
        "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 1,
            "question": {"org.matrix.msc1767.text": "When?"},
            "answers": [answer("a", "Monday"), answer("b", "Friday")],
        },
    })
}

fn about(poll: &str, mut content: Value) -> Value {
    content["m.relates_to"] = json!({"rel_type": "m.reference", "event_id": poll});
    content
}

fn vote(poll: &str, answers: &[&str]) -> Value {
    about(
        poll,
        json!({"org.matrix.msc3381.poll.response": {"answers": answers}}),
    )
}

fn end(poll: &str) -> Value {
    about(
        poll,
        json!({"org.matrix.msc3381.poll.end": {}, "body": "The poll has ended"}),
    )
}

/// The results that stand in letters, as they are stored.
async fn results(world: &World) -> Vec<Value> {
    let mut database = world.database().await;
    let sql = "SELECT shared FROM letter_items WHERE shared LIKE '%poll_result%' ORDER BY id";
    let rows: Vec<(String,)> = database.rows(sql).await;
    database.close().await;
    let read = |(json,): (String,)| serde_json::from_str(&json).unwrap();
    rows.into_iter().map(read).collect()
}

const VOTE: &str = "org.matrix.msc3381.poll.response";
const END: &str = "org.matrix.msc3381.poll.end";

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_vote_of_everybody_counts_until_the_end() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let people = ["ben", "cara", "dan", "eve"].map(|name| world.homeserver.user(name));
    for person in &people {
        world.ann.invite(&room, person.id());
        person.join(&room);
    }
    let [ben, cara, dan, eve] = &people;
    let poll = world
        .ann
        .send(&room, "org.matrix.msc3381.poll.start", poll());
    world.mails_to("jane@acme.com", 1).await;
    world.ann.send(&room, VOTE, vote(&poll, &["a"]));
    world.ann.send(&room, VOTE, vote(&poll, &["b", "a"]));
    ben.send(&room, VOTE, vote(&poll, &["a"]));
    // Spoilt, and taken back.
    cara.send(&room, VOTE, vote(&poll, &["x"]));
    let taken_back = dan.send(&room, VOTE, vote(&poll, &["a"]));
    dan.redact(&room, &taken_back);
    // Whoever has read the id elsewhere votes in vain.
    let elsewhere = eve.create_room("Elsewhere");
    eve.invite(&elsewhere, "@postroom:example.org");
    eve.send(&elsewhere, VOTE, vote(&poll, &["a"]));
    // Only its author and staff end a poll; all of example.org are staff.
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&room, zoe.id());
    zoe.join(&room);
    zoe.send(&room, END, end(&poll));
    world.quiet().await;
    assert_eq!(world.sink.count(), 1, "nothing has ended");

    world.ann.send(&room, END, end(&poll));
    world.mails_to("jane@acme.com", 2).await;
    ben.send(&room, VOTE, vote(&poll, &["b"]));
    world.ann.send(&room, END, end(&poll));
    world.settled().await;
    assert_eq!(world.sink.count(), 2, "a poll ends once");
    let results = results(&world).await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["question"], "When?");
    assert_eq!(results[0]["votes"], json!([["Monday", 1], ["Friday", 1]]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_get_the_poll_gets_no_result() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let poll = world
        .ann
        .send(&room, "org.matrix.msc3381.poll.start", poll());
    world.mails_to("jane@acme.com", 1).await;
    world.add(&room, "bob@beta.com", "Bob").await;
    world.ann.send(&room, END, end(&poll));
    world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("bob@beta.com").len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_among_notes_stays_inside() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let note = world.ann.say(&room, "!!shall we drop them");
    let mut content = poll();
    content["m.relates_to"] = json!({"rel_type": "m.thread", "event_id": note});
    let poll = world
        .ann
        .send(&room, "org.matrix.msc3381.poll.start", content);
    world
        .until("the lock", || world.marks_on(&room, &poll) == ["🔒"])
        .await;
    world.ann.send(&room, VOTE, vote(&poll, &["a"]));
    world.ann.send(&room, END, end(&poll));
    world.settled().await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}
