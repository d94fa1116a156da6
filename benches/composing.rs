//! How fast letters are composed, and what it takes to send large ones.
//!
//! Measured are letters of words, composed one after the other; then ten letters at once with 20 MB of
//! files each, from the blob store over SMTP to a server in this process that throws them away.
//! `docs/benchmarks.md` says what the figures mean.

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use postroom::{
    config::{Encryption, Smtp},
    domain::{
        address::{EmailAddress, NamedAddress},
        delivery::SendOutcome,
        event::Words,
        ids::MessageId,
        letter::{Attached, Enclosed, Entry, EntryBody, Language, Look, SealedLetter},
        sharing::{FileKind, SharedFile},
    },
    mail::{
        compose::{Chunks, compose},
        smtp::{DEFAULT_TIMEOUT, Message, SmtpTransport},
    },
    store::{blobs::Blobs, mails::RawMail},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// For how long letters of words are composed.
const WORDS_FOR: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 10;
const FILES: usize = 4;
const FILE_SIZE: u32 = 5_000_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    for entries in [1, 5] {
        let letter = letter(entries, 0)?;
        let begun = Instant::now();
        let (mut count, mut octets) = (0_u32, 0);
        while begun.elapsed() < WORDS_FOR {
            octets = black_box(compose(black_box(&letter))?).size();
            count += 1;
        }
        let rate = f64::from(count) / begun.elapsed().as_secs_f64();
        println!("letters of {entries}, {octets} octets: {rate:.0} letters/s on one processor");
    }
    large().await
}

async fn large() -> Result<()> {
    let parent = std::env::var_os("POSTROOM_BENCH_DATA").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-data"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&parent)?;
    let folder = tempfile::tempdir_in(&parent)?;
    println!("\nData in {}", folder.path().display());
    let blobs = Blobs::open(folder.path())?;
    for number in 0..FILES {
        write(&format!("file-{number}"), &blobs).await?;
    }
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port: sink().await?,
        encryption: Encryption::Insecure,
        credentials: None,
        ca_file: None,
    };
    let hello_name = "post.example.org".to_owned();
    // As many connections at once as there are; the others wait for theirs.
    let transport = Arc::new(SmtpTransport::new(smtp, hello_name, DEFAULT_TIMEOUT)?);
    let letter = letter(1, FILES)?;
    println!("\n| | MB/s of the mails | most memory |\n| --- | ---: | ---: |");
    for at_once in [1, AT_ONCE] {
        for _ in 0..ROUNDS {
            let before = resident("VmRSS:")?;
            // Linux: the peak is counted anew from here on (proc(5)).
            std::fs::write("/proc/self/clear_refs", "5")
                .context("the peak of memory can't be reset")?;
            let begun = Instant::now();
            let mut sending = JoinSet::new();
            for _ in 0..at_once {
                sending.spawn(send(letter.clone(), Arc::clone(&transport), blobs.clone()));
            }
            let mut octets = 0;
            while let Some(sent) = sending.join_next().await {
                octets += sent??;
            }
            let peak = resident("VmHWM:")?.saturating_sub(before);
            println!(
                "| {at_once} at once | {:.0} | {:.1} MB |",
                megabytes(octets) / begun.elapsed().as_secs_f64(),
                megabytes(peak)
            );
        }
    }
    Ok(())
}

fn megabytes(octets: u64) -> f64 {
    f64::from(u32::try_from(octets / 1000).unwrap_or(u32::MAX)) / 1000.0
}

async fn send(letter: SealedLetter, transport: Arc<SmtpTransport>, blobs: Blobs) -> Result<u64> {
    let mail = compose(&letter)?;
    let size = mail.size();
    let message = async || {
        Some(Message {
            size,
            content: mail.stream(opener(&blobs)),
        })
    };
    let jane = EmailAddress::parse("jane@acme.example")?;
    let deadline = tokio::time::Instant::now() + Duration::from_mins(5);
    match transport.send("", &jane, deadline, message).await {
        SendOutcome::Delivered { .. } => Ok(size),
        other => anyhow::bail!("{other:?}"),
    }
}

fn opener(
    blobs: &Blobs,
) -> impl Fn(String) -> BoxFuture<'static, std::io::Result<Chunks>> + Send + use<> {
    let blobs = blobs.clone();
    move |key| {
        let blobs = blobs.clone();
        Box::pin(async move {
            let found = blobs.stream(RawMail::Blob(key)).await;
            let found = found.map_err(std::io::Error::other)?;
            Ok(found.ok_or(std::io::ErrorKind::NotFound)?.chunks)
        })
    }
}

async fn write(name: &str, blobs: &Blobs) -> Result<()> {
    let mut draft = blobs.draft(name);
    let piece: Vec<u8> = (0..=249).cycle().take(50_000).collect();
    for _ in 0..FILE_SIZE as usize / piece.len() {
        draft.write(&piece).await?;
    }
    draft.finish().await?;
    Ok(())
}

/// A mail server that throws every mail away. Returns its port.
async fn sink() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    Ok(port)
}

async fn talk(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    stream.write_all(b"220 sink\r\n").await?;
    let mut line = Vec::new();
    let mut is_mail = false;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.as_slice() {
            b".\r\n" if is_mail => {
                is_mail = false;
                b"250 taken\r\n"
            }
            _ if is_mail => continue,
            b"DATA\r\n" => {
                is_mail = true;
                b"354 go\r\n"
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}

fn resident(key: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no figure of memory")?.parse::<u64>()? * 1024)
}

/// So many messages of words, and so many files.
fn letter(messages: usize, files: usize) -> Result<SealedLetter> {
    let date: jiff::Zoned = "2026-11-12T14:06:00[Europe/Paris]".parse()?;
    let entry = |author: &str, body: EntryBody| Entry {
        author: author.to_owned(),
        at: date.clone(),
        quote: None,
        body,
    };
    let named = |name: &str, address: &str| -> Result<NamedAddress> {
        Ok(NamedAddress {
            name: Some(name.to_owned()),
            address: EmailAddress::parse(address)?,
        })
    };
    let words = Words {
        body: "Hello Jane,\n\nthe board boots again with the patch below. Could you try it on your \
               side and tell us which revision of the carrier board you have?\n\nNo hurry."
            .to_owned(),
        html: Some(
            "<p>Hello Jane,</p><p>the board <strong>boots again</strong> with the patch below. Could \
             you try it on your side and tell us which revision of the carrier board you have?</p>\
             <p>No hurry.</p>"
                .to_owned(),
        ),
    };
    let mut entries: Vec<Entry> = (0..messages)
        .map(|number| {
            let author = if number % 2 == 0 {
                "Anna Léger"
            } else {
                "Béla"
            };
            entry(author, EntryBody::Text(words.clone()))
        })
        .collect();
    for number in 0..files {
        let body = EntryBody::File {
            file: SharedFile {
                kind: FileKind::File,
                source: None,
                filename: format!("plan {number}.zip"),
                content_type: None,
                size: None,
                duration: None,
            },
            caption: None,
            enclosed: Enclosed::Attached(Attached {
                key: format!("file-{number}"),
                size: u64::from(FILE_SIZE),
                content_type: "application/zip".to_owned(),
                picture: None,
            }),
        };
        entries.push(entry("Anna Léger", body));
    }
    Ok(SealedLetter {
        utf8: false,
        message_id: MessageId::parse("c12.l1.7f3a@post.example.org").context("an id")?,
        from: named("Anna Léger, Exemple SARL", "support@example.org")?,
        reply_to: EmailAddress::parse("support+1k2m3n4p@example.org")?,
        to: vec![named("Jane Doe", "jane@acme.example")?],
        cc: Vec::new(),
        subject: "Board doesn't boot".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        entries,
        how_to: false,
        readers: Vec::new(),
        quote: None,
        footer: Some("Exemple SARL, 1 rue de l'Exemple, 69000 Lyon".to_owned()),
        organisation: "Exemple SARL".to_owned(),
        look: Look::default(),
        language: Language::English,
        list: None,
        automatic: None,
        date,
    })
}
