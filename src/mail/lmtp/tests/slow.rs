//! Clients that keep places, or take their time.

use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::io::{AsyncWriteExt, BufReader};

use super::{Client, Limits, MemorySink, World};

/// Who keeps the place without need gives it up when it is wanted; a mail goes on.
#[rstest]
#[case::silent("")]
#[case::in_the_middle_of_a_command("MAIL FROM:<")]
#[tokio::test]
async fn who_only_keeps_a_place_makes_way(#[case] said: &str) {
    let limits = Limits {
        connections: 4,
        crowded: Duration::from_millis(500),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut first = world.client_in_data().await;
    let mut idle = world.client().await;
    idle.send(said).await;
    let early = tokio::time::timeout(Duration::from_secs(1), idle.answer());
    assert!(early.await.is_err(), "nobody wants it yet");

    let mut second = world.client_in_data().await;
    idle.expect("421 4.3.2 Others want this place").await;
    idle.expect_end().await;
    for client in [&mut first, &mut second] {
        client.send("whole\r\n.\r\n").await;
        client.expect_all(&["250", "250"]).await;
    }
}

#[tokio::test]
async fn one_peer_leaves_places_for_others() {
    let limits = Limits {
        connections_of_peer: 1,
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let first = world.client().await;
    let mut second = world.connect().await;
    second.expect("421 4.7.0 Too many connections from").await;
    second.expect_end().await;
    let address = std::net::SocketAddr::from(([127, 0, 0, 2], 0));
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let other = socket.connect(world.address).await.unwrap();
    Client(BufReader::new(other)).expect("220").await;
    drop(first);
    loop {
        let mut third = world.connect().await;
        if third.answer().await.starts_with("220") {
            break;
        }
    }
}

#[tokio::test]
async fn a_connection_without_mail_has_an_end() {
    let limits = Limits {
        without_mail: Duration::from_millis(200),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client().await;
    let begun = Instant::now();
    loop {
        client.send("NOOP\r\n").await;
        let answer = client.answer().await;
        if answer.starts_with("421 4.4.2") {
            break;
        }
        assert!(answer.starts_with("250"), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(5), "it goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_command_that_only_drips_has_an_end() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client().await;
    let begun = Instant::now();
    while client.0.get_mut().write_all(b"x").await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(5), "it goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
        if client.0.get_ref().try_read(&mut [0; 1]).is_ok() {
            return;
        }
    }
}
