//! A mail from anybody: parsed, decided about, turned into events.

use postroom::{
    content::{
        html::{self, BoundedHtml},
        reply,
    },
    domain::{
        address::EmailAddress,
        effect::{Effect, Folded, Post, PostPart},
        evidence::Evidence,
        facts::{LedBy, MailFacts, MailOnboarding, OwnAddresses, PersonFacts, Route},
        held::Release,
        ids::{ContactId, ConversationId, HeldId, MailId},
        incoming::IncomingMail,
        machine::MachineFacts,
        matrix_id,
        on_mail::{self, Outcome},
        outgoing::MailPart,
        trust::{Standing, TrustPolicy},
        wording,
    },
    mail::parse,
    matrix::{
        encode,
        post::{self, Planned},
    },
};
use ruma::{
    html::{Html, HtmlSanitizerMode, RemoveReplyFallback, sanitize_html},
    owned_event_id, owned_room_id, owned_user_id,
};

pub const WORDS: &[&str] = &[
    "\r\n",
    "\n\n",
    "From: Jane <jane@acme.com>\r\n",
    "Subject: =?utf-8?Q?=C3=A9?=\r\n",
    "Message-ID: <a1@acme.com>\r\n",
    "In-Reply-To: <a0@acme.com>\r\n",
    "Auto-Submitted: auto-replied\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "Content-Type: multipart/alternative; boundary=\"b\"\r\n",
    "Content-Type: text/html; charset=utf-8\r\n",
    "Content-Type: text/plain; charset=iso-2022-jp; format=flowed; delsp=yes\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; filename*0*=utf-8''a%2F..; filename*1=b\r\n",
    "Content-Transfer-Encoding: x-uuencode\r\n",
    "Content-Type: text/plain; charset=utf-7\r\n",
    "Content-Type: text/enriched\r\n",
    "Content-Type: text/calendar; method=REQUEST\r\n",
    "Content-Type: text/vcard\r\n",
    "Content-Type: application/ms-tnef\r\n",
    "Content-Type: application/pkcs7-mime\r\n",
    "Content-Type: image/png; name=\"a.png\"\r\n",
    "Content-ID: <x>\r\n",
    "Content-Location: x\r\n",
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
    "DTSTART;TZID=Europe/Paris:20260303T100000\r\n",
    "DTEND;VALUE=DATE:99991231\r\n",
    "DURATION:PT90M\r\n",
    "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20260605\r\n",
    "BEGIN:VCARD\r\nFN:Jane\r\n",
    "begin 644 a.txt\n%:&5L;&\\\n`\nend\n",
    "-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n",
    "-----BEGIN PGP SIGNATURE-----\r\n",
    "-----END PGP SIGNATURE-----\r\n",
    "\u{30}\u{80}",
    "--b\r\n",
    "--b--\r\n",
    "> ",
    "-- \r\n",
    "On 3 Mar 2026 09:12, Ann <ann@b.example> wrote:\r\n",
    "-----Original Message-----\r\n",
    "---------- Forwarded message ---------\r\n",
    "<div class=gmail_quote>",
    "<blockquote type=cite>",
    "</blockquote>",
    "<table><tr><td>",
    "<a href=\"javascript:x\">",
    "<img src=cid:x onerror=x>",
    "<!--",
    "-->",
    "<script>",
    "<b><i><u>",
    "&lt;",
    "&#0;",
    "=3D",
    "\u{1}",
    "\u{202e}",
];

/// What a homeserver takes (client-server API, Size limits), less what it adds itself.
const LARGEST_CONTENT: usize = 60_000;
/// Larger HTML is parsed with a second parser in no time that a fuzzer has.
const LARGEST_TO_COMPARE: usize = 64 * 1024;

pub fn run(raw: &[u8]) {
    let parsed = parse::parse(raw);
    for one in &parsed.attachments {
        assert_eq!(one.bytes(raw).len() as u64, one.info.size);
        let name = one.info.filename.as_deref().unwrap_or_default();
        assert!(
            !name.contains(['/', '\\', '\0', '\n', '\u{202e}']),
            "{name:?}"
        );
        assert!((1..=200).contains(&name.len()), "{name:?}");
        if let Some(id) = &one.content_id {
            assert!(
                parsed.image(id).is_some() || id.contains(['%', '&', '<', '>', ':']),
                "{id:?}"
            );
        }
    }
    assert_eq!(parsed.attachments.len(), parsed.mail.attachments.len());
    for note in &parsed.mail.notes {
        assert!(wording::mail::in_room(note).ends_with(['.', ')']));
    }
    let mail = parsed.mail;
    serde_json::to_string(&mail).expect("a mail is JSON");
    if let Some(html) = &mail.html {
        check_html(html);
    }
    check_posting(&mail);
    let text = String::from_utf8_lossy(raw);
    check_division_of_text(&text);
    check_division_of_html(&text);
}

/// Nothing is left that Matrix does not allow.
fn check_html(html: &str) {
    if html.len() > LARGEST_TO_COMPARE {
        return;
    }
    let again = sanitize_html(html, HtmlSanitizerMode::Strict, RemoveReplyFallback::Yes);
    // Parsing alone may move things; so compare with what parsing alone makes of it.
    let parsed = Html::parse(html).to_string();
    let same = again
        .bytes()
        .zip(parsed.bytes())
        .take_while(|(one, other)| one == other)
        .count();
    let from = |text: &str| {
        let begin = text.floor_char_boundary(same.saturating_sub(80));
        text[begin..].chars().take(160).collect::<String>()
    };
    assert!(
        again == parsed,
        "sanitised:\n{}\nwas:\n{}",
        from(&again),
        from(&parsed)
    );
}

/// A member's mail is posted, in events that a homeserver takes, and whole.
fn check_posting(mail: &IncomingMail) {
    let member = mail.from.as_ref().map(|from| PersonFacts {
        contact: ContactId(1),
        address: from.address.clone(),
        name: "Jane".to_owned(),
        ghost: owned_user_id!("@_email_jane.k7f3:example.org"),
        is_guest: false,
        moved: None,
    });
    let facts = MailFacts {
        identity: "digest".to_owned(),
        is_ours: false,
        is_probe: false,
        delivery: None,
        leaving: None,
        judgement: Evidence::default().judge(),
        machine: MachineFacts::default(),
        routes: vec![Route {
            is_deserted: false,
            conversation: ConversationId(1),
            by: LedBy::Token,
            member,
            standing: Standing::Stranger,
            policy: TrustPolicy::default(),
            is_closed: false,
            is_long_over: false,
            rests_for_long: false,
            // Forged, and shown since staff want it.
            release: Some(Release {
                is_automatic: false,
                id: HeldId(1),
                by: "Ann".to_owned(),
                admits: false,
                was_member: true,
            }),
            is_held: true,
            known: false,
            reply_to: Some(owned_event_id!("$answered")),
            thread_root: None,
            room: owned_room_id!("!room"),
            bot_joined: true,
            has_visitors: false,
            is_loose: true,
            subject: String::new(),
            copied_by: Some("Ann".to_owned()),
            copied: Vec::new(),
            onboarding: MailOnboarding {
                said: matrix_id::read(&mail.text, "Jane"),
                ..MailOnboarding::default()
            },
            guests: 0,
        }],
        knows_signature: false,
        own_addresses: OwnAddresses::default(),
        control_room: None,
        intake: Vec::new(),
    };
    let (outcome, effects) = on_mail::decide(MailId(1), mail, false, &facts);
    // Of a read receipt nobody is told.
    let is_quiet = outcome == Outcome::PassedOver;
    assert!(is_quiet || (1..=7).contains(&effects.len()), "{effects:?}");
    let is_post = |effect: &Effect| matches!(effect, Effect::Post { .. });
    assert_eq!(
        outcome == Outcome::Posted,
        effects.iter().any(is_post),
        "{outcome:?}"
    );
    for effect in effects {
        if let Effect::Post { post, .. } = effect {
            check_events(&post);
        }
    }
    // What nobody has sent must be shown as soon as somebody has.
    check_events(&Post {
        parts: vec![PostPart::Words(postroom::domain::event::Words {
            body: mail.text.clone(),
            html: mail.html.clone(),
        })],
        notes: Vec::new(),
        folded: Folded {
            history: true,
            signature: true,
        },
        marks: vec!["Carl, copied in by Jane".to_owned()],
        reply_to: Some(owned_event_id!("$answered")),
        thread_root: Some(owned_event_id!("$root")),
        message_id: None,
        identity: String::new(),
        from: EmailAddress::parse("jane@acme.com").expect("an address"),
        date: String::new(),
    });
}

fn check_events(post: &Post) {
    let events = post::events(post);
    assert!(!events.is_empty());
    let is_whole = events
        .iter()
        .all(|event| !matches!(event.media, Some((MailPart::Text, _))));
    let mut said = String::new();
    for Planned { content: event, .. } in events {
        let body = event["body"].as_str().expect("an event has a body");
        assert!(!body.is_empty());
        said.push_str(body);
        let size = encode::marked(event, "effect").to_string().len();
        assert!(size <= LARGEST_CONTENT, "an event of {size} octets");
    }
    let said = characters(&[&said]);
    let words: Vec<&str> = post
        .parts
        .iter()
        .filter_map(|part| match part {
            PostPart::Words(words) => Some(words.body.as_str()),
            PostPart::File(_) | PostPart::Picture(_) => None,
        })
        .collect();
    let written = characters(&words);
    let mut said = said.iter();
    let lost = written
        .iter()
        .find(|wanted| !said.any(|character| character == *wanted));
    assert!(lost.is_none() || !is_whole, "an event has lost {lost:?}");
}

fn check_division_of_text(body: &str) {
    for is_forward in [false, true] {
        let reply = reply::from_text(body, is_forward, &reply::Known::default());
        let parts = parts(
            &reply.text,
            reply.signature.as_deref(),
            reply.folded.as_deref(),
        );
        check_same(&parts, body);
        assert!(body.trim().is_empty() || !reply.text.trim().is_empty());
    }
}

fn check_division_of_html(raw: &str) {
    let Ok(bounded) = BoundedHtml::new(raw) else {
        return;
    };
    let shown = |html: &BoundedHtml| reply::from_html(html, true, &reply::Known::default()).text;
    let whole = shown(&bounded);
    for is_forward in [false, true] {
        let reply = reply::from_html(&bounded, is_forward, &reply::Known::default());
        let parts = parts(
            &reply.text,
            reply.signature.as_deref(),
            reply.folded.as_deref(),
        );
        check_same(&parts, &whole);
        check_same(&[&shown(&reply.html)], &reply.text);
        check_html(&html::to_matrix(&reply.html));
    }
}

fn parts<'a>(text: &'a str, signature: Option<&'a str>, folded: Option<&'a str>) -> Vec<&'a str> {
    [text].into_iter().chain(signature).chain(folded).collect()
}

/// Every character of the whole is in one of the parts, and none twice.
fn check_same(parts: &[&str], whole: &str) {
    assert!(
        characters(parts) == characters(&[whole]),
        "the parts are\n{parts:#?}\nand the whole is\n{whole:?}"
    );
}

/// The characters that count, without what marks quotes and parts the cells of a table, so that moved
/// lines compare equal.
fn characters(texts: &[&str]) -> Vec<char> {
    let characters = texts.iter().flat_map(|text| text.chars());
    let mut found: Vec<char> = characters
        .filter(|c| !c.is_whitespace() && !['>', '|'].contains(c))
        .collect();
    found.sort_unstable();
    found
}
