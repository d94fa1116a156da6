//! Asks a virus scanner that speaks the protocol of clamd (clamd(8), `INSTREAM`).

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use super::dial::Stream;
use crate::config::Clamd;

/// What the scanner says about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Clean,
    /// The name of what is in it.
    Infected(String),
    /// It won't look at this mail; a part of a sentence that says why.
    NotScanned(String),
    /// It isn't there, or too busy: it may answer later. A part of a sentence that says what happened.
    Away(String),
}

/// Has `raw` looked at by the scanner at `clamd`, which takes at most 90 seconds.
pub async fn scan(raw: &[u8], clamd: &Clamd) -> Finding {
    let connection = match timeout(TO_CONNECT, connect(clamd)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Finding::Away(error.to_string()),
        Err(_) => return Finding::Away("it takes no connection".to_owned()),
    };
    match timeout(TO_ANSWER, ask(connection, raw)).await {
        Ok(Ok(answer)) => read(&answer),
        Ok(Err(error)) => after_a_break(error.to_string(), clamd).await,
        Err(_) => after_a_break("it takes too long".to_owned(), clamd).await,
    }
}

/// If it answers others it is this mail that it can't cope with, however often it is asked.
async fn after_a_break(reason: String, clamd: &Clamd) -> Finding {
    let ping = async {
        let mut connection = connect(clamd).await?;
        connection.write_all(b"zPING\0").await?;
        answer(connection).await
    };
    match timeout(TO_CONNECT, ping).await {
        Ok(Ok(answer)) if answer == "PONG" => Finding::NotScanned(reason),
        _ => Finding::Away(reason),
    }
}

async fn connect(clamd: &Clamd) -> io::Result<Box<dyn Stream>> {
    Ok(match clamd {
        Clamd::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Clamd::Tcp(address) => Box::new(TcpStream::connect(address).await?),
    })
}

/// Chunks with their length in four octets before each, the last one empty.
async fn ask(mut connection: Box<dyn Stream>, raw: &[u8]) -> io::Result<String> {
    let sent = async {
        connection.write_all(b"zINSTREAM\0").await?;
        for chunk in raw.chunks(CHUNK) {
            let length = u32::try_from(chunk.len()).unwrap_or_default();
            connection.write_all(&length.to_be_bytes()).await?;
            connection.write_all(chunk).await?;
        }
        connection.write_all(&[0; 4]).await?;
        connection.flush().await
    };
    let sent: io::Result<()> = sent.await;
    // To a mail that is too large it answers before it has all of it, and hangs up.
    match (answer(connection).await, sent) {
        (Ok(answer), _) if !answer.is_empty() => Ok(answer),
        (_, Err(error)) | (Err(error), _) => Err(error),
        (Ok(_), Ok(())) => Err(io::Error::other("it hung up without an answer")),
    }
}

async fn answer(connection: Box<dyn Stream>) -> io::Result<String> {
    let mut answer = Vec::new();
    let mut limited = connection.take(LONGEST_ANSWER);
    loop {
        let mut octets = [0; 512];
        let read = limited.read(&mut octets).await?;
        answer.extend_from_slice(&octets[..read]);
        if read == 0 || answer.contains(&0) {
            break;
        }
    }
    let end = answer.iter().position(|octet| *octet == 0);
    answer.truncate(end.unwrap_or(answer.len()));
    let text = String::from_utf8_lossy(&answer);
    Ok(text
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned())
}

/// `stream: OK`, `stream: NAME FOUND`, `… ERROR`.
fn read(answer: &str) -> Finding {
    let bare = answer.strip_prefix("stream:").unwrap_or(answer).trim();
    if bare == "OK" {
        Finding::Clean
    } else if let Some(name) = bare.strip_suffix("FOUND") {
        Finding::Infected(name.trim().to_owned())
    } else if bare.contains("size limit exceeded") {
        Finding::NotScanned("the mail is too large for the virus scanner".to_owned())
    } else {
        Finding::NotScanned(format!("the virus scanner says “{bare}”"))
    }
}

const CHUNK: usize = 64 * 1024;
const TO_CONNECT: Duration = Duration::from_secs(5);
/// As long as clamd itself gives a mail (`CommandReadTimeout`, `MaxScanTime`), with something to spare.
const TO_ANSWER: Duration = Duration::from_secs(80);
const LONGEST_ANSWER: u64 = 4096;

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tokio::net::TcpListener;

    use super::*;

    #[rstest]
    #[case("stream: OK", Finding::Clean)]
    #[case("stream: Eicar-Test-Signature FOUND", Finding::Infected("Eicar-Test-Signature".into()))]
    #[case(
        "INSTREAM size limit exceeded. ERROR",
        Finding::NotScanned("the mail is too large for the virus scanner".into())
    )]
    #[case(
        "stream: Can't allocate memory ERROR",
        Finding::NotScanned("the virus scanner says “Can't allocate memory ERROR”".into())
    )]
    fn reads_answers(#[case] answer: &str, #[case] expected: Finding) {
        assert_eq!(read(answer), expected);
    }

    /// A scanner that takes `most` octets and then answers, or says nothing.
    async fn scanner(most: usize, says: &'static [u8], pongs: bool) -> Clamd {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut command = [0; 6];
                stream.read_exact(&mut command).await.unwrap();
                if &command == b"zPING\0" {
                    if pongs {
                        stream.write_all(b"PONG\0").await.unwrap();
                    }
                    continue;
                }
                let mut rest = [0; 4];
                stream.read_exact(&mut rest).await.unwrap();
                assert_eq!([&command[..], &rest].concat(), b"zINSTREAM\0");
                let mut taken = 0;
                loop {
                    let length = stream.read_u32().await.unwrap() as usize;
                    taken += length;
                    if length == 0 || taken > most {
                        break;
                    }
                    let mut chunk = vec![0; length];
                    stream.read_exact(&mut chunk).await.unwrap();
                }
                stream.write_all(says).await.unwrap();
            }
        });
        Clamd::Tcp(address)
    }

    #[rstest]
    #[case(0)]
    #[case(CHUNK)]
    #[case(3 * CHUNK + 1)]
    #[tokio::test]
    async fn hands_a_mail_over_in_chunks(#[case] size: usize) {
        let scanner = scanner(usize::MAX, b"stream: Eicar FOUND\0", true).await;
        let found = scan(&vec![b'x'; size], &scanner).await;
        assert_eq!(found, Finding::Infected("Eicar".to_owned()));
    }

    #[tokio::test]
    async fn one_that_hangs_up_on_a_mail_and_is_there_will_not_look_at_it() {
        let raw = vec![b'x'; 10 * CHUNK];
        let alive = scanner(CHUNK, b"", true).await;
        assert!(matches!(scan(&raw, &alive).await, Finding::NotScanned(_)));
        let dying = scanner(CHUNK, b"", false).await;
        assert!(matches!(scan(&raw, &dying).await, Finding::Away(_)));
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_away() {
        let gone = Clamd::Unix("/nowhere/clamd.ctl".into());
        assert!(matches!(scan(b"x", &gone).await, Finding::Away(_)));
    }
}
