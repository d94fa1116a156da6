//! The door over real TCP, with clients that are slow in every way.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Limits, serve};

const SOON: Duration = Duration::from_millis(200);
/// A bound that doesn't strike.
const NEVER: Duration = Duration::from_mins(10);
const PATIENCE: Duration = Duration::from_secs(10);
const LARGE: usize = 32 * 1024 * 1024;

fn lenient() -> Limits {
    Limits {
        connections: 8,
        head: NEVER,
        idle: NEVER,
        crowded: SOON,
        body: NEVER,
        unread: NEVER,
    }
}

/// A door that is open until this is dropped.
struct World {
    address: std::net::SocketAddr,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    async fn new(limits: Limits) -> Self {
        let thinks = async || {
            sleep(4 * SOON).await;
            "at last"
        };
        let router = Router::new()
            .route("/", get(async || "hello"))
            .route("/thinks", get(thinks))
            .route("/large", get(async || vec![b'x'; LARGE]))
            .route("/takes", post(async |body: Bytes| body));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, limits, stop.clone()));
        Self {
            address,
            _stop: stop.drop_guard(),
        }
    }

    /// A client that has said something.
    async fn client(&self, said: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(said.as_bytes()).await.unwrap();
        client
    }
}

/// What comes until the connection ends.
async fn rest(client: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let ended = timeout(PATIENCE, client.read_to_end(&mut heard)).await;
    // A reset is an end, too.
    let _ = ended.expect("the connection ends");
    String::from_utf8(heard).unwrap()
}

/// One answer with a body of `ending`.
async fn answer(client: &mut TcpStream, ending: &str) -> String {
    let mut heard = String::new();
    while !heard.ends_with(ending) {
        let mut piece = [0; 1024];
        let read = timeout(PATIENCE, client.read(&mut piece)).await;
        let read = read.expect("an answer comes").unwrap();
        assert!(read > 0, "{heard:?}");
        heard.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
    heard
}

const HELLO: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn an_answer_says_how_long_it_is() {
    let world = World::new(lenient()).await;
    let mut client = world.client(HELLO).await;
    let heard = answer(&mut client, "hello").await.to_lowercase();
    assert!(heard.contains("content-length: 5\r\n"), "{heard}");
    assert!(!heard.contains("chunked"), "{heard}");
    client
        .write_all(b"POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        .await
        .unwrap();
    answer(&mut client, "abc").await;
    client
        .write_all(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let heard = rest(&mut client).await.to_lowercase();
    assert!(heard.contains("content-length: 5\r\n"), "{heard}");
}

#[tokio::test]
async fn nobody_takes_for_ever_to_ask() {
    let limits = Limits {
        head: SOON,
        ..lenient()
    };
    let world = World::new(limits).await;
    let mut silent = world.client("").await;
    let mut half = world.client("GET / HTTP/1.1\r\nHo").await;
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut half).await, "");

    let mut drips = world.client("GET / HTTP/1.1\r\n").await;
    let begun = Instant::now();
    while drips.write_all(b"X: y\r\n").await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it drips for ever");
        sleep(SOON / 10).await;
    }

    // Also the second time.
    let mut again = world.client(HELLO).await;
    answer(&mut again, "hello").await;
    sleep(2 * SOON).await;
    again.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut again).await, "");
}

#[tokio::test]
async fn a_connection_may_be_used_again_for_a_while() {
    let limits = Limits {
        head: SOON,
        idle: 5 * SOON,
        ..lenient()
    };
    let world = World::new(limits).await;
    let mut client = world.client(HELLO).await;
    answer(&mut client, "hello").await;
    sleep(2 * SOON).await;
    client.write_all(HELLO.as_bytes()).await.unwrap();
    answer(&mut client, "hello").await;
    let begun = Instant::now();
    assert_eq!(rest(&mut client).await, "");
    assert!(begun.elapsed() > 3 * SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn who_is_worked_for_is_not_hurried() {
    let limits = Limits {
        head: SOON,
        idle: SOON,
        ..lenient()
    };
    let world = World::new(limits).await;
    let mut client = world
        .client("GET /thinks HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    answer(&mut client, "at last").await;
}

#[tokio::test]
async fn a_body_that_only_drips_has_an_end() {
    let limits = Limits {
        body: SOON,
        ..lenient()
    };
    let world = World::new(limits).await;
    let head = "POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    let mut client = world.client(head).await;
    let begun = Instant::now();
    while client.write_all(b"x").await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it drips for ever");
        let mut heard = [0; 12];
        if let Ok(Ok(12)) = timeout(SOON / 10, client.read(&mut heard)).await {
            assert_eq!(&heard, b"HTTP/1.1 400");
            return;
        }
    }
}

#[tokio::test]
async fn who_reads_nothing_is_cut() {
    let limits = Limits {
        unread: SOON,
        ..lenient()
    };
    let world = World::new(limits).await;
    let request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut client = world.client(request).await;
    sleep(5 * SOON).await;
    assert!(rest(&mut client).await.len() < LARGE);
    // Who reads gets all of it.
    let mut client = world.client(request).await;
    let mut heard = vec![0; LARGE];
    let read = timeout(PATIENCE, client.read_exact(&mut heard)).await;
    read.expect("all of it comes").unwrap();
}

#[tokio::test]
async fn slow_clients_give_way_when_it_is_crowded() {
    let world = World::new(lenient()).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(world.client("GET / HTTP/1.1\r\nHo").await);
    }
    let mut client = world.client(HELLO).await;
    answer(&mut client, "hello").await;
    // Where there is room, there is no hurry.
    drop(slow);
    sleep(3 * SOON).await;
    client.write_all(HELLO.as_bytes()).await.unwrap();
    answer(&mut client, "hello").await;
}
