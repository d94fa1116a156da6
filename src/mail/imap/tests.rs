//! The dialogue against a server that says what a test wants, over real TCP.

use std::time::Duration;

use proptest::prelude::*;
use rstest::rstest;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use super::*;
use crate::config::{Credentials, Encryption, MailServer};

const PATIENCE: Duration = Duration::from_millis(300);

/// What a server says: first its greeting, then an answer to each line that it hears, in which
/// `{tag}` stands for the command's tag. Behind the last answer it hangs up, unless it ends with
/// [`STAY`].
type Script = Vec<String>;

const STAY: &str = "(and stays)";
const GREETING: &str = "* OK ready\r\n";
const CAPABLE: &str = "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE\r\n{tag} OK done\r\n";
const LOGGED_IN: &str = "{tag} OK [CAPABILITY IMAP4rev1 IDLE MOVE] welcome\r\n";

/// Plays the script once; what the client said comes back at the end.
async fn play(script: Script) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let playing = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard: Vec<String> = Vec::new();
        for answer in script {
            let tag = heard.last().and_then(|line| line.split(' ').next());
            let said = answer.replace("{tag}", tag.unwrap_or_default());
            let said = said.replace(STAY, "");
            if stream.get_mut().write_all(said.as_bytes()).await.is_err() {
                return heard;
            }
            let mut line = String::new();
            if answer.ends_with(STAY) {
                while stream.read_line(&mut line).await.unwrap_or(0) > 0 {}
                return heard;
            }
            if stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                heard.push(line.trim_end().to_owned());
            }
        }
        heard
    });
    (port, playing)
}

fn account(port: u16, encryption: Encryption) -> Account {
    let server = MailServer {
        host: "127.0.0.1".to_owned(),
        port,
        encryption,
        credentials: Some(Credentials {
            username: "support@example.org".to_owned(),
            password: "s3cret".to_owned().into(),
            password_file: None,
        }),
        ca_file: None,
    };
    Account::new(&server, PATIENCE).unwrap()
}

async fn connect(
    script: &[&str],
) -> (Result<Session, Fault>, tokio::task::JoinHandle<Vec<String>>) {
    let script = script.iter().map(|said| (*said).to_owned()).collect();
    let (port, playing) = play(script).await;
    let password = "pässword".to_owned().into();
    let session = account(port, Encryption::Insecure).connect(&password).await;
    (session, playing)
}

/// A session with a server that answers so once we are logged in.
async fn session(script: &[&str]) -> Session {
    let begin = [GREETING, CAPABLE, LOGGED_IN];
    connect(&[&begin, script].concat()).await.0.unwrap()
}

#[tokio::test]
async fn logs_in_whatever_the_password_is_made_of() {
    let (session, playing) = connect(&[GREETING, CAPABLE, LOGGED_IN]).await;
    assert!(session.unwrap().can_idle());
    let secret = "AHN1cHBvcnRAZXhhbXBsZS5vcmcAcMOkc3N3b3Jk";
    assert_eq!(
        playing.await.unwrap(),
        [
            "P1 CAPABILITY".to_owned(),
            format!("P2 AUTHENTICATE PLAIN {secret}")
        ]
    );

    let without_ir = CAPABLE.replace(" SASL-IR", "");
    let script = [
        GREETING,
        &without_ir,
        "+ \r\n",
        "P2 OK welcome\r\n",
        CAPABLE,
    ];
    let (session, playing) = connect(&script).await;
    session.unwrap();
    let heard = playing.await.unwrap();
    assert_eq!(heard[1..3], ["P2 AUTHENTICATE PLAIN", secret]);

    let without_plain = CAPABLE.replace("AUTH=PLAIN ", "");
    let (session, playing) = connect(&[GREETING, &without_plain, LOGGED_IN]).await;
    session.unwrap();
    let heard = playing.await.unwrap();
    assert_eq!(heard[1], "P2 LOGIN \"support@example.org\" \"pässword\"");
}

#[rstest]
#[case::bye(&["* BYE too busy\r\n"], "too busy")]
#[case::logged_in_already(&["* PREAUTH hello\r\n"], "hello")]
#[case::another_protocol(&["220 mail.example.org ESMTP\r\n"], "doesn't greet")]
#[case::nothing(&[""], "no answer")]
#[case::hangs_up(&[], "hung up")]
#[case::refuses(&[GREETING, CAPABLE, "{tag} NO [AUTHENTICATIONFAILED] wrong\r\n"], "user name and password: [AUTH")]
#[case::is_ill(&[GREETING, CAPABLE, "{tag} NO [UNAVAILABLE] later\r\n"], "now: [UNAVAILABLE] later")]
#[case::says_bye(&[GREETING, CAPABLE, "* BYE we close\r\n"], "we close")]
#[case::another_tag(&[GREETING, "X9 OK done\r\n"], "what was not asked")]
#[case::letters_within_a_code(&[GREETING, CAPABLE, "{tag} NO [ALERT]é\r\n"], "user name and password")]
#[tokio::test]
async fn says_why_there_is_no_session(#[case] script: &[&str], #[case] part: &str) {
    let mut script = script.to_vec();
    if part == "no answer" {
        script = vec![STAY];
    }
    let fault = connect(&script).await.0.unwrap_err().to_string();
    assert!(fault.contains(part), "{part}: {fault}");
}

#[tokio::test]
async fn tells_nothing_before_tls() {
    for (answer, part) in [
        ("{tag} NO not here\r\n", "doesn't offer STARTTLS"),
        (
            "{tag} OK go\r\n* OK [CAPABILITY IMAP4rev1] injected\r\n",
            "in between",
        ),
        ("{tag} OK go\r\n", "TLS fails"),
    ] {
        let script = [GREETING, answer, "no TLS\r\n"].map(str::to_owned).to_vec();
        let (port, playing) = play(script).await;
        let account = account(port, Encryption::StartTls);
        let fault = account.connect(&"s3cret".to_owned().into()).await;
        let fault = fault.unwrap_err().to_string();
        assert!(fault.contains(part), "{part}: {fault}");
        let heard = playing.await.unwrap();
        assert_eq!(heard[0], "P1 STARTTLS");
        assert!(!heard.iter().any(|line| line.contains("s3cret")));
    }
}

#[tokio::test]
async fn selects_and_lists_what_is_new() {
    let mut session = session(&[
        "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* XNONSENSE (1 2\r\n* OK [UIDVALIDITY 7] ok\r\n\
         * OK [UIDNEXT 12] ok\r\n* OK [PERMANENTFLAGS (\\Seen)] ok\r\n{tag} OK done\r\n",
        "* 1 FETCH (UID 9 RFC822.SIZE 5 INTERNALDATE \"17-Jul-1996 02:44:25 +0000\")\r\n\
         * 1 FETCH (FLAGS (\\Seen) UID 10)\r\n\
         * 3 FETCH (UID 12 INTERNALDATE NIL RFC822.SIZE 7)\r\n* 2 FETCH (RFC822.SIZE 6 UID 11)\r\n\
         {tag} OK done\r\n",
    ])
    .await;
    let folder = session.select("inbox").await.unwrap();
    let expected = Folder {
        uid_validity: 7,
        uid_next: 12,
        takes_keyword: false,
    };
    assert_eq!(folder, expected);
    assert!(session.take_news());
    let listed = session.list(10, true).await.unwrap();
    let uids: Vec<(u32, u32)> = listed.iter().map(|mail| (mail.uid, mail.size)).collect();
    assert_eq!(uids, [(11, 6), (12, 7)]);
}

/// Old servers tell less of a folder.
#[tokio::test]
async fn finds_out_where_an_old_servers_folder_ends() {
    let told = "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{tag} OK done\r\n";
    let folder = session(&[told]).await.select("INBOX").await.unwrap();
    assert_eq!(folder.uid_next, 1);
    let told = told.replace("* 0", "* 2");
    let last = "* 2 FETCH (UID 41)\r\n{tag} OK done\r\n";
    let folder = session(&[&told, last]).await.select("INBOX").await.unwrap();
    assert_eq!(folder.uid_next, 42);
}

/// What can't be read may have been a mail: it is never skipped.
#[tokio::test]
async fn a_list_with_a_hole_is_none() {
    let mut session = session(&["* 1 FETCH (UID 9 RFC822.SI\u{0}E 5)\r\n{tag} OK done\r\n"]).await;
    let fault = session.list(1, true).await.unwrap_err();
    assert!(matches!(fault, Fault::Nonsense(_)), "{fault}");
}

#[rstest]
#[case::whole("* 1 FETCH (UID 9 BODY[]<0> {3}\r\nabc)\r\n{tag} OK done\r\n", Some(Piece::Bytes(b"abc".to_vec())))]
#[case::without_offset("* 1 FETCH (BODY[] {3}\r\nabc UID 9)\r\n{tag} OK done\r\n", Some(Piece::Bytes(b"abc".to_vec())))]
#[case::gone("{tag} OK done\r\n", Some(Piece::Nothing))]
#[case::nil(
    "* 1 FETCH (UID 9 BODY[]<0> NIL)\r\n{tag} OK done\r\n",
    Some(Piece::Nothing)
)]
#[case::another(
    "* 1 FETCH (UID 8 BODY[]<0> {3}\r\nabc)\r\n{tag} OK done\r\n",
    Some(Piece::Nothing)
)]
#[case::another_part(
    "* 1 FETCH (UID 9 BODY[]<5> {3}\r\nabc)\r\n{tag} OK done\r\n",
    Some(Piece::Nothing)
)]
#[case::refused("{tag} NO can't\r\n", Some(Piece::Refused("can't".to_owned())))]
#[case::partly("* 1 FETCH (UID 9 BODY[]<0> {3}\r\nabc)\r\n{tag} NO can't\r\n", Some(Piece::Refused("can't".to_owned())))]
#[case::huge("* 1 FETCH (UID 9 BODY[]<0> {999999999}\r\n", None)]
#[case::deep(
    "* 1 FETCH (UID 9 BODYSTRUCTURE ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\r\n",
    None
)]
#[case::cut("* 1 FETCH (UID 9 BODY[]<0> {3}\r\na", None)]
#[case::the_parser_panics("* 1 FETCH (X-GM-LABELS (\"x\") INTERNALDATE NIL)\r\n", None)]
#[tokio::test]
async fn reads_pieces(#[case] answer: &str, #[case] expected: Option<Piece>) {
    let mut session = session(&[answer]).await;
    assert_eq!(session.piece(9, 0).await.ok(), expected);
}

#[tokio::test]
async fn takes_no_more_than_it_asked_for() {
    let body = "x".repeat(PIECE as usize + 1);
    let answer = format!(
        "* 1 FETCH (UID 9 BODY[]<0> {{{}}}\r\n{body})\r\n",
        body.len()
    );
    let mut session = session(&[&answer, "{tag} OK done\r\n"]).await;
    assert!(session.piece(9, 0).await.is_err());
}

#[tokio::test]
async fn waits_no_longer_than_it_should() {
    let chatter = "* OK still here\r\n".repeat(50);
    for answer in ["", "* 1 EX", &chatter] {
        let answer = format!("{answer}{STAY}");
        let mut session = session(&[&answer]).await;
        let fault = session.list(1, true).await.unwrap_err();
        assert!(matches!(fault, Fault::Lost(_)), "{fault}");
    }
}

#[tokio::test]
async fn idles_until_there_is_news_or_time_is_up() {
    let said = "+ idling\r\n* OK still here\r\n* 4 EXISTS\r\n";
    let mut with_news = session(&[said, "P3 OK done\r\n"]).await;
    with_news.idle(Duration::from_mins(1)).await.unwrap();
    assert!(with_news.take_news());

    let mut without = session(&["+ idling\r\n", "P3 OK done\r\n"]).await;
    without.idle(Duration::from_millis(50)).await.unwrap();
    assert!(!without.take_news());

    for (said, part) in [
        ("+ idling\r\n* BYE restart\r\n", "restart"),
        ("+ idling\r\n{tag} OK ended\r\n", "by itself"),
    ] {
        let mut session = session(&[said, ""]).await;
        let fault = session.idle(Duration::from_mins(1)).await.unwrap_err();
        assert!(fault.to_string().contains(part), "{part}: {fault}");
    }
    // Then it is to be asked from time to time.
    for refusal in ["{tag} NO not now\r\n", "{tag} BAD what?\r\n"] {
        let mut session = session(&[refusal, STAY]).await;
        session.idle(Duration::from_mins(1)).await.unwrap();
        assert!(!session.can_idle());
    }
    // Silence after DONE: the connection is dead.
    let mut dead = session(&["+ idling\r\n", STAY]).await;
    let fault = dead.idle(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(fault, Fault::Lost(_)), "{fault}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a server says: we come to an end, and in order.
    #[test]
    fn any_words_come_to_an_end(
        lines in proptest::collection::vec(
            "(\\* |\\+ |P3 |P4 )?(OK|NO|BAD|BYE|[0-9]{1,11} (FETCH|EXISTS)|LIST|CAPABILITY)?[ -~é\\(\\)\\{\\}]{0,40}",
            0..6
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let said = lines.join("\r\n") + "\r\n";
            let mut session = session(&[&said]).await;
            let _any = session.select("Somewhere").await;
            let _any = session.piece(1, 0).await;
        });
    }
}
