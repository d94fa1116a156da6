//! What `!email help COMMAND` shows besides the usage: how a command is typed. A test reads each.

/// The name of a command, and examples of it.
pub const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "add",
        &[
            "!email add jane@acme.com Jane Doe",
            "!email add jane@acme.com, bob@acme.com",
        ],
    ),
    ("remove", &["!email remove jane@acme.com"]),
    ("resume", &["!email resume jane@acme.com"]),
    (
        "list",
        &["!email list", "!email list mine", "!email list waiting 2"],
    ),
    ("find", &["!email find board bring-up"]),
    ("status", &["!email status", "!email status 7"]),
    ("open", &["!email open", "!email open 7"]),
    ("close", &["!email close", "!email close 7"]),
    ("pending", &["!email pending", "!email pending 7"]),
    (
        "assign",
        &["!email assign me", "!email assign 7 @ann:example.org"],
    ),
    ("unassign", &["!email unassign", "!email unassign 7"]),
    (
        "subject",
        &[
            "!email subject Board bring-up",
            "!email subject #7 Board bring-up",
        ],
    ),
    (
        "note",
        &[
            "!email note calls back on Tuesday",
            "!email note #7 calls back on Tuesday",
        ],
    ),
    (
        "move",
        &[
            "!email move 7 #training:example.org",
            "!email move 7 !room:example.org --share",
        ],
    ),
    ("merge", &["!email merge 9 7"]),
    ("now", &["!email now"]),
    ("original", &["!email original"]),
    ("held", &["!email held"]),
    ("release", &["!email release 7", "!email release 7 add"]),
    ("drop", &["!email drop 7"]),
    ("revoke", &["!email revoke", "!email revoke 7"]),
    (
        "settings",
        &["!email settings", "!email settings quiet 10m"],
    ),
    (
        "language",
        &["!email language fr", "!email language jane@acme.com de"],
    ),
    ("timezone", &["!email timezone Europe/Paris"]),
    ("block", &["!email block *@spam.example"]),
    ("unblock", &["!email unblock *@spam.example"]),
    ("allow", &["!email allow news@acme.com"]),
    ("blocked", &["!email blocked"]),
    ("help", &["!email help", "!email help close"]),
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::command::{COMMANDS, Command};

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
}
