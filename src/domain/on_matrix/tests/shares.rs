//! What is shared: files, places, polls.

use super::*;

#[rstest]
#[case::file(
    file("plan.pdf", Some("mxc://x/y")),
    Some("the plan"),
    r#"write 1 Shared "the plan"; write 2 Shared "the plan""#
)]
#[case::without_words(
    file("plan.pdf", Some("mxc://x/y")),
    None,
    r#"write 1 Shared ""; write 2 Shared """#
)]
#[case::place(place(), None, r#"write 1 Shared ""; write 2 Shared """#)]
#[case::poll(Shared::Poll(poll()), None, r#"write 1 Shared ""; write 2 Shared """#)]
#[case::without_source(
    file("plan.pdf", None),
    None,
    r#"write 1 Shared ""; write 2 Shared ""; say"#
)]
#[case::a_note(
    file("plan.pdf", Some("mxc://x/y")),
    Some("!!only for us"),
    "internal $this; react 🔒 $this"
)]
#[case::another_note(
    file("plan.pdf", None),
    Some("!note only for us"),
    "internal $this; react 🔒 $this"
)]
#[case::misspelt_command(
    file("plan.pdf", Some("mxc://x/y")),
    Some("!emial list"),
    "internal $this; say"
)]
fn what_is_shared_goes_to_everybody(
    #[case] shared: Shared,
    #[case] caption: Option<&str>,
    #[case] expected: &str,
) {
    let effects = decide(&event(share(shared.clone(), caption)), &scene());
    assert_eq!(short(&effects), expected);
    for effect in &effects {
        if let Effect::Write { item, .. } = effect {
            assert_eq!(item.shared.as_ref(), Some(&shared));
        }
    }
}

#[test]
fn a_customers_file_goes_to_the_others_whatever_it_is_called() {
    let facts = EventFacts {
        sender_role: Role::Ghost(ContactId(1)),
        ..scene()
    };
    let kind = share(file("plan.pdf", None), Some("!!urgent"));
    assert_eq!(
        short(&decide(&event(kind), &facts)),
        r#"write 2 Shared "!!urgent""#
    );
}
