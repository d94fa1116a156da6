//! A room is to come into the Space, as somebody asks by mail: what they ask for, and what they are told.

use super::{room_policy::Rule, room_reference::RoomReference};
use crate::content::subject;

/// The room that a mail asks to take into the Space: by its subject, or by a line of its own.
#[must_use]
pub fn wanted(about: &str, text: &str) -> Option<RoomReference> {
    let lines = text.lines().take(MOST_LINES);
    std::iter::once(subject::base(about).as_str())
        .chain(lines)
        .find_map(asked_in)
}

/// Reads `space add #lyon:example.org`, as staff say it with `!email` before, and `Space: #lyon:…`. Mail
/// programs write a link behind what it stands for.
fn asked_in(line: &str) -> Option<RoomReference> {
    let mut words = line.split_whitespace().peekable();
    words.next_if(|word| word.eq_ignore_ascii_case("!email"));
    let first = words.next()?;
    if !first.trim_end_matches(':').eq_ignore_ascii_case("space") {
        return None;
    }
    words.next_if(|word| word.trim_end_matches(':').eq_ignore_ascii_case("add"));
    let rooms: Option<Vec<RoomReference>> = words.map(RoomReference::parse).collect();
    let [first, others @ ..] = &*rooms? else {
        return None;
    };
    others.iter().all(|it| it == first).then(|| first.clone())
}

/// Further down nobody looks.
const MOST_LINES: usize = 50;

/// What who asked is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    There,
    /// The address leads nowhere.
    NoRoom,
    /// The bot isn't in the room.
    Hidden,
    Replaced,
    /// The bot needs this level there.
    BotLacks(i64),
    /// These musts are broken.
    Lacks(Vec<Rule>),
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("space add #lyon:example.org", "", Some("#lyon:example.org"))]
    #[case("Re: Space add: #lyon:example.org", "", Some("#lyon:example.org"))]
    #[case(
        "",
        "Hello,\n\n  !email space add !abcd:example.org\n",
        Some("!abcd:example.org")
    )]
    #[case(
        "Space: https://matrix.to/#/#lyon:example.org",
        "",
        Some("#lyon:example.org")
    )]
    #[case(
        "",
        "space add #lyon:example.org <https://matrix.to/#/%23lyon:example.org>",
        Some("#lyon:example.org")
    )]
    #[case("space add #lyon:example.org #paris:example.org", "", None)]
    #[case("space add", "", None)]
    #[case("Space", "", None)]
    #[case("Space heater", "My #lyon:example.org", None)]
    #[case("", "We have no space to add #lyon:example.org", None)]
    #[case("space add lyon", "", None)]
    fn knows_what_is_asked_for(
        #[case] about: &str,
        #[case] text: &str,
        #[case] expected: Option<&str>,
    ) {
        let found = wanted(about, text);
        assert_eq!(found.as_ref().map(RoomReference::as_str), expected);
    }
}
