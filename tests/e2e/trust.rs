//! Who may write into a room, with a DNS, real signatures, and a Postfix that says who handed a mail
//! over: by our own checks, and by those of rspamd.

use anyhow::{Context, Result, ensure};
use postroom::{config::Dkim, domain::address::EmailAddress, mail::dkim::Signer};
use rstest::rstest;
use serde_json::Value;

use crate::stage::{LIST, SOON, Scenery, Stage};
use crate::support::servers::customer;
use crate::support::servers::postroom::BOT;
use crate::support::servers::provider::{PROVIDER, Provider};

const KEY: &str = include_str!("../fixtures/dkim/rsa-pkcs8.pem");
const JANE: &str = "Jane Doe <jane@acme.com>";
/// Whose domain has no policy.
const LOU: &str = "Lou <lou@small.example>";
/// Of no domain.
const ELSEWHERE: Provider = Provider {
    name: "mail.acme.com",
    address: "192.0.2.99",
};
/// What everybody writes who wants to be believed.
const FORGED: &str = "Authentication-Results: mail.example.org; dmarc=pass header.from=acme.com;\r\n\
    \tdkim=pass header.d=acme.com; spf=pass smtp.mailfrom=jane@acme.com\r\n";

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Shown,
    Marked,
    Held,
}

/// A mail to the reply address of its author's conversation.
struct Case {
    /// What it says.
    words: &'static str,
    author: &'static str,
    client: Provider,
    /// The envelope's.
    sender: &'static str,
    signer: Option<&'static str>,
    /// What is changed after it was signed.
    change: Option<[&'static str; 2]>,
    fate: Fate,
    /// Verdict and reasons.
    verdict: &'static str,
}

impl Case {
    const fn new(words: &'static str, fate: Fate, verdict: &'static str) -> Self {
        Self {
            words,
            author: JANE,
            client: PROVIDER,
            sender: "jane@acme.com",
            signer: None,
            change: None,
            fate,
            verdict,
        }
    }

    const fn by_way_of(mut self, client: Provider) -> Self {
        self.client = client;
        self
    }

    const fn signed_by(mut self, domain: &'static str) -> Self {
        self.signer = Some(domain);
        self
    }

    const fn changed(mut self, from: &'static str, to: &'static str) -> Self {
        self.change = Some([from, to]);
        self
    }

    const fn sent_by(mut self, sender: &'static str) -> Self {
        self.sender = sender;
        self
    }

    const fn of(mut self, author: &'static str) -> Self {
        self.author = author;
        self
    }

    fn raw(&self, to: &str) -> Result<Vec<u8>> {
        let id: String = self.words.replace(' ', "-");
        let Self { words, author, .. } = self;
        let mut mail = format!(
            "From: {author}\r\nTo: {to}\r\nSubject: The board\r\nMessage-ID: <{id}@mail.example>\r\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        );
        if let Some(domain) = self.signer {
            mail = signed(&mail, domain)?;
        }
        if let Some([from, to]) = self.change {
            let (head, body) = mail.split_once("\r\n\r\n").context("no body")?;
            ensure!(body.contains(from), "nothing to change in {body}");
            mail = format!("{head}\r\n\r\n{}", body.replacen(from, to, 1));
        }
        Ok(format!("{FORGED}{mail}").into_bytes())
    }

    /// What the mail says when it comes.
    fn arrives_as(&self) -> String {
        let [from, to] = self.change.unwrap_or(["", ""]);
        self.words.replacen(from, to, 1)
    }
}

fn signed(mail: &str, domain: &str) -> Result<String> {
    let key = Dkim {
        selector: "post".to_owned(),
        domain: Some(domain.to_owned()),
        key: KEY.into(),
        key_file: None,
    };
    let signer = Signer::new(&[key], &EmailAddress::parse(&format!("a@{domain}"))?)?;
    Ok(String::from_utf8(signer.sign(mail.into())?)?)
}

const CASES: [Case; 9] = [
    Case::new("All pass", Fate::Shown, "Verified [DmarcPass]").signed_by("acme.com"),
    Case::new(
        "SPF fails and DKIM passes",
        Fate::Shown,
        "Verified [DmarcPass, SpfNoPass]",
    )
    .by_way_of(ELSEWHERE)
    .signed_by("acme.com"),
    Case::new(
        "Tampered with",
        Fate::Held,
        "Failed [DmarcFail, SpfNoPass, DkimBroken]",
    )
    .by_way_of(ELSEWHERE)
    .signed_by("acme.com")
    .changed("Tampered", "Pay here, tampered"),
    Case::new(
        "Spoofed",
        Fate::Held,
        "Failed [DmarcFail, SpfOther, DkimOther]",
    )
    .by_way_of(LIST)
    .sent_by("eve@list.example")
    .signed_by("list.example"),
    Case::new(
        "SPF fails and nothing is signed",
        Fate::Held,
        "Failed [DmarcFail, SpfNoPass, NotSigned]",
    )
    .by_way_of(ELSEWHERE),
    Case::new("SPF only", Fate::Shown, "Verified [DmarcPass, NotSigned]"),
    Case::new(
        "Signed by another",
        Fate::Held,
        "Failed [DmarcFail, SpfNoPass, DkimOther]",
    )
    .by_way_of(ELSEWHERE)
    .signed_by("list.example"),
    Case::new(
        "No policy",
        Fate::Shown,
        "Verified [SpfAligned, NotSigned, NoPolicy]",
    )
    .of(LOU)
    .sent_by("lou@small.example"),
    Case::new(
        "No policy and another server",
        Fate::Marked,
        "Unverified [SpfOther, NotSigned, NoPolicy]",
    )
    .of(LOU)
    .by_way_of(LIST)
    .sent_by("eve@list.example"),
];

/// Where somebody's conversation is, and who they are there.
struct Place {
    room: String,
    ghost: String,
    token: String,
}

async fn open(author: &str, stage: &Stage) -> Result<Place> {
    let (name, address) = author.split_once(" <").context("no name")?;
    let address = address.trim_end_matches('>');
    let room = stage.room(&format!("Room of {name}")).await?;
    let whom = format!("{address} {name}");
    let ghost = stage.add(&whom, "@_email_", &room).await?;
    stage.ann.send_text("Does the board boot?", &room).await?;
    let letter = stage.letters(address, 1).await?.remove(0);
    let token = customer::answer(&letter, author, "", "x@acme.com")?.to;
    Ok(Place { room, ghost, token })
}

/// The bot's notices about mail that waits.
async fn held(stage: &Stage, room: &str) -> Result<Vec<Value>> {
    let timeline = stage.ann.timeline(100, room).await?;
    let is_notice = |event: &Value| {
        let body = event["content"]["body"].as_str().unwrap_or_default();
        event["sender"] == BOT && body.starts_with("✋ Mail from")
    };
    Ok(timeline.into_iter().filter(is_notice).collect())
}

#[rstest]
#[case::own(None, false)]
#[case::rspamd(
    Some("{by: header, authserv_ids: [mail.example.org], strips_forged: true}"),
    true
)]
#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_proven_speaks_in_a_room(
    #[case] trust: Option<&'static str>,
    #[case] rspamd: bool,
) -> Result<()> {
    let stage = Stage::set_with(Scenery {
        trust,
        rspamd,
        ..Scenery::default()
    })
    .await?;
    let jane = open(JANE, &stage).await?;
    let lou = open(LOU, &stage).await?;
    for case in &CASES {
        let place = if case.author == JANE { &jane } else { &lou };
        let before = held(&stage, &place.room).await?.len();
        let to = &place.token;
        let raw = case.raw(to)?;
        stage
            .mail
            .deliver_from(case.client, case.sender, to, &raw)
            .await
            .with_context(|| case.words)?;
        let words = case.arrives_as();
        if case.fate == Fate::Held {
            let told = format!("> {words}");
            stage.bot_says(&told, &place.room).await?;
        } else {
            stage.says(&place.ghost, &words, &place.room).await?;
        }
        stage.settled().await?;
        assert_eq!(stage.verdict(), case.verdict, "{}", case.words);
        let said = stage.said_by(&place.ghost, &place.room).await?;
        let shown = said.iter().find(|it| it.contains(&words));
        let expected = match case.fate {
            Fate::Shown => Some(words.clone()),
            Fate::Marked => Some(format!("{words}\n\n❔ sender not verified")),
            Fate::Held => None,
        };
        assert_eq!(shown, expected.as_ref(), "{}", case.words);
        let waits = held(&stage, &place.room).await?.len() - before;
        let expected = usize::from(case.fate == Fate::Held);
        assert_eq!(waits, expected, "{}", case.words);
    }
    let told = |case: &Case| (case.client.address.to_owned(), case.client.name.to_owned());
    assert_eq!(
        stage.clients().await,
        CASES.iter().map(told).collect::<Vec<_>>()
    );
    let members = stage.ann.members(&jane.room).await?;
    assert_eq!(members.len(), 3, "{members:?}");
    assert_eq!(stage.said_by(&jane.ghost, &jane.room).await?.len(), 3);

    // Tampered with, spoofed, nothing signed, signed by another: staff decide.
    let waits = held(&stage, &jane.room).await?;
    let notice = |number: usize| waits[number]["event_id"].as_str().unwrap_or_default();
    stage.ann.react("✅", notice(0), &jane.room).await?;
    let released = "Pay here, tampered with\n\n✅ held, then released by Ann";
    stage.says(&jane.ghost, released, &jane.room).await?;
    stage.ann.react("❌", notice(1), &jane.room).await?;
    stage.bot_says("Mail #2 is dropped", &jane.room).await?;
    stage.ask("!email release 3", &jane.room).await?;
    let released = "nothing is signed\n\n✅ held";
    stage.says(&jane.ghost, released, &jane.room).await?;
    stage.settled().await?;
    assert_eq!(stage.said_by(&jane.ghost, &jane.room).await?.len(), 5);
    let waits = stage.ask("!email held", &jane.room).await?;
    assert!(waits.contains("#4 from Jane"), "{waits}");

    // A proven stranger who has found the reply address, once staff let them in.
    let mallory = Case::new("The token leaked", Fate::Held, "")
        .of("Mallory <mallory@list.example>")
        .by_way_of(LIST)
        .sent_by("mallory@list.example")
        .signed_by("list.example");
    let raw = mallory.raw(&jane.token)?;
    stage
        .mail
        .deliver_from(LIST, mallory.sender, &jane.token, &raw)
        .await?;
    let told = stage.bot_says("Mail from Mallory", &jane.room).await?;
    stage.settled().await?;
    assert!(
        stage.verdict().starts_with("Verified"),
        "{}",
        stage.verdict()
    );
    assert_eq!(stage.ann.members(&jane.room).await?.len(), 3);
    let notice = told["event_id"].as_str().context("no id")?;
    stage.ann.react("➕", notice, &jane.room).await?;
    let ghost = stage.joined("@_email_mallory", &jane.room).await?;
    stage.says(&ghost, "The token leaked", &jane.room).await?;
    Ok(())
}

/// Without the filter on the way the field that the sender brings along is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_the_sender_brings_along_counts_for_nothing() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        trust: Some("{by: header, authserv_ids: [mail.example.org]}"),
        ..Scenery::default()
    })
    .await?;
    let jane = open(JANE, &stage).await?;
    let case = Case::new("Believe me", Fate::Marked, "").by_way_of(ELSEWHERE);
    let raw = case.raw(&jane.token)?;
    for to in [jane.token.as_str(), "support@example.org"] {
        let mail = &stage.mail;
        mail.deliver_from(ELSEWHERE, case.sender, to, &raw).await?;
        stage.settled().await?;
        assert_eq!(stage.verdict(), "Unverified [NotChecked]");
    }
    let marked = "Believe me\n\n❔ sender not verified";
    stage
        .ann
        .wait_for_event(
            "the mark",
            |event| event["sender"] == jane.ghost && event["content"]["body"] == marked,
            SOON,
            &jane.room,
        )
        .await?;
    assert_eq!(stage.said_by(&jane.ghost, &jane.room).await?.len(), 1);
    Ok(())
}
