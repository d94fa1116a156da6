//! Edits and redactions, before a letter has gone and after.

use super::*;
use crate::domain::facts::TakenBack;

fn edit(content: Content) -> RoomEvent {
    event(EventKind::Edit {
        target: owned_event_id!("$before"),
        content,
    })
}

fn redaction(of: &str) -> RoomEvent {
    event(EventKind::Redaction {
        target: of.try_into().unwrap(),
    })
}

fn about(target: TargetFacts) -> EventFacts {
    EventFacts {
        target: Some(target),
        ..scene()
    }
}

/// One that has gone, with a correction that hasn't.
fn corrected() -> TargetFacts {
    let mut corrected = target(false, &[(1, false)]);
    corrected.placed[0].correction = Some(owned_event_id!("$edit"));
    corrected
}

#[rstest]
#[case::waits("new", target(false, &[(1, true)]), r#"$this edits $before; rewrite $before in 1 "new""#)]
#[case::gone("new", target(false, &[(1, false)]), r#"$this edits $before; write 1 Correction "new""#)]
#[case::both("new", target(false, &[(1, false), (2, true)]), r#"$this edits $before; rewrite $before in 2 "new"; write 1 Correction "new""#)]
#[case::the_same("what was said", target(false, &[(1, false), (2, true)]), "$this edits $before")]
#[case::again(
    "newer",
    corrected(),
    r#"$this edits $before; take $edit out of 1; write 1 Correction "newer""#
)]
#[case::back(
    "what was said",
    corrected(),
    "$this edits $before; take $edit out of 1"
)]
#[case::of_a_closed_conversation("new", target(false, &[(9, false)]), "$this edits $before")]
#[case::a_note_stays_one("new", target(true, &[]), "internal $this")]
#[case::becomes_a_note("!!new", target(false, &[(1, true)]), "strike $before; internal $before; react 🔒 $before")]
#[case::becomes_a_note_too_late("!!new", target(false, &[(1, false)]), "strike $before; say; internal $before; react 🔒 $before")]
fn an_edit(#[case] body: &str, #[case] target: TargetFacts, #[case] expected: &str) {
    let effects = decide(&edit(Content::Text(words(body))), &about(target));
    assert_eq!(short(&effects), expected);
}

#[test]
fn a_correction_tells_what_was_said_and_hangs_on_it() {
    let effects = decide(
        &edit(Content::Text(words("new"))),
        &about(target(false, &[(1, false)])),
    );
    let Some(Effect::Write { item, .. }) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!(item.earlier.as_deref(), Some("what was said"));
    assert_eq!(item.reply_to.as_ref().unwrap(), "$before");
    assert_eq!(item.about.as_ref().unwrap(), "$before");
}

#[rstest]
#[case(
    Role::Visitor,
    r#"$this edits $before; write 1 Correction "new"; write 2 Correction "new""#
)]
#[case(
    Role::Ghost(ContactId(1)),
    r#"$this edits $before; write 2 Correction "new""#
)]
fn everybody_corrects_themselves(#[case] role: Role, #[case] expected: &str) {
    let facts = EventFacts {
        sender_role: role,
        ..about(target(false, &[(1, false), (2, false)]))
    };
    let effects = decide(&edit(Content::Text(words("new"))), &facts);
    assert_eq!(short(&effects), expected);
}

#[rstest]
fn nobody_edits_for_others(#[values(true, false)] waits: bool) {
    let mut original = target(false, &[(1, waits)]);
    original.sender = owned_user_id!("@carol:example.org");
    let effects = decide(&edit(Content::Text(words("x"))), &about(original));
    assert_eq!(short(&effects), "internal $this");
}

fn shared(waits: bool, what: &Shared, caption: &str) -> TargetFacts {
    let mut known = target(false, &[(1, waits)]);
    known.placed[0].said = Some(Said {
        words: words(caption),
        shared: Some(what.clone()),
    });
    known
}

#[rstest]
#[case::caption(
    true,
    file("a.pdf", Some("mxc://x/a")),
    "new",
    r#"rewrite $before in 1 "new""#
)]
#[case::caption_too_late(
    false,
    file("a.pdf", Some("mxc://x/a")),
    "new",
    r#"write 1 Correction "new""#
)]
#[case::no_caption(
    false,
    file("a.pdf", Some("mxc://x/a")),
    "",
    r#"write 1 Correction """#
)]
#[case::another_file(
    true,
    file("b.pdf", Some("mxc://x/b")),
    "old",
    r#"rewrite $before "old""#
)]
#[case::another_file_too_late(
    false,
    file("b.pdf", Some("mxc://x/b")),
    "old",
    r#"write 1 Shared "old""#
)]
#[case::a_note(true, file("a.pdf", Some("mxc://x/a")), "!!new", "")]
fn an_edit_of_a_file(
    #[case] waits: bool,
    #[case] now: Shared,
    #[case] caption: &str,
    #[case] expected: &str,
) {
    let facts = about(shared(waits, &file("a.pdf", Some("mxc://x/a")), "old"));
    let content = Content::Shared {
        shared: now,
        caption: (!caption.is_empty()).then(|| words(caption)),
    };
    let effects = decide(&edit(content), &facts);
    if expected.is_empty() {
        assert_eq!(
            short(&effects),
            "strike $before; internal $before; react 🔒 $before"
        );
    } else {
        assert_eq!(short(&effects), format!("$this edits $before; {expected}"));
    }
}

#[rstest]
#[case(true, r#"rewrite $before in 1 """#)]
#[case(false, r#"write 1 Correction "When then?\n- Monday\n- Friday""#)]
fn an_edit_of_a_poll(#[case] waits: bool, #[case] expected: &str) {
    let facts = about(shared(waits, &Shared::Poll(poll()), ""));
    let now = Poll {
        question: "When then?".to_owned(),
        ..poll()
    };
    let content = Content::Shared {
        shared: Shared::Poll(now),
        caption: None,
    };
    assert_eq!(
        short(&decide(&edit(content), &facts)),
        format!("$this edits $before; {expected}")
    );
}

#[rstest]
#[case::waiting(target(false, &[(1, true)]), "strike $before")]
#[case::gone(target(false, &[(1, false)]), "strike $before; say")]
fn a_redaction(#[case] target: TargetFacts, #[case] expected: &str) {
    assert_eq!(
        short(&decide(&redaction("$before"), &about(target))),
        expected
    );
}

#[test]
fn a_reaction_that_has_gone_is_taken_back_without_a_word() {
    let mut facts = about(target(false, &[(1, false)]));
    facts.past.taken_back = TakenBack::Reaction;
    assert_eq!(
        short(&decide(&redaction("$before"), &facts)),
        "strike $before"
    );
}

#[test]
fn a_vote_that_is_taken_back_counts_no_more() {
    let mut facts = about(target(false, &[]));
    facts.past.taken_back = TakenBack::Vote {
        poll: owned_event_id!("$poll"),
        voter: owned_user_id!("@ann:example.org"),
    };
    assert_eq!(
        short(&decide(&redaction("$before"), &facts)),
        "strike $before; forget $before in $poll"
    );
}

/// The edit `$edit` made of "what was said" before what the message says now.
#[rstest]
#[case::rewritten(target(false, &[(1, true)]), Some("first words"), r#"strike $edit; rewrite $before in 1 "first words""#)]
#[case::gone(target(false, &[(1, false)]), Some("first words"), r#"strike $edit; say; write 1 Correction "first words"; unsay $before in 1"#)]
#[case::its_correction_waits(
    corrected(),
    Some("what was said"),
    "strike $edit; take $edit out of 1"
)]
#[case::not_the_last(target(false, &[(1, true)]), None, "strike $edit")]
#[case::gone_and_not_the_last(target(false, &[(1, false)]), None, "strike $edit; say; unsay $before in 1")]
#[case::of_a_note(target(true, &[]), Some("first words"), "strike $edit")]
fn an_edit_that_is_taken_back(
    #[case] message: TargetFacts,
    #[case] before: Option<&str>,
    #[case] expected: &str,
) {
    let mut facts = scene();
    let is_made = message.placed.iter().all(|it| it.correction.is_none());
    facts.past.taken_back = TakenBack::Edit {
        said: Box::new(Content::Text(words(if is_made {
            "what was said"
        } else {
            "newer"
        }))),
        message: Box::new(message),
        before: before.map(|body| Content::Text(words(body))),
    };
    let effects = decide(&redaction("$edit"), &facts);
    assert_eq!(short(&effects), expected);
    for effect in &effects {
        if let Effect::Write { item, .. } = effect {
            assert_eq!(item.earlier, None, "what was taken back is not repeated");
        }
    }
}

#[test]
fn a_moderator_puts_nobodys_words_into_a_correction() {
    let mut message = target(false, &[(1, false), (2, true)]);
    message.sender = owned_user_id!("@carol:example.org");
    let mut facts = scene();
    facts.past.taken_back = TakenBack::Edit {
        said: Box::new(Content::Text(words("what was said"))),
        message: Box::new(message),
        before: Some(Content::Text(words("first words"))),
    };
    assert_eq!(
        short(&decide(&redaction("$edit"), &facts)),
        r#"strike $edit; say; rewrite $before in 2 "first words"; unsay $before in 1"#
    );
}

#[test]
fn what_hangs_on_a_note_becomes_one_with_it() {
    let mut facts = about(target(false, &[(1, true)]));
    facts.past.hanging = vec![owned_event_id!("$answer")];
    let effects = decide(&edit(Content::Text(words("!!new"))), &facts);
    assert_eq!(
        short(&effects),
        "strike $before; internal $before; react 🔒 $before; strike $answer; internal $answer; \
         react 🔒 $answer"
    );
}

#[rstest]
#[case::says_it("new", r#"write 1 Text "new"; write 2 Text "new""#)]
#[case::is_a_note("!!new", "internal $this; react 🔒 $this")]
fn an_edit_that_came_before_its_message(#[case] body: &str, #[case] expected: &str) {
    let edit = edit(Content::Text(words(body)));
    assert_eq!(short(&decide(&edit, &scene())), "$this edits $before");
    let mut facts = scene();
    facts.past.edited = Some(Content::Text(words(body)));
    assert_eq!(short(&decide(&event(text("old")), &facts)), expected);
    let note = decide(&event(text("!!old")), &facts);
    assert_eq!(short(&note), "internal $this; react 🔒 $this");
}

#[test]
fn who_has_left_gets_no_new_words() {
    let mut left = target(false, &[(1, true), (2, true)]);
    left.placed[0].has_leavers = true;
    let effects = decide(&edit(Content::Text(words("new"))), &about(left.clone()));
    assert_eq!(
        short(&effects),
        r#"$this edits $before; rewrite $before in 2 "new"; write 1 Correction "new""#
    );
    // But nobody gets what was taken back.
    let mut facts = scene();
    facts.past.taken_back = TakenBack::Edit {
        said: Box::new(Content::Text(words("what was said"))),
        message: Box::new(left),
        before: Some(Content::Text(words("first words"))),
    };
    assert_eq!(
        short(&decide(&redaction("$edit"), &facts)),
        r#"strike $edit; rewrite $before in 1 2 "first words""#
    );
}

#[test]
fn a_redaction_is_heard_where_the_bot_is_not() {
    let mut facts = about(target(false, &[(1, false)]));
    facts.room.bot_joined = false;
    let effects = decide(&redaction("$before"), &facts);
    assert_eq!(short(&effects), "strike $before; report");
}
