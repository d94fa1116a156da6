//! An IMAP server that behaves as no Dovecot does: each of its oddities is one that some server out
//! there has.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What is odd about a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// SELECT tells neither UIDNEXT nor RECENT.
    NoUidNext,
    /// Speaks of flags, and of nothing, between its answers.
    Chatter,
    /// Sizes are smaller than the mails.
    SizesTooSmall,
    /// … or larger.
    SizesTooLarge,
    /// Answers with parts of mails don't say where they begin.
    NoOrigin,
    /// Nothing is known of when a mail came.
    NoDates,
    /// Ends the connection as soon as it is to wait.
    ByeInIdle,
    /// Says BAD to IDLE, though it offers it.
    BadIdle,
    /// Says at each IDLE that there is new mail.
    AlwaysNews,
    /// Takes its time after DONE.
    LateDone,
    /// Says what it can do after the login only.
    CapabilityAfterLogin,
    /// Says something to each command that nobody understands.
    Gibberish,
    /// Takes no flags of ours, and can't move.
    NoMarks,
    /// Each answer with mails is one that can't be read.
    Unreadable,
    /// The folder is called as at Gmail.
    Gmail,
}

/// A running server with one folder; dropping it ends it.
pub struct OddImap {
    port: u16,
    folder: Arc<Folder>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Folder {
    mails: Mutex<Vec<Vec<u8>>>,
    /// UIDs of mails that were marked.
    marked: Mutex<Vec<usize>>,
    connections: AtomicUsize,
    commands: AtomicUsize,
}

impl OddImap {
    pub async fn start(oddity: Oddity) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let folder = Arc::new(Folder::default());
        let own = Arc::clone(&folder);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                own.connections.fetch_add(1, Ordering::Relaxed);
                let folder = Arc::clone(&own);
                tokio::spawn(async move {
                    let _gone = serve(stream, oddity, &folder).await;
                });
            }
        });
        Ok(Self { port, folder, task })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a mail into the folder; it has the next UID from 1 on.
    pub fn drop_mail(&self, raw: &[u8]) {
        self.folder.mails.lock().unwrap().push(raw.to_vec());
    }

    /// UIDs of the mails that were marked, in the order in which they were.
    pub fn marked(&self) -> Vec<usize> {
        self.folder.marked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.folder.connections.load(Ordering::Relaxed)
    }

    pub fn commands(&self) -> usize {
        self.folder.commands.load(Ordering::Relaxed)
    }
}

impl Drop for OddImap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const CAPABLE: &str = "* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE MOVE\r\n";
const INCAPABLE: &str = "* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n";

async fn serve(stream: TcpStream, oddity: Oddity, folder: &Folder) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"* OK at last\r\n").await?;
    let mut is_in = false;
    loop {
        let line = hear(&mut stream).await?;
        folder.commands.fetch_add(1, Ordering::Relaxed);
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let word = command.split(' ').next().unwrap_or_default();
        let mut answer = match oddity {
            Oddity::Gibberish if word != "UID" => b"* X-WEATHER (\"fine\" {\r\n".to_vec(),
            Oddity::Chatter if is_in => b"* 1 FETCH (FLAGS (\\Seen))\r\n* 0 RECENT\r\n".to_vec(),
            _ => Vec::new(),
        };
        let mut end = format!("{tag} OK done\r\n");
        match word {
            "CAPABILITY" if oddity == Oddity::CapabilityAfterLogin && !is_in => {
                end = format!("{tag} BAD log in first\r\n");
            }
            "CAPABILITY" if oddity == Oddity::NoMarks => answer.extend(INCAPABLE.as_bytes()),
            "CAPABILITY" => answer.extend(CAPABLE.as_bytes()),
            "LOGIN" => is_in = true,
            "AUTHENTICATE" => {
                stream.get_mut().write_all(b"+\r\n").await?;
                hear(&mut stream).await?;
                is_in = true;
            }
            "LIST" => answer.extend(
                b"* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n\
                  * LIST (\\HasNoChildren) \"/\" {5}\r\nINBOX\r\n\
                  * LIST (\\HasNoChildren \\Junk) \"/\" \"[Gmail]/Spam\"\r\n",
            ),
            "SELECT" => answer.extend(selected(oddity, folder).into_bytes()),
            "IDLE" if oddity == Oddity::ByeInIdle => {
                stream
                    .get_mut()
                    .write_all(b"+ idling\r\n* BYE enough\r\n")
                    .await?;
                return Ok(());
            }
            "IDLE" if oddity == Oddity::BadIdle => end = format!("{tag} BAD what?\r\n"),
            "IDLE" => idle(&mut stream, oddity, folder).await?,
            "UID" => answer.extend(uid(command, oddity, folder)),
            _ => {}
        }
        answer.extend(end.into_bytes());
        stream.get_mut().write_all(&answer).await?;
    }
}

async fn hear(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn selected(oddity: Oddity, folder: &Folder) -> String {
    let mails = folder.mails.lock().unwrap().len();
    let next = match oddity {
        Oddity::NoUidNext => String::new(),
        _ => format!("* 0 RECENT\r\n* OK [UIDNEXT {}] next\r\n", mails + 1),
    };
    let flags = match oddity {
        Oddity::NoMarks => "* OK [PERMANENTFLAGS (\\Seen)] no more\r\n",
        _ => "* OK [PERMANENTFLAGS (\\Seen \\*)] any\r\n",
    };
    format!("* {mails} EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n{next}{flags}")
}

/// Tells of new mail, until DONE.
async fn idle(
    stream: &mut BufReader<TcpStream>,
    oddity: Oddity,
    folder: &Folder,
) -> io::Result<()> {
    let known = folder.mails.lock().unwrap().len();
    stream.get_mut().write_all(b"+ idling\r\n").await?;
    if oddity == Oddity::AlwaysNews {
        let news = format!("* {known} EXISTS\r\n");
        stream.get_mut().write_all(news.as_bytes()).await?;
    }
    let mut told = known;
    loop {
        let now = folder.mails.lock().unwrap().len();
        if now != told {
            told = now;
            let news = format!("* {now} EXISTS\r\n");
            stream.get_mut().write_all(news.as_bytes()).await?;
        }
        let pause = Duration::from_millis(20);
        if let Ok(heard) = tokio::time::timeout(pause, stream.fill_buf()).await {
            heard?;
            hear(stream).await?;
            break;
        }
    }
    if oddity == Oddity::LateDone {
        tokio::time::sleep(Duration::from_millis(700)).await;
        stream.get_mut().write_all(b"* OK a moment\r\n").await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    Ok(())
}

/// `UID FETCH`, `UID STORE` and `UID MOVE`.
fn uid(command: &str, oddity: Oddity, folder: &Folder) -> Vec<u8> {
    let mut words = command.split(' ').skip(1);
    let (way, set) = (words.next().unwrap(), words.next().unwrap());
    let mails = folder.mails.lock().unwrap();
    let wanted: Vec<usize> = uids(set, mails.len());
    if way != "FETCH" {
        folder.marked.lock().unwrap().extend(wanted);
        return Vec::new();
    }
    if oddity == Oddity::Unreadable && command.contains("INTERNALDATE") && !wanted.is_empty() {
        return b"* 1 FETCH (UID 1 SPOILT\x00 (\r\n".to_vec();
    }
    let mut answer = Vec::new();
    for uid in wanted {
        let mail = &mails[uid - 1];
        let mut items: Vec<Vec<u8>> = vec![format!("UID {uid}").into_bytes()];
        if command.contains("INTERNALDATE") {
            items.push(match oddity {
                Oddity::NoDates => b"INTERNALDATE NIL".to_vec(),
                _ => b"INTERNALDATE \"22-Nov-2026 10:00:00 +0100\"".to_vec(),
            });
        }
        if command.contains("RFC822.SIZE") {
            let size = match oddity {
                Oddity::SizesTooSmall => mail.len() / 6,
                Oddity::SizesTooLarge => mail.len() * 2 + 7,
                _ => mail.len(),
            };
            items.push(format!("RFC822.SIZE {size}").into_bytes());
        }
        if let Some((_, part)) = command.split_once("BODY.PEEK[]<") {
            let (begin, length) = part.split_once('>').unwrap().0.split_once('.').unwrap();
            let begin = begin.parse::<usize>().unwrap();
            let end = (begin + length.parse::<usize>().unwrap()).min(mail.len());
            let piece = mail.get(begin..end).unwrap_or_default();
            let origin = match oddity {
                Oddity::NoOrigin => String::new(),
                _ => format!("<{begin}>"),
            };
            let head = format!("BODY[]{origin} {{{}}}\r\n", piece.len());
            items.push([head.as_bytes(), piece].concat());
        }
        answer.extend(format!("* {uid} FETCH (").into_bytes());
        answer.extend(items.join(&b' '));
        answer.extend(b")\r\n");
    }
    answer
}

fn uids(set: &str, last: usize) -> Vec<usize> {
    let number = |text: &str| text.parse().unwrap_or(last);
    let mut found: Vec<usize> = set
        .split(',')
        .flat_map(|range| {
            let (first, end) = range.split_once(':').unwrap_or((range, range));
            let (first, end) = (number(first), number(end));
            first.min(end)..=first.max(end)
        })
        .filter(|uid| (1..=last).contains(uid))
        .collect();
    found.dedup();
    found
}
