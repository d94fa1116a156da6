//! Commands as they are typed, well and badly.

use rstest::rstest;

use super::*;

#[rstest]
#[case("!email", Some(Command::Help(help::Help::default())))]
#[case("!Email LIST", Some(Command::List(Ok(list::List { filter: None, page: 1 }))))]
#[case(" !email now ", Some(Command::Now))]
#[case("!emial add x@y.z", Some(Command::Misspelt { word: "!emial".into() }))]
#[case("!mail list", Some(Command::Misspelt { word: "!mail".into() }))]
#[case("!email lits", Some(Command::Unknown { word: "lits".into(), meant: Some("list") }))]
#[case("!email frobnicate", Some(Command::Unknown { word: "frobnicate".into(), meant: None }))]
#[case("Write to my !email", None)]
#[case("email list", None)]
#[case("!note this", None)]
fn reads_commands(#[case] text: &str, #[case] expected: Option<Command>) {
    assert_eq!(Command::parse(text), expected);
}

#[rstest]
#[case("!!secret", true)]
#[case("!note the price", true)]
#[case("!NOTE", true)]
#[case("!notes", false)]
#[case("wow!!", false)]
#[case("/usr/bin is //fine", false)]
fn knows_notes(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(is_note(text), expected);
}

#[test]
fn every_command_in_the_help_is_known() {
    for (name, usage, _) in COMMANDS {
        let parsed = Command::parse(&format!("!email {name}"));
        assert!(
            !matches!(parsed, None | Some(Command::Unknown { .. })),
            "{usage}"
        );
    }
}

#[test]
fn every_example_is_a_sound_command() {
    for (name, examples) in EXAMPLES {
        assert!(COMMANDS.iter().any(|(known, _, _)| known == name), "{name}");
        for example in *examples {
            let read = format!("{:?}", Command::parse(example));
            let is_sound = !read.contains("Err(")
                && !read.contains("Unknown")
                && !read.contains("Misspelt")
                && read != "None";
            assert!(is_sound, "{example}: {read}");
            assert!(example.starts_with(&format!("!email {name}")), "{example}");
        }
    }
}

#[test]
fn every_command_of_the_help_has_an_example() {
    for (name, usage, _) in COMMANDS {
        let has_one = EXAMPLES
            .iter()
            .any(|(of, examples)| of == name && !examples.is_empty());
        assert!(has_one, "{usage}");
    }
}

/// What is typed, and a part of what is read.
#[rstest]
#[case(
    "!email close",
    "Progress(Ok(SetProgress { number: None, progress: Done"
)]
#[case(
    "!email close 7",
    "Progress(Ok(SetProgress { number: Some(ConversationId(7)), progress: Done"
)]
#[case(
    "!email CLOSE #7",
    "Progress(Ok(SetProgress { number: Some(ConversationId(7)), progress: Done"
)]
#[case("!email reopen 7", "progress: Open")]
#[case("!email pending x", "Progress(Err(")]
#[case("!email close 7 8", "Progress(Err(")]
#[case("!email close 0", "Progress(Err(")]
#[case("!email close -7", "Progress(Err(")]
#[case("!email close 99999999999999999999", "Progress(Err(")]
#[case("!email assign", "whom: Me")]
#[case("!email assign me", "whom: Me")]
#[case("!email assign 7 me", "number: Some(ConversationId(7)), whom: Me")]
#[case("!email assign me 7", "number: Some(ConversationId(7)), whom: Me")]
#[case(
    "!email assign @bo:example.org 7",
    "number: Some(ConversationId(7)), whom: User("
)]
#[case("!email assign @bo:example.org:", "whom: User(\"@bo:example.org\"")]
#[case("!email assign bo", "Assign(Err(NotAUser")]
#[case("!email assign @bo", "Assign(Err(NotAUser")]
#[case("!email unassign 7", "whom: Nobody")]
#[case("!email unassign @bo:example.org", "Assign(Err(NotANumber")]
#[case("!email subject 2026 courses", "number: None, text: \"2026 courses\"")]
#[case(
    "!email subject #7 Board",
    "number: Some(ConversationId(7)), text: \"Board\""
)]
#[case("!email subject #7", "Subject(Err(NoText")]
#[case("!email note", "Note(Err(NoText")]
#[case("!email note  two\n lines", "text: \"two\\n lines\"")]
#[case("!email list", "List(Ok(List { filter: None, page: 1")]
#[case("!email list waiting 2", "filter: Some(Waiting), page: 2")]
#[case("!email list 2 MINE", "filter: Some(Mine), page: 2")]
#[case("!email list 0", "List(Err(")]
#[case("!email list everything", "List(Err(")]
#[case("!email find", "Find(Err(NoText")]
#[case("!email find x", "Find(Err(TooShort")]
#[case("!email find 7", "Find(Ok(")]
#[case("!email status 7", "Status(Ok(Status { number: Some(ConversationId(7)")]
#[case("!email status now", "Status(Err(")]
#[case(
    "!email move 7 !room:example.org",
    "number: Some(ConversationId(7)), to: Room("
)]
#[case("!email move !room:example.org", "number: None, to: Room(")]
#[case(
    "!email move 7 to #desk:example.org --share",
    "to: Alias(\"#desk:example.org\"), share: true"
)]
#[case("!email move 7", "Move(Err(NotARoom")]
#[case("!email move", "Move(Err(NoRoom")]
#[case("!email move 7 8 !room:example.org", "Move(Err(NotARoom")]
#[case("!email merge 9 7", "from: ConversationId(9), into: ConversationId(7)")]
#[case(
    "!email merge #9 into #7",
    "from: ConversationId(9), into: ConversationId(7)"
)]
#[case("!email merge 9 9", "Merge(Err(Same")]
#[case("!email merge 9", "Merge(Err(NotTwo")]
#[case("!email merge nine 7", "Merge(Err(NotANumber")]
#[case("!email help Close", "about: Some(\"close\")")]
#[case("!email help !email close", "about: Some(\"close\")")]
#[case(
    "!email #7 close",
    "Elsewhere { place: Conversation(ConversationId(7)), text: \"!email close #7\""
)]
#[case("!email asign 7", "meant: Some(\"assign\")")]
fn reads_the_desks_commands(#[case] typed: &str, #[case] part: &str) {
    let read = format!("{:?}", Command::parse(typed));
    assert!(read.contains(part), "{read}");
}

/// What staff may type wrongly, and a part of what they are told.
const MISTAKES: &[(&str, &str)] = &[
    ("!email add", "Whom?"),
    ("!email add Jane Doe", "“Jane” is not an email address"),
    ("!email add jane@acme..com", "is not an email address"),
    (
        "!email add jane@acme.com bob@acme.com Jane",
        "“Jane” is not an email address",
    ),
    ("!email remove", "Whom?"),
    ("!email remove Jane", "is not an email address"),
    ("!email resume", "Whom?"),
    ("!email resume Jane", "is not an email address"),
    ("!email leave jane@acme.com", "takes nothing behind it"),
    ("!email list everything", "I can't list “everything”"),
    ("!email list 0", "I can't list “0”"),
    ("!email find", "What shall I look for?"),
    ("!email find x", "please give me more of it"),
    (
        "!email status now",
        "“now” is not the number of a conversation",
    ),
    ("!email open seven", "is not the number"),
    ("!email close 7 8", "is not the number"),
    ("!email pending -7", "is not the number"),
    ("!email assign Bo", "“Bo” is not a Matrix id"),
    ("!email unassign Bo", "is not the number"),
    ("!email subject", "What shall it be called?"),
    ("!email subject #7", "What shall it be called?"),
    ("!email note", "What shall I note?"),
    ("!email move", "Where to?"),
    ("!email move 7", "“7” is not a room"),
    ("!email move seven !room:example.org", "is not a room"),
    ("!email merge", "Which two?"),
    ("!email merge 9", "Which two?"),
    ("!email merge 9 9", "#9 is one already"),
    ("!email merge 9 seven", "“seven” is not the number"),
    ("!email now please", "takes nothing behind it"),
    ("!email original 7", "takes nothing behind it"),
    ("!email held 7", "takes nothing behind it"),
    ("!email release", "Which mail?"),
    ("!email release 7 all", "Which mail?"),
    ("!email drop", "Which mail?"),
    ("!email drop all", "Which mail?"),
    ("!email requests 7", "takes nothing behind it"),
    ("!email take", "Which request?"),
    ("!email take 7 lyon", "“lyon” is not the id of a room"),
    ("!email dismiss all", "Which request?"),
    ("!email revoke all", "`!email revoke`"),
    ("!email settings quiet often", "often"),
    ("!email settings loudness 7", "loudness"),
    ("!email language Klingon", "Klingon"),
    (
        "!email language jane@acme..com en",
        "is not an email address",
    ),
    ("!email timezone jane@acme.com bob@acme.com", "One address"),
    ("!email welcome jane@acme..com", "is not an email address"),
    ("!email link jane@acme.com", "`!email link"),
    (
        "!email link jane @jane:matrix.org",
        "is not an email address",
    ),
    ("!email unlink", "`!email unlink"),
    ("!email unlink Jane", "is not an email address"),
    ("!email both", "`!email both"),
    ("!email both jane@acme.com maybe", "`!email both"),
    ("!email mail", "`!email mail"),
    ("!email mail Jane", "is not an email address"),
    ("!email allowed @jane:matrix.org", "`!email allowed"),
    ("!email allowed *@acme.com", "`!email allow"),
    ("!email block", "Whose mail?"),
    ("!email block Jane", "neither an address nor a pattern"),
    ("!email unblock", "Whose mail?"),
    ("!email allow *", "neither an address nor a pattern"),
    ("!email blocked jane@acme.com", "takes nothing behind it"),
    ("!email policy lyon", "“lyon” is no room"),
    ("!email space", "`!email space add`"),
    ("!email space add lyon", "“lyon” is no room"),
    ("!email erase", "Whom?"),
    ("!email erase Jane", "is not an email address"),
    ("!email erase jane@acme.com all", "I don't know “all”"),
    ("!email help frobnicate", "I don't know `!email frobnicate`"),
];

/// What is said in answer to a command of Ann's in an empty room.
fn said(typed: &str) -> String {
    let (event, facts) = scene::asked(typed);
    let command = Command::parse(typed).unwrap();
    let effects = command.apply(&event, &facts);
    let [Effect::Say { text, reply_to, .. }] = effects.as_slice() else {
        panic!("{typed}: {effects:?}");
    };
    assert_eq!(reply_to.as_ref(), Some(&event.id), "{typed}");
    text.clone()
}

#[test]
fn every_mistake_is_told_with_what_to_do() {
    for (typed, part) in MISTAKES {
        let said = said(typed);
        assert!(said.contains(part), "{typed}: {said}");
        assert!(said.contains("`!email "), "{typed}: {said}");
    }
}

#[test]
fn every_command_has_a_mistake_in_the_table() {
    for (name, usage, _) in COMMANDS {
        let begins = |(typed, _): &(&str, &str)| typed.split_whitespace().nth(1) == Some(*name);
        assert!(MISTAKES.iter().any(begins), "{usage}");
    }
}

/// Two letters swapped, one left out or one too many: each command is still guessed.
#[test]
fn a_mistyped_command_is_guessed() {
    for (name, _, _) in COMMANDS {
        let mut doubled = (*name).to_owned();
        doubled.push('x');
        let mut swapped: Vec<char> = name.chars().collect();
        swapped.swap(0, 1);
        for typed in [doubled, swapped.into_iter().collect()] {
            let Some(Command::Unknown { meant, .. }) = Command::parse(&format!("!email {typed} 7"))
            else {
                panic!("{typed} is a command");
            };
            let meant = meant.unwrap_or_else(|| panic!("{typed} is nothing"));
            // Where two are as near, either is a good guess.
            assert!(distance(&typed, meant) <= distance(&typed, name), "{typed}");
        }
    }
}

/// Who has only the power level of a moderator changes nothing outside of the room.
#[rstest]
#[case("!email block *@spam.example", true)]
#[case("!email unblock *@spam.example", true)]
#[case("!email allow news@acme.com", true)]
#[case("!email blocked", true)]
#[case("!email allowed matrix.org", true)]
#[case("!email allowed matrix.org off", true)]
#[case("!email erase jane@acme.com", true)]
#[case("!email resume jane@acme.com", true)]
#[case("!email space add", true)]
#[case("!email space add !other:example.org", true)]
#[case("!email policy apply", false)]
#[case("!email allowed", false)]
#[case("!email close", false)]
#[case("!email list", false)]
fn who_is_staff_by_level_alone(#[case] typed: &str, #[case] is_refused: bool) {
    let (event, mut facts) = scene::asked(typed);
    facts.details.is_by_level = true;
    let effects = Command::parse(typed).unwrap().apply(&event, &facts);
    let refusal = wording::desk::needs_listed_staff();
    let is_told = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Say { text, .. } if *text == refusal));
    assert_eq!(is_told, is_refused, "{effects:?}");
}

mod scene {
    use ruma::{owned_event_id, owned_room_id, owned_user_id};

    use crate::domain::{
        event::{Content, EventKind, Relation, RoomEvent, Words},
        facts::{Details, EventFacts, LifeFacts, OwnAddresses, Past, Role, RoomFacts},
        settings::Settings,
    };

    /// A command of Ann's in a room in which nobody takes part by email.
    pub fn asked(typed: &str) -> (RoomEvent, EventFacts) {
        let room = owned_room_id!("!room:example.org");
        let event = RoomEvent {
            reason: None,
            is_direct: false,
            id: owned_event_id!("$event"),
            room: room.clone(),
            sender: owned_user_id!("@ann:example.org"),
            sent_at: jiff::Timestamp::UNIX_EPOCH,
            effect: None,
            kind: EventKind::Message {
                content: Content::Text(Words {
                    body: typed.to_owned(),
                    html: None,
                }),
                relation: Relation::default(),
            },
        };
        let facts = EventFacts {
            life: LifeFacts::default(),
            bot: owned_user_id!("@postroom:example.org"),
            sender_role: Role::Staff,
            sender_name: "Ann".to_owned(),
            room: RoomFacts {
                id: room,
                encrypted: false,
                bot_joined: true,
                is_direct: false,
                conversations: Vec::new(),
                settings: Settings::default(),
            },
            target: None,
            had: Vec::new(),
            subject: None,
            own_addresses: OwnAddresses::default(),
            control_room: None,
            past: Past::default(),
            details: Details::default(),
        };
        (event, facts)
    }
}
