//! The outer doors and those who mean no good: clients that keep places, requests that no client makes.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::support::{
    database::Choice,
    servers::http,
    world::{Options, PATIENCE, World, letter_text},
};

const JANE: (&str, &str) = ("jane@acme.com", "Jane Doe");

fn with_pages() -> Options {
    Options {
        database: Choice::Sqlite,
        public: true,
        ..Options::default()
    }
}

/// Where HTTP comes in, without scheme.
fn doors(world: &World) -> [(&'static str, String); 3] {
    let address = |url: String| {
        let url = url.trim_start_matches("http://");
        url.split('/').next().unwrap().to_owned()
    };
    [
        ("appservice", address(world.appservice_url())),
        ("operations", address(world.operations_url())),
        ("public", address(world.public_url())),
    ]
}

/// What a door says to these octets, until it hangs up or has nothing more to say.
async fn answer(door: &str, octets: &[u8]) -> String {
    let mut client = TcpStream::connect(door).await.unwrap();
    // It may hang up before it has heard everything.
    let _ = client.write_all(octets).await;
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    let mut patience = PATIENCE;
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(patience, client.read(&mut piece)).await {
        heard.extend_from_slice(&piece[..read]);
        patience = Duration::from_millis(200);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// The status of each answer.
fn statuses(heard: &str) -> Vec<u16> {
    let heads = heard
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1."));
    heads
        .filter_map(|head| head.get(2..5)?.parse().ok())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_keep_nobody_out() {
    let world = World::start(with_pages()).await;
    let room = world.room("Training", &[JANE]).await;
    let mut slow = Vec::new();
    for (_, door) in doors(&world) {
        for _ in 0..270 {
            let mut client = TcpStream::connect(&door).await.unwrap();
            client
                .write_all(b"GET /health HTTP/1.1\r\nHo")
                .await
                .unwrap();
            slow.push(client);
        }
    }
    // Another machine, with more than its share of the places for mail.
    for _ in 0..150 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
        slow.push(socket.connect(world.lmtp_address()).await.unwrap());
    }
    let begun = Instant::now();
    let page = format!("{}/health", world.public_url());
    let page = http::client().unwrap().get(page).send().await.unwrap();
    assert_eq!(page.status(), 200);
    world.ann.say(&room, "Hello");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Hello"));
    world
        .answer(letter, "jane@acme.com", "Still here", "a1@acme.com")
        .await;
    world.quiet().await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    let said = world.said_by(&room, &ghost);
    assert!(
        said.len() == 1 && said[0].starts_with("Still here"),
        "{said:?}"
    );
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    world.finish().await;
}

/// They wait for their answer, the homeserver doesn't, and the log tells the administrator once.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_hold_up_nobody_but_who_brings_them() {
    let world = World::start(with_pages()).await;
    let client = http::client().unwrap();
    let ping = |token: &'static str| {
        let url = format!(
            "{}/_matrix/app/v1/users/@bob:example.org",
            world.appservice_url()
        );
        let request = client.get(url).bearer_auth(token);
        async move {
            let begun = Instant::now();
            let status = request.send().await.unwrap().status().as_u16();
            (status, begun.elapsed())
        }
    };
    let wrong = futures_util::future::join_all((0..200).map(|_| ping("hs-token-of-the-stork")));
    let right = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ping("hs-token-of-the-story").await
    };
    let (wrong, (status, took)) = tokio::join!(wrong, right);
    assert_eq!(status, 404);
    assert!(took < Duration::from_millis(900), "{took:?}");
    assert!(wrong.iter().all(|(status, _)| *status == 403));
    let waited = wrong.iter().filter(|(_, took)| took.as_millis() >= 1000);
    assert!(waited.count() >= 32);
    let log = world.whole_log();
    assert_eq!(log.matches("wrong hs_token").count(), 1, "{log}");
    assert!(!log.contains("of-the-stork"));
    world.finish().await;
}

/// Whoever gets a browser of the house to ask (a page whose name leads here) reads numbers, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn health_and_numbers_name_nobody_and_change_nothing() {
    let world = World::start(with_pages()).await;
    let room = world.room("Secret training", &[JANE]).await;
    world.ann.say(&room, "Hello Jane");
    world.mails_to(JANE.0, 1).await;
    world.quiet().await;
    let client = http::client().unwrap();
    for page in ["health/live", "health/ready", "metrics"] {
        let url = format!("{}/{page}", world.operations_url());
        let asked = client.get(&url).header("Host", "rebound.evil.example");
        let told = asked.send().await.unwrap().text().await.unwrap();
        for secret in [
            "jane",
            "acme",
            "Hello",
            "Secret",
            "of-the-story",
            "@ann",
            room.as_str(),
        ] {
            assert!(!told.contains(secret), "{page} tells {secret}: {told}");
        }
        for method in [
            reqwest::Method::POST,
            reqwest::Method::PUT,
            reqwest::Method::DELETE,
        ] {
            let answer = client.request(method, &url).send().await.unwrap();
            assert_eq!(answer.status(), 405);
        }
    }
    world.finish().await;
}

/// Requests that no client makes, at every door: refused or not found, none is taken for two, and the
/// next client is served.
#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_get_nowhere() {
    let world = World::start(with_pages()).await;
    let long = "x".repeat(600_000);
    let many = "X: y\r\n".repeat(200);
    let odd: [(&str, String); 18] = [
        ("no HTTP", "\x16\x03\x01\0\0\r\n\r\n".into()),
        (
            "another protocol",
            "EHLO x\r\nMAIL FROM:<a@b>\r\n\r\n".into(),
        ),
        (
            "a long path",
            format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        ),
        (
            "a long field",
            format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n"),
        ),
        (
            "many fields",
            format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        ),
        ("a NUL", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".into()),
        (
            "a gap before the colon",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n".into(),
        ),
        (
            "a folded field",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n".into(),
        ),
        (
            "up",
            "GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "up, encoded",
            "GET /mail/files/..%2f..%2fconfig.yaml HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "up, encoded twice",
            "GET /mail/files/%252e%252e/config.yaml HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "up, with a backslash",
            "GET /mail/files/..\\..\\config.yaml HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "a proxy's",
            "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "a tunnel",
            "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "a trace",
            "TRACE /mail/health HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        ),
        (
            "two lengths",
            "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n\
            GET /mail/health HTTP/1.1\r\n\r\n"
                .into(),
        ),
        (
            "a length that is none",
            "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc".into(),
        ),
        (
            "an unknown coding",
            "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n\
            0\r\n\r\nGET /mail/health HTTP/1.1\r\n\r\n"
                .into(),
        ),
    ];
    for (door, address) in doors(&world) {
        for (what, request) in &odd {
            let heard = answer(&address, request.as_bytes()).await;
            let told = statuses(&heard);
            assert!(told.len() <= 1, "{door}, {what}: {heard}");
            assert!(
                told.iter().all(|status| (400..500).contains(status)),
                "{door}, {what}: {heard}"
            );
            for secret in ["root:", "homeserver:", "as-token", "postroom/", "hyper"] {
                assert!(!heard.contains(secret), "{door}, {what}: {heard}");
            }
        }
        // What is no request's body is the next request, never a part of both.
        let both = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\
            Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        let heard = answer(&address, both.as_bytes()).await;
        assert_eq!(statuses(&heard).len(), 1, "{door}: {heard}");
    }
    assert_eq!(world.health().await.unwrap()["status"], "ready");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_that_nothing_runs_in_them() {
    let world = World::start(with_pages()).await;
    let (_, door) = doors(&world)[2].clone();
    for (request, status) in [
        ("GET /mail/health", 200),
        ("GET /mail/nothing", 404),
        ("GET /mail/leave/x", 404),
        ("GET /mail/stay/x", 404),
        ("POST /mail/leave/x", 404),
        ("GET /mail/files/x", 404),
        ("GET /mail/files/x/%3Cscript%3E", 404),
        ("GET /mail/files/%00", 404),
        ("PUT /mail/files/x", 405),
        ("DELETE /mail/leave/x", 405),
        ("GET /mail/leave/%ff", 400),
    ] {
        let heard = answer(
            &door,
            format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!(statuses(&heard), [status], "{request}: {heard}");
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        for field in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cache-control: private, no-store",
            "cross-origin-resource-policy: same-origin",
            "content-security-policy: default-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(head.contains(field), "{request}: {field} in {head}");
        }
        for field in ["server:", "x-powered-by:", "set-cookie:", "access-control-"] {
            assert!(!head.contains(field), "{request}: {field} in {head}");
        }
        assert!(!body.contains("<script"), "{request}: {body}");
    }
    world.finish().await;
}
