//! What the homeserver, and through it anybody, pushes: read, decoded, decided about.

use std::collections::BTreeSet;

use postroom::{
    domain::{
        address::EmailAddress,
        effect::{Effect, ItemKind},
        event::{Content, RoomEvent, Said, Words},
        facts::{
            ConversationFacts, Details, EventFacts, GhostFacts, GoneTo, LifeFacts, LocaleFacts,
            LocaleSource, OwnAddresses, Past, PersonFacts, Placement, PollFacts, Role, RoomFacts,
            TakenBack, TargetFacts, ZoneFacts,
        },
        ids::{ContactId, ConversationId, CustomerId, MailId},
        letter::Language,
        on_matrix,
        settings::Settings,
        sharing::Poll,
    },
    matrix::decode,
    web::transaction,
};
use ruma::{owned_event_id, owned_room_id, owned_user_id, room_id};

pub const WORDS: &[&str] = &[
    r#"{"events":["#,
    r#"],"ephemeral":["#,
    r#"],"de.sorunome.msc2409.ephemeral":["#,
    r#"{"type":"m.room.message","event_id":"$e","room_id":"!r","sender":"@ann:example.org","origin_server_ts":1,"content":"#,
    r#"{"msgtype":"m.text","body":"!email add jane@acme.com Jane"}"#,
    r#"{"msgtype":"m.text","body":"hello"}"#,
    r#"{"type":"m.typing","room_id":"!r","content":{"user_ids":["@ann:example.org"]}}"#,
    r#""m.relates_to":{"rel_type":"m.replace","event_id":"$x"}"#,
    r#""m.relates_to":{"rel_type":"m.thread","event_id":"$x","m.in_reply_to":{"event_id":"$y"}}"#,
    r#""m.relates_to":{"rel_type":"m.annotation","event_id":"$x","key":"✅"}"#,
    r#"{"msgtype":"m.image","body":"a","filename":"b.png","url":"mxc://x/y","info":{"size":1}}"#,
    r#"{"msgtype":"m.location","body":"a","geo_uri":"geo:1,2"}"#,
    r#""type":"m.poll.start","content":{"m.poll":{"question":{"body":"a"},"answers":[{"id":"a","body":"b"}]}}"#,
    r#""m.relates_to":{"rel_type":"m.reference","event_id":"$x"}"#,
    r#""type":"m.poll.response""#,
    r#""type":"m.poll.end""#,
    r#""m.new_content":{"msgtype":"m.text","body":"edited"}"#,
    r#""type":"m.reaction""#,
    r#""type":"m.room.redaction","redacts":"$x""#,
    r#""type":"m.room.member","state_key":"@_email_jane=40acme.com:example.org""#,
    r#""content":{"membership":"invite"}"#,
    r#""org.postroom.effect":"e","#,
    r#""org.postroom.words":{"body":"x"},"#,
    r#""formatted_body":"<b>x</b>","format":"org.matrix.custom.html""#,
    "!email ",
    "!!",
    "--share ",
    r"\u0000",
    r"\ud800",
    "]}",
    "}",
    ",",
];

/// A few for each person of the room and each conversation; never by the size of the event.
const MOST_EFFECTS: usize = 64;

pub fn run(body: &[u8]) {
    if let Some(read) = transaction::read(body) {
        for event in &read.events {
            assert!(body.len() >= event.body.len());
            decide(&event.body);
        }
        let ids: BTreeSet<&str> = read.broken.iter().map(|one| one.id.as_str()).collect();
        assert!(
            ids.iter()
                .all(|id| id.starts_with("broken:") && id.len() == 71)
        );
        for one in &read.broken {
            decide(&one.body);
        }
    }
    // An event by itself, too: so a fuzzer gets further.
    if let Ok(event) = std::str::from_utf8(body) {
        decide(event);
        let _ = decode::thread_root_of(event);
        let _ = decode::decode_state(event, room_id!("!r:example.org"));
    }
}

fn decide(event: &str) {
    match decode::decode(event) {
        Ok(event) => {
            for facts in facts(&event) {
                let effects = on_matrix::decide(&event, &facts);
                assert!(effects.len() <= MOST_EFFECTS, "{} effects", effects.len());
                check(&effects, &event, &facts);
            }
        }
        Err(problem) => assert!(!problem.is_empty()),
    }
}

fn check(effects: &[Effect], event: &RoomEvent, facts: &EventFacts) {
    for effect in effects {
        match effect {
            // Who isn't staff changes nothing about who is written to; whom staff invited may.
            Effect::AddCustomer { people, .. } => {
                assert!(matches!(facts.sender_role, Role::Staff), "{effects:?}");
                assert!(!people.is_empty());
                let is_own = people
                    .iter()
                    .any(|one| facts.own_addresses.contain(&one.address));
                assert!(!is_own, "{people:?}");
            }
            Effect::Write { item, .. } => {
                let is_remark = item.kind == ItemKind::Remark;
                assert!(facts.room.bot_joined);
                assert!(is_remark || !matches!(facts.sender_role, Role::Bot));
                assert_eq!(item.room, event.room);
            }
            Effect::Say { text, .. } | Effect::Report { text } => assert!(!text.is_empty()),
            _ => {}
        }
    }
}

/// The same event by everybody, in rooms of several kinds.
fn facts(event: &RoomEvent) -> Vec<EventFacts> {
    let own = EmailAddress::parse("support@example.org").expect("an address");
    let jane = EmailAddress::parse("jane@acme.com").expect("an address");
    let conversation = ConversationFacts {
        id: ConversationId(1),
        customer: CustomerId(1),
        thread_root: None,
        people: vec![PersonFacts {
            contact: ContactId(1),
            address: jane.clone(),
            name: "Jane Doe".to_owned(),
            ghost: owned_user_id!("@_email_jane.doe.k7f3:example.org"),
            is_guest: false,
            moved: None,
        }],
        waiting: 1,
        goes_at: Some(jiff::Timestamp::MAX),
        undelivered: 0,
    };
    let target = TargetFacts {
        event: owned_event_id!("$x"),
        sender: event.sender.clone(),
        internal: false,
        placed: vec![placement()],
        thread_root: None,
        mail: Some(MailId(1)),
        offer: None,
        has_visitors: false,
    };
    let details = Details {
        locales: vec![LocaleFacts {
            customer: CustomerId(1),
            language: Language::English,
            language_by: LocaleSource::Mail,
            time_zone: "+01:00".to_owned(),
            time_zone_by: LocaleSource::Staff,
        }],
        zone: Some(ZoneFacts::Known("Europe/Paris".to_owned())),
        ..Details::default()
    };
    let bot = owned_user_id!("@postroom:example.org");
    let roles: &[Role] = if event.sender == bot {
        &[Role::Bot]
    } else {
        &[
            Role::Staff,
            Role::Visitor,
            Role::Ghost(ContactId(1)),
            Role::NobodysGhost,
        ]
    };
    let mut all = Vec::new();
    for (at, &sender_role) in roles.iter().enumerate() {
        for (encrypted, bot_joined) in [(false, true), (true, true), (false, false)] {
            let mut target = target.clone();
            target.internal = at == 1;
            target.has_visitors = encrypted;
            target.placed[0].waits = !encrypted;
            all.push(EventFacts {
                life: LifeFacts::default(),
                bot: bot.clone(),
                sender_role,
                sender_name: "Ann".to_owned(),
                room: RoomFacts {
                    id: owned_room_id!("!r"),
                    encrypted,
                    is_direct: false,
                    bot_joined,
                    conversations: vec![conversation.clone()],
                    settings: Settings {
                        notices: true,
                        changes: true,
                        ..Settings::default()
                    },
                },
                past: past(&target, encrypted),
                target: bot_joined.then_some(target),
                had: Vec::new(),
                subject: Some(GhostFacts {
                    address: (!encrypted).then(|| jane.clone()),
                }),
                own_addresses: OwnAddresses {
                    addresses: vec![own.clone()],
                    domains: Vec::new(),
                },
                control_room: encrypted.then(|| owned_room_id!("!control")),
                details: details.clone(),
            });
        }
    }
    all
}

fn placement() -> Placement {
    Placement {
        conversation: ConversationId(1),
        waits: true,
        has_leavers: false,
        gone_to: GoneTo {
            surely: vec!["Jane Doe".to_owned()],
            perhaps: vec!["Carl Cox".to_owned()],
        },
        excerpt: "What was said".to_owned(),
        said: Some(Said {
            words: Words {
                body: "What was said".to_owned(),
                html: None,
            },
            shared: None,
        }),
        correction: Some(owned_event_id!("$z")),
    }
}

fn past(target: &TargetFacts, is_placed: bool) -> Past {
    let poll = Poll {
        question: "When?".to_owned(),
        answers: vec![("a".to_owned(), "Monday".to_owned())],
        most_choices: 1,
    };
    let words = Words {
        body: "What was said before".to_owned(),
        html: None,
    };
    Past {
        thread: vec![ConversationId(1); usize::from(is_placed)],
        edited: is_placed.then(|| Content::Text(words.clone())),
        hanging: vec![owned_event_id!("$y")],
        taken_back: TakenBack::Edit {
            message: Box::new(target.clone()),
            said: Box::new(Content::Text(words.clone())),
            before: Some(Content::Text(words)),
        },
        poll: Some(PollFacts {
            poll,
            votes: Vec::new(),
        }),
        member: None,
    }
}
