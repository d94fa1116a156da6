//! Shutting down.

use super::*;

#[tokio::test]
async fn stops_after_the_mail_at_hand() {
    let world = World::new().await;
    let mut waiting = world.client().await;
    let mut within_data = world.client_in_data().await;
    within_data.send("first half, ").await;
    until(|| world.sink.open_drafts() == 1).await;
    world.stop.cancel();
    waiting.expect("421 4.3.2").await;
    within_data.send("second half\r\n.\r\n").await;
    within_data.expect_all(&["250", "250", "421 4.3.2"]).await;
    world.server.await.unwrap();
    assert!(TcpStream::connect(world.address).await.is_err());
    assert_eq!(world.sink.bodies(), ["first half, second half\r\n"]);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let limits = Limits {
        finish: Duration::from_millis(50),
        ..Limits::default()
    };
    let world = World::with(MemorySink::default(), limits).await;
    let mut client = world.client_in_data().await;
    client.send("half").await;
    world.stop.cancel();
    client.expect("421 4.3.2").await;
    world.server.await.unwrap();
    assert_eq!(world.sink.bodies().len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_mail_in_any_pieces_arrives_as_it_was(
        lines in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..40),
            0..10),
        size in 1usize..50,
    ) {
        let mut mail = lines.join(&b"\r\n"[..]);
        mail.extend_from_slice(b"\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let arrived = runtime.block_on(async {
            let world = World::new().await;
            let mut client = world.client_in_data().await;
            client.0.get_ref().set_nodelay(true).unwrap();
            let mut wire = stuffed(&mail);
            wire.extend_from_slice(b".\r\n");
            for piece in wire.chunks(size) {
                client.send(piece).await;
                tokio::task::yield_now().await;
            }
            client.expect_all(&["250", "250"]).await;
            world.sink.mails().pop().unwrap().1
        });
        prop_assert_eq!(arrived, mail);
    }
}
