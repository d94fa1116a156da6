//! Who is at the other end of what goes out: tokens, passwords and mails go to the server whose name was
//! configured, over TLS of our time, or nowhere.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use postroom::matrix::client::Client;
use rstest::rstest;
use ruma::{owned_room_id, user_id};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    servers::{folder::Folder, ports},
    tls_smtp::{Shown, acceptor},
    tls_trap::{Manner, TlsTrap},
    world::PATIENCE,
};

/// What is wrong with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    Right,
    WithAnotherName,
    Expired,
    OfAnUnknownAuthority,
    WithOldTls,
    WithoutTls,
}

const SECRETS: [&str; 4] = [
    "as-token-of-the-story",
    "password-of-the-story",
    "cGFzc3dvcmQtb2YtdGhlLXN0b3J5",
    "Bearer",
];

/// The program itself, with its homeserver and its mailbox at such servers; and a proxy in its
/// environment, which concerns nobody.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_to_whom_it_is_not_meant_for(
    #[values(
        Server::Right,
        Server::WithAnotherName,
        Server::Expired,
        Server::OfAnUnknownAuthority,
        Server::WithOldTls,
        Server::WithoutTls
    )]
    server: Server,
) {
    let (authority, greets, waits) = manners(server);
    let homeserver = TlsTrap::start(waits).await;
    let mailbox = TlsTrap::start(greets).await;
    let proxy = TlsTrap::start(Manner::Plain).await;
    let folder = Folder::create().unwrap();
    folder.write("ca.pem", authority).unwrap();
    write_configuration(&folder, homeserver.port(), mailbox.port());
    let mut postroom = run(folder.path(), proxy.port());

    let begun = Instant::now();
    while homeserver.connections() == 0 || mailbox.connections() == 0 {
        if begun.elapsed() > PATIENCE {
            let _ = postroom.kill();
            let log = std::fs::read_to_string(folder.join("log")).unwrap();
            panic!("nobody is called\n{log}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = postroom.kill();
    postroom.wait().unwrap();
    let heard = [homeserver.heard(), mailbox.heard()];
    if server == Server::Right {
        assert!(
            heard[0].contains("Bearer as-token-of-the-story"),
            "{heard:?}"
        );
        assert!(heard[1].contains("P1 "), "{heard:?}");
    } else {
        for secret in SECRETS {
            assert!(!heard.concat().contains(secret), "{secret} in {heard:?}");
        }
    }
    assert_eq!((proxy.connections(), proxy.heard()), (0, String::new()));
}

/// The authority that is trusted; a server that greets, and one that waits for a request.
fn manners(server: Server) -> (String, Manner, Manner) {
    let name = match server {
        Server::WithAnotherName => "elsewhere.example.org",
        _ => "localhost",
    };
    let until = match server {
        Server::Expired => (2024, 2, 3),
        _ => (2090, 1, 1),
    };
    let shown = Shown {
        names: vec![name.to_owned()],
        until,
    };
    let (authority, own) = acceptor(&shown);
    let authority = match server {
        Server::OfAnUnknownAuthority => acceptor(&shown).0,
        _ => authority,
    };
    let manner = |greeting| match server {
        Server::WithOldTls => Manner::OldTls,
        Server::WithoutTls => Manner::Plain,
        _ => Manner::Tls(own.clone(), greeting),
    };
    (authority, manner("* OK ready\r\n"), manner(""))
}

fn write_configuration(folder: &Folder, homeserver: u16, mailbox: u16) {
    let listen = ports::free().unwrap();
    let config = format!(
        r#"homeserver: {{url: "https://localhost:{homeserver}", server_name: example.org}}
appservice: {{listen: "{0}", url: "http://{0}", registration: registration.yaml}}
database: {{url: "sqlite:postroom.db"}}
blobs: {{url: "file:blobs"}}
mailboxes:
  support:
    name: Bootlin
    address: support@example.org
    reply_address: "support+{{token}}@example.org"
    smtp: {{url: "smtp://localhost:{mailbox}"}}
    imap: {{url: "imaps://localhost:{mailbox}", username: support, password: password-of-the-story, ca_file: ca.pem}}
staff: ["@*:example.org"]
"#,
        listen.address()
    );
    let registration = "id: postroom\nurl: \"http://127.0.0.1:1\"\nas_token: as-token-of-the-story\n\
        hs_token: hs-token-of-the-story\nsender_localpart: postroom\nrate_limited: false\n\
        namespaces: {users: [{exclusive: true, regex: '@_email_.*:example\\.org'}]}\n";
    folder.write("config.yaml", config).unwrap();
    folder.write("registration.yaml", registration).unwrap();
}

fn run(folder: &Path, proxy: u16) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let proxy = format!("http://127.0.0.1:{proxy}");
    Command::new(env!("CARGO_BIN_EXE_postroom"))
        .args(["run", "--config", "config.yaml"])
        .current_dir(folder)
        // What the machine trusts.
        .env("SSL_CERT_FILE", folder.join("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .envs(["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|it| (it, &proxy)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Whatever is asked, and wherever the homeserver points to.
#[rstest]
#[case::for_now(307)]
#[case::for_ever(308)]
#[case::found(302)]
#[tokio::test(flavor = "multi_thread")]
async fn tokens_follow_nobody_elsewhere(#[case] status: u16) {
    let elsewhere = TlsTrap::start(Manner::Plain).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let there = format!("http://localhost:{}/_matrix/client/v3/x", elsewhere.port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = format!(
                "HTTP/1.1 {status} Elsewhere\r\nLocation: {there}\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            );
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(&url.parse().unwrap(), "as-token-of-the-story".into()).unwrap();
    let room = owned_room_id!("!room:example.org");
    let user = user_id!("@postroom:example.org");
    let faults = [
        client.who_am_i().await.unwrap_err(),
        client.join(&room, user).await.unwrap_err(),
        client
            .upload("x".into(), "text/plain", "x", user)
            .await
            .unwrap_err(),
        client
            .download("mxc://example.org/x".into(), PATIENCE, user)
            .await
            .unwrap_err(),
    ];
    for fault in faults {
        let told = fault.to_string();
        assert!(told.contains("homeserver.url has to be mended"), "{told}");
    }
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(elsewhere.heard(), "");
}
