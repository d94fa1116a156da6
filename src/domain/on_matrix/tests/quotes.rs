//! What a reply repeats.

use super::*;

#[test]
fn only_whoever_had_the_message_reads_its_quote() {
    let facts = EventFacts {
        target: Some(target(false, &[(2, false)])),
        ..scene()
    };
    assert_eq!(
        short(&decide(&event(reply("so", "$before")), &facts)),
        r#"write 1 Text "so"; write 2 Text "so" with quote"#
    );
}
