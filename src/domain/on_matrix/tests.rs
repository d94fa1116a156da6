//! The decisions about events, as tables. `scene` is a room with Jane of Acme in conversation 1 and
//! Bob of Beta in conversation 2; Ann is staff.

use rstest::rstest;
use ruma::{OwnedUserId, owned_event_id, owned_room_id, owned_user_id};

use super::*;
use crate::domain::{
    address::EmailAddress,
    effect::{Amend, Ballot, ItemKind},
    event::{Content, Membership, Relation, Said, Words},
    facts::{
        ConversationFacts, Details, GoneTo, LifeFacts, OwnAddresses, Past, PersonFacts, Placement,
        Role, RoomFacts, TargetFacts,
    },
    ids::{ContactId, ConversationId, CustomerId, MailId},
    life::Life,
    outgoing::Offer,
    settings::Settings,
    sharing::{FileKind, Opaque, Place, Poll, Shared, SharedFile},
};

mod broadcasts;
mod changes;
mod edits;
mod life;
mod memberships;
mod onboarding;
mod polls;
mod quotes;
mod reactions;
mod sending;
mod shares;
mod threads;

fn person(contact: i64, address: &str, name: &str, ghost: OwnedUserId) -> PersonFacts {
    PersonFacts {
        contact: ContactId(contact),
        address: EmailAddress::parse(address).unwrap(),
        name: name.to_owned(),
        ghost,
        is_guest: false,
        moved: None,
    }
}

fn conversation(id: i64, who: PersonFacts) -> ConversationFacts {
    ConversationFacts {
        id: ConversationId(id),
        customer: CustomerId(id),
        thread_root: None,
        people: vec![who],
        waiting: 0,
        goes_at: None,
        undelivered: 0,
    }
}

fn scene() -> EventFacts {
    let jane = person(
        1,
        "jane@acme.com",
        "Jane",
        owned_user_id!("@_email_jane.aaaa:example.org"),
    );
    let bob = person(
        2,
        "bob@beta.example",
        "Bob",
        owned_user_id!("@_email_bob.bbbb:example.org"),
    );
    EventFacts {
        bot: owned_user_id!("@postroom:example.org"),
        sender_role: Role::Staff,
        sender_name: "Ann".to_owned(),
        room: RoomFacts {
            id: owned_room_id!("!room"),
            encrypted: false,
            bot_joined: true,
            is_direct: false,
            conversations: vec![conversation(1, jane), conversation(2, bob)],
            settings: Settings::default(),
        },
        target: None,
        had: Vec::new(),
        subject: None,
        own_addresses: OwnAddresses {
            addresses: vec![EmailAddress::parse("support@example.org").unwrap()],
            domains: Vec::new(),
        },
        control_room: None,
        past: Past::default(),
        life: LifeFacts::default(),
        details: Details::default(),
    }
}

fn event(kind: EventKind) -> RoomEvent {
    RoomEvent {
        reason: None,
        is_direct: false,
        id: owned_event_id!("$this"),
        room: owned_room_id!("!room"),
        sender: owned_user_id!("@ann:example.org"),
        sent_at: jiff::Timestamp::UNIX_EPOCH,
        effect: None,
        kind,
    }
}

fn words(body: &str) -> Words {
    Words {
        body: body.to_owned(),
        html: None,
    }
}

fn text(body: &str) -> EventKind {
    EventKind::Message {
        content: Content::Text(words(body)),
        relation: Relation::default(),
    }
}

fn reply(body: &str, to: &str) -> EventKind {
    let relation = Relation {
        thread_root: None,
        reply_to: Some(to.try_into().unwrap()),
    };
    EventKind::Message {
        content: Content::Text(words(body)),
        relation,
    }
}

/// `placed`: in which conversations it stands, and whether it waits there.
fn target(internal: bool, placed: &[(i64, bool)]) -> TargetFacts {
    TargetFacts {
        event: owned_event_id!("$before"),
        sender: owned_user_id!("@ann:example.org"),
        internal,
        placed: placed
            .iter()
            .map(|(id, waits)| Placement {
                conversation: ConversationId(*id),
                waits: *waits,
                has_leavers: false,
                gone_to: GoneTo {
                    surely: vec![format!("person {id}")],
                    perhaps: Vec::new(),
                },
                excerpt: "what was said".to_owned(),
                said: Some(Said {
                    words: words("what was said"),
                    shared: None,
                }),
                correction: None,
            })
            .collect(),
        thread_root: None,
        mail: None,
        offer: None,
        has_visitors: false,
    }
}

/// The effects in short: what is written to whom, and what is done.
fn short(effects: &[Effect]) -> String {
    let one = |effect: &Effect| match effect {
        Effect::Write { conversation, item } => {
            let quote = item.quote.as_ref().map_or("", |_| " with quote");
            format!(
                "write {conversation} {:?} {:?}{quote}",
                item.kind, item.words.body
            )
        }
        Effect::WriteInThread {
            customer,
            main,
            thread_root,
            item,
            ..
        } => format!(
            "write in thread {thread_root} of {customer} ({main}) {:?}",
            item.words.body
        ),
        Effect::Amend(Amend::Rewrite {
            event,
            conversations,
            said,
            ..
        }) => {
            let numbers: Vec<String> = conversations.iter().map(ToString::to_string).collect();
            format!(
                "rewrite {event} in {} {:?}",
                numbers.join(" "),
                said.words.body
            )
        }
        Effect::Amend(Amend::Unsay {
            message,
            conversation,
        }) => format!("unsay {message} in {conversation}"),
        Effect::Amend(Amend::TakeOut {
            conversation,
            event,
        }) => format!("take {event} out of {conversation}"),
        Effect::Amend(Amend::Remember { message, event }) => format!("{event} edits {message}"),
        Effect::Ballot(Ballot::Cast { poll, answers, .. }) => format!("vote in {poll} {answers:?}"),
        Effect::Ballot(Ballot::Withdraw { poll, vote, .. }) => format!("forget {vote} in {poll}"),
        Effect::Ballot(Ballot::Close { poll }) => format!("end {poll}"),
        Effect::Strike { event } => format!("strike {event}"),
        Effect::MarkInternal { event } => format!("internal {event}"),
        Effect::React { event, key, .. } => format!("react {key} {event}"),
        Effect::Say { .. } => "say".to_owned(),
        Effect::Report { .. } => "report".to_owned(),
        Effect::SendNow { conversations } => {
            let numbers: Vec<String> = conversations.iter().map(ToString::to_string).collect();
            format!("send {} now", numbers.join(" "))
        }
        Effect::AddCustomer { people, .. } => format!("add {}", people[0].address),
        Effect::RemoveContact { contact, .. } => format!("remove {contact}"),
        Effect::DeclineAsGhost { localpart, .. }
        | Effect::Life(Life::Decline { localpart, .. }) => format!("decline {localpart}"),
        Effect::RememberMember {
            user, membership, ..
        } => format!("remember {user} {membership:?}"),
        Effect::BotJoins { .. } => "join".to_owned(),
        Effect::BotLeaves { .. } => "leave".to_owned(),
        Effect::CloseConversations { .. } => "close".to_owned(),
        Effect::TakeUp { event, .. } => format!("take up {event}"),
        Effect::ShowOriginal {
            room,
            thread_root,
            mail,
        } => match thread_root {
            Some(root) => format!("show mail {mail} in {room} below {root}"),
            None => format!("show mail {mail} in {room}"),
        },
        Effect::Life(Life::Suspend { .. }) => "suspend".to_owned(),
        Effect::Life(Life::Resume { .. }) => "resume".to_owned(),
        Effect::Life(Life::GiveUp { .. }) => "give up".to_owned(),
        Effect::Life(Life::Bid { localpart, .. }) => format!("bid {localpart}"),
        Effect::Life(Life::Succeed { new, .. }) => format!("succeed {new}"),
        Effect::Life(Life::Move { old, .. }) => format!("move {old}"),
        Effect::Life(Life::RememberDeserted { is_deserted, .. }) => {
            format!("deserted {is_deserted}")
        }
        Effect::Life(Life::RememberTold { about, .. }) => format!("told {about}"),
        Effect::Life(Life::RememberLevels { .. }) => "levels".to_owned(),
        Effect::Life(Life::ForgetBids { .. }) => "forget bids".to_owned(),
        other => format!("{other:?}"),
    };
    effects.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_message_goes_to_every_customer_of_the_room() {
    let effects = decide(&event(text("hello")), &scene());
    assert_eq!(
        short(&effects),
        r#"write 1 Text "hello"; write 2 Text "hello""#
    );
}

#[test]
fn a_customers_words_go_to_the_others_only() {
    let facts = EventFacts {
        sender_role: Role::Ghost(ContactId(1)),
        ..scene()
    };
    let effects = decide(&event(text("hello")), &facts);
    assert_eq!(short(&effects), r#"write 2 Text "hello""#);
    let Effect::Write { item, .. } = &effects[0] else {
        panic!()
    };
    assert!(!item.by_staff, "a customer's name never stands in From");
}

#[rstest]
#[case("!!secret")]
#[case("!note secret")]
#[case("!email list")]
#[case("!emial list")]
#[case("!email add jane@acme.com")]
fn commands_and_notes_are_never_written_to_anybody(#[case] body: &str) {
    let effects = decide(&event(text(body)), &scene());
    assert!(matches!(effects[0], Effect::MarkInternal { .. }));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Write { .. })),
        "{effects:?}"
    );
}

#[rstest]
#[case("!email remove bob@beta.example")]
#[case("!!loud")]
fn a_mail_that_reads_like_a_command_is_a_mail(#[case] body: &str) {
    let facts = EventFacts {
        sender_role: Role::Ghost(ContactId(1)),
        ..scene()
    };
    assert_eq!(
        short(&decide(&event(text(body)), &facts)),
        format!("write 2 Text {body:?}")
    );
}

#[test]
fn a_visitor_commands_nothing() {
    let facts = EventFacts {
        sender_role: Role::Visitor,
        ..scene()
    };
    let effects = decide(&event(text("!email remove jane@acme.com")), &facts);
    assert_eq!(short(&effects), "internal $this; say");
}

#[rstest]
#[case(Role::Bot)]
#[case(Role::NobodysGhost)]
fn our_own_words_go_nowhere(#[case] role: Role) {
    let facts = EventFacts {
        sender_role: role,
        bot: owned_user_id!("@ann:example.org"),
        ..scene()
    };
    let effects = decide(&event(text("hello")), &facts);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Write { .. }))
    );
}

#[test]
fn nothing_is_heard_where_the_bot_is_not() {
    let mut facts = scene();
    facts.room.bot_joined = false;
    assert_eq!(decide(&event(text("hello")), &facts), []);
}

#[rstest]
#[case::plain(target(true, &[]), "internal $this; react 🔒 $this")]
#[case::mailed(target(false, &[(1, false)]), r#"write 1 Text "so" with quote; write 2 Text "so""#)]
#[case::unknown_to_both(target(false, &[]), r#"write 1 Text "so"; write 2 Text "so""#)]
fn a_reply_hangs_on_its_target(#[case] target: TargetFacts, #[case] expected: &str) {
    let facts = EventFacts {
        target: Some(target),
        ..scene()
    };
    let effects = decide(&event(reply("so", "$before")), &facts);
    assert_eq!(short(&effects), expected);
}

fn file(name: &str, source: Option<&str>) -> Shared {
    Shared::File(SharedFile {
        kind: FileKind::File,
        source: source.map(Into::into),
        filename: name.to_owned(),
        content_type: None,
        size: None,
        duration: None,
    })
}

fn share(shared: Shared, caption: Option<&str>) -> EventKind {
    EventKind::Message {
        content: Content::Shared {
            shared,
            caption: caption.map(words),
        },
        relation: Relation::default(),
    }
}

fn place() -> Shared {
    Shared::Place(Place {
        description: "Office".to_owned(),
        latitude: 48.85,
        longitude: 2.35,
    })
}

fn poll() -> Poll {
    Poll {
        question: "When?".to_owned(),
        answers: vec![
            ("a".to_owned(), "Monday".to_owned()),
            ("b".to_owned(), "Friday".to_owned()),
        ],
        most_choices: 1,
    }
}

#[rstest]
#[case(Content::Shared { shared: file("a.png", None), caption: None })]
#[case(Content::Opaque { what: Opaque::Encrypted, name: String::new() })]
#[case(Content::Text(words("more")))]
fn what_hangs_on_a_note_stays_inside_and_shows_it(#[case] content: Content) {
    let relation = Relation {
        thread_root: Some(owned_event_id!("$before")),
        reply_to: None,
    };
    let facts = EventFacts {
        target: Some(target(true, &[])),
        ..scene()
    };
    let effects = decide(&event(EventKind::Message { content, relation }), &facts);
    assert_eq!(short(&effects), "internal $this; react 🔒 $this");
}

#[rstest]
#[case(Opaque::Encrypted, "")]
#[case(Opaque::Unknown, "beep")]
fn what_is_not_carried_is_named_and_its_author_told(#[case] what: Opaque, #[case] name: &str) {
    let kind = EventKind::Message {
        content: Content::Opaque {
            what,
            name: name.to_owned(),
        },
        relation: Relation::default(),
    };
    let effects = decide(&event(kind), &scene());
    assert_eq!(
        short(&effects),
        r#"write 1 NotCarried ""; write 2 NotCarried ""; say"#
    );
    let name = name.to_owned();
    let Effect::Write { item, .. } = &effects[0] else {
        panic!()
    };
    assert_eq!(item.shared, Some(Shared::Opaque { what, name }));
}

#[rstest]
#[case::unwanted(false, "@ci:example.org", "build passed", "")]
#[case::wanted(
    true,
    "@ci:example.org",
    "build passed",
    r#"write 1 Text "build passed"; write 2 Text "build passed""#
)]
#[case::a_bridges(true, "@_irc_bot:example.org", "joined", "")]
#[case::a_command(true, "@ci:example.org", "!email remove jane@acme.com", "")]
#[case::a_note(true, "@ci:example.org", "!!failed", "internal $this; react 🔒 $this")]
fn notices_are_other_machines_talk(
    #[case] wanted: bool,
    #[case] sender: &str,
    #[case] body: &str,
    #[case] expected: &str,
) {
    let kind = EventKind::Message {
        content: Content::Notice(words(body)),
        relation: Relation::default(),
    };
    let mut facts = scene();
    facts.room.settings.notices = wanted;
    let event = RoomEvent {
        sender: sender.try_into().unwrap(),
        ..event(kind)
    };
    assert_eq!(short(&decide(&event, &facts)), expected);
}
